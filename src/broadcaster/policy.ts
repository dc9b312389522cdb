import type { Hello } from '../protocol/frame.ts';
import type { Session } from '../protocol/session.ts';

/**
 * Who may come in and do what, as decided outside. Each part may be absent, and then nobody is refused for it.
 *
 * Implementations do not throw: whoever binds them to a world turns that into a refusal.
 */
export interface Policy {
  /**
   * Decides who a client is.
   *
   * @param credentials - what came with the connection, as handed to `accept`
   * @param settled - to be called exactly once, maybe at once; later calls do nothing
   */
  authorize?(credentials: unknown, hello: Hello, settled: (authorization: Authorization) => void): void;
  /** Asked for each room but that of everybody, in a hello, a resume and a join. */
  canJoin?(session: Session, room: string): boolean;
  /** Asked for each publish request, and for the action `message` with that as its type. */
  canPublish?(session: Session, room: string, type: string): boolean;
}

export type Authorization =
  | {
      readonly allowed: true;
      /** Who the client is, whatever its hello says; absent: who it says. */
      readonly clientId?: string;
      /** Kept with the session until its next hello, for the other questions. */
      readonly context?: unknown;
    }
  | { readonly allowed: false; readonly reason: string };

/** What was refused, and to whom. */
export interface Refusal {
  readonly what: 'connection' | 'hello' | 'session' | 'join' | 'publish';
  /** Absent before a hello. */
  readonly clientId: string | undefined;
  /** Of a join or a publish. */
  readonly room?: string;
  readonly reason: string;
}

/** Takes every client for who it says it is: for a server whose clients are all known. */
export const TRUSTING: Policy = {
  authorize: (_credentials, _hello, settled) => settled({ allowed: true }),
};
