import { describe, expect, it } from 'vitest';
import type { Driver } from '../../src/drivers/driver.ts';
import { plainValues } from '../../src/drivers/values.ts';
import { Fleet } from '../../src/load/fleet.ts';
import { FleetHere } from '../../src/load/fleet-here.ts';
import { Publishers } from '../../src/load/publishing/publishers.ts';
import type { PublishWay } from '../../src/load/publishing/way.ts';
import type { Dial } from '../../src/protocol/ports.ts';
import { phases } from '../../src/run/phases.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { clientsOf, planFaults } from '../../src/scenario/timeline.ts';
import { verdictOf } from '../../src/verdict/assemble.ts';
import { type Findings, judgeRun } from '../../src/verdict/judge-run.ts';
import { randomStreams } from '../../src/world/random.ts';
import { virtualHttp } from '../../src/world/virtual/http.ts';
import { VirtualNetwork } from '../../src/world/virtual/network.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { scenarioOf } from '../scenario/sample.ts';
import { RelayServer, relay } from './relay.ts';

interface Stranger {
  readonly driver?: Driver;
  readonly server?: RelayServer;
  /** Until then client 5 finds nobody at its address. */
  readonly lateUntilMs?: number;
}

/** Plays and judges a whole run against the relay, whose clients and server no code of the product knows. */
function run(
  scenario: Scenario,
  { driver = relay, server = new RelayServer(), lateUntilMs = 0 }: Stranger = {},
): { findings: Findings; outcome: string; timersLeft: number } {
  const time = new VirtualTime();
  const streams = randomStreams(scenario.seed);
  const network = new VirtualNetwork({ time, randomFor: streams });
  const listener = network.listen('server', (link) => server.accept(link));
  const planned = planFaults(scenario, streams);
  const way: PublishWay = {
    publish: ({ room, payloadText }, settle) => {
      server.publish(room, payloadText);
      settle('accepted');
    },
    inFlight: () => undefined,
  };
  const ports = { clock: time, timers: time, streams };
  const publishers = new Publishers({ scenario, run: 'relay', way, ...ports });
  const clients = Array.from({ length: clientsOf(scenario).count }, (_, client) => client);
  const lane = { delayMs: 1 };
  const fleet = new Fleet({
    scenario,
    run: 'relay',
    clients,
    planned,
    driver,
    ports: {
      ...ports,
      valuesFor: (client) => plainValues(client, `c${client}`),
      http: virtualHttp(time),
      epochMs: () => 0,
      dialFor: ({ client: { index: client } }) => {
        const path = network.path({ name: `net/${client}`, up: lane, down: lane });
        const [usual, nowhere] = ['server', 'nowhere'].map((address) => network.dialer({ address, path }));
        const fromUs = time.nowUs();
        const isLate = (): boolean => client === 5 && time.nowUs() < fromUs + lateUntilMs * 1000;
        return (events) => ((isLate() ? nowhere : usual) as Dial)(events);
      },
    },
  });
  const steps = phases({
    world: 'virtual',
    scenario,
    driver,
    planned,
    clock: time,
    clients: new FleetHere(fleet, clients.length),
    publishers,
    server: undefined,
    targetWay: undefined,
    watch: undefined,
    troubles: [],
    isInterrupted: () => false,
  });
  let step = steps.next();
  for (; !step.done; step = steps.next()) {
    const { isOver, atMostMs } = step.value;
    const untilUs = time.nowUs() + atMostMs * 1000;
    while (!isOver() && time.nowUs() < untilUs) time.run(Math.min(untilUs, time.nowUs() + 25_000));
  }
  const record = step.value;
  fleet.stop();
  listener.close();
  time.runFor(20_000);
  const findings = judgeRun(record);
  return { findings, outcome: verdictOf(record, findings).verdict, timersLeft: time.plannedCount };
}

function scenario(delivery: string, faults: readonly string[] = []): Scenario {
  return scenarioWith(`server: { delivery: ${delivery} }`, faults);
}

/** @param head - further keys, such as the target */
function scenarioWith(head: string, faults: readonly string[] = []): Scenario {
  return scenarioOf(`
name: relay
${head}
clients: [{ count: 6, rooms: [ticks], reconnect: { min: 100ms, max: 200ms, jitter: none } }]
publish: [{ room: ticks, rate: 50/s, size: 64B }]
duration: { rampUp: 100ms, warmUp: 100ms, load: 2s, settle: 5s }
faults: [${faults.join(', ')}]
`);
}

const DROP = '{ at: 800ms, clients: { ids: [0, 1] }, do: drop }';

