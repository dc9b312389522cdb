/** How links over sockets end, at either end. */

const REASON_BYTES_MAX = 123;

/** As much of the reason as a close frame has room for. */
export function fittingReason(reason: string): string {
  let fitting = reason.slice(0, REASON_BYTES_MAX);
  while (Buffer.byteLength(fitting) > REASON_BYTES_MAX) fitting = fitting.slice(0, -1);
  return fitting;
}

const TAKE_ANY = '"tls.insecure: true" takes any certificate';
const NAME_CA = `"tls.ca" names the file of its authority, ${TAKE_ANY}`;

/** How OpenSSL says that what it got is no TLS; Node has had several codes for it. */
const NO_TLS = /wrong version number|packet length too long/;
const WITHOUT_TLS = 'the server speaks no TLS there, an address with ws:// is one without';

/** What a user can do about an error of TLS, by its code. */
const ADVICE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: TAKE_ANY,
  CERT_NOT_YET_VALID: TAKE_ANY,
  CERT_UNTRUSTED: NAME_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: NAME_CA,
  SELF_SIGNED_CERT_IN_CHAIN: NAME_CA,
  UNABLE_TO_GET_ISSUER_CERT: NAME_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NAME_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NAME_CA,
  ERR_TLS_CERT_ALTNAME_INVALID: `"tls.servername" says which name to expect, ${TAKE_ANY}`,
};

/** What a socket failed of, and what can be done. The system's error code comes first: it is what people search for. */
export function describeFailure(error: Error): string {
  const cause = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (code === '') return cause.message;
  if (NO_TLS.test(cause.message)) return `${code} ${WITHOUT_TLS}`;
  const advice = Object.hasOwn(ADVICE, code) ? ` (${ADVICE[code]})` : '';
  return `${code} ${cause.message.replace(`${code} `, '').trim()}${advice}`;
}
