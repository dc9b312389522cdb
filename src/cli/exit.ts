/** What the exit code says; the most serious first where several apply: 3, then 4, then 5. */
export const ExitCode = {
  pass: 0,
  internal: 1,
  usage: 2,
  delivery: 3,
  performance: 4,
  inconclusive: 5,
  unreachable: 6,
  interrupted: 130,
  terminated: 143,
} as const;

/** The user's to solve: shown as its message alone, without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = ExitCode.usage) {
    super(message);
    this.exitCode = exitCode;
  }
}
