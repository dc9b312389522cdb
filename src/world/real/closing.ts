/** How links over sockets end, at either end. */

const REASON_BYTES_MAX = 123;

/** As much of the reason as a close frame has room for. */
export function fittingReason(reason: string): string {
  let fitting = reason.slice(0, REASON_BYTES_MAX);
  while (Buffer.byteLength(fitting) > REASON_BYTES_MAX) fitting = fitting.slice(0, -1);
  return fitting;
}

/** What a socket failed of. The system's error code comes first: it is what people search for. */
export function describeFailure(error: Error): string {
  const cause = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (code === '') return cause.message;
  return `${code} ${cause.message.replace(`${code} `, '')}`;
}
