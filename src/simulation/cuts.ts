import {
  type ClientProfile,
  type FaultEntry,
  type PublishStream,
  type Scenario,
  scenarioSchema,
} from '../scenario/schema.ts';
import { towardsDefaults } from '../scenario/write-scenario.ts';
import { parametersOf } from './explicit.ts';
import type { Subject } from './subject.ts';

/** What is being made smaller, and the number that the client concerned has in it. */
export interface Candidate {
  readonly subject: Subject;
  /** Whether losses that are reported are at issue: with less room or patience those would be no fault of anybody's. */
  readonly keepsSettings: boolean;
  readonly client: number | undefined;
}

/** Ways to make a case a little smaller, the boldest first. They need not make sense: each is checked, then run. */
export type Cut = (from: Candidate) => Iterable<Candidate>;

const LOAD_MS_MIN = 50;
const LOAD_SHARES = [0.1, 0.25, 0.5, 0.75, 0.9];
const SETTLE_MS = [1000, 2000, 5000, 20_000];
const RATES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
/** Fault values are rounded to so many digits. */
const DIGITS = [1, 2, 3];

/** Candidates of a cut that are tried before it is known to be worth more: with halves and quarters. */
const BOLD = 7;

/** In the order in which they save most time for those that follow. */
export const CUTS: readonly Cut[] = [
  boldly(fewerClients),
  fewerFaults,
  fewerClients,
  shorterLoad,
  fewerMessages,
  shorterPhases,
  plainerNetwork,
  plainerSettings,
  plainerFaults,
];

/** Only the first candidates of a cut: a crowd may have nothing to do with it, and costs time in every other run. */
function boldly(cut: Cut): Cut {
  return function* (from) {
    let left = BOLD;
    for (const candidate of cut(from)) {
      if (left === 0) return;
      left -= 1;
      yield candidate;
    }
  };
}

function* fewerFaults(from: Candidate): Iterable<Candidate> {
  const { faults } = from.subject.scenario;
  for (const kept of subsets(faults)) yield withScenario(from, { faults: kept });
}

function* fewerClients(from: Candidate): Iterable<Candidate> {
  const all = from.subject.scenario.clients.flatMap(({ count }, index) =>
    Array.from({ length: count }, () => index),
  );
  const others = [...all.keys()].filter((client) => client !== from.client);
  for (const kept of subsets(others)) {
    const numbers = from.client === undefined ? kept : [...kept, from.client].sort((a, b) => a - b);
    if (numbers.length > 0) yield keepClients(from, numbers);
  }
}

/** Clients are numbered anew; what only those concerned who are gone goes with them. */
function keepClients(from: Candidate, numbers: readonly number[]): Candidate {
  const { scenario } = from.subject;
  let first = 0;
  const clients = scenario.clients.flatMap((profile): ClientProfile[] => {
    const [low, end] = [first, first + profile.count];
    first = end;
    const count = numbers.filter((number) => number >= low && number < end).length;
    return count === 0 ? [] : [{ ...profile, count }];
  });
  const renamed = new Map(numbers.map((number, place) => [number, place]));
  const faults = scenario.faults.flatMap((fault): FaultEntry[] => {
    if (fault.clients === undefined) return [fault];
    const ids = (fault.clients.ids ?? []).flatMap((id) => renamed.get(id) ?? []);
    return ids.length === 0 ? [] : [{ ...fault, clients: { ids } }];
  });
  const publish = scenario.publish.filter(
    ({ room }) => room === '*' || clients.some(({ rooms }) => rooms.includes(room)),
  );
  const client = from.client === undefined ? undefined : renamed.get(from.client);
  return { ...withScenario(from, { clients, faults, publish }), client };
}

