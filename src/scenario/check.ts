import { findFault } from '../faults/registry.ts';
import { suggest } from '../text/nearest.ts';
import { assertionContext, parseAssertion } from './assertion.ts';
import { checkMonitoring } from './check-monitoring.ts';
import { checkPresence } from './check-presence.ts';
import { checkPublishWays } from './check-publish.ts';
import { checkRepetition } from './check-repetition.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkServices } from './check-services.ts';
import { checkFaultEntry } from './fault-entry.ts';
import { quote } from './problem.ts';
import { formatBytes, formatDuration } from './quantity.ts';
import {
  CLIENTS_MAX,
  type ClientSelector,
  type FaultEntry,
  type Scenario,
  type UpstreamEntry,
} from './schema.ts';
import { leastSettings } from './server-schema.ts';
import { withSomePorts } from './service-ports.ts';
import { instancesOf, selectInstances } from './services-schema.ts';
import { checkTarget, type Report } from './target/check-target.ts';
import type { Surroundings } from './target/surroundings.ts';
import { clientsOf, faultInstants, hasClients, lastsMs, matchingCount, selectedCount } from './timeline.ts';
import type { Path } from './yaml-source.ts';

/** A problem that the schema cannot express. */
export interface Finding {
  readonly path: Path;
  readonly aboutKey: boolean;
  readonly message: string;
  /** Offset in the text of the value, from 0. */
  readonly offset?: number;
}

/** Whether everything at and below a path was read from the file; other values are not checked. */
export type Clean = (...path: Path) => boolean;

/** Checks of a target say nothing of use when one of these could not be read. */
const TARGET_KEYS = ['url', 'driver', 'users', 'tls'] as const;
const INJECTIONS_MAX = 2_000_000;
/** The largest frame is 1 MiB; the rest is reserved for the envelope and the stamp. */
const BODY_BYTES_MAX = 1020 * 1024;

/**
 * All checks that span several settings, as far as these could be read.
 *
 * @param surroundings - absent: what the scenario refers to outside of its file is taken as it is
 */
export function checkScenario(
  scenario: Scenario,
  clean: Clean,
  surroundings?: Surroundings,
): readonly Finding[] {
  const findings: Finding[] = [];
  const report: Report = (path, message, extra = {}) =>
    findings.push({ path, aboutKey: false, ...extra, message });
  checkSettings(scenario, clean, report);
  const { target } = scenario;
  if (target !== undefined && TARGET_KEYS.every((key) => clean('target', key))) {
    const clients = clean('clients') ? clientsOf(scenario).count : 1;
    checkTarget({
      target: withSomePorts(target, scenario.services),
      clients,
      publishers: scenario.publish.length,
      surroundings,
      report,
    });
  }
  checkServices({ scenario, clean, surroundings, report });
  if (clean('server') && clean('publish')) checkMonitoring(scenario, report);
  if (clean('clients')) checkClients(scenario, report);
  if (clean('clients') && clean('publish') && clean('duration')) checkPresence(scenario, report);
  checkPublish(scenario, clean, report);
  if (clean('publish')) checkPublishWays(scenario, report);
  if (clean('target') && clean('publish')) checkSecrets(scenario, report);
  for (const [index, entry] of scenario.faults.entries()) {
    checkFault(scenario, entry, ['faults', index], clean, report);
  }
  if (clean('clients') && clean('faults')) checkInjections(scenario, report);
  if (clean('clients') && clean('faults') && clean('expect')) checkAssertions(scenario, report);
  if (clean('clients') && clean('found')) checkFound(scenario, report);
  return findings;
}

function checkSettings(scenario: Scenario, clean: Clean, report: Report): void {
  const { server } = scenario;
  if (scenario.adapt && scenario.publish.some(({ rate }) => rate === Number.POSITIVE_INFINITY)) {
    report(
      ['adapt'],
      'Cannot adapt to the machine: at rate max any machine is too slow, a rate per second is wanted',
    );
  }
  const { buffer } = server;
  checkLeast(scenario, report);
  if (clean('server', 'buffer') && buffer.warn > buffer.max) {
    const limit = `the limit "max" is ${formatBytes(buffer.max)}`;
    report(
      ['server', 'buffer', 'warn'],
      `Cannot warn above ${formatBytes(buffer.warn)}: ${limit}, at most that is wanted`,
    );
  }
}

