import { crc32 } from 'node:zlib';
import { PublishLog, type PublishLogRecord } from '../delivery/publish-log.ts';
import { formatStamp, makeBody, stampedPayload } from '../delivery/stamp.ts';
import type { Clock, Random, Timers } from '../protocol/ports.ts';
import type { Scenario, UpstreamEntry } from '../scenario/schema.ts';
import { publishInstants } from '../scenario/timeline.ts';
import { type UpstreamStreams, upstreamRun, upstreamStreams } from '../scenario/upstream-streams.ts';
import type { LoadClient } from './load-client.ts';
import { Schedule } from './schedule.ts';

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
  readonly #running: Schedule[] = [];
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
    const schedule = new Schedule({
      instants,
      fromUs,
      clock: this.#clock,
      timers: this.#timers,
      act: (instantUs) => this.#send(client, entry, instantUs),
    });
    this.#running.push(schedule);
  }

  stop(): void {
    for (const schedule of this.#running) schedule.stop();
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
