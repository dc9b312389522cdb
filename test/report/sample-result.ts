import { emptyCounts } from '../../src/delivery/counts.ts';
import type { DeliveryCounts } from '../../src/delivery/judgement.ts';
import { Histogram, type LatencySummary } from '../../src/measure/histogram.ts';
import { Series, type SeriesSummary } from '../../src/measure/series.ts';
import { RESULT_SCHEMA, type Result } from '../../src/verdict/result.ts';

/** Results as a run would leave them, for the tests of the reports: the same on every machine. */

/** A bell of latencies around `medianUs`, with a tail of which `tailShare` is fifty times as long. */
function latency(medianUs: number, count: number, tailShare = 0.01): LatencySummary {
  const histogram = new Histogram();
  const steps = Math.min(count, 2000);
  for (let step = 0; step < steps; step += 1) {
    const place = Math.min(0.9985, (step + 0.5) / steps);
    const body = medianUs * Math.exp(0.45 * Math.log(place / (1 - place)));
    histogram.recordMany(place > 1 - tailShare ? body * 8 : body, Math.floor(count / steps));
  }
  return histogram.summarise();
}

export function noLatency(): LatencySummary {
  return new Histogram().summarise();
}

/** A quantity that rises from a `base` share of `peak` to `peak` in the middle of a run of 18 s and ends at `final`. */
export function series(
  unit: string,
  peak: number,
  final: number,
  warning?: number,
  base = 0.04,
): SeriesSummary {
  const curve = new Series({ name: 'sample', unit, ...(warning === undefined ? {} : { warning }) });
  for (let ms = 0; ms < 18_000; ms += 100) {
    const bump = Math.exp(-(((ms - 9000) / 2500) ** 2));
    curve.add(
      ms * 1000,
      Math.round(peak * (base + (1 - base) * bump) * (1 - 0.2 * Math.abs(Math.sin(ms / 400)))),
    );
  }
  curve.add(18_000_000, final);
  return curve.summarise(4_000_000);
}

function counts(changes: Partial<DeliveryCounts> = {}): DeliveryCounts {
  const owed = changes.owed ?? 450_000;
  return {
    ...emptyCounts(),
    published: 500,
    owed,
    delivered: owed,
    ...changes,
  };
}

