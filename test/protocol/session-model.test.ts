import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionSettings } from '../../src/protocol/session-contract.ts';
import { SETTINGS } from './session-fixture.ts';
import { SessionHarness } from './session-harness.ts';

const RUNS = 2000;
const COMMANDS_MAX = 100;

/** What may happen to a session; the harness holds model and code together. */
class Command implements fc.Command<SessionHarness, SessionHarness> {
  readonly #text: string;
  readonly #act: (harness: SessionHarness) => void;
  readonly #isPossible: (harness: Readonly<SessionHarness>) => boolean;

  constructor(
    text: string,
    act: (harness: SessionHarness) => void,
    isPossible: (harness: Readonly<SessionHarness>) => boolean = ({ connected }) => connected,
  ) {
    this.#text = text;
    this.#act = act;
    this.#isPossible = isPossible;
  }

  check(harness: Readonly<SessionHarness>): boolean {
    return this.#isPossible(harness);
  }

  run(_model: SessionHarness, harness: SessionHarness): void {
    this.#act(harness);
    harness.check();
  }

  toString(): string {
    return this.#text;
  }
}

const some = fc.integer({ min: 1, max: 4 });

const COMMANDS = [
  some.map(
    (count) =>
      new Command(
        `publish ${count}`,
        (harness) => {
          for (let each = 0; each < count && harness.lives; each += 1) harness.publish();
        },
        ({ lives }) => lives,
      ),
  ),
  fc
    .array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 6 })
    .map((draws) => draws.map((draw) => draw > 0))
    .map((handles) => new Command(`read ${handles.join()}`, (harness) => harness.read(handles))),
  some.map((count) => new Command(`hear ${count}`, (harness) => harness.hear(count))),
  some.map((count) => new Command(`lose ${count} answers`, (harness) => harness.loseAnswers(count))),
  fc.constantFrom(0, 0, 100, 1000, 3000, 25_000).map(
    (ms) =>
      new Command(
        `pass ${ms} ms`,
        (harness) => harness.pass(ms),
        () => true,
      ),
  ),
  fc.constant(new Command('drop', (harness) => harness.drop())),
  fc.constant(
    new Command(
      'resume',
      (harness) => harness.resume(),
      () => true,
    ),
  ),
];

const settings: fc.Arbitrary<SessionSettings> = fc
  .record({
    maxPending: fc.constantFrom(1, 2, 3, 4, 6, 20),
    maxResend: fc.integer({ min: 0, max: 3 }),
    overflow: fc.constantFrom('reject', 'reject', 'drop-oldest', 'drop-oldest', 'disconnect'),
  })
  .map((drawn) => ({ ...SETTINGS, ...drawn }));

describe('a session and the dedup window of its client', () => {
  it('are what a model of sets says, whatever is published, lost, late, failed, dropped, taken over or expired', () => {
    let ran = 0;
    fc.assert(
      fc.property(
        settings,
        fc.boolean(),
        fc.commands(COMMANDS, { maxCommands: COMMANDS_MAX, size: 'max' }),
        (drawn, cumulative, commands) => {
          const harness = new SessionHarness(drawn, cumulative);
          fc.modelRun(() => ({ model: harness, real: harness }), commands);
          harness.heal();
          ran += harness.checked;
        },
      ),
      { numRuns: RUNS },
    );
    expect(ran).toBeGreaterThan(20_000);
  });
});
