import { crc32 } from 'node:zlib';
import type { Arrival } from '../../src/delivery/arrival.ts';
import { type EndReason, ServerEvidence, type SessionEvidence } from '../../src/delivery/evidence.ts';
import { ClientLedger } from '../../src/delivery/ledger.ts';
import { LedgerContext } from '../../src/delivery/ledger-context.ts';
import type { LossReason } from '../../src/delivery/loss-reason.ts';
import { PublishLog, type PublishStatus } from '../../src/delivery/publish-log.ts';
import { formatStamp, makeBody } from '../../src/delivery/stamp.ts';

/**
 * A random history of one client and a server that does everything wrong that a server can do: it skips, drops,
 * repeats, reorders, corrupts and invents messages, forgets sessions and believes acks that nobody sent. What
 * happens is written twice: into the product's ledger, log and evidence, and as plain lists for the oracle.
 */
export interface Step {
  readonly kind: (typeof STEP_KINDS)[number];
  readonly a: number;
  readonly b: number;
  readonly dtUs: number;
}

export const STEP_KINDS = [
  'publish',
  'settle',
  'hello',
  'welcome',
  'arrive',
  'arrive-next',
  'handle',
  'gap',
  'drop',
  'false-ack',
  'close',
  'goodbye',
  'forge',
] as const;

export interface PublishFact {
  readonly stream: number;
  readonly seq: number;
  readonly beginUs: number;
  endUs: number;
  status: PublishStatus;
}

export interface ArrivalFact {
  readonly position: number;
  readonly stream: number;
  readonly seq: number;
  readonly redelivered: boolean;
  readonly corrupt: boolean;
  readonly connection: number;
  readonly arrival: Arrival;
  handled: number;
}

export interface SessionFact {
  readonly key: string;
  readonly helloUs: number;
  readonly subscribedUs: number;
  end: 'open' | 'reset' | 'goodbye';
  endUs: number;
  closedUs: number;
  told: LossReason | undefined;
  resumedUs: number;
  readonly arrivals: ArrivalFact[];
  readonly handlings: ArrivalFact[];
  readonly gaps: { readonly from: number; readonly to: number; readonly reason: LossReason }[];
}

interface Assigned {
  readonly stream: number;
  readonly seq: number;
}

export interface ServerFact {
  readonly key: string;
  readonly openedUs: number;
  ended: { readonly reason: EndReason; readonly atUs: number } | undefined;
  readonly assigned: Assigned[];
  readonly sent: Assigned[];
  readonly acked: Assigned[];
  readonly dropped: (Assigned & { readonly reason: LossReason })[];
  readonly evidence: SessionEvidence;
}

const RUN = 'orcl';
const TOLD: readonly (LossReason | undefined)[] = [
  'session-expired',
  'restart',
  'overflow',
  'replaced',
  undefined,
];
const GAP_REASONS: readonly LossReason[] = ['overflow', 'ttl', 'max-resend', 'nack'];
const ENDS: readonly EndReason[] = ['expired', 'restart', 'overflow', 'replaced', 'goodbye'];

/** Streams 0 and 1 are subscribed, stream 2 is not. */
export const SUBSCRIBED = [true, true, false];

export class History {
  readonly log = new PublishLog();
  readonly server = new ServerEvidence();
  readonly context = new LedgerContext({ run: RUN });
  readonly ledger = new ClientLedger({
    context: this.context,
    client: 0,
    profile: 'only',
    subscribed: SUBSCRIBED,
  });

  readonly publishes: PublishFact[] = [];
  readonly sessions: SessionFact[] = [];
  readonly servers: ServerFact[] = [];
  firstHelloUs = -1;
  foreign = 0;
  connected = false;
  nowUs = 10;
  readonly #positions: boolean;
  #connection = 0;
  #helloUs = -1;
  #fresh = false;
  #sessionCount = 0;

  constructor(positions: boolean) {
    this.#positions = positions;
  }

  play(step: Step): void {
    this.nowUs += step.dtUs;
    switch (step.kind) {
      case 'publish':
        this.#publish(step);
        break;
      case 'settle':
        this.#settle(step);
        break;
      case 'hello':
        this.#hello(step);
        break;
      case 'welcome':
        this.#welcome(step);
        break;
      case 'arrive':
        this.#arrive(step, step.a);
        break;
      case 'arrive-next':
        this.#arrive(step, this.session?.arrivals.length ?? 0);
        break;
      case 'handle':
        this.#handlePending(step);
        break;
      case 'gap':
        this.#gap(step);
        break;
      case 'drop':
        this.#drop(step);
        break;
      case 'false-ack':
        this.#falseAck(step);
        break;
      case 'close':
        this.#close();
        break;
      case 'goodbye':
        this.#goodbye(step);
        break;
      case 'forge':
        this.#forge(step);
        break;
    }
  }

