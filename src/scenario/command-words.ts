/**
 * The words of a command, split as a shell splits them, without a shell: quotes and backslashes hold words together,
 * and nothing is expanded. A template stays in one word whatever it contains.
 */
export type CommandReading =
  | { readonly ok: true; readonly words: readonly string[] }
  /** @param offset - where in the text, from 0 */
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** A word between unquoted spaces, or what only a shell would take for something else than an argument. */
const SHELL_WORD = /^(?:\||\|\||&|&&|;|\d?>{1,2}(?:&\d)?|<{1,3}|\d?>&\d)$/;
const SHELL = /^\s*sh\s+-c\s+/;

export function readCommand(text: string): CommandReading {
  const split = splitWords(text);
  const script = SHELL.exec(text)?.[0];
  if (script !== undefined) {
    // One quoted word is the script as for a shell; anything else is the script as it stands.
    if (split.ok && split.words.length === 3) return split;
    return { ok: true, words: ['sh', '-c', text.slice(script.length)] };
  }
  return split;
}

function splitWords(text: string): CommandReading {
  const words: string[] = [];
  const piece = /\s+|\{\{.*?\}\}|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|[^\s'"\\{]+|\{/gsy;
  let word: string | undefined;
  let [wordFrom, quoted] = [0, false];
  let problem: CommandReading | undefined;
  const endWord = (): void => {
    if (word !== undefined && !quoted && SHELL_WORD.test(word))
      problem ??= {
        ok: false,
        message: `Cannot run "${word}": no shell reads the command, "sh -c" in front of it is wanted`,
        offset: wordFrom,
      };
    if (word !== undefined) words.push(word);
    [word, quoted] = [undefined, false];
  };
  while (piece.lastIndex < text.length) {
    const from = piece.lastIndex;
    const found = piece.exec(text);
    if (found === null) return unclosed(text, from);
    const [whole, single, double, escaped] = found;
    if (/^\s/.test(whole)) {
      endWord();
      continue;
    }
    if (word === undefined) wordFrom = from;
    quoted ||= single !== undefined || double !== undefined || escaped !== undefined;
    word = (word ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? whole);
  }
  endWord();
  if (problem !== undefined) return problem;
  if (words.length > 0 && words[0] !== '') return { ok: true, words };
  return { ok: false, message: 'Cannot run "": it names no program, a command is wanted', offset: 0 };
}

function unclosed(text: string, offset: number): CommandReading {
  const sign = text[offset];
  const message =
    sign === '\\'
      ? 'Cannot read the command: it ends with a backslash, a character behind it is wanted'
      : `Cannot read the command: a quote ${sign} is not closed, another ${sign} is wanted`;
  return { ok: false, message, offset };
}