/** All is well: the reference broadcaster, one fault, everything delivered. */
export function passingResult(changes: Partial<Result> = {}): Result {
  const healthy = counts({ owed: 405_000 });
  const slow = counts({ owed: 45_000 });
  return {
    schema: RESULT_SCHEMA,
    verdict: 'pass',
    exitCode: 0,
    reasons: [],
    scenario: {
      name: 'half-open-during-broadcast',
      description: 'A tenth of the clients go silent without a close while messages flow.',
      file: 'scenarios/half-open-during-broadcast.yaml',
      sha256: 'c'.repeat(64),
      seed: 7,
      resolved: {
        name: 'half-open-during-broadcast',
        seed: 7,
        clients: [{ profile: 'healthy', count: 900 }],
      },
    },
    guarantee: { level: 'at-least-once', status: 'pass', reasons: [] },
    delivery: counts({
      duplicates: { handled: 0, handledAfterAck: 0, received: 212 },
      filled: 12,
      displacementMax: 7,
    }),
    profiles: {
      healthy: {
        delivery: healthy,
        latency: { push: latency(2100, 405_000), recovery: latency(320_000, 90, 0) },
      },
      slow: { delivery: slow, latency: { push: latency(9400, 45_000, 0.05), recovery: noLatency() } },
    },
    belief: {
      deliveredHandled: 449_812,
      deliveredNotHandled: 0,
      droppedHandled: 0,
      droppedNotHandled: 0,
      pendingHandled: 188,
      pendingNotHandled: 0,
    },
    anomalies: [],
    anomalyCounts: { 'silent-loss': 0, 'reported-loss': 0, duplicate: 0 },
    latency: {
      push: latency(2300, 450_000, 0.012),
      firstAttempt: latency(2200, 449_000, 0),
      redelivered: latency(540_000, 212, 0),
      ackRoundTrip: latency(52_000, 14_600, 0),
      recovery: latency(320_000, 90, 0),
      fanOutSpread: latency(11_000, 500, 0),
    },
    saturation: {
      'outbox.pending': series('messages', 312, 0, 200),
      'outbox.total': series('messages', 31_400, 0),
      'buffer.max': series('bytes', 812_000, 0, 524_288),
      'buffer.total': series('bytes', 6_100_000, 0),
      eventLoopDelay: series('us', 21_400, 900),
      rss: series('bytes', 214_000_000, 168_000_000, undefined, 0.6),
    },
    alerts: [
      { name: 'buffer-high', count: 3, firstAtMs: 3214, detail: 'client 917 buffers 612 KiB, over 512 KiB' },
    ],
    broadcast: {
      broadcasts: 500,
      total: 450_000,
      sent: 449_788,
      failed: 0,
      skipped: 0,
      dropped: 0,
      retried: 0,
      resent: 212,
      deadLetters: 0,
      detectedStale: 88,
      ackFrames: 14_600,
      gaps: 0,
      resumes: 90,
      refusedResumes: 0,
      takeovers: 0,
      activeClients: 1000,
      healthyClients: 1000,
    },
    generator: {
      status: 'valid',
      reasons: [],
      longestDelay: { of: 'server', us: 9000 },
      scheduleSlip: latency(140, 500, 0),
      workers: [
        {
          worker: 0,
          pid: 4711,
          clients: 500,
          cpuShare: 0.412,
          gcShare: 0.012,
          rssBytesMax: 143_000_000,
          eventLoopDelay: latency(600, 180),
          stallUsMax: 6000,
        },
        {
          worker: 1,
          pid: 4712,
          clients: 500,
          cpuShare: 0.398,
          gcShare: 0.011,
          rssBytesMax: 141_000_000,
          eventLoopDelay: latency(640, 180),
          stallUsMax: 6400,
        },
      ],
      server: {
        cpuShare: 0.774,
        gcShare: 0.031,
        rssBytesMax: 224_395_264,
        eventLoopDelay: latency(900, 180),
        stallUsMax: 9000,
      },
      asked: 1000,
      connected: 1000,
      workersLost: 0,
    },
    faults: [
      {
        name: 'half-open',
        planned: 90,
        fired: 90,
        effects: 88,
        firstFiredMs: 3000,
        firstEffectMs: 3421,
        fidelity: 'socket',
      },
      {
        name: 'reset',
        planned: 50,
        fired: 50,
        effects: 50,
        firstFiredMs: 5000.4,
        firstEffectMs: 5003.1,
        fidelity: 'kernel',
      },
    ],
    assertions: [
      { text: 'delivery.lost.silent == 0', actual: 0, actualText: '0', status: 'pass' },
      {
        text: 'latency.push{profile:healthy}.p99 < 250ms',
        actual: 18_100,
        actualText: '18.1ms',
        status: 'pass',
      },
      { text: 'saturation.outbox.pending.final == 0', actual: 0, actualText: '0', status: 'pass' },
      { text: 'faults.half-open.fired >= 90', actual: 90, actualText: '90', status: 'pass' },
    ],
    rate: { published: 50, delivered: 45_012.4, offered: 50 },
    environment: {
      wsdeliver: '0.1.0',
      node: 'v20.20.2',
      platform: 'linux x64',
      cpus: 8,
      memoryBytes: 17_179_869_184,
      startedAt: '2031-04-05T06:07:08.000Z',
      durationMs: 18_412,
    },
    serverEvidence: true,
    ...changes,
  };
}

