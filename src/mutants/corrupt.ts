import { Broadcaster } from '../broadcaster/broadcaster.ts';
import { type Link, type LinkEvents, SharedText } from '../protocol/ports.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { WrappedLink } from './wrapped-link.ts';

const EVERY = 25;
/** The text after the last character of the body. */
const TAIL = '"}}';

class CorruptingLink extends WrappedLink {
  #count = 0;

  override sendShared(head: string, tail: SharedText): void {
    this.#count += 1;
    if (this.#count % EVERY !== 0) super.sendShared(head, tail);
    else super.sendShared(head, new SharedText(`${tail.text.slice(0, -TAIL.length - 1)}#${TAIL}`));
  }
}

class Corrupts extends Broadcaster {
  override accept(link: Link): LinkEvents {
    return super.accept(new CorruptingLink(link));
  }
}

export const corrupt: Variant = {
  name: 'corrupt',
  side: 'server',
  defect: 'Occasionally, a character of a body changes on the way to one client.',
  scenario: mutantScenario({ name: 'corrupt' }),
  newBroadcaster: (options) => new Corrupts(options),
  outcome: { kind: 'corrupt' },
  consequences: [],
};
