import type { AnomalyKind } from './anomaly.ts';
import { Arrival } from './arrival.ts';
import type { Cause } from './cause.ts';
import { type DrainTarget, missingIn, missingUpTo } from './drain-target.ts';
import type { LedgerContext } from './ledger-context.ts';
import type { LossReason } from './loss-reason.ts';
import type { ClientRecord } from './record.ts';
import { SeqSet } from './seq-set.ts';
import { SessionLedger } from './session-ledger.ts';
import type { StreamLedger } from './stream-ledger.ts';
import type { Note, TimelineEvent } from './timeline-event.ts';

/** Lifecycle notes that each client keeps for its examples. */
const NOTES_MAX = 32;
/** Shared by all clients, since they have no values. */
const HELLO_SENT: TimelineEvent = { code: 'hello-sent' };
const GOODBYE: TimelineEvent = { code: 'goodbye' };
const HANDLED_BEFORE: Cause = { code: 'handled-before' };

/** The result of handling a message; latency is measured on `first` only. */
export type Handling = 'first' | 'duplicate' | 'corrupt';

export interface ClientLedgerOptions {
  readonly context: LedgerContext;
  /** Number of the client, from 0. */
  readonly client: number;
  readonly profile: string;
  /** For each publish stream, whether the client joined its room. */
  readonly subscribed: readonly boolean[];
}

/**
 * Everything that one client saw in a run, as sets of seqs and counters: a message that was handled in order costs no
 * memory. Instants are integer µs.
 *
 * The driver reports events of the client's *current* connection only; events of an older one after a newer one was
 * welcomed are ignored. A *position* is the driver's delivery index within a session, from 1, or 0 if the protocol
 * has none; with positions the ledger can also judge acks, resumes and gaps.
 */
export class ClientLedger {
  readonly client: number;
  readonly profile: string;
  readonly #subscribed: readonly boolean[];
  readonly #context: LedgerContext;
  readonly #sessions: SessionLedger[] = [];
  #session: SessionLedger | undefined = undefined;
  /** Per stream, the messages that earlier sessions handled. */
  readonly #earlier: (SeqSet | undefined)[] = [];
  #firstHelloUs = -1;
  #helloUs = -1;
  #connected = false;
  #closedUs = -1;
  #connection = 0;
  /**
   * The latest arrival until it is handled or failed. Most clients handle a message at once, so it is not stored
   * elsewhere.
   */
  #fresh: Arrival | undefined = undefined;
  #freshPosition = 0;
  #handledTotal = 0;
  #notes: Note[] | undefined = undefined;

  constructor({ context, client, profile, subscribed }: ClientLedgerOptions) {
    this.#context = context;
    this.client = client;
    this.profile = profile;
    this.#subscribed = subscribed;
  }

  /** First handlings so far; the client makes progress while this grows. */
  get handledTotal(): number {
    return this.#handledTotal;
  }

  /** It joined no room that anything is published to. */
  get isOwedNothing(): boolean {
    return !this.#subscribed.includes(true);
  }

  /** Number of the latest working connection, from 1; 0 before the first. */
  get connection(): number {
    return this.#connection;
  }

  get connected(): boolean {
    return this.#connected;
  }

