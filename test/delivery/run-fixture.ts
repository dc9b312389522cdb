import { crc32 } from 'node:zlib';
import type { Arrival } from '../../src/delivery/arrival.ts';
import { type JudgeInput, type Judgement, judge } from '../../src/delivery/checker.ts';
import { ServerEvidence } from '../../src/delivery/evidence.ts';
import type { Handling } from '../../src/delivery/ledger.ts';
import { ClientLedger } from '../../src/delivery/ledger.ts';
import { LedgerContext } from '../../src/delivery/ledger-context.ts';
import { PublishLog, type PublishStatus } from '../../src/delivery/publish-log.ts';
import { formatStamp, makeBody } from '../../src/delivery/stamp.ts';

const RUN = 'k3x9';

/** A run told in a few lines: publishes, ledgers and the server's record share one log and one context. */
export class RunFixture {
  readonly log = new PublishLog();
  readonly context: LedgerContext;
  readonly evidence = new ServerEvidence();
  readonly clients: ClientLedger[] = [];

  constructor(lateAfterUs?: number) {
    this.context = new LedgerContext({
      run: RUN,
      ...(lateAfterUs === undefined ? {} : { lateAfterUs }),
    });
  }

  client(subscribed: readonly boolean[] = [true], profile = 'healthy'): ClientLedger {
    const ledger = new ClientLedger({
      context: this.context,
      client: this.clients.length,
      profile,
      subscribed,
    });
    this.clients.push(ledger);
    return ledger;
  }

  /** A client whose subscription was confirmed at `atUs`, its hello 2 µs before. */
  subscribed(
    atUs: number,
    key = `s${this.clients.length}`,
    streams: readonly boolean[] = [true],
  ): ClientLedger {
    const ledger = this.client(streams);
    ledger.helloSent(atUs - 2);
    ledger.subscribed(atUs, key);
    return ledger;
  }

  /** Publishes the next message of a stream over `[beginUs..endUs]`. */
  publish(beginUs: number, endUs = beginUs + 1, status: PublishStatus = 'accepted', stream = 0): number {
    const seq = this.log.count(stream) + 1;
    this.log.begin(stream, seq, beginUs, beginUs);
    if (status !== 'open') this.log.settle(stream, seq, status, endUs);
    return seq;
  }

  /** Publishes `count` messages, one every 10 µs from `fromUs` on. */
  publishMany(count: number, fromUs: number, stream = 0): void {
    for (let index = 0; index < count; index += 1)
      this.publish(fromUs + index * 10, fromUs + index * 10 + 1, 'accepted', stream);
  }

  judge(over: Partial<JudgeInput> = {}): Judgement {
    return judge({
      log: this.log,
      clients: this.clients.map((client) => client.toRecord()),
      examples: this.context.examples.list(),
      level: 'at-least-once',
      drain: 'complete',
      originUs: 0,
      endUs: 1_000_000,
      ...over,
    });
  }
}

export interface ArrivalDetails {
  readonly position?: number;
  readonly stream?: number;
  readonly redelivered?: boolean;
  readonly atUs?: number;
  readonly body?: string;
  readonly run?: string;
  readonly intendedUs?: number;
}

export function receive(
  ledger: ClientLedger,
  seq: number,
  details: ArrivalDetails = {},
): Arrival | undefined {
  const {
    stream = 0,
    position = 0,
    redelivered = false,
    atUs = 500_000,
    run = RUN,
    intendedUs = 0,
  } = details;
  const body = makeBody(32, stream, seq);
  const text = formatStamp({ run, stream, seq, intendedUs, length: 32, crc: crc32(body) });
  return ledger.received(position, text, details.body ?? body, redelivered, atUs);
}

/** Receives and handles a message at once. */
export function handle(ledger: ClientLedger, seq: number, details: ArrivalDetails = {}): Handling {
  const arrival = receive(ledger, seq, details);
  if (arrival === undefined) throw new Error(`message ${seq} is a phantom`);
  return ledger.handled(details.position ?? 0, arrival, details.atUs ?? 500_000);
}

/** Handles messages at consecutive positions, seq and position being the same. */
export function handleRange(ledger: ClientLedger, from: number, to: number, stream = 0): void {
  for (let seq = from; seq <= to; seq += 1) handle(ledger, seq, { position: seq, stream });
}
