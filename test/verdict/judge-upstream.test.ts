import { describe, expect, it } from 'vitest';
import { Broadcaster } from '../../src/broadcaster/broadcaster.ts';
import { SessionRegistry } from '../../src/broadcaster/session-registry.ts';
import type { Envelope } from '../../src/protocol/frame.ts';
import { encodeAck } from '../../src/protocol/frame.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { scenarioSchema } from '../../src/scenario/schema.ts';
import type { NewBroadcaster } from '../../src/server/reference-server.ts';
import { assembleResult } from '../../src/verdict/assemble.ts';
import { type Findings, judgeRun } from '../../src/verdict/judge-run.ts';

const SCENARIO = scenarioSchema.parse({
  name: 'upstream',
  server: { delivery: 'effectively-once', outbox: { ackTimeout: '200ms' } },
  clients: [
    { profile: 'sensor', count: 4, upstream: { rate: '10/s' } },
    { profile: 'silent', count: 2 },
  ],
  publish: [{ rate: '5/s' }],
  duration: { rampUp: '100ms', warmUp: '100ms', load: '2s', settle: '10s' },
  faults: [
    { do: 'drop', at: '500ms' },
    { do: 'lose-acks', for: '1s', probability: '50%' },
  ],
});

const CONTEXT = { file: '', sha256: '', version: '', startedAt: '' };

function findingsWith(newBroadcaster?: NewBroadcaster): Findings {
  return judgeRun(
    simulateScenario({ scenario: SCENARIO, ...(newBroadcaster === undefined ? {} : { newBroadcaster }) }),
  );
}

/** A server that does with each upstream message what the test wants. */
function serverThat(
  receive: (inner: (frame: Envelope) => void, frame: Envelope, answer: (text: string) => void) => void,
): NewBroadcaster {
  return (options) =>
    new Broadcaster({
      ...options,
      newRegistry: (parts) => {
        const registry = new SessionRegistry({
          ...parts,
          receive: (session, frame) =>
            receive(
              (altered) => parts.receive(session, altered),
              frame,
              (text) => registry.ownerOf.get(session)?.link.send(text),
            ),
        });
        return registry;
      },
    });
}

describe('what clients send', () => {
  it('is handled once each by a correct server, whatever is lost on the way', () => {
    const { upstream, violations, inconclusive } = findingsWith();
    expect([violations, inconclusive]).toEqual([[], []]);
    expect(upstream?.delivery).toMatchObject({
      published: 80,
      owed: 80,
      delivered: 80,
      lost: { silent: 0, reported: 0 },
    });
    expect(upstream?.delivery.duplicates.handled).toBe(0);
  });

  it('is lost silently when the server acks and does not handle it', () => {
    const { upstream, violations, anomalies } = findingsWith(
      serverThat((inner, frame, answer) => {
        if (frame.seq === 5) answer(encodeAck(frame.seq, false));
        else inner(frame);
      }),
    );
    expect(upstream?.delivery.lost.silent).toBe(4);
    expect(violations).toEqual([
      {
        code: 'guarantee-broken',
        broken: 'silent-loss',
        direction: 'up',
        level: 'effectively-once',
        count: 4,
      },
    ]);
    const example = anomalies.find(({ kind }) => kind === 'silent-loss');
    expect(example).toMatchObject({ direction: 'up', client: 0, seq: 5, session: 'c0', message: 'c0:5' });
    expect(example?.cause.code).toBe('never-came');
  });

  it('is handled twice when the server forgets what it has taken', () => {
    let shift = 0;
    const { upstream, violations } = findingsWith(
      // Every copy looks new to the dedup window.
      serverThat((inner, frame) => {
        shift += 1;
        inner({ ...frame, seq: shift });
      }),
    );
    expect(upstream?.delivery.duplicates.handled).toBeGreaterThan(0);
    expect(violations).toMatchObject([{ direction: 'up', broken: 'duplicate' }]);
  });

  it('is corrupt when its body is not the one that was sent', () => {
    const { upstream, violations } = findingsWith(
      serverThat((inner, frame) => {
        const payload = frame.payload as { readonly stamp: string; readonly body: string };
        inner({ ...frame, payload: { ...payload, body: payload.body.replace('0', 'X') } });
      }),
    );
    expect(upstream?.delivery.corrupt).toBeGreaterThan(0);
    expect(violations).toMatchObject([{ direction: 'up', broken: 'corrupt' }]);
  });

  it('is resurrected when it is handled and refused', () => {
    const { upstream } = findingsWith(
      serverThat((inner, frame, answer) => {
        if (frame.seq === 3) answer('{"kind":"nack","seq":3,"reason":"no"}');
        inner(frame);
      }),
    );
    expect(upstream?.delivery.resurrected).toBe(4);
  });

  it('is inconclusive when the server accepts nothing', () => {
    const { inconclusive } = findingsWith(
      serverThat((_inner, frame, answer) => answer(`{"kind":"nack","seq":${frame.seq},"reason":"no"}`)),
    );
    expect(inconclusive).toEqual([{ code: 'nothing-owed', profile: 'sensor', direction: 'up' }]);
  });

  it('stands in the result beside what clients are sent, by profile', () => {
    const record = simulateScenario({ scenario: SCENARIO });
    const result = assembleResult(record, CONTEXT);
    expect(result.delivery.upstream?.owed).toBe(80);
    expect(result.profiles.sensor?.delivery.upstream?.owed).toBe(80);
    expect(result.profiles.silent?.delivery.upstream).toBeUndefined();
    expect(result.latency.upstream?.count).toBe(80);
    expect(result.broadcast?.upstreamAccepted).toBe(80);
    expect(result.broadcast?.dedupRejected).toBeGreaterThan(0);
  });

  it('is not in the result when no profile is to send anything', () => {
    const scenario = { ...SCENARIO, clients: SCENARIO.clients.slice(1), faults: [] };
    const result = assembleResult(simulateScenario({ scenario }), CONTEXT);
    expect([result.delivery.upstream, result.latency.upstream]).toEqual([undefined, undefined]);
  });

  it('that is published to a room reaches it, and is judged where the server took it', () => {
    const clients = SCENARIO.clients.map((client) =>
      client.upstream === undefined ? client : { ...client, upstream: { ...client.upstream, room: '*' } },
    );
    const record = simulateScenario({ scenario: { ...SCENARIO, clients } });
    const { violations, upstream, judgement } = judgeRun(record);
    expect([violations, upstream?.delivery.delivered, judgement.delivery.phantom]).toEqual([[], 80, 0]);
    expect(record.server?.statistics.broadcasts).toBe(80 + judgement.delivery.published);
  });
});
