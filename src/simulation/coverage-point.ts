import { LOSS_REASONS, type LossReason } from '../delivery/loss-reason.ts';
import { FAULTS } from '../faults/registry.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { ServerFindings } from '../server/server-findings.ts';

/** Something that can be entered in a run: a kind of fault, a state or a transition of the protocol. */
export interface CoveragePoint {
  readonly group: string;
  readonly name: string;
}

type Statistics = ServerFindings['statistics'];

/** What a run shows of itself at its end. */
export interface Ending {
  readonly statistics: Statistics;
  readonly reportedBy: Readonly<Record<LossReason, number>>;
  readonly received: number;
  readonly policy: string;
}

interface EndPoint extends CoveragePoint {
  reached(ending: Ending): boolean;
}

/** What travels shows these. */
export const ON_THE_WIRE = {
  hello: ['fresh', 'resume', 'resume before anything was handled'],
  welcome: [
    'fresh',
    'resumed',
    'refused: restart',
    'refused: expired',
    'refused: overflow',
    'refused: unknown-session',
  ],
  replay: ['empty', 'with messages', 'with gaps'],
  messages: ['in batches'],
  acks: ['one each', 'cumulative', 'of a gap', 'nack: again later', 'nack: never again'],
  gap: ['overflow', 'max-resend', 'nack'],
  upstream: ['asked', 'acked', 'refused'],
  pressure: ['high', 'back to normal'],
  connection: [
    'refused',
    'closed by the client',
    'goodbye of the client',
    'closed: protocol error 4400',
    'closed: no hello 4408',
    'closed: taken over 4409',
    'closed: too large 4413',
    'closed: slow consumer 4429',
    'reset by the client',
    'reset by the server',
    'ended without a close frame',
  ],
  heartbeat: ['ping', 'pong'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type WireGroup = keyof typeof ON_THE_WIRE;

/** The server's counters and the findings show these. */
export const AT_THE_END: readonly EndPoint[] = [
  end('messages', 'sent again', ({ statistics }) => statistics.resent > 0),
  end('messages', 'received again', ({ received }) => received > 0),
  end('messages', 'ack timed out', ({ statistics }) => statistics.ackTimeouts > 0),
  end('messages', 'given up as dead letter', ({ statistics }) => statistics.deadLetters > 0),
  end('messages', 'held back by a full buffer', ({ statistics }) => statistics.bufferWaits > 0),
  end('messages', 'send failed', ({ statistics }) => statistics.sendErrors > 0),
  end('session', 'taken over', ({ statistics }) => statistics.takeovers > 0),
  end('session', 'expired', ({ statistics }) => statistics.expiredSessions > 0),
  // The reference broadcaster gives its messages no time to live.
  ...LOSS_REASONS.filter((reason) => reason !== 'ttl').map((reason) =>
    end('loss reported', reason, ({ reportedBy }) => reportedBy[reason] > 0),
  ),
  ...(['reject', 'drop-oldest', 'disconnect'] as const).map((policy) =>
    end('overflow policy', policy, (ending) => ending.policy === policy && ending.statistics.overflowed > 0),
  ),
  end('overflow policy', 'pause', ({ statistics }) => statistics.pausedPublishes > 0),
  end('overflow policy', 'pause, in vain', ({ statistics }) => statistics.pauseTimeouts > 0),
  end('heartbeat', 'pong missed', ({ statistics }) => statistics.missedPongs > 0),
  end('heartbeat', 'connection given up', ({ statistics }) => statistics.detectedStale > 0),
  end('connection', 'malformed frame', ({ statistics }) => statistics.malformed > 0),
  end('upstream', 'asked again', ({ statistics }) => statistics.dedupRejected > 0),
];

export const FAULT_GROUP = 'faults';

/** Everything that is looked out for, by group. */
const COVERAGE_POINTS: readonly CoveragePoint[] = [
  ...[...FAULTS.values()]
    .filter(({ kind }) => kind !== 'service')
    .map(({ name }) => ({ group: FAULT_GROUP, name })),
  ...Object.entries(ON_THE_WIRE).flatMap(([group, names]) => names.map((name) => ({ group, name }))),
  ...AT_THE_END.map(({ group, name }) => ({ group, name })),
];

/** Key of a point, as coverage counts them. */
export function keyOf({ group, name }: CoveragePoint): string {
  return `${group}: ${name}`;
}

/** Whether a scenario can reach something; `explored`: its faults and policies are drawn. */
type Need = (point: CoveragePoint, scenario: Scenario, explored: boolean) => boolean;

/** What the points with such keys need of a scenario. */
const NEEDS: readonly (readonly [RegExp, Need])[] = [
  [/^faults: /, ({ name }, { faults }, explored) => explored || faults.some((entry) => entry.do === name)],
  [
    /^(acks|gap|replay|session|overflow policy|loss reported): |^hello: resume|^welcome: (resumed|refused)/,
    (_, { server }) => server.delivery !== 'at-most-once',
  ],
  [
    /^messages: (received again|ack timed out|given up as dead letter)$|^connection: closed: taken over/,
    (_, { server }) => server.delivery !== 'at-most-once',
  ],
  [/^faults: (.*-acks|nack|return-late)$/, (_, { server }) => server.delivery !== 'at-most-once'],
  [
    /^acks: nack: never again$|^(gap|loss reported): nack$/,
    (_, { clients }) => clients.some(({ handler }) => !handler.nackRetry),
  ],
  [/^upstream: /, (_, { clients }) => clients.some(({ upstream }) => upstream !== undefined)],
  [/^pressure: /, (_, { clients }) => clients.some(({ upstream }) => upstream?.room !== undefined)],
  [
    /^overflow policy: /,
    ({ name }, { server }, explored) => explored || name.startsWith(server.outbox.overflow),
  ],
];

/** What runs of a scenario can reach, as far as its settings tell. */
export function reachablePoints(scenario: Scenario, explored: boolean): CoveragePoint[] {
  return COVERAGE_POINTS.filter((point) =>
    NEEDS.every(([keys, isMet]) => !keys.test(keyOf(point)) || isMet(point, scenario, explored)),
  );
}

function end(group: string, name: string, reached: (ending: Ending) => boolean): EndPoint {
  return { group, name, reached };
}
