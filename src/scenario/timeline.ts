import type { Fault, PlannedFault } from '../faults/fault.ts';
import { findFault } from '../faults/registry.ts';
import { sample } from '../protocol/draw.ts';
import type { Random } from '../protocol/ports.ts';
import { readFaultValues } from './fault-entry.ts';
import type { ClientSelector, FaultEntry, PublishStream, Scenario } from './schema.ts';
import { selectInstances } from './services-schema.ts';

/**
 * The expansion of a scenario: the profile of each client, the streams it is owed, the instant of each message, and
 * the clients of each fault. The same scenario and seed give the same timeline in every process.
 */

/** The clients of a scenario: numbered from 0 over all profiles, in the order of the file. */
export interface ClientRoster {
  readonly count: number;
  /** @returns index of the client's profile in the scenario */
  profileOf(client: number): number;
  /** Numbers of the clients of a profile: from `first`, before `end`. */
  rangeOf(profileIndex: number): { readonly first: number; readonly end: number };
}

export function clientsOf(scenario: Scenario): ClientRoster {
  const firsts = [0];
  for (const { count } of scenario.clients) firsts.push((firsts.at(-1) ?? 0) + count);
  const total = firsts.at(-1) ?? 0;
  return {
    count: total,
    profileOf: (client) => {
      if (!(client >= 0 && client < total))
        throw new Error(`Cannot find client "${client}": there are ${total}, from 0 on`);
      return firsts.findLastIndex((first) => first <= client);
    },
    rangeOf: (profileIndex) => {
      const [first, end] = [firsts[profileIndex], firsts[profileIndex + 1]];
      if (first === undefined || end === undefined)
        throw new Error(`Cannot find profile "${profileIndex}": there is none`);
      return { first, end };
    },
  };
}

/** Whether the clients of a profile are there from the start of load to its end. */
export function isThroughout({ join, leave }: Scenario['clients'][number]): boolean {
  return join === undefined && leave === undefined;
}

/** Clients that join during load. */
export function lateCount({ clients }: Scenario): number {
  return clients.reduce((sum, { join, count }) => sum + (join === undefined ? 0 : count), 0);
}

/** When a client comes and goes, ms from the start of load; absent: at the start and never. */
export function presenceOf(
  scenario: Scenario,
  client: number,
): { readonly joinMs?: number; readonly leaveMs?: number } {
  const roster = clientsOf(scenario);
  const profileIndex = roster.profileOf(client);
  const { first, end } = roster.rangeOf(profileIndex);
  const { join, leave } = scenario.clients[profileIndex] ?? {};
  const within = ({ from, to }: { from: number; to: number }): number =>
    from + ((to - from) * (client - first)) / (end - first);
  return {
    ...(join === undefined ? {} : { joinMs: within(join) }),
    ...(leave === undefined ? {} : { leaveMs: within(leave) }),
  };
}

/**
 * By number of the stream, whether a profile is owed it: the probe (0), the room of all clients, and the rooms it
 * joins.
 */
export function subscribedStreams(scenario: Scenario, profileIndex: number): boolean[] {
  const rooms = scenario.clients[profileIndex]?.rooms ?? [];
  // A target has no room of everybody: its probe goes through each stream.
  return [
    scenario.target === undefined,
    ...scenario.publish.map(({ room }) => room === '*' || rooms.includes(room)),
  ];
}

/**
 * The instants at which a stream's messages should leave, in order, in integer µs from `fromUs` (inclusive) to `toUs`
 * (exclusive). Uses constant memory, however long the span.
 *
 * Constant and burst instants are multiples of the interval, not sums, so that they do not drift.
 *
 * @throws {Error} for rate `max`, where deliveries and not the clock decide
 */
export function publishInstants(
  stream: Pick<PublishStream, 'rate' | 'arrival' | 'burst'>,
  { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number },
  random: Random,
): IterableIterator<number> {
  const { rate, arrival, burst } = stream;
  if (!(rate > 0 && rate < Number.POSITIVE_INFINITY)) {
    throw new Error(
      `Cannot pace a stream at the rate "${rate}": it has no schedule, a finite rate above 0 is wanted`,
    );
  }
  switch (arrival) {
    case 'constant':
      return regular(rate, 1, fromUs, toUs);
    case 'burst':
      return regular(rate, burst, fromUs, toUs);
    case 'poisson':
      return poisson(rate, fromUs, toUs, random);
  }
}

function* regular(
  perSec: number,
  together: number,
  fromUs: number,
  toUs: number,
): Generator<number, undefined> {
  for (let message = 0; ; message++) {
    const group = Math.floor(message / together);
    const instantUs = fromUs + Math.round((group * together * 1_000_000) / perSec);
    if (instantUs >= toUs) return;
    yield instantUs;
  }
}

function* poisson(
  perSec: number,
  fromUs: number,
  toUs: number,
  random: Random,
): Generator<number, undefined> {
  for (let elapsedSec = 0; ; ) {
    elapsedSec -= Math.log(1 - random.next()) / perSec;
    const instantUs = fromUs + Math.round(elapsedSec * 1_000_000);
    if (instantUs >= toUs) return;
    yield instantUs;
  }
}

/**
 * The explicit fault list of a scenario, by instant.
 *
 * @param random - creates the stream of a name; each fault draws from its own stream, named after its content, so
 *   that removing or moving one fault does not change the draws of others
 */
