import { Histogram, type LatencySummary } from '../measure/histogram.ts';
import { Spread, type SpreadRecord } from '../measure/spread.ts';
import { ConnectionMeasures, type ConnectionMeasuresRecord } from './connection-measures.ts';

/** The latencies of the clients of one profile. */
export class ProfileMeasures {
  readonly firstAttempt = new Histogram();
  readonly redelivered = new Histogram();
  /** From the first attempt to get back after a loss of connection to everything missed handled. */
  readonly recovery = new Histogram();
}

/** Measures on their way to another process. */
export interface MeasuresRecord {
  /** By profile, in the order of the scenario. */
  readonly profiles: readonly { readonly [K in keyof ProfileMeasures]: LatencySummary }[];
  readonly spread: SpreadRecord;
  readonly seen: SpreadRecord;
  readonly connections: ConnectionMeasuresRecord;
  readonly untouched: { readonly calm: LatencySummary; readonly beside: LatencySummary };
}

/** What is measured of time, over any number of clients: merged over the processes they live in. */
export class Measures {
  /** In the order of the scenario. */
  readonly profiles: readonly ProfileMeasures[];
  readonly spread = new Spread();
  readonly connections = new ConnectionMeasures();
  /** Where publishes may be unconfirmed: when each message was handled first, at any time. */
  readonly seen = new Spread();
  /** Pushes to clients that no fault is meant for: in warm-up, and while others have their faults. */
  readonly untouched = { calm: new Histogram(), beside: new Histogram() };

  constructor(profileCount: number) {
    this.profiles = Array.from({ length: profileCount }, () => new ProfileMeasures());
  }

  merge(record: MeasuresRecord): void {
    record.profiles.forEach(({ firstAttempt, redelivered, recovery }, index) => {
      const profile = this.profiles[index];
      profile?.firstAttempt.merge(Histogram.fromSummary(firstAttempt));
      profile?.redelivered.merge(Histogram.fromSummary(redelivered));
      profile?.recovery.merge(Histogram.fromSummary(recovery));
    });
    this.spread.merge(record.spread);
    this.seen.merge(record.seen);
    this.connections.merge(record.connections);
    this.untouched.calm.merge(Histogram.fromSummary(record.untouched.calm));
    this.untouched.beside.merge(Histogram.fromSummary(record.untouched.beside));
  }

  toRecord(): MeasuresRecord {
    return {
      profiles: this.profiles.map(({ firstAttempt, redelivered, recovery }) => ({
        firstAttempt: firstAttempt.summarise(),
        redelivered: redelivered.summarise(),
        recovery: recovery.summarise(),
      })),
      spread: this.spread.toRecord(),
      seen: this.seen.toRecord(),
      connections: this.connections.toRecord(),
      untouched: { calm: this.untouched.calm.summarise(), beside: this.untouched.beside.summarise() },
    };
  }
}
