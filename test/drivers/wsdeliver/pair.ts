import { expect } from 'vitest';
import { Broadcaster } from '../../../src/broadcaster/broadcaster.ts';
import { DEFAULT_SETTINGS } from '../../../src/broadcaster/setting-table.ts';
import type { BroadcasterSettings } from '../../../src/broadcaster/settings.ts';
import type { AckFilter, ClientBehaviour, PublishOutcome } from '../../../src/drivers/driver.ts';
import { plainValues } from '../../../src/drivers/values.ts';
import { WsdeliverClient } from '../../../src/drivers/wsdeliver/client.ts';
import { OutgoingMessage } from '../../../src/protocol/message.ts';
import { ServerTextDecoder } from '../../../src/protocol/server-text-decoder.ts';
import { newIdFrom, randomStreams } from '../../../src/world/random.ts';
import type { Path } from '../../../src/world/virtual/lane.ts';
import { VirtualNetwork } from '../../../src/world/virtual/network.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';
import { noContent } from '../no-content.ts';
import {
  CheckedClientObserver,
  CheckedServerObserver,
  type Delivery,
  SessionHistories,
} from './checked-observers.ts';

export interface PairOptions {
  readonly seed: number;
  readonly clients: number;
  readonly settings: Partial<BroadcasterSettings>;
  readonly profile: Partial<ClientBehaviour>;
}

export const QUICK_SETTINGS: BroadcasterSettings = {
  ...DEFAULT_SETTINGS,
  ackTimeoutMs: 300,
  maxResend: 3,
  nackBackoffMs: 50,
  maxPending: 30,
  bufferBytesMax: 1500,
  resumeTtlMs: 3000,
  helloTimeoutMs: 500,
  pingIntervalMs: 1000,
  pongTimeoutMs: 400,
  messageTimeoutMs: 1000,
};

export const PROFILE: ClientBehaviour = {
  rooms: ['r1'],
  ack: { mode: 'each' },
  dedupWindow: 64,
  reconnect: { minMs: 20, maxMs: 400, jitter: 'full' },
  handlerMs: 0,
  handlerFailureRatio: 0,
  nack: true,
  batch: false,
};

export interface Client {
  readonly subscriber: WsdeliverClient<Delivery>;
  readonly observer: CheckedClientObserver;
  readonly path: Path;
}

/** A broadcaster and clients in one virtual network, with a observer at every end. */
export class Pair {
  readonly time = new VirtualTime();
  readonly network: VirtualNetwork;
  readonly histories = new SessionHistories();
  readonly clients: Client[] = [];
  readonly settings: BroadcasterSettings;
  broadcaster: Broadcaster;
  readonly #streams: ReturnType<typeof randomStreams>;
  readonly #newId: () => string;
  #listener: { close(): void };
  #tags = 0;
  /** Publishes that nobody has answered. */
  #submitted = 0;
  /** How often each upstream request was published, and what its sender was told. */
  readonly #published = new Map<number, number>();
  readonly #outcomes = new Map<number, PublishOutcome[]>();

  constructor(options: PairOptions) {
    this.#streams = randomStreams(options.seed);
    this.#newId = newIdFrom(this.#streams('ids'));
    this.settings = { ...QUICK_SETTINGS, ...options.settings };
    this.network = new VirtualNetwork({
      time: this.time,
      randomFor: this.#streams,
      kernelBytes: 2000,
      handshakeTimeoutMs: 1000,
    });
    this.broadcaster = this.#newBroadcaster();
    this.#listener = this.#listen();
    for (let client = 0; client < options.clients; client += 1)
      this.#addClient(`c${client}`, options.profile);
    this.time.runFor(100);
  }

  client(number: number): Client {
    const client = this.clients[number % this.clients.length];
    if (client === undefined) throw new Error('a pair has clients');
    return client;
  }

  publish(): void {
    this.#tags += 1;
    this.#submitted += 1;
    const payloadText = `{"tag":${this.#tags}}`;
    this.broadcaster.submit(new OutgoingMessage({ room: 'r1', type: 'tick', payloadText }), (refusal) => {
      this.#submitted -= 1;
      // What waits for room in an outbox when the server dies is refused.
      if (refusal !== undefined) expect(refusal).toBe('draining');
    });
  }

  publishUpstream(client: Client): void {
    this.#tags += 1;
    const tag = this.#tags;
    this.#outcomes.set(tag, []);
    client.subscriber.publish({
      room: 'r1',
      type: 'up',
      payloadText: `{"tag":${tag}}`,
      stamp: '',
      body: '',
      seq: tag,
      settle: (outcome) => this.#outcomes.get(tag)?.push(outcome),
    });
  }

  setAcks(client: Client, fate: ReturnType<AckFilter>): void {
    client.subscriber.ackFilter = fate === undefined ? undefined : () => fate;
  }

  /** The server dies with its memory, and another takes its place. */
  restart(): void {
    this.broadcaster.stop('restart');
    this.#listener.close();
    this.broadcaster = this.#newBroadcaster();
    this.#listener = this.#listen();
  }

