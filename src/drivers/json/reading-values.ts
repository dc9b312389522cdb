import { type FramePath, follow } from '../../templates/path.ts';
import type { Rule, SeqPath } from './description.ts';
import type { Reading } from './frame-reader.ts';
import type { Seq } from './positions.ts';
import type { AtHand } from './scope.ts';

/** @returns what a path of a description leads to; undefined without a path, or where it leads nowhere */
export function valueIn({ frame, outer }: Reading, path: FramePath | undefined): unknown {
  return path === undefined ? undefined : follow(path.outer ? outer : frame, path.steps);
}

export function textIn(reading: Reading, path: FramePath | undefined): string | undefined {
  const value = valueIn(reading, path);
  return value === undefined ? undefined : String(value);
}

/** Servers write a flag, or how often they have tried. */
export function flagIn(reading: Reading, path: FramePath | undefined): boolean {
  const value = valueIn(reading, path);
  return value === true || value === 'true' || (typeof value === 'number' && value > 0);
}

export function seqIn(reading: Reading, path: SeqPath): Seq {
  switch (path.kind) {
    case 'count':
      return { kind: 'count', number: valueIn(reading, path.at) };
    case 'range':
      return { kind: 'range', from: valueIn(reading, path.from), to: valueIn(reading, path.to) };
    case 'chain':
      return { kind: 'chain', previous: valueIn(reading, path.previous), at: valueIn(reading, path.at) };
  }
}

/** What the ack of a message may speak of. */
export function ackable(
  reading: Reading,
  { id }: Rule,
  room: string | undefined,
  seq: Seq | undefined,
): AtHand {
  const message = { seq: numberOf(seq), id: valueIn(reading, id) };
  return { room, frame: reading.frame, message };
}

function numberOf(seq: Seq | undefined): unknown {
  if (seq === undefined) return undefined;
  return seq.kind === 'count' ? seq.number : seq.kind === 'range' ? seq.to : seq.at;
}
