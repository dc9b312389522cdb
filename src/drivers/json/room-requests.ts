import { Timer, type Timers } from '../../protocol/ports.ts';
import type { Subscribing } from './description.ts';
import type { Reading } from './frame-reader.ts';
import { shown } from './speaker.ts';
import type { StepsOwner } from './steps.ts';

interface Asked {
  readonly room: string;
  readonly refuseKey: string;
}

/** Asks to join rooms, one by one, and waits until each is confirmed where the protocol does so. */
export class RoomRequests {
  readonly #owner: Pick<StepsOwner, 'scope' | 'send' | 'fail' | 'explain' | 'save'>;
  readonly #timers: Timers;
  readonly #timer = new Timer(() => this.#late());
  /** Rooms that are not confirmed, by what their confirmation will hold. */
  readonly #asked = new Map<string, Asked[]>();
  #exchange: Subscribing | undefined = undefined;
  #left = 0;
  #done: () => void = () => {};

  constructor(owner: Pick<StepsOwner, 'scope' | 'send' | 'fail' | 'explain' | 'save'>, timers: Timers) {
    this.#owner = owner;
    this.#timers = timers;
  }

  request(exchange: Subscribing, rooms: readonly string[], done: () => void): void {
    this.stop();
    this.#exchange = exchange;
    this.#done = done;
    const { send, confirm, refuse, withinMs } = exchange;
    this.#left = confirm === undefined ? 0 : rooms.length;
    for (const room of rooms) {
      this.#owner.send(send, { room });
      if (confirm === undefined) continue;
      const scope = this.#owner.scope.expecting({ room });
      const key = confirm.keyFor(scope);
      const asked = this.#asked.get(key) ?? [];
      this.#asked.set(key, asked);
      asked.push({ room, refuseKey: refuse?.keyFor(scope) ?? '' });
    }
    if (this.#left > 0) this.#timers.arm(this.#timer, withinMs);
    else this.#finish();
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
    this.#asked.clear();
    this.#exchange = undefined;
  }

  /** @returns whether a frame answers a request */
  onFrame(reading: Reading): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined || this.#left === 0) return false;
    const { frame, outer } = reading;
    const { confirm, refuse, saves } = exchange;
    if (refuse?.fits(frame, outer)) {
      const key = refuse.keyOf(frame, outer);
      const refused = [...this.#asked.values()].flat().find(({ refuseKey }) => refuseKey === key);
      if (refused !== undefined) {
        this.#owner.explain(`refuses the room "${refused.room}"`);
        this.stop();
        this.#owner.fail(`the server refuses the room "${refused.room}": ${shown(frame)}`);
        return true;
      }
    }
    if (confirm === undefined || !confirm.fits(frame, outer)) return false;
    const asked = this.#asked.get(confirm.keyOf(frame, outer))?.shift();
    if (asked === undefined) return false;
    this.#owner.explain(`confirms the room "${asked.room}"`);
    this.#owner.save(saves, reading);
    this.#left -= 1;
    if (this.#left === 0) this.#finish();
    return true;
  }

  #finish(): void {
    this.#timers.disarm(this.#timer);
    this.#done();
  }

  #late(): void {
    const rooms = [...this.#asked.values()].flat().map(({ room }) => room);
    const { withinMs } = this.#exchange ?? { withinMs: 0 };
    this.stop();
    const more = rooms.length > 1 ? ` and ${rooms.length - 1} more` : '';
    this.#owner.fail(`"subscribe" was not confirmed within ${withinMs} ms for the room "${rooms[0]}"${more}`);
  }
}