/** Quantities that have to be 1 of their unit at least; whole numbers have their bounds in the schema. */
function checkLeast({ server, duration, clients }: Scenario, report: Report): void {
  const durations: readonly (readonly [Path, number])[] = [
    [['duration', 'load'], duration.load],
    [['duration', 'settle'], duration.settle],
    ...clients.flatMap(({ reconnect, ack }, index): (readonly [Path, number])[] => [
      [['clients', index, 'reconnect', 'min'], reconnect.min],
      [['clients', index, 'ack', 'delay'], ack.delay],
    ]),
  ];
  const least = [
    ...leastSettings(server),
    ...durations.map(([path, value]) => ({ path, value, kind: 'ms' as const })),
  ];
  for (const { path, value, kind } of least) {
    const text = kind === 'ms' ? formatDuration(value) : formatBytes(value);
    const wanted = kind === 'ms' ? '1ms' : '1B';
    if (value < 1) report(path, `Cannot use ${text} for "${path.at(-1)}": at least ${wanted} is wanted`);
  }
}

function checkClients(scenario: Scenario, report: Report): void {
  const seen = new Set<string>();
  for (const [index, { profile, reconnect, read, upstream }] of scenario.clients.entries()) {
    if (seen.has(profile)) {
      report(
        ['clients', index, 'profile'],
        `Cannot have two profiles "${profile}": selectors name one, a name of its own is wanted`,
      );
    }
    seen.add(profile);
    if (reconnect.min > reconnect.max) {
      const limit = `"max" is ${formatDuration(reconnect.max)}`;
      report(
        ['clients', index, 'reconnect', 'min'],
        `Cannot wait ${formatDuration(reconnect.min)} at least: ${limit}, at most that is wanted`,
      );
    }
    if (upstream !== undefined) checkUpstream(scenario, upstream, ['clients', index, 'upstream'], report);
    if (read !== undefined && read < 1) {
      report(
        ['clients', index, 'read'],
        'Cannot read 0B/s: such a client takes nothing, the fault pause-reader is wanted',
      );
    }
  }
  const total = scenario.clients.reduce((sum, { count }) => sum + count, 0);
  if (total > CLIENTS_MAX) {
    report(
      ['clients'],
      `Cannot simulate ${total} clients: that is too many for one machine, at most ${CLIENTS_MAX} are wanted`,
    );
  }
}

function checkUpstream(scenario: Scenario, entry: UpstreamEntry, path: Path, report: Report): void {
  const { rate, size, type, room } = entry;
  if (rate === 0) report([...path, 'rate'], 'Cannot send 0 a second: nothing would be owed, more is wanted');
  if (rate === Number.POSITIVE_INFINITY) {
    report(
      [...path, 'rate'],
      'Cannot send at rate max: each client has a schedule, a rate like 2/s is wanted',
    );
  }
  if (type === 'publish') {
    report(
      [...path, 'type'],
      'Cannot send the type "publish": it is the request itself, a "room" makes one of any type',
    );
  }
  const rooms = [...new Set(scenario.clients.flatMap((client) => client.rooms))];
  if (room !== undefined && room !== '*' && !rooms.includes(room)) {
    report(
      [...path, 'room'],
      `Cannot publish to ${quote(room)}: no client joins it, ${suggest(room, rooms, 'a room')}`,
    );
  }
  if (size > BODY_BYTES_MAX) {
    const limit = `a frame has at most 1MiB, at most ${formatBytes(BODY_BYTES_MAX)} is wanted`;
    report([...path, 'size'], `Cannot send ${formatBytes(size)} in one message: ${limit}`);
  }
}

