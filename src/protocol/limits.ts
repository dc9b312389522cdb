/**
 * Limits on what a peer, or a call of the library, may name and nest. Each is asked for in one function, wherever the
 * value comes in: hello, join, leave, message, publish.
 */

/** Characters of a room, a type, a client id, a session id, a token or an epoch. */
export const NAME_LENGTH_MAX = 200;
/** Rooms of one session, beside the room of everybody. */
export const ROOMS_MAX = 1000;
/** Characters of the names of these rooms together. */
export const ROOM_NAMES_LENGTH_MAX = 32_768;
/** Rooms that anybody is in, over all sessions of a server. */
export const ROOMS_OVERALL_MAX = 100_000;
/** Arrays and objects that may lie within one another in a text, its own frame and batch included. */
export const DEPTH_MAX = 128;
/** Elements of arrays and fields of objects in a text, all together. */
const VALUES_MAX = 100_000;
/** So many of them are left for the payload of a message: it lies in an envelope, and that in a batch. */
export const PAYLOAD_DEPTH_MAX = DEPTH_MAX - 2;

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= NAME_LENGTH_MAX;
}

/** Whether one session may be in all these rooms. */
export function isRoomList(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > ROOMS_MAX || !value.every(isName)) return false;
  return value.reduce((sum, room: string) => sum + room.length, 0) <= ROOM_NAMES_LENGTH_MAX;
}

const [QUOTE, COMMA, OPEN_BRACKET, BACKSLASH, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [
  34, 44, 91, 92, 93, 123, 125,
];

/**
 * Looks at the structure of a JSON text before the parser does.
 *
 * The parser takes any depth, but whoever writes such a value again recurses: some thousand levels end the process. A
 * text of a megabyte that is nothing but brackets and commas takes the parser longer than others can wait.
 *
 * @returns what is wrong with it; undefined when it may be parsed
 */
export function structureProblem(
  text: string,
  depthMax = DEPTH_MAX,
  valuesMax = VALUES_MAX,
): string | undefined {
  if (text.length <= depthMax) return undefined;
  let [depth, values] = [0, 1];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) {
      values += 1;
      if (values > valuesMax) return `a text has at most ${valuesMax} values`;
    } else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      depth += 1;
      if (depth > depthMax) return `arrays and objects nest deeper than ${depthMax}`;
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth -= 1;
  }
  return undefined;
}

/** @returns where the JSON string that begins at `at` has its last quote; the end of the text when it has none */
export function endOfString(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}
