/** How generated Markdown is laid out: what can be wrapped is, so that a change shows as a change of few lines. */

const WIDTH = 120;

export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const ruler = titles.map(() => '---');
  return [titles, ruler, ...rows].map((cells) => `| ${cells.map(inCell).join(' | ')} |`).join('\n');
}

/** One item of a list, wrapped, with its own items below it. */
export function item(text: string, inner: readonly string[] = [], indent = ''): string {
  const own = wrap(text, `${indent}- `, `${indent}  `);
  return [own, ...inner.map((each) => item(each, [], `${indent}  `))].join('\n');
}

function wrap(text: string, first: string, rest: string): string {
  const lines: string[] = [];
  let current = first;
  for (const word of text.split(' ')) {
    const isEmpty = current === first || current === rest;
    if (!isEmpty && current.length + 1 + word.length > WIDTH) {
      lines.push(current);
      current = `${rest}${word}`;
    } else current += isEmpty ? word : ` ${word}`;
  }
  return [...lines, current].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** Outside of code a `<word>` would pass for a tag. */
function inCell(text: string): string {
  const pieces = text
    .split('`')
    .map((piece, index) => (index % 2 === 0 ? piece.replaceAll('<', '&lt;') : piece));
  return pieces.join('`').replaceAll('|', '\\|');
}
