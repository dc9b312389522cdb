import { crc32 } from 'node:zlib';
import type { DrainGoal } from '../delivery/drain-target.ts';
import type { Intervals } from '../delivery/intervals.ts';
import { unionOf } from '../delivery/intervals.ts';
import { PublishLog, type PublishStatus } from '../delivery/publish-log.ts';
import { formatStamp, makeBody, stampedPayload } from '../delivery/stamp.ts';
import { Histogram } from '../measure/histogram.ts';
import { type Clock, type Random, Timer, type Timers } from '../protocol/ports.ts';
import type { PublishStream, Scenario } from '../scenario/schema.ts';
import { publishInstants } from '../scenario/timeline.ts';

/** Hands one message to the server, however it is reached. */
export interface PublisherTransport {
  /** @param settle - called exactly once, maybe at once, unless the run ends before the answer */
  publish(request: PublishRequest, settle: (status: Exclude<PublishStatus, 'open'>) => void): void;
  /** Deliveries that the server still waits for; undefined where nobody can know. */
  inFlight(): number | undefined;
}

export interface PublishRequest {
  readonly stream: number;
  readonly seq: number;
  readonly room: string;
  readonly type: string;
  readonly payloadText: string;
  readonly stamp: string;
  readonly body: string;
  readonly via: PublishStream['via'];
}

/** `rate: max`: deliveries in flight for each message that may be under way at once. */
const MAX_RATE_WINDOW = 128;
/** The part of them published in one turn: in larger lots server and clients would take turns instead of working at once. */
const MAX_RATE_TURN = 8;
/** Until it looks again whether there is room. */
const MAX_RATE_PAUSE_MS = 1;
/** Messages published in one turn before others get theirs. */
const TURN_MAX = 256;
/** `rate: max` waits when this many publishes are unanswered. */
const OPEN_MAX = 64;

type Content = Pick<PublishStream, 'room' | 'type' | 'size' | 'via'>;

const PROBE: Content = { room: '*', type: 'probe', size: 16, via: 'direct' };

/**
 * Publishes every stream of a scenario at the instants of its schedule, stamped, and keeps the log.
 *
 * The schedule is made beforehand: when the sender is late, the message still carries the instant it was meant for,
 * and the lateness is measured as slip.
 */
export class Publishers {
  readonly log = new PublishLog();
  readonly slip = new Histogram();
  /** From the begin of a publish to its acceptance, during load. */
  readonly accept = new Histogram();
  readonly #scenario: Scenario;
  readonly #run: string;
  readonly #transport: PublisherTransport;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #streams: (name: string) => Random;
  readonly #running: Timer[] = [];
  #loadFromUs = Number.POSITIVE_INFINITY;
  #slipExcusedUntilUs = 0;
  #inLoad = 0;
  #open = 0;

  constructor(options: {
    readonly scenario: Scenario;
    readonly run: string;
    readonly transport: PublisherTransport;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly streams: (name: string) => Random;
  }) {
    this.#scenario = options.scenario;
    this.#run = options.run;
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#streams = options.streams;
  }

  /** Messages published since load began. */
  get inLoad(): number {
    return this.#inLoad;
  }

  /** Messages of the schedule published so far, warm-up included. */
  get published(): number {
    return this.#scenario.publish.reduce((sum, _stream, index) => sum + this.log.count(index + 1), 0);
  }

  /** Publishes nobody has answered yet. */
  get unanswered(): number {
    return this.#open;
  }

  /** One message to everybody, outside of the schedule. */
  probe(): void {
    this.#publish(0, PROBE, this.#clock.nowUs());
  }

