import type { Clock, Timer, Timers } from '../../protocol/ports.ts';

/**
 * A hashed wheel: slot `tick mod SLOTS` holds, in a ring of linked entries, what is due in that millisecond of this
 * or a later turn of the wheel. Arming and disarming relink one entry that a timer keeps for good, so that neither
 * allocates nor searches.
 *
 * A timer moved to a later instant, the usual fate of ack and pong deadlines, stays in its slot: when the slot comes
 * up it is found not to be due and only then moved. One Node timer wakes the wheel for the next slot in use.
 *
 * A timer armed without a delay only yields: it fires in the next check phase, after whatever was readable meanwhile.
 * So does the rest of a crowd that is due at once.
 */
const SLOTS = 4096;
const SLOT_MASK = SLOTS - 1;
/** Timers fired in a row before whatever is readable has its turn. */
const FIRED_MAX = 256;
/** Lateness at which a timer does not wait for the event loop any more. */
const LATE_US = 1000;

class Entry {
  readonly timer: Timer;
  /** Orders timers that are due at the same instant. */
  sequence = 0;
  /** Millisecond whose slot holds the entry; -1 while it is in none. */
  tick = -1;
  /** Waits for the next check phase, unless disarmed or moved meanwhile. */
  yielding = false;
  previous: Entry | undefined = undefined;
  next: Entry | undefined = undefined;

  constructor(timer: Timer) {
    this.timer = timer;
  }
}

