import type { Drain } from '../delivery/loss-judge.ts';
import type { Reason } from '../delivery/reason.ts';
import type { Driver } from '../drivers/driver.ts';
import type { PlannedFault } from '../faults/fault.ts';
import type { Clients, ClientsRecord } from '../load/clients.ts';
import type { Publishers } from '../load/publishing/publishers.ts';
import type { TargetWay } from '../load/publishing/way.ts';
import type { ProcessUse } from '../load/worker-messages.ts';
import type { Clock } from '../protocol/ports.ts';
import type { Scenario } from '../scenario/schema.ts';
import { targetText } from '../scenario/target/target-text.ts';
import { clientsOf, lateCount } from '../scenario/timeline.ts';
import type { ServerUnderTest } from '../server/server-under-test.ts';
import type { ServiceSet } from '../server/services/service-set.ts';
import type { RunRecord } from '../verdict/run-record.ts';
import { DrainWatch } from './drain-watch.ts';

/**
 * One run of a scenario, from the first connection to the last record, the same in both worlds. It yields what it
 * waits for; the real world lets real time pass until then, the virtual one runs its events.
 */

export type Phase = 'services' | 'start' | 'connect' | 'probe' | 'warm-up' | 'load' | 'drain' | 'judge';

/** What a phase waits for, and for how long at most. */
export interface Wait {
  readonly phase: Phase;
  readonly isOver: () => boolean;
  readonly atMostMs: number;
  /** An interruption does not end it. */
  readonly insists?: boolean;
}

/** Measures the process of the server from the first connection on, and its load apart. */
interface Watch {
  restart(): void;
  startLoad(): void;
  freeze(): void;
  /** The run no longer waits for the server. */
  stop(): void;
  use(): ProcessUse;
}

/** What a run consists of, in either world. */
export interface RunParts {
  readonly world: RunRecord['world'];
  readonly scenario: Scenario;
  /** Of the clients. */
  readonly driver: Driver;
  readonly planned: readonly PlannedFault[];
  readonly clock: Clock;
  readonly clients: Clients;
  readonly publishers: Publishers;
  /** Absent for a target. */
  readonly server: ServerUnderTest | undefined;
  /** Absent where the scenario starts none. */
  readonly services?: ServiceSet | undefined;
  /** The publishers' way to a target; absent where the server is at hand. */
  readonly targetWay: TargetWay | undefined;
  /** Absent in virtual time, where the server has no process. */
  readonly watch: Watch | undefined;
  /** Shortest time between two samples of what the server holds. */
  readonly sampleMs?: number;
  /** Why the run says too little: what else goes wrong is added. */
  readonly troubles: Reason[];
  readonly isInterrupted: () => boolean;
}

/** The target does not answer, or not in this protocol. */
export class TargetUnreachable extends Error {
  override readonly name = 'TargetUnreachable';
}

/** How often a wait is looked at whether it is over, in both worlds. */
export const POLL_MS = 25;
const CONNECT_GRACE_MS = 15_000;
const PROBE_TIMEOUT_MS = 15_000;
/** To a target, evenly over that time. */
const PROBES_MAX = 15;
const RECORD_TIMEOUT_MS = 60_000;
/** After its time a session that is still there is one that the server keeps. */
const EXPIRY_GRACE_US = 1_500_000;
const TARGET_TIMEOUT_MS = 5000;
/** Behind the timeout of an attempt: for its failure to be told, and for an answer to what is said first. */
const ANSWER_GRACE_MS = 1000;

/** @throws {TargetUnreachable} */
export function* phases(run: RunParts): Generator<Wait, RunRecord, void> {
  const { clock, clients, publishers, server } = run;
  const startUs = clock.nowUs();
  yield* reachTarget(run);
  const connected = yield* connect(run);
  const probed = yield* probe(run);
  const contact = new Contact(run);
  const span = yield* load(run, contact);
  const drain = yield* drainAll(run, contact);
  const targetGone = contact.isGone && !run.isInterrupted();
  if (targetGone) run.troubles.unshift(contact.reason(span.loadFromUs));
  run.watch?.stop();
  const endUs = clock.nowUs();
  const findings = server?.findings();
  const services = run.services?.findings();
  clients.finish();
  yield { phase: 'judge', isOver: () => clients.recorded, atMostMs: RECORD_TIMEOUT_MS, insists: true };
  const clientsRecord = clients.toRecord();
  noteBroken(run, clientsRecord);
  publishers.weigh(clientsRecord.measures.seen);
  return {
    world: run.world,
    scenario: run.scenario,
    protocol: { level: run.driver.traits.level, verbatim: run.driver.traits.verbatim },
    planned: run.planned,
    log: publishers.log,
    publishedInLoad: publishers.inLoad,
    slip: publishers.slip,
    accept: publishers.accept,
    ...clientsRecord,
    server: findings,
    sampler: server?.sampler,
    serverUse: server === undefined ? undefined : run.watch?.use(),
    services,
    serverFaults: [...(server?.faultRecords() ?? []), ...(services?.faults ?? [])],
    // What a target owed that is gone can't be waited for any longer.
    drain: targetGone ? 'progressing' : drain,
    targetGone,
    interrupted: run.isInterrupted(),
    connected,
    probed,
    troubles: run.troubles,
    instants: { startUs, ...span, endUs },
  };
}

