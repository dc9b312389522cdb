import type { BroadcastResult, OutgoingMessage } from '../protocol/message.ts';
import type { Statistics } from './statistics.ts';

/** How a broadcast to one of many rooms went. A room that nobody is in has a result of zeros. */
export interface RoomBroadcast {
  readonly room: string;
  /** Settles like that of any broadcast. */
  readonly result: BroadcastResult;
  /** Why nothing was broadcast there, or not to everybody. */
  readonly error?: string;
}

/**
 * Hands each message to its room. The rooms are independent: an error, even one of our own making, ends what is
 * done for its room and nothing else.
 *
 * @param publish - returns why it refused, if it did
 */
export function broadcastToRooms(
  messages: readonly OutgoingMessage[],
  statistics: Statistics,
  publish: (message: OutgoingMessage) => string | undefined,
): RoomBroadcast[] {
  statistics.roomBroadcasts += 1;
  return messages.map((message) => {
    const { room, result } = message;
    const error = attempt(message, publish);
    if (error === undefined) return { room, result };
    statistics.roomFailures += 1;
    return { room, result, error };
  });
}

/** Recipients over all rooms; a client in two of them counts twice, since it gets both messages. */
export function sumOfRooms(
  broadcasts: readonly RoomBroadcast[],
): Record<'total' | 'sent' | 'skipped' | 'dropped' | 'failed', number> {
  const sum = { total: 0, sent: 0, skipped: 0, dropped: 0, failed: 0 };
  for (const { result } of broadcasts) {
    sum.total += result.total;
    sum.sent += result.sent;
    sum.skipped += result.skipped;
    sum.dropped += result.dropped;
    sum.failed += result.failed;
  }
  return sum;
}

function attempt(
  message: OutgoingMessage,
  publish: (message: OutgoingMessage) => string | undefined,
): string | undefined {
  try {
    return publish(message);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
