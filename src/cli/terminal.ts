import type { Appearance } from '../report/terminal.ts';

const WIDTH_WITHOUT_TERMINAL = 80;

/** How reports look on this terminal, or in what it is piped into. */
export function appearance(options: { readonly color?: boolean }): Appearance {
  return {
    width: knownWidth() ?? WIDTH_WITHOUT_TERMINAL,
    color: wantsColor(options.color),
    unicode: speaksUnicode(),
  };
}

/** Columns of standard output, or what `COLUMNS` says where it is no terminal; undefined where nobody says. */
export function knownWidth(): number | undefined {
  const asked = Number(process.env.COLUMNS);
  const width = process.stdout.columns ?? (Number.isInteger(asked) ? asked : 0);
  return width > 0 ? width : undefined;
}

/** `NO_COLOR` (no-color.org) and --no-color forbid it, `FORCE_COLOR` wants it, else a terminal does. */
function wantsColor(flag: boolean | undefined): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (flag === false || (NO_COLOR !== undefined && NO_COLOR !== '')) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '0') return true;
  return process.stdout.isTTY === true && TERM !== 'dumb';
}

function speaksUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM } = process.env;
  if (TERM === 'dumb') return false;
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  // Without a locale nothing is known; what is read by machines and editors nowadays is UTF-8.
  return locale === '' || locale === 'C' ? process.stdout.isTTY !== true : /utf-?8/i.test(locale);
}