function checkPublish(scenario: Scenario, clean: Clean, report: Report): void {
  const rooms = [...new Set(scenario.clients.flatMap(({ rooms }) => rooms))];
  for (const [index, stream] of scenario.publish.entries()) {
    if (!clean('publish', index)) continue;
    const { room, rate, arrival, size } = stream;
    if (room !== '*' && clean('clients') && !rooms.includes(room)) {
      report(
        ['publish', index, 'room'],
        `Cannot publish to ${quote(room)}: no client joins it, ${suggest(room, rooms, 'a room')}`,
      );
    }
    if (rate === 0)
      report(['publish', index, 'rate'], 'Cannot publish 0 a second: nothing would be owed, more is wanted');
    if (rate === Number.POSITIVE_INFINITY && arrival !== 'constant') {
      const reason = 'with rate max the deliveries decide when a message leaves';
      report(
        ['publish', index, 'arrival'],
        `Cannot spread messages as "${arrival}": ${reason}, no arrival is wanted`,
      );
    }
    if (size > BODY_BYTES_MAX) {
      const limit = `a frame has at most 1MiB, at most ${formatBytes(BODY_BYTES_MAX)} is wanted`;
      report(['publish', index, 'size'], `Cannot publish ${formatBytes(size)} in one message: ${limit}`);
    }
  }
}

function checkFault(scenario: Scenario, entry: FaultEntry, path: Path, clean: Clean, report: Report): void {
  for (const { key, aboutKey, message } of checkFaultEntry(entry)) {
    report(key === undefined ? path : [...path, key], message, aboutKey === undefined ? {} : { aboutKey });
  }
  const fault = findFault(entry.do);
  if (fault === undefined || !clean(...path)) return;
  if (entry.probability === 0) {
    report([...path, 'probability'], 'Cannot pick 0% of the acks: nothing would happen, more is wanted');
  }
  if (fault.kind === 'server' && scenario.target !== undefined) {
    const reason = 'the scenario has a target, only the reference broadcaster can be told';
    report([...path, 'do'], `Cannot do "${fault.name}": ${reason}`);
  }
  if (fault.kind === 'service') checkServiceFault(scenario, entry, path, report);
  if (fault.kind === 'acks' && scenario.server.delivery === 'at-most-once') {
    report([...path, 'do'], `Cannot do "${fault.name}": the server is at-most-once, nobody acks there`);
  }
  if (clean('duration')) {
    checkInstant(scenario, entry, path, report);
    checkRepetition(scenario, entry, path, report);
  }
  if (entry.clients !== undefined && clean('clients') && hasClients(fault)) {
    checkSelector(scenario, entry.clients, [...path, 'clients'], report);
  }
}

function checkServiceFault({ services }: Scenario, entry: FaultEntry, path: Path, report: Report): void {
  const { service } = entry;
  const names = [...new Set([...Object.keys(services), ...instancesOf(services).map(({ name }) => name)])];
  if (names.length === 0)
    report([...path, 'do'], `Cannot do "${entry.do}": the scenario has no "services", one is wanted`);
  else if (service === undefined)
    report(path, `Cannot do "${entry.do}": "service" is missing, one of ${names.join(', ')} is wanted`);
  else if (selectInstances(services, service).length === 0)
    report(
      [...path, 'service'],
      `Cannot do "${entry.do}" to ${quote(service)}: no service has this name, ${suggest(service, names, 'a service')}`,
    );
}

function checkInstant(scenario: Scenario, entry: FaultEntry, path: Path, report: Report): void {
  const { load } = scenario.duration;
  const atMs = entry.at ?? 0;
  if (atMs >= load) {
    report(
      [...path, 'at'],
      `Cannot begin at ${formatDuration(atMs)}: load takes ${formatDuration(load)}, an instant within it is wanted`,
    );
    return;
  }
  const fault = findFault(entry.do);
  const forMs = fault === undefined ? undefined : lastsMs(fault, entry, scenario);
  if (fault === undefined || forMs === undefined) return;
  if (forMs <= 0) report([...path, 'for'], 'Cannot hold for 0ms: nothing would happen, longer is wanted');
  const late = fault.kind === 'lasting' && fault.lasts === 'past-resume-ttl';
  if (late && forMs <= scenario.server.resumeTtl) {
    const ttl = formatDuration(scenario.server.resumeTtl);
    report(
      [...path, 'for'],
      `Cannot return late after ${formatDuration(forMs)}: resumeTtl is ${ttl}, longer is wanted`,
    );
  }
  if (atMs + forMs > load) {
    const span = `${formatDuration(forMs)} from ${formatDuration(atMs)} on`;
    const limit = `load takes ${formatDuration(load)}, at most ${formatDuration(load - atMs)} is wanted`;
    report(
      entry.for === undefined ? path : [...path, 'for'],
      `Cannot hold "${fault.name}" for ${span}: ${limit}`,
    );
  }
}

