import type { DeadLetter } from '../broadcaster/dead-letters.ts';
import type { Refusal } from '../broadcaster/policy.ts';
import type { ClientMessage } from './options.ts';
import type { Hook } from './policy.ts';

/** What became of a publish. */
export type Published =
  | {
      readonly accepted: true;
      /** Clients in the room. */
      readonly recipients: number;
      /** Of those, the ones whose outbox had no room, under the policies that give something up. */
      readonly overflowed: number;
    }
  /** Nobody gets it: too many publishes wait already, or the broadcaster went away meanwhile. */
  | { readonly accepted: false; readonly reason: string };

export interface DeadLetterNotice {
  readonly at: Date;
  readonly clientId: string;
  readonly session: string;
  readonly seq: number;
  readonly room: string;
  readonly type: string;
  readonly payload: unknown;
  readonly reason: DeadLetter['reason'];
  /** Transmissions. */
  readonly attempts: number;
}

/**
 * Events come after the work that caused them, each in a turn of its own: the broadcaster goes on whatever a listener
 * does. A listener that throws is an uncaught exception of the application, as everywhere in Node.
 */
export interface BroadcasterEvents {
  sessionOpened: [{ readonly clientId: string; readonly session: string }];
  /** @param reason - `goodbye`, `session-expired`, `replaced`, `overflow` or `restart` */
  sessionEnded: [{ readonly clientId: string; readonly session: string; readonly reason: string }];
  /** A client has lost its connection; its session may go on. */
  disconnected: [{ readonly clientId: string; readonly cause: string }];
  deadLetter: [DeadLetterNotice];
  alert: [{ readonly name: string; readonly detail: string }];
  /** The broadcaster itself failed at an event of one connection, which was closed with 1011: a fault to report. */
  internalError: [{ readonly error: Error }];
  /** By a hook or for a limit. @param what - `connection`, `hello`, `session`, `join` or `publish` */
  refused: [Refusal];
  /** `authorize`, `canJoin`, `canPublish` or `origins` threw, rejected, or answered nonsense, which refused. */
  hookError: [{ readonly hook: Hook; readonly error: unknown }];
  /** `onMessage` threw; its message was refused. */
  handlerError: [{ readonly message: ClientMessage; readonly error: unknown }];
}
