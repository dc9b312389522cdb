import { METRICS_CLIENTS, Metrics, type MetricsOptions } from '../server/metrics.ts';
import { MetricsEndpoint } from '../server/metrics-endpoint.ts';
import { ListenError } from '../world/real/listener.ts';
import { say } from './console.ts';
import { UserError } from './exit.ts';

export interface MetricsFlags {
  readonly metricsPort?: number;
  readonly metricsClients?: number | 'all';
}

/**
 * Opens the port for the metrics where one is asked for, and says where it is.
 *
 * @throws {UserError} when the port can't be had, or when there is none for the other flag to speak of
 */
export async function openMetricsPort(
  { metricsPort, metricsClients }: MetricsFlags,
  host: string,
  options: Omit<MetricsOptions, 'clients'>,
): Promise<MetricsEndpoint | undefined> {
  if (metricsPort === undefined) {
    if (metricsClients === undefined) return undefined;
    throw new UserError(
      `Cannot use --metrics-clients ${metricsClients}: there are no metrics, --metrics-port is wanted too`,
    );
  }
  const metrics = new Metrics({ ...options, clients: metricsClients ?? METRICS_CLIENTS });
  const endpoint = new MetricsEndpoint({ metrics, host, port: metricsPort });
  try {
    await endpoint.open();
  } catch (error) {
    throw error instanceof ListenError ? new UserError(error.message) : error;
  }
  say(`Metrics on ${endpoint.url}`);
  return endpoint;
}
