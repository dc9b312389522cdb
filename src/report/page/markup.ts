import { printable } from '../../text/printable.ts';

/** HTML as a value that can't be mixed up with text: what goes into a template is escaped unless it is markup. */
export class Markup {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type Content = Markup | string | number | readonly Content[];

/** Builds markup; strings are escaped, lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(
    parts.map((part, index) => (index === 0 ? '' : sourceOf(values[index - 1] ?? '')) + part).join(''),
  );
}

export const NOTHING = new Markup('');

function sourceOf(content: Content): string {
  if (content instanceof Markup) return content.source;
  if (typeof content === 'object') return content.map(sourceOf).join('');
  return escapeHtml(String(content));
}

function escapeHtml(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
