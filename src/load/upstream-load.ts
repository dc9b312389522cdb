import { crc32 } from 'node:zlib';
import { PublishLog, type PublishLogRecord } from '../delivery/publish-log.ts';
import { formatStamp, makeBody, stampedPayload } from '../delivery/stamp.ts';
import { type Clock, type Random, Timer, type Timers } from '../protocol/ports.ts';
import type { Scenario, UpstreamEntry } from '../scenario/schema.ts';
import { publishInstants } from '../scenario/timeline.ts';
import { type UpstreamStreams, upstreamRun, upstreamStreams } from '../scenario/upstream-streams.ts';
import type { LoadClient } from './load-client.ts';

/** Messages of one client that leave in one turn before others get theirs. */
const TURN_MAX = 256;
/** Together with the stamp; the whole has to fit into a frame. */
const BURST = 1;

/**
 * What the clients of one process send to the server: each on a schedule of its own, stamped and logged like any
 * other publish, through its client's outbox.
 */
export class UpstreamLoad {
  readonly #log = new PublishLog();
  readonly #run: string;
  readonly #streams: UpstreamStreams;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #random: (name: string) => Random;
  readonly #running: Timer[] = [];
  #settled = 0;

  constructor(options: {
    readonly scenario: Scenario;
    readonly run: string;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly streams: (name: string) => Random;
  }) {
    this.#run = upstreamRun(options.run);
    this.#streams = upstreamStreams(options.scenario);
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#random = options.streams;
  }

  /** Messages whose outcome is known: it grows while the server answers. */
  get settled(): number {
    return this.#settled;
  }

  /** Sends on schedule between two instants; the crowd is spread over the interval. */
  start(
    client: LoadClient,
    entry: UpstreamEntry,
    spans: { readonly fromUs: number; readonly toUs: number },
  ): void {
    const random = this.#random(`client/${client.client}/upstream`);
    const fromUs = spans.fromUs + Math.floor((random.next() * 1_000_000) / entry.rate);
    const instants = publishInstants({ ...entry, burst: BURST }, { fromUs, toUs: spans.toUs }, random);
    let next = instants.next();
    const timer = new Timer(() => {
      for (let turn = 0; !next.done && next.value <= this.#clock.nowUs() && turn < TURN_MAX; turn += 1) {
        this.#send(client, entry, next.value);
        next = instants.next();
      }
      if (!next.done) this.#timers.arm(timer, Math.max(0, (next.value - this.#clock.nowUs()) / 1000));
    });
    this.#running.push(timer);
    this.#timers.arm(timer, Math.max(0, (fromUs - this.#clock.nowUs()) / 1000));
  }

  stop(): void {
    for (const timer of this.#running) this.#timers.disarm(timer);
  }

  toRecord(): PublishLogRecord {
    return this.#log.toRecord();
  }

  #send(client: LoadClient, { size, type, room }: UpstreamEntry, intendedUs: number): void {
    const stream = this.#streams.streamOf(client.client);
    const seq = this.#log.count(stream) + 1;
    const body = makeBody(size, stream, seq);
    const stamp = { run: this.#run, stream, seq, intendedUs, length: body.length, crc: crc32(body) };
    const stampText = formatStamp(stamp);
    this.#log.begin(stream, seq, intendedUs, this.#clock.nowUs());
    client.driven.publish({
      room,
      type,
      payloadText: stampedPayload(stampText, body),
      stamp: stampText,
      body,
      seq,
      settle: (outcome) => {
        this.#settled += 1;
        this.#log.settle(stream, seq, outcome.kind, this.#clock.nowUs());
      },
    });
  }
}