  helloSent(atUs: number): void {
    if (this.#firstHelloUs < 0) this.#firstHelloUs = atUs;
    this.#helloUs = atUs;
    this.note(atUs, HELLO_SENT);
  }

  /**
   * A fresh session was confirmed.
   *
   * @param key - the server's name for the session
   * @param told - the reason the client was given for the end of the session before; absent when it was given none
   * @param effectiveByUs - where nobody confirms a subscription: until when it may have taken effect
   */
  subscribed(atUs: number, key: string, told?: LossReason, effectiveByUs?: number): void {
    this.#settleFresh();
    const helloUs = this.#helloUs < 0 ? atUs : this.#helloUs;
    if (this.#firstHelloUs < 0) this.#firstHelloUs = helloUs;
    const before = this.#session;
    let session = before;
    if (session === undefined || session.subscribedUs >= 0) {
      if (session?.end.kind === 'open') {
        session.end = { kind: 'reset', atUs: helloUs, told };
      }
      // Unanswered hellos before the first session may have subscribed the client already.
      session = this.#begin(session === undefined ? this.#firstHelloUs : helloUs);
    }
    session.key = key;
    session.subscribedUs = atUs;
    session.effectiveByUs = effectiveByUs;
    this.#connectionOpened();
    this.note(atUs, { code: 'fresh-session', told: told ?? '' });
  }

  /**
   * The session was resumed on a new connection.
   *
   * @param throughPosition - the client declared everything up to here handled when it asked to resume
   */
  resumed(atUs: number, throughPosition: number): void {
    this.#settleFresh();
    const session = this.#current();
    session.resumes += 1;
    session.resumedUs = atUs;
    session.declaredThrough = Math.max(session.declaredThrough, throughPosition);
    session.end = { kind: 'open' };
    this.#connectionOpened();
    this.note(atUs, { code: 'resumed', position: throughPosition });
  }

  /** The current connection was lost. */
  closed(atUs: number, code: number): void {
    this.#connected = false;
    this.#closedUs = atUs;
    const session = this.#session;
    if (session?.end.kind === 'goodbye' && session.end.closedUs < 0) {
      session.end = { ...session.end, closedUs: atUs, confirmed: code === 1000 };
    }
    this.note(atUs, { code: 'connection-closed', closeCode: code });
  }

  /** The client said goodbye. */
  goodbye(atUs: number): void {
    const session = this.#session;
    if (session?.end.kind === 'open') session.end = { kind: 'goodbye', atUs, closedUs: -1, confirmed: false };
    this.note(atUs, GOODBYE);
  }

  /**
   * Notes an arrival.
   *
   * @param body - undefined where the server did not send it as a whole
   * @param redelivered - whether the server marked it as a redelivery
   * @returns the arrival, for `handled` or `failed`; `undefined` for a phantom, which is counted
   */
  received(
    position: number,
    stampText: string,
    body: string | undefined,
    redelivered: boolean,
    atUs: number,
  ): Arrival | undefined {
    if (this.#fresh !== undefined) this.#settleFresh();
    const session = this.#current();
    const { run, scanner } = this.#context;
    if (!scanner.scan(stampText, run)) return this.#phantom(session, position, 'stamp-of-another-run', atUs);
    const { stream, seq } = scanner;
    if (this.#subscribed[stream] !== true) {
      return this.#phantom(session, position, 'room-not-joined', atUs, stream, seq);
    }
    const ledger = session.stream(stream);
    ledger.firstUs ??= atUs;
    const known = ledger.knows(seq);
    const arrival = new Arrival(scanner, run, session, this.#connection);
    arrival.redelivered = redelivered;
    if (body === undefined) this.#context.unverified += 1;
    else arrival.corrupt = !this.#context.isIntact(body, scanner.length, scanner.crc);
    if (position > 0) {
      if (known && !session.positions.has(position)) this.#secondPosition(session, ledger, position, seq);
      session.positions.arrived(position, stream, seq);
      if (position <= session.declaredThrough) this.#unsound(arrival, position, atUs);
    }
    if (known) {
      session.counts.duplicatesReceived += 1;
    } else {
      this.#fresh = arrival;
      this.#freshPosition = position;
    }
    return arrival;
  }

  /** A message arrived that is none of this run's, on a server that has others to send too. */
  foreign(position: number): void {
    this.#context.foreign += 1;
    if (position <= 0) return;
    const { positions } = this.#current();
    if (!positions.has(position)) positions.arrivedUnreadable(position);
  }

  /** The handler completed. */
  handled(position: number, arrival: Arrival, atUs: number): Handling {
    const { session, stream, seq } = arrival;
    if (arrival === this.#fresh) this.#fresh = undefined;
    else session.release(position, stream, seq);
    const ledger = session.stream(stream);
    const fresh = ledger.handled.add(seq);
    if (!fresh || this.#handledEarlier(session, stream, seq)) {
      this.#duplicate(position, arrival, atUs);
      if (arrival.corrupt) this.#corrupt(position, arrival, atUs);
      return arrival.corrupt ? 'corrupt' : 'duplicate';
    }
    this.#handledTotal += 1;
    const inversion = ledger.order(seq, arrival.connection, arrival.redelivered);
    if (inversion !== undefined && inversion !== 'filled') {
      const newer = ledger.newestInverted;
      this.#example(inversion, position, arrival, atUs, { code: 'newer-handled-before', newer }, newer);
    }
    if (atUs - arrival.intendedUs > this.#context.lateAfterUs) session.counts.late += 1;
    if (!arrival.corrupt) return 'first';
    this.#corrupt(position, arrival, atUs);
    return 'corrupt';
  }

  /** The handler failed: the message stays unhandled until it comes again. */
  failed(position: number, arrival: Arrival, atUs: number): void {
    if (arrival === this.#fresh) this.#settleFresh();
    const { stream, seq } = arrival;
    const last = this.#notes?.[this.#notes.length - 1];
    // A handler that fails often must not push everything else out of the notes.
    if (last?.[1].code === 'handler-failed') this.#notes?.pop();
    this.note(atUs, { code: 'handler-failed', stream, seq, position });
  }

  /** An ack leaves. */
  acked(position: number, cumulative: boolean, atUs: number): void {
    if (this.#fresh !== undefined) this.#settleFresh();
    const session = this.#session;
    if (session === undefined || !session.owes(position, cumulative)) return;
    session.counts.ackBeforeHandle += 1;
    const code = cumulative ? 'acked-through-unhandled' : 'acked-unhandled';
    this.#exampleAt('ack-before-handle', session, position, -1, 0, atUs, { code, position });
  }

  /** The server reported a gap: positions `[from..to]` will not be delivered. */
  gap(from: number, to: number, reason: LossReason, atUs: number): void {
    this.#settleFresh();
    this.#current().gap(from, to, reason);
    this.note(atUs, { code: 'gap', from, to, reason });
  }

  /** Keeps an event of the client, such as the begin or end of a fault, for the examples. */
  note(atUs: number, event: TimelineEvent): void {
    this.#notes ??= [];
    if (this.#notes.length === NOTES_MAX) this.#notes.shift();
    this.#notes.push([atUs, event]);
  }

  /** Highest seq of a stream handled in any session; 0 for none. */
  highestHandled(stream: number): number {
    return Math.max(this.#earlier[stream]?.max ?? 0, this.#session?.streamSeen(stream)?.handled.max ?? 0);
  }

  /**
   * Messages missing below the highest one handled in this session, without those that gaps cover.
   *
   * @param excluded - per stream, seqs that the client is not owed
   */
  holes(excluded: readonly (SeqSet | undefined)[] = []): number {
    const session = this.#session;
    if (session === undefined) return 0;
    let missing = 0;
    for (let stream = 0; stream < session.streamCount; stream += 1) {
      const handled = session.streamSeen(stream)?.handled;
      if (handled !== undefined) missing += missingIn(handled, handled.min, handled.max, excluded[stream]);
    }
    return missing === 0 ? 0 : Math.max(0, missing - session.gapCredit(true));
  }

  /**
   * Messages that this client still has to handle before its drain is complete; 0 when nothing is missing up to the
   * targets.
   *
   * Messages published before the first one that the session handled are left to the checker.
   *
   * @param targets - per stream; absent if nothing was accepted
   */
  outstanding(targets: readonly (DrainTarget | undefined)[]): number {
    const session = this.#session;
    let missing = 0;
    for (let stream = 0; stream < targets.length; stream += 1) {
      const target = targets[stream];
      if (target === undefined || this.#subscribed[stream] !== true) continue;
      if (session === undefined) missing += 1;
      else if (session.owedFromUs(stream) < target.beginUs) missing += missingUpTo(session, stream, target);
    }
    return missing === 0 ? 0 : Math.max(0, missing - (session?.gapCredit(false) ?? 0));
  }

  toRecord(): ClientRecord {
    this.#settleFresh();
    return {
      client: this.client,
      profile: this.profile,
      subscribed: this.#subscribed.flatMap((subscribed, stream) => (subscribed ? [stream] : [])),
      firstHelloUs: this.#firstHelloUs,
      connected: this.#connected,
      connections: this.#connection,
      closedUs: this.#closedUs,
      sessions: this.#sessions.map((session) => session.toRecord()),
      notes: this.#notes ?? [],
    };
  }

  /** The current session, or one that the server has yet to confirm. */
  #current(): SessionLedger {
    return this.#session ?? this.#begin(this.#helloUs);
  }

  #begin(helloSentUs: number): SessionLedger {
    const before = this.#session;
    for (let stream = 0; before !== undefined && stream < before.streamCount; stream += 1) {
      const handled = before.streamSeen(stream)?.handled;
      if (handled === undefined) continue;
      const earlier = this.#earlier[stream] ?? new SeqSet();
      const intervals = handled.intervals();
      for (let index = 0; index < intervals.length; index += 2) {
        earlier.addRange(intervals[index] ?? 0, intervals[index + 1] ?? 0);
      }
      this.#earlier[stream] = earlier;
    }
    const session = new SessionLedger(this.#sessions.length, helloSentUs, this.#subscribed.length);
    this.#sessions.push(session);
    this.#session = session;
    return session;
  }

  #connectionOpened(): void {
    this.#connection += 1;
    this.#connected = true;
  }

  /** Stores the latest arrival, which was not handled at once. */
  #settleFresh(): void {
    const fresh = this.#fresh;
    if (fresh === undefined) return;
    this.#fresh = undefined;
    fresh.session.hold(this.#freshPosition, fresh.stream, fresh.seq);
  }

  /** Whether another session handled it, including an old session that handles a message late. */
  #handledEarlier(session: SessionLedger, stream: number, seq: number): boolean {
    if (this.#sessions.length === 1) return false;
    if (session === this.#session) return this.#earlier[stream]?.has(seq) ?? false;
    const now = this.#session?.streamSeen(stream)?.handled.has(seq) ?? false;
    const earlier = this.#earlier[stream] ?? new SeqSet();
    this.#earlier[stream] = earlier;
    return !earlier.add(seq) || now;
  }

  /** A message that arrived under a second position; while it waits for its handler, it is pending at both. */
  #secondPosition(session: SessionLedger, ledger: StreamLedger, position: number, seq: number): void {
    session.counts.secondPositions += 1;
    if (!ledger.handled.has(seq)) session.hold(position, ledger.stream, seq);
  }

  #phantom(
    session: SessionLedger,
    position: number,
    code: 'stamp-of-another-run' | 'room-not-joined',
    atUs: number,
    stream = -1,
    seq = 0,
  ): undefined {
    if (position > 0) {
      // A resend of an unacked message is not a second message.
      if (session.positions.has(position)) return undefined;
      session.positions.arrivedUnreadable(position);
    }
    session.counts.phantom += 1;
    this.#exampleAt('phantom', session, position, stream, seq, atUs, { code });
    return undefined;
  }

  #unsound(arrival: Arrival, position: number, atUs: number): void {
    arrival.afterAck = true;
    arrival.session.counts.resentAfterAck += 1;
    const { declaredThrough } = arrival.session;
    this.#example('unsound-ack', position, arrival, atUs, { code: 'resent-after-declared', declaredThrough });
  }

  #duplicate(position: number, arrival: Arrival, atUs: number): void {
    const { session, afterAck } = arrival;
    session.stream(arrival.stream).repeat(arrival.seq, afterAck);
    session.counts.duplicatesHandled += 1;
    if (!afterAck) {
      this.#example('duplicate', position, arrival, atUs, HANDLED_BEFORE);
      return;
    }
    session.counts.duplicatesAfterAck += 1;
    this.#example('duplicate-after-ack', position, arrival, atUs, { code: 'handled-and-declared-before' });
  }

  #corrupt(position: number, arrival: Arrival, atUs: number): void {
    arrival.session.stream(arrival.stream).corrupt(arrival.seq);
    this.#example('corrupt', position, arrival, atUs, { code: 'body-changed' });
  }

  #example(
    kind: AnomalyKind,
    position: number,
    arrival: Arrival,
    atUs: number,
    cause: Cause,
    newer = 0,
  ): void {
    this.#exampleAt(kind, arrival.session, position, arrival.stream, arrival.seq, atUs, cause, newer);
  }

  #exampleAt(
    kind: AnomalyKind,
    session: SessionLedger,
    position: number,
    stream: number,
    seq: number,
    atUs: number,
    cause: Cause,
    newer = 0,
  ): void {
    if (!this.#context.examples.wants(kind)) return;
    this.#context.examples.add({
      kind,
      client: this.client,
      session: session.ordinal,
      position,
      stream,
      seq,
      newer,
      atUs,
      cause,
      notes: [...(this.#notes ?? [])],
    });
  }
}