type Step<T> = Generator<Wait, T, void>;

function* reachTarget({ targetWay, scenario, clock, isInterrupted }: RunParts): Step<void> {
  if (targetWay === undefined) return;
  const { target } = scenario;
  const beganUs = clock.nowUs();
  targetWay.connect();
  // An attempt that may still succeed is waited for; where one has failed already, others had their time to.
  const isOver = (): boolean =>
    targetWay.ready || (targetWay.lastFailure !== '' && clock.nowUs() - beganUs > TARGET_TIMEOUT_MS * 1000);
  const atMostMs = Math.max(TARGET_TIMEOUT_MS, (target?.timeout ?? 0) + ANSWER_GRACE_MS);
  yield { phase: 'start', isOver, atMostMs };
  if (targetWay.ready || isInterrupted()) return;
  const why = targetWay.lastFailure === '' ? 'it does not answer a hello' : targetWay.lastFailure;
  const where = target === undefined ? '' : targetText(target);
  const protocol = target?.driver === 'wsdeliver' ? 'wsdeliver.v1' : (target?.driver ?? '');
  throw new TargetUnreachable(
    `Cannot reach "${where}": ${why}, a WebSocket server that speaks ${protocol} is wanted`,
  );
}

/** How long it takes until the last client has dialled. */
function connectMs(scenario: Scenario): number {
  const perSec = scenario.target?.connectRate;
  const { rampUp } = scenario.duration;
  return perSec === undefined ? rampUp : Math.max(rampUp, (clientsOf(scenario).count * 1000) / perSec);
}

/** @returns how many clients came in */
function* connect({ clients, scenario, clock, server, watch, sampleMs }: RunParts): Step<number> {
  clients.make();
  yield { phase: 'start', isOver: () => clients.made, atMostMs: CONNECT_GRACE_MS };
  watch?.restart();
  clients.connect(clock.nowUs());
  // Who joins during load is counted as there: one that never comes is missed by the drain.
  const late = lateCount(scenario);
  const isOver = (): boolean => clients.counts().ready >= clients.living - late;
  yield { phase: 'connect', isOver, atMostMs: connectMs(scenario) + CONNECT_GRACE_MS };
  server?.sampler.start(clientsOf(scenario).count, sampleMs);
  return clients.counts().ready + late;
}

/**
 * Every client has to have received one message before anything is measured.
 *
 * @returns how many have
 */
function* probe({ clients, publishers, server, scenario, isInterrupted }: RunParts): Step<number> {
  if (isInterrupted()) return 0;
  const isOver = (): boolean => {
    const { probed, ready } = clients.counts();
    return probed >= ready;
  };
  // Where a protocol confirms no subscription, a client may join after a message that was published meanwhile.
  const probes = server === undefined ? PROBES_MAX : 1;
  for (let sent = 0; sent < probes && !isInterrupted(); sent += 1) {
    publishers.probe();
    yield { phase: 'probe', isOver, atMostMs: PROBE_TIMEOUT_MS / probes };
    if (isOver()) break;
  }
  return clients.counts().probed + lateCount(scenario);
}

function* load(
  run: RunParts,
  contact: Contact,
): Step<Pick<RunRecord['instants'], 'loadFromUs' | 'loadToUs'>> {
  const { clients, publishers, scenario, clock, server, watch, isInterrupted } = run;
  const { duration } = scenario;
  const fromUs = clock.nowUs();
  const loadFromUs = fromUs + duration.warmUp * 1000;
  const loadToUs = loadFromUs + duration.load * 1000;
  const nobodyIsLeft = (): boolean => {
    contact.look();
    return clients.living === 0;
  };
  if (isInterrupted()) return { loadFromUs, loadToUs };
  publishers.start({ fromUs, loadFromUs, toUs: loadToUs });
  yield { phase: 'warm-up', isOver: nobodyIsLeft, atMostMs: duration.warmUp };
  if (isInterrupted()) return { loadFromUs, loadToUs };
  clients.startLoad(loadFromUs, loadToUs);
  watch?.startLoad();
  server?.startLoad(loadFromUs);
  run.services?.startLoad(loadFromUs, run.planned);
  yield { phase: 'load', isOver: nobodyIsLeft, atMostMs: (loadToUs - clock.nowUs()) / 1000 };
  return { loadFromUs, loadToUs: isInterrupted() ? clock.nowUs() : loadToUs };
}

