import { type Accept, Timer, type Timers } from '../protocol/ports.ts';
import type { Path } from '../world/virtual/lane.ts';
import type { VirtualListener, VirtualNetwork } from '../world/virtual/network.ts';
import type { VirtualTime } from '../world/virtual/scheduler.ts';
import type { ServerEndpoint } from './server-endpoint.ts';

/** Where the simulated server listens. */
export const SERVER_ADDRESS = 'server';

/**
 * The timers of one process, which can be held up as a whole: what falls due meanwhile fires when that is over, in
 * the order in which it fell due.
 */
export class ProcessTimers implements Timers {
  readonly #time: VirtualTime;
  readonly #known = new Set<Timer>();
  #blockedUntilUs = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  arm(timer: Timer, delayMs: number): void {
    this.#known.add(timer);
    this.#time.arm(timer, Math.max(delayMs, this.#leftMs));
  }

  disarm(timer: Timer): void {
    this.#known.delete(timer);
    this.#time.disarm(timer);
  }

  block(untilUs: number): void {
    this.#blockedUntilUs = Math.max(this.#blockedUntilUs, untilUs);
    const late = [...this.#known].filter(({ armed, dueUs }) => armed && dueUs < untilUs);
    for (const timer of late.sort((a, b) => a.dueUs - b.dueUs)) this.#time.arm(timer, this.#leftMs);
  }

  get #leftMs(): number {
    return (this.#blockedUntilUs - this.#time.nowUs()) / 1000;
  }
}

/** The place of the reference server in a virtual network. */
export class VirtualEndpoint implements ServerEndpoint {
  readonly #network: VirtualNetwork;
  readonly #accept: Accept;
  readonly #time: VirtualTime;
  readonly #timers: ProcessTimers;
  readonly #paths: readonly Path[];
  readonly #unblock: Timer;
  #listener: VirtualListener;

  constructor(options: {
    readonly network: VirtualNetwork;
    readonly accept: Accept;
    readonly time: VirtualTime;
    /** Everything that the server's process does by itself. */
    readonly timers: ProcessTimers;
    /** The ways of all clients to the server. */
    readonly paths: readonly Path[];
  }) {
    this.#network = options.network;
    this.#accept = options.accept;
    this.#time = options.time;
    this.#timers = options.timers;
    this.#paths = options.paths;
    this.#unblock = new Timer(() => {
      for (const { up } of this.#paths) up.heal();
    });
    this.#listener = this.#network.listen(SERVER_ADDRESS, this.#accept);
  }

  goDown(): void {
    this.#listener.close();
  }

  comeUp(): void {
    this.#listener = this.#network.listen(SERVER_ADDRESS, this.#accept);
  }

  /** Nothing reaches the process and no timer of it fires; afterwards timers come before what the network holds. */
  block(forMs: number): number {
    const untilUs = this.#time.nowUs() + forMs * 1000;
    for (const { up } of this.#paths) up.clog();
    this.#timers.block(untilUs);
    this.#time.arm(this.#unblock, forMs);
    return untilUs;
  }
}
