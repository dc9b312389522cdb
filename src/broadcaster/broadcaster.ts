import { CloseCode, encodeAck, encodeFrame, encodeNack, fitsFrame } from '../protocol/frame.ts';
import { isName, NAME_LENGTH_MAX, PAYLOAD_DEPTH_MAX, structureProblem } from '../protocol/limits.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import type { Link, LinkEvents } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import type { DropReason } from '../protocol/session-contract.ts';
import { DeadLetters } from './dead-letters.ts';
import { DeliveryCounts } from './delivery-counts.ts';
import { FailingSends } from './failing-sends.ts';
import { FanOut } from './fan-out.ts';
import type { Load, SessionState } from './load.ts';
import { MessageQueue, type QueuedMessage } from './message-queue.ts';
import { MessageTimeouts } from './message-timeouts.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import type { BroadcasterObserver, BroadcasterPorts } from './observer.ts';
import type { Policy } from './policy.ts';
import { PublishGate, type PublishSettled } from './publish-gate.ts';
import { PublisherPressure } from './publisher-pressure.ts';
import { QueueProgress } from './queue-progress.ts';
import { RoomActions } from './room-actions.ts';
import { broadcastToRooms, type RoomBroadcast } from './room-broadcast.ts';
import { NOT_ALLOWED, type Rooms } from './rooms.ts';
import { type RegistryOptions, type RoomInfo, SessionRegistry } from './session-registry.ts';
import type { BroadcasterSettings } from './settings.ts';
import type { Statistics } from './statistics.ts';
import { TypeCounters } from './type-counters.ts';
import { type Application, NO_APPLICATION, UpstreamIntake } from './upstream-intake.ts';

const DEAD_LETTERS_KEPT = 1000;

export interface BroadcasterOptions {
  readonly settings: BroadcasterSettings;
  readonly ports: BroadcasterPorts;
  readonly observer?: BroadcasterObserver;
  readonly application?: Application;
  readonly deadLetters?: DeadLetters;
  readonly types?: TypeCounters;
  readonly policy?: Policy;
  /** Keeps the sessions; another one than the usual for a server that is broken on purpose. */
  readonly newRegistry?: (options: RegistryOptions) => SessionRegistry;
}

/**
 * The reference robust broadcaster: sessions with outboxes, rooms, batched fan-out, heartbeats, resume.
 *
 * Synchronous and without a clock, socket or timer of its own. Whoever binds it to a world calls `accept` for
 * each new socket and `publish` for each broadcast.
 */
export class Broadcaster {
  readonly registry: SessionRegistry;
  readonly settings: BroadcasterSettings;
  readonly statistics: Statistics;
  readonly rooms: Rooms;
  protected readonly ports: BroadcasterPorts;
  protected readonly fanOut: FanOut;
  readonly #failing = new FailingSends((session) => this.registry.ownerOf.get(session)?.heartbeat);
  readonly monitoring: Monitoring;
  readonly queue: MessageQueue;
  readonly #messageTimeouts: MessageTimeouts;
  /** What was given up, to look at; kept over restarts by whoever hands it in. */
  readonly deadLetters: DeadLetters;
  readonly types: TypeCounters;
  protected readonly upstream: UpstreamIntake;
  /** With the policy `pause` only. */
  readonly #gate: PublishGate | undefined;
  /** Where the policy makes publishers pay for a full outbox. */
  readonly #pressure: PublisherPressure | undefined;
  readonly #actions: RoomActions;

