import { describe, expect, it } from 'vitest';
import { renderJunit } from '../../src/report/junit.ts';
import { failingResult, inconclusiveResult, passingResult } from './sample-result.ts';

describe('renderJunit', () => {
  it('has a test case for the guarantee, each assertion and the verdict', () => {
    const xml = renderJunit([passingResult()]);
    expect(xml).toContain('<testsuites name="wsdeliver" tests="6" failures="0" errors="0" time="18.412">');
    expect(xml.match(/<testcase [^>]*\/>/g)).toHaveLength(6);
    expect(xml).toContain('name="guarantee at-least-once"');
  });

  it('tells failures with what was found', () => {
    const xml = renderJunit([failingResult()]);
    expect(xml).toContain('tests="6" failures="4" errors="1"');
    expect(xml).toContain(
      'name="latency.push{profile:healthy}.p99 &lt; 250ms">\n      <failure message="412ms" type="fail">',
    );
  });

  it('makes what is undecided an error, never a pass', () => {
    const xml = renderJunit([inconclusiveResult()]);
    expect(xml).toContain('tests="3" failures="0" errors="3"');
    expect(xml).toContain('<error message="no data" type="no-data">');
  });

  it('sums over several scenarios', () => {
    const xml = renderJunit([passingResult(), failingResult()]);
    expect(xml).toContain('<testsuites name="wsdeliver" tests="12" failures="4" errors="1" time="36.824">');
    expect(xml.match(/<testsuite /g)).toHaveLength(2);
  });

  it('escapes what XML reads, and what XML cannot write', () => {
    const why = 'a < b & "c" \'d\' ]]> \u0000 \ud800 é 🙂';
    const xml = renderJunit([{ ...failingResult(), reasons: [{ code: 'listener-failed', why }] }]);
    expect(xml).toContain('a &lt; b &amp; &quot;c&quot; &apos;d&apos; ]]&gt; \\x00 \\ud800 é 🙂');
  });

  it('closes every element it opens', () => {
    const open: string[] = [];
    for (const [, closing, name = '', self] of renderJunit([failingResult(), inconclusiveResult()]).matchAll(
      /<(\/?)([a-z]+)[^>]*?(\/?)>/g,
    )) {
      if (closing === '/') expect(open.pop()).toBe(name);
      else if (self !== '/') open.push(name);
    }
    expect(open).toEqual([]);
  });
});
