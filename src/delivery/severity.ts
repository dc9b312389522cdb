/** Exit codes of runs, the most serious first: broken delivery, performance or resources, inconclusive, pass. */
const RUN_EXIT_CODES = [3, 4, 5, 0] as const;

export type RunExitCode = (typeof RUN_EXIT_CODES)[number];

/** @returns undefined when none of them is the exit code of a run */
export function worstExitCode(codes: readonly number[]): RunExitCode | undefined {
  return RUN_EXIT_CODES.find((code) => codes.includes(code));
}
