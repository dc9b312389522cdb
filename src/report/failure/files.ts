import { writeScenario } from '../../scenario/write-scenario.ts';
import type { Failure, ShrunkFailure } from '../../simulation/failure.ts';
import { explain } from '../wording/sentence.ts';
import { describeViolation } from '../wording/violation.ts';
import { drawSequence } from './sequence-diagram.ts';
import { drawSequenceSvg } from './sequence-svg.ts';
import { drawTimeline } from './timeline.ts';

/** The files that tell of a failure, by what they are called behind its name. */
export interface FailureFiles {
  /** A scenario that `replay` runs again, and `bench` too. */
  readonly yaml: string;
  /** What led to it, in 20 lines at most. */
  readonly timeline: string;
  /** What travelled, as a diagram in 80 columns. */
  readonly sequence: string;
  /** The same as a picture. */
  readonly svg: string;
  /** Everything that travelled; empty when that is too much. */
  readonly history: string;
}

export function failureFiles(failure: Failure | ShrunkFailure): FailureFiles {
  const { subject, violation, found, trace, history } = failure;
  const { scenario } = subject;
  const shrunk = 'origin' in failure;
  const description = `${describeViolation(violation)}: ${explain(violation)}`;
  return {
    yaml: writeScenario(
      { ...scenario, ...(shrunk ? { description } : {}), found },
      shrunk ? commentOn(failure) : [],
    ),
    timeline: drawTimeline(trace, violation),
    sequence: drawSequence(trace, violation),
    svg: drawSequenceSvg(trace, violation),
    history,
  };
}

function commentOn({ origin, subject }: ShrunkFailure): string[] {
  const faults = `${origin.faults} faults to ${subject.scenario.faults.length}`;
  return [
    `Found by wsdeliver simulate in "${origin.name}" with seed ${origin.seed}, shrunk from ${faults}.`,
    'Again: wsdeliver replay <this file>',
  ];
}
