import type { AckFate, AckFilter } from '../drivers/driver.ts';
import type { AckFault, Fault, FaultRecord, PlannedFault } from '../faults/fault.ts';
import { findFault } from '../faults/registry.ts';
import { type Clock, type Random, Timer, type Timers } from '../protocol/ports.ts';
import type { LoadClient } from './load-client.ts';

/** Holds kept of each fault, for the checks. */
const HOLDS_MAX = 2000;

class ActiveFault {
  readonly plan: PlannedFault;
  readonly fault: Fault;
  readonly clients: readonly LoadClient[];
  /** Clients it is meant for and has not reached, because they had no connection. */
  readonly waiting = new Set<LoadClient>();
  /** Clients in its hands, with the place of their hold. */
  readonly held = new Map<LoadClient, number>();
  readonly holds: [number, number, number][] = [];
  readonly struck = new Set<LoadClient>();
  active = false;
  effects = 0;
  firstFiredUs = -1;
  firstEffectUs = -1;

  constructor(plan: PlannedFault, fault: Fault, clients: readonly LoadClient[]) {
    this.plan = plan;
    this.fault = fault;
    this.clients = clients;
  }
}

/**
 * Plays the planned faults on the clients of one process, at their instants, and heals them all.
 *
 * A fault whose client has no connection at that moment waits for the next one, as long as it may.
 */
export class ClientFaults {
  readonly #faults: readonly ActiveFault[];
  readonly #byClient = new Map<LoadClient, ActiveFault[]>();
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #streams: (name: string) => Random;
  readonly #pending: Timer[] = [];

