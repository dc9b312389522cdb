import { ANOMALY_KINDS } from '../delivery/anomaly.ts';
import type { DeliveryCounts } from '../delivery/judgement.ts';
import type { Clock } from '../protocol/ports.ts';
import type { Findings } from '../verdict/judge-run.ts';
import type { ConnectionTap } from '../world/virtual/network.ts';
import type { Item, PipeTap } from '../world/virtual/pipe.ts';

/** `up`: from the client to the server. */
export type Direction = 'up' | 'down';
type Act = 'wrote' | 'read' | 'reset';

const ACT_CODES: Readonly<Record<Act, number>> = { wrote: 1, read: 2, reset: 3 };
const KIND_CODES: Readonly<Record<Item['kind'], number>> = {
  open: 1,
  refused: 2,
  text: 3,
  ping: 4,
  pong: 5,
  close: 6,
  end: 7,
  binary: 8,
};
const DIRECTION_CODES: Readonly<Record<Direction, number>> = { up: 1, down: 2 };
/** Leading characters of a text that count one by one: what tells frames of one kind apart stands there. */
const HEAD_LENGTH = 16;
/** Further characters that count, spread evenly over the rest. */
const REST_SAMPLES = 6;
/** Characters of a text that are written down. */
const TEXT_LENGTH_MAX = 1000;
const HIGH_WORD = 4_294_967_296;

/** Two independent multiplicative mixes of 32 bits over a sequence of numbers: 64 bits that anything would change. */
class Mix {
  #a = 0x9e3779b9;
  #b = 0x85ebca6b;

  /** @param word - counts with its low 32 bits */
  add(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x01000193) + 0x7f4a7c15;
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul(this.#b + word, 0xcc9e2d51);
    this.#b = (this.#b << 13) | (this.#b >>> 19);
  }

  /** @param value - any whole number that a double holds */
  addWide(value: number): void {
    this.add(value | 0);
    if (value >= HIGH_WORD) this.add(Math.floor(value / HIGH_WORD));
  }

