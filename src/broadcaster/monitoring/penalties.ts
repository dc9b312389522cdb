import type { OutgoingMessage } from '../../protocol/message.ts';
import type { Clock, Timers } from '../../protocol/ports.ts';
import type { Session } from '../../protocol/session.ts';
import type { Statistics } from '../statistics.ts';
import type { FailureHandler, FailureSettings } from './failure-handler.ts';
import { RateGate } from './rate-gate.ts';

/**
 * What is done about problematic clients: they are disconnected, slowed down, or get less, until they have gone a
 * whole window without a failure.
 */
export class Penalties {
  readonly #settings: FailureSettings;
  readonly #failures: FailureHandler;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #statistics: Statistics;
  readonly #disconnect: (session: Session) => void;
  readonly #gates = new Map<Session, RateGate>();
  /** Messages since a client got its last one, by room. */
  readonly #withheld = new Map<Session, Map<string, number>>();

  constructor(options: {
    readonly settings: FailureSettings;
    readonly failures: FailureHandler;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly statistics: Statistics;
    readonly disconnect: (session: Session) => void;
  }) {
    this.#settings = options.settings;
    this.#failures = options.failures;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#statistics = options.statistics;
    this.#disconnect = options.disconnect;
  }

  /** Begins with a client that has become problematic, or that has come back as such. */
  begin(session: Session): void {
    if (!session.connected) return;
    switch (this.#settings.strategy) {
      case 'none':
        return;
      case 'disconnect':
        this.#statistics.problemDisconnects += 1;
        this.#failures.forget(session.identity.clientId);
        this.#disconnect(session);
        return;
      case 'throttle':
        if (!this.#gates.has(session)) this.#throttle(session);
        return;
      case 'degraded':
        if (!this.#withheld.has(session)) this.#withheld.set(session, new Map());
    }
  }

  /** Whether the failures of a client are of our own making at present. */
  isPenalised(session: Session): boolean {
    return this.#gates.has(session) || this.#withheld.has(session);
  }

  /** @returns false when a client is to do without a message */
  grants(session: Session, message: OutgoingMessage): boolean {
    const withheld = this.#withheld.size === 0 ? undefined : this.#withheld.get(session);
    if (withheld === undefined) return true;
    if (!this.#failures.isProblematic(session.identity.clientId)) {
      this.#recover(session);
      return true;
    }
    const since = withheld.get(message.room) ?? 0;
    const granted = since === 0;
    withheld.set(message.room, (since + 1) % this.#settings.keepEvery);
    if (!granted) this.#statistics.withheld += 1;
    return granted;
  }

  forget(session: Session): void {
    this.#gates.get(session)?.stop();
    this.#gates.delete(session);
    this.#withheld.delete(session);
    session.gate = undefined;
  }

  stop(): void {
    for (const session of [...this.#gates.keys(), ...this.#withheld.keys()]) this.forget(session);
  }

  #throttle(session: Session): void {
    const gate = new RateGate({
      perSec: this.#settings.throttlePerSec,
      clock: this.#clock,
      timers: this.#timers,
      holds: () => this.#stillThrottled(session),
      open: () => session.pump(),
    });
    this.#gates.set(session, gate);
    session.gate = {
      admits: () => {
        const admitted = gate.admits();
        if (!admitted) this.#statistics.throttled += 1;
        return admitted;
      },
    };
  }

  #stillThrottled(session: Session): boolean {
    if (this.#failures.isProblematic(session.identity.clientId)) return true;
    if (this.#gates.has(session)) this.#recover(session);
    return false;
  }

  #recover(session: Session): void {
    this.#statistics.recoveredClients += 1;
    this.forget(session);
  }
}
