import { Broadcaster, type BroadcasterPorts, type Load, type SessionState } from '../broadcaster/broadcaster.ts';
import type { BroadcasterSettings } from '../broadcaster/settings.ts';
import { Statistics } from '../broadcaster/statistics.ts';
import type { FaultyServer } from '../faults/fault.ts';
import { OutgoingMessage } from '../protocol/message.ts';
import { type Clock, type Link, type LinkEvents, Timer, type Timers } from '../protocol/ports.ts';
import type { ServerSettings } from '../scenario/schema.ts';
import type { PublishRequest, PublishRoute } from './publishers.ts';
import { ServerRecord, tagOf } from './server-record.ts';

/** Makes the broadcaster; a broken one in the bug zoo. */
export type NewBroadcaster = (options: {
  readonly settings: BroadcasterSettings;
  readonly ports: BroadcasterPorts;
  readonly observer: ServerRecord;
}) => Broadcaster;

/** Where the broadcaster's sockets come from, in either world. */
export interface ServerSite {
  /** Drops all sockets and refuses new ones. */
  goDown(): void;
  comeUp(): void;
  /** Spins, as a handler does that never returns to the event loop. */
  block(forMs: number): void;
}

/**
 * The reference broadcaster under test, over its incarnations: a restart with a memory store is a new broadcaster
 * with a new epoch, while the record of what the server did goes on.
 */
export class ReferenceServer implements FaultyServer, PublishRoute {
  readonly record: ServerRecord;
  readonly #settings: BroadcasterSettings;
  readonly #ports: BroadcasterPorts;
  readonly #newBroadcaster: NewBroadcaster;
  readonly #past: Statistics[] = [];
  readonly #upTimer: Timer;
  #broadcaster: Broadcaster | undefined;
  #site: ServerSite | undefined;

  constructor(options: {
    readonly settings: BroadcasterSettings;
    readonly ports: BroadcasterPorts;
    readonly newBroadcaster?: NewBroadcaster;
  }) {
    this.#settings = options.settings;
    this.#ports = options.ports;
    this.#newBroadcaster = options.newBroadcaster ?? ((parts) => new Broadcaster(parts));
    this.record = new ServerRecord(options.ports.clock);
    this.#upTimer = new Timer(() => this.#comeUp());
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

  set site(site: ServerSite) {
    this.#site = site;
  }

  /** A socket while the server is down gets nothing; the site refuses them anyway. */
  accept(link: Link): LinkEvents {
    if (this.#broadcaster !== undefined) return this.#broadcaster.accept(link);
    link.terminate();
    return { onOpen() {}, onText() {}, onPong() {}, onWritable() {}, onClose() {} };
  }

  publish(request: PublishRequest, settle: (status: 'accepted' | 'rejected') => void): void {
    const { room, type, payloadText } = request;
    const message = new OutgoingMessage({ room, type, payloadText, tag: tagOf(request.stream, request.seq) });
    settle(this.#broadcaster !== undefined && this.#broadcaster.publish(message) === undefined ? 'accepted' : 'rejected');
  }

  inFlight(): number {
    const statistics = this.#broadcaster?.statistics;
    if (statistics === undefined) return 0;
    const done = this.#settings.delivery === 'at-most-once' ? statistics.sent : statistics.acked;
    return statistics.assigned - done - statistics.dropped;
  }

  restart(downMs: number): void {
    const broadcaster = this.#broadcaster;
    if (broadcaster === undefined) return;
    this.#broadcaster = undefined;
    broadcaster.stop('restart');
    this.#past.push(broadcaster.statistics);
    this.#site?.goDown();
    this.#ports.timers.arm(this.#upTimer, downMs);
  }

  blockEventLoop(forMs: number): void {
    this.#site?.block(forMs);
  }

  load(): Load | undefined {
    return this.#broadcaster?.load();
  }

  /** Connected sessions of the present incarnation and what they still wait for. */
  pendingSessions(): { readonly client: number; readonly pending: number }[] {
    return this.#sessionStates().flatMap(({ clientId, pending, awaySinceUs }) =>
      awaySinceUs === undefined ? [{ client: Number(clientId.slice(1)), pending }] : [],
    );
  }

  /** Sessions of the present incarnation whose client is away, and since when. */
  absentSessions(): { readonly client: number; readonly sinceUs: number }[] {
    return this.#sessionStates().flatMap(({ clientId, awaySinceUs }) =>
      awaySinceUs === undefined ? [] : [{ client: Number(clientId.slice(1)), sinceUs: awaySinceUs }],
    );
  }

  /** Counters over all incarnations. */
  get statistics(): Statistics {
    const sum = new Statistics();
    const all = this.#broadcaster === undefined ? this.#past : [...this.#past, this.#broadcaster.statistics];
    for (const one of all) {
      for (const key of Object.keys(sum) as (keyof Statistics)[]) sum[key] += one[key];
    }
    return sum;
  }

  /** Nothing is judged any more: timers stop. */
  stop(): void {
    this.#ports.timers.disarm(this.#upTimer);
    this.#broadcaster?.stop('goodbye');
  }

  #sessionStates(): SessionState[] {
    return [...(this.#broadcaster?.sessionStates() ?? [])];
  }

  #comeUp(): void {
    this.#broadcaster = this.#make();
    this.#site?.comeUp();
  }

  #make(): Broadcaster {
    return this.#newBroadcaster({ settings: this.#settings, ports: this.#ports, observer: this.record });
  }
}

/** The broadcaster's settings, out of a scenario's `server` block. */
export function broadcasterSettings(server: ServerSettings): BroadcasterSettings {
  const { outbox, buffer, heartbeat, broadcast } = server;
  return {
    delivery: server.delivery,
    ackTimeoutMs: outbox.ackTimeout,
    resend: outbox.resend,
    maxResend: outbox.maxResend,
    nackBackoffMs: outbox.nackBackoff,
    maxPending: outbox.maxPending,
    overflow: outbox.overflow,
    bufferBytesMax: buffer.max,
    bufferBytesWarn: buffer.warn,
    bufferWarnIntervalMs: buffer.warnInterval,
    retryAttempts: broadcast.retryAttempts,
    retryDelayMs: broadcast.retryDelay,
    resumeTtlMs: server.resumeTtl,
    helloTimeoutMs: server.helloTimeout,
    pingIntervalMs: heartbeat.interval,
    pongTimeoutMs: heartbeat.timeout,
    missedPongsMax: heartbeat.missed,
    batchSize: broadcast.batchSize,
    batchDelayMs: broadcast.batchDelay,
    messageTimeoutMs: broadcast.messageTimeout,
  };
}
