import type { Fault, FaultParameter, FaultValues } from '../faults/fault.ts';
import { FAULTS, findFault } from '../faults/registry.ts';
import { isSendableCloseCode } from '../protocol/close-code.ts';
import { suggest } from '../text/nearest.ts';
import { quote } from './problem.ts';
import { type ParsedQuantity, parseBytes, parseBytesPerSec, parseDuration, parseRatio } from './quantity.ts';
import { faultSchema } from './schema.ts';

/** A problem of one fault of the scenario; without a key it concerns the whole entry. */
interface FaultProblem {
  readonly key?: string;
  /** Whether the key itself is wrong, not its value. */
  readonly aboutKey?: boolean;
  readonly message: string;
}

/** The settings that every fault has; all other keys of an entry are parameters of its fault. */
const FAULT_KEYS: readonly string[] = Object.keys(faultSchema.shape);

/** The parameters of a fault as plain numbers, with defaults for missing ones. */
export function readFaultValues(
  fault: Fault,
  entry: Readonly<Record<string, unknown>>,
): { readonly values: FaultValues; readonly problems: readonly FaultProblem[] } {
  const values: Record<string, number> = {};
  const problems: FaultProblem[] = [];
  for (const [key, parameter] of Object.entries(fault.parameters)) {
    const parsed = readParameter(
      parameter,
      Object.hasOwn(entry, key) ? entry[key] : asWritten(parameter, parameter.default),
    );
    if (parsed.ok) values[key] = parsed.value;
    else problems.push({ key, message: parsed.problem });
  }
  return { values, problems };
}

/** All problems of an entry that can be found without the rest of the scenario. */
export function checkFaultEntry(entry: Readonly<Record<string, unknown>>): readonly FaultProblem[] {
  if (typeof entry.do !== 'string') return [];
  const fault = findFault(entry.do);
  if (fault === undefined) {
    const message = `Cannot do ${quote(entry.do)}: no fault has this name, ${suggest(entry.do, [...FAULTS.keys()], 'a fault')}`;
    return [{ key: 'do', message }];
  }
  const problems: FaultProblem[] = [...readFaultValues(fault, entry).problems];
  const known = [...FAULT_KEYS, ...Object.keys(fault.parameters)];
  for (const key of Object.keys(entry)) {
    if (known.includes(key)) continue;
    const message = `Cannot read ${quote(key)}: "${fault.name}" has no such parameter, ${suggest(key, known, 'a key')}`;
    problems.push({ key, aboutKey: true, message });
  }
  for (const [key, reason] of misfits(fault, entry)) {
    if (Object.hasOwn(entry, key))
      problems.push({ key, aboutKey: true, message: `Cannot use "${key}": ${reason}` });
  }
  return problems;
}

/** Keys that make no sense for this fault, with the reason. */
function misfits(
  fault: Fault,
  entry: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string])[] {
  const found: [string, string][] = [];
  const once =
    fault.kind === 'instant' ||
    fault.kind === 'server' ||
    (fault.kind === 'service' && fault.end === undefined);
  if (once) {
    found.push(['for', `"${fault.name}" happens at one instant, only "at" is wanted`]);
    found.push(['during', `"${fault.name}" happens at one instant, only "at" is wanted`]);
  }
  if (fault.kind === 'lasting' && fault.healed === false) {
    found.push(['for', `"${fault.name}" is never healed, only "at" is wanted`]);
  }
  if (fault.kind === 'server')
    found.push(['clients', `"${fault.name}" happens to the server, no clients are wanted`]);
  if (fault.kind === 'service')
    found.push(['clients', `"${fault.name}" happens to a service, no clients are wanted`]);
  else
    found.push(['service', `"${fault.name}" does not happen to services, only service-kill and its like do`]);
  if (fault.kind !== 'acks') {
    const reason = `"${fault.name}" does not act on acks, only ack faults such as lose-acks have it`;
    found.push(['probability', reason], ['nth', reason]);
  } else if (Object.hasOwn(entry, 'probability')) {
    found.push(['nth', 'the entry has a "probability", one of the two is wanted']);
  }
  if (!once && (Object.hasOwn(entry, 'at') || Object.hasOwn(entry, 'for'))) {
    found.push(['during', 'the entry has its own "at" or "for", one of the two ways is wanted']);
  }
  return found;
}

function readParameter(parameter: FaultParameter, input: unknown): ParsedQuantity {
  const parsed = readKind(parameter.kind, input);
  if (!parsed.ok) return parsed;
  const min = readKind(parameter.kind, asWritten(parameter, parameter.min));
  const max = readKind(parameter.kind, asWritten(parameter, parameter.max));
  if (min.ok && max.ok && parsed.value >= min.value && parsed.value <= max.value) return parsed;
  return {
    ok: false,
    problem: `Cannot use ${quote(input)}: it is out of bounds, ${parameter.min} to ${parameter.max} is wanted`,
  };
}

/** A default or bound as YAML would parse it: counts are plain numbers. */
function asWritten(parameter: FaultParameter, text: string): string | number {
  return parameter.kind === 'count' || parameter.kind === 'close-code' ? Number(text) : text;
}

function readKind(kind: FaultParameter['kind'], input: unknown): ParsedQuantity {
  switch (kind) {
    case 'duration':
      return parseDuration(input);
    case 'bytes':
      return parseBytes(input);
    case 'bytes-per-second':
      return parseBytesPerSec(input);
    case 'ratio':
      return parseRatio(input);
    case 'count':
      return readWhole(input, 'a count');
    case 'close-code':
      return readCloseCode(input);
  }
}

function readWhole(input: unknown, noun: string): ParsedQuantity {
  if (typeof input === 'number' && Number.isSafeInteger(input)) return { ok: true, value: input };
  return { ok: false, problem: `Cannot read ${quote(input)}: ${noun} is a whole number without a unit` };
}

function readCloseCode(input: unknown): ParsedQuantity {
  const parsed = readWhole(input, 'a close code');
  if (!parsed.ok) return parsed;
  const code = parsed.value;
  if (isSendableCloseCode(code)) return parsed;
  return {
    ok: false,
    problem: `Cannot close with "${code}": it cannot be sent, 1000 to 1014 or 3000 to 4999 is wanted`,
  };
}
