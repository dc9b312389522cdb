import { Broadcaster } from '../broadcaster/broadcaster.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const EVERY = 10;

class Misroutes extends Broadcaster {
  #count = 0;

  override publish(message: OutgoingMessage): string | undefined {
    this.#count += 1;
    if (this.#count % EVERY === 0) this.#missend(message);
    return super.publish(message);
  }

  #missend(message: OutgoingMessage): void {
    for (const session of this.registry.store.sessions()) {
      if (this.rooms.isMember(session, message.room)) continue;
      this.owe(session, message);
      return;
    }
  }
}

export const misroute: Variant = {
  name: 'misroute',
  side: 'server',
  defect: 'Occasionally, a message is also sent to a client that is not in its room.',
  scenario: mutantScenario({
    name: 'misroute',
    clients: [
      { profile: 'left', count: 4, rooms: ['left'] },
      { profile: 'right', count: 4, rooms: ['right'] },
    ],
    publish: [
      { room: 'left', rate: '20/s', size: '64B' },
      { room: 'right', rate: '20/s', size: '64B' },
    ],
  }),
  newBroadcaster: (options) => new Misroutes(options),
  outcome: { kind: 'phantom', cause: { code: 'room-not-joined' } },
  consequences: [],
};
