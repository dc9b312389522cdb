import { describe, expect, it } from 'vitest';
import { ServerEvidence } from '../../src/delivery/evidence.ts';

describe('ServerEvidence', () => {
  it('records what happened to the messages of each session and stream', () => {
    const server = new ServerEvidence();
    const session = server.opened('a', 5);
    for (const seq of [1, 2, 3]) {
      session.assigned(1, seq);
      session.sent(1, seq, 1);
    }
    session.acked(1, 1);
    session.dropped(1, 3, 'max-resend');
    session.ended('expired', 90);
    session.ended('goodbye', 91);
    expect(server.session('a')).toBe(session);
    expect(server.toRecord()).toEqual({
      sessions: [
        {
          key: 'a',
          openedUs: 5,
          ended: { reason: 'expired', atUs: 90 },
          streams: [
            {
              stream: 1,
              assigned: [1, 3],
              sent: [1, 3],
              acked: [1, 1],
              dropped: { 'max-resend': [3, 3] },
              resends: 0,
            },
          ],
        },
      ],
    });
  });

  it('tells a resend before the ack from one after it', () => {
    const session = new ServerEvidence().opened('a', 5);
    session.assigned(0, 1);
    session.assigned(0, 2);
    for (const seq of [1, 2]) session.sent(0, seq, 1);
    session.sent(0, 1, 2);
    session.acked(0, 1);
    session.acked(0, 2);
    expect(session.toRecord().streams[0]?.resentAfterAck).toBeUndefined();
    session.sent(0, 2, 1);
    expect(session.toRecord().streams[0]).toMatchObject({ resentAfterAck: [2, 2], resends: 2 });
  });
});