function* shorterLoad(from: Candidate): Iterable<Candidate> {
  const { faults, duration } = from.subject.scenario;
  const endMs = Math.max(0, ...faults.map((fault) => (fault.at ?? 0) + (fault.for ?? 0)));
  const lengths = [endMs + LOAD_MS_MIN, ...LOAD_SHARES.map((share) => duration.load * share)];
  for (const loadMs of lengths.map((ms) => Math.ceil(ms / 10) * 10)) {
    if (loadMs < duration.load && loadMs >= LOAD_MS_MIN) yield endingAt(from, loadMs);
  }
  const firstMs = Math.min(duration.load - LOAD_MS_MIN, ...faults.map((fault) => fault.at ?? 0));
  for (const share of [1, ...LOAD_SHARES.toReversed()]) {
    const earlierMs = Math.floor(firstMs * share);
    if (earlierMs > 0 && faults.length > 0) yield beginningAt(from, earlierMs);
  }
}

function endingAt(from: Candidate, loadMs: number): Candidate {
  const { scenario } = from.subject;
  const faults = scenario.faults.flatMap((fault): FaultEntry[] => {
    const leftMs = loadMs - (fault.at ?? 0);
    if (leftMs <= 0) return [];
    return [fault.for === undefined ? fault : { ...fault, for: Math.min(fault.for, leftMs) }];
  });
  return withScenario(from, { faults, duration: { ...scenario.duration, load: loadMs } });
}

/** Everything comes so much earlier. */
function beginningAt(from: Candidate, earlierMs: number): Candidate {
  const { faults, duration } = from.subject.scenario;
  return withScenario(from, {
    faults: faults.map((fault) => ({ ...fault, at: (fault.at ?? 0) - earlierMs })),
    duration: { ...duration, load: duration.load - earlierMs },
  });
}

function* shorterPhases(from: Candidate): Iterable<Candidate> {
  const { duration } = from.subject.scenario;
  const withPhase = (phase: Partial<Scenario['duration']>): Candidate =>
    withScenario(from, { duration: { ...duration, ...phase } });
  for (const phase of ['warmUp', 'rampUp'] as const) {
    for (const ms of [0, Math.ceil(duration[phase] / 2)])
      if (ms < duration[phase]) yield withPhase({ [phase]: ms });
  }
  for (const settle of SETTLE_MS) if (settle < duration.settle) yield withPhase({ settle });
}

function* fewerMessages(from: Candidate): Iterable<Candidate> {
  const { publish, clients } = from.subject.scenario;
  for (const kept of subsets(publish)) if (kept.length > 0) yield withScenario(from, { publish: kept });
  for (const [index, stream] of publish.entries()) {
    for (const rate of RATES) {
      if (rate < stream.rate) yield withScenario(from, { publish: publish.with(index, { ...stream, rate }) });
    }
  }
  for (const [index, { upstream, ...rest }] of clients.entries()) {
    if (upstream === undefined) continue;
    yield withScenario(from, { clients: clients.with(index, rest) });
    for (const rate of RATES) {
      const slower = { ...rest, upstream: { ...upstream, rate } };
      if (rate < upstream.rate) yield withScenario(from, { clients: clients.with(index, slower) });
    }
  }
}

function* plainerNetwork(from: Candidate): Iterable<Candidate> {
  const { network, ...usual } = from.subject;
  if (network === undefined) return;
  yield { ...from, subject: usual };
  for (const part of ['up', 'down', 'kernelBytes'] as const) {
    const { [part]: removed, ...rest } = network;
    if (removed !== undefined) yield { ...from, subject: { ...usual, network: rest } };
  }
}

function* plainerSettings(from: Candidate): Iterable<Candidate> {
  if (from.keepsSettings) return;
  const { server, clients, publish } = from.subject.scenario;
  const { shape } = scenarioSchema;
  for (const plainer of towardsDefaults(shape.server, server)) yield withScenario(from, { server: plainer });
  for (const [index, profile] of clients.entries()) {
    for (const plainer of towardsDefaults(shape.clients.unwrap().element, profile)) {
      const same = plainer.count === profile.count && plainer.rooms === profile.rooms;
      if (same) yield withScenario(from, { clients: clients.with(index, plainer) });
    }
  }
  for (const [index, stream] of publish.entries()) {
    for (const plainer of towardsDefaults(shape.publish.unwrap().element, stream)) {
      if (plainer.rate === stream.rate) yield withScenario(from, { publish: publish.with(index, plainer) });
    }
  }
  yield* withoutRooms(from, clients, publish);
}

