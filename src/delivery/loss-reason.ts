/** Why a message was dropped and reported: the one list of the reasons, with their meanings. */
export const LOSS_REASON_MEANINGS = {
  overflow: 'The outbox or the socket of the client was full.',
  ttl: 'The TTL of the message expired.',
  'max-resend': 'The maximum number of resends was not acked.',
  nack: 'The client nacked it without asking for another attempt.',
  'session-expired': 'The client was disconnected for longer than the resume TTL.',
  replaced: 'The client asked for or was given a fresh session.',
  restart: 'The server restarted and its store was empty.',
  hole: 'The number of a later message showed that some were missing.',
  gap: 'The server said that some messages would not come.',
} as const;

export type LossReason = keyof typeof LOSS_REASON_MEANINGS;

export const LOSS_REASONS = Object.keys(LOSS_REASON_MEANINGS) as [LossReason, ...LossReason[]];