/** Messages are lost without a word, twice handled and out of order. */
export function failingResult(): Result {
  const passing = passingResult();
  const lost = {
    silent: 14,
    reported: 120,
    reportedBy: { ...emptyCounts().lost.reportedBy, overflow: 100, ttl: 20 },
  };
  const delivery = counts({
    delivered: 449_866,
    lost,
    duplicates: { handled: 243, handledAfterAck: 3, received: 512 },
    reordered: 2,
    rewound: 1,
    filled: 12,
    displacementMax: 7,
    phantom: 1,
    late: 5,
  });
  return {
    ...passing,
    verdict: 'fail',
    exitCode: 3,
    reasons: [
      ...BROKEN,
      {
        code: 'assertion-failed',
        assertion: 'latency.push{profile:healthy}.p99 < 250ms',
        actual: '412ms',
      },
    ],
    guarantee: {
      level: 'at-least-once',
      status: 'fail',
      reasons: [...BROKEN],
    },
    delivery,
    profiles: {
      healthy: {
        delivery: counts({ owed: 405_000, delivered: 404_986, lost: { ...lost, silent: 14, reported: 0 } }),
        latency: { push: latency(2100, 405_000, 0.03) },
      },
      slow: {
        delivery: counts({ owed: 45_000, delivered: 44_880, lost: { ...lost, silent: 0 }, late: 5 }),
        latency: { push: latency(9400, 45_000, 0.05) },
      },
    },
    belief: {
      deliveredHandled: 449_800,
      deliveredNotHandled: 12,
      droppedHandled: 0,
      droppedNotHandled: 120,
      pendingHandled: 66,
      pendingNotHandled: 2,
    },
    anomalyCounts: {
      'silent-loss': 14,
      'reported-loss': 120,
      'duplicate-after-ack': 3,
      duplicate: 240,
      phantom: 1,
      reorder: 2,
    },
    anomalies: failingAnomalies(),
    assertions: [
      { text: 'delivery.lost.silent == 0', actual: 14, actualText: '14', status: 'fail' },
      {
        text: 'latency.push{profile:healthy}.p99 < 250ms',
        actual: 412_000,
        actualText: '412ms',
        status: 'fail',
      },
      { text: 'recovery.p99 < 2s', actualText: 'no data', status: 'no-data' },
      { text: 'faults.half-open.fired >= 90', actual: 90, actualText: '90', status: 'pass' },
    ],
    generator: {
      ...passing.generator,
      status: 'suspect',
      reasons: [{ code: 'schedule-slipped', p99Us: 31_000 }],
    },
    faults: [
      {
        name: 'half-open',
        planned: 90,
        fired: 90,
        effects: 88,
        firstFiredMs: 3000,
        firstEffectMs: 3421,
        fidelity: 'socket',
      },
      { name: 'lose-acks', planned: 12, fired: 0, effects: 0, fidelity: 'socket' },
    ],
  };
}

const BROKEN: Result['reasons'] = [
  {
    code: 'guarantee-broken',
    broken: 'silent-loss',
    direction: 'down',
    level: 'at-least-once',
    count: 14,
  },
  {
    code: 'guarantee-broken',
    broken: 'duplicate-after-ack',
    direction: 'down',
    level: 'at-least-once',
    count: 3,
  },
];

function failingAnomalies(): Result['anomalies'] {
  return [
    {
      kind: 'reported-loss',
      direction: 'down',
      client: 917,
      stream: 1,
      seq: 77,
      session: 'c917',
      message: 'p1:77',
      cause: { code: 'gap-told', reason: 'overflow' },
      stage: 'not-sent',
      timeline: [
        { atMs: 1540.2, code: 'publish-begins' },
        { atMs: 1541, code: 'publish-ends', status: 'accepted' },
        { atMs: 1602.5, code: 'gap', from: 70, to: 77, reason: 'overflow' },
      ],
    },
    {
      kind: 'silent-loss',
      direction: 'down',
      client: 17,
      stream: 1,
      seq: 42,
      session: 'c17',
      message: 'p1:42',
      cause: { code: 'never-came', place: 'among' },
      stage: 'not-handled',
      timeline: [
        { atMs: 1000.4, code: 'hello-sent' },
        { atMs: 1000.9, code: 'fresh-session', told: '' },
        { atMs: 3004.1, code: 'publish-begins' },
        { atMs: 3004.2, code: 'publish-ends', status: 'accepted' },
        { atMs: 3010, code: 'fault-begins', fault: 'handler-crash' },
        { atMs: 3010.2, code: 'handler-failed', stream: 1, seq: 42, position: 118 },
        { atMs: 3012.7, code: 'connection-closed', closeCode: 1006 },
        { atMs: 3020.3, code: 'hello-sent' },
        { atMs: 3121.4, code: 'resumed', position: 120 },
        { atMs: 3122, code: 'fault-ends', fault: 'handler-crash' },
        {
          atMs: 19_500,
          code: 'server-record',
          assigned: true,
          sent: true,
          acked: true,
          dropped: '',
          resentAfterAck: false,
        },
      ],
    },
    {
      kind: 'duplicate-after-ack',
      direction: 'down',
      client: 230,
      stream: 1,
      seq: 51,
      session: 'c230#2',
      message: 'p1:51',
      cause: { code: 'resent-after-ack' },
      timeline: [
        { atMs: 3204.1, code: 'publish-begins' },
        { atMs: 3706, code: 'seen', position: 51 },
      ],
    },
  ];
}

