import { program } from '../../src/cli/main.ts';
import { code, table } from './markdown.ts';

/** Commands and flags as the command line itself explains them. */

export interface HelpEntry {
  /** `--seed <number>`, `bench [options] [scenario...]`. */
  readonly term: string;
  readonly meaning: string;
}

export interface CommandHelp {
  readonly name: string;
  readonly usage: string;
  readonly meaning: string;
  readonly options: readonly HelpEntry[];
}

const OWN_OPTIONS = /^(-h, --help|-V, --version)$/;

export function readCommands(): readonly CommandHelp[] {
  const commands: CommandHelp[] = [];
  for (const { term, meaning } of sectionOf(helpOf(), 'Commands')) {
    const name = term.split(' ')[0] ?? '';
    if (name === 'help') continue;
    const options = sectionOf(helpOf(name), 'Options').filter(({ term: flag }) => !OWN_OPTIONS.test(flag));
    commands.push({ name, usage: term.replace(' [options]', ''), meaning, options });
  }
  return commands;
}

export function commandTable(commands: readonly CommandHelp[]): string {
  return table(
    ['Command', 'Does'],
    commands.map(({ usage, meaning }) => [code(`wsdeliver ${usage}`), meaning]),
  );
}

export function flagTables(commands: readonly CommandHelp[]): string {
  return commands
    .filter(({ options }) => options.length > 0)
    .map(({ name, options }) => {
      const rows = options.map(({ term, meaning }) => [code(term), meaning]);
      return `**wsdeliver ${name}**\n\n${table(['Flag', 'Meaning'], rows)}`;
    })
    .join('\n\n');
}

/** As `--help` prints it. */
function helpOf(name?: string): string {
  const root = program();
  const command = name === undefined ? root : root.commands.find((each) => each.name() === name);
  return command?.helpInformation() ?? '';
}

/** Entries begin two columns in, what is wrapped goes on further in. */
function sectionOf(help: string, title: string): HelpEntry[] {
  const lines = help.split('\n');
  const from = lines.indexOf(`${title}:`) + 1;
  const entries: { term: string; meaning: string }[] = [];
  for (const line of from === 0 ? [] : lines.slice(from)) {
    if (line.trim() === '') break;
    const head = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line);
    const last = entries.at(-1);
    if (head !== null) entries.push({ term: head[1] ?? '', meaning: head[2] ?? '' });
    else if (last !== undefined) last.meaning = `${last.meaning} ${line.trim()}`.trim();
  }
  return entries.map(({ term, meaning }) => ({ term, meaning: meaning.replace(' (default: [])', '') }));
}
