/** `by-reason`: allowed if the scenario names the reason. `not-judged`: cannot occur at this level. */
export type Rule = 'allowed' | 'forbidden' | 'by-reason' | 'not-judged';

export interface Guarantee {
  readonly silentLoss: Rule;
  readonly reportedLoss: Rule;
  /** Handled again while the server could not know that it had been handled. */
  readonly duplicateBeforeAck: Rule;
  /** Resent after the server had received the ack. */
  readonly duplicateAfterAck: Rule;
  /** Handled in another order than published. */
  readonly disorder: Rule;
  readonly phantom: Rule;
  readonly corrupt: Rule;
  readonly resurrected: Rule;
  readonly ackBeforeHandle: Rule;
}

export type Term = keyof Guarantee;

/** The promises of each level of delivery: the one list of the levels. */
export const GUARANTEES = {
  'at-most-once': {
    silentLoss: 'allowed',
    reportedLoss: 'allowed',
    duplicateBeforeAck: 'forbidden',
    duplicateAfterAck: 'forbidden',
    disorder: 'allowed',
    phantom: 'forbidden',
    corrupt: 'forbidden',
    resurrected: 'forbidden',
    ackBeforeHandle: 'not-judged',
  },
  'at-least-once': {
    silentLoss: 'forbidden',
    reportedLoss: 'by-reason',
    duplicateBeforeAck: 'allowed',
    duplicateAfterAck: 'forbidden',
    disorder: 'allowed',
    phantom: 'forbidden',
    corrupt: 'forbidden',
    resurrected: 'forbidden',
    ackBeforeHandle: 'forbidden',
  },
  'effectively-once': {
    silentLoss: 'forbidden',
    reportedLoss: 'by-reason',
    duplicateBeforeAck: 'forbidden',
    duplicateAfterAck: 'forbidden',
    disorder: 'forbidden',
    phantom: 'forbidden',
    corrupt: 'forbidden',
    resurrected: 'forbidden',
    ackBeforeHandle: 'forbidden',
  },
} as const satisfies Readonly<Record<string, Guarantee>>;

export type DeliveryLevel = keyof typeof GUARANTEES;

export const DELIVERY_LEVELS = Object.keys(GUARANTEES) as [DeliveryLevel, ...DeliveryLevel[]];