/** A declared fault never fired, so that nothing was proven. */
export function inconclusiveResult(): Result {
  return passingResult({
    verdict: 'inconclusive',
    exitCode: 5,
    reasons: [{ code: 'fault-never-held', fault: 'lose-acks', entry: 1, targets: 12 }],
    guarantee: {
      level: 'at-least-once',
      status: 'inconclusive',
      reasons: [{ code: 'nothing-owed', profile: 'slow', direction: 'down' }],
    },
    delivery: counts({ owed: 0, published: 0, unresolved: 66 }),
    latency: { push: noLatency(), recovery: noLatency() },
    profiles: { healthy: { delivery: counts({ owed: 0, published: 0 }), latency: {} } },
    assertions: [{ text: 'latency.push.p99 < 250ms', actualText: 'no data', status: 'no-data' }],
    faults: [{ name: 'lose-acks', planned: 12, fired: 0, effects: 0, fidelity: 'simulated' }],
  });
}

/** A stranger's server: what it did inside is unknown. */
export function targetResult(): Result {
  const { belief: _belief, broadcast: _broadcast, generator, ...rest } = passingResult();
  const { server: _server, ...clientSide } = generator;
  return {
    ...rest,
    target: 'ws://127.0.0.1:8080/socket',
    serverEvidence: false,
    saturation: {},
    alerts: [],
    generator: clientSide,
    connect: {
      attempts: 1042,
      opened: 1002,
      failed: 2,
      denied: 0,
      refused: { 429: 1, 503: 37 },
      closed: { 1006: 12 },
      lifetime: rest.latency.push ?? noLatency(),
      connectedShare: 0.982,
    },
  };
}

/** What means something to the broadcaster of wsdeliver.v1 alone. */
export const WORDS_OF_OUR_SERVER =
  /outbox|dead letter|pressure|alert|server-side|believes|broadcaster|evict/i;

/** A server of another protocol, with everything that its report has to say of it. */
export function strangerResult(): Result {
  const { acks: _acks, latency, profiles, ...rest } = targetResult();
  const { ackRoundTrip: _roundTrip, ...latencies } = latency;
  return {
    ...rest,
    driver: 'json',
    latency: { ...latencies, connect: latencies.push ?? noLatency(), subscribe: noLatency() },
    profiles: Object.fromEntries(
      Object.entries(profiles).map(([name, { acks: _own, ...profile }]) => [name, profile]),
    ),
    faults: [],
    assertions: [],
    publishing: { accepted: 80, rejected: 3, unknown: 0, unconfirmed: 17 },
    received: { unverified: 1200, foreign: 0 },
  };
}

/** Interrupted by a signal in the middle of load; one worker died before. */
export function partialResult(): Result {
  const base = passingResult();
  return {
    ...base,
    verdict: 'inconclusive',
    exitCode: 130,
    partial: true,
    reasons: [{ code: 'interrupted' }],
    guarantee: { level: 'at-least-once', status: 'inconclusive', reasons: [{ code: 'interrupted' }] },
    delivery: counts({ owed: 210_000, delivered: 209_400, unresolved: 600 }),
    faults: [],
    anomalyCounts: {},
    generator: {
      ...base.generator,
      status: 'invalid',
      reasons: [{ code: 'core-used-up', worker: 0, share: 0.97 }],
      connected: 500,
      workersLost: 1,
      workers: base.generator.workers.map((worker) =>
        worker.worker === 1
          ? { ...worker, lost: { code: 'process-killed', signal: 'SIGKILL', lastWords: '' } }
          : worker,
      ),
    },
  };
}
