import { describe, expect, it } from 'vitest';
import { NO_BREAK } from '../../src/report/line.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import type { Result } from '../../src/verdict/result.ts';
import {
  failingResult,
  inconclusiveResult,
  passingResult,
  strangerResult,
  WORDS_OF_OUR_SERVER,
} from './sample-result.ts';

function rendered(result: Result): string {
  return renderMarkdown(result).replaceAll(NO_BREAK, ' ');
}

describe('renderMarkdown', () => {
  it('opens with verdict and scenario, then loss', () => {
    const text = rendered(failingResult());
    expect(text).toMatch(/^### ❌ FAIL · half-open-during-broadcast\n/);
    expect(text).toContain(
      '**14 lost silently**, 120 lost and reported (100 overflow, 20 ttl); 449 866 of 450 000 owed',
    );
  });

  it('lists expectations with what was found', () => {
    expect(rendered(failingResult())).toContain(
      '| ❌ | `latency.push{profile:healthy}.p99 < 250ms` | 412ms |',
    );
    expect(rendered(inconclusiveResult())).toContain('| ⚠️ | `latency.push.p99 < 250ms` | no data |');
  });

  it('folds the details away and leaves out what is empty', () => {
    expect(rendered(failingResult())).toContain(
      '<details><summary>Anomalies</summary>\n\n- silent loss: 14\n',
    );
    expect(rendered(passingResult())).not.toContain('Anomalies');
  });

  it('tells of a stranger what became of publishes and connections, in no words of our broadcaster', () => {
    const text = rendered(strangerResult());
    expect(text).toContain('driver json');
    expect(text).toContain('Publishes: 17 unconfirmed, owed to nobody, 3 rejected');
    expect(text).toContain('Messages: 1 200 with content that was not verified');
    expect(text).toContain('37 refused with status 503');
    expect(text).not.toMatch(WORDS_OF_OUR_SERVER);
    expect(rendered(passingResult())).not.toContain('Connections');
  });

  it('lets no text break a table, mention anybody or become markup', () => {
    const base = failingResult();
    const text = rendered({
      ...base,
      reasons: [{ code: 'listener-failed', why: '<img src=x> @team a|b\n# title' }],
      assertions: [{ text: 'a | b `c`', actualText: 'x | y', status: 'fail' }],
    });
    expect(text).toContain('- \\<img src=x\\> \\@team a\\|b\\\\n\\# title');
    expect(text).toContain("| ❌ | `a \\| b 'c'` | x \\| y |");
  });
});
