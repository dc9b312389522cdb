import { Timer, type Timers } from '../../protocol/ports.ts';
import type { AckFilter } from '../driver.ts';
import type { EncodedData } from './packet.ts';

/** Events kept while there is no connection, or behind one that is not answered. */
const KEPT_MAX = 65_536;

/** What became of an event. */
export type EmitResult =
  /** It left, and asks for nothing. */
  | { readonly kind: 'sent' }
  | { readonly kind: 'answered'; readonly args: readonly unknown[] }
  /** It left at least once, and no answer came in time. */
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'unsent'; readonly reason: string };

export interface Emit {
  readonly data: EncodedData;
  readonly mode: 'plain' | 'volatile' | 'ack' | 'retried';
  /** Called exactly once. */
  readonly settle: (result: EmitResult) => void;
}

export interface EmitsOwner {
  /** A fault's hand on the acks of the server. */
  readonly ackFilter: AckFilter | undefined;
  writeEvent(data: EncodedData, id: number | undefined): void;
}

/** An event that waits for its ack. */
interface Waiting {
  readonly emit: Emit;
  readonly timer: Timer | undefined;
  readonly answer: (args: readonly unknown[] | undefined) => void;
}

/** An event that is sent until it is answered; one at a time. */
interface Queued {
  readonly emit: Emit;
  tries: number;
  pending: boolean;
}

/**
 * What a client emits, as the official client does it (`socket.ts` of socket.io-client 4.8): kept while there is no
 * connection; acks by number; with `retries` one event at a time, sent again after `ackTimeout` and on each new
 * connection, under a new number each time, so that the server can't know that it has had it before.
 */
export class Emits {
  readonly #owner: EmitsOwner;
  readonly #timers: Timers;
  readonly #retries: number;
  readonly #ackTimeoutMs: number | undefined;
  #connected = false;
  #nextId = 0;
  #waiting: Map<number, Waiting> | undefined;
  /** Kept for the next connection, with the number of its ack. */
  #kept: [emit: Emit, id: number | undefined][] | undefined;
  #queue: Queued[] | undefined;
  /** Answers that a fault holds back. */
  #late: Set<Timer> | undefined;

  constructor(options: {
    readonly owner: EmitsOwner;
    readonly timers: Timers;
    readonly retries: number;
    readonly ackTimeoutMs: number | undefined;
  }) {
    this.#owner = options.owner;
    this.#timers = options.timers;
    this.#retries = options.retries;
    this.#ackTimeoutMs = options.ackTimeoutMs;
  }