  /** All faults end, and everything owed gets its chance. */
  healAndSettle(): void {
    for (const { subscriber, path } of this.clients) {
      path.up.heal();
      path.down.heal();
      subscriber.ackFilter = undefined;
      subscriber.connector.setMuted(false);
      subscriber.connector.setAnswersPings(true);
      subscriber.connector.resumeReading('fault');
      subscriber.inbox.handlerMs = 0;
      if (subscriber.connector.isAway) subscriber.connector.release();
    }
    this.time.runFor(5000);
    // Who is told nothing and says nothing never learns that the other end of its socket is gone.
    for (const { subscriber } of this.clients) subscriber.connector.send('{"action":"ping"}');
    this.time.runFor(1000);
    for (let second = 1; second < 200 && !this.#settled; second += 1) {
      // With resends turned off only a new connection brings again what was not answered.
      if (!this.settings.resend && second % 5 === 0)
        for (const { subscriber } of this.clients) subscriber.connector.drop();
      this.time.runFor(1000);
    }
    expect(this.#waiting, 'an outbox that never empties').toEqual([]);
    for (const { subscriber, observer } of this.clients) {
      expect(subscriber.connector.ready).toBe(true);
      observer.expectNothingLost();
    }
    expect(this.#submitted, 'publishes without an answer').toBe(0);
    this.#expectEndsTold();
    this.#expectRequestsAnswered();
    const { malformed, protocolErrors } = this.broadcaster.statistics;
    expect([malformed, protocolErrors], 'frames that break the protocol').toEqual([0, 0]);
  }

  /** Everybody leaves: nothing is left, and nothing ticks. */
  sayGoodbye(): void {
    for (const { subscriber } of this.clients) subscriber.stop();
    this.time.runFor(this.settings.resumeTtlMs + 20_000);
    const { assigned, sent, acked, dropped } = this.broadcaster.statistics;
    expect(assigned).toBe((this.settings.delivery === 'at-most-once' ? sent : acked) + dropped);
    expect(this.broadcaster.load()).toMatchObject({
      connections: 0,
      sessions: 0,
      absent: 0,
      pendingTotal: 0,
    });
    expect(this.broadcaster.rooms.size).toBe(0);
    this.broadcaster.stop('goodbye');
    this.time.runFor(0);
    expect(this.time.plannedCount, 'timers left').toBe(0);
  }

  get #settled(): boolean {
    return this.clients.every(({ subscriber }) => subscriber.connector.ready) && this.#waiting.length === 0;
  }

  get #waiting(): string[] {
    const unanswered = this.clients.some(({ subscriber }) => subscriber.unanswered > 0) ? ['upstream'] : [];
    const sessions = [...this.histories.all()].map(([, { session }]) => session);
    const waiting = sessions.filter(({ ended, outbox }) => !ended && !outbox.isEmpty);
    return [
      ...waiting.map(({ identity, outbox }) => `${identity.clientId}: ${outbox.pending}`),
      ...unanswered,
    ];
  }

  #expectEndsTold(): void {
    for (const [id, history] of this.histories.all()) {
      const { known, ended, forgotten, refused } = history;
      const told = !known || ended === undefined || forgotten || refused !== undefined;
      expect(told, `the end of session ${id}, ${ended}, was not told`).toBe(true);
    }
  }

  #expectRequestsAnswered(): void {
    for (const [tag, outcomes] of this.#outcomes) {
      expect(outcomes, `request ${tag}`).toHaveLength(1);
      const kind = outcomes[0]?.kind;
      const published = this.#published.get(tag) ?? 0;
      if (kind === 'accepted') expect(published, `request ${tag} was accepted`).toBe(1);
      else expect(published).toBeLessThanOrEqual(kind === 'rejected' ? 0 : 1);
    }
  }

  #addClient(clientId: string, profile: Partial<ClientBehaviour>): void {
    const path = this.network.path({
      name: clientId,
      up: { delayMs: 5, jitterMs: 3 },
      down: { delayMs: 5, jitterMs: 3 },
    });
    const observer = new CheckedClientObserver(this.histories, this.settings.delivery);
    const subscriber = new WsdeliverClient<Delivery>({
      clientId,
      values: plainValues(0, 'a'),
      behaviour: { ...PROFILE, ...profile },
      ports: {
        clock: this.time,
        timers: this.time,
        dial: this.network.dialer({ address: 'server', path }),
        reconnectRandom: this.#streams(`${clientId} reconnect`),
        handlerRandom: this.#streams(`${clientId} handler`),
        ...noContent(this.time),
      },
      observer: observer,
      decoder: new ServerTextDecoder(),
    });
    this.clients.push({ subscriber, observer, path });
    subscriber.connector.connect();
  }

  #listen(): { close(): void } {
    return this.network.listen('server', (link) => this.broadcaster.accept(link));
  }

  #newBroadcaster(): Broadcaster {
    const published = this.#published;
    const { histories } = this;
    class CountingBroadcaster extends Broadcaster {
      override publish(message: OutgoingMessage): string | undefined {
        const refusal = super.publish(message);
        const tag = histories.tagOf(message);
        if (refusal === undefined) published.set(tag, (published.get(tag) ?? 0) + 1);
        return refusal;
      }
    }
    return new CountingBroadcaster({
      settings: this.settings,
      ports: { clock: this.time, timers: this.time, randomFor: this.#streams, newId: this.#newId },
      observer: new CheckedServerObserver(histories),
    });
  }
}