  constructor(options: BroadcasterOptions) {
    const { newRegistry = (registry) => new SessionRegistry(registry) } = options;
    this.registry = newRegistry({
      ...options,
      receive: (session, frame) => this.upstream.receive(session, frame),
      act: (session, frame) => {
        this.statistics.actions += 1;
        this.#actions.act(session, frame);
      },
    });
    const { settings, statistics, rooms } = this.registry;
    this.settings = settings;
    this.statistics = statistics;
    this.rooms = rooms;
    this.ports = options.ports;
    const { timers, clock } = options.ports;
    this.deadLetters =
      options.deadLetters ??
      new DeadLetters({ keptMax: DEAD_LETTERS_KEPT, bytesMax: settings.deadLetterBytesMax });
    this.types = options.types ?? new TypeCounters();
    this.fanOut = new FanOut({
      batchSize: settings.batchSize,
      batchDelayMs: settings.batchDelayMs,
      timers,
      serve: (session) => this.#serve(session),
    });
    this.monitoring = this.#createMonitoring();
    this.queue = this.#createQueue();
    this.#messageTimeouts = new MessageTimeouts({
      timeoutMs: settings.messageTimeoutMs,
      clock,
      timers,
      onLate: (message, late) => {
        statistics.failed += late;
        this.monitoring.late(message);
      },
    });
    this.upstream = new UpstreamIntake({
      limits: { bytesMax: settings.requestBytesMax, bytesTotalMax: settings.requestBytesTotalMax },
      statistics,
      application: options.application ?? NO_APPLICATION,
      publish: (session, message, settled) => {
        if (!this.registry.mayPublish(session, message.room, message.type)) {
          settled(NOT_ALLOWED);
          return;
        }
        this.#pressure?.published(session, message.room);
        this.submit(message, settled);
      },
      answer: (session, seq, refusal) => this.#answer(session, seq, refusal),
    });
    this.#gate = this.#createGate();
    this.#pressure = this.#createPressure();
    const notify = (session: Session, text: string): void => {
      statistics.notices += 1;
      this.registry.ownerOf.get(session)?.say(text);
    };
    this.#actions = new RoomActions({
      rooms,
      clock,
      notify,
      mayJoin: (session, room) => this.registry.mayJoin(session, room),
      mayPublish: (session, room, type) => this.registry.mayPublish(session, room, type),
    });
    const { types, deadLetters } = this;
    this.registry.listeners.add(
      new DeliveryCounts({ statistics, types, deadLetters, clock }),
      this.#gate,
      this.#pressure,
      this.monitoring,
      new QueueProgress(this.queue, rooms),
      this.#failing,
      this.fanOut,
      this.upstream,
      options.observer,
    );
  }

  /**
   * Takes a new socket.
   *
   * @param credentials - handed to the policy, which decides by them who the client is
   * @returns what the socket's events go to
   */
  accept(link: Link, credentials?: unknown): LinkEvents {
    return this.registry.accept(link, credentials);
  }

  get epoch(): string {
    return this.registry.store.epoch;
  }

  /** Draining or stopped: nothing is accepted any more. */
  get stopped(): boolean {
    return this.registry.stopped;
  }

  /** Whether a new socket would be taken. */
  get hasRoomForConnection(): boolean {
    return this.registry.hasRoomForConnection;
  }

  /** Whether a client is there: its socket open, and no pong missed. */
  isHealthy(clientId: string): boolean {
    return this.registry.isHealthy(clientId);
  }

  /** Who is in a room; nobody, where there is no such room. */
  roomInfo(room: string): RoomInfo {
    return this.registry.roomInfo(room);
  }

  /** What it holds now; walks over all sessions. */
  load(): Load {
    return this.registry.load();
  }

  /** Every session with what it waits for, for a check at the end. */
  sessionStates(): IterableIterator<SessionState> {
    return this.registry.sessionStates();
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
    if (this.registry.stopped) return 'draining';
    const refusal = refusalOf(message);
    if (refusal !== undefined) return refusal;
    this.#broadcast(message, this.rooms.members(message.room));
    return undefined;
  }

  /**
   * Takes a message for reliable broadcast: it is tried again for those that it did not reach.
   *
   * @returns undefined when it was taken, else why not
   */
  enqueue(message: QueuedMessage): string | undefined {
    return this.registry.stopped ? 'draining' : this.queue.add(message);
  }

  /** Broadcasts one message to each of many rooms. What goes wrong in one does not touch the others. */
  broadcastToRooms(messages: readonly OutgoingMessage[]): readonly RoomBroadcast[] {
    return broadcastToRooms(messages, this.statistics, (message) => this.publish(message));
  }

  /**
   * Publishes at once, or with the overflow policy `pause` when the outboxes have room.
   *
   * @param settled - called exactly once, with undefined when the message is accepted, else why not
   */
  submit(message: OutgoingMessage, settled: PublishSettled): void {
    if (this.#gate === undefined || this.registry.stopped) settled(this.publish(message));
    else this.#gate.publish(message, settled);
  }

  /** Submitted, and waiting for room in an outbox. */
  get waitingPublishes(): number {
    return this.#gate?.waiting ?? 0;
  }

  /** Adds one recipient to a broadcast. */
  protected owe(session: Session, message: OutgoingMessage): void {
    if (!this.monitoring.grants(session, message)) {
      session.withhold(message);
      return;
    }
    const outcome = session.offer(message);
    this.#pressure?.grew(session);
    if (outcome === 'disconnect') this.registry.expel(session);
    else if (!session.connected) return;
    else if (this.#failing.isHealthy(session)) this.fanOut.add(session);
    else session.skipUnsent();
  }

  /** Asks every client to go away and come back at a random instant within `spreadMs`. Nothing is accepted any more. */
  drain(spreadMs: number): void {
    this.registry.drain(spreadMs);
    this.#gate?.stop('draining');
  }

  /**
   * Stops all timers and ends every session: what a process with a memory store loses when it dies.
   *
   * @param reason - what pending messages are counted as
   */
  stop(reason: DropReason): void {
    this.fanOut.stop();
    this.#messageTimeouts.stop();
    this.monitoring.stop();
    this.queue.stop();
    this.#gate?.stop('draining');
    this.#pressure?.stop();
    this.registry.stop(reason);
  }

  /** To the socket that the session has now, if any: a client that missed the answer asks again. */
  #answer(session: Session, seq: number, refusal: string | undefined): void {
    const text = refusal === undefined ? encodeAck(seq, false) : encodeNack(seq, { reason: refusal });
    this.registry.ownerOf.get(session)?.say(text);
  }

  #broadcast(message: OutgoingMessage, recipients: Iterable<Session>): void {
    this.statistics.broadcasts += 1;
    this.types.see(message.type);
    this.monitoring.published(message);
    for (const session of recipients) this.owe(session, message);
    this.statistics.total += message.result.total;
    this.statistics.skipped += message.result.skipped;
    this.#messageTimeouts.watch(message);
    this.fanOut.start();
  }

  #createMonitoring(): Monitoring {
    const { settings, ports, statistics, rooms } = this;
    return new Monitoring({
      settings,
      ports,
      statistics,
      rooms,
      linkOf: (session) => this.registry.ownerOf.get(session)?.link,
      sessionOf: (clientId) => this.registry.store.latestOf(clientId),
      disconnect: (session, reason) =>
        this.registry.ownerOf.get(session)?.close(CloseCode.slowConsumer, reason, 'problematic'),
    });
  }

  #createQueue(): MessageQueue {
    const { settings, statistics, rooms } = this;
    const { clock, timers } = this.ports;
    return new MessageQueue({
      settings: settings.queue,
      clock,
      timers,
      statistics,
      membersOf: (room) => [...rooms.members(room)].map(({ identity }) => identity.clientId),
      send: (message, clientIds) => this.#tryTo(message, clientIds),
    });
  }

  /** One try of a queued message. An outbox that takes it answers for it from then on. */
  #tryTo(message: OutgoingMessage, clientIds: readonly string[]): void {
    const recipients: Session[] = [];
    for (const clientId of clientIds) {
      const sessions = this.registry.store.sessionsOf(clientId);
      const members = sessions.filter((session) => this.rooms.isMember(session, message.room));
      recipients.push(...members);
      if (members.length === 0) this.queue.missed(message, clientId);
    }
    this.#broadcast(message, recipients);
    for (const { sequenced, identity } of recipients) {
      if (sequenced) this.queue.reached(message, identity.clientId);
    }
  }

  #createGate(): PublishGate | undefined {
    const { settings, rooms, statistics } = this;
    if (settings.overflow !== 'pause' || settings.delivery === 'at-most-once') return undefined;
    const { clock, timers } = this.ports;
    const timeoutMs = settings.messageTimeoutMs;
    return new PublishGate({
      rooms,
      clock,
      timers,
      timeoutMs,
      bytesMax: settings.waitingBytesMax,
      statistics,
      admit: (message) => this.publish(message),
    });
  }

  #createPressure(): PublisherPressure | undefined {
    const { settings, rooms } = this;
    // With the other policies the slow client pays, and nobody has to wait for it.
    const publisherPays = settings.overflow === 'pause' || settings.overflow === 'reject';
    if (!publisherPays || settings.delivery === 'at-most-once') return undefined;
    const { clock, timers } = this.ports;
    return new PublisherPressure({
      rooms,
      clock,
      timers,
      maxPending: settings.maxPending,
      patienceMs: settings.messageTimeoutMs,
      tell: (session, high) => {
        if (high) this.statistics.pressured += 1;
        const text = encodeFrame({ kind: 'pressure', state: high ? 'high' : 'normal' });
        this.registry.ownerOf.get(session)?.link.send(text);
      },
    });
  }

  /** One turn of the fan-out for one session. */
  #serve(session: Session): void {
    session.pump();
    this.monitoring.served(session);
  }
}

/** @returns why no client could be sent this; undefined when it can */
function refusalOf({ room, type, text }: OutgoingMessage): string | undefined {
  if (!isName(room) || !isName(type)) return `a room and a type have 1 to ${NAME_LENGTH_MAX} characters`;
  if (!fitsFrame(text)) return 'the message is too large';
  return structureProblem(text, PAYLOAD_DEPTH_MAX);
}
