import { CloseCode, FRAME_BYTES_MAX } from '../../protocol/frame.ts';
import {
  BUFFER_BYTES_MAX,
  CLOSE_TIMEOUT_MS,
  type ClientLink,
  type LinkEvents,
  LinkState,
  OVERRUN_BYTES_MAX,
  type SharedText,
  Timer,
  tellBytes,
} from '../../protocol/ports.ts';
import { TURN_BYTES_MAX } from '../link-pace.ts';
import type { Item, Pipe, PipeReader, PipeWriter } from './pipe.ts';
import type { VirtualTime } from './scheduler.ts';

/** Of a frame's header, mask included. */
const HEADER_BYTES = 8;
const CONTROL_BYTES = 8;
const HANDSHAKE_BYTES = 200;
const ABORTED = 'WebSocket was closed before the connection was established';

/** Takes the connections to one address of a server. */
export interface Acceptor {
  readonly listening: boolean;
  /** The client's handshake has arrived. */
  enter(link: VirtualLink): LinkEvents;
  /** A link that was accepted is closed. */
  leave(link: VirtualLink): void;
}

/** Either end of a simulated connection. A character counts as a byte. */
export class VirtualLink implements ClientLink, PipeReader, PipeWriter {
  batch = false;
  bufferBytesMax = BUFFER_BYTES_MAX;
  answerPings = true;
  readonly #time: VirtualTime;
  #events: LinkEvents | undefined;
  readonly #acceptor: Acceptor | undefined;
  #state: LinkState = LinkState.connecting;
  #out: Pipe | undefined = undefined;
  #in: Pipe | undefined = undefined;
  #queue: (string | Uint8Array)[] = [];
  #queuedBytes = 0;
  #sentBytes = 0;
  #closeReceived: { readonly code: number; readonly reason: string } | undefined = undefined;
  #refusing = false;
  /** Why this end has given the connection up: the peer's answer does not count. */
  #endedWith: number | undefined = undefined;
  /** A ping came while the peer did not read. */
  #pongDue = false;
  #reading = true;
  #bytesPerSec: number | undefined = undefined;
  #resetUnnoticed = false;
  readonly #flush = new Timer(() => this.#flushNow());
  readonly #deadline = new Timer(() => this.#expired());

  /** @param end - what a client's end tells, or what a server's end leads to */
  constructor(time: VirtualTime, end: LinkEvents | Acceptor) {
    this.#time = time;
    this.#events = 'enter' in end ? undefined : end;
    this.#acceptor = 'enter' in end ? end : undefined;
  }

  join(incoming: Pipe, outgoing: Pipe): void {
    this.#in = incoming;
    this.#out = outgoing;
  }

  /** Starts the handshake, at a client's end. */
  open(timeoutMs: number): void {
    this.#time.arm(this.#deadline, timeoutMs);
    this.#out?.write({ kind: 'open', bytes: HANDSHAKE_BYTES });
  }

