import { describe, expect, it } from 'vitest';
import { DeadLetters } from '../../src/broadcaster/dead-letters.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { deadLetterLines } from '../../src/server/dead-letter-lines.ts';

const AWKWARD = { text: 'a "quoted" \\ line\nand \u2028 another', nested: [{ n: null }] };

function letters(): DeadLetters {
  const kept = new DeadLetters({ keptMax: 10, bytesMax: 1_000_000 });
  const about = { clientId: 'c "7"', session: 's', attempts: 3 } as const;
  const message = new OutgoingMessage({ room: 'r1', type: 'job "x"', payloadText: JSON.stringify(AWKWARD) });
  kept.add({ ...about, atUs: 1_000_000, seq: 4, reason: 'max-resend', message });
  kept.add({ ...about, atUs: 3_500_000, seq: 5, reason: 'nack', message });
  return kept;
}

describe('dead letters as lines', () => {
  it('are one JSON object a line, with the payload as it was published', () => {
    const text = deadLetterLines(letters().after(0), { nowUs: () => 5_000_000 }, 'poison');
    const lines = text.split('\n');
    expect([lines.length, lines[2]]).toEqual([3, '']);
    const [first, second] = lines.slice(0, 2).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toEqual({
      instant: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      scenario: 'poison',
      client: 'c "7"',
      session: 's',
      seq: 4,
      type: 'job "x"',
      room: 'r1',
      reason: 'max-resend',
      attempts: 3,
      payload: AWKWARD,
    });
    expect(Date.parse(String(second?.instant)) - Date.parse(String(first?.instant))).toBe(2500);
    expect(Math.abs(Date.now() - 1500 - Date.parse(String(second?.instant)))).toBeLessThan(1000);
  });

  it('name no scenario where there is none', () => {
    const [line = ''] = deadLetterLines(letters().after(1), { nowUs: () => 0 }).split('\n');
    expect(Object.keys(JSON.parse(line))).not.toContain('scenario');
  });
});
