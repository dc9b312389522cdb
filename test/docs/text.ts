/** What a Markdown text is made of, as far as the checks need it. */

const FENCE = /^```(.*)\n([\s\S]*?)^```$/gm;

/** @param info - what stands behind the opening fence */
export function codeBlocks(text: string, info: string): string[] {
  return [...text.matchAll(FENCE)]
    .filter(([, kind]) => kind === info)
    .map(([, , content]) => content?.trimEnd() ?? '');
}

/** Relative links; those to other sites are not followed. */
export function linksIn(text: string): string[] {
  return [...text.replace(FENCE, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** As the usual renderers make them from headings. */
export function headingAnchors(text: string): string[] {
  return [...text.replace(FENCE, '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Files and folders of the repository that stand between backticks. */
export function pathsIn(text: string): string[] {
  return [...text.matchAll(/`((?:src|test|scenarios|docs|bin)\/[\w./-]*)`/g)].map(([, path]) => path ?? '');
}

/** Tables can't be wrapped, and reports are as wide as they are. */
export function proseLines(text: string): string[] {
  return text.split('\n').filter((line) => !line.startsWith('|'));
}
