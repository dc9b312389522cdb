import { describe, expect, it } from 'vitest';
import { renderJson } from '../../src/report/json.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { assembleResult } from '../../src/verdict/assemble.ts';
import { LATENCY_NAMES } from '../../src/verdict/measure-schema.ts';
import { parseResult } from '../../src/verdict/read-result.ts';
import { RESULT_SCHEMA, type Result, resultJsonSchema } from '../../src/verdict/result.ts';
import { contradictions } from '../../src/verdict/result-consistency.ts';
import {
  failingResult,
  inconclusiveResult,
  partialResult,
  passingResult,
  targetResult,
} from '../report/sample-result.ts';
import { randomRun } from '../run/random-scenario.ts';

describe('parseResult', () => {
  it.each([
    ['pass', passingResult()],
    ['fail', failingResult()],
    ['inconclusive', inconclusiveResult()],
    ['target', targetResult()],
    ['partial', partialResult()],
  ])('gives back every field of a %s result', (_, result) => {
    expect(parseResult(renderJson(result), 'result.json')).toEqual(result);
  });

  it('ignores fields that a later version may have added', () => {
    const text = JSON.stringify({ ...passingResult(), addedLater: 1 });
    expect(parseResult(text, 'result.json')).toEqual(passingResult());
  });

  it('names the file and what is wanted when the text is no JSON', () => {
    expect(() => parseResult('{', 'broken.json')).toThrow(/^Cannot read "broken\.json": it is no JSON/);
  });

  it('names the file when it nests deeper than anything that writes it again could follow', () => {
    const { scenario, ...rest } = passingResult();
    const levels = 5000;
    const text = JSON.stringify({ ...rest, scenario: { ...scenario, resolved: { deep: 'here' } } });
    const deep = text.replace('"here"', '['.repeat(levels) + ']'.repeat(levels));
    expect(() => parseResult(deep, 'deep.json')).toThrow(
      /^Cannot read "deep\.json": arrays and objects nest deeper than/,
    );
  });

  it('names every wrong field', () => {
    const { delivery, ...rest } = passingResult();
    const text = JSON.stringify({ ...rest, verdict: 'maybe', delivery: { ...delivery, owed: -1 } });
    expect(() => parseResult(text, 'odd.json')).toThrow(/ {2}verdict: .*\n {2}delivery\.owed: /s);
  });

  it('refuses a document of another version', () => {
    const text = JSON.stringify({ ...passingResult(), schema: 'wsdeliver.result/2' });
    expect(() => parseResult(text, 'new.json')).toThrow(`it is not a ${RESULT_SCHEMA} document`);
  });

  it('refuses a latency that does not exist', () => {
    const text = JSON.stringify({ ...passingResult(), latency: { pull: passingResult().latency.push } });
    expect(() => parseResult(text, 'odd.json')).toThrow('latency');
  });
});

describe('a document that was edited', () => {
  const failing = failingResult();
  const passing = passingResult();
  const { delivery } = failing;

  it.each<[string, Result]>([
    ['verdict pass does not go with exit code 3', { ...failing, verdict: 'pass' }],
    ['verdict pass does not go with a broken guarantee', { ...failing, verdict: 'pass', exitCode: 0 }],
    ['a run that was cut short', { ...failing, verdict: 'pass', exitCode: 0, partial: true }],
    ['verdict fail does not go with exit code 0', { ...failing, exitCode: 0 }],
    ['verdict inconclusive does not go with', { ...failing, verdict: 'inconclusive', exitCode: 5 }],
    ['(not met)', { ...passing, assertions: [{ text: 'a > 0', actualText: '0', status: 'fail' }] }],
    ['(no data)', { ...passing, assertions: [{ text: 'a > 0', actualText: 'no data', status: 'no-data' }] }],
    ['lost silently', { ...passing, delivery }],
    ['an unproven guarantee', { ...passing, guarantee: { ...passing.guarantee, status: 'inconclusive' } }],
    ['without a reason', { ...failing, reasons: [] }],
    ['did not show', { ...passing, defect: { of: 'broker 2.0', seen: '2026-12-01', shown: false } }],
  ])('is refused: %s', (message, result) => {
    expect(() => parseResult(renderJson(result), 'edited.json')).toThrow(
      /^Cannot read "edited.json": it contradicts itself, /,
    );
    expect(contradictions(result).join()).toContain(message);
  });

  it('is what no run writes', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const record = simulateScenario(randomRun(seed, seed % 2 === 0));
      const context = { file: '', sha256: '', version: '', startedAt: '' };
      expect({ seed, found: contradictions(assembleResult(record, context)) }).toEqual({ seed, found: [] });
    }
  });
});

describe('resultJsonSchema', () => {
  it('is plain data that requires what every result has and names all latencies', () => {
    const schema = JSON.parse(JSON.stringify(resultJsonSchema()));
    expect(schema.required).toEqual(
      expect.arrayContaining(['schema', 'verdict', 'delivery', 'generator', 'faults']),
    );
    expect(schema.required).not.toContain('belief');
    expect(schema.properties.latency.propertyNames.enum).toEqual([...LATENCY_NAMES]);
  });

  it('lets a later version add fields', () => {
    expect(JSON.stringify(resultJsonSchema())).not.toContain('"additionalProperties":false');
  });
});