/** Heals every fault, then waits until every live session has everything, or nothing moves any more. */
function* drainAll(run: RunParts, contact: Contact): Step<Drain> {
  const { clients, publishers, scenario, clock, server, isInterrupted } = run;
  const { settle } = scenario.duration;
  run.watch?.freeze();
  publishers.stop();
  server?.endLoad();
  run.services?.endLoad();
  clients.heal();
  const deadlineUs = clock.nowUs() + settle * 1000;
  const wait = (
    isOver: () => boolean,
    atMostMs = Math.max(0, (deadlineUs - clock.nowUs()) / 1000),
  ): Wait => ({
    phase: 'drain',
    isOver,
    atMostMs,
  });
  // Half of the time at most: a server that never answers a publish may still have something to deliver.
  yield wait(
    () =>
      contact.look() &&
      publishers.unanswered === 0 &&
      (server?.reference.isUp ?? run.services?.areBack ?? true),
    settle / 2,
  );
  clients.startDrain(publishers.goals());
  yield wait(() => clients.draining);
  const watch = new DrainWatch({ scenario, server: server?.reference, clock });
  yield wait(
    () => contact.look() && watch.look({ ...clients.counts(), reports: clients.reports }, clients.living),
  );
  yield wait(() => clients.counts().gone === 0 || sessionsHaveEnded(run, deadlineUs));
  // A run that was cut short has not waited long enough to call anything stuck.
  if (isInterrupted()) return 'progressing';
  noteTroubles(run, watch, contact);
  return watch.outcome;
}

/** No session of an absent client is left that has to end within the deadline, or it has had its time and more. */
function sessionsHaveEnded({ server, scenario, clock }: RunParts, deadlineUs: number): boolean {
  const ttlUs = scenario.server.resumeTtl * 1000;
  const absent = server?.reference.record.absentSessions() ?? [];
  return absent.every(({ sinceUs }) => {
    const endUs = sinceUs + ttlUs;
    return endUs > deadlineUs || clock.nowUs() > endUs + EXPIRY_GRACE_US;
  });
}

function noteBroken({ troubles }: RunParts, { fleets }: ClientsRecord): void {
  const broken = fleets.flatMap((fleet) => fleet.broken);
  const [first] = broken;
  if (first !== undefined) troubles.push({ code: 'driver-failed', count: broken.length, ...first });
}

/** A server that has gone away owes nothing any more, which must not pass for having delivered everything. */
function noteTroubles(
  { publishers, troubles, scenario }: RunParts,
  { away, outcome }: DrainWatch,
  { isGone }: Contact,
): void {
  const { unanswered } = publishers;
  if (unanswered > 0) troubles.push({ code: 'publishes-unanswered', count: unanswered });
  if (away > 0 && outcome !== 'complete' && !isGone)
    troubles.push({ code: 'clients-away', count: away, asked: clientsOf(scenario).count });
}

/** Whether anybody still has a connection to a target, which tells nothing of itself. */
class Contact {
  readonly #run: RunParts;
  #latestUs: number;
  #away = 0;

  constructor(run: RunParts) {
    this.#run = run;
    this.#latestUs = run.clock.nowUs();
  }

  /** @returns true, always: it only looks on */
  look(): true {
    const { server, clients, clock } = this.#run;
    if (server !== undefined) return true;
    const { ready, gone } = clients.counts();
    this.#away = ready > 0 ? 0 : Math.max(0, clients.living - gone);
    if (this.#away === 0) this.#latestUs = clock.nowUs();
    return true;
  }

  /** Nobody who should have a connection has one. */
  get isGone(): boolean {
    return this.#away > 0;
  }

  reason(loadFromUs: number): Reason {
    const { count: asked } = clientsOf(this.#run.scenario);
    const atMs = Math.round((this.#latestUs - loadFromUs) / 1000);
    return { code: 'target-gone', atMs, count: this.#away, asked };
  }
}