  get state(): LinkState {
    return this.#state;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + (this.#out?.refusedBytes ?? 0);
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  get receivedBytes(): number {
    return this.#in?.readBytes ?? 0;
  }

  send(text: string): void {
    this.#add(text);
  }

  sendBytes(bytes: Uint8Array): void {
    this.#add(bytes);
  }

  sendShared(head: string, tail: SharedText): void {
    this.send(head + tail.text);
  }

  ping(): number {
    if (this.#state === LinkState.open && this.bufferedBytes <= this.bufferBytesMax)
      this.#out?.write({ kind: 'ping', bytes: CONTROL_BYTES });
    return this.#sentBytes - this.#queuedBytes;
  }

  close(code: number, reason: string): void {
    if (this.#state === LinkState.connecting) this.#die(ABORTED);
    if (this.#state !== LinkState.open) return;
    this.#flushNow();
    this.#startClosing(code, reason);
  }

  terminate(): void {
    this.drop();
  }

  reset(): void {
    if (this.#state === LinkState.closed) return;
    this.#out?.reset();
    this.#die(this.#state === LinkState.connecting ? ABORTED : '');
  }

  drop(): void {
    if (this.#state === LinkState.closed) return;
    this.#flushNow();
    this.#hangUp();
    this.#die(this.#state === LinkState.connecting ? ABORTED : '');
  }

  pauseReading(): void {
    this.#reading = false;
    this.#applyReading();
  }

  resumeReading(): void {
    this.#reading = true;
    this.#applyReading();
  }

  limitReading(bytesPerSec: number | undefined): void {
    this.#bytesPerSec = bytesPerSec;
    this.#applyReading();
  }

  fail(error: unknown): void {
    throw error;
  }

  take(item: Item): void {
    switch (item.kind) {
      case 'open':
        if (this.#acceptor) this.#enter(this.#acceptor);
        else this.#opened();
        break;
      case 'refused':
        this.#finish(CloseCode.abnormal, 'ECONNREFUSED');
        break;
      case 'text':
        this.#takeText(item.text);
        break;
      case 'binary':
        if (this.#events !== undefined && !this.#refusing) tellBytes(this.#events, item.data);
        break;
      case 'ping':
        this.#answerPing();
        break;
      case 'pong':
        this.#events?.onPong();
        break;
      case 'close':
        this.#takeClose(item.code, item.reason);
        break;
      case 'end':
        this.#takeEnd();
        break;
    }
  }

  /** A socket that is not read hears of a reset only when it is used again. */
  resetArrived(): void {
    this.#resetUnnoticed = true;
  }

  brokeOff(): void {
    this.#takeEnd();
  }

  unwanted(): void {
    this.#out?.answerWithReset();
  }

  drained(): void {
    if (this.#state !== LinkState.open) return;
    if (this.#pongDue) this.#out?.write({ kind: 'pong', bytes: CONTROL_BYTES });
    this.#pongDue = false;
    this.#events?.onWritable();
  }

  #add(message: string | Uint8Array): void {
    if (this.#state !== LinkState.open) return;
    const bytes = message.length + HEADER_BYTES;
    if (this.#queue.length > 0 && this.#queuedBytes + bytes > TURN_BYTES_MAX) this.#flushNow();
    const { bufferedBytes } = this;
    if (bufferedBytes > 0 && bufferedBytes + bytes > this.bufferBytesMax + OVERRUN_BYTES_MAX) {
      this.#overrun();
      return;
    }
    this.#queue.push(message);
    this.#queuedBytes += bytes;
    this.#sentBytes += bytes;
    if (!this.#flush.armed) this.#time.arm(this.#flush, 0);
  }

  /** While the peer does not read, only its newest ping waits for an answer. */
  #answerPing(): void {
    if (!this.answerPings || this.#state !== LinkState.open) return;
    if ((this.#out?.refusedBytes ?? 0) > 0) this.#pongDue = true;
    else this.#out?.write({ kind: 'pong', bytes: CONTROL_BYTES });
  }

  #overrun(): void {
    this.#endedWith = CloseCode.slowConsumer;
    this.#startClosing(CloseCode.slowConsumer, 'slow consumer');
  }

  #opened(): void {
    this.#state = LinkState.open;
    this.#time.disarm(this.#deadline);
    if (!this.#reading || this.#bytesPerSec !== undefined) this.#applyReading();
    this.#events?.onOpen();
  }

  /** The answer is written before the owner can send anything. */
  #enter(acceptor: Acceptor): void {
    if (!acceptor.listening) {
      this.#out?.write({ kind: 'refused', bytes: CONTROL_BYTES });
      this.#finish(CloseCode.abnormal, '');
      return;
    }
    this.#state = LinkState.open;
    this.#out?.write({ kind: 'open', bytes: HANDSHAKE_BYTES });
    this.#events = acceptor.enter(this);
  }

  #takeText(text: string): void {
    if (this.#refusing) return;
    if (text.length <= FRAME_BYTES_MAX) {
      this.#events?.onText(text);
      return;
    }
    this.#refusing = true;
    if (this.#state === LinkState.open) this.#startClosing(CloseCode.tooLarge, 'frame too large');
  }

  #startClosing(code: number, reason: string): void {
    this.#state = LinkState.closing;
    this.#discardQueue();
    this.#out?.write({ kind: 'close', bytes: CONTROL_BYTES + reason.length, code, reason });
    this.#time.arm(this.#deadline, CLOSE_TIMEOUT_MS);
  }

  #takeClose(code: number, reason: string): void {
    if (this.#state === LinkState.open) {
      this.#closeReceived = { code, reason };
      this.#flushNow();
      this.#startClosing(code, reason);
      return;
    }
    this.#out?.end();
    this.#finish(code, reason);
  }

  #takeEnd(): void {
    if (this.#closeReceived) this.#finish(this.#closeReceived.code, this.#closeReceived.reason);
    else this.#finish(CloseCode.abnormal, '');
  }

  #expired(): void {
    this.#hangUp();
    if (this.#state === LinkState.connecting)
      this.#finish(CloseCode.abnormal, 'Opening handshake has timed out');
    else this.#takeEnd();
  }

  #applyReading(): void {
    if (this.#state === LinkState.connecting || this.#state === LinkState.closed) return;
    this.#in?.setReading(this.#reading, this.#bytesPerSec);
  }

  /** As the host closes the socket of a process that is done with it: whoever leaves something unread resets. */
  #hangUp(): void {
    if (this.#in?.hasUnread) this.#out?.reset();
    else this.#out?.end();
  }

  /** This end is gone at once; its owner hears of it in a later event, as of everything. */
  #die(reason: string): void {
    this.#state = LinkState.closing;
    this.#discardQueue();
    this.#in?.abandon();
    this.#time.after(0, () => this.#finish(CloseCode.abnormal, reason));
  }

  #finish(code: number, reason: string): void {
    if (this.#state === LinkState.closed) return;
    this.#state = LinkState.closed;
    this.#discardQueue();
    this.#in?.abandon();
    this.#time.disarm(this.#deadline);
    const events = this.#events;
    this.#events = undefined;
    this.#acceptor?.leave(this);
    if (this.#endedWith === undefined) events?.onClose(code, reason);
    else events?.onClose(this.#endedWith, 'slow consumer');
  }

  #flushNow(): void {
    this.#time.disarm(this.#flush);
    if (this.#resetUnnoticed && this.#queue.length > 0) this.#die('');
    const bytes = this.#queuedBytes;
    this.#queuedBytes = 0;
    if (this.#queue.length === 1) {
      this.#write(this.#queue.pop() ?? '', bytes);
      return;
    }
    const messages = this.#queue;
    this.#queue = [];
    if (this.batch && messages.length > 1) this.#write(`[${messages.join(',')}]`, bytes);
    else for (const message of messages) this.#write(message, message.length + HEADER_BYTES);
  }

  #write(message: string | Uint8Array, bytes: number): void {
    if (typeof message === 'string') this.#out?.write({ kind: 'text', text: message, bytes });
    else this.#out?.write({ kind: 'binary', data: message, bytes });
  }

  #discardQueue(): void {
    this.#time.disarm(this.#flush);
    this.#queue = [];
    this.#queuedBytes = 0;
  }
}