  /** Events without a result. */
  get pending(): number {
    const queued = this.#queue?.length ?? 0;
    // The first of the queue waits for its ack as well.
    const asked = (this.#waiting?.size ?? 0) - (this.#queue?.[0]?.pending ? 1 : 0);
    const kept = this.#kept?.filter(([, id]) => id === undefined).length ?? 0;
    return queued + asked + kept;
  }

  emit(emit: Emit): void {
    const held = (this.#queue?.length ?? 0) + (this.#waiting?.size ?? 0) + (this.#kept?.length ?? 0);
    if (held >= KEPT_MAX) {
      emit.settle({ kind: 'unsent', reason: `${KEPT_MAX} events wait to be sent or answered` });
      return;
    }
    switch (emit.mode) {
      case 'retried':
        this.#queue ??= [];
        this.#queue.push({ emit, tries: 0, pending: false });
        this.#drain(false);
        return;
      case 'volatile':
        if (this.#connected) this.#send(emit);
        else emit.settle({ kind: 'unsent', reason: 'there is no connection for a volatile event' });
        return;
      case 'plain':
        if (this.#connected) this.#send(emit);
        else this.#keep(emit, undefined);
        return;
      case 'ack':
        this.#ask(emit, (args) =>
          emit.settle(args === undefined ? { kind: 'unanswered' } : { kind: 'answered', args }),
        );
    }
  }

  /** What was kept leaves; the first of the queue leaves again. */
  onConnect(): void {
    this.#connected = true;
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    for (const [emit, id] of kept) {
      if (id === undefined) this.#send(emit);
      else this.#owner.writeEvent(emit.data, id);
    }
    this.#drain(true);
  }

  /** What left and is not answered will not be. */
  onLost(): void {
    this.#connected = false;
    const kept = new Set(this.#kept?.map(([, id]) => id));
    for (const [id, { answer }] of this.#waiting ?? [])
      if (!kept.has(id)) this.#settle(id, answer, undefined);
  }

  onAck(id: number, args: readonly unknown[]): void {
    if (!this.#waiting?.has(id)) return;
    const fate = this.#owner.ackFilter?.('up');
    if (fate?.kind === 'lose') return;
    if (fate?.kind !== 'delay') {
      this.#answered(id, args);
      return;
    }
    const timer = new Timer(() => {
      this.#late?.delete(timer);
      this.#answered(id, args);
    });
    this.#late ??= new Set();
    this.#late.add(timer);
    this.#timers.arm(timer, fate.delayMs);
  }

  /** Gives up on every answer. */
  abandon(): void {
    const [kept, queue] = [this.#kept ?? [], this.#queue ?? []];
    this.#kept = undefined;
    this.#queue = undefined;
    for (const timer of this.#late ?? []) this.#timers.disarm(timer);
    const unsent = { kind: 'unsent', reason: 'the client left before it was sent' } as const;
    for (const [emit, id] of kept) {
      if (id !== undefined) this.#forget(id);
      emit.settle(unsent);
    }
    for (const { emit, tries } of queue) emit.settle(tries === 0 ? unsent : { kind: 'unanswered' });
    for (const [id, { answer }] of this.#waiting ?? []) this.#settle(id, answer, undefined);
    this.#connected = false;
  }

  #send(emit: Emit): void {
    this.#owner.writeEvent(emit.data, undefined);
    emit.settle({ kind: 'sent' });
  }

  #keep(emit: Emit, id: number | undefined): void {
    this.#kept ??= [];
    this.#kept.push([emit, id]);
  }

  #ask(emit: Emit, answer: Waiting['answer']): void {
    const id = this.#nextId;
    this.#nextId += 1;
    const timer = this.#ackTimeoutMs === undefined ? undefined : new Timer(() => this.#timedOut(id));
    this.#waiting ??= new Map();
    this.#waiting.set(id, { emit, timer, answer });
    if (timer !== undefined) this.#timers.arm(timer, this.#ackTimeoutMs ?? 0);
    if (this.#connected) this.#owner.writeEvent(emit.data, id);
    else this.#keep(emit, id);
  }

  #timedOut(id: number): void {
    const waiting = this.#waiting?.get(id);
    if (waiting === undefined) return;
    const place = this.#kept?.findIndex(([, kept]) => kept === id) ?? -1;
    if (place < 0) {
      this.#settle(id, waiting.answer, undefined);
      return;
    }
    this.#kept?.splice(place, 1);
    this.#forget(id);
    waiting.emit.settle({ kind: 'unsent', reason: 'there was no connection within the time for its ack' });
  }

  #answered(id: number, args: readonly unknown[]): void {
    const waiting = this.#waiting?.get(id);
    if (waiting !== undefined) this.#settle(id, waiting.answer, args);
  }

  #settle(id: number, answer: Waiting['answer'], args: readonly unknown[] | undefined): void {
    this.#forget(id);
    answer(args);
  }

  #forget(id: number): void {
    const timer = this.#waiting?.get(id)?.timer;
    if (timer !== undefined) this.#timers.disarm(timer);
    this.#waiting?.delete(id);
  }

  /** @param again - sends the first again though it is not answered yet */
  #drain(again: boolean): void {
    const first = this.#queue?.[0];
    if (!this.#connected || first === undefined || (first.pending && !again)) return;
    first.pending = true;
    first.tries += 1;
    this.#ask(first.emit, (args) => this.#tried(first, args));
  }

  #tried(queued: Queued, args: readonly unknown[] | undefined): void {
    if (queued !== this.#queue?.[0]) return;
    if (args !== undefined || queued.tries > this.#retries) {
      this.#queue.shift();
      queued.emit.settle(args === undefined ? { kind: 'unanswered' } : { kind: 'answered', args });
    }
    queued.pending = false;
    this.#drain(false);
  }
}
