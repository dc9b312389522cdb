import type { FaultRecord, FaultyService, PlannedFault } from '../../faults/fault.ts';
import { findFault } from '../../faults/registry.ts';
import type { Clock } from '../../protocol/ports.ts';

/** A process that a fault can be told to. */
export interface FaultTarget extends FaultyService {
  readonly name: string;
  readonly pid: number;
}

interface Active {
  readonly plan: PlannedFault;
  readonly end: () => void;
  record: FaultRecord;
}

/** Plays the planned faults of services at their instants. */
export class ServiceFaults {
  readonly #active: Active[];
  readonly #targets: readonly FaultTarget[];
  readonly #clock: Clock;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #open = new Set<Active>();

  constructor(planned: readonly PlannedFault[], targets: readonly FaultTarget[], clock: Clock) {
    this.#targets = targets;
    this.#clock = clock;
    this.#active = planned.flatMap((plan): Active[] => {
      const fault = findFault(plan.name);
      if (fault?.kind !== 'service') return [];
      const { index, name, services = [], values } = plan;
      const end = (): void => {
        for (const target of this.#of(services)) fault.end?.(target, values);
      };
      const record = { index, name, planned: services.length, fired: 0, effects: 0, holds: [] };
      return [{ plan, end, record: { ...record, firstFiredUs: -1, firstEffectUs: -1 } }];
    });
  }

  /** @param loadFromUs - instant that the plan counts from, now or later */
  start(loadFromUs: number): void {
    const untilLoadMs = (loadFromUs - this.#clock.nowUs()) / 1000;
    for (const active of this.#active) {
      const { atMs, forMs } = active.plan;
      this.#after(untilLoadMs + atMs, () => this.#inject(active));
      if (forMs !== undefined) this.#after(untilLoadMs + atMs + forMs, () => this.#heal(active));
    }
  }

  /** Ends what lasts, and plays nothing any more. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const active of [...this.#open]) this.#heal(active);
  }

  get records(): readonly FaultRecord[] {
    return this.#active.map(({ record }) => record);
  }

  #after(delayMs: number, act: () => void): void {
    this.#timers.push(setTimeout(act, Math.max(0, delayMs)));
  }

  #inject(active: Active): void {
    const fault = findFault(active.plan.name);
    if (fault?.kind !== 'service') return;
    // One that is down already can't be ended a second time.
    const running = this.#of(active.plan.services ?? []).filter(({ pid }) => pid !== 0);
    if (running.length === 0) return;
    const firstFiredUs = this.#clock.nowUs();
    for (const target of running) fault.inject(target, active.plan.values);
    const { length: fired } = running;
    active.record = {
      ...active.record,
      fired,
      effects: fired,
      firstFiredUs,
      firstEffectUs: this.#clock.nowUs(),
    };
    this.#open.add(active);
  }

  #heal(active: Active): void {
    if (this.#open.delete(active)) active.end();
  }

  #of(names: readonly string[]): readonly FaultTarget[] {
    return this.#targets.filter(({ name }) => names.includes(name));
  }
}
