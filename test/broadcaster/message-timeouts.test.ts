import { describe, expect, it } from 'vitest';
import { MessageTimeouts } from '../../src/broadcaster/message-timeouts.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';

const MIB = 1024 * 1024;

describe('the watch for late sends', () => {
  const time = new VirtualTime();
  const late: OutgoingMessage[] = [];
  const watch = new MessageTimeouts({
    timeoutMs: 5000,
    clock: time,
    timers: time,
    onLate: (message) => late.push(message),
  });

  function watched(): OutgoingMessage {
    const payloadText = JSON.stringify('x'.repeat(MIB));
    const message = new OutgoingMessage({ room: '*', type: 'tick', payloadText });
    message.result.total = 1;
    watch.watch(message);
    return message;
  }

  it('lets go of large messages that have left, and tells of those that have not', () => {
    const stalled = watched();
    for (let count = 0; count < 200; count += 1) {
      watched().result.sent = 1;
      expect(watch.bytes).toBeLessThan(12 * MIB);
    }
    time.runFor(5001);
    expect(late).toEqual([stalled]);
    expect(watch.bytes).toBe(0);
  });
});
