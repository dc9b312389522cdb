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
import { HeldBytes } from '../protocol/held-bytes.ts';
import { PeerViolation } from '../protocol/peer-violation.ts';
import { type Link, type LinkEvents, LinkState, type Random } from '../protocol/ports.ts';
import { Session } from '../protocol/session.ts';
import type { DropReason, SessionOptions } from '../protocol/session-contract.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { Heartbeat } from './heartbeat.ts';
import { type Load, loadOf, type SessionState } from './load.ts';
import type { BroadcasterObserver, BroadcasterPorts } from './observer.ts';
import type { Authorization, Policy, Refusal } from './policy.ts';
import { NOT_ALLOWED, ROOMS_FULL, Rooms } from './rooms.ts';
import { SessionListeners } from './session-listener.ts';
import type { BroadcasterSettings } from './settings.ts';
import { newStatistics } from './statistics.ts';
import { MemoryStore } from './store.ts';
import { Turns } from './turns.ts';

export interface RoomInfo {
  readonly room: string;
  readonly size: number;
  /** Clients, those included that are away and whose session is kept. */
  readonly members: readonly string[];
  readonly healthy: number;
}

export interface RegistryOptions {
  readonly settings: BroadcasterSettings;
  readonly ports: BroadcasterPorts;
  readonly observer?: BroadcasterObserver;
  readonly policy?: Policy;
  /** Take what the client of a session sends. */
  readonly receive: (session: Session, frame: Envelope) => void;
  readonly act: (session: Session, frame: Action) => void;
  /** Makes a session; another one than the usual for a server that is broken on purpose. */
  readonly newSession?: (options: SessionOptions<Session>) => Session;
}

/**
 * Who is here: connections, the sessions they speak for, and what becomes of a session from its first hello until
 * it is resumed, taken over, given up or ended.
 *
 * The listeners hear of it. What is sent to the sessions is the business of the broadcaster.
 */
export class SessionRegistry implements ConnectionOwner {
  readonly settings: BroadcasterSettings;
  readonly statistics = newStatistics();
  readonly rooms = new Rooms();
  readonly turns: Turns;
  readonly receive: (session: Session, frame: Envelope) => void;
  readonly act: (session: Session, frame: Action) => void;
  /** The parts that hear what becomes of sessions and messages. */
  readonly listeners = new SessionListeners();
  /** Of the messages in all outboxes. */
  protected readonly heldBytes: HeldBytes;
  protected readonly ports: BroadcasterPorts;
  readonly store: MemoryStore;
  protected readonly observer: BroadcasterObserver | undefined;
  protected readonly policy: Policy;
  /** The connection that owns a session; absent sessions have none. */
  readonly ownerOf = new Map<Session, Connection>();
  readonly #newSession: (options: SessionOptions<Session>) => Session;
  readonly #connections = new Set<Connection>();
  #stopped = false;

  constructor(options: RegistryOptions) {
    this.settings = options.settings;
    this.receive = options.receive;
    this.act = options.act;
    this.policy = options.policy ?? {};
    this.#newSession = options.newSession ?? ((parts) => new Session(parts));
    this.ports = options.ports;
    this.observer = options.observer;
    this.heldBytes = new HeldBytes(options.settings.outboxBytesTotalMax);
    const { timers, clock } = options.ports;
    this.turns = new Turns(timers);
    this.store = new MemoryStore({
      epoch: options.ports.newId(),
      ttlMs: options.settings.resumeTtlMs,
      clock,
      timers,
      expire: (session) => this.expire(session),
    });
  }

  get epoch(): string {
    return this.store.epoch;
  }

  /** Draining or stopped: nothing is accepted any more. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Whether a new socket would be taken. */
  get hasRoomForConnection(): boolean {
    return !this.#stopped && this.#connections.size < this.settings.connectionsMax;
  }

  /**
   * Takes a new socket.
   *
   * @param credentials - handed to the policy, which decides by them who the client is
   * @returns what the socket's events go to
   */
  accept(link: Link, credentials?: unknown): LinkEvents {
    const connection = new Connection({
      broadcaster: this,
      link,
      credentials,
      timers: this.ports.timers,
      clock: this.ports.clock,
      helloTimeoutMs: this.settings.helloTimeoutMs,
    });
    const room = this.#connections.size < this.settings.connectionsMax;
    this.#connections.add(connection);
    this.statistics.connections += 1;
    if (!room) {
      this.statistics.connectionsRefused += 1;
      this.refuse(connection, { what: 'connection', clientId: undefined, reason: 'too many connections' });
    }
    return connection;
  }

  /** Closes a connection that may not have what it asks for. */
  protected refuse(connection: Connection, refusal: Refusal): void {
    const code = refusal.what === 'hello' ? CloseCode.notAllowed : CloseCode.tryAgainLater;
    this.observer?.refused?.(refusal);
    connection.close(code, refusal.reason, 'refused');
  }

