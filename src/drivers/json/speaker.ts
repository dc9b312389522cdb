import type { Scope } from '../../templates/scope.ts';
import type { TreeTemplate } from '../../templates/template.ts';
import type { AtHand, JsonScope } from './scope.ts';

/** Characters of a frame that a message shows. */
const SHOWN_MAX = 120;

/** What the parts of a client ask of it. */
export interface Speaker {
  readonly scope: JsonScope;
  /** Sends on the connection opened last. */
  send(tree: TreeTemplate, atHand: AtHand): void;
  /** Sends for the present session. */
  say(tree: TreeTemplate, atHand: AtHand): void;
  /** Runs something that may ask a template for what there is not, which costs the connection. */
  guarded(act: () => void): void;
  /** Gives the connection up, and says why. */
  fail(reason: string): void;
  /** What a frame turned out to be. */
  explain(what: string): void;
}

/** What is sent: a text as it is, everything else as JSON. @throws {TemplateError} */
export function sentText(tree: TreeTemplate, scope: Scope): string {
  const value = tree.render(scope);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A frame as messages quote it. */
export function shown(frame: unknown): string {
  const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