  constructor(options: {
    readonly planned: readonly PlannedFault[];
    readonly clients: ReadonlyMap<number, LoadClient>;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly streams: (name: string) => Random;
  }) {
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#streams = options.streams;
    this.#faults = options.planned.flatMap((plan) => {
      const fault = findFault(plan.name);
      if (fault === undefined || fault.kind === 'server' || fault.kind === 'service') return [];
      const clients = plan.clients.flatMap((number) => options.clients.get(number) ?? []);
      return [new ActiveFault(plan, fault, clients)];
    });
    for (const active of this.#faults) {
      for (const client of active.clients) {
        client.touched = true;
        const known = this.#byClient.get(client);
        if (known === undefined) this.#byClient.set(client, [active]);
        else known.push(active);
      }
    }
  }

  /** @param loadStartUs - instant that the plan counts from, now or later */
  start(loadStartUs: number): void {
    for (const active of this.#faults) {
      const beginMs = (loadStartUs - this.#clock.nowUs()) / 1000 + active.plan.atMs;
      this.#after(beginMs, () => this.#begin(active));
      const { forMs } = active.plan;
      if (forMs !== undefined && active.fault.kind !== 'instant')
        this.#after(beginMs + forMs, () => this.#end(active));
    }
  }

  /** A client has a working connection: faults that wait for one, or hold on each, take it. */
  onReady(client: LoadClient): void {
    for (const active of this.#byClient.get(client) ?? []) {
      if (!active.active) continue;
      if (active.waiting.delete(client)) this.#take(active, client);
      else if (active.fault.kind === 'lasting' && active.held.has(client)) {
        active.effects += 1;
        active.fault.begin(client, active.plan.values);
      }
    }
  }

  /** A client lost its connection, or its process crashed: an effect of what holds or has just struck it. */
  onLost(client: LoadClient): void {
    for (const active of this.#byClient.get(client) ?? []) {
      if (active.struck.has(client) && active.firstEffectUs < 0) active.firstEffectUs = this.#clock.nowUs();
    }
  }

  /** Ends everything that can be ended, and plays nothing any more. */
  heal(): void {
    for (const timer of this.#pending) this.#timers.disarm(timer);
    for (const active of this.#faults) {
      active.waiting.clear();
      this.#end(active);
    }
  }

  toRecords(): FaultRecord[] {
    return this.#faults.map((active) => ({
      index: active.plan.index,
      name: active.plan.name,
      planned: active.clients.length,
      fired: active.struck.size,
      effects: active.effects,
      firstFiredUs: active.firstFiredUs,
      firstEffectUs: active.firstEffectUs,
      holds: active.holds,
    }));
  }

  /** Names of the faults that hold at present. */
  active(): string[] {
    return this.#faults.filter(({ active, held }) => active && held.size > 0).map(({ plan }) => plan.name);
  }

  #after(delayMs: number, run: () => void): void {
    const timer = new Timer(run);
    this.#pending.push(timer);
    this.#timers.arm(timer, Math.max(0, delayMs));
  }

  #begin(active: ActiveFault): void {
    active.active = true;
    for (const client of active.clients) {
      if (client.ready) this.#take(active, client);
      else active.waiting.add(client);
    }
  }

  #take(active: ActiveFault, client: LoadClient): void {
    const { fault, plan } = active;
    const nowUs = this.#clock.nowUs();
    client.ledger.note(nowUs, { code: 'fault-begins', fault: plan.name });
    if (fault.kind === 'acks') {
      active.held.set(client, this.#hold(active, client, nowUs));
      client.ackFilters.push(this.#filter(active, fault, client));
      return;
    }
    this.#fired(active, client, nowUs);
    active.effects += 1;
    if (fault.kind === 'instant') {
      this.#hold(active, client, nowUs);
      fault.inject(client, plan.values);
    } else if (fault.kind === 'lasting') {
      active.held.set(client, this.#hold(active, client, nowUs));
      if (fault.healed === false) client.gone = true;
      fault.begin(client, plan.values);
    }
  }

  #fired(active: ActiveFault, client: LoadClient, nowUs: number): void {
    active.struck.add(client);
    if (active.firstFiredUs < 0) active.firstFiredUs = nowUs;
  }

  /** @returns its place, -1 when enough are kept */
  #hold(active: ActiveFault, client: LoadClient, nowUs: number): number {
    if (active.holds.length >= HOLDS_MAX) return -1;
    return active.holds.push([client.client, nowUs, -1]) - 1;
  }

  #end(active: ActiveFault): void {
    const { fault, plan } = active;
    if (!active.active || (fault.kind === 'lasting' && fault.healed === false)) return;
    active.active = false;
    const nowUs = this.#clock.nowUs();
    for (const [client, place] of active.held) {
      client.ledger.note(nowUs, { code: 'fault-ends', fault: plan.name });
      const hold = active.holds[place];
      if (hold !== undefined) hold[2] = nowUs;
      if (fault.kind === 'acks') client.ackFilters.length = 0;
      else if (fault.kind === 'lasting') fault.end(client, plan.values);
    }
    const clients = [...active.held.keys()];
    active.held.clear();
    if (fault.kind === 'acks') this.#restoreFilters(clients);
    else for (const client of clients) this.#beginAgain(client);
  }

  /** One lasting fault has ended on this client, and may have undone what others that hold it have done. */
  #beginAgain(client: LoadClient): void {
    for (const { active, fault, held, plan } of this.#byClient.get(client) ?? []) {
      if (active && fault.kind === 'lasting' && held.has(client)) fault.begin(client, plan.values);
    }
  }

  /** One ack fault has ended on these clients; others may go on. */
  #restoreFilters(clients: readonly LoadClient[]): void {
    for (const client of clients) {
      for (const other of this.#byClient.get(client) ?? []) {
        if (other.active && other.fault.kind === 'acks' && other.held.has(client)) {
          client.ackFilters.push(this.#filter(other, other.fault, client));
        }
      }
    }
  }

  /** Picks acks by `nth`, by `probability`, or all. */
  #filter(active: ActiveFault, fault: AckFault, client: LoadClient): AckFilter {
    const { plan } = active;
    // Not after its place in the list: taking out a fault must not move the draws of those behind it.
    const random = this.#streams(`fault/${plan.name}@${plan.atMs}/acks/${client.client}`);
    let acks = 0;
    return (direction) => {
      const fate: AckFate = fault.fate(plan.values);
      // An ack of the server can get lost or late on its way; to make something else of it is not the client's.
      if (direction === 'up' && fate.kind !== 'lose' && fate.kind !== 'delay') return undefined;
      acks += 1;
      const picked =
        plan.nth !== undefined
          ? acks % plan.nth === 0
          : plan.probability === undefined || random.next() < plan.probability;
      if (!picked) return undefined;
      const nowUs = this.#clock.nowUs();
      this.#fired(active, client, nowUs);
      if (active.firstEffectUs < 0) active.firstEffectUs = nowUs;
      active.effects += 1;
      return fate;
    };
  }
}
