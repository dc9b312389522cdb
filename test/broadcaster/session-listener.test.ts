import { describe, expect, it } from 'vitest';
import { SessionListeners } from '../../src/broadcaster/session-listener.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import type { Session } from '../../src/protocol/session.ts';

const message = new OutgoingMessage({ room: 'r', type: 't', payloadText: '1' });
const session = { identity: { clientId: 'a' } } as Session;

describe('session listeners', () => {
  it('hear the events that they implement, in the order in which they were added', () => {
    const heard: string[] = [];
    const listeners = new SessionListeners();
    listeners.add({ sent: (_, __, attempt) => heard.push(`first sent ${attempt}`) }, undefined, {
      sent: () => heard.push('second sent'),
      dropped: (_, __, reason, seq, attempts) => heard.push(`dropped ${reason} ${seq} ${attempts}`),
    });
    listeners.sent(session, 7, message, 2);
    listeners.acked(session, 7, message, 100);
    listeners.dropped(session, 7, message, 'overflow');
    expect(heard).toEqual(['first sent 2', 'second sent', 'dropped overflow 7 0']);
  });

  it('may be methods that use their object', () => {
    class Counting {
      count = 0;
      released(): void {
        this.count += 1;
      }
    }
    const counting = new Counting();
    const listeners = new SessionListeners();
    listeners.add(counting);
    listeners.released(session);
    expect(counting.count).toBe(1);
  });
});
