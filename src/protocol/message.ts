import { utf8Length } from './frame.ts';
import { SharedText } from './ports.ts';

/**
 * A broadcast on its way to many sessions: serialised once, referenced by every outbox that holds it.
 *
 * The text is the envelope without its `seq`; `seqHead` or `NOTICE_HEAD` goes in front for each client.
 */
export class OutgoingMessage extends SharedText {
  readonly room: string;
  readonly type: string;
  /** Free for whoever publishes; the protocol never looks at it. */
  readonly tag: number;
  /** When it was broadcast, µs; -1 before. */
  publishedUs = -1;
  /** What it counts for where bytes are bounded: its text in UTF-8, and what is kept beside it. */
  readonly sizeBytes: number;
  /** Outboxes that hold it. */
  holders = 0;
  /** How the broadcast went, client by client. */
  readonly result: BroadcastResult = new BroadcastResult();

  /** @param payloadText - a JSON text */
  constructor(options: {
    readonly room: string;
    readonly type: string;
    readonly payloadText: string;
    readonly tag?: number;
  }) {
    super(`"type":${JSON.stringify(options.type)},"payload":${options.payloadText}}`);
    this.room = options.room;
    this.type = options.type;
    this.tag = options.tag ?? -1;
    this.sizeBytes = utf8Length(this.text) + MESSAGE_OVERHEAD_BYTES;
  }

  /** What was published, as JSON text. */
  get payloadText(): string {
    return this.text.slice(`"type":${JSON.stringify(this.type)},"payload":`.length, -1);
  }
}

/** Of the objects around the text. */
export const MESSAGE_OVERHEAD_BYTES = 256;

/** Clients whose error one broadcast keeps. */
const ERRORS_MAX = 100;

/** What became of one broadcast at its recipients; every recipient ends in one of the counters. */
export class BroadcastResult {
  /** Recipients at the time of publishing. */
  total = 0;
  /** Handed to an open socket. */
  sent = 0;
  /** Not sent now: no open socket or an unhealthy client. An outbox may still hold the message for it. */
  skipped = 0;
  /** Given up: buffer or outbox full. */
  dropped = 0;
  /** A send that failed, or did not leave within the message timeout. */
  failed = 0;
  /** The message timeout has passed: what leaves later does not count as sent any more. */
  closed = false;
  /** Why clients did not get it, one reason each; of the first hundred. */
  errors: Map<string, string> | undefined = undefined;

  fail(clientId: string, reason: string): void {
    this.errors ??= new Map();
    if (this.errors.size < ERRORS_MAX) this.errors.set(clientId, reason);
  }

  get settled(): boolean {
    return this.sent + this.skipped + this.dropped + this.failed >= this.total;
  }
}

export const NOTICE_HEAD = '{';

/** @param attempt - 1 on the first transmission, which goes without the field */
export function seqHead(seq: number, attempt: number): string {
  return attempt > 1 ? `{"seq":${seq},"attempt":${attempt},` : `{"seq":${seq},`;
}
