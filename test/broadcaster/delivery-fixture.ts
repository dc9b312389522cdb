import { Broadcaster } from '../../src/broadcaster/broadcaster.ts';
import type { Policy } from '../../src/broadcaster/policy.ts';
import { DEFAULT_SETTINGS } from '../../src/broadcaster/setting-table.ts';
import type { BroadcasterSettings } from '../../src/broadcaster/settings.ts';
import type { Application } from '../../src/broadcaster/upstream-intake.ts';
import { encodeAck } from '../../src/protocol/frame.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { type LinkEvents, LinkState } from '../../src/protocol/ports.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../protocol/fake-link.ts';

/** One client's end at a broadcaster under test: says what the test wants, and keeps what it is told. */
export class Peer {
  readonly id: string;
  link: FakeLink;
  readonly #fixture: DeliveryFixture;
  #events: LinkEvents;
  /** What identifies its session when it comes back. */
  #session: Record<string, unknown> = {};

  constructor(fixture: DeliveryFixture, id: string, rooms: readonly string[]) {
    this.id = id;
    this.#fixture = fixture;
    [this.link, this.#events] = this.#dial({ rooms });
  }

  say(frame: object): void {
    this.#events.onText(JSON.stringify(frame));
  }

  ack(...seqs: number[]): void {
    for (const seq of seqs) this.#events.onText(encodeAck(seq, false));
  }

  /** Loses its socket without a close frame. */
  drop(): void {
    this.link.state = LinkState.closed;
    this.#events.onClose(1006, '');
  }

  /** Comes back to its session. */
  resume(lastSeq = 0): void {
    [this.link, this.#events] = this.#dial({ ...this.#session, lastSeq });
  }

  /** What came since the last look, as `FakeLink.take` has it. */
  take(): string[] {
    return this.link.take();
  }

  #dial(fields: object): [FakeLink, LinkEvents] {
    const link = new FakeLink();
    const events = this.#fixture.broadcaster.accept(link);
    events.onText(JSON.stringify({ kind: 'hello', clientId: this.id, rooms: [], ...fields }));
    const { session, token, epoch } = JSON.parse(link.texts[0] ?? '{}') as Record<string, unknown>;
    this.#session = { session, token, epoch };
    return [link, events];
  }
}

/** A broadcaster on fake sockets in virtual time, whose clients ack only when the test says so. */
export class DeliveryFixture {
  readonly time = new VirtualTime();
  readonly broadcaster: Broadcaster;
  /** What became of each submitted message, by its type: `accepted`, or why not. */
  readonly outcomes: string[] = [];
  #ids = 0;

  constructor(settings: Partial<BroadcasterSettings> = {}, application?: Application, policy?: Policy) {
    this.broadcaster = new Broadcaster({
      settings: {
        ...DEFAULT_SETTINGS,
        ackTimeoutMs: 600_000,
        pingIntervalMs: 600_000,
        helloTimeoutMs: 600_000,
        batchDelayMs: 0,
        ...settings,
      },
      ports: {
        clock: this.time,
        timers: this.time,
        randomFor: () => ({ next: () => 0 }),
        newId: () => {
          this.#ids += 1;
          return `id${this.#ids}`;
        },
      },
      ...(application === undefined ? {} : { application }),
      ...(policy === undefined ? {} : { policy }),
    });
  }

  get statistics(): Broadcaster['statistics'] {
    return this.broadcaster.statistics;
  }

  /** A client that has been welcomed. */
  peer(id: string, ...rooms: string[]): Peer {
    const peer = new Peer(this, id, rooms);
    peer.take();
    return peer;
  }

  submit(type: string, room = '*'): void {
    const message = new OutgoingMessage({ room, type, payloadText: '{}' });
    this.broadcaster.submit(message, (refusal) => this.outcomes.push(`${type} ${refusal ?? 'accepted'}`));
  }

  /** Lets everything happen that is due now, and in the next so many ms. */
  pass(ms = 1): void {
    this.time.runFor(ms);
  }
}
