import type { Connection } from '../broadcaster/connection.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Hello } from '../protocol/frame.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class RefusesTheEmptyHanded extends SessionRegistry {
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
  newBroadcaster: withRegistry(RefusesTheEmptyHanded),
  outcome: { kind: 'reported-loss', cause: { reason: 'session-expired' } },
  consequences: [],
};
