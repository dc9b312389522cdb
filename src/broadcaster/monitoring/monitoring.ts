import type { OutgoingMessage } from '../../protocol/message.ts';
import type { Link } from '../../protocol/ports.ts';
import type { Session } from '../../protocol/session.ts';
import type { DropReason } from '../../protocol/session-contract.ts';
import type { BroadcasterPorts } from '../observer.ts';
import type { Rooms } from '../rooms.ts';
import type { SessionListener } from '../session-listener.ts';
import type { BroadcasterSettings } from '../settings.ts';
import type { Statistics } from '../statistics.ts';
import { AlertWatch, percent, type ThresholdAlert } from './alerts.ts';
import { Backpressure } from './backpressure.ts';
import { BroadcastMetrics } from './broadcast-metrics.ts';
import type { Failure, FailureKind } from './failure.ts';
import { FailureHandler } from './failure-handler.ts';
import { Penalties } from './penalties.ts';

const ALERT_COUNTERS = {
  failureRate: 'failureRateAlerts',
  buffer: 'bufferAlerts',
  latency: 'latencyAlerts',
} as const;

/** What the monitoring has to be able to do with the clients of a broadcaster. */
export interface Monitored {
  readonly settings: BroadcasterSettings;
  readonly ports: BroadcasterPorts;
  readonly statistics: Statistics;
  readonly rooms: Rooms;
  /** The socket that a session has now. */
  linkOf(session: Session): Link | undefined;
  /** The latest session of a client. */
  sessionOf(clientId: string): Session | undefined;
  /** Closes the socket that a session has now, if any. */
  disconnect(session: Session, reason: string): void;
}

/**
 * Sees how broadcasting goes: measures it, keeps the failures of each client, raises alerts, and sees to it that
 * something is done about clients that fail again and again.
 */
export class Monitoring implements SessionListener {
  readonly metrics: BroadcastMetrics;
  readonly failures: FailureHandler;
  readonly backpressure: Backpressure;
  readonly #monitored: Monitored;
  readonly #penalties: Penalties;
  readonly #alerts: AlertWatch;

