/** A frame that breaks the protocol: the peer's fault. The connection closes with 4400. */
export class PeerViolation extends Error {}
