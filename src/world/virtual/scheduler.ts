import type { Clock, Timer, Timers } from '../../protocol/ports.ts';

/**
 * Virtual time: a heap of events, ordered by instant and, where instants are equal, by the order in which they were
 * planned. Time stands still while an event runs and jumps to the next one, so that the same calls always give the
 * same run.
 */
class Entry {
  run: (argument: number) => void;
  argument: number;
  readonly timer: Timer | undefined;
  atUs = 0;
  sequence = 0;
  /** Place in the heap; -1 while it is not in it. */
  position = -1;

  constructor(run: (argument: number) => void, argument: number, timer: Timer | undefined) {
    this.run = run;
    this.argument = argument;
    this.timer = timer;
  }
}

export class VirtualTime implements Clock, Timers {
  readonly #heap: Entry[] = [];
  /** Entries of events that have run, for those to come: an entry of a timer is never among them. */
  readonly #spare: Entry[] = [];
  #nowUs: number;
  #sequence = 0;
  #eventCount = 0;
  #running = false;

  /** @param originUs - the first instant; anything but 0, lest an instant be mistaken for a duration */
  constructor(originUs = 1_000_000) {
    this.#nowUs = originUs;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  /** Events run so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Events planned and not yet run. */
  get plannedCount(): number {
    return this.#heap.length;
  }

  arm(timer: Timer, delayMs: number): void {
    const entry = entryOf(timer);
    timer.dueUs = this.#nowUs + Math.max(0, Math.ceil(delayMs * 1000));
    if (entry.position >= 0) this.#remove(entry);
    this.#insert(entry, timer.dueUs);
  }

  disarm(timer: Timer): void {
    if (timer.dueUs < 0) return;
    timer.dueUs = -1;
    this.#remove(entryOf(timer));
  }

  /** Plans `run` for so many µs from now; 0 is after everything that is planned for now already. */
  after(delayUs: number, run: () => void): void {
    this.at(this.#nowUs + delayUs, run);
  }

  /**
   * @param instantUs - the present, if it has passed
   * @param argument - for `run`: what is planned often then needs no closure each time
   */
  at(instantUs: number, run: (argument: number) => void, argument = 0): void {
    const entry = this.#spare.pop() ?? new Entry(run, argument, undefined);
    entry.run = run;
    entry.argument = argument;
    this.#insert(entry, Math.max(this.#nowUs, Math.ceil(instantUs)));
  }

  /**
   * Runs what is due up to and including `untilUs`, and leaves the clock there; without it, until nothing is planned,
   * which never happens while something arms itself again and again.
   */
  run(untilUs?: number): void {
    if (this.#running)
      throw new Error('Cannot run virtual time: an event is running, and time stands still for it');
    this.#running = true;
    try {
      for (let next = this.#heap[0]; next; next = this.#heap[0]) {
        if (untilUs !== undefined && next.atUs > untilUs) break;
        this.#runNext(next);
      }
    } finally {
      this.#running = false;
    }
    if (untilUs !== undefined) this.#nowUs = Math.max(this.#nowUs, untilUs);
  }

  runFor(durationMs: number): void {
    this.run(this.#nowUs + Math.ceil(durationMs * 1000));
  }

  /** Runs the next event; false when nothing is planned. */
  step(): boolean {
    if (this.#running)
      throw new Error('Cannot step virtual time: an event is running, and time stands still for it');
    const next = this.#heap[0];
    if (!next) return false;
    this.#running = true;
    try {
      this.#runNext(next);
    } finally {
      this.#running = false;
    }
    return true;
  }

  #runNext(entry: Entry): void {
    this.#remove(entry);
    this.#nowUs = entry.atUs;
    this.#eventCount++;
    const { run, argument } = entry;
    if (entry.timer) entry.timer.dueUs = -1;
    else this.#spare.push(entry);
    run(argument);
  }

  #insert(entry: Entry, atUs: number): void {
    entry.atUs = atUs;
    entry.sequence = this.#sequence++;
    this.#heap.push(entry);
    this.#siftUp(entry, this.#heap.length - 1);
  }

  #remove(entry: Entry): void {
    const hole = entry.position;
    const last = this.#heap.pop();
    entry.position = -1;
    if (last === undefined || last === entry) return;
    this.#siftDown(last, hole);
    this.#siftUp(last, last.position);
  }

  #siftUp(entry: Entry, from: number): void {
    let position = from;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const parent = this.#heap[above];
      if (!parent || !isBefore(entry, parent)) break;
      this.#place(parent, position);
      position = above;
    }
    this.#place(entry, position);
  }

  #siftDown(entry: Entry, from: number): void {
    let position = from;
    for (;;) {
      const left = 2 * position + 1;
      let child = this.#heap[left];
      const right = this.#heap[left + 1];
      if (!child) break;
      if (right && isBefore(right, child)) child = right;
      if (!isBefore(child, entry)) break;
      const below = child.position;
      this.#place(child, position);
      position = below;
    }
    this.#place(entry, position);
  }

  #place(entry: Entry, position: number): void {
    this.#heap[position] = entry;
    entry.position = position;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.sequence < b.sequence);
}

function entryOf(timer: Timer): Entry {
  if (timer.entry instanceof Entry) return timer.entry;
  const entry = new Entry(timer.fire, 0, timer);
  timer.entry = entry;
  return entry;
}
