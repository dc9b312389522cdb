import { SERVICE_SERIES, type ServiceSeries, serviceSeriesName } from '../../scenario/metric.ts';
import type { Result } from '../../verdict/result.ts';

/** What reports say of services, each in its own form. */

export type ServiceOutcome = NonNullable<Result['services']>[number];
type Saturation = Result['saturation'];

/** Series of services have a table of their own. */
export function isServiceSeries(name: string): boolean {
  return name.startsWith('services.');
}

interface Used {
  readonly title: string;
  readonly series: ServiceSeries;
  readonly unit: string;
  readonly dispensable: number;
  readonly of: (saturation: Saturation, service: string, series: ServiceSeries) => number | undefined;
}

const largest: Used['of'] = (saturation, service, series) =>
  saturation[serviceSeriesName(series, service)]?.max;
const last: Used['of'] = (saturation, service, series) =>
  saturation[serviceSeriesName(series, service)]?.final;

/** What the tables of reports show of the use of a service. */
export const serviceUse: readonly Used[] = [
  { title: 'cores', series: 'cpu', unit: SERVICE_SERIES.cpu, dispensable: 4, of: largest },
  { title: 'rss max', series: 'rss', unit: SERVICE_SERIES.rss, dispensable: 5, of: largest },
  { title: 'rss end', series: 'rss', unit: SERVICE_SERIES.rss, dispensable: 2, of: last },
  { title: 'files', series: 'descriptors', unit: SERVICE_SERIES.descriptors, dispensable: 3, of: largest },
  { title: 'threads', series: 'threads', unit: SERVICE_SERIES.threads, dispensable: 2, of: largest },
];