  toString(): string {
    return hex32(finished(this.#a)) + hex32(finished(this.#b));
  }
}

/** What tells about everything that travels: as it is hashed, or as it is written down. */
interface HistorySink {
  add(atUs: number, client: number, dial: number, direction: Direction, act: Act, item?: Item): void;
}

/** Looks on at every connection of a run, in the order of its events. */
abstract class Onlooker implements HistorySink {
  readonly #dials: number[] = [];

  /** For {@link SimulationOptions.newTap}. */
  readonly newTap = (client: number, clock: Clock): ConnectionTap => {
    const dial = (this.#dials[client] ?? 0) + 1;
    this.#dials[client] = dial;
    return {
      up: new LaneTap(this, clock, client, dial, 'up'),
      down: new LaneTap(this, clock, client, dial, 'down'),
    };
  };

  abstract add(atUs: number, client: number, dial: number, direction: Direction, act: Act, item?: Item): void;
}

class LaneTap implements PipeTap {
  readonly #sink: HistorySink;
  readonly #clock: Clock;
  readonly #client: number;
  readonly #dial: number;
  readonly #direction: Direction;

  constructor(sink: HistorySink, clock: Clock, client: number, dial: number, direction: Direction) {
    this.#sink = sink;
    this.#clock = clock;
    this.#client = client;
    this.#dial = dial;
    this.#direction = direction;
  }

  wrote(item: Item): void {
    this.#sink.add(this.#clock.nowUs(), this.#client, this.#dial, this.#direction, 'wrote', item);
  }

  read(item: Item): void {
    this.#sink.add(this.#clock.nowUs(), this.#client, this.#dial, this.#direction, 'read', item);
  }

  reset(): void {
    this.#sink.add(this.#clock.nowUs(), this.#client, this.#dial, this.#direction, 'reset');
  }
}

/**
 * A fingerprint of all that travelled in a run and of what was found in it: the instant, connection, direction, kind
 * and length of everything written and read, the telling parts of each text, and the final counts.
 *
 * Equal runs have equal fingerprints in every process and on every version of Node.
 */
export class HistoryHash extends Onlooker {
  readonly #mix = new Mix();
  #eventCount = 0;
  #lastUs = 0;

  /** Things written, read and reset. */
  get eventCount(): number {
    return this.#eventCount;
  }

  override add(
    atUs: number,
    client: number,
    dial: number,
    direction: Direction,
    act: Act,
    item?: Item,
  ): void {
    this.#eventCount += 1;
    const mix = this.#mix;
    // Time since the event before fits a word, and says as much.
    mix.addWide(atUs - this.#lastUs);
    this.#lastUs = atUs;
    mix.add(client);
    mix.add((dial << 8) | (DIRECTION_CODES[direction] << 6) | (ACT_CODES[act] << 4) | kindCode(item));
    if (item === undefined) return;
    mix.add(item.bytes);
    if (act === 'read') return;
    if (item.kind === 'text') addText(mix, item.text);
    else if (item.kind === 'close') {
      mix.add(item.code);
      addText(mix, item.reason);
    }
  }

  /** @returns 16 hexadecimal digits */
  finish(findings: Findings): string {
    for (const value of countsOf(findings)) this.#mix.addWide(value);
    return this.#mix.toString();
  }
}

/** Everything that travelled in a run, one line an event, to be compared with that of another run. */
export class HistoryRecording extends Onlooker {
  readonly #lines: string[] = [];

  get lines(): readonly string[] {
    return this.#lines;
  }

  override add(
    atUs: number,
    client: number,
    dial: number,
    direction: Direction,
    act: Act,
    item?: Item,
  ): void {
    const subject = item === undefined ? '' : ` ${wordsFor(item)}`;
    this.#lines.push(`${(atUs / 1000).toFixed(3)}ms c${client}#${dial} ${direction} ${act}${subject}`);
  }

  /** The final counts, as the last line. */
  finish(findings: Findings): void {
    this.#lines.push(`counts ${[...countsOf(findings)].join(' ')}`);
  }
}

/** The first event in which two histories differ; lines are absent where one of them had ended. */
export interface Divergence {
  /** Place in both, from 0. */
  readonly index: number;
  readonly first: string | undefined;
  readonly second: string | undefined;
}

/** @returns undefined when they are the same */
export function firstDivergence(first: readonly string[], second: readonly string[]): Divergence | undefined {
  const length = Math.max(first.length, second.length);
  for (let index = 0; index < length; index += 1) {
    if (first[index] !== second[index]) return { index, first: first[index], second: second[index] };
  }
  return undefined;
}

function kindCode(item: Item | undefined): number {
  return item === undefined ? 0 : KIND_CODES[item.kind];
}

function addText(mix: Mix, text: string): void {
  const { length } = text;
  const headEnd = Math.min(HEAD_LENGTH, length);
  let at = 0;
  // Two units to a word: a text is most of what there is to mix.
  for (; at + 1 < headEnd; at += 2) mix.add((text.charCodeAt(at) << 16) | text.charCodeAt(at + 1));
  if (at >= length) return;
  const step = Math.max(1, Math.floor((length - at) / REST_SAMPLES));
  for (; at < length; at += step) mix.add(text.charCodeAt(at));
}

function* countsOf({ judgement, upstream, anomalyCounts, faults }: Findings): Generator<number> {
  yield* deliveryCounts(judgement.delivery);
  if (upstream !== undefined) yield* deliveryCounts(upstream.delivery);
  for (const kind of ANOMALY_KINDS) yield anomalyCounts[kind];
  for (const { fired, effects } of faults) {
    yield fired;
    yield effects;
  }
}

function* deliveryCounts({ lost, duplicates, ...counts }: DeliveryCounts): Generator<number> {
  yield* Object.values(counts);
  yield lost.silent;
  yield* Object.values(lost.reportedBy);
  yield* Object.values(duplicates);
}

function wordsFor(item: Item): string {
  switch (item.kind) {
    case 'text':
      return `${item.bytes} B ${shortened(item.text)}`;
    case 'close':
      return `close ${item.code} ${item.reason}`;
    default:
      return item.kind;
  }
}

/** A history is there to be kept and read: of a very long text, its ends. */
function shortened(text: string): string {
  if (text.length <= TEXT_LENGTH_MAX) return text;
  const cut = text.length - TEXT_LENGTH_MAX;
  return `${text.slice(0, TEXT_LENGTH_MAX / 2)}… ${cut} more …${text.slice(-TEXT_LENGTH_MAX / 2)}`;
}

function finished(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
