import type { LossReason } from '../../src/delivery/loss-reason.ts';
import type { ArrivalFact, History, PublishFact, SessionFact } from './history.ts';
import { SUBSCRIBED } from './history.ts';

/**
 * The rules once more, as slowly and plainly as possible: every message of every stream is looked at on its own,
 * against full lists of what happened. Shares no code with the checker.
 */
export interface OracleOptions {
  readonly acked: boolean;
  readonly drain: 'complete' | 'progressing' | 'stuck';
  readonly evidence: boolean;
}

export interface OracleResult {
  readonly counts: Record<string, number>;
  readonly reportedBy: Partial<Record<LossReason, number>>;
  /** `session:message` of each loss and each wrong arrival. */
  readonly silent: string[];
  readonly reported: string[];
  readonly phantom: string[];
  readonly resurrected: string[];
}

export function oracle(history: History, options: OracleOptions): OracleResult {
  const tally = new Tally();
  tally.counts.phantom += history.foreign;
  const messages = allMessages(history);
  const coverage = history.sessions.map((session) => gapCoverage(history, session, options));
  for (const message of messages) judgeMessage(history, options, coverage, message, tally);
  for (const session of history.sessions) countEvents(history, session, tally.counts);
  return tally;
}

class Tally implements OracleResult {
  readonly counts = {
    owed: 0,
    delivered: 0,
    silent: 0,
    reported: 0,
    unresolved: 0,
    notOwed: 0,
    phantom: 0,
    corrupt: 0,
    resurrected: 0,
    recovered: 0,
    duplicates: 0,
    received: 0,
    reordered: 0,
    rewound: 0,
    filled: 0,
  };
  readonly reportedBy: Partial<Record<LossReason, number>> = {};
  readonly silent: string[] = [];
  readonly reported: string[] = [];
  readonly phantom: string[] = [];
  readonly resurrected: string[] = [];
}

interface Message {
  readonly stream: number;
  readonly seq: number;
  readonly publish: PublishFact | undefined;
}

/** All published messages of subscribed streams, and those that were handled without ever being published. */
function allMessages(history: History): Message[] {
  const messages: Message[] = history.publishes
    .filter(({ stream }) => SUBSCRIBED[stream])
    .map((publish) => ({ stream: publish.stream, seq: publish.seq, publish }));
  for (const { stream, seq } of history.sessions.flatMap(({ handlings }) => handlings)) {
    if (!messages.some((message) => same(message, { stream, seq })))
      messages.push({ stream, seq, publish: undefined });
  }
  return messages;
}

function judgeMessage(
  history: History,
  options: OracleOptions,
  coverage: readonly Map<string, LossReason>[],
  message: Message,
  tally: Tally,
): void {
  const { publish } = message;
  const handlings = history.sessions.flatMap((session) =>
    session.handlings.filter((handling) => same(handling, message)),
  );
  const owner =
    publish === undefined ? undefined : history.sessions.find((session) => isOwed(publish, session));
  if (owner !== undefined) tally.counts.owed += 1;
  if (handlings.length > 0) {
    const name = `${sessionName(
      history,
      history.sessions.findIndex((s) => s.handlings.some((h) => same(h, message))),
    )}:${text(message)}`;
    if (handlings.some(({ corrupt }) => corrupt)) tally.counts.corrupt += 1;
    else if (publish === undefined || isForbidden(history, publish)) {
      tally.counts.phantom += 1;
      tally.phantom.push(name);
    } else if (publish.status === 'rejected') {
      tally.counts.resurrected += 1;
      tally.resurrected.push(name);
    } else if (publish.status === 'unknown') tally.counts.recovered += 1;
    else if (owner !== undefined) tally.counts.delivered += 1;
    return;
  }
  if (publish === undefined || publish.status !== 'accepted') return;
  if (owner === undefined) {
    if (isOptional(history, publish)) tally.counts.notOwed += 1;
    return;
  }
  judgeLoss(
    history,
    options,
    coverage[history.sessions.indexOf(owner)] ?? new Map(),
    owner,
    message,
    publish,
    tally,
  );
}

function judgeLoss(
  history: History,
  options: OracleOptions,
  coverage: Map<string, LossReason>,
  owner: SessionFact,
  message: Message,
  publish: PublishFact,
  tally: Tally,
): void {
  const name = `${sessionName(history, history.sessions.indexOf(owner))}:${text(message)}`;
  const fate = coverage.get(text(message)) ?? fateOf(history, options, owner, message, publish);
  switch (fate) {
    case 'silent':
      tally.counts.silent += 1;
      tally.silent.push(name);
      break;
    case 'unresolved':
      tally.counts.unresolved += 1;
      break;
    case 'given up':
      tally.counts.notOwed += 1;
      tally.counts.owed -= 1;
      break;
    default:
      tally.counts.reported += 1;
      tally.reportedBy[fate] = (tally.reportedBy[fate] ?? 0) + 1;
      tally.reported.push(name);
  }
}

