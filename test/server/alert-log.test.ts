import { describe, expect, it } from 'vitest';
import type { AlertName, BroadcastAlert } from '../../src/broadcaster/monitoring/alerts.ts';
import { AlertLog } from '../../src/server/alert-log.ts';

function alert(name: AlertName, atUs: number, detail: string): BroadcastAlert {
  return { name, atUs, detail, clientId: undefined };
}

describe('alert log', () => {
  it('counts by name, and keeps when the first came and what the first few said', () => {
    const log = new AlertLog();
    for (let number = 1; number <= 8; number += 1) log.add(alert('buffer', number * 1000, `full ${number}`));
    log.add(alert('latency', 2500, 'slow'));
    expect(log.toAlerts(2000)).toEqual([
      {
        name: 'buffer',
        count: 8,
        firstAtMs: -1,
        detail: 'full 1',
        examples: ['full 1', 'full 2', 'full 3', 'full 4', 'full 5'],
      },
      { name: 'latency', count: 1, firstAtMs: 0.5, detail: 'slow', examples: ['slow'] },
    ]);
  });
});
