/** Why a message was given up, where somebody was told: the one list of the reasons, with what each stands for. */
export const LOSS_REASON_MEANINGS = {
  overflow: 'The outbox or the socket of the client was full.',
  ttl: 'The time to live of the message was over.',
  'max-resend': 'As many resends as are allowed were not acked.',
  nack: 'The client refused it, and asked for no other attempt.',
  'session-expired': 'The client was away for longer than its session is kept.',
  replaced: 'The client got or asked for a fresh session.',
  restart: 'The server restarted and its store was empty.',
} as const;

export type LossReason = keyof typeof LOSS_REASON_MEANINGS;

export const LOSS_REASONS = Object.keys(LOSS_REASON_MEANINGS) as [LossReason, ...LossReason[]];
