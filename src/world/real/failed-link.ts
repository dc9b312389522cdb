import { CloseCode } from '../../protocol/frame.ts';
import { BUFFER_BYTES_MAX, type ClientLink, type LinkEvents, LinkState } from '../../protocol/ports.ts';

/** A link whose address can't even be dialled: it closes in the next turn, as one does that nobody answers. */
export class FailedLink implements ClientLink {
  readonly bufferedBytes = 0;
  readonly sentBytes = 0;
  readonly receivedBytes = 0;
  batch = false;
  bufferBytesMax = BUFFER_BYTES_MAX;
  answerPings = true;
  #state: LinkState = LinkState.connecting;

  constructor(reason: string, events: LinkEvents) {
    setImmediate(() => {
      this.#state = LinkState.closed;
      events.onClose(CloseCode.abnormal, reason);
    });
  }

  get state(): LinkState {
    return this.#state;
  }

  ping(): number {
    return 0;
  }

  send(): void {}
  sendBytes(): void {}
  sendShared(): void {}
  close(): void {}
  terminate(): void {}
  reset(): void {}
  drop(): void {}
  pauseReading(): void {}
  resumeReading(): void {}
  limitReading(): void {}
  fail(error: unknown): void {
    throw error;
  }
}