function checkSelector(scenario: Scenario, selector: ClientSelector, path: Path, report: Report): void {
  const { profile, room, share, count, ids } = selector;
  if (ids !== undefined) {
    const total = scenario.clients.reduce((sum, client) => sum + client.count, 0);
    const beyond = ids.findIndex((id) => id >= total);
    if (beyond >= 0) {
      report(
        [...path, 'ids', beyond],
        `Cannot select client ${ids[beyond]}: there are ${total}, 0 to ${total - 1} is wanted`,
      );
    }
    for (const key of ['profile', 'room', 'share', 'count'] as const) {
      if (selector[key] === undefined) continue;
      report(
        [...path, key],
        `Cannot use "${key}": "ids" says exactly which clients, one of the two is wanted`,
        { aboutKey: true },
      );
    }
    return;
  }
  if (share !== undefined && count !== undefined) {
    report([...path, 'count'], 'Cannot use "count": the selector has a "share", one of the two is wanted', {
      aboutKey: true,
    });
  }
  if (share === 0) report([...path, 'share'], 'Cannot select 0%: nobody would be hit, more is wanted');
  const profiles = scenario.clients.map((client) => client.profile);
  if (profile !== undefined && !profiles.includes(profile)) {
    report(
      [...path, 'profile'],
      `Cannot select ${quote(profile)}: no client has this profile, ${suggest(profile, profiles, 'a profile')}`,
    );
    return;
  }
  const rooms = [...new Set(scenario.clients.flatMap((client) => client.rooms))];
  if (room !== undefined && room !== '*' && !rooms.includes(room)) {
    report(
      [...path, 'room'],
      `Cannot select ${quote(room)}: no client joins this room, ${suggest(room, rooms, 'a room')}`,
    );
    return;
  }
  const matching = matchingCount(scenario, selector);
  if (matching === 0)
    report(path, `Cannot select anybody: no client of profile "${profile}" joins the room ${quote(room)}`);
  else if (count !== undefined && count > matching) {
    report([...path, 'count'], `Cannot select ${count} clients: ${matching} match, at most that is wanted`);
  }
}

function checkInjections(scenario: Scenario, report: Report): void {
  const injections = scenario.faults.reduce((sum, entry) => {
    const fault = findFault(entry.do);
    const clients = fault !== undefined && !hasClients(fault) ? 1 : selectedCount(scenario, entry.clients);
    return sum + clients * faultInstants(scenario, entry).length;
  }, 0);
  if (injections <= INJECTIONS_MAX) return;
  report(
    ['faults'],
    `Cannot plan ${injections} injections into single clients: at most ${INJECTIONS_MAX} are wanted`,
  );
}

function checkAssertions(scenario: Scenario, report: Report): void {
  const context = assertionContext(scenario);
  const { assert, defect } = scenario.expect;
  const lists = [
    { path: ['expect', 'assert'], texts: assert },
    { path: ['expect', 'defect', 'shows'], texts: defect?.shows ?? [] },
  ];
  for (const { path, texts } of lists) {
    for (const [index, text] of texts.entries()) {
      const reading = parseAssertion(text, context);
      if (!reading.ok) report([...path, index], reading.message, { offset: reading.offset });
    }
  }
}

function checkFound({ found, clients }: Scenario, report: Report): void {
  const { client } = found?.violation ?? {};
  const total = clients.reduce((sum, { count }) => sum + count, 0);
  if (client === undefined || client < total) return;
  report(
    ['found', 'violation', 'client'],
    `Cannot find client ${client}: there are ${total}, 0 to ${total - 1} is wanted`,
  );
}
