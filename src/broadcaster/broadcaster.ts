import { DedupWindow } from '../protocol/dedup-window.ts';
import {
  type Action,
  CloseCode,
  type Envelope,
  EVERYBODY,
  encodeFrame,
  encodeNotice,
  type Hello,
  type RefusalReason,
} from '../protocol/frame.ts';
import { OutgoingMessage } from '../protocol/message.ts';
import { type Clock, type Link, type LinkEvents, type NewId, type Random, Timer, type Timers } from '../protocol/ports.ts';
import { type DropReason, PeerViolation, Session, type SessionObserver } from '../protocol/session.ts';
import { Connection } from './connection.ts';
import { FanOut } from './fan-out.ts';
import { Heartbeat } from './heartbeat.ts';
import { Rooms } from './rooms.ts';
import type { BroadcasterSettings } from './settings.ts';
import { Statistics } from './statistics.ts';
import { MemoryStore } from './store.ts';

const UPSTREAM_WINDOW = 4096;
const UNHEALTHY_FAILURES = 2;
const GAP_REASONS: ReadonlySet<DropReason> = new Set(['overflow', 'ttl', 'max-resend', 'nack']);

/** What somebody who watches the broadcaster is told; the run's own record of the server is one. */
export interface BroadcasterObserver {
  sessionOpened(session: Session): void;
  sessionEnded(session: Session, reason: DropReason): void;
  assigned(session: Session, message: OutgoingMessage): void;
  sent(session: Session, message: OutgoingMessage, attempt: number): void;
  acked(session: Session, message: OutgoingMessage, roundTripUs: number): void;
  dropped(session: Session, message: OutgoingMessage, reason: DropReason): void;
  disconnected(clientId: string, connection: Connection): void;
}

export interface BroadcasterPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly newId: NewId;
}

/** What the broadcaster holds at one instant. */
export interface Load {
  readonly connections: number;
  /** Connections whose heartbeat has missed nothing. */
  readonly healthy: number;
  readonly sessions: number;
  readonly absent: number;
  readonly pendingMax: number;
  readonly pendingTotal: number;
  readonly bufferBytesMax: number;
  readonly bufferBytesTotal: number;
}

export interface SessionState {
  readonly clientId: string;
  readonly pending: number;
  /** Undefined while it has a socket. */
  readonly awaySinceUs: number | undefined;
}

/**
 * The reference robust broadcaster: sessions with outboxes, rooms, batched fan-out, heartbeats, resume.
 *
 * Synchronous and without a clock, socket or timer of its own. Whoever binds it to a world calls `accept` for
 * each new socket and `publish` for each broadcast.
 */
export class Broadcaster implements SessionObserver {
  readonly settings: BroadcasterSettings;
  readonly statistics = new Statistics();
  readonly rooms = new Rooms();
  protected readonly ports: BroadcasterPorts;
  protected readonly store: MemoryStore;
  protected readonly fanOut: FanOut;
  readonly #observer: BroadcasterObserver | undefined;
  readonly #connections = new Set<Connection>();
  /** The connection that owns a session; absent sessions have none. */
  readonly #ownerOf = new Map<Session, Connection>();
  readonly #upstreamOf = new Map<Session, DedupWindow>();
  readonly #failures = new Map<Session, number>();
  readonly #warnedUs = new Map<Session, number>();
  readonly #unsettled: { readonly message: OutgoingMessage; readonly dueUs: number }[] = [];
  readonly #messageTimer: Timer;
  #stopped = false;

