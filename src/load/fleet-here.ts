import type { DrainGoal } from '../delivery/drain-target.ts';
import type { Clients, ClientsRecord } from './clients.ts';
import type { Fleet } from './fleet.ts';
import type { FleetCounts } from './fleet-record.ts';
import type { PublishRequest, SettlePublish } from './publishing/way.ts';

/** All clients of a run in this process: whatever they are told, they have heard. */
export class FleetHere implements Clients {
  readonly living: number;
  readonly made = true;
  readonly draining = true;
  readonly recorded = true;
  readonly #fleet: Fleet;
  #reports = 0;

  constructor(fleet: Fleet, count: number) {
    this.#fleet = fleet;
    this.living = count;
  }

  make(): void {}

  connect(startUs: number): void {
    this.#fleet.connect(startUs);
  }

  publishAs(client: number, request: PublishRequest, settle: SettlePublish): void {
    this.#fleet.publishAs(client, request, settle);
  }

  isConnectionOpen(client: number, connection: number): boolean {
    return this.#fleet.isConnectionOpen(client, connection);
  }

  startLoad(fromUs: number, toUs: number): void {
    this.#fleet.startLoad(fromUs, toUs);
  }

  heal(): void {
    this.#fleet.heal();
  }

  startDrain(goals: readonly DrainGoal[]): void {
    this.#fleet.startDrain(goals);
  }

  finish(): void {}

  get reports(): number {
    return this.#reports;
  }

  counts(): FleetCounts {
    this.#reports += 1;
    return this.#fleet.counts();
  }

  toRecord(): ClientsRecord {
    const { measures, lastFailure } = this.#fleet;
    return { fleets: [this.#fleet.toRecord()], measures, workers: [], lastFailure };
  }
}
