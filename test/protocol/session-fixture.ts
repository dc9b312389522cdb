import { HeldBytes } from '../../src/protocol/held-bytes.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { Session } from '../../src/protocol/session.ts';
import type { DropReason, SessionObserver, SessionSettings } from '../../src/protocol/session-contract.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from './fake-link.ts';

export const SETTINGS: SessionSettings = {
  delivery: 'at-least-once',
  ackTimeoutMs: 1000,
  resend: true,
  maxResend: 3,
  nackBackoffMs: 100,
  maxPending: 100,
  outboxBytesMax: 1_000_000,
  outboxBytesTotalMax: 1_000_000,
  overflow: 'reject',
  bufferBytesMax: 10_000,
  retryAttempts: 2,
  retryDelayMs: 50,
};

/** A session on a fake socket in virtual time, and what it told. Chance always comes out as 0. */
export class SessionFixture implements SessionObserver<Session> {
  readonly time = new VirtualTime();
  readonly session: Session;
  readonly messages: OutgoingMessage[] = [];
  readonly roundTripsUs: number[] = [];
  readonly drops: [seq: number, reason: DropReason][] = [];
  readonly failures: string[] = [];
  overdue = 0;
  counts = { assigned: 0, sent: 0, acked: 0, dropped: 0 };
  link = new FakeLink();

  /** What the session and others hold together. */
  readonly heldBytes: HeldBytes;

  constructor(settings: Partial<SessionSettings> = {}) {
    this.heldBytes = new HeldBytes(settings.outboxBytesTotalMax ?? SETTINGS.outboxBytesTotalMax);
    this.session = new Session({
      identity: { id: 's', clientId: 'c', epoch: 'e' },
      settings: { ...SETTINGS, ...settings },
      clock: this.time,
      timers: this.time,
      random: { next: () => 0 },
      observer: this,
      heldBytes: this.heldBytes,
    });
    this.session.attach(this.link, false);
  }

  /** Offers so many messages and writes them. */
  send(count: number): void {
    for (let sent = 0; sent < count; sent += 1) {
      const message = new OutgoingMessage({ room: '*', type: 'tick', payloadText: '1' });
      this.messages.push(message);
      this.session.offer(message);
    }
    this.session.pump();
  }

  /** A new socket takes the session over. */
  resume(lastSeq: number): void {
    this.session.detach();
    this.link = new FakeLink();
    this.session.ackThrough(lastSeq);
    this.session.attach(this.link, true);
    this.session.pump();
  }

  runFor(ms: number): string[] {
    this.time.runFor(ms);
    return this.link.take();
  }

  assigned(): void {
    this.counts.assigned += 1;
  }

  sent(): void {
    this.counts.sent += 1;
  }

  acked(_session: Session, _seq: number, _message: OutgoingMessage, roundTripUs: number): void {
    this.counts.acked += 1;
    this.roundTripsUs.push(roundTripUs);
  }

  dropped(_session: Session, seq: number, _message: OutgoingMessage, reason: DropReason): void {
    this.counts.dropped += 1;
    this.drops.push([seq, reason]);
  }

  ackOverdue(): void {
    this.overdue += 1;
  }

  sendFailed(_session: Session, code: string, retried: boolean): void {
    this.failures.push(retried ? `${code} retried` : code);
  }
}
