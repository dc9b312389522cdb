import type { BroadcasterSettings } from '../broadcaster/settings.ts';
import type { ServerSettings } from '../scenario/schema.ts';

/** The part of the broadcaster's settings that is about failures, its queue and alerts. */
export function oversightSettings({
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
