import type { Broadcaster } from '../broadcaster/broadcaster.ts';
import { createBroadcaster } from '../broadcaster/create-broadcaster.ts';
import { DeadLetters } from '../broadcaster/dead-letters.ts';
import type { Load, SessionState } from '../broadcaster/load.ts';
import type { BroadcasterPorts } from '../broadcaster/observer.ts';
import { type Policy, TRUSTING } from '../broadcaster/policy.ts';
import type { BroadcasterSettings } from '../broadcaster/settings.ts';
import { newStatistics, type Statistics } from '../broadcaster/statistics.ts';
import { TypeCounters } from '../broadcaster/type-counters.ts';
import type { Application } from '../broadcaster/upstream-intake.ts';
import type { FaultyServer, SendErrors } from '../faults/fault.ts';
import type { PublishRequest, PublishWay } from '../load/publishing/way.ts';
import { OutgoingMessage } from '../protocol/message.ts';
import {
  type Clock,
  type Link,
  type LinkEvents,
  type Random,
  Timer,
  type Timers,
} from '../protocol/ports.ts';
import { clientNumber } from '../scenario/client-id.ts';
import { FlakyLink, SendFailures } from './flaky-link.ts';
import { PublishBatch, type PublishSettled } from './publish-batch.ts';
import type { ServerEndpoint } from './server-endpoint.ts';
import type { ServerFindings } from './server-findings.ts';
import { ServerRecord, tagOf } from './server-record.ts';
import type { UpstreamHandler } from './upstream-handler.ts';

/** Dead letters kept for somebody to look at. */
const DEAD_LETTERS_KEPT = 10_000;

/** Makes the broadcaster; the one of a mutant. */
export type NewBroadcaster = (options: {
  readonly settings: BroadcasterSettings;
  readonly ports: BroadcasterPorts;
  readonly observer: ServerRecord;
  readonly application: Application;
  /** What goes on over restarts. */
  readonly deadLetters: DeadLetters;
  readonly types: TypeCounters;
  readonly policy: Policy;
}) => Broadcaster;

/**
 * The reference broadcaster under test, over its incarnations: a restart with a memory store is a new broadcaster
 * with a new epoch, while the record of what the server did goes on.
 */
export class ReferenceServer implements FaultyServer, PublishWay {
  readonly record: ServerRecord;
  readonly deadLetters: DeadLetters;
  readonly types = new TypeCounters();
  readonly #upstreamHandler: UpstreamHandler;
  readonly #settings: BroadcasterSettings;
  readonly #ports: BroadcasterPorts;
  readonly #newBroadcaster: NewBroadcaster;
  readonly #past: Statistics[] = [];
  readonly #upTimer: Timer;
  readonly #together: PublishBatch;
  readonly #sendFailures: SendFailures | undefined;
  #blockedUntilUs = 0;
  #broadcaster: Broadcaster | undefined;
  #endpoint: ServerEndpoint | undefined;

