import type { DialRequest } from '../../protocol/ports.ts';
import { TemplateError } from '../../templates/scope.ts';
import type { TreeTemplate } from '../../templates/template.ts';
import type { Description } from './description.ts';
import { sentText } from './speaker.ts';
import type { Steps, StepsOwner } from './steps.ts';

/** Finds out where a connection goes: to the usual address, to that of a resume, or where the server sent the client. */
export class Addresses {
  /** Where the server asked the client to come back. */
  next: string | undefined = undefined;
  readonly #description: Description;
  readonly #owner: Pick<StepsOwner, 'scope'>;
  readonly #steps: Steps;

  constructor(description: Description, owner: Pick<StepsOwner, 'scope'>, steps: Steps) {
    this.#description = description;
    this.#owner = owner;
    this.#steps = steps;
  }

  find(resuming: boolean, go: (request: DialRequest) => void, fail: (reason: string) => void): void {
    const { resume, before, url } = this.#description;
    const { next } = this;
    this.next = undefined;
    const goTo = (tree: TreeTemplate | undefined): void => {
      try {
        go(tree === undefined ? {} : { url: sentText(tree, this.#owner.scope.with({})) });
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        fail(error.message);
      }
    };
    if (next !== undefined) go({ url: next });
    else if (resuming && resume?.url !== undefined) goTo(resume.url);
    else if (before.length === 0) goTo(url);
    else this.#steps.run(before, () => goTo(url), fail);
  }
}
