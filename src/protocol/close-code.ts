/**
 * Whether a close frame may carry this code: RFC 6455 §7.4 and its registry.
 *
 * 1005, 1006 and 1015 stand for the lack of a code; 1004 and 1016 to 2999 are reserved.
 */
export function isSendableCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