/** What became of a message that no gap covers. */
function fateOf(
  history: History,
  { acked, drain, evidence }: OracleOptions,
  owner: SessionFact,
  message: Message,
  publish: PublishFact,
): LossReason | 'silent' | 'unresolved' | 'given up' {
  const server = evidence ? history.serverOf(owner.key) : undefined;
  const away = owner.end === 'open' && !history.connected;
  const dropped = server?.dropped.find((one) => same(one, message));
  if ((!acked || away) && dropped !== undefined) return dropped.reason;
  if (acked && server !== undefined && dropped === undefined) {
    if (server.acked.some((one) => same(one, message))) return 'silent';
    const endedUs = server.ended?.atUs ?? Number.POSITIVE_INFINITY;
    const hadSession = publish.beginUs > server.openedUs && publish.endUs < endedUs;
    const given = [...server.assigned, ...server.sent].some((one) => same(one, message));
    if (hadSession && !given) return 'silent';
  }
  // Without acks a new connection tells nobody anything of the old one, and with them not every one does.
  if (owner.end === 'reset') return owner.told ?? 'silent';
  if (owner.end === 'goodbye') {
    const later = owner.handlings.some(({ stream, seq }) => stream === message.stream && seq > message.seq);
    if (!later) return 'given up';
    return acked ? 'unresolved' : 'silent';
  }
  if (away && server?.ended !== undefined) {
    const { reason } = server.ended;
    return reason === 'expired' || reason === 'goodbye' ? 'session-expired' : reason;
  }
  return !away && drain === 'complete' ? 'silent' : 'unresolved';
}

function isOwed(publish: PublishFact, session: SessionFact): boolean {
  return (
    publish.status === 'accepted' && publish.beginUs > session.subscribedUs && publish.endUs < session.endUs
  );
}

function isOptional(history: History, { beginUs, endUs }: PublishFact): boolean {
  return history.sessions.some((session, index) => {
    if (beginUs <= session.subscribedUs && endUs >= session.helloUs) return true;
    if (session.end !== 'goodbye') return false;
    const nextUs = history.sessions[index + 1]?.helloUs ?? Number.POSITIVE_INFINITY;
    // A connection that was seen to close ended the goodbye, answered or not.
    const closedUs = history.ledger.toRecord().sessions[index]?.end;
    const untilUs = closedUs?.kind === 'goodbye' && closedUs.closedUs >= 0 ? closedUs.closedUs : nextUs;
    return beginUs <= untilUs && endUs >= session.endUs;
  });
}

function isForbidden(history: History, { beginUs, endUs }: PublishFact): boolean {
  if (endUs < history.firstHelloUs) return true;
  return history.sessions.some((session, index) => {
    const nextUs = history.sessions[index + 1]?.helloUs ?? Number.POSITIVE_INFINITY;
    return session.end === 'goodbye' && session.closedUs >= 0 && beginUs > session.closedUs && endUs < nextUs;
  });
}

/** Which messages the gaps of a session account for. */
function gapCoverage(
  history: History,
  session: SessionFact,
  { evidence }: OracleOptions,
): Map<string, LossReason> {
  const covered = new Map<string, LossReason>();
  const missing = history.publishes.filter(
    (publish) => SUBSCRIBED[publish.stream] && isOwed(publish, session) && !handledAnywhere(history, publish),
  );
  const reasonAt = (position: number): LossReason | undefined =>
    session.gaps.find(({ from, to }) => position >= from && position <= to)?.reason;
  const byPosition = [...session.arrivals].filter(({ position }) => position > 0);
  for (const publish of missing) {
    for (const arrival of byPosition.filter((one) => same(one, publish))) {
      const reason = reasonAt(arrival.position);
      if (reason !== undefined) covered.set(text(publish), reason);
    }
  }
  const dropped = evidence ? (history.serverOf(session.key)?.dropped ?? []) : [];
  const free = (): PublishFact[] =>
    missing.filter(
      (one) => !covered.has(text(one)) && !session.arrivals.some((arrival) => same(arrival, one)),
    );
  const left: { hole: Hole; reasons: LossReason[] }[] = [];
  for (const hole of holesOf(session, byPosition)) {
    const reasons = hole.positions.flatMap((position) => reasonAt(position) ?? []);
    const candidates = free().filter((one) => isWithin(one, hole));
    left.push({ hole, reasons: credit(candidates, reasons, dropped, covered) });
  }
  for (const { hole, reasons } of left) {
    const candidates = free().filter((one) => overlapsNeighbour(history, one, hole));
    credit(candidates, reasons, dropped, covered);
  }
  return covered;
}

