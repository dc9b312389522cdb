import { Series, type SeriesSummary } from '../../measure/series.ts';
import type { Clock } from '../../protocol/ports.ts';
import { SERVICE_SERIES, type ServiceSeries, serviceSeriesName } from '../../scenario/metric.ts';
import { treeUse } from './process-tree.ts';

const INTERVAL_MS = 500;
/** Ticks of CPU time a second, the same on every Linux. */
const TICKS_PER_SEC = 100;
/** Of a core; below that quantiles do not distinguish. */
const CPU_PRECISION = 0.001;

export interface SampledService {
  readonly name: string;
  /** 0 while it does not run. */
  readonly pid: number;
}

/** What the process trees of services use, over time. Nothing where the system has no /proc. */
export class ServiceSampler {
  readonly #services: readonly SampledService[];
  readonly #clock: Clock;
  readonly #series = new Map<string, Readonly<Record<ServiceSeries, Series>>>();
  readonly #cpu = new Map<string, { readonly atUs: number; readonly ticks: ReadonlyMap<number, number> }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(services: readonly SampledService[], clock: Clock) {
    this.#services = services;
    this.#clock = clock;
    for (const { name } of services) this.#series.set(name, seriesOf(name));
  }

  start(): void {
    this.#timer = setInterval(() => this.#sample(), INTERVAL_MS);
    this.#timer.unref();
    this.#sample();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Slopes count from now on. */
  startLoad(): void {
    for (const series of this.#all) series.startTrend();
  }

  /** Slopes count no further. */
  endLoad(): void {
    for (const series of this.#all) series.endTrend();
  }

  /** @param originUs - start of load, from which the points count */
  summarise(originUs: number): Record<string, SeriesSummary> {
    const sampled = this.#all.filter(({ count }) => count > 0);
    return Object.fromEntries(sampled.map((series) => [series.name, series.summarise(originUs)]));
  }

  get #all(): readonly Series[] {
    return [...this.#series.values()].flatMap((record) => Object.values(record));
  }

  #sample(): void {
    for (const { name, pid } of this.#services) {
      const use = pid === 0 ? undefined : treeUse(pid);
      const series = this.#series.get(name);
      if (use === undefined || series === undefined) continue;
      const atUs = this.#clock.nowUs();
      series.rss.add(atUs, use.rss);
      series.descriptors.add(atUs, use.descriptors);
      series.threads.add(atUs, use.threads);
      const before = this.#cpu.get(name);
      this.#cpu.set(name, { atUs, ticks: use.cpuTicks });
      if (before === undefined || atUs <= before.atUs) continue;
      let ticks = 0;
      for (const [process, total] of use.cpuTicks) ticks += total - (before.ticks.get(process) ?? 0);
      series.cpu.add(atUs, ticks / TICKS_PER_SEC / ((atUs - before.atUs) / 1e6));
    }
  }
}

function seriesOf(instance: string): Record<ServiceSeries, Series> {
  const one = (series: ServiceSeries): Series =>
    new Series({
      name: serviceSeriesName(series, instance),
      unit: SERVICE_SERIES[series],
      ...(series === 'cpu' ? { precision: CPU_PRECISION } : {}),
    });
  return { cpu: one('cpu'), rss: one('rss'), descriptors: one('descriptors'), threads: one('threads') };
}
