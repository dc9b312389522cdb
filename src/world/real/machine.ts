import type { NewId, Random } from '../../protocol/ports.ts';
import { randomStreams } from '../random.ts';
import { MachineClock } from './clock.ts';
import { newSecretId } from './new-id.ts';
import { TimerWheel } from './timer-wheel.ts';

/** The ports of one process: its clock, its timers, and its named random streams. */
export class Machine {
  readonly clock = new MachineClock();
  readonly timers = new TimerWheel(this.clock);
  readonly newId: NewId = newSecretId;
  readonly epochMs = Date.now;
  readonly randomFor: (name: string) => Random;

  constructor(seed: number) {
    this.randomFor = randomStreams(seed);
  }

  close(): void {
    this.timers.close();
  }
}
