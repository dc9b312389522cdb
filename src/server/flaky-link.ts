import type { SendErrors } from '../faults/fault.ts';
import type { Clock, Link, LinkState, Random, SharedText } from '../protocol/ports.ts';

/** Sends that fail for a while, on every link of a server. */
export class SendFailures {
  readonly #clock: Clock;
  readonly #random: Random;
  #untilUs = -1;
  #share = 0;
  #permanentShare = 0;

  constructor(options: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = options.clock;
    this.#random = options.random;
  }

  begin({ forMs, share, permanentShare }: SendErrors): void {
    this.#untilUs = this.#clock.nowUs() + forMs * 1000;
    this.#share = share;
    this.#permanentShare = permanentShare;
  }

  /** @throws {Error} with the code of a socket error, when this send is to fail */
  meet(): void {
    if (this.#untilUs < 0) return;
    if (this.#clock.nowUs() >= this.#untilUs) {
      this.#untilUs = -1;
      return;
    }
    if (this.#random.next() >= this.#share) return;
    const code = this.#random.next() < this.#permanentShare ? 'EPIPE' : 'ENOBUFS';
    throw Object.assign(new Error(`the socket says ${code}`), { code });
  }
}

/** A link on which sends of messages may fail. */
export class FlakyLink implements Link {
  readonly #link: Link;
  readonly #failures: SendFailures;

  constructor(link: Link, failures: SendFailures) {
    this.#link = link;
    this.#failures = failures;
  }

  get state(): LinkState {
    return this.#link.state;
  }

  get bufferedBytes(): number {
    return this.#link.bufferedBytes;
  }

  get sentBytes(): number {
    return this.#link.sentBytes;
  }

  get receivedBytes(): number {
    return this.#link.receivedBytes;
  }

  get batch(): boolean {
    return this.#link.batch;
  }

  set batch(batch: boolean) {
    this.#link.batch = batch;
  }

  get bufferBytesMax(): number {
    return this.#link.bufferBytesMax;
  }

  set bufferBytesMax(bytes: number) {
    this.#link.bufferBytesMax = bytes;
  }

  send(text: string): void {
    this.#link.send(text);
  }

  sendShared(head: string, tail: SharedText): void {
    this.#failures.meet();
    this.#link.sendShared(head, tail);
  }

  ping(): number {
    return this.#link.ping();
  }

  close(code: number, reason: string): void {
    this.#link.close(code, reason);
  }

  terminate(): void {
    this.#link.terminate();
  }

  pauseReading(): void {
    this.#link.pauseReading();
  }

  resumeReading(): void {
    this.#link.resumeReading();
  }

  fail(error: unknown): void {
    this.#link.fail(error);
  }
}