  /** Starts every stream; they end by themselves. */
  start(spans: { readonly fromUs: number; readonly loadFromUs: number; readonly toUs: number }): void {
    this.#loadFromUs = spans.loadFromUs;
    this.#scenario.publish.forEach((stream, index) => {
      if (stream.rate === Number.POSITIVE_INFINITY) this.#flood(index + 1, stream, spans);
      else this.#pace(index + 1, stream, spans);
    });
  }

  /** Lateness up to an instant is the doing of a fault, not of the sender. */
  excuseSlipUntil(untilUs: number): void {
    this.#slipExcusedUntilUs = Math.max(this.#slipExcusedUntilUs, untilUs);
  }

  stop(): void {
    for (const timer of this.#running) this.#timers.disarm(timer);
  }

  /** How far each stream got, for the drain. */
  goals(): DrainGoal[] {
    const goals: DrainGoal[] = [];
    for (let stream = 0; stream < this.log.streamCount; stream += 1) {
      const accepted = this.log.accepted(stream);
      const seq = accepted.at(-1) ?? 0;
      const excluded: Intervals = unionOf(this.log.rejected(stream), this.log.unknown(stream));
      goals.push({ seq, beginUs: seq === 0 ? 0 : this.log.beginUs(stream, seq), excluded });
    }
    return goals;
  }

  #pace(
    number: number,
    stream: PublishStream,
    spans: { readonly fromUs: number; readonly toUs: number },
  ): void {
    const instants = publishInstants(stream, spans, this.#streams(`publish/${number}`));
    let next = instants.next();
    const timer = new Timer(() => {
      for (let turn = 0; !next.done && next.value <= this.#clock.nowUs() && turn < TURN_MAX; turn += 1) {
        this.#publish(number, stream, next.value);
        next = instants.next();
      }
      if (!next.done) this.#timers.arm(timer, Math.max(0, (next.value - this.#clock.nowUs()) / 1000));
    });
    this.#running.push(timer);
    this.#timers.arm(timer, Math.max(0, (spans.fromUs - this.#clock.nowUs()) / 1000));
  }

  /** The next message leaves when the deliveries in flight fall under a window. */
  #flood(
    number: number,
    stream: PublishStream,
    spans: { readonly fromUs: number; readonly toUs: number },
  ): void {
    const clients = this.#scenario.clients.reduce((sum, { count }) => sum + count, 0);
    const timer = new Timer(() => {
      if (this.#clock.nowUs() >= spans.toUs) return;
      for (let turn = 0; turn < MAX_RATE_TURN && this.#hasRoom(clients); turn += 1) {
        this.#publish(number, stream, this.#clock.nowUs());
      }
      this.#timers.arm(timer, MAX_RATE_PAUSE_MS);
    });
    this.#running.push(timer);
    this.#timers.arm(timer, Math.max(0, (spans.fromUs - this.#clock.nowUs()) / 1000));
  }

  #hasRoom(clients: number): boolean {
    const inFlight = this.#transport.inFlight();
    // A publish that waits for room is open too: more of them would only wait as well.
    return this.#open < OPEN_MAX && (inFlight === undefined || inFlight < clients * MAX_RATE_WINDOW);
  }

  #publish(number: number, stream: Content, intendedUs: number): void {
    const seq = this.log.count(number) + 1;
    const body = makeBody(stream.size, number, seq);
    const stamp = {
      run: this.#run,
      stream: number,
      seq,
      intendedUs,
      length: body.length,
      crc: crc32(body),
    };
    const stampText = formatStamp(stamp);
    const payloadText = stampedPayload(stampText, body);
    const nowUs = this.#clock.nowUs();
    if (number > 0 && intendedUs >= this.#loadFromUs) {
      this.#inLoad += 1;
      if (intendedUs >= this.#slipExcusedUntilUs) this.slip.record(nowUs - intendedUs);
    }
    this.log.begin(number, seq, intendedUs, nowUs);
    this.#open += 1;
    const { room, type, via } = stream;
    this.#transport.publish(
      { stream: number, seq, room, type, payloadText, stamp: stampText, body, via },
      (status) => {
        this.#open -= 1;
        const settledUs = this.#clock.nowUs();
        this.log.settle(number, seq, status, settledUs);
        if (status === 'accepted' && intendedUs >= this.#loadFromUs) this.accept.record(settledUs - nowUs);
      },
    );
  }
}
