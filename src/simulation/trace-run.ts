import { findFault } from '../faults/registry.ts';
import type { SeedRun } from './seed-run.ts';
import { attempt, type Subject } from './subject.ts';
import { type Mark, type TraceEvent, Tracer } from './trace.ts';
import type { Violation } from './violation.ts';

/** What happened to one client in a run, in order of time. */
export interface Trace {
  readonly client: number;
  readonly events: readonly TraceEvent[];
  /** The start of load, from which instants are told. */
  readonly originUs: number;
}

/** Runs a subject once more, and looks on at the client to whom the violation happened. */
export function traceRun(subject: Subject, violation: Violation): Trace {
  const { kind, client = 0, message } = violation;
  const tracer = new Tracer(client, message);
  const { run } = attempt(subject, tracer);
  if (run === undefined) {
    if (kind !== 'crash')
      throw new Error('a run that comes to its end comes to it when it is watched as well');
    const { events } = tracer;
    return { client, events, originUs: events[0]?.atUs ?? 0 };
  }
  const { loadFromUs, endUs } = run.record.instants;
  // At one instant, causes come before what they cause.
  const events = [
    ...faultMarks(run, client),
    ...publishMarks(run, violation),
    ...tracer.events,
    ...serverMarks(run, client),
  ];
  return {
    client,
    events: events.filter(({ atUs }) => atUs < endUs).sort((a, b) => a.atUs - b.atUs),
    originUs: loadFromUs,
  };
}

function faultMarks({ findings }: SeedRun, client: number): Mark[] {
  return findings.faults.flatMap(({ name, firstFiredUs, holds }) => {
    const fault = findFault(name);
    const mark = (atUs: number, label: string, place: Mark['place'] = 'client'): Mark => ({
      kind: 'mark',
      atUs,
      place,
      label,
      weight: 'fault',
      noun: 'fault',
    });
    if (fault?.kind === 'server')
      return firstFiredUs < 0 ? [] : [mark(firstFiredUs, `fault ${name}`, 'server')];
    const begins = fault?.kind === 'instant' ? '' : ' begins';
    return holds
      .filter(([held]) => held === client)
      .flatMap(([, fromUs, toUs]) => [
        mark(fromUs, `fault ${name}${begins}`),
        ...(toUs < 0 ? [] : [mark(toUs, `fault ${name} ends`)]),
      ]);
  });
}

function serverMarks({ record: { server, fleets } }: SeedRun, client: number): Mark[] {
  if (server === undefined) return [];
  const mark = (atUs: number, label: string): Mark => ({
    kind: 'mark',
    atUs,
    place: 'server',
    label,
    weight: 'session',
    noun: 'session',
  });
  const own = fleets.flatMap(({ clients }) => clients).find((one) => one.client === client);
  const keys = own?.sessions.map(({ key }) => key) ?? [];
  const ends = server.evidence.sessions.flatMap(({ key, ended }) =>
    ended === undefined || !keys.includes(key) ? [] : [mark(ended.atUs, `the session ends: ${ended.reason}`)],
  );
  const closes = server.closes
    .filter((close) => close.client === client && close.cause !== 'session-ended')
    .map(({ atUs, cause }) =>
      mark(atUs, cause === 'peer' ? 'the connection is gone' : `closed the connection: ${cause}`),
    );
  return [...ends, ...closes];
}

function publishMarks(
  { record: { log, scenario } }: SeedRun,
  { direction, stream, seq, message }: Violation,
): Mark[] {
  if (direction === 'up' || stream === undefined || seq === undefined) return [];
  if (seq < 1 || seq > log.count(stream)) return [];
  const room = scenario.publish[stream - 1]?.room ?? '*';
  const label = `publishes ${message} to ${room === '*' ? 'everybody' : `room ${room}`}`;
  const atUs = log.beginUs(stream, seq);
  return [{ kind: 'mark', atUs, place: 'server', label, weight: 'message', noun: 'publish' }];
}
