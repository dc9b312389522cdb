import { obeyParent } from '../world/real/parent-process.ts';
import type { JobCommand, JobReport, Share } from './job-messages.ts';
import { runTask } from './seed-task.ts';

/**
 * A job: a process of its own that runs the seeds it is told to, share by share. When the coordinator is gone, so is
 * the job.
 */

let work: Extract<JobCommand, { kind: 'begin' }> | undefined;

function run(share: Share): JobReport {
  const scenario = work?.scenarios[share.scenario];
  if (work === undefined || scenario === undefined)
    throw new Error('Cannot run a share before its scenario came');
  const startMs = performance.now();
  const reports = [];
  for (let seed = share.fromSeed; seed < share.fromSeed + share.count; seed += 1) {
    reports.push(runTask({ scenario, seed, explore: work.explore }));
  }
  return { share, reports, tookMs: performance.now() - startMs };
}

const report = obeyParent<JobCommand, JobReport>((command) => {
  if (command.kind === 'begin') work = command;
  else report(run(command.share));
});