/** Everybody in the room of everybody. */
function* withoutRooms(
  from: Candidate,
  clients: readonly ClientProfile[],
  publish: readonly PublishStream[],
): Iterable<Candidate> {
  if (publish.every(({ room }) => room === '*') && clients.every(({ rooms }) => rooms.length === 0)) return;
  yield withScenario(from, {
    clients: clients.map((profile) => ({ ...profile, rooms: [] })),
    publish: publish.map((stream) => ({ ...stream, room: '*' })),
  });
}

function* plainerFaults(from: Candidate): Iterable<Candidate> {
  const { faults } = from.subject.scenario;
  for (const [index, fault] of faults.entries()) {
    const plainer = [
      ...fewerTargets(fault, from.client),
      ...(from.keepsSettings ? [] : plainerParameters(fault)),
      ...plainerTimes(fault),
    ];
    for (const entry of plainer) yield withScenario(from, { faults: faults.with(index, entry) });
  }
}

function* fewerTargets(fault: FaultEntry, client: number | undefined): Iterable<FaultEntry> {
  const ids = fault.clients?.ids ?? [];
  for (const kept of subsets(ids.filter((id) => id !== client))) {
    const concerned = client !== undefined && ids.includes(client) ? [...kept, client] : kept;
    if (concerned.length > 0) yield { ...fault, clients: { ids: concerned.sort((a, b) => a - b) } };
  }
}

function* plainerParameters(fault: FaultEntry): Iterable<FaultEntry> {
  for (const key of ['probability', 'nth', ...Object.keys(parametersOf(fault))]) {
    const { [key]: removed, ...rest } = fault;
    if (removed !== undefined) yield rest as FaultEntry;
  }
}

function* plainerTimes(fault: FaultEntry): Iterable<FaultEntry> {
  const { at = 0, for: forMs } = fault;
  if (forMs !== undefined) {
    yield { ...fault, for: Math.ceil(forMs / 2) };
    for (const rounded of rounder(forMs)) yield { ...fault, for: rounded };
  }
  for (const rounded of rounder(at)) yield { ...fault, at: rounded };
}

/** Numbers near by with fewer digits, the fewest first. */
function rounder(value: number): number[] {
  const step = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  const rounded = DIGITS.flatMap((digits) => {
    const unit = step / 10 ** (digits - 1);
    return [Math.floor(value / unit) * unit, Math.ceil(value / unit) * unit];
  });
  return [...new Set(rounded)].filter((candidate) => digitsOf(candidate) < digitsOf(value));
}

function digitsOf(value: number): number {
  return String(value).replace('.', '').replace(/0+$/, '').length;
}

/** All subsets of so few items are tried: more than one may have to go at once. */
const FEW = 5;

/**
 * None; then all but a part of them, from halves down to single ones (Zeller's delta debugging). Of few items every
 * subset, the smallest first.
 */
function* subsets<T>(items: readonly T[]): Generator<T[], undefined> {
  if (items.length === 0) return;
  if (items.length <= FEW) {
    const masks = Array.from({ length: 2 ** items.length - 1 }, (_, mask) => mask);
    const chosen = masks.map((mask) => items.filter((_, place) => (mask >> place) % 2 === 1));
    yield* chosen.sort((a, b) => a.length - b.length);
    return;
  }
  yield [];
  for (let size = Math.ceil(items.length / 2); ; size = Math.ceil(size / 2)) {
    for (let at = 0; at < items.length; at += size) {
      const kept = items.toSpliced(at, size);
      if (kept.length > 0) yield kept;
    }
    if (size === 1) return;
  }
}

function withScenario(from: Candidate, changed: Partial<Scenario>): Candidate {
  return { ...from, subject: { ...from.subject, scenario: { ...from.subject.scenario, ...changed } } };
}