  constructor(options: {
    readonly settings: BroadcasterSettings;
    readonly ports: BroadcasterPorts;
    readonly observer?: BroadcasterObserver;
  }) {
    this.settings = options.settings;
    this.ports = options.ports;
    this.#observer = options.observer;
    const { timers, clock } = options.ports;
    this.store = new MemoryStore({
      epoch: options.ports.newId(),
      ttlMs: options.settings.resumeTtlMs,
      clock,
      timers,
      expire: (session) => this.expire(session),
    });
    const { batchSize, batchDelayMs } = options.settings;
    this.fanOut = new FanOut({ batchSize, batchDelayMs, timers, serve: (session) => this.#serve(session) });
    this.#messageTimer = new Timer(() => this.#failOverdue());
  }

  get epoch(): string {
    return this.store.epoch;
  }

  /** Takes a new socket. @returns what the socket's events go to */
  accept(link: Link): LinkEvents {
    const connection = new Connection({
      broadcaster: this,
      link,
      timers: this.ports.timers,
      helloTimeoutMs: this.settings.helloTimeoutMs,
    });
    this.#connections.add(connection);
    this.statistics.connections += 1;
    return connection;
  }

  /**
   * Owes `message` to everybody in its room and starts to send it.
   *
   * When it returns, every owed outbox has the message (or a gap, where it was full): it is accepted. How the
   * sending went is in `message.result`, which settles at the latest after the message timeout.
   *
   * @returns undefined when accepted, else why not
   */
  publish(message: OutgoingMessage): string | undefined {
    if (this.#stopped) return 'draining';
    this.statistics.broadcasts += 1;
    for (const session of this.rooms.members(message.room)) this.owe(session, message);
    this.statistics.total += message.result.total;
    this.statistics.skipped += message.result.skipped;
    this.#watchTimeout(message);
    this.fanOut.start();
    return undefined;
  }

  /** Adds one recipient to a broadcast. */
  protected owe(session: Session, message: OutgoingMessage): void {
    const outcome = session.offer(message);
    if (outcome === 'disconnect') this.#expel(session);
    else if (session.connected && this.#isHealthy(session)) this.fanOut.add(session);
  }

  /** Answers a hello: resumes the session it names, or opens a new one. */
  greet(connection: Connection, hello: Hello): void {
    const claim = this.store.claim(hello);
    if (claim.kind === 'resume') {
      this.resume(connection, claim.session, hello);
      return;
    }
    if (claim.replaced !== undefined) this.#discard(claim.replaced, 'replaced', 'unknown-session');
    if (claim.reason !== undefined) this.statistics.refusedResumes += 1;
    const session = this.createSession(hello);
    this.store.add(session);
    this.#observer?.sessionOpened(session);
    for (const room of new Set([EVERYBODY, ...hello.rooms])) this.rooms.join(session, room);
    this.own(connection, session);
    this.welcome(connection, session, hello, claim.reason);
    session.attach(connection.link, false);
  }

  protected createSession(hello: Hello): Session {
    const { clock, timers, random, newId } = this.ports;
    const identity = { id: newId(), clientId: hello.clientId, epoch: this.epoch };
    return new Session({ identity, settings: this.settings, clock, timers, random, observer: this });
  }

  /** The older socket is closed before anything is replayed: a session has one owner. */
  protected resume(connection: Connection, session: Session, hello: Hello): void {
    const lastSeq = hello.resume?.lastSeq ?? 0;
    if (lastSeq > session.outbox.highestSent) {
      throw new PeerViolation(`lastSeq ${lastSeq}, but ${session.outbox.highestSent} is the highest seq sent`);
    }
    const older = this.#ownerOf.get(session);
    if (older !== undefined) {
      this.statistics.takeovers += 1;
      session.detach();
      this.displace(older);
    }
    this.store.present(session);
    this.statistics.resumes += 1;
    session.generation += 1;
    session.ackThrough(lastSeq);
    for (const room of hello.rooms) this.rooms.join(session, room);
    this.own(connection, session);
    this.welcome(connection, session, hello);
    session.attach(connection.link, true);
    session.pump();
  }

  protected displace(older: Connection): void {
    older.displace();
  }

  protected own(connection: Connection, session: Session): void {
    connection.session = session;
    this.#ownerOf.set(session, connection);
    this.#failures.delete(session);
    connection.heartbeat = new Heartbeat({
      settings: this.settings,
      timers: this.ports.timers,
      random: this.ports.random,
      link: connection.link,
      onStale: () => this.terminateStale(connection),
    });
  }

  protected welcome(connection: Connection, session: Session, hello: Hello, reason?: RefusalReason): void {
    const resumed = session.generation > 1;
    session.renewToken(this.ports.newId());
    connection.link.send(
      encodeFrame({
        kind: 'welcome',
        session: session.identity.id,
        token: session.token,
        generation: session.generation,
        epoch: this.epoch,
        resumed,
        ...(reason === undefined ? {} : { reason }),
        nextSeq: resumed ? (hello.resume?.lastSeq ?? 0) + 1 : 1,
        delivery: this.settings.delivery,
        ttlMs: session.sequenced ? this.settings.resumeTtlMs : 0,
        batch: hello.batch,
      }),
    );
    connection.link.batch = hello.batch;
  }

  /** A heartbeat gave up on a connection. */
  protected terminateStale(connection: Connection): void {
    this.statistics.detectedStale += 1;
    connection.cause = 'missed-pongs';
    connection.link.terminate();
  }

  /** A socket is gone. Only the connection that owns a session leaves it absent. */
  disconnected(connection: Connection, code: number): void {
    this.#connections.delete(connection);
    const session = connection.session;
    if (session === undefined || this.#ownerOf.get(session) !== connection) return;
    this.release(session);
    this.#observer?.disconnected(session.identity.clientId, connection);
    if (code === CloseCode.goodbye) this.#discard(session, 'goodbye', 'unknown-session');
    else if (!session.sequenced) this.#discard(session, 'session-expired', 'unknown-session');
    else this.store.away(session);
  }

  /** Takes the socket away from a session and keeps the session. */
  protected release(session: Session): void {
    this.#ownerOf.delete(session);
    this.#failures.delete(session);
    this.#warnedUs.delete(session);
    this.fanOut.remove(session);
    session.detach();
  }

  /** The client stayed away too long: what was held for it is lost, and counted. */
  protected expire(session: Session): void {
    this.statistics.expiredSessions += 1;
    this.#discard(session, 'session-expired', 'expired');
  }

  /**
   * Takes an upstream message: a publish request, deduplicated by its seq.
   *
   * @returns undefined when accepted (or accepted before), else the reason for a nack
   */
  receive(connection: Connection, frame: Envelope): string | undefined {
    const session = connection.session;
    if (session === undefined) return 'no session';
    let seen = this.#upstreamOf.get(session);
    if (seen === undefined) {
      seen = new DedupWindow(UPSTREAM_WINDOW);
      this.#upstreamOf.set(session, seen);
    }
    if (seen.has(frame.seq)) {
      this.statistics.dedupRejected += 1;
      return undefined;
    }
    if (seen.isBeyond(frame.seq)) return 'too far above the oldest missing seq';
    const refusal = frame.type === 'publish' ? this.#publishRequest(frame.payload) : `unknown type ${frame.type}`;
    if (refusal === undefined) this.statistics.upstreamAccepted += 1;
    // A refused request is done with too: the client was told, and its seq must not hold up the floor.
    seen.add(frame.seq);
    return refusal;
  }

  /** Answers an at-most-once action. */
  act(connection: Connection, session: Session, frame: Action): void {
    const { link } = connection;
    const { room } = frame;
    const clientId = session.identity.clientId;
    switch (frame.action) {
      case 'ping':
        link.send(encodeNotice('pong', { timestamp: Math.floor(this.ports.clock.nowUs() / 1000) }));
        return;
      case 'join': {
        const joined = this.rooms.join(session, room);
        link.send(encodeNotice('joined', { room, roomSize: this.rooms.members(room).size }));
        if (joined) this.#notifyOthers(session, room, encodeNotice('userJoined', { room, clientId }));
        return;
      }
      case 'leave':
        if (this.rooms.leave(session, room)) {
          this.#notifyOthers(session, room, encodeNotice('userLeft', { room, clientId }));
        }
        link.send(encodeNotice('left', { room }));
        return;
      case 'message':
        this.#notifyOthers(session, room, encodeNotice('message', { room, clientId, content: frame.content }));
    }
  }

  /** What it holds now; walks over all sessions. */
  load(): Load {
    let [pendingMax, pendingTotal, bufferBytesMax, bufferBytesTotal, healthy] = [0, 0, 0, 0, 0];
    for (const session of this.store.sessions()) {
      pendingMax = Math.max(pendingMax, session.outbox.pending);
      pendingTotal += session.outbox.pending;
    }
    for (const { link, heartbeat } of this.#connections) {
      if (heartbeat?.healthy) healthy += 1;
      bufferBytesMax = Math.max(bufferBytesMax, link.bufferedBytes);
      bufferBytesTotal += link.bufferedBytes;
    }
    const { size: sessions, absent } = this.store;
    const connections = this.#connections.size;
    return { connections, healthy, sessions, absent, pendingMax, pendingTotal, bufferBytesMax, bufferBytesTotal };
  }

  /** Every session with what it waits for, for a check at the end. */
  *sessionStates(): IterableIterator<SessionState> {
    for (const session of this.store.sessions()) {
      const awaySinceUs = this.store.awaySinceUs(session);
      yield { clientId: session.identity.clientId, pending: session.outbox.pending, awaySinceUs };
    }
  }

  /** Asks every client to go away and come back at a random instant within `spreadMs`. Nothing is accepted any more. */
  drain(spreadMs: number): void {
    this.#stopped = true;
    for (const connection of [...this.#connections]) {
      connection.link.send(encodeFrame({ kind: 'drain', spreadMs }));
      connection.close(CloseCode.draining, 'draining', 'draining');
    }
  }

  /**
   * Stops all timers and ends every session: what a process with a memory store loses when it dies.
   *
   * @param reason - what pending messages are counted as
   */
  stop(reason: DropReason): void {
    this.#stopped = true;
    this.fanOut.stop();
    this.store.stop();
    this.ports.timers.disarm(this.#messageTimer);
    for (const connection of this.#connections) connection.stop();
    for (const session of [...this.store.sessions()]) this.#discard(session, reason, 'restart');
    this.#connections.clear();
  }

  assigned(session: Session, _seq: number, message: OutgoingMessage): void {
    this.statistics.assigned += 1;
    this.#observer?.assigned(session, message);
  }

  sent(session: Session, _seq: number, message: OutgoingMessage, attempt: number): void {
    if (attempt === 1) this.statistics.sent += 1;
    else this.statistics.resent += 1;
    this.#observer?.sent(session, message, attempt);
  }

  acked(session: Session, _seq: number, message: OutgoingMessage, roundTripUs: number): void {
    this.statistics.acked += 1;
    this.#observer?.acked(session, message, roundTripUs);
  }

  dropped(session: Session, _seq: number, message: OutgoingMessage, reason: DropReason): void {
    this.statistics.dropped += 1;
    if (reason === 'nack' || reason === 'max-resend') this.statistics.deadLetters += 1;
    if (reason === 'overflow') this.statistics.overflowed += 1;
    if (session.sequenced && GAP_REASONS.has(reason)) this.statistics.gaps += 1;
    this.#observer?.dropped(session, message, reason);
  }

  sendFailed(session: Session, _code: string, retried: boolean): void {
    if (retried) this.statistics.retried += 1;
    else this.statistics.failed += 1;
    this.#failures.set(session, (this.#failures.get(session) ?? 0) + 1);
  }

  /** One turn of the fan-out for one session. */
  #serve(session: Session): void {
    session.pump();
    const connection = this.#ownerOf.get(session);
    if (connection !== undefined && connection.link.bufferedBytes > this.settings.bufferBytesWarn) this.#warn(session);
  }

  #warn(session: Session): void {
    const nowUs = this.ports.clock.nowUs();
    const lastUs = this.#warnedUs.get(session) ?? Number.NEGATIVE_INFINITY;
    if (nowUs - lastUs < this.settings.bufferWarnIntervalMs * 1000) return;
    this.#warnedUs.set(session, nowUs);
    this.statistics.bufferWarnings += 1;
  }

  /** Not alive and failing again and again: left alone until it shows life; its outbox keeps what it is owed. */
  #isHealthy(session: Session): boolean {
    const failures = this.#failures.get(session);
    if (failures === undefined || failures <= UNHEALTHY_FAILURES) return true;
    return this.#ownerOf.get(session)?.heartbeat?.healthy ?? false;
  }

  #expel(session: Session): void {
    this.statistics.slowConsumers += 1;
    const connection = this.#ownerOf.get(session);
    if (connection === undefined) {
      this.#discard(session, 'overflow', 'overflow');
      return;
    }
    connection.close(CloseCode.slowConsumer, 'slow consumer', 'slow-consumer');
    this.release(session);
    this.#observer?.disconnected(session.identity.clientId, connection);
    connection.session = undefined;
    this.#discard(session, 'overflow', 'overflow');
  }

  #discard(session: Session, reason: DropReason, refusal: RefusalReason): void {
    this.rooms.leaveAll(session);
    this.fanOut.remove(session);
    this.#ownerOf.delete(session);
    this.#upstreamOf.delete(session);
    session.end(reason);
    this.store.remove(session, refusal);
    this.#observer?.sessionEnded(session, reason);
  }

  #publishRequest(payload: unknown): string | undefined {
    const request = payload as { readonly room?: unknown; readonly type?: unknown; readonly payload?: unknown } | undefined;
    if (typeof request !== 'object' || request === null) return 'publish needs a payload';
    const room = request.room ?? EVERYBODY;
    if (typeof room !== 'string' || typeof request.type !== 'string') return 'publish needs a room and a type';
    const payloadText = JSON.stringify(request.payload ?? null);
    return this.publish(new OutgoingMessage({ room, type: request.type, payloadText }));
  }

  #notifyOthers(from: Session, room: string, text: string): void {
    for (const session of this.rooms.members(room)) {
      if (session !== from) this.#ownerOf.get(session)?.link.send(text);
    }
  }

  #watchTimeout(message: OutgoingMessage): void {
    if (message.result.settled) return;
    const timeoutMs = this.settings.messageTimeoutMs;
    this.#unsettled.push({ message, dueUs: this.ports.clock.nowUs() + timeoutMs * 1000 });
    if (!this.#messageTimer.armed) this.ports.timers.arm(this.#messageTimer, timeoutMs);
  }

  /** Sends that have not left within the message timeout are failures; what an outbox holds is still owed. */
  #failOverdue(): void {
    const nowUs = this.ports.clock.nowUs();
    let done = 0;
    for (const { message, dueUs } of this.#unsettled) {
      if (dueUs > nowUs) break;
      done += 1;
      const { result } = message;
      result.closed = true;
      if (result.settled) continue;
      const late = result.total - result.sent - result.skipped - result.dropped - result.failed;
      result.failed += late;
      this.statistics.failed += late;
    }
    this.#unsettled.splice(0, done);
    const next = this.#unsettled[0];
    if (next !== undefined) this.ports.timers.arm(this.#messageTimer, (next.dueUs - nowUs) / 1000);
  }
}