  get session(): SessionFact | undefined {
    return this.connected ? this.sessions.at(-1) : undefined;
  }

  serverOf(key: string): ServerFact | undefined {
    return this.servers.find((server) => server.key === key);
  }

  #publish({ a, b }: Step): void {
    const stream = a % SUBSCRIBED.length;
    const seq = this.log.count(stream) + 1;
    const statuses = ['accepted', 'accepted', 'accepted', 'accepted', 'rejected', 'unknown'] as const;
    const status = statuses[b % statuses.length] ?? 'accepted';
    this.log.begin(stream, seq, this.nowUs, this.nowUs);
    this.publishes.push({ stream, seq, beginUs: this.nowUs, endUs: Number.POSITIVE_INFINITY, status });
    const server = this.servers.at(-1);
    if (server === undefined || server.ended !== undefined || !SUBSCRIBED[stream]) return;
    if (status === 'rejected' || b % 13 === 0) return;
    server.assigned.push({ stream, seq });
    server.evidence.assigned(stream, seq);
  }

  #settle({ a }: Step): void {
    const open = this.publishes.filter(
      ({ endUs, status }) => status !== 'unknown' && endUs === Number.POSITIVE_INFINITY,
    );
    const publish = open[a % Math.max(1, open.length)];
    if (publish !== undefined) this.#settleOne(publish);
  }

  /** Nothing that the model calls accepted or rejected stays open. */
  finish(): void {
    for (const publish of this.publishes) {
      if (publish.status === 'unknown') this.log.settle(publish.stream, publish.seq, 'unknown', this.nowUs);
      else if (publish.endUs === Number.POSITIVE_INFINITY) this.#settleOne(publish);
    }
  }

  #settleOne(publish: PublishFact): void {
    publish.endUs = this.nowUs;
    if (publish.status !== 'open') this.log.settle(publish.stream, publish.seq, publish.status, this.nowUs);
  }

  #hello({ a, b }: Step): void {
    if (this.connected || this.#helloUs >= 0) return;
    this.#helloUs = this.nowUs;
    if (this.firstHelloUs < 0) this.firstHelloUs = this.nowUs;
    this.ledger.helloSent(this.nowUs);
    this.#fresh = this.sessions.length === 0 || this.sessions.at(-1)?.end === 'goodbye' || a % 3 === 0;
    if (!this.#fresh) return;
    const old = this.servers.at(-1);
    const reason = ENDS[b % ENDS.length] ?? 'expired';
    if (old !== undefined && old.ended === undefined && b % 4 !== 0) this.#end(old, reason);
    this.#sessionCount += 1;
    const key = `s${this.#sessionCount}`;
    const evidence = this.server.opened(key, this.nowUs);
    this.servers.push({
      key,
      openedUs: this.nowUs,
      ended: undefined,
      assigned: [],
      sent: [],
      acked: [],
      dropped: [],
      evidence,
    });
  }

  #end(server: ServerFact, reason: EndReason): void {
    server.ended = { reason, atUs: this.nowUs };
    server.evidence.ended(reason, this.nowUs);
  }

  #welcome({ a }: Step): void {
    const helloUs = this.#helloUs;
    if (helloUs < 0) return;
    this.#helloUs = -1;
    this.connected = true;
    this.#connection += 1;
    const old = this.sessions.at(-1);
    if (!this.#fresh && old !== undefined) {
      old.resumedUs = this.nowUs;
      this.ledger.resumed(this.nowUs, 0);
      return;
    }
    const told = TOLD[a % TOLD.length];
    if (old?.end === 'open') Object.assign(old, { end: 'reset', endUs: helloUs, told });
    const key = this.servers.at(-1)?.key ?? '';
    this.sessions.push({
      key,
      helloUs,
      subscribedUs: this.nowUs,
      end: 'open',
      endUs: Number.POSITIVE_INFINITY,
      closedUs: -1,
      told: undefined,
      resumedUs: -1,
      arrivals: [],
      handlings: [],
      gaps: [],
    });
    this.ledger.subscribed(this.nowUs, key, told);
  }

  #arrive({ b }: Step, index: number): void {
    const session = this.session;
    const server = this.serverOf(session?.key ?? '');
    if (session === undefined || server === undefined || server.assigned.length === 0) return;
    const place = index % server.assigned.length;
    const message = server.assigned[place];
    if (message === undefined) return;
    server.sent.push(message);
    server.evidence.sent(message.stream, message.seq, 1);
    this.#receive(session, this.#positions ? place + 1 : 0, message.stream, message.seq, b);
  }

  #receive(session: SessionFact, position: number, stream: number, seq: number, b: number): void {
    const body = makeBody(20, stream, seq);
    const text = formatStamp({ run: RUN, stream, seq, intendedUs: 0, length: 20, crc: crc32(body) });
    const corrupt = b % 17 === 0;
    const redelivered = b % 5 === 0;
    const arrival = this.ledger.received(
      position,
      text,
      corrupt ? `${body}!` : body,
      redelivered,
      this.nowUs,
    );
    if (arrival === undefined) {
      this.foreign += 1;
      return;
    }
    const connection = this.#connection;
    const fact: ArrivalFact = {
      position,
      stream,
      seq,
      redelivered,
      corrupt,
      connection,
      arrival,
      handled: 0,
    };
    session.arrivals.push(fact);
    if (b % 3 !== 0) this.#handle(session, fact, b);
    else if (b % 6 === 0) this.ledger.failed(position, arrival, this.nowUs);
  }

  #handle(session: SessionFact, fact: ArrivalFact, b: number): void {
    fact.handled += 1;
    session.handlings.push(fact);
    this.ledger.handled(fact.position, fact.arrival, this.nowUs);
    const server = this.serverOf(session.key);
    if (b % 4 === 0 || server === undefined) return;
    server.acked.push(fact);
    server.evidence.acked(fact.stream, fact.seq);
  }

  #handlePending({ a, b }: Step): void {
    const session = this.session;
    const pending = session?.arrivals.filter(
      ({ handled, connection }) => handled === 0 && connection === this.#connection,
    );
    const fact = pending?.[a % Math.max(1, pending.length)];
    if (session !== undefined && fact !== undefined) this.#handle(session, fact, b);
  }

  #gap({ a, b }: Step): void {
    const session = this.session;
    const server = this.serverOf(session?.key ?? '');
    if (!this.#positions || session === undefined || server === undefined || server.assigned.length === 0)
      return;
    const from = (a % server.assigned.length) + 1;
    const to = Math.min(server.assigned.length, from + (b % 4));
    const reason = GAP_REASONS[b % GAP_REASONS.length] ?? 'overflow';
    session.gaps.push({ from, to, reason });
    this.ledger.gap(from, to, reason, this.nowUs);
    if (b % 5 === 0) return;
    for (const message of server.assigned.slice(from - 1, to)) this.#dropOne(server, message, reason);
  }

  #drop({ a, b }: Step): void {
    const server = this.servers[a % Math.max(1, this.servers.length)];
    const message = server?.assigned[b % Math.max(1, server.assigned.length)];
    if (server !== undefined && message !== undefined) this.#dropOne(server, message, 'overflow');
  }

  /** A server gives a message up once. */
  #dropOne(server: ServerFact, { stream, seq }: Assigned, reason: LossReason): void {
    if (server.dropped.some((one) => one.stream === stream && one.seq === seq)) return;
    server.dropped.push({ stream, seq, reason });
    server.evidence.dropped(stream, seq, reason);
  }

  #falseAck({ a, b }: Step): void {
    const server = this.servers[a % Math.max(1, this.servers.length)];
    const message = server?.assigned[b % Math.max(1, server.assigned.length)];
    if (server === undefined || message === undefined) return;
    server.acked.push(message);
    server.evidence.acked(message.stream, message.seq);
  }

  #close(): void {
    if (!this.connected) return;
    this.connected = false;
    this.ledger.closed(this.nowUs, 1006);
  }

  #goodbye({ a }: Step): void {
    const session = this.session;
    if (session === undefined) return;
    Object.assign(session, { end: 'goodbye', endUs: this.nowUs });
    this.ledger.goodbye(this.nowUs);
    this.nowUs += a % 4;
    this.connected = false;
    const confirmed = a % 2 === 0;
    if (confirmed) session.closedUs = this.nowUs;
    this.ledger.closed(this.nowUs, confirmed ? 1000 : 1006);
    const server = this.servers.at(-1);
    if (server !== undefined && server.ended === undefined) this.#end(server, 'goodbye');
  }

  /** A message out of thin air: any seq of any stream, published or not, at no position. */
  #forge({ a, b }: Step): void {
    const session = this.session;
    if (session === undefined) return;
    const stream = a % SUBSCRIBED.length;
    this.#receive(session, 0, stream, (b % (this.log.count(stream) + 2)) + 1, b);
  }
}
