import {
  ACK_HEAD,
  type ClientFrame,
  CloseCode,
  decodeClientText,
  decodeServerText,
  FRAME_BYTES_MAX,
  type ServerFrame,
  type Welcome,
} from '../protocol/frame.ts';
import type { ConnectionTap } from '../world/virtual/network.ts';
import type { Item } from '../world/virtual/pipe.ts';
import {
  AT_THE_END,
  type Ending,
  FAULT_GROUP,
  keyOf,
  type ON_THE_WIRE,
  type WireGroup,
} from './coverage-point.ts';
import type { SeedRun } from './seed-run.ts';

const CLOSE_NAMES: Readonly<Record<number, (typeof ON_THE_WIRE.connection)[number]>> = {
  [CloseCode.protocolError]: 'closed: protocol error 4400',
  [CloseCode.noHello]: 'closed: no hello 4408',
  [CloseCode.takenOver]: 'closed: taken over 4409',
  [CloseCode.tooLarge]: 'closed: too large 4413',
  [CloseCode.slowConsumer]: 'closed: slow consumer 4429',
};

const MESSAGE_HEAD = '{"seq":';
/** Of a message without a `seq`: a notice, or one of an at-most-once session. */
const UNNUMBERED_HEAD = '{"type":';

/** How far a connection is. */
interface Progress {
  /** Since the latest welcome. */
  messages: boolean;
  gaps: boolean;
  /** One end has said that it closes. */
  closing: boolean;
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
    if (text.startsWith(UNNUMBERED_HEAD)) return;
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
