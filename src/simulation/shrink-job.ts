import { obeyParent } from '../world/real/parent-process.ts';
import { type ShrunkFailure, shrinkFailure } from './failure.ts';
import { type SeedTask, subjectOf } from './seed-task.ts';
import type { Violation } from './violation.ts';

/**
 * A process of its own that makes one failure small, which may take a while. When the coordinator is gone, so is it.
 */

/** What the coordinator asks for. */
export interface ShrinkRequest {
  readonly task: SeedTask;
  readonly violation: Violation;
  /** Of wsdeliver. */
  readonly version: string;
  /** The search ends with the smallest that was found by then. */
  readonly limitMs: number;
}

export type ShrinkAnswer = { readonly failure: ShrunkFailure } | { readonly problem: string };

function answer({ task, violation, version, limitMs }: ShrinkRequest): ShrinkAnswer {
  const untilMs = performance.now() + limitMs;
  try {
    const subject = subjectOf(task);
    const isOver = (): boolean => performance.now() >= untilMs;
    return { failure: shrinkFailure({ subject, violation, version, isOver }) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

const report = obeyParent<ShrinkRequest, ShrinkAnswer>((request) => report(answer(request)));
