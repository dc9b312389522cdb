import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { Broadcaster } from './broadcaster/broadcaster.ts';
import { type DeadLetter, DeadLetters } from './broadcaster/dead-letters.ts';
import type { Load } from './broadcaster/load.ts';
import type { BroadcastAlert } from './broadcaster/monitoring/alerts.ts';
import type { BroadcasterObserver } from './broadcaster/observer.ts';
import { DEFAULT_SETTINGS } from './broadcaster/setting-table.ts';
import type { BroadcasterSettings } from './broadcaster/settings.ts';
import type { Statistics } from './broadcaster/statistics.ts';
import type { UpstreamMessage } from './broadcaster/upstream-intake.ts';
import { attachTo } from './library/attachments.ts';
import { checkOptions, OWN_OPTIONS } from './library/check-options.ts';
import { BroadcasterError } from './library/error.ts';
import type { BroadcasterEvents, DeadLetterNotice, Published } from './library/events.ts';
import type { BroadcasterOptions } from './library/options.ts';
import { policyOf } from './library/policy.ts';
import { messageOf } from './library/publication.ts';
import { LinkState } from './protocol/ports.ts';
import { METRICS_CLIENTS, Metrics } from './server/metrics.ts';
import { Admission } from './world/real/admission.ts';
import { Machine } from './world/real/machine.ts';
import { linkUpgrade, type Upgrade } from './world/real/upgrade.ts';
import { type LinkTaker, WsLink } from './world/real/ws-link.ts';

/**
 * The reference broadcaster for a server of your own: sessions that survive connections, acks, resends, resume, rooms
 * and heartbeats, on an `http` server or on sockets that `ws` has accepted. Clients speak `wsdeliver.v1`.
 */

export { BroadcasterError, ERROR_CODES, type ErrorCode } from './library/error.ts';
export type { BroadcasterEvents, DeadLetterNotice, Published } from './library/events.ts';
export type { AskedHello, BroadcasterOptions, Client, ClientMessage, Verdict } from './library/options.ts';
export type { Origins } from './world/real/admission.ts';

/** @throws {BroadcasterError} `invalid-option` */
export function createBroadcaster(options: BroadcasterOptions = {}): DeliveringBroadcaster {
  return new DeliveringBroadcaster(options);
}

export class DeliveringBroadcaster extends EventEmitter<BroadcasterEvents> {
  readonly #machine = new Machine(randomInt(2 ** 31));
  readonly #letters: DeadLetters;
  readonly #broadcaster: Broadcaster;
  readonly #onMessage: BroadcasterOptions['onMessage'];
  readonly #taker: LinkTaker;
  readonly #upgrade: Upgrade;
  readonly #detachers: (() => void)[] = [];
  readonly #needsRequest: boolean;
  #metrics: Metrics | undefined;
  #stopped = false;

