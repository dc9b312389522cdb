import { crc32 } from 'node:zlib';
import type { DrainGoal } from '../../delivery/drain-target.ts';
import { highest, type Intervals, minusOf, unionOf } from '../../delivery/intervals.ts';
import { PublishLog } from '../../delivery/publish-log.ts';
import { formatStamp, makeBody, stampedPayload } from '../../delivery/stamp.ts';
import { Histogram } from '../../measure/histogram.ts';
import type { Spread } from '../../measure/spread.ts';
import { type Clock, type Random, Timer, type Timers } from '../../protocol/ports.ts';
import type { PublishStream, Scenario } from '../../scenario/schema.ts';
import { publishInstants } from '../../scenario/timeline.ts';
import { Schedule } from '../schedule.ts';
import type { PublishWay } from './way.ts';

/** `rate: max`: deliveries in flight for each message that may be under way at once. */
const MAX_RATE_WINDOW = 128;
/** The part of them published in one turn: in larger lots server and clients would take turns instead of working at once. */
const MAX_RATE_TURN = 8;
/** Until it looks again whether there is room. */
const MAX_RATE_PAUSE_MS = 1;
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
  readonly #way: PublishWay;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #streams: (name: string) => Random;
  /** Stops each stream. */
  readonly #stops: (() => void)[] = [];
  #loadFromUs = Number.POSITIVE_INFINITY;
  #slipExcusedUntilUs = 0;
  #inLoad = 0;
  #open = 0;

  constructor(options: {
    readonly scenario: Scenario;
    readonly run: string;
    readonly way: PublishWay;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly streams: (name: string) => Random;
  }) {
    this.#scenario = options.scenario;
    this.#run = options.run;
    this.#way = options.way;
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

  /** One message to everybody, outside of the schedule: where there is no room of everybody, one in each stream. */
  probe(): void {
    const nowUs = this.#clock.nowUs();
    if (this.#scenario.target === undefined) this.#publish(0, PROBE, nowUs);
    else
      for (const [index, stream] of this.#scenario.publish.entries()) this.#publish(index + 1, stream, nowUs);
  }

  /** Decides which unconfirmed publishes the target took in. @param seen - what clients saw, over all processes */
  weigh(seen: Spread): void {
    const endUs = this.#clock.nowUs();
    for (let stream = 0; stream < this.log.streamCount; stream += 1) {
      this.log.weigh(stream, {
        seenUs: (seq) => seen.firstUs(stream, seq),
        outlived: (connection) => this.#way.isOpen?.(stream, connection) ?? false,
        endUs,
      });
    }
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
    for (const stop of this.#stops) stop();
  }

  /** How far each stream got, for the drain. */
  goals(): DrainGoal[] {
    const goals: DrainGoal[] = [];
    for (let stream = 0; stream < this.log.streamCount; stream += 1) {
      const unconfirmed = this.log.unconfirmed(stream);
      const seq = Math.max(highest(this.log.accepted(stream)), highest(unconfirmed));
      const unknown = minusOf(this.log.unknown(stream), unconfirmed);
      const excluded: Intervals = unionOf(this.log.rejected(stream), unknown);
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
    const schedule = new Schedule({
      instants,
      fromUs: spans.fromUs,
      clock: this.#clock,
      timers: this.#timers,
      act: (instantUs) => this.#publish(number, stream, instantUs),
    });
    this.#stops.push(() => schedule.stop());
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
    this.#stops.push(() => this.#timers.disarm(timer));
    this.#timers.arm(timer, Math.max(0, (spans.fromUs - this.#clock.nowUs()) / 1000));
  }

  #hasRoom(clients: number): boolean {
    const inFlight = this.#way.inFlight();
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
    this.#way.publish(
      { stream: number, seq, room, type, payloadText, stamp: stampText, body, via },
      (status, connection) => {
        this.#open -= 1;
        const settledUs = this.#clock.nowUs();
        this.log.settle(number, seq, status, settledUs, connection);
        if (status === 'accepted' && intendedUs >= this.#loadFromUs) this.accept.record(settledUs - nowUs);
      },
    );
  }
}
