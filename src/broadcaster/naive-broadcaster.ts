import type { OutgoingMessage } from '../protocol/message.ts';
import { NOTICE_HEAD } from '../protocol/message.ts';
import { type Link, type LinkEvents, LinkState } from '../protocol/ports.ts';
import { errorCode } from '../protocol/send-error.ts';
import type { Session } from '../protocol/session.ts';
import { Broadcaster, type BroadcasterOptions } from './broadcaster.ts';
import { SessionRegistry } from './session-registry.ts';

/** A send to a socket that is not open. */
class NotOpen extends Error {
  readonly code = 'ENOTCONN';
}

class NaiveRegistry extends SessionRegistry {
  protected override createHeartbeat(): undefined {
    return undefined;
  }

  /** Whoever was once here is sent to for ever. */
  override disconnected(): void {}
}

/**
 * The loop that everybody writes first: sends to each client in turn and hopes for the best.
 *
 * It does not look at the state of a socket, keeps nothing for anybody, never pings, and does not notice when a
 * client goes away. A send that throws, as to a closed socket, leaves the rest of the room with nothing. It is here to
 * be tested against; it serves at-most-once sessions only.
 */
export class NaiveBroadcaster extends Broadcaster {
  constructor(options: BroadcasterOptions) {
    super({ ...options, newRegistry: (registry) => new NaiveRegistry(registry) });
  }

  override publish(message: OutgoingMessage): string | undefined {
    if (this.stopped) return 'draining';
    const members = this.rooms.members(message.room);
    message.result.total = members.size;
    this.statistics.broadcasts += 1;
    this.statistics.total += members.size;
    try {
      for (const session of members) this.#send(session, message);
    } catch (error) {
      if (errorCode(error) === 'unknown') throw error;
      message.result.failed = members.size - message.result.sent;
      this.statistics.failed += message.result.failed;
      this.statistics.aborted += 1;
      this.monitoring.metrics.failed('send-error', message.result.failed);
    }
    return undefined;
  }

  /** Nor does it look at how much waits for a client that does not read. */
  override accept(link: Link): LinkEvents {
    const events = super.accept(link);
    link.bufferBytesMax = Number.POSITIVE_INFINITY;
    return events;
  }

  #send(session: Session, message: OutgoingMessage): void {
    const link = this.#linkOf(session);
    if (link.state !== LinkState.open) throw new NotOpen('socket is not open');
    this.registry.listeners.assigned(session, 0, message);
    link.sendShared(NOTICE_HEAD, message);
    message.result.sent += 1;
    this.registry.listeners.sent(session, 0, message, 1);
  }

  #linkOf(session: Session): Link {
    const connection = this.registry.ownerOf.get(session);
    if (connection === undefined) throw new NotOpen('no socket');
    return connection.link;
  }
}
