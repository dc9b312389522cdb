import type { FaultRecord, FaultyServer, PlannedFault } from '../faults/fault.ts';
import { findFault } from '../faults/registry.ts';
import { type Clock, Timer, type Timers } from '../protocol/ports.ts';

const NOT_FIRED = {
  planned: 1,
  fired: 0,
  effects: 0,
  firstFiredUs: -1,
  firstEffectUs: -1,
  holds: [],
} as const;

/** Plays the planned faults of the server at their instants. */
export class ServerFaults {
  readonly #records: FaultRecord[];
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #pending: { readonly timer: Timer; readonly atMs: number }[];

  constructor(options: {
    readonly planned: readonly PlannedFault[];
    readonly server: FaultyServer;
    readonly clock: Clock;
    readonly timers: Timers;
    /** A fault is over that may have kept the server's whole process from working. */
    readonly onInjected: () => void;
  }) {
    const { planned, server, clock, timers, onInjected } = options;
    this.#clock = clock;
    this.#timers = timers;
    const injections = planned.flatMap((plan) => {
      const fault = findFault(plan.name);
      return fault?.kind === 'server' ? [{ plan, fault }] : [];
    });
    this.#records = injections.map(({ plan: { index, name } }) => ({ index, name, ...NOT_FIRED }));
    this.#pending = injections.map(({ plan, fault }, place) => {
      const timer = new Timer(() => {
        const firstFiredUs = clock.nowUs();
        fault.inject(server, plan.values);
        const times = { fired: 1, effects: 1, firstFiredUs, firstEffectUs: clock.nowUs() };
        this.#records[place] = { index: plan.index, name: plan.name, ...NOT_FIRED, ...times };
        onInjected();
      });
      return { timer, atMs: plan.atMs };
    });
  }

  /** @param loadFromUs - instant that the plan counts from, now or later */
  start(loadFromUs: number): void {
    const untilLoadMs = (loadFromUs - this.#clock.nowUs()) / 1000;
    for (const { timer, atMs } of this.#pending) this.#timers.arm(timer, Math.max(0, untilLoadMs + atMs));
  }

  /** Plays nothing any more. */
  stop(): void {
    for (const { timer } of this.#pending) this.#timers.disarm(timer);
  }

  toRecords(): readonly FaultRecord[] {
    return this.#records;
  }
}
