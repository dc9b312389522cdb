import { dirname } from 'node:path';
import { probeLine, probeSentences } from '../report/probe.ts';
import { probeTarget } from '../run/probe.ts';
import { printLine } from './console.ts';
import { ExitCode, UserError } from './exit.ts';
import { findScenarios, loadScenario } from './scenario-files.ts';

/**
 * Connects one client to the target of a scenario, publishes one message and shows every frame.
 *
 * @returns the exit code: 0 when the message came back
 * @throws {UserError}
 */
export async function probe(names: readonly string[]): Promise<number> {
  const files = findScenarios(names);
  const [file] = files;
  if (file === undefined || files.length > 1)
    throw new UserError(`Cannot probe ${files.length} scenarios: one is wanted`);
  const { scenario } = loadScenario(file);
  const { target } = scenario;
  if (target === undefined) throw new UserError(`Cannot probe ${file.label}: it has no target`);
  const onEvent = (event: Parameters<typeof probeLine>[0]): void => printLine(probeLine(event));
  const findings = await probeTarget({ scenario, target, folder: dirname(file.path), onEvent });
  printLine('');
  for (const sentence of probeSentences(findings)) printLine(sentence);
  if (findings.cameBack) return ExitCode.pass;
  return findings.connected ? ExitCode.inconclusive : ExitCode.unreachable;
}
