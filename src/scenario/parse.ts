import { type Clean, checkScenario, type Finding } from './check.ts';
import { explainIssue } from './explain.ts';
import { applyOverrides, type Origins, type Override } from './overrides.ts';
import { type Problem, quote } from './problem.ts';
import { type Scenario, scenarioSchema } from './schema.ts';
import { lengthenTarget } from './target/short-form.ts';
import type { Surroundings } from './target/surroundings.ts';
import { type Path, type Positions, readYaml } from './yaml-source.ts';

export interface ParseOptions {
  /** As messages name the file. */
  readonly file: string;
  /** Values that override those of the file; of two for one path the later wins. */
  readonly overrides?: readonly Override[];
  /** Absent: what the scenario refers to outside of its file is not checked. */
  readonly surroundings?: Surroundings;
}

export type ParseOutcome =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Parses the text of a scenario file into a complete scenario, or all its problems in file order. */
export function parseScenario(
  text: string,
  { file, overrides = [], surroundings }: ParseOptions,
): ParseOutcome {
  const yaml = readYaml(text);
  if (!yaml.ok) return { ok: false, problems: yaml.problems.map((problem) => ({ file, ...problem })) };
  const { value: root, positions } = yaml;
  if (!isMap(root)) {
    const message = `Cannot read the scenario: it is ${quote(root)}, a map of settings is wanted`;
    return { ok: false, problems: [{ file, line: 1, column: 1, ...positions.value([]), message }] };
  }
  lengthenTarget(root, positions);
  const { origins, problems } = applyOverrides(root, overrides, positions);
  lengthenTarget(root, positions);
  const { scenario, findings } = validate(root, surroundings);
  if (scenario !== undefined && findings.length === 0 && problems.length === 0) return { ok: true, scenario };
  const where = new Whereabouts(file, positions, origins);
  const stray = problems.map((problem): Problem => ({ file, line: 1, column: 1, ...problem }));
  return {
    ok: false,
    problems: limit([...stray, ...inOrder(findings.map((finding) => where.locate(finding)))]),
  };
}

/** Problems shown of one file. */
const PROBLEMS_MAX = 50;

function limit(problems: readonly Problem[]): readonly Problem[] {
  const next = problems[PROBLEMS_MAX];
  if (next === undefined) return problems;
  const message = `Cannot list all problems: this is one of ${problems.length - PROBLEMS_MAX} more`;
  return [...problems.slice(0, PROBLEMS_MAX), { ...next, message }];
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/**
 * The schema first, then checks that span several settings. Values that the schema rejects are replaced by defaults
 * for these checks, so that one run finds as many problems as possible.
 */
function validate(
  root: Record<string, unknown>,
  surroundings: Surroundings | undefined,
): {
  readonly findings: readonly Finding[];
  readonly scenario?: Scenario;
} {
  const outcome = scenarioSchema.safeParse(root, { reportInput: true });
  if (outcome.success) {
    const scenario = withSaidLevel(outcome.data, root);
    return { findings: checkScenario(scenario, () => true, surroundings), scenario };
  }
  const explained = outcome.error.issues.flatMap(explainIssue);
  const broken = explained
    .flatMap(({ path, meant }) => (meant === undefined ? [path] : [path, meant]))
    .map(replaceable);
  const rest = scenarioSchema.safeParse(without(root, broken));
  if (!rest.success) return { findings: explained };
  const clean: Clean = (...path) => !broken.some((other) => isPrefix(path, other));
  const further = checkScenario(rest.data, clean, surroundings).filter(
    ({ path }) => !broken.some((other) => isPrefix(other, path)),
  );
  return { findings: [...explained, ...further] };
}

/**
 * What is said of the delivery of a target is what it is judged by. The default of that key speaks of the reference
 * broadcaster; where nothing is said, the driver knows what its protocol promises.
 */
function withSaidLevel(scenario: Scenario, root: Record<string, unknown>): Scenario {
  const { target, expect, server } = scenario;
  const saysLevel = isMap(root.server) && root.server.delivery !== undefined;
  if (target === undefined || expect.guarantee !== undefined || !saysLevel) return scenario;
  return { ...scenario, expect: { ...expect, guarantee: server.delivery } };
}

/**
 * The nearest enclosing value of a broken one that can be left out: not an entry of a list, and not the name of a
 * fault.
 */
function replaceable(path: Path): Path {
  const last = path.at(-1);
  if (typeof last === 'number') return path.slice(0, -1);
  return last === 'do' ? path.slice(0, -2) : path;
}

function isPrefix(prefix: Path, path: Path): boolean {
  return prefix.every((step, depth) => path[depth] === step);
}

/** A copy without the values at the paths. */
function without(value: unknown, paths: readonly Path[]): unknown {
  if (paths.length === 0) return value;
  const below = (step: string | number): readonly Path[] =>
    paths.filter((path) => path[0] === step).map((path) => path.slice(1));
  if (Array.isArray(value)) return value.map((inner, index) => without(inner, below(index)));
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([key]) => below(key).every((path) => path.length > 0));
  return Object.fromEntries(kept.map(([key, inner]) => [key, without(inner, below(key))]));
}

/** Finds the place in the file, or the override, that a finding is about. */
class Whereabouts {
  readonly #file: string;
  readonly #positions: Positions;
  readonly #origins: Origins;

  constructor(file: string, positions: Positions, origins: Origins) {
    this.#file = file;
    this.#positions = positions;
    this.#origins = origins;
  }

  locate({ path, aboutKey, message, offset = 0 }: Finding): Problem {
    const problem = { file: this.#file, line: 1, column: 1, message: withShortWords(message) };
    for (let depth = path.length; depth >= 0; depth--) {
      const place = path.slice(0, depth);
      const exact = depth === path.length;
      const origin = this.#origins.at(place);
      if (origin !== undefined) return { ...problem, origin };
      const value = this.#positions.value(place);
      const position = exact && aboutKey ? (this.#positions.key(place) ?? value) : value;
      if (position !== undefined) {
        const inText = exact && offset > 0 && value?.inset !== undefined;
        return {
          ...problem,
          line: position.line,
          column: position.column + (inText ? value.inset + offset : 0),
        };
      }
      const below = this.#origins.below(place);
      if (below !== undefined) return { ...problem, origin: below };
    }
    return problem;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A name may be as long as the file; a message is to be read. */
function withShortWords(message: string): string {
  return message.replace(LONG_WORD, (word) => `${word.slice(0, WORD_LENGTH_MAX)}…`);
}

const WORD_LENGTH_MAX = 200;
const LONG_WORD = /\S{201,}/gu;
