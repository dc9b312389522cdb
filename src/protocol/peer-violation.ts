/** A frame that breaks the protocol: the peer's fault. The connection closes with 4400. */
export class PeerViolation extends Error {}

/** @throws {PeerViolation} when a client answers for what it can't have got */
export function refuseUnsent(answer: 'ack' | 'nack', seq: number, highestSent: number): void {
  if (seq <= highestSent) return;
  throw new PeerViolation(`${answer} for ${seq}, but ${highestSent} is the highest seq sent`);
}