  constructor(monitored: Monitored) {
    this.#monitored = monitored;
    const { settings, statistics, ports } = monitored;
    const { clock, timers } = ports;
    this.metrics = new BroadcastMetrics({ windowMs: settings.alerts.windowMs, clock });
    this.failures = new FailureHandler({
      settings: settings.failures,
      clock,
      onProblematic: (clientId, lastErrors) => this.#onProblematic(clientId, lastErrors),
      onHighRate: (ratio) => this.#onHighRate(ratio),
    });
    this.#penalties = new Penalties({
      settings: settings.failures,
      failures: this.failures,
      clock,
      timers,
      statistics,
      disconnect: (session) => monitored.disconnect(session, 'fails again and again'),
    });
    this.#alerts = new AlertWatch({
      settings: settings.alerts,
      bufferBytesMax: settings.bufferBytesMax,
      clock,
      timers,
      metrics: this.metrics,
      bufferedBytesOf: (session) => monitored.linkOf(session)?.bufferedBytes ?? 0,
      worstClient: () => this.failures.worst(),
      raise: (alert) => this.#act(alert),
    });
    this.backpressure = new Backpressure({
      bufferBytesWarn: settings.bufferBytesWarn,
      warnIntervalMs: settings.bufferWarnIntervalMs,
      clock,
      onWarning: () => {
        statistics.bufferWarnings += 1;
      },
    });
  }

  /** A broadcast begins. */
  published(message: OutgoingMessage): void {
    message.publishedUs = this.#monitored.ports.clock.nowUs();
    this.#alerts.wake();
  }

  /** @returns false when the client is to do without the message */
  grants(session: Session, message: OutgoingMessage): boolean {
    return this.#penalties.grants(session, message);
  }

  sent(session: Session, message: OutgoingMessage): void {
    this.metrics.sent();
    this.failures.sent();
    // Without acks, what a send takes ends where the socket takes it.
    if (!session.sequenced && message.publishedUs >= 0) {
      this.#alerts.took(session, this.#monitored.ports.clock.nowUs() - message.publishedUs);
    }
  }

  /** @param roundTripUs - -1 when it can't be told */
  acked(session: Session, _message: OutgoingMessage, roundTripUs: number): void {
    if (roundTripUs >= 0) this.#alerts.took(session, roundTripUs);
  }

  dropped(session: Session, message: OutgoingMessage, reason: DropReason, seq: number): void {
    if (reason !== 'overflow' || session.ended) return;
    const kind = this.#kindOfDrop(session, seq);
    if (kind === 'buffer-full') {
      const { statistics } = this.#monitored;
      statistics.bufferDrops += 1;
      if (this.backpressure.dropped(session.identity.clientId) === 1) statistics.bufferDropClients += 1;
    }
    message.result.fail(session.identity.clientId, kind ?? 'send-error');
    // What a client is denied on purpose is no failure of that client.
    if (kind !== undefined && !this.#penalties.isPenalised(session))
      this.#fail(session, kind, `${message.type} given up`);
  }

  sendFailed(session: Session, code: string): void {
    this.#monitored.statistics.sendErrors += 1;
    this.#fail(session, 'send-error', code);
  }

  ackOverdue(session: Session): void {
    this.#monitored.statistics.ackTimeouts += 1;
    this.#fail(session, 'ack-timeout', 'no ack in time');
  }

  missedPong(session: Session): void {
    this.#monitored.statistics.missedPongs += 1;
    this.#fail(session, 'missed-pong', 'no pong in time');
  }

  /** Some sends of a broadcast did not leave within the message timeout. */
  late(message: OutgoingMessage): void {
    for (const session of this.#monitored.rooms.members(message.room)) {
      if (!session.connected || !session.outbox.isUnsent(message)) continue;
      this.#monitored.statistics.messageTimeouts += 1;
      message.result.fail(session.identity.clientId, 'message-timeout');
      if (!this.#penalties.isPenalised(session))
        this.#fail(session, 'message-timeout', `${message.type} has not left`);
    }
  }

  /** A session has been written to. */
  served(session: Session): void {
    const link = this.#monitored.linkOf(session);
    if (link === undefined) return;
    const { bufferedBytes } = link;
    this.backpressure.check(session, bufferedBytes);
    this.#alerts.buffered(session, bufferedBytes);
    // Without an outbox the message was dropped, and that was counted then.
    const stuck = session.sequenced && session.outbox.hasUnsent;
    if (!stuck || bufferedBytes <= this.#monitored.settings.bufferBytesMax) return;
    this.#monitored.statistics.bufferWaits += 1;
    this.#fail(session, 'buffer-full', `${bufferedBytes} bytes wait in the socket`);
  }

  owned(session: Session): void {
    if (this.failures.isProblematic(session.identity.clientId)) this.#penalties.begin(session);
  }

  released(session: Session): void {
    this.backpressure.forget(session);
    this.#alerts.forget(session);
    this.#penalties.forget(session);
  }

  discarded(session: Session): void {
    this.released(session);
  }

  stop(): void {
    this.#alerts.stop();
    this.#penalties.stop();
  }

  #fail(session: Session, kind: FailureKind, detail: string): void {
    this.metrics.failed(kind);
    this.failures.failed(session.identity.clientId, kind, detail);
    this.#alerts.wake();
  }

  /** @returns undefined for the end of a send error, which was recorded as such */
  #kindOfDrop(session: Session, seq: number): FailureKind | undefined {
    // It found no place in the outbox.
    if (session.sequenced || seq === 0) return 'overflow';
    const bufferedBytes = this.#monitored.linkOf(session)?.bufferedBytes ?? 0;
    return bufferedBytes > this.#monitored.settings.bufferBytesMax ? 'buffer-full' : undefined;
  }

  #onProblematic(clientId: string, lastErrors: readonly Failure[]): void {
    const { statistics, ports, settings } = this.#monitored;
    statistics.problematicClients += 1;
    const errors = inWords(lastErrors);
    const detail = `${clientId} fails again and again, strategy ${settings.failures.strategy}: ${errors}`;
    ports.alert?.({ name: 'problematicClient', atUs: ports.clock.nowUs(), detail, clientId });
    const session = this.#monitored.sessionOf(clientId);
    if (session !== undefined) this.#penalties.begin(session);
  }

  #onHighRate(ratio: number): void {
    const { statistics, ports, settings } = this.#monitored;
    statistics.highFailureRates += 1;
    const detail = `${percent(ratio)} of sends failed, limit ${percent(settings.failures.globalRatio)}`;
    ports.alert?.({
      name: 'highFailureRate',
      atUs: ports.clock.nowUs(),
      detail,
      clientId: undefined,
    });
  }

  #act(alert: ThresholdAlert): void {
    const { statistics, settings, ports } = this.#monitored;
    statistics.alerts += 1;
    statistics[ALERT_COUNTERS[alert.name]] += 1;
    for (const action of settings.alerts.actions) {
      switch (action) {
        case 'log':
          ports.alert?.(alert);
          break;
        case 'disconnect':
          this.#disconnect(alert);
          break;
        case 'scale':
          statistics.scaleRequests += 1;
          ports.scale?.(alert);
      }
    }
  }

  #disconnect({ name, clientId }: ThresholdAlert): void {
    const session = clientId === undefined ? undefined : this.#monitored.sessionOf(clientId);
    if (session === undefined || !session.connected) return;
    this.#monitored.statistics.alertDisconnects += 1;
    this.#monitored.disconnect(session, `alert ${name}`);
  }
}

/** Equal ones in a row together: `ack-timeout (no ack in time) ×5`. */
function inWords(errors: readonly Failure[]): string {
  const runs: { readonly text: string; count: number }[] = [];
  for (const { kind, detail } of errors) {
    const text = `${kind} (${detail})`;
    const last = runs.at(-1);
    if (last?.text === text) last.count += 1;
    else runs.push({ text, count: 1 });
  }
  return runs.map(({ text, count }) => (count === 1 ? text : `${text} ×${count}`)).join(', ');
}
