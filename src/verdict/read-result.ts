import { DEPTH_MAX, structureProblem } from '../protocol/limits.ts';
import { RESULT_SCHEMA, type Result, resultSchema } from './result.ts';
import { contradictions } from './result-consistency.ts';

/** Problems of an unreadable file that are named. */
const PROBLEMS_MAX = 20;

/**
 * Reads a result file.
 *
 * @param text - the file's content
 * @param file - its name, for the message
 * @throws {Error} when it is no JSON, of another version, or incomplete; all that is wrong with it is named
 */
export function parseResult(text: string, file: string): Result {
  const parsed = resultSchema.safeParse(parseJson(text, file));
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, PROBLEMS_MAX)
      .map(({ path, message }) => `  ${path.join('.') || 'the document'}: ${message}`);
    throw new Error(`Cannot read "${file}": it is not a ${RESULT_SCHEMA} document\n${problems.join('\n')}`);
  }
  const [contradiction] = contradictions(parsed.data);
  if (contradiction === undefined) return parsed.data;
  throw new Error(`Cannot read "${file}": it contradicts itself, ${contradiction}`);
}

function parseJson(text: string, file: string): unknown {
  const problem = structureProblem(text, DEPTH_MAX, Number.POSITIVE_INFINITY);
  if (problem !== undefined)
    throw new Error(`Cannot read "${file}": ${problem}, a result file of wsdeliver is wanted`);
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read "${file}": it is no JSON (${detail}), a result file of wsdeliver is wanted`);
  }
}
