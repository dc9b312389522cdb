import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderJson } from '../../src/report/json.ts';
import { dataWithoutSecrets } from '../../src/text/secrets.ts';
import { failingResult, passingResult, series } from './sample-result.ts';

describe('renderJson', () => {
  it('is the same text whatever the order of the fields was', () => {
    const { schema, verdict, ...rest } = failingResult();
    expect(renderJson({ ...rest, verdict, schema })).toBe(renderJson(failingResult()));
  });

  it('starts with the schema and ends with a newline', () => {
    expect(renderJson(passingResult())).toMatch(/^\{\n {2}"schema": "wsdeliver\.result\/1",\n[\s\S]*\}\n$/);
  });

  it('keeps the points of a series on lines of their own', () => {
    const text = renderJson({ ...passingResult(), saturation: { rss: series('bytes', 9, 1) } });
    expect(text).toMatch(/\n +\{ "atMs": -?[\d.]+, "value": \d+ \},\n/);
  });

  it('says what JSON.stringify says but for secrets, for any settings', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (resolved) => {
        const base = passingResult();
        const scenario = { ...base.scenario, resolved };
        const open = { ...base, scenario: { ...scenario, resolved: dataWithoutSecrets(resolved) } };
        expect(JSON.parse(renderJson({ ...base, scenario }))).toEqual(JSON.parse(JSON.stringify(open)));
      }),
    );
  });
});
