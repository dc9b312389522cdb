/** The signs of stories and diagrams, and what stands for each in ASCII: one column for one column. */
const ASCII: Readonly<Record<string, string>> = {
  '│': '|',
  '┊': ':',
  '─': '-',
  '▶': '>',
  '◀': '<',
  '●': 'o',
  '◆': '#',
  '×': 'x',
  '»': '>',
  '…': '~',
  '→': '>',
};

export function toAscii(text: string): string {
  return text.replace(/[^\n\x20-\x7e]/gu, (sign) => ASCII[sign] ?? '?');
}
