import { describe, expect, it } from 'vitest';
import { readCommand } from '../../src/scenario/command-words.ts';

function words(text: string): readonly string[] | string {
  const reading = readCommand(text);
  return reading.ok ? reading.words : `${reading.offset}: ${reading.message}`;
}

describe('the words of a command', () => {
  it.each([
    ['node  server.js', ['node', 'server.js']],
    [`redis-server --save ''`, ['redis-server', '--save', '']],
    [`run "two words" 'it "is"' a\\ b`, ['run', 'two words', 'it "is"', 'a b']],
    [`run --x="a \\"b\\" \\n"`, ['run', '--x=a "b" \\n']],
    [`run --port {{ port + 1 }} {{ env.HOME }}/x`, ['run', '--port', '{{ port + 1 }}', '{{ env.HOME }}/x']],
    ['run "|" \\; a|b', ['run', '|', ';', 'a|b']],
    [
      `nginx -g 'events {} http { listen {{ port }}; }'`,
      ['nginx', '-g', 'events {} http { listen {{ port }}; }'],
    ],
    ['run\n  --on two lines', ['run', '--on', 'two', 'lines']],
  ])('%s', (text, wanted) => {
    expect(words(text)).toEqual(wanted);
  });

  it('are those of a shell after sh -c, as one script, quoted or not', () => {
    expect(words(`sh -c 'a && b'`)).toEqual(['sh', '-c', 'a && b']);
    expect(words(`sh -c a && "b" > c`)).toEqual(['sh', '-c', 'a && "b" > c']);
    expect(words(`sh -c exec a`)).toEqual(['sh', '-c', 'exec a']);
  });

  it.each([
    [`run 'open`, `4: Cannot read the command: a quote ' is not closed, another ' is wanted`],
    ['run \\', '4: Cannot read the command: it ends with a backslash, a character behind it is wanted'],
    ['a && b', '2: Cannot run "&&": no shell reads the command, "sh -c" in front of it is wanted'],
    ['a 2>&1', '2: Cannot run "2>&1": no shell reads the command, "sh -c" in front of it is wanted'],
    ['  ', '0: Cannot run "": it names no program, a command is wanted'],
  ])('%s is refused', (text, problem) => {
    expect(words(text)).toBe(problem);
  });
});
