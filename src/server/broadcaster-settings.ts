import type { BroadcasterSettings } from '../broadcaster/settings.ts';
import type { ServerSettings } from '../scenario/schema.ts';

/** The broadcaster's settings, out of a scenario's `server` block. */
export function broadcasterSettings(server: ServerSettings): BroadcasterSettings {
  const { outbox, buffer, heartbeat, broadcast } = server;
  return {
    delivery: server.delivery,
    ackTimeoutMs: outbox.ackTimeout,
    resend: outbox.resend,
    maxResend: outbox.maxResend,
    nackBackoffMs: outbox.nackBackoff,
    maxPending: outbox.maxPending,
    outboxBytesMax: outbox.maxBytes,
    outboxBytesTotalMax: outbox.maxBytesTotal,
    waitingBytesMax: outbox.maxWaitingBytes,
    requestBytesMax: server.requests.maxBytes,
    requestBytesTotalMax: server.requests.maxBytesTotal,
    deadLetterBytesMax: server.deadLetters.maxBytes,
    overflow: outbox.overflow,
    bufferBytesMax: buffer.max,
    bufferBytesWarn: buffer.warn,
    bufferWarnIntervalMs: buffer.warnInterval,
    retryAttempts: broadcast.retryAttempts,
    retryDelayMs: broadcast.retryDelay,
    resumeTtlMs: server.resumeTtl,
    helloTimeoutMs: server.helloTimeout,
    // The clients of a run are as many as its scenario says, and send what it says.
    connectionsMax: Number.POSITIVE_INFINITY,
    sessionsMax: Number.POSITIVE_INFINITY,
    framesPerSecMax: Number.POSITIVE_INFINITY,
    pingIntervalMs: heartbeat.interval,
    pongTimeoutMs: heartbeat.timeout,
    missedPongsMax: heartbeat.missed,
    readBytesPerSecMin: heartbeat.minRate,
    batchSize: broadcast.batchSize,
    batchDelayMs: broadcast.batchDelay,
    messageTimeoutMs: broadcast.messageTimeout,
    ...monitoringSettings(server),
  };
}

/** The part of the broadcaster's settings that is about failures, its queue and alerts. */
function monitoringSettings({
  broadcaster,
  failures,
  queue,
  alerts,
}: ServerSettings): Pick<BroadcasterSettings, 'broadcaster' | 'failures' | 'queue' | 'alerts'> {
  return {
    broadcaster,
    failures: {
      threshold: failures.threshold,
      windowMs: failures.window,
      globalRatio: failures.globalRate,
      historyMs: failures.history,
      strategy: failures.strategy,
      throttlePerSec: failures.throttleRate,
      keepEvery: failures.keepEvery,
    },
    queue: {
      size: queue.size,
      bytesMax: queue.maxBytes,
      retries: queue.retries,
      retryDelayMs: queue.retryDelay,
      intervalMs: queue.interval,
    },
    alerts: {
      windowMs: alerts.window,
      failureRatio: alerts.failureRate,
      bufferRatio: alerts.buffer,
      latencyMs: alerts.latency,
      actions: [...new Set(alerts.actions)],
    },
  };
}
