import type { AnomalyKind } from './judgement.ts';

export const ANOMALY_KINDS = [
  'silent-loss',
  'reported-loss',
  'phantom',
  'corrupt',
  'resurrected',
  'duplicate',
  'duplicate-after-ack',
  'reorder',
  'rewind',
  'ack-before-handle',
  'lying-resume',
  'unsound-ack',
  'stuck',
  'over-bound',
  'leak',
  'undetected',
  'misdetected',
  'hasty-return',
  'two-owners',
] as const satisfies readonly AnomalyKind[];

export function emptyAnomalyCounts(): Record<AnomalyKind, number> {
  return {
    'silent-loss': 0,
    'reported-loss': 0,
    phantom: 0,
    corrupt: 0,
    resurrected: 0,
    duplicate: 0,
    'duplicate-after-ack': 0,
    reorder: 0,
    rewind: 0,
    'ack-before-handle': 0,
    'lying-resume': 0,
    'unsound-ack': 0,
    stuck: 0,
    'over-bound': 0,
    leak: 0,
    undetected: 0,
    misdetected: 0,
    'hasty-return': 0,
    'two-owners': 0,
  };
}
