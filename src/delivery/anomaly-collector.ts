import { type AnomalyCounts, type AnomalyKind, emptyAnomalyCounts } from './anomaly.ts';
import type { Cause, Stage } from './cause.ts';
import { lossReasonsOf } from './counts.ts';
import type { StreamEvidenceRecord } from './evidence.ts';
import { EXAMPLES_MAX, Examples } from './examples.ts';
import { contains, type Intervals, members, NOTHING } from './intervals.ts';
import type { Anomaly } from './judgement.ts';
import type { PublishLog } from './publish-log.ts';
import type { ClientRecord } from './record.ts';
import type { Note, TimelineEvent } from './timeline-event.ts';

/** The name of a session in reports: `c17`, or `c17#2` for the second session of client 17. */
export function sessionName(client: number, ordinal: number): string {
  return ordinal === 0 ? `c${client}` : `c${client}#${ordinal + 1}`;
}

function messageName(stream: number, seq: number): string {
  return `p${stream}:${seq}`;
}

export interface AnomalyCollectorOptions {
  readonly log: PublishLog;
  /** The instant from which timelines count. */
  readonly originUs: number;
  readonly endUs: number;
}

/** An anomaly of one message in one session, before it is turned into an example. */
export interface Occurrence {
  readonly client: ClientRecord;
  readonly session: number;
  readonly stream: number;
  readonly seq: number;
  readonly cause: Cause;
  readonly stage?: Stage | undefined;
  readonly evidence?: StreamEvidenceRecord | undefined;
  /** The event that was seen, with its instant; absent for a message that never arrived. */
  readonly seen?: Note;
  /** The client's notes at the time; absent: its latest. */
  readonly notes?: ClientRecord['notes'];
}

/** Collects anomalies: a count of each kind, and a few examples with the events that led to them. */
export class AnomalyCollector {
  readonly #log: PublishLog;
  readonly #originUs: number;
  readonly #endUs: number;
  readonly #examples = new Examples<Anomaly>();
  readonly #counts = emptyAnomalyCounts();

  constructor({ log, originUs, endUs }: AnomalyCollectorOptions) {
    this.#log = log;
    this.#originUs = originUs;
    this.#endUs = endUs;
  }

  get anomalies(): Anomaly[] {
    return this.#examples.list();
  }

  get counts(): AnomalyCounts {
    return this.#counts;
  }

  count(kind: AnomalyKind, count: number): void {
    this.#counts[kind] += count;
  }

  wants(kind: AnomalyKind): boolean {
    return this.#examples.wants(kind);
  }

  example(kind: AnomalyKind, about: Occurrence): void {
    if (!this.wants(kind)) return;
    this.#examples.add({
      kind,
      direction: 'down',
      client: about.client.client,
      session: sessionName(about.client.client, about.session),
      ...(about.stream < 0 ? {} : { stream: about.stream, seq: about.seq }),
      message: about.stream < 0 ? '' : messageName(about.stream, about.seq),
      cause: about.cause,
      ...(about.stage === undefined ? {} : { stage: about.stage }),
      timeline: this.#timeline(about),
    });
  }

  /** Counts a set of messages, and keeps examples while they are wanted. */
  add(kind: AnomalyKind, seqs: Intervals, count: number, about: (seq: number) => Occurrence): void {
    this.count(kind, count);
    let looked = 0;
    for (const seq of members(seqs)) {
      if (looked === EXAMPLES_MAX || !this.wants(kind)) return;
      looked += 1;
      this.example(kind, about(seq));
    }
  }

  #timeline(about: Occurrence): Anomaly['timeline'] {
    const events: Note[] = [...this.#publishEvents(about), ...(about.notes ?? about.client.notes)];
    if (about.seen !== undefined) events.push(about.seen);
    events.sort(([a], [b]) => a - b);
    if (about.evidence !== undefined && about.stream >= 0) {
      events.push([this.#endUs, serverRecord(about.evidence, about.seq)]);
    }
    return events.map(([atUs, event]) => ({ atMs: (atUs - this.#originUs) / 1000, ...event }));
  }

  #publishEvents({ stream, seq }: Occurrence): Note[] {
    if (stream < 0 || seq < 1 || seq > this.#log.count(stream)) return [];
    const events: Note[] = [[this.#log.beginUs(stream, seq), { code: 'publish-begins' }]];
    const endUs = this.#log.endUs(stream, seq);
    const status = this.#log.status(stream, seq);
    if (endUs < Number.POSITIVE_INFINITY) events.push([endUs, { code: 'publish-ends', status }]);
    return events;
  }
}

function serverRecord(evidence: StreamEvidenceRecord, seq: number): TimelineEvent {
  const dropped = evidence.dropped ?? {};
  return {
    code: 'server-record',
    assigned: contains(evidence.assigned, seq),
    sent: contains(evidence.sent, seq),
    acked: contains(evidence.acked, seq),
    dropped: lossReasonsOf(dropped).find((reason) => contains(dropped[reason] ?? NOTHING, seq)) ?? '',
    resentAfterAck: contains(evidence.resentAfterAck ?? NOTHING, seq),
  };
}
