import { checkScenario } from '../scenario/check.ts';
import { type Candidate, CUTS, type Cut } from './cuts.ts';
import { explicitSubject } from './explicit.ts';
import { type Attempt, attempt, type Subject } from './subject.ts';
import { isSame, type Violation } from './violation.ts';

const TRIES_MAX = 2000;

export interface ShrinkOptions {
  readonly subject: Subject;
  /** Kept: the smaller subject shows it too, on the same client. */
  readonly violation: Violation;
  /** Runs at most; as many whatever the time they take, so that the same failure always shrinks alike. */
  readonly triesMax?: number;
  /** Ends the search early when it says so. */
  readonly isOver?: () => boolean;
}

/** The smallest subject that was found. */
export interface Shrunk extends Attempt {
  readonly subject: Subject;
  /** As it shows there: clients may have other numbers. */
  readonly violation: Violation;
  /** Runs that it took. */
  readonly tries: number;
  /** Nothing was left to be tried. */
  readonly finished: boolean;
}

/**
 * Makes a failing subject smaller, cut by cut, as long as the same violation shows.
 *
 * Each cut is proved by a run, so that nothing depends on what a cut was hoped to leave alone. Faults end up spelled
 * out, with client numbers and times.
 *
 * @returns undefined when the violation does not show once the faults are spelled out
 * @throws {Error} when no file can say what the scenario says
 */
export function shrink(options: ShrinkOptions): Shrunk | undefined {
  const { violation } = options;
  const subject = explicitSubject(options.subject);
  const { expect, ...scenario } = subject.scenario;
  const { cause } = violation;
  const isKept = (text: string): boolean => cause.code === 'assertion-failed' && cause.assertion === text;
  const start: Candidate = {
    subject: {
      ...subject,
      scenario: { ...scenario, expect: { ...expect, assert: expect.assert.filter(isKept) } },
    },
    keepsSettings: violation.kind === 'reported-loss',
    client: violation.client,
  };
  return new Search(options, start).run();
}

interface Best extends Attempt {
  readonly at: Candidate;
  readonly violation: Violation;
}

class Search {
  readonly #options: ShrinkOptions;
  readonly #start: Candidate;
  readonly #tried = new Set<string>();
  #tries = 0;

  constructor(options: ShrinkOptions, start: Candidate) {
    this.#options = options;
    this.#start = start;
  }

  run(): Shrunk | undefined {
    let best = this.#try(this.#start);
    if (best === undefined) return undefined;
    for (let before: Best | undefined; before !== best && !this.#isOver; ) {
      before = best;
      for (const cut of CUTS) best = this.#cutDown(best, cut);
    }
    const { at, ...attempted } = best;
    return { ...attempted, subject: at.subject, tries: this.#tries, finished: !this.#isOver };
  }

  get #isOver(): boolean {
    const { triesMax = TRIES_MAX, isOver } = this.#options;
    return this.#tries >= triesMax || isOver?.() === true;
  }

  /** Cuts from the boldest on, and from the boldest again after each that works. */
  #cutDown(from: Best, cut: Cut): Best {
    let best = from;
    for (let smaller: Best | undefined = from; smaller !== undefined; ) {
      best = smaller;
      smaller = this.#firstThatFails(cut(best.at));
    }
    return best;
  }

  #firstThatFails(candidates: Iterable<Candidate>): Best | undefined {
    for (const candidate of candidates) {
      if (this.#isOver) return undefined;
      if (checkScenario(candidate.subject.scenario, () => true).length > 0) continue;
      const failing = this.#try(candidate);
      if (failing !== undefined) return failing;
    }
    return undefined;
  }

  #try(at: Candidate): Best | undefined {
    const { scenario, network } = at.subject;
    const key = JSON.stringify([scenario, network, at.client]);
    if (this.#tried.has(key)) return undefined;
    this.#tried.add(key);
    this.#tries += 1;
    const attempted = attempt(at.subject);
    const { client: _client, ...wanted } = this.#options.violation;
    const looked = at.client === undefined ? wanted : { ...wanted, client: at.client };
    const violation = attempted.violations.find((one) => isSame(one, looked));
    return violation === undefined ? undefined : { ...attempted, at, violation };
  }
}
