import { LOSS_REASONS, type LossReason } from '../delivery/loss-reason.ts';
import { FAULTS } from '../faults/registry.ts';
import {
  type ClientFrame,
  CloseCode,
  decodeClientText,
  decodeServerText,
  FRAME_BYTES_MAX,
  type ServerFrame,
  type Welcome,
} from '../protocol/frame.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { ServerFindings } from '../server/reference-server.ts';
import type { ConnectionTap } from '../world/virtual/network.ts';
import type { Item } from '../world/virtual/pipe.ts';
import type { SeedRun } from './seed-run.ts';

/** Something that can be entered in a run: a kind of fault, a state or a transition of the protocol. */
export interface CoveragePoint {
  readonly group: string;
  readonly name: string;
}

type Statistics = ServerFindings['statistics'];

/** What a run shows of itself at its end. */
interface Ending {
  readonly statistics: Statistics;
  readonly reportedBy: Readonly<Record<LossReason, number>>;
  readonly received: number;
  readonly policy: string;
}

interface EndPoint extends CoveragePoint {
  reached(ending: Ending): boolean;
}

/** What travels shows these. */
const ON_THE_WIRE = {
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

type WireGroup = keyof typeof ON_THE_WIRE;

/** The server's counters and the findings show these. */
const AT_THE_END: readonly EndPoint[] = [
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

const FAULT_GROUP = 'faults';

/** Everything that is looked out for, by group. */
const COVERAGE_POINTS: readonly CoveragePoint[] = [
  ...[...FAULTS.keys()].map((name) => ({ group: FAULT_GROUP, name })),
  ...Object.entries(ON_THE_WIRE).flatMap(([group, names]) => names.map((name) => ({ group, name }))),
  ...AT_THE_END.map(({ group, name }) => ({ group, name })),
];

const CLOSE_NAMES: Readonly<Record<number, (typeof ON_THE_WIRE.connection)[number]>> = {
  [CloseCode.protocolError]: 'closed: protocol error 4400',
  [CloseCode.noHello]: 'closed: no hello 4408',
  [CloseCode.takenOver]: 'closed: taken over 4409',
  [CloseCode.tooLarge]: 'closed: too large 4413',
  [CloseCode.slowConsumer]: 'closed: slow consumer 4429',
};

/** Key of a point, as coverage counts them. */
export function keyOf({ group, name }: CoveragePoint): string {
  return `${group}: ${name}`;
}

const MESSAGE_HEAD = '{"seq":';
const NOTICE_HEAD = '{"type":';
const ACK_HEAD = '{"kind":"ack","seq":';

/** How far a connection is. */
interface Progress {
  /** Since the latest welcome. */
  messages: boolean;
  gaps: boolean;
  /** One end has said that it closes. */
  closing: boolean;
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

/** Notes what is entered in one run. */
export class CoverageWatch {
  readonly #reached = new Set<string>();

  /** For the taps of a simulated run. */
  readonly newTap = (): ConnectionTap => {
    const progress: Progress = { messages: false, gaps: false, closing: false };
    return {
      up: {
        wrote: (item) => this.#up(item, progress),
        read() {},
        reset: () => this.#see('connection', 'reset by the client'),
      },
      down: {
        wrote: (item) => this.#down(item, progress),
        read() {},
        reset: () => this.#see('connection', 'reset by the server'),
      },
    };
  };

  /** @returns keys of the points that the run has reached */
  finish({ findings, record }: SeedRun): string[] {
    for (const { name, fired } of findings.faults)
      if (fired > 0) this.#reached.add(keyOf({ group: FAULT_GROUP, name }));
    const { server, scenario } = record;
    if (server !== undefined) {
      const { lost, duplicates } = findings.judgement.delivery;
      const ending: Ending = {
        statistics: server.statistics,
        reportedBy: lost.reportedBy,
        received: duplicates.received,
        policy: scenario.server.outbox.overflow,
      };
      for (const point of AT_THE_END) if (point.reached(ending)) this.#reached.add(keyOf(point));
    }
    return [...this.#reached];
  }

  #see<G extends WireGroup>(group: G, name: (typeof ON_THE_WIRE)[G][number]): void {
    this.#reached.add(keyOf({ group, name }));
  }

  #up(item: Item, progress: Progress): void {
    if (item.kind === 'text') this.#clientText(item.text);
    else if (item.kind === 'pong') this.#see('heartbeat', 'pong');
    else if (item.kind === 'close') {
      if (!progress.closing)
        this.#see(
          'connection',
          item.code === CloseCode.goodbye ? 'goodbye of the client' : 'closed by the client',
        );
      progress.closing = true;
    } else if (item.kind === 'end' && !progress.closing)
      this.#see('connection', 'ended without a close frame');
  }

  #clientText(text: string): void {
    // Most of what a client says: known by its head and its length alone.
    if (text.startsWith(ACK_HEAD) && !text.includes('"', ACK_HEAD.length)) this.#see('acks', 'one each');
    else if (text.length <= FRAME_BYTES_MAX) decodeClientText(text, (frame) => this.#clientFrame(frame));
  }

  #clientFrame(frame: ClientFrame): void {
    switch (frame.kind) {
      case 'hello':
        if (frame.resume === undefined) this.#see('hello', 'fresh');
        else this.#see('hello', frame.resume.lastSeq === 0 ? 'resume before anything was handled' : 'resume');
        return;
      case 'ack':
        this.#see('acks', frame.cumulative ? 'cumulative' : 'of a gap');
        return;
      case 'nack':
        this.#see('acks', frame.retry ? 'nack: again later' : 'nack: never again');
        return;
      case 'envelope':
        this.#see('upstream', 'asked');
    }
  }

  #down(item: Item, progress: Progress): void {
    if (item.kind === 'text') this.#serverText(item.text, progress);
    else if (item.kind === 'ping') this.#see('heartbeat', 'ping');
    else if (item.kind === 'refused') this.#see('connection', 'refused');
    else if (item.kind === 'close') {
      const name = CLOSE_NAMES[item.code];
      if (!progress.closing && name !== undefined) this.#see('connection', name);
      progress.closing = true;
    }
  }

  #serverText(text: string, progress: Progress): void {
    if (text.startsWith(NOTICE_HEAD)) return;
    if (text.startsWith(MESSAGE_HEAD)) {
      progress.messages = true;
      return;
    }
    if (text.startsWith('[')) this.#see('messages', 'in batches');
    decodeServerText(text, (frame) => this.#serverFrame(frame, progress));
  }

  #serverFrame(frame: ServerFrame, progress: Progress): void {
    switch (frame.kind) {
      case 'welcome':
        this.#welcomed(frame);
        progress.messages = false;
        progress.gaps = false;
        return;
      case 'envelope':
        progress.messages = true;
        return;
      case 'gap':
        progress.gaps = true;
        if (frame.reason !== 'ttl') this.#see('gap', frame.reason);
        return;
      case 'replayed':
        this.#replayed(progress);
        return;
      case 'pressure':
        this.#see('pressure', frame.state === 'high' ? 'high' : 'back to normal');
        return;
      case 'ack':
        this.#see('upstream', 'acked');
        return;
      case 'nack':
        this.#see('upstream', 'refused');
    }
  }

  #welcomed({ resumed, reason }: Welcome): void {
    if (resumed) this.#see('welcome', 'resumed');
    else if (reason === undefined) this.#see('welcome', 'fresh');
    else this.#reached.add(keyOf({ group: 'welcome', name: `refused: ${reason}` }));
  }

  #replayed(progress: Progress): void {
    if (progress.messages) this.#see('replay', 'with messages');
    if (progress.gaps) this.#see('replay', 'with gaps');
    if (!progress.messages && !progress.gaps) this.#see('replay', 'empty');
  }
}

function end(group: string, name: string, reached: (ending: Ending) => boolean): EndPoint {
  return { group, name, reached };
}
