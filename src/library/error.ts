export const ERROR_CODES = [
  /** An option is out of range, or unknown. */
  'invalid-option',
  /** A room or type is no text of 1 to 200 characters. */
  'invalid-name',
  /** A payload can't be written as JSON. */
  'invalid-payload',
  /** A message does not fit into the largest frame, 1 MiB. */
  'too-large',
  /** The broadcaster drains or has stopped. */
  'stopped',
  /** A WebSocket to be accepted is not open. */
  'socket-not-open',
  /** A WebSocket to be accepted was accepted before. */
  'socket-taken',
  /** A broadcaster is attached to this path of the HTTP server already. */
  'already-attached',
  /** A WebSocket was to be accepted without the request that `authorize` decides by. */
  'request-missing',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** A mistake in a call, told by its `code`. */
export class BroadcasterError extends Error {
  override readonly name = 'BroadcasterError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
