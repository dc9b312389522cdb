import { readFileSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../src/cli/exit.ts';
import { connectionFault, explain } from '../../src/cli/explain.ts';

function shownFor(error: unknown): { readonly code: number; readonly text: string } {
  const { result: code, text } = shownBy(() => explain(error));
  return { code, text };
}

function shownBy<T>(act: () => T): { readonly result: T; readonly text: string } {
  let text = '';
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const result = act();
  write.mockRestore();
  return { result, text };
}

afterEach(() => vi.unstubAllEnvs());

describe('explain', () => {
  it('shows the sentences of a mistake, printable and without secrets', () => {
    const error = new UserError(['Cannot find "\u001b[2J"', 'Cannot reach "ws://a:b@c"\nforged: line']);
    expect(shownFor(error)).toEqual({
      code: 2,
      text: 'Cannot find "\\x1b[2J"\nCannot reach "ws://***@c"\\nforged: line\n',
    });
  });

  it('takes a refusal of the system for what it is', () => {
    const error = Object.assign(new Error("EMFILE: too many open files, open 'x'"), {
      code: 'EMFILE',
      syscall: 'open',
    });
    expect(shownFor(error)).toEqual({
      code: 2,
      text: "Cannot go on: EMFILE: too many open files, open 'x'\n",
    });
  });

  it('writes the stack of a fault of its own to a file, and says where', () => {
    const { code, text } = shownFor(new Error('impossible: ws://user:hunter2@host'));
    expect(code).toBe(1);
    expect(text).toMatch(/^wsdeliver failed by a fault of its own: impossible: ws:\/\/\*\*\*@host\n/);
    const file = /the stack is in "(.+)"/.exec(text)?.[1] ?? '';
    const kept = readFileSync(file, 'utf8');
    rmSync(file);
    expect(kept).toMatch(/^ {4}at /m);
    expect(text + kept).not.toContain('hunter2');
    expect(text).not.toMatch(/^ {4}at /m);
  });

  it('shows the stack where a variable asks for it', () => {
    vi.stubEnv('WSDELIVER_DEBUG', '1');
    expect(shownFor(new TypeError('impossible')).text).toMatch(/^ {4}at /m);
  });

  it('does with whatever is thrown', () => {
    vi.stubEnv('WSDELIVER_DEBUG', '1');
    for (const thrown of [undefined, null, 'text', 7, {}]) expect(shownFor(thrown).code).toBe(1);
  });
});

describe('connectionFault', () => {
  it('is one sentence, without a stack', () => {
    const { result, text } = shownBy(() => connectionFault(new TypeError('impossible')));
    expect(result).toBe(
      'a connection was closed with 1011 by a fault of wsdeliver: impossible (WSDELIVER_DEBUG=1 shows the stack)',
    );
    expect(text).toBe('');
  });

  it('comes with its stack where a variable asks for it', () => {
    vi.stubEnv('WSDELIVER_DEBUG', '1');
    const { result, text } = shownBy(() => connectionFault(new TypeError('impossible')));
    expect(result).toMatch(/: impossible \(the stack is above\)$/);
    expect(text).toMatch(/^ {4}at /m);
  });
});
