/** Why a text is no address that every WebSocket client accepts; undefined when it is one. */
export function misaddressed(text: string): string | undefined {
  if (!/^wss?:\/\/[^/]/.test(text) || !URL.canParse(text)) return 'is no WebSocket address';
  if (text.includes('#')) return 'has a fragment (#), which is never sent to a server';
  // The parser drops or converts them, so that another address would be dialled than the one written.
  return /[\s\\\p{Cc}]/u.test(text) ? 'has a space, a control character or a backslash in it' : undefined;
}

/** Characters of names of headers, and of subprotocols. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Of a header's value, as HTTP has it. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export function isHeaderValue(text: string): boolean {
  return HEADER_VALUE.test(text);
}

/** Headers that the handshake has of its own, with the key of a target that sets what they say. */
export const OWN_HEADERS: Readonly<Record<string, string | undefined>> = {
  connection: undefined,
  upgrade: undefined,
  'content-length': undefined,
  'transfer-encoding': undefined,
  'sec-websocket-key': undefined,
  'sec-websocket-version': undefined,
  'sec-websocket-extensions': 'compression',
  'sec-websocket-protocol': 'subprotocols',
};
