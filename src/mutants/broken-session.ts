import { Broadcaster } from '../broadcaster/broadcaster.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import { Session } from '../protocol/session.ts';
import type { SessionOptions, SessionSettings } from '../protocol/session-contract.ts';
import type { NewBroadcaster } from '../server/reference-server.ts';

/** A broadcaster with a broken session class. */
export function withSessions(Kind: new (options: SessionOptions<Session>) => Session): NewBroadcaster {
  return withNewSession((parts) => new Kind(parts));
}

/** A broadcaster whose sessions ignore some of the settings. */
export function withSessionSettings(changed: Partial<SessionSettings>): NewBroadcaster {
  return withNewSession((parts) => new Session({ ...parts, settings: { ...parts.settings, ...changed } }));
}

function withNewSession(newSession: (options: SessionOptions<Session>) => Session): NewBroadcaster {
  return (options) =>
    new Broadcaster({
      ...options,
      newRegistry: (registry) => new SessionRegistry({ ...registry, newSession }),
    });
}
