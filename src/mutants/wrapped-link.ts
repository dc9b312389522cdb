import type { Link, LinkState, SharedText } from '../protocol/ports.ts';

/** A link that forwards everything; subclasses break some of it. */
export class WrappedLink implements Link {
  protected readonly inner: Link;

  constructor(inner: Link) {
    this.inner = inner;
  }

  get state(): LinkState {
    return this.inner.state;
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes;
  }

  get sentBytes(): number {
    return this.inner.sentBytes;
  }

  get receivedBytes(): number {
    return this.inner.receivedBytes;
  }

  get batch(): boolean {
    return this.inner.batch;
  }

  set batch(batch: boolean) {
    this.inner.batch = batch;
  }

  get bufferBytesMax(): number {
    return this.inner.bufferBytesMax;
  }

  set bufferBytesMax(bytes: number) {
    this.inner.bufferBytesMax = bytes;
  }

  send(text: string): void {
    this.inner.send(text);
  }

  sendShared(head: string, tail: SharedText): void {
    this.inner.sendShared(head, tail);
  }

  ping(): number {
    return this.inner.ping();
  }

  close(code: number, reason: string): void {
    this.inner.close(code, reason);
  }

  terminate(): void {
    this.inner.terminate();
  }

  pauseReading(): void {
    this.inner.pauseReading();
  }

  resumeReading(): void {
    this.inner.resumeReading();
  }

  fail(error: unknown): void {
    this.inner.fail(error);
  }
}
