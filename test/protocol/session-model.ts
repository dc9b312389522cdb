import type { GapReason } from '../../src/protocol/frame.ts';
import type { SessionSettings } from '../../src/protocol/session-contract.ts';

interface Owed {
  readonly kind: 'message' | GapReason;
  /** Answers that did not come, or said no. */
  failures: number;
  /** The client has asked for it again. */
  nacked: boolean;
}

/** What a session and its client have to be like, by sets alone: no ring, no timers, no windows. */
export class SessionModel {
  /** What the client still has to get or to be told, by seq, ascending. */
  readonly owed = new Map<number, Owed>();
  /** What the client has handled or was told of. */
  readonly settled = new Set<number>();
  nextSeq = 1;

  get messages(): number[] {
    return [...this.owed.keys()].filter((seq) => this.isMessage(seq));
  }

  isMessage(seq: number): boolean {
    return this.owed.get(seq)?.kind === 'message';
  }

  offer({ maxPending, overflow }: SessionSettings): 'queued' | 'full' | 'disconnect' {
    const full = this.messages.length >= maxPending;
    if (full && overflow === 'disconnect') return 'disconnect';
    if (full && overflow === 'drop-oldest') this.put(this.messages[0] ?? 0, 'overflow');
    this.put(this.nextSeq, full && overflow === 'reject' ? 'overflow' : 'message');
    this.nextSeq += 1;
    return full ? 'full' : 'queued';
  }

  put(seq: number, kind: Owed['kind']): void {
    this.owed.set(seq, { kind, failures: 0, nacked: false });
  }

  /** An ack of one seq speaks for a message, or for the first of a gap. */
  ack(seq: number): void {
    if (this.isMessage(seq) || this.gapStart(seq) === seq) this.owed.delete(seq);
  }

  nack(seq: number, maxResend: number): void {
    const owed = this.owed.get(seq);
    if (owed?.kind !== 'message') return;
    owed.failures += 1;
    owed.nacked = true;
    if (owed.failures > maxResend) this.put(seq, 'max-resend');
  }

  /** What a gap has grown by at its beginning, since it was told, makes it another. */
  ackGap(from: number, to: number): void {
    for (const seq of [...this.owed.keys()].filter((each) => this.gapStart(each) >= from && each <= to))
      this.owed.delete(seq);
  }

  ackThrough(seq: number): void {
    for (const each of [...this.owed.keys()]) if (each <= seq) this.owed.delete(each);
  }

  /** Where the gap that has a seq begins; -1 for none. */
  gapStart(seq: number): number {
    const kind = this.owed.get(seq)?.kind ?? 'message';
    if (kind === 'message') return -1;
    return this.owed.get(seq - 1)?.kind === kind ? this.gapStart(seq - 1) : seq;
  }

  get floor(): number {
    let floor = 0;
    while (this.settled.has(floor + 1)) floor += 1;
    return floor;
  }
}
