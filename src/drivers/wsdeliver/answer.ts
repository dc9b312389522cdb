const QUOTED_LENGTH_MAX = 60;
/** A longer text is no message about an error. */
const ERROR_LENGTH_MAX = 65_536;

/** The answer to a hello that is none, for a sentence that ends in `with`: what an error says, or how the text begins. */
export function answerText(text: string): string {
  const message = text.length > ERROR_LENGTH_MAX ? undefined : errorMessage(text);
  return message === undefined ? quoted(text) : `the error ${quoted(message)}`;
}

/** The same of a binary frame, which is never an answer. */
export function binaryAnswerText({ length }: Uint8Array): string {
  return `a binary frame of ${length} bytes`;
}

/** As in `{"type":"error","message":"…"}` and `{"error":"…"}`. */
function errorMessage(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, message, error } = value as Readonly<Record<string, unknown>>;
  if (type === 'error' && typeof message === 'string') return message;
  return typeof error === 'string' ? error : undefined;
}

function quoted(text: string): string {
  return text.length <= QUOTED_LENGTH_MAX ? `"${text}"` : `"${text.slice(0, QUOTED_LENGTH_MAX)}…"`;
}
