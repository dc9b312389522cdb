import type { Broadcaster } from '../../src/broadcaster/broadcaster.ts';
import { createBroadcaster } from '../../src/broadcaster/create-broadcaster.ts';
import type { BroadcastAlert } from '../../src/broadcaster/monitoring/alerts.ts';
import { DEFAULT_SETTINGS } from '../../src/broadcaster/setting-table.ts';
import type { BroadcasterSettings } from '../../src/broadcaster/settings.ts';
import { encodeAck } from '../../src/protocol/frame.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { type LinkEvents, LinkState } from '../../src/protocol/ports.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../protocol/fake-link.ts';

export const ROOM = 'r';

type Overrides = Partial<Omit<BroadcasterSettings, 'failures' | 'queue' | 'alerts'>> & {
  readonly failures?: Partial<BroadcasterSettings['failures']>;
  readonly queue?: Partial<BroadcasterSettings['queue']>;
  readonly alerts?: Partial<BroadcasterSettings['alerts']>;
};

/** One client's socket at a broadcaster under test. */
export class FixtureClient {
  readonly id: string;
  readonly link: FakeLink;
  readonly #events: LinkEvents;

  constructor(id: string, link: FakeLink, events: LinkEvents) {
    this.id = id;
    this.link = link;
    this.#events = events;
  }

  ack(seq: number): void {
    this.#events.onText(encodeAck(seq, false));
  }

  pong(): void {
    this.#events.onPong();
  }

  /** The socket goes away without a close frame. */
  drop(code = 1006): void {
    this.link.state = LinkState.closed;
    this.#events.onClose(code, '');
  }

  /** What came since the last look: see `FakeLink.take`, without what is no message. */
  messages(): string[] {
    return this.link.take().filter((text) => !text.startsWith('welcome') && !text.startsWith('replayed'));
  }
}

/** A broadcaster on fake sockets in virtual time. Chance always comes out as 0; pings are far apart. */
export class MonitoringFixture {
  readonly time = new VirtualTime();
  readonly alerts: BroadcastAlert[] = [];
  readonly scaled: BroadcastAlert[] = [];
  readonly broadcaster: Broadcaster;
  #ids = 0;

  constructor({ failures, queue, alerts, ...settings }: Overrides = {}) {
    this.broadcaster = createBroadcaster({
      settings: {
        ...DEFAULT_SETTINGS,
        pingIntervalMs: 3_600_000,
        batchDelayMs: 0,
        ...settings,
        failures: { ...DEFAULT_SETTINGS.failures, ...failures },
        queue: { ...DEFAULT_SETTINGS.queue, ...queue },
        alerts: { ...DEFAULT_SETTINGS.alerts, ...alerts },
      },
      ports: {
        clock: this.time,
        timers: this.time,
        randomFor: () => ({ next: () => 0 }),
        newId: () => {
          this.#ids += 1;
          return `id${this.#ids}`;
        },
        alert: (alert) => this.alerts.push(alert),
        scale: (alert) => this.scaled.push(alert),
      },
    });
  }

  get statistics(): Broadcaster['statistics'] {
    return this.broadcaster.statistics;
  }

  connect(id: string, rooms: readonly string[] = [ROOM]): FixtureClient {
    const link = new FakeLink();
    const events = this.broadcaster.accept(link);
    events.onText(JSON.stringify({ kind: 'hello', clientId: id, rooms, ack: { mode: 'each' } }));
    return new FixtureClient(id, link, events);
  }

  /** Resumes the session that the client's last welcome named. */
  resume(client: FixtureClient, lastSeq: number): FixtureClient {
    const welcome = client.link.texts
      .map((text) => JSON.parse(text))
      .findLast(({ kind }) => kind === 'welcome');
    const { session, token, epoch } = welcome;
    const link = new FakeLink();
    const events = this.broadcaster.accept(link);
    const hello = { kind: 'hello', clientId: client.id, rooms: [ROOM], session, token, epoch, lastSeq };
    events.onText(JSON.stringify(hello));
    return new FixtureClient(client.id, link, events);
  }

  publish(type: string, room = ROOM): OutgoingMessage {
    const message = new OutgoingMessage({ room, type, payloadText: 'null' });
    this.broadcaster.publish(message);
    return message;
  }

  /** Publishes so many messages, one at a time. @param everyMs - and lets so much time pass after each */
  publishMany(count: number, everyMs = 0): void {
    for (let number = 1; number <= count; number += 1) {
      this.publish(`m${number}`);
      this.time.runFor(everyMs);
    }
  }

  alertNames(): string[] {
    return this.alerts.map(({ name }) => name);
  }

  /** Stops the broadcaster. @returns what is still planned after that */
  stop(): number {
    this.broadcaster.stop('goodbye');
    return this.time.plannedCount;
  }
}
