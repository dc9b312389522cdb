import { compilePath, type FramePath, followEach } from '../../templates/path.ts';

/** Texts kept with what was parsed of them: a broadcast comes to many clients of a process. */
const KEPT = 4;

/** What a text from the server holds. */
export interface Reading {
  /** The frame around the messages: with several lines in a text, that of each line. */
  readonly outer: unknown;
  readonly frame: unknown;
}

/**
 * Makes frames of the texts that a server sends: parses, splits lines, takes messages out of the frame around them.
 *
 * What is no JSON is a frame all the same: the text itself. The clients of a process share one reader, since most of
 * them are sent the same; what it returns is never changed.
 */
export class FrameReader {
  readonly #frames: 'json' | 'lines' | 'text';
  readonly #fields: RegExp | undefined;
  readonly #unwrap: FramePath | undefined;
  readonly #texts: string[] = new Array<string>(KEPT).fill('');
  readonly #readings: (readonly Reading[])[] = new Array<readonly Reading[]>(KEPT).fill([]);
  #next = 0;

  constructor(frames: 'json' | 'lines' | 'text', fields: string | undefined, unwrap: string | undefined) {
    this.#frames = frames;
    this.#fields = fields === undefined ? undefined : new RegExp(fields, 's');
    this.#unwrap = unwrap === undefined ? undefined : compilePath(unwrap);
  }

  read(text: string): readonly Reading[] {
    for (let index = 0; index < KEPT; index += 1)
      if (this.#texts[index] === text) return this.#readings[index] ?? [];
    const readings = this.#parse(text);
    this.#texts[this.#next] = text;
    this.#readings[this.#next] = readings;
    this.#next = (this.#next + 1) % KEPT;
    return readings;
  }

  #parse(text: string): readonly Reading[] {
    if (this.#frames !== 'lines') return this.#unwrapped(this.#frameOf(text));
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .flatMap((line) => this.#unwrapped(this.#frameOf(line)));
  }

  #frameOf(text: string): unknown {
    if (this.#frames === 'text') {
      const groups = this.#fields?.exec(text)?.groups;
      return groups === undefined ? text : { ...groups };
    }
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  }

  #unwrapped(frame: unknown): readonly Reading[] {
    if (this.#unwrap !== undefined) {
      const inner = followEach(frame, this.#unwrap.steps);
      if (inner.length > 0) return inner.map((value) => ({ outer: frame, frame: value }));
    }
    return [{ outer: frame, frame }];
  }
}
