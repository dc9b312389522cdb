import { Timer, type Timers } from '../../protocol/ports.ts';
import type { AckFilter } from '../driver.ts';

interface ServerAsksOwner {
  readonly ackFilter: AckFilter | undefined;
  writeAck(id: number, copies: number): void;
}

/** Acks of events that ask for one, with a fault's hand on them. */
export class ServerAsks {
  readonly #owner: ServerAsksOwner;
  readonly #timers: Timers;
  #delayed: Set<Timer> | undefined;

  constructor(owner: ServerAsksOwner, timers: Timers) {
    this.#owner = owner;
    this.#timers = timers;
  }

  answer(id: number): void {
    const fate = this.#owner.ackFilter?.('down');
    if (fate?.kind === 'lose') return;
    if (fate?.kind === 'delay') this.#later(fate.delayMs, id);
    else this.#owner.writeAck(id, fate?.kind === 'duplicate' ? fate.copies : 1);
  }

  stop(): void {
    for (const timer of this.#delayed ?? []) this.#timers.disarm(timer);
  }

  #later(delayMs: number, id: number): void {
    const timer = new Timer(() => {
      this.#delayed?.delete(timer);
      this.#owner.writeAck(id, 1);
    });
    this.#delayed ??= new Set();
    this.#delayed.add(timer);
    this.#timers.arm(timer, delayMs);
  }
}