describe('a run with a driver that only the test knows', () => {
  it('passes while nothing goes wrong', () => {
    const { findings, outcome, timersLeft } = run(scenario('at-least-once'));
    expect(outcome).toBe('pass');
    const { owed, delivered } = findings.judgement.delivery;
    // Six clients, 50 messages a second for 2.1 seconds, and the probe.
    expect(owed).toBeGreaterThan(600);
    expect(delivered).toBe(owed);
    expect(timersLeft).toBe(0);
  });

  it('finds that what a client missed while it was away is lost, and that nobody told it', () => {
    const { findings, outcome } = run(scenario('at-least-once', [DROP]));
    expect(outcome).toBe('fail');
    const { lost, duplicates } = findings.judgement.delivery;
    // Two clients, away for 100 ms at 50 messages a second.
    expect(lost.silent).toBeGreaterThanOrEqual(8);
    expect(lost.reported).toBe(0);
    expect(duplicates.handled).toBe(0);
    const losers = findings.anomalies.filter(({ kind }) => kind === 'silent-loss');
    expect(losers.length).toBeGreaterThan(0);
    for (const { client } of losers) expect([0, 1]).toContain(client);
  });

  it('takes the same loss for allowed at most once', () => {
    const { findings, outcome } = run(scenario('at-most-once', [DROP]));
    expect(outcome).toBe('pass');
    expect(findings.judgement.delivery.lost.silent).toBeGreaterThanOrEqual(8);
  });

  it('owes clients that come and go what was published while they were there', () => {
    const { findings, outcome, timersLeft } = run(
      scenarioOf(`
name: relay
server: { delivery: at-least-once }
clients:
  - { count: 2, rooms: [ticks] }
  - { profile: guests, count: 4, rooms: [ticks], join: { from: 400ms, to: 800ms }, leave: { from: 1200ms, to: 1600ms } }
publish: [{ room: ticks, rate: 50/s, size: 64B }]
duration: { rampUp: 100ms, warmUp: 100ms, load: 2s, settle: 5s }
`),
    );
    expect(outcome).toBe('pass');
    const { owed, delivered, lost, phantom } = findings.judgement.profiles.guests ?? {};
    // 800 ms each at 50 messages a second, but for those around join and goodbye.
    expect(owed).toBeGreaterThan(4 * 37);
    expect(owed).toBeLessThanOrEqual(4 * 40);
    expect(delivered).toBe(owed);
    expect([lost?.silent, lost?.reported, phantom]).toEqual([0, 0, 0]);
    expect(timersLeft).toBe(0);
  });

  it('plays a fault again and again, and counts every time', () => {
    const { findings, outcome } = run(
      scenario('at-most-once', ['{ at: 300ms, every: 500ms, clients: { count: 1 }, do: drop }']),
    );
    expect(outcome).toBe('pass');
    // At 300, 800, 1300 and 1800 ms of two seconds.
    expect(findings.faults).toMatchObject([{ name: 'drop', planned: 4, fired: 4, effects: 4 }]);
  });

  it('refuses a fault that the driver has no handle for', () => {
    const lost = scenario('at-least-once', ['{ during: load, do: lose-acks }']);
    expect(() => run(lost)).toThrow(
      'Cannot play "lose-acks": clients of the driver relay have no handle for it, a driver with "acks" is wanted',
    );
  });
});

describe('the level by which a stranger is judged', () => {
  const target = 'target: ws://relay.test';

  it('is that of the driver where nothing is said of the server', () => {
    const { findings, outcome } = run(scenarioWith(target, [DROP]));
    expect(findings.level).toBe('at-most-once');
    expect(outcome).toBe('pass');
    expect(findings.judgement.delivery.lost.silent).toBeGreaterThanOrEqual(8);
  });

  it('is what the scenario says of the server, and before that what it expects', () => {
    const said = run(scenarioWith(`${target}\nserver: { delivery: at-least-once }`, [DROP]));
    expect(said.findings.level).toBe('at-least-once');
    expect(said.outcome).toBe('fail');
    const server = 'server: { delivery: at-most-once }';
    const raised = run(scenarioWith(`${target}\n${server}\nexpect: { guarantee: effectively-once }`, [DROP]));
    expect(raised.findings.level).toBe('effectively-once');
    expect(raised.outcome).toBe('fail');
  });
});

describe('a server that sends what was published before a client came', () => {
  // Clients are waited for 15 s: the probe and the first messages are published before the last one comes.
  const late = { lateUntilMs: 16_000 };
  const quiet = scenario('at-most-once');

  it('makes nothing up, by a driver that does not declare it verbatim', () => {
    const driver = { ...relay, traits: { ...relay.traits, verbatim: false } };
    const { findings, outcome } = run(quiet, { ...late, driver, server: new RelayServer({ history: true }) });
    expect(findings.judgement.delivery.phantom).toBe(0);
    expect(findings.violations).toEqual([]);
    expect(outcome).toBe('inconclusive');
  });

  it('is found out where its protocol has no such thing', () => {
    const { findings, outcome } = run(quiet, { ...late, server: new RelayServer({ history: true }) });
    // The probe, and some 45 messages of 900 ms.
    expect(findings.judgement.delivery.phantom).toBeGreaterThan(20);
    expect(findings.anomalies.map(({ kind, client }) => [kind, client])).toContainEqual(['phantom', 5]);
    expect(outcome).toBe('fail');
  });
});
