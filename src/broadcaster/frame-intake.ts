import { type ClientFrame, decodeClientText } from '../protocol/frame.ts';
import type { Clock, Link } from '../protocol/ports.ts';
import { type Turns, UNITS_MAX, type Work } from './turns.ts';

/** `UNITS_MAX` are to be had once in this time, µs; what comes on top has to wait for its turn. */
const WINDOW_US = 5000;
/** Characters that are decoded for a unit. */
const LENGTH_PER_UNIT = 64;
const NOTHING: readonly never[] = [];

/** Whose frames they are. */
interface FrameHandler {
  readonly link: Link;
  /** Units that a frame may take to handle, at least 1. */
  costOf(frame: ClientFrame): number;
  handle(frame: ClientFrame): void;
}

/**
 * What one connection says, frame by frame and in order, as fast as others can bear.
 *
 * Frames are handled as they come while they cost little. What costs more waits for its turn: the connection is not
 * read meanwhile, so that no more is held than the text being worked on and what had been read behind it.
 */
export class FrameIntake implements Work {
  readonly #handler: FrameHandler;
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #visit = (frame: ClientFrame): void => this.#onDecoded(frame);
  #spent = 0;
  #sinceUs = Number.NEGATIVE_INFINITY;
  #waits = false;
  #held = false;
  /** Frames of the text that is being worked on, and the texts behind it. */
  #frames: ClientFrame[] = NOTHING as never[];
  #nextFrame = 0;
  #texts: string[] = NOTHING as never[];
  #onEnd: (() => void) | undefined;

  constructor(handler: FrameHandler, { clock, turns }: { readonly clock: Clock; readonly turns: Turns }) {
    this.#handler = handler;
    this.#clock = clock;
    this.#turns = turns;
  }

  /** Handles the frames of a text, now or later. */
  take(text: string): void {
    if (!this.#waits && this.#affords(text.length / LENGTH_PER_UNIT)) {
      decodeClientText(text, this.#visit);
      return;
    }
    this.#wait();
    this.#texts.push(text);
  }

  /** Handles nothing more until `release`: what comes meanwhile waits, and the connection is not read. */
  hold(): void {
    this.#held = true;
    if (this.#waits) this.#turns.remove(this);
    else this.#wait();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#turns.add(this);
  }

  /** Nothing more will come. @param onEnd - called when all that has come is handled; now, when nothing waits */
  end(onEnd: () => void): void {
    if (this.#waits) this.#onEnd = onEnd;
    else onEnd();
  }

  /** Forgets what waits. */
  discard(): void {
    if (!this.#waits) return;
    this.#turns.remove(this);
    this.#finish();
  }

  get finished(): boolean {
    return !this.#waits || this.#held;
  }

  proceed(unitsMax: number): number {
    let spent = 0;
    while (!this.finished && spent < unitsMax) spent += this.#proceedByOne();
    return Math.max(1, spent);
  }

  fail(error: unknown): void {
    this.#finish();
    this.#handler.link.fail(error);
  }

  #proceedByOne(): number {
    const frame = this.#frames[this.#nextFrame];
    if (frame !== undefined) {
      this.#nextFrame += 1;
      const units = this.#handler.costOf(frame);
      this.#handler.handle(frame);
      return units;
    }
    const text = this.#texts.shift();
    if (text === undefined) {
      this.#finish();
      return 0;
    }
    this.#frames = [];
    this.#nextFrame = 0;
    decodeClientText(text, this.#visit);
    return 1 + text.length / LENGTH_PER_UNIT;
  }

  #onDecoded(frame: ClientFrame): void {
    if (!this.#waits && this.#affords(this.#handler.costOf(frame))) {
      this.#handler.handle(frame);
      return;
    }
    this.#wait();
    this.#frames.push(frame);
  }

  /** The clock is looked at only when much has been asked for. */
  #affords(units: number): boolean {
    this.#spent += units;
    if (this.#spent <= UNITS_MAX) return true;
    const nowUs = this.#clock.nowUs();
    if (units > UNITS_MAX || nowUs - this.#sinceUs < WINDOW_US) return false;
    this.#sinceUs = nowUs;
    this.#spent = units;
    return true;
  }

  #wait(): void {
    if (this.#waits) return;
    this.#waits = true;
    this.#frames = [];
    this.#texts = [];
    this.#nextFrame = 0;
    this.#handler.link.pauseReading();
    if (!this.#held) this.#turns.add(this);
  }

  #finish(): void {
    this.#waits = false;
    this.#held = false;
    this.#frames = NOTHING as never[];
    this.#texts = NOTHING as never[];
    this.#spent = 0;
    this.#handler.link.resumeReading();
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.();
  }
}
