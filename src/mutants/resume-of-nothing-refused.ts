import { Broadcaster } from '../broadcaster/broadcaster.ts';
import type { Connection } from '../broadcaster/connection.ts';
import type { Hello } from '../protocol/frame.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class RefusesTheEmptyHanded extends Broadcaster {
  override greet(connection: Connection, hello: Hello): void {
    const { resume, ...rest } = hello;
    super.greet(connection, resume?.lastSeq === 0 ? rest : hello);
  }
}

export const resumeOfNothingRefused: Variant = {
  name: 'resume-of-nothing-refused',
  side: 'server',
  defect: 'A client that has not handled anything yet gets a fresh session when it asks to resume.',
  // A fresh session without any publish, then a drop, and messages while the client is disconnected.
  scenario: mutantScenario({
    name: 'resume-of-nothing-refused',
    clients: [{ count: 8, rooms: ['ticks'], reconnect: { min: '1s', max: '1s', jitter: 'none' } }],
    publish: [{ room: 'ticks', rate: '1/s', size: '64B' }],
    duration: { load: '4s' },
    faults: [
      { at: '100ms', clients: { ids: [0, 1] }, do: 'fresh-session' },
      { at: '1150ms', clients: { ids: [0, 1] }, do: 'drop' },
    ],
    expect: { allowReported: ['replaced'] },
  }),
  newBroadcaster: (options) => new RefusesTheEmptyHanded(options),
  outcome: { kind: 'reported-loss', cause: { reason: 'session-expired' } },
  consequences: [],
};