  constructor(options: {
    readonly settings: BroadcasterSettings;
    readonly ports: BroadcasterPorts;
    /** Handles what clients send. */
    readonly upstreamHandler: UpstreamHandler;
    readonly newBroadcaster?: NewBroadcaster;
    /** Decides which sends fail; absent where `failSends` is never called, since each send is a little slower then. */
    readonly sendFailures?: Random;
  }) {
    this.#upstreamHandler = options.upstreamHandler;
    this.#settings = options.settings;
    const { deadLetterBytesMax: bytesMax } = options.settings;
    this.deadLetters = new DeadLetters({ keptMax: DEAD_LETTERS_KEPT, bytesMax });
    this.#ports = options.ports;
    this.#newBroadcaster = options.newBroadcaster ?? createBroadcaster;
    this.record = new ServerRecord(options.ports.clock);
    const { sendFailures: random, ports } = options;
    this.#sendFailures = random === undefined ? undefined : new SendFailures({ clock: ports.clock, random });
    this.#upTimer = new Timer(() => this.#comeUp());
    this.#together = new PublishBatch(ports.timers, (messages) =>
      this.#broadcaster?.broadcastToRooms(messages),
    );
    this.#broadcaster = this.#make();
  }

  get clock(): Clock {
    return this.#ports.clock;
  }

  get timers(): Timers {
    return this.#ports.timers;
  }

  get isUp(): boolean {
    return this.#broadcaster !== undefined;
  }

  set endpoint(endpoint: ServerEndpoint) {
    this.#endpoint = endpoint;
  }

  /** A socket while the server is down gets nothing; the endpoint refuses them anyway. */
  accept(socket: Link): LinkEvents {
    const link = this.#sendFailures === undefined ? socket : new FlakyLink(socket, this.#sendFailures);
    if (this.#broadcaster !== undefined) return this.record.tap(link, this.#broadcaster.accept(link));
    link.terminate();
    return { onOpen() {}, onText() {}, onPong() {}, onWritable() {}, onClose() {} };
  }

  /** It threw at an event of a connection, which was closed for it. */
  failed(): void {
    if (this.#broadcaster !== undefined) this.#broadcaster.statistics.internalErrors += 1;
  }

  publish(request: PublishRequest, settle: PublishSettled): void {
    const { room, type, payloadText } = request;
    const parts = { room, type, payloadText, tag: tagOf(request.stream, request.seq) };
    const broadcaster = this.#broadcaster;
    if (broadcaster === undefined) settle('rejected');
    else if (request.via === 'queue') settle(statusOf(broadcaster.enqueue(parts)));
    else if (request.via === 'direct') {
      broadcaster.submit(new OutgoingMessage(parts), (refusal) => settle(statusOf(refusal)));
    } else this.#together.add(new OutgoingMessage(parts), settle);
  }

  inFlight(): number {
    const statistics = this.#broadcaster?.statistics;
    if (statistics === undefined) return 0;
    const done = this.#settings.delivery === 'at-most-once' ? statistics.sent : statistics.acked;
    return statistics.assigned - done - statistics.dropped;
  }

  /** Messages sent since it came up, those sent again included: while it grows, the server does something. */
  get transmissions(): number {
    const { sent, resent } = this.#broadcaster?.statistics ?? { sent: 0, resent: 0 };
    return sent + resent;
  }

  restart(downMs: number): void {
    const broadcaster = this.#broadcaster;
    if (broadcaster === undefined) return;
    this.#broadcaster = undefined;
    broadcaster.stop('restart');
    this.#past.push(broadcaster.statistics);
    this.#endpoint?.goDown();
    this.#ports.timers.arm(this.#upTimer, downMs);
  }

  blockEventLoop(forMs: number): void {
    this.#blockedUntilUs = this.#endpoint?.block(forMs) ?? 0;
  }

  /** Until when a fault kept it from its event loop last; 0 when none did. */
  get blockedUntilUs(): number {
    return this.#blockedUntilUs;
  }

  failSends(errors: SendErrors): void {
    if (this.#sendFailures === undefined)
      throw new Error('Cannot fail sends: this server was not made for it');
    this.#sendFailures.begin(errors);
  }

  load(): Load | undefined {
    return this.#broadcaster?.load();
  }

  /** Of the present incarnation; none while the server is down. */
  sessionStates(): Iterable<SessionState> {
    return this.#broadcaster?.sessionStates() ?? [];
  }

  /** Publishes that wait for room in an outbox. */
  get waitingPublishes(): number {
    return this.#broadcaster?.waitingPublishes ?? 0;
  }

  /**
   * Until when the server itself lets rest what its connected sessions hold, µs; undefined when they hold nothing.
   *
   * An instant that has passed: it waits for its clients.
   */
  get restsUntilUs(): number | undefined {
    const queue = this.#broadcaster?.queue;
    let untilUs = queue === undefined || queue.isEmpty ? undefined : queue.restsUntilUs;
    for (const { connected, pending, gaps, nextTryUs } of this.#broadcaster?.sessionStates() ?? []) {
      if (connected && pending + gaps > 0) untilUs = Math.max(untilUs ?? -1, nextTryUs);
    }
    return untilUs;
  }

  /** Connected sessions of the present incarnation and what they still wait for. */
  pendingSessions(): { readonly client: number; readonly pending: number }[] {
    const states = [...(this.#broadcaster?.sessionStates() ?? [])];
    return states.flatMap(({ clientId, pending, connected }) =>
      connected ? [{ client: clientNumber(clientId) ?? -1, pending }] : [],
    );
  }

  findings(): ServerFindings {
    const { record } = this;
    return {
      evidence: record.toEvidence(),
      pending: this.pendingSessions(),
      absent: record.absentSessions(),
      closes: record.closes.slice(),
      open: record.openConnections(),
      takeovers: record.takeovers(),
      statistics: this.statistics,
      load: this.load(),
      ackRoundTrip: record.ackRoundTrip,
      metrics: this.#broadcaster?.monitoring.metrics.summary(),
      alerts: record.alerts,
      upstream: this.#upstreamHandler.findings(),
      deadLetters: this.deadLetters,
    };
  }

  /** Counters over all incarnations. */
  get statistics(): Statistics {
    const sum = newStatistics();
    const all = this.#broadcaster === undefined ? this.#past : [...this.#past, this.#broadcaster.statistics];
    for (const one of all) {
      for (const key of Object.keys(sum) as (keyof Statistics)[]) sum[key] += one[key];
    }
    return sum;
  }

  /** Nothing is judged any more: timers stop. */
  stop(): void {
    this.#ports.timers.disarm(this.#upTimer);
    this.#together.stop();
    this.#broadcaster?.stop('goodbye');
  }

  #comeUp(): void {
    this.#broadcaster = this.#make();
    this.#endpoint?.comeUp();
  }

  #make(): Broadcaster {
    return this.#newBroadcaster({
      settings: this.#settings,
      ports: { ...this.#ports, alert: (alert) => this.record.alerts.add(alert) },
      observer: this.record,
      application: this.#upstreamHandler,
      deadLetters: this.deadLetters,
      types: this.types,
      // Its clients are those of the run: one that has forgotten its session gets another in its place.
      policy: TRUSTING,
    });
  }
}

function statusOf(refusal: string | undefined): 'accepted' | 'rejected' {
  return refusal === undefined ? 'accepted' : 'rejected';
}