  constructor(options: BroadcasterOptions) {
    super();
    checkOptions(options);
    const { onMessage, authorize, canJoin, canPublish, ...rest } = options;
    const {
      origins = 'same',
      connectionsPerSecMax = OWN_OPTIONS.connectionsPerSecMax.default,
      connectionsPerSecPerAddressMax = OWN_OPTIONS.connectionsPerSecPerAddressMax.default,
      deadLettersKept = OWN_OPTIONS.deadLettersKept.default,
      ...chosen
    } = rest;
    this.#onMessage = onMessage;
    this.#needsRequest = authorize !== undefined;
    const settings: BroadcasterSettings = { ...DEFAULT_SETTINGS, ...chosen };
    const { deadLetterBytesMax: bytesMax } = settings;
    this.#letters = new DeadLetters({ keptMax: deadLettersKept, bytesMax }, (letter) => {
      if (this.listenerCount('deadLetter') > 0) this.#tell('deadLetter', this.#noticeOf(letter));
    });
    this.#broadcaster = new Broadcaster({
      settings,
      ports: {
        ...this.#machine,
        alert: ({ name, detail }: BroadcastAlert) => this.#tell('alert', { name, detail }),
      },
      observer: this.#observer(),
      deadLetters: this.#letters,
      policy: policyOf(options, (hook, error) => this.#tell('hookError', { hook, error })),
      ...(onMessage === undefined
        ? {}
        : { application: { receive: (message, settled) => void this.#handle(message, settled) } }),
    });
    const admission = new Admission({
      origins,
      connectionsPerSecMax,
      connectionsPerSecPerAddressMax,
      hasRoom: () => this.#broadcaster.hasRoomForConnection,
      clock: this.#machine.clock,
      onRefused: ({ reason }) => {
        this.#broadcaster.statistics.connectionsRefused += 1;
        this.#tell('refused', { what: 'connection', clientId: undefined, reason });
      },
      onError: (error) => this.#tell('hookError', { hook: 'origins', error }),
    });
    this.#taker = {
      accept: (link, request) => this.#broadcaster.accept(link, request),
      refusalOf: (request) => admission.refusalOf(request),
      beforeRead: () => this.#machine.timers.catchUp(),
      onFailure: (error) => {
        this.#broadcaster.statistics.internalErrors += 1;
        this.#tell('internalError', { error });
      },
    };
    this.#upgrade = linkUpgrade(this.#taker);
  }

  /**
   * Takes the WebSocket upgrades of an HTTP server.
   *
   * @param options - `path`: only upgrades to this path; others are left to other broadcasters and listeners, or
   *   answered with 404 where there are none
   * @returns takes no more upgrades from it; connections stay
   * @throws {BroadcasterError} `already-attached`, `stopped`
   */
  attach(server: Server, { path }: { readonly path?: string } = {}): () => void {
    this.#checkRunning('attach');
    const detach = attachTo(server, path, this.#upgrade);
    this.#detachers.push(detach);
    return detach;
  }

  /** Answers one upgrade request, for servers that do their own routing. @throws {BroadcasterError} `stopped` */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#checkRunning('take an upgrade');
    this.#upgrade(request, socket, head);
  }

  /**
   * Takes a WebSocket that a `WebSocketServer` of `ws` has accepted. Nobody else should send on it or close it. Origins
   * and the rate of connections are that server's business.
   *
   * @param request - with which it came; needed where there is an `authorize`
   * @throws {BroadcasterError} `socket-not-open`, `socket-taken`, `request-missing`, `stopped`
   */
  accept(ws: WebSocket, request?: IncomingMessage): void {
    this.#checkRunning('accept a WebSocket');
    if (this.#needsRequest && request === undefined) {
      throw new BroadcasterError(
        'request-missing',
        'Cannot accept the WebSocket: "authorize" decides by its request, which is wanted as the second argument',
      );
    }
    if (ws.readyState !== LinkState.open) {
      throw new BroadcasterError(
        'socket-not-open',
        'Cannot accept the WebSocket: it is not open, an open one is wanted',
      );
    }
    if (WsLink.has(ws)) {
      throw new BroadcasterError(
        'socket-taken',
        'Cannot accept the WebSocket: a broadcaster has it already, another one is wanted',
      );
    }
    WsLink.accept(ws, this.#taker, request);
  }

  /**
   * Owes a message to everybody in a room; `*` is everybody.
   *
   * @param payload - anything that JSON can say
   * @returns settles when the message has a place in every outbox; it never rejects. Only the policy `pause` makes it wait
   * @throws {BroadcasterError} `invalid-name`, `invalid-payload`, `too-large`, `stopped`
   */
  publish(room: string, type: string, payload: unknown): Promise<Published> {
    this.#checkRunning('publish');
    const message = messageOf(room, type, payload);
    return new Promise((resolve) => {
      this.#broadcaster.submit(message, (reason) => {
        const { total, dropped } = message.result;
        resolve(
          reason === undefined
            ? { accepted: true, recipients: total, overflowed: dropped }
            : { accepted: false, reason },
        );
      });
    });
  }

  /** Clients in a room at present, those included whose session waits for them. */
  roomSize(room: string): number {
    return this.#broadcaster.rooms.members(room).size;
  }

  /** Counters since it was made, and what it holds now; walks over all sessions. */
  statistics(): Statistics & Load {
    return { ...this.#broadcaster.statistics, ...this.#broadcaster.load() };
  }

  /** The newest dead letters, oldest first. */
  deadLetters(): DeadLetterNotice[] {
    return this.#letters.after(0).map((letter) => this.#noticeOf(letter));
  }

  /** For Prometheus, as text. */
  metricsText(): Promise<string> {
    this.#metrics ??= new Metrics({ source: () => this.#broadcaster, clients: METRICS_CLIENTS });
    return this.#metrics.text();
  }

  /**
   * Asks every client to go away and to come back, elsewhere, at a random instant within `spreadMs`; then stops.
   *
   * @param options - default 5000; `waitMs`: what closing handshakes get, default 500
   */
  async drain({
    spreadMs = 5000,
    waitMs = 500,
  }: {
    readonly spreadMs?: number;
    readonly waitMs?: number;
  } = {}): Promise<void> {
    if (this.#stopped) return;
    this.#broadcaster.drain(spreadMs);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.stop();
  }

  /** Ends every session and all timers. Sockets that are still open are the server's to close. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const detach of this.#detachers) detach();
    this.#broadcaster.stop('restart');
    this.#machine.close();
  }

  #checkRunning(action: string): void {
    if (this.#stopped || this.#broadcaster.stopped) {
      throw new BroadcasterError(
        'stopped',
        `Cannot ${action}: the broadcaster has stopped, one that runs is wanted`,
      );
    }
  }

  async #handle(
    { clientId, type, payload }: UpstreamMessage,
    settled: (refusal: string | undefined) => void,
  ): Promise<void> {
    const message = { clientId, type, payload };
    try {
      settled((await this.#onMessage?.(message)) ?? undefined);
    } catch (error) {
      this.#tell('handlerError', { message, error });
      settled('the handler failed');
    }
  }

  #observer(): BroadcasterObserver {
    return {
      sessionOpened: ({ identity: { clientId, id } }) =>
        this.#tell('sessionOpened', { clientId, session: id }),
      sessionEnded: ({ identity: { clientId, id } }, reason) =>
        this.#tell('sessionEnded', { clientId, session: id, reason }),
      refused: (refusal) => this.#tell('refused', refusal),
      disconnected: (clientId, { cause }) => this.#tell('disconnected', { clientId, cause }),
      owned() {},
      assigned() {},
      sent() {},
      acked() {},
      dropped() {},
    };
  }

  #tell<E extends keyof BroadcasterEvents>(event: E, ...values: BroadcasterEvents[E]): void {
    if (this.listenerCount(event) === 0) return;
    setImmediate(() => (this as EventEmitter).emit(event, ...values));
  }

  #noticeOf({ atUs, clientId, session, seq, reason, attempts, message }: DeadLetter): DeadLetterNotice {
    const at = new Date(Date.now() - (this.#machine.clock.nowUs() - atUs) / 1000);
    const { room, type, payloadText } = message;
    const payload: unknown = JSON.parse(payloadText);
    return { at, clientId, session, seq, room, type, payload, reason, attempts };
  }
}