  /** Answers a hello: resumes the session it names, or opens a new one. */
  greet(connection: Connection, hello: Hello): void {
    if (this.#stopped) {
      connection.close(CloseCode.draining, 'draining', 'draining');
      return;
    }
    const { authorize } = this.policy;
    if (authorize === undefined) {
      this.#admit(connection, hello, false);
      return;
    }
    connection.consult<Authorization>(
      (settled) => authorize.call(this.policy, connection.credentials, hello, settled),
      (authorization) => this.#onAuthorized(connection, hello, authorization),
    );
  }

  #onAuthorized(connection: Connection, hello: Hello, authorization: Authorization): void {
    if (this.#stopped) {
      connection.close(CloseCode.draining, 'draining', 'draining');
      return;
    }
    const { clientId } = hello;
    if (!authorization.allowed) {
      this.statistics.hellosRefused += 1;
      this.refuse(connection, { what: 'hello', clientId, reason: authorization.reason });
      return;
    }
    const known = authorization.clientId ?? clientId;
    this.#admit(connection, { ...hello, clientId: known }, true, authorization.context);
  }

  /** @param vouched - somebody has checked that the client is who the hello says */
  #admit(connection: Connection, hello: Hello, vouched: boolean, context?: unknown): void {
    const claim = this.store.claim(hello, vouched);
    if (claim.kind === 'resume') claim.session.context = context;
    if (claim.kind === 'resume') {
      this.resume(connection, claim.session, hello);
      return;
    }
    if (claim.replaced !== undefined) this.#discard(claim.replaced, 'replaced', 'unknown-session');
    if (this.store.size >= this.settings.sessionsMax) {
      this.statistics.hellosRefused += 1;
      const reason = 'too many sessions';
      this.refuse(connection, { what: 'session', clientId: hello.clientId, reason });
      return;
    }
    if (claim.reason !== undefined) this.statistics.refusedResumes += 1;
    const session = this.createSession(hello);
    session.context = context;
    this.store.add(session);
    this.observer?.sessionOpened(session);
    this.rooms.join(session, EVERYBODY);
    const refused = this.#joinAll(session, hello.rooms);
    this.own(connection, session);
    this.welcome(connection, session, hello, claim.reason);
    if (refused > 0) tellRefused(connection, refused);
    session.attach(connection.link, false);
  }

  protected createSession(hello: Hello): Session {
    const { clock, timers, randomFor, newId } = this.ports;
    const identity = { id: newId(), clientId: hello.clientId, epoch: this.epoch };
    return this.#newSession({
      identity,
      settings: this.settings,
      clock,
      timers,
      random: randomFor(`session/${hello.clientId}`),
      observer: this.listeners,
      heldBytes: this.heldBytes,
    });
  }

  /** The older socket is closed before anything is replayed: a session has one owner. */
  protected resume(connection: Connection, session: Session, hello: Hello): void {
    const lastSeq = hello.resume?.lastSeq ?? 0;
    if (lastSeq > session.outbox.highestSent) {
      throw new PeerViolation(
        `lastSeq ${lastSeq}, but ${session.outbox.highestSent} is the highest seq sent`,
      );
    }
    const older = this.ownerOf.get(session);
    if (older !== undefined) {
      this.statistics.takeovers += 1;
      session.detach();
      this.displace(older);
    }
    this.store.present(session);
    this.statistics.resumes += 1;
    session.generation += 1;
    session.ackThrough(lastSeq);
    this.#leaveForbidden(session);
    const refused = this.#joinAll(session, hello.rooms);
    this.own(connection, session);
    this.welcome(connection, session, hello);
    if (refused > 0) tellRefused(connection, refused);
    session.attach(connection.link, true);
    session.pump();
  }

  protected displace(older: Connection): void {
    older.displace();
  }

  protected own(connection: Connection, session: Session): void {
    connection.session = session;
    this.ownerOf.set(session, connection);
    this.listeners.owned(session, connection);
    connection.heartbeat = this.createHeartbeat(connection, session);
  }

  /** Another one for each connection of a client. */
  protected heartbeatRandom({ identity, generation }: Session): Random {
    return this.ports.randomFor(`heartbeat/${identity.clientId}/${generation}`);
  }

  protected createHeartbeat(connection: Connection, session: Session): Heartbeat | undefined {
    const { timers } = this.ports;
    const random = this.heartbeatRandom(session);
    const { link } = connection;
    const onStale = (): void => this.terminateStale(connection);
    const onMissed = (): void => this.listeners.missedPong(session);
    return new Heartbeat({ settings: this.settings, timers, random, link, onMissed, onStale });
  }

  protected welcome(connection: Connection, session: Session, hello: Hello, reason?: RefusalReason): void {
    const resumed = session.generation > 1;
    session.gapAcks = hello.gapAcks;
    session.tokens.renew(this.ports.newId(), resumed ? (hello.resume?.token ?? '') : '');
    connection.link.send(
      encodeFrame({
        kind: 'welcome',
        session: session.identity.id,
        token: session.tokens.newest,
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
    if (session === undefined || this.ownerOf.get(session) !== connection) return;
    this.release(session);
    this.observer?.disconnected(session.identity.clientId, connection);
    if (code === CloseCode.goodbye) this.#discard(session, 'goodbye', 'unknown-session');
    else if (!session.sequenced) this.#discard(session, 'session-expired', 'unknown-session');
    else this.store.away(session);
  }

  /** Takes the socket away from a session and keeps the session. */
  protected release(session: Session): void {
    this.ownerOf.delete(session);
    this.listeners.released(session);
    session.detach();
  }

  /** The client stayed away too long: what was held for it is lost, and counted. */
  protected expire(session: Session): void {
    this.statistics.expiredSessions += 1;
    this.#discard(session, 'session-expired', 'expired');
  }

  /** Ends the session of a client that can't keep up, and closes its socket. */
  expel(session: Session): void {
    this.statistics.slowConsumers += 1;
    const connection = this.ownerOf.get(session);
    if (connection === undefined) {
      this.#discard(session, 'overflow', 'overflow');
      return;
    }
    connection.close(CloseCode.slowConsumer, 'slow consumer', 'slow-consumer');
    this.release(session);
    this.observer?.disconnected(session.identity.clientId, connection);
    connection.session = undefined;
    this.#discard(session, 'overflow', 'overflow');
  }

  /** Whether a client is there: its socket open, and no pong missed. */
  isHealthy(clientId: string): boolean {
    const session = this.store.latestOf(clientId);
    const connection = session === undefined ? undefined : this.ownerOf.get(session);
    if (connection === undefined || connection.link.state !== LinkState.open) return false;
    return connection.heartbeat?.healthy ?? false;
  }

  /** Who is in a room; nobody, where there is no such room. */
  roomInfo(room: string): RoomInfo {
    const members = [...this.rooms.members(room)].map(({ identity }) => identity.clientId);
    const healthy = members.filter((clientId) => this.isHealthy(clientId)).length;
    return { room, size: members.length, members, healthy };
  }

  /** What it holds now; walks over all sessions. */
  load(): Load {
    return loadOf(this.store, this.#connections, this.heldBytes);
  }

  /** Every session with what it waits for, for a check at the end. */
  *sessionStates(): IterableIterator<SessionState> {
    for (const { identity, outbox, connected, nextTryUs } of this.store.sessions()) {
      const { pending, gaps } = outbox;
      yield { clientId: identity.clientId, pending, gaps, connected, nextTryUs };
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
    this.store.stop();
    for (const connection of this.#connections) connection.stop();
    for (const session of [...this.store.sessions()]) this.#discard(session, reason, 'restart');
    this.#connections.clear();
  }

  /** @returns how many of the rooms had no place for it */
  #joinAll(session: Session, rooms: readonly string[]): number {
    let refused = 0;
    for (const room of rooms) {
      if (!this.mayJoin(session, room) || this.rooms.join(session, room) === 'full') refused += 1;
    }
    return refused;
  }

  /** A client comes back, maybe with fewer rights. */
  #leaveForbidden(session: Session): void {
    if (this.policy.canJoin === undefined) return;
    for (const room of [...this.rooms.roomsOf(session)]) {
      if (!this.mayJoin(session, room)) this.rooms.leave(session, room);
    }
  }

  /** Everybody may be in the room of everybody. */
  mayJoin(session: Session, room: string): boolean {
    if (room === EVERYBODY || this.policy.canJoin?.(session, room) !== false) return true;
    this.statistics.joinsRefused += 1;
    const { clientId } = session.identity;
    this.observer?.refused?.({ what: 'join', clientId, room, reason: NOT_ALLOWED });
    return false;
  }

  mayPublish(session: Session, room: string, type: string): boolean {
    if (this.policy.canPublish?.(session, room, type) !== false) return true;
    this.statistics.publishesRefused += 1;
    const { clientId } = session.identity;
    this.observer?.refused?.({ what: 'publish', clientId, room, reason: NOT_ALLOWED });
    return false;
  }

  #discard(session: Session, reason: DropReason, refusal: RefusalReason): void {
    this.rooms.leaveAll(session);
    this.ownerOf.delete(session);
    this.listeners.discarded(session, reason);
    session.end(reason);
    this.store.remove(session, refusal);
    this.observer?.sessionEnded(session, reason);
  }
}

function tellRefused(connection: Connection, refused: number): void {
  const message = `Cannot join ${refused} of the rooms: ${NOT_ALLOWED}, or ${ROOMS_FULL}`;
  connection.say(encodeNotice('error', { message }));
}
