import { Broadcaster } from '../broadcaster/broadcaster.ts';
import type { RegistryOptions, SessionRegistry } from '../broadcaster/session-registry.ts';
import type { NewBroadcaster } from '../server/reference-server.ts';

/** The broadcaster with a broken registry of sessions. */
export function withRegistry(Kind: new (options: RegistryOptions) => SessionRegistry): NewBroadcaster {
  return (options) => new Broadcaster({ ...options, newRegistry: (registry) => new Kind(registry) });
}
