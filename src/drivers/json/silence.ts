import { type Clock, Timer, type Timers } from '../../protocol/ports.ts';

/** Notices that nothing has been heard for too long. */
export class Silence {
  readonly #ports: { readonly clock: Clock; readonly timers: Timers };
  readonly #limitMs: number;
  readonly #onSilence: (reason: string) => void;
  readonly #timer = new Timer(() => this.#look());
  #heardUs = 0;

  constructor(
    ports: { readonly clock: Clock; readonly timers: Timers },
    limitMs: number,
    onSilence: (reason: string) => void,
  ) {
    this.#ports = ports;
    this.#limitMs = limitMs;
    this.#onSilence = onSilence;
  }

  start(): void {
    this.heard();
    this.#ports.timers.arm(this.#timer, this.#limitMs);
  }

  heard(): void {
    this.#heardUs = this.#ports.clock.nowUs();
  }

  stop(): void {
    this.#ports.timers.disarm(this.#timer);
  }

  #look(): void {
    const leftMs = this.#limitMs - (this.#ports.clock.nowUs() - this.#heardUs) / 1000;
    if (leftMs > 0) this.#ports.timers.arm(this.#timer, leftMs);
    else this.#onSilence(`nothing was heard for ${this.#limitMs} ms`);
  }
}
