import type { TIMELINE_EVENTS } from '../../delivery/timeline-event.ts';
import type { Catalogue } from './catalogue.ts';

/** What a timeline says of each event. */
export const EVENT_TEXTS: Catalogue<typeof TIMELINE_EVENTS> = {
  'publish-begins': () => 'its publish begins',
  'publish-ends': ({ status }) => `its publish is ${status}`,
  seen: ({ position }) => (position > 0 ? `seen at position ${position}` : 'seen'),
  'server-record': (record) => {
    const words = [
      record.assigned ? 'assigned' : 'never assigned',
      record.sent ? 'sent' : 'never sent',
      record.acked ? 'acked' : 'never acked',
      ...(record.dropped === '' ? [] : [`dropped (${record.dropped})`]),
      ...(record.resentAfterAck ? ['sent again after the ack'] : []),
    ];
    return `by the server's record: ${words.join(', ')}`;
  },
  'hello-sent': () => 'hello sent',
  'fresh-session': ({ told }) => `fresh session${told === '' ? '' : `, the one before is gone: ${told}`}`,
  resumed: ({ position }) => `session resumed after position ${position}`,
  'connection-closed': ({ closeCode }) => `connection closed with ${closeCode}`,
  goodbye: () => 'goodbye',
  'handler-failed': ({ stream, seq, position }) =>
    `handler failed for p${stream}:${seq} at position ${position}`,
  gap: ({ from, to, reason }) => `gap from ${from} to ${to}: ${reason}`,
  'fault-begins': ({ fault }) => `fault ${fault} begins`,
  'fault-ends': ({ fault }) => `fault ${fault} ends`,
  'last-advance': () => 'last advance',
  'drain-ended': ({ pending }) => `end of the drain with ${pending} pending`,
  disconnected: () => 'disconnected',
  'still-held': () => 'still held',
  'left-over': ({ count }) => `${count} left`,
  'went-silent': () => 'went silent',
  'remained-open': () => 'still open',
  'closed-by-server': () => 'closed by the server',
  'last-sign-of-life': () => 'last sign of life',
  'older-closed': () => 'older connection closed',
  'newer-took-over': () => 'newer connection took over',
  'closed-for-newer-owner': () => 'closed for a newer owner',
  'connects-again': () => 'connects again',
};
