import { Broadcaster } from '../broadcaster/broadcaster.ts';
import { type RegistryOptions, SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Hello } from '../protocol/frame.ts';
import { Session } from '../protocol/session.ts';
import type { SessionSettings } from '../protocol/session-contract.ts';
import type { NewBroadcaster } from '../server/reference-server.ts';

type SessionOptions = ConstructorParameters<typeof Session>[0];

/** A broadcaster with a broken session class. */
export function withSessions(Kind: new (options: SessionOptions) => Session): NewBroadcaster {
  return withNewSession((parts) => new Kind(parts));
}

/** A broadcaster whose sessions ignore some of the settings. */
export function withSessionSettings(changed: Partial<SessionSettings>): NewBroadcaster {
  return withNewSession((parts) => new Session({ ...parts, settings: { ...parts.settings, ...changed } }));
}

function withNewSession(newSession: (options: SessionOptions) => Session): NewBroadcaster {
  return (options) =>
    new Broadcaster({ ...options, newRegistry: (registry) => new RegistryOf(registry, newSession) });
}

class RegistryOf extends SessionRegistry {
  readonly #newSession: (options: SessionOptions) => Session;

  constructor(options: RegistryOptions, newSession: (options: SessionOptions) => Session) {
    super(options);
    this.#newSession = newSession;
  }

  protected override createSession(hello: Hello): Session {
    const { clock, timers, randomFor, newId } = this.ports;
    const identity = { id: newId(), clientId: hello.clientId, epoch: this.epoch };
    return this.#newSession({
      identity,
      settings: this.settings,
      clock,
      timers,
      random: randomFor(`session/${hello.clientId}`),
      observer: this.listeners,
      heldBytes: this.heldBytes,
    });
  }
}
