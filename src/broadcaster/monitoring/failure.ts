/** Ways in which a client fails to get what is sent to it. */
export const FAILURE_KINDS = [
  'send-error',
  'buffer-full',
  'overflow',
  'message-timeout',
  'ack-timeout',
  'missed-pong',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

export interface Failure {
  readonly atUs: number;
  readonly kind: FailureKind;
  /** In words, with the error code where there is one. */
  readonly detail: string;
}