/** `Timers` for tens of thousands of armed timers. Keeps the process alive only while one of them is armed. */
export class TimerWheel implements Timers {
  readonly #clock: Clock;
  readonly #slots: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS).fill(undefined);
  readonly #due: Entry[] = [];
  readonly #yielding: Entry[] = [];
  #armedCount = 0;
  #sequence = 0;
  /** The last tick whose slot has been emptied. */
  #tick = 0;
  #wakeTick = Number.POSITIVE_INFINITY;
  #nodeTimer: NodeJS.Timeout | undefined = undefined;
  #firing = false;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get armedCount(): number {
    return this.#armedCount;
  }

  arm(timer: Timer, delayMs: number): void {
    if (this.#closed) return;
    const nowUs = this.#clock.nowUs();
    const entry = entryOf(timer);
    if (this.#armedCount === 0 && !this.#firing) this.#tick = Math.floor(nowUs / 1000);
    if (timer.dueUs < 0) this.#countArmed(1);
    timer.dueUs = nowUs + Math.max(0, Math.ceil(delayMs * 1000));
    entry.sequence = this.#sequence++;
    if (delayMs <= 0) {
      this.#unlink(entry);
      this.#yield(entry);
      return;
    }
    const tick = this.#tickOf(timer.dueUs);
    if (entry.tick >= 0 && entry.tick <= tick) return;
    this.#unlink(entry);
    this.#link(entry, tick);
    if (tick < this.#wakeTick && !this.#firing) this.#wakeAt(tick, nowUs);
  }

  disarm(timer: Timer): void {
    if (timer.dueUs < 0) return;
    timer.dueUs = -1;
    this.#unlink(entryOf(timer));
    this.#countArmed(-1);
  }

  /**
   * Fires what is late, for whoever may take long: Node looks at its timers only when it has served all sockets that
   * are readable, and of those there may be thousands.
   */
  catchUp(): void {
    if (this.#firing || this.#wakeTick * 1000 + LATE_US > this.#clock.nowUs()) return;
    clearTimeout(this.#nodeTimer);
    this.#wake();
  }

  /** Disarms everything; arming has no effect from now on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#nodeTimer);
    for (let slot = 0; slot < SLOTS; slot++) {
      for (let entry = this.#slots[slot]; entry; entry = this.#slots[slot]) this.disarm(entry.timer);
    }
    for (const entry of [...this.#due, ...this.#yielding]) this.disarm(entry.timer);
  }

  #yield(entry: Entry): void {
    if (entry.yielding) return;
    entry.yielding = true;
    if (this.#yielding.push(entry) === 1) setImmediate(this.#fireYielding);
  }

  readonly #fireYielding = (): void => {
    const entries = this.#yielding.splice(0, FIRED_MAX);
    if (this.#yielding.length > 0) setImmediate(this.#fireYielding);
    for (const entry of entries) entry.yielding = false;
    this.#fireAll(entries);
  };

  /** Due instants are rounded up to a tick, and a slot is emptied only once its tick has begun: never early. */
  #tickOf(dueUs: number): number {
    return Math.max(this.#tick + 1, Math.ceil(dueUs / 1000));
  }

  #countArmed(change: 1 | -1): void {
    this.#armedCount += change;
    if (this.#armedCount === 0) this.#nodeTimer?.unref();
    else if (change === 1 && this.#armedCount === 1) this.#nodeTimer?.ref();
  }

  #link(entry: Entry, tick: number): void {
    const slot = tick & SLOT_MASK;
    const head = this.#slots[slot];
    entry.tick = tick;
    entry.next = head;
    if (head) head.previous = entry;
    this.#slots[slot] = entry;
  }

  #unlink(entry: Entry): void {
    if (entry.tick < 0) return;
    if (entry.previous) entry.previous.next = entry.next;
    else this.#slots[entry.tick & SLOT_MASK] = entry.next;
    if (entry.next) entry.next.previous = entry.previous;
    entry.previous = undefined;
    entry.next = undefined;
    entry.tick = -1;
  }

  #wakeAt(tick: number, nowUs: number): void {
    clearTimeout(this.#nodeTimer);
    this.#wakeTick = tick;
    this.#nodeTimer = setTimeout(this.#wake, Math.max(1, Math.ceil((tick * 1000 - nowUs) / 1000)));
  }

  readonly #wake = (): void => {
    this.#nodeTimer = undefined;
    this.#wakeTick = Number.POSITIVE_INFINITY;
    this.#collectDue(this.#clock.nowUs());
    for (const entry of this.#due.splice(FIRED_MAX)) this.#yield(entry);
    this.#firing = true;
    try {
      this.#fireAll(this.#due);
    } finally {
      this.#due.length = 0;
      this.#firing = false;
      this.#sleep();
    }
  };

  /** A callback that throws takes its exception to Node; what it kept from firing waits for the next tick. */
  #fireAll(entries: readonly Entry[]): void {
    let fired = 0;
    try {
      for (const entry of entries) {
        fired += 1;
        this.#fire(entry);
      }
    } finally {
      for (const entry of entries.slice(fired)) {
        if (entry.timer.dueUs >= 0 && entry.tick < 0 && !entry.yielding) this.#link(entry, this.#tick + 1);
      }
      if (fired < entries.length) this.#sleep();
    }
  }

  /** Empties the slots up to now into the due list, in due order and then arming order. */
  #collectDue(nowUs: number): void {
    const nowTick = Math.floor(nowUs / 1000);
    const first = Math.max(this.#tick + 1, nowTick - SLOTS + 1);
    this.#tick = Math.max(this.#tick, nowTick);
    for (let tick = first; tick <= nowTick; tick++) {
      let entry = this.#slots[tick & SLOT_MASK];
      while (entry) {
        const next: Entry | undefined = entry.next;
        if (entry.tick <= nowTick) this.#takeOut(entry, nowUs);
        entry = next;
      }
    }
    if (this.#due.length > 1) this.#due.sort(byDueInstant);
  }

  #takeOut(entry: Entry, nowUs: number): void {
    this.#unlink(entry);
    if (entry.timer.dueUs <= nowUs) this.#due.push(entry);
    else this.#link(entry, this.#tickOf(entry.timer.dueUs));
  }

  /** An earlier callback of the same turn may have disarmed the timer, or armed it anew. */
  #fire(entry: Entry): void {
    if (entry.timer.dueUs < 0 || entry.tick >= 0 || this.#closed) return;
    entry.timer.dueUs = -1;
    this.#countArmed(-1);
    entry.timer.fire();
  }

  #sleep(): void {
    if (this.#armedCount === 0 || this.#closed) return;
    for (let tick = this.#tick + 1; tick <= this.#tick + SLOTS; tick++) {
      if (this.#slots[tick & SLOT_MASK]) {
        this.#wakeAt(tick, this.#clock.nowUs());
        return;
      }
    }
  }
}

function entryOf(timer: Timer): Entry {
  if (timer.entry instanceof Entry) return timer.entry;
  const entry = new Entry(timer);
  timer.entry = entry;
  return entry;
}

function byDueInstant(a: Entry, b: Entry): number {
  return a.timer.dueUs - b.timer.dueUs || a.sequence - b.sequence;
}
