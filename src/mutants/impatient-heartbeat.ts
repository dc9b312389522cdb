import type { Connection } from '../broadcaster/connection.ts';
import { Heartbeat } from '../broadcaster/heartbeat.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class IgnoresUnreadBytes extends SessionRegistry {
  protected override createHeartbeat(connection: Connection, session: Session): Heartbeat {
    return new Heartbeat({
      settings: { ...this.settings, readBytesPerSecMin: Number.POSITIVE_INFINITY },
      timers: this.ports.timers,
      random: this.heartbeatRandom(session),
      link: connection.link,
      onMissed: () => this.listeners.missedPong(session),
      onStale: () => this.terminateStale(connection),
    });
  }
}

export const impatientHeartbeat: Variant = {
  name: 'impatient-heartbeat',
  side: 'server',
  defect:
    'A pong has to come in time whatever was sent before its ping, so that a client is closed that is still reading.',
  scenario: mutantScenario({
    name: 'impatient-heartbeat',
    server: {
      heartbeat: { interval: '400ms', timeout: '200ms', missed: 2 },
      outbox: { ackTimeout: '10s' },
    },
    clients: [{ count: 4, rooms: ['ticks'], read: '64KiB/s' }],
    publish: [{ room: 'ticks', rate: '1/s', size: '128KiB' }],
    duration: { load: '1s', settle: '20s' },
  }),
  newBroadcaster: withRegistry(IgnoresUnreadBytes),
  outcome: { kind: 'misdetected', cause: { code: 'closed-alive' } },
  consequences: [],
};
