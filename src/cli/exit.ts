/** What the exit code says; the most serious first where several apply: 3, then 4, then 5. */
export const ExitCode = {
  pass: 0,
  internal: 1,
  usage: 2,
  delivery: 3,
  performance: 4,
  inconclusive: 5,
  unreachable: 6,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** The user's to solve: shown as its sentences alone, without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly sentences: readonly string[];
  readonly exitCode: number;

  /** @param what - one sentence, or several, each shown on a line of its own */
  constructor(what: string | readonly string[], exitCode: number = ExitCode.usage) {
    const sentences = typeof what === 'string' ? [what] : what;
    super(sentences.join('\n'));
    this.sentences = sentences;
    this.exitCode = exitCode;
  }
}
