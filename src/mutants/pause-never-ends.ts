import { Broadcaster } from '../broadcaster/broadcaster.ts';
import { encodeFrame } from '../protocol/frame.ts';
import type { Link, LinkEvents } from '../protocol/ports.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { WrappedLink } from './wrapped-link.ts';

const GO_ON = encodeFrame({ kind: 'pressure', state: 'normal' });

class NeverRelieves extends WrappedLink {
  override send(text: string): void {
    if (text !== GO_ON) super.send(text);
  }
}

class PausesForGood extends Broadcaster {
  override accept(link: Link): LinkEvents {
    return super.accept(new NeverRelieves(link));
  }
}

export const pauseNeverEnds: Variant = {
  name: 'pause-never-ends',
  side: 'server',
  defect: 'A publisher that was asked to pause is never asked to continue.',
  scenario: mutantScenario({
    name: 'pause-never-ends',
    server: { outbox: { maxPending: 20, overflow: 'pause' } },
    clients: [
      { profile: 'readers', count: 4, rooms: ['ticks'] },
      { profile: 'writers', count: 4, upstream: { rate: '20/s', size: '64B', room: 'ticks' } },
    ],
    faults: [{ at: '300ms', for: '600ms', clients: { ids: [0] }, do: 'pause-reader' }],
    duration: { settle: '20s' },
  }),
  newBroadcaster: (options) => new PausesForGood(options),
  outcome: { kind: 'stuck' },
  consequences: [],
};
