import { printable } from '../text/printable.ts';
import type { Result } from '../verdict/result.ts';
import { guaranteeFinding, headline, type Status } from './wording/result.ts';
import { sentenceOf } from './wording/sentence.ts';

/**
 * JUnit XML: one suite for each scenario, with its guarantee, its assertions and the verdict over all as test
 * cases. What could not be decided is an `error`, never a pass and never a mere skip.
 */

interface TestCase {
  readonly name: string;
  readonly status: Status;
  readonly message: string;
  readonly details: readonly string[];
}

export function renderJunit(results: readonly Result[]): string {
  const suites = results.map(suite);
  const total = (of: (counts: SuiteCounts) => number) =>
    suites.reduce((sum, { counts }) => sum + of(counts), 0);
  const seconds = results.reduce((sum, { environment }) => sum + environment.durationMs, 0) / 1000;
  const head = attributes({
    name: 'wsdeliver',
    tests: total(({ tests }) => tests),
    failures: total(({ failures }) => failures),
    errors: total(({ errors }) => errors),
    time: seconds,
  });
  const body = suites.map(({ xml }) => xml).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${head}>\n${body}</testsuites>\n`;
}

interface SuiteCounts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
}

function suite(result: Result): { readonly xml: string; readonly counts: SuiteCounts } {
  const { scenario, environment } = result;
  const cases = casesOf(result);
  const counts = {
    tests: cases.length,
    failures: cases.filter(({ status }) => status === 'fail').length,
    errors: cases.filter(({ status }) => status === 'no-data' || status === 'inconclusive').length,
  };
  const head = attributes({
    name: scenario.name,
    ...counts,
    time: environment.durationMs / 1000,
    timestamp: environment.startedAt,
  });
  const seed = `    <properties>\n      <property${attributes({ name: 'seed', value: scenario.seed })}/>\n    </properties>\n`;
  const body = cases.map((each) => caseXml(each, scenario.name)).join('');
  return { xml: `  <testsuite${head}>\n${seed}${body}  </testsuite>\n`, counts };
}

function casesOf(result: Result): TestCase[] {
  const { guarantee, assertions, verdict, reasons } = result;
  return [
    {
      name: `guarantee ${guarantee.level}`,
      status: guarantee.status,
      message: guaranteeFinding(result),
      details: guarantee.reasons.map(sentenceOf),
    },
    ...assertions.map(({ text, status, actualText, late }) => ({
      name: text,
      status,
      message: actualText,
      details: late === undefined ? [] : [sentenceOf(late)],
    })),
    {
      name: 'verdict',
      status: verdict,
      message: headline(result),
      details: [...reasons.map(sentenceOf), ...lastOutput(result)],
    },
  ];
}

/** What services that went wrong have written last. */
function lastOutput({ services = [] }: Result): string[] {
  return services.flatMap(({ name, output = [] }) => output.map((text) => `${name}: ${text}`));
}

function caseXml({ name, status, message, details }: TestCase, scenario: string): string {
  const head = attributes({ classname: `wsdeliver.${scenario}`, name });
  if (status === 'pass') return `    <testcase${head}/>\n`;
  const element = status === 'fail' ? 'failure' : 'error';
  const text = details.map(escapeXml).join('\n');
  const problem = `      <${element}${attributes({ message, type: status })}>${text}</${element}>\n`;
  return `    <testcase${head}>\n${problem}    </testcase>\n`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}

/** The two printable characters that XML 1.0 has no way to write become question marks. */
function escapeXml(text: string): string {
  return printable(text)
    .replace(/[\ufffe\uffff]/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}