export function planFaults(scenario: Scenario, random: (name: string) => Random): PlannedFault[] {
  const roster = clientsOf(scenario);
  const twins = new Map<string, number>();
  const planned = scenario.faults.flatMap((entry, index): PlannedFault[] => {
    const content = canonical(entry);
    const twin = twins.get(content) ?? 0;
    twins.set(content, twin + 1);
    return planEntry(scenario, entry, index, roster, random(`fault/${content}/${twin}`));
  });
  return planned.sort((a, b) => a.atMs - b.atMs || a.index - b.index);
}

/** Each repetition chooses clients of its own. */
function planEntry(
  scenario: Scenario,
  entry: FaultEntry,
  index: number,
  roster: ClientRoster,
  random: Random,
): PlannedFault[] {
  const fault = findFault(entry.do);
  if (fault === undefined) throw new Error(`Cannot plan "${entry.do}": no fault has this name`);
  const { values, problems } = readFaultValues(fault, entry);
  if (problems[0] !== undefined) throw new Error(problems[0].message);
  const forMs = lastsMs(fault, entry, scenario);
  return faultInstants(scenario, entry, forMs).map((atMs) => ({
    index,
    name: fault.name,
    atMs,
    ...(forMs === undefined ? {} : { forMs }),
    clients: hasClients(fault) ? selectClients(scenario, entry.clients, roster, random) : [],
    ...(fault.kind === 'service' ? { services: selectInstances(scenario.services, entry.service) } : {}),
    values,
    ...(entry.probability === undefined ? {} : { probability: entry.probability }),
    ...(entry.nth === undefined ? {} : { nth: entry.nth }),
  }));
}

/**
 * When an entry is played, ms from the start of load: the first time as it says, and again as long as it would be over
 * within load.
 */
export function faultInstants(
  { duration }: Scenario,
  { at = 0, every, until = duration.load }: FaultEntry,
  forMs = 0,
): number[] {
  if (every === undefined || every <= 0) return [at];
  const lastMs = Math.min(until - 1, duration.load - Math.max(1, forMs));
  const more = Math.max(0, Math.floor((lastMs - at) / every));
  return Array.from({ length: more + 1 }, (_, time) => at + time * every);
}

/** Whether a fault happens to clients. */
export function hasClients({ kind }: Fault): boolean {
  return kind !== 'server' && kind !== 'service';
}

/** A text that is equal for equal entries, regardless of the order of their keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${key}:${canonical(inner)}`).join()}}`;
}

/** Duration of a fault, ms; `undefined` when it happens at one instant or is never healed. */
export function lastsMs(fault: Fault, entry: FaultEntry, scenario: Scenario): number | undefined {
  switch (fault.kind) {
    case 'instant':
    case 'server':
      return undefined;
    case 'lasting':
      if (fault.healed === false) return undefined;
      if (fault.lasts === 'past-resume-ttl') return entry.for ?? scenario.server.resumeTtl + PAST_TTL_MS;
      return entry.for ?? scenario.duration.load - (entry.at ?? 0);
    case 'service':
      if (fault.end === undefined) return undefined;
      return entry.for ?? scenario.duration.load - (entry.at ?? 0);
    case 'acks':
      return entry.for ?? scenario.duration.load - (entry.at ?? 0);
  }
}

/** A session has certainly expired this long after its TTL, including timer and scheduling delays. */
const PAST_TTL_MS = 1000;

/** Indexes of the profiles that match a selector's `profile` and `room`. */
function profilesOf(scenario: Scenario, selector: ClientSelector | undefined): readonly number[] {
  const { profile, room } = selector ?? {};
  const indices = scenario.clients.map((client, index) => {
    const named = profile === undefined || client.profile === profile;
    const inRoom = room === undefined || room === '*' || client.rooms.includes(room);
    return named && inRoom ? index : -1;
  });
  return indices.filter((index) => index >= 0);
}

/** Number of clients that match a selector's `profile` and `room`. */
export function matchingCount(scenario: Scenario, selector: ClientSelector | undefined): number {
  return profilesOf(scenario, selector).reduce(
    (sum, index) => sum + (scenario.clients[index]?.count ?? 0),
    0,
  );
}

/** Number of clients that a selector selects. */
export function selectedCount(scenario: Scenario, selector: ClientSelector | undefined): number {
  if (selector?.ids !== undefined) return new Set(selector.ids).size;
  const matching = matchingCount(scenario, selector);
  if (selector?.count !== undefined) return Math.min(selector.count, matching);
  if (selector?.share === undefined) return matching;
  return Math.min(matching, Math.max(1, Math.round(selector.share * matching)));
}

function selectClients(
  scenario: Scenario,
  selector: ClientSelector | undefined,
  roster: ClientRoster,
  random: Random,
): readonly number[] {
  if (selector?.ids !== undefined) return [...new Set(selector.ids)].sort((a, b) => a - b);
  const candidates = profilesOf(scenario, selector).flatMap((index) => {
    const { first, end } = roster.rangeOf(index);
    return Array.from({ length: end - first }, (_, offset) => first + offset);
  });
  const wanted = selectedCount(scenario, selector);
  if (wanted === candidates.length) return candidates;
  return sample(random, candidates, wanted).sort((a, b) => a - b);
}