/** @returns the reasons that found no message */
function credit(
  candidates: readonly PublishFact[],
  reasons: readonly LossReason[],
  dropped: readonly { stream: number; seq: number }[],
  covered: Map<string, LossReason>,
): LossReason[] {
  const wasDropped = (one: PublishFact): boolean => dropped.some((other) => same(other, one));
  const first = candidates.filter(wasDropped);
  const others = candidates.filter((one) => !wasDropped(one));
  const inOrder = (a: PublishFact, b: PublishFact): number =>
    a.beginUs - b.beginUs || a.stream - b.stream || a.seq - b.seq;
  const chosen = [...first.sort(inOrder), ...others.sort(inOrder)].slice(0, reasons.length).sort(inOrder);
  chosen.forEach((one, index) => {
    covered.set(text(one), reasons[index] ?? 'overflow');
  });
  return reasons.slice(chosen.length);
}

interface Hole {
  readonly positions: number[];
  readonly below: readonly ArrivalFact[];
  readonly above: readonly ArrivalFact[];
}

/** Maximal runs of positions that never arrived. */
function holesOf(session: SessionFact, arrivals: readonly ArrivalFact[]): Hole[] {
  const last = Math.max(0, ...arrivals.map(({ position }) => position), ...session.gaps.map(({ to }) => to));
  const holes: Hole[] = [];
  let run: number[] = [];
  for (let position = 1; position <= last + 1; position += 1) {
    const arrived = position > last || arrivals.some((arrival) => arrival.position === position);
    if (!arrived) run.push(position);
    else if (run.length > 0) {
      const from = run[0] ?? 0;
      const to = run.at(-1) ?? 0;
      holes.push({
        positions: run,
        below: arrivals.filter((arrival) => arrival.position < from),
        above: arrivals.filter((arrival) => arrival.position > to),
      });
      run = [];
    }
  }
  return holes;
}

function bounds(stream: number, hole: Hole): [lower: number, upper: number] {
  const seqs = (list: readonly ArrivalFact[]): number[] =>
    list.filter((one) => one.stream === stream).map(({ seq }) => seq);
  return [Math.max(0, ...seqs(hole.below)), Math.min(Number.POSITIVE_INFINITY, ...seqs(hole.above))];
}

function isWithin({ stream, seq }: PublishFact, hole: Hole): boolean {
  const [lower, upper] = bounds(stream, hole);
  return seq > lower && seq < upper;
}

function overlapsNeighbour(history: History, publish: PublishFact, hole: Hole): boolean {
  return bounds(publish.stream, hole).some((seq) => {
    const neighbour = history.publishes.find((one) => same(one, { stream: publish.stream, seq }));
    if (neighbour === undefined) return false;
    const endUs = neighbour.endUs === Number.POSITIVE_INFINITY ? neighbour.beginUs : neighbour.endUs;
    return publish.beginUs <= endUs && publish.endUs >= neighbour.beginUs;
  });
}

function countEvents(history: History, session: SessionFact, counts: Tally['counts']): void {
  session.arrivals.forEach((arrival, index) => {
    if (session.arrivals.slice(0, index).some((one) => same(one, arrival))) counts.received += 1;
  });
  const before = history.sessions
    .slice(0, history.sessions.indexOf(session))
    .flatMap(({ handlings }) => handlings);
  const firsts: ArrivalFact[] = [];
  for (const handling of session.handlings) {
    if ([...before, ...firsts].some((one) => same(one, handling))) {
      counts.duplicates += 1;
      continue;
    }
    countOrder(history, handling, firsts, counts);
    firsts.push(handling);
  }
}

function countOrder(
  history: History,
  handling: ArrivalFact,
  firsts: readonly ArrivalFact[],
  counts: Tally['counts'],
): void {
  const newer = firsts.filter(({ stream, seq }) => stream === handling.stream && seq > handling.seq);
  const onThis = newer.filter(({ connection }) => connection === handling.connection);
  const onEarlier = newer.filter(({ connection }) => connection !== handling.connection);
  const inverted = (list: readonly ArrivalFact[]): boolean => {
    const top = list.reduce<ArrivalFact | undefined>(
      (best, one) => (one.seq > (best?.seq ?? 0) ? one : best),
      undefined,
    );
    const find = (fact: ArrivalFact | undefined): PublishFact | undefined =>
      history.publishes.find((publish) => fact !== undefined && same(publish, fact));
    const endUs = find(handling)?.endUs ?? Number.POSITIVE_INFINITY;
    return endUs < (find(top)?.beginUs ?? Number.NEGATIVE_INFINITY);
  };
  if (onThis.length > 0 && !handling.redelivered) counts.reordered += Number(inverted(onThis));
  else if (onEarlier.length > 0) counts.rewound += Number(inverted(onEarlier));
  else if (onThis.length > 0) counts.filled += Number(inverted(onThis));
}

function handledAnywhere(history: History, message: { stream: number; seq: number }): boolean {
  return history.sessions.some(({ handlings }) => handlings.some((handling) => same(handling, message)));
}

function same(a: { stream: number; seq: number }, b: { stream: number; seq: number }): boolean {
  return a.stream === b.stream && a.seq === b.seq;
}

function text({ stream, seq }: { stream: number; seq: number }): string {
  return `p${stream}:${seq}`;
}

function sessionName(history: History, index: number): string {
  return history.sessions.length > 0 && index > 0 ? `c0#${index + 1}` : 'c0';
}
