import { Timer, type Timers } from '../../protocol/ports.ts';
import type { AckFilter } from '../driver.ts';

/** Acks of events that ask for one, with a fault's hand on them. */
export class ServerAsks {
  readonly #send: (id: number, copies: number) => void;
  readonly #timers: Timers;
  readonly #filter: () => AckFilter | undefined;
  #delayed: Set<Timer> | undefined;

  constructor(options: {
    readonly send: (id: number, copies: number) => void;
    readonly timers: Timers;
    readonly filter: () => AckFilter | undefined;
  }) {
    this.#send = options.send;
    this.#timers = options.timers;
    this.#filter = options.filter;
  }

  answer(id: number): void {
    const fate = this.#filter()?.('down');
    if (fate?.kind === 'lose') return;
    if (fate?.kind === 'delay') this.#later(fate.delayMs, id);
    else this.#send(id, fate?.kind === 'duplicate' ? fate.copies : 1);
  }

  stop(): void {
    for (const timer of this.#delayed ?? []) this.#timers.disarm(timer);
  }

  #later(delayMs: number, id: number): void {
    const timer = new Timer(() => {
      this.#delayed?.delete(timer);
      this.#send(id, 1);
    });
    this.#delayed ??= new Set();
    this.#delayed.add(timer);
    this.#timers.arm(timer, delayMs);
  }
}
