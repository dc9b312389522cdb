import { type Link, LinkState, type SharedText } from '../../src/protocol/ports.ts';

/** A server's end of a connection that writes down what it is told, and whose socket does what the test wants. */
export class FakeLink implements Link {
  state: LinkState = LinkState.open;
  bufferedBytes = 0;
  sentBytes = 0;
  receivedBytes = 0;
  batch = false;
  bufferBytesMax = 1_048_576;
  pings = 0;
  terminated = false;
  paused = false;
  closedWith: number | undefined;
  readonly closes: [code: number, reason: string][] = [];
  readonly texts: string[] = [];
  /** Codes of errors that the next sends of messages throw. */
  readonly sendErrors: string[] = [];

  send(text: string): void {
    if (this.state !== LinkState.open) return;
    this.texts.push(text);
    this.sentBytes += text.length;
  }

  sendShared(head: string, tail: SharedText): void {
    const code = this.sendErrors.shift();
    if (code !== undefined) throw Object.assign(new Error(`the socket says ${code}`), { code });
    this.send(head + tail.text);
  }

  /** Bytes of those sent that a ping overtakes. */
  queuedBytes = 0;

  ping(): number {
    this.pings += 1;
    return this.sentBytes - this.queuedBytes;
  }

  close(code: number, reason: string): void {
    this.closedWith = code;
    this.closes.push([code, reason]);
    this.state = LinkState.closing;
  }

  terminate(): void {
    this.terminated = true;
    this.state = LinkState.closing;
  }

  pauseReading(): void {
    this.paused = true;
  }

  resumeReading(): void {
    this.paused = false;
  }

  fail(error: unknown): void {
    throw error;
  }

  /** What was sent since the last look: seqs of messages, `5#2` for a second attempt, `4-6 overflow` for a gap. */
  take(): string[] {
    return this.texts.splice(0).map((text) => {
      const frame = JSON.parse(text) as Record<string, unknown>;
      if (frame.kind === 'gap') return `${frame.from}-${frame.to} ${frame.reason}`;
      if (frame.kind !== undefined) return `${frame.kind}${frame.seq === undefined ? '' : ` ${frame.seq}`}`;
      return frame.attempt === undefined ? `${frame.seq ?? frame.type}` : `${frame.seq}#${frame.attempt}`;
    });
  }
}
