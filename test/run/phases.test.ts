import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIVER } from '../../src/drivers/registry.ts';
import type { Clients } from '../../src/load/clients.ts';
import type { FleetCounts } from '../../src/load/fleet-record.ts';
import { Measures } from '../../src/load/measures.ts';
import { Publishers } from '../../src/load/publishing/publishers.ts';
import type { PublishWay } from '../../src/load/publishing/way.ts';
import { phases, type RunParts } from '../../src/run/phases.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import type { RunRecord } from '../../src/verdict/run-record.ts';
import { randomStreams } from '../../src/world/random.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { scenarioOf } from '../scenario/sample.ts';

/** What both worlds do in each phase, shown with clients that do nothing but what a test tells them. */

const SCENARIO = scenarioOf(`
name: phases
clients: [{profile: all, count: 10, rooms: ['*']}]
publish: [{room: '*', rate: 10/s}]
duration: {rampUp: 0s, warmUp: 1s, load: 2s, settle: 8s}
`);

const CONNECTED: FleetCounts = { ready: 10, probed: 10, gone: 0, unfinished: 0, progress: 0 };

/** Tells of everything that happens to it when it happened, ms from the start. */
class ScriptedClients implements Clients {
  reports = 0;
  living = 10;
  readonly made = true;
  readonly draining = true;
  readonly recorded = true;
  readonly heard: Record<string, number> = {};
  now: FleetCounts = CONNECTED;
  readonly #time: VirtualTime;
  readonly #fromUs: number;

  constructor(time: VirtualTime) {
    this.#time = time;
    this.#fromUs = time.nowUs();
  }

  make(): void {
    this.#hear('make');
  }

  connect(): void {
    this.#hear('connect');
  }

  startLoad(): void {
    this.#hear('load');
  }

  heal(): void {
    this.#hear('heal');
  }

  startDrain(): void {
    this.#hear('drain');
  }

  publishAs(): void {}

  isConnectionOpen(): boolean {
    return false;
  }

  finish(): void {
    this.#hear('finish');
  }

  counts(): FleetCounts {
    this.reports += 1;
    return this.now;
  }

  toRecord(): ReturnType<Clients['toRecord']> {
    return { fleets: [], measures: new Measures(1), workers: [], lastFailure: '' };
  }

  #hear(what: string): void {
    this.heard[what] = (this.#time.nowUs() - this.#fromUs) / 1000;
  }
}

interface Stage {
  readonly scenario?: Scenario;
  readonly answers?: PublishWay['publish'];
  /** Something happens at an instant, ms from the start. */
  readonly events?: readonly (readonly [atMs: number, act: (clients: ScriptedClients) => void])[];
  readonly interruptedAtMs?: number;
}

function play({ scenario = SCENARIO, answers, events = [], interruptedAtMs = Infinity }: Stage): {
  readonly record: RunRecord;
  readonly heard: Readonly<Record<string, number>>;
  readonly waited: readonly string[];
} {
  const time = new VirtualTime();
  const fromUs = time.nowUs();
  const clients = new ScriptedClients(time);
  for (const [atMs, act] of events) time.after(atMs * 1000, () => act(clients));
  const isInterrupted = (): boolean => time.nowUs() >= fromUs + interruptedAtMs * 1000;
  const parts: RunParts = {
    world: 'virtual',
    scenario,
    driver: DEFAULT_DRIVER,
    planned: [],
    clock: time,
    clients,
    publishers: new Publishers({
      scenario,
      run: 'r',
      way: { publish: answers ?? ((_request, settle) => settle('accepted')), inFlight: () => 0 },
      clock: time,
      timers: time,
      streams: randomStreams(1),
    }),
    server: undefined,
    targetWay: undefined,
    watch: undefined,
    troubles: [],
    isInterrupted,
  };
  const waited: string[] = [];
  const run = phases(parts);
  for (let step = run.next(); ; step = run.next()) {
    if (step.done) return { record: step.value, heard: clients.heard, waited };
    const { phase, isOver, atMostMs, insists = false } = step.value;
    waited.push(phase);
    const untilUs = time.nowUs() + atMostMs * 1000;
    while (!isOver() && time.nowUs() < untilUs && (insists || !isInterrupted())) time.runFor(1);
  }
}

describe('a run', () => {
  it('goes through its phases in order, each as long as the scenario says', () => {
    const { heard, waited, record } = play({});
    expect([...new Set(waited)]).toEqual(['start', 'connect', 'probe', 'warm-up', 'load', 'drain', 'judge']);
    expect(heard).toMatchObject({ make: 0, connect: 0, load: 1000, heal: 3000, drain: 3000, finish: 3000 });
    expect(record).toMatchObject({ connected: 10, probed: 10, drain: 'complete', troubles: [] });
  });

  it('waits half of the settle time for publishes that nobody answers, and tells how many', () => {
    const { heard, record } = play({ answers: () => {} });
    expect(heard.drain).toBe(3000 + 4000);
    // 3 s at 10/s, and the probe.
    expect(record.troubles).toEqual([{ code: 'publishes-unanswered', count: 31 }]);
  });

  it('tells how many clients had no connection where the drain did not complete', () => {
    const { record } = play({
      events: [
        [2000, (clients) => Object.assign(clients, { now: { ...CONNECTED, ready: 7, unfinished: 3 } })],
      ],
    });
    expect(record.troubles).toEqual([{ code: 'clients-away', count: 3, asked: 10 }]);
    expect(record.drain).toBe('stuck');
  });

  it('says nothing of clients that are gone for good', () => {
    const now = { ...CONNECTED, ready: 7, gone: 3 };
    const { record } = play({ events: [[2000, (clients) => Object.assign(clients, { now })]] });
    expect(record).toMatchObject({ drain: 'complete', troubles: [] });
  });

  it('ends its load when no client lives any more', () => {
    const { heard } = play({ events: [[1500, (clients) => Object.assign(clients, { living: 0 })]] });
    expect(heard.heal).toBe(1500);
  });

  it('goes on to its records when it is interrupted, and calls nothing stuck', () => {
    const now = { ...CONNECTED, unfinished: 10 };
    const { heard, record } = play({
      interruptedAtMs: 1500,
      events: [[100, (clients) => Object.assign(clients, { now })]],
    });
    expect(heard).toMatchObject({ load: 1000, heal: 1500, drain: 1500, finish: 1500 });
    expect(record).toMatchObject({ interrupted: true, drain: 'progressing', troubles: [] });
  });

  it('publishes nothing when it is interrupted before the probe', () => {
    const { record } = play({ interruptedAtMs: 0 });
    expect(record).toMatchObject({ interrupted: true, probed: 0, publishedInLoad: 0 });
    expect(record.log.streamCount).toBe(0);
  });
});
