import type { LossReason } from '../../../src/delivery/loss-reason.ts';
import type { ClientBehaviour, ClientObserver } from '../../../src/drivers/driver.ts';
import { plainValues } from '../../../src/drivers/values.ts';
import { WsdeliverClient } from '../../../src/drivers/wsdeliver/client.ts';
import type { DeliveryLevel, GapReason } from '../../../src/protocol/frame.ts';
import { type ClientLink, type LinkEvents, LinkState } from '../../../src/protocol/ports.ts';
import { ServerTextDecoder } from '../../../src/protocol/server-text-decoder.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../../protocol/fake-link.ts';
import { noContent } from '../no-content.ts';
import { PROFILE } from './pair.ts';

class FakeSocket extends FakeLink implements ClientLink {
  override state: LinkState = LinkState.connecting;
  readonly events: LinkEvents;
  answerPings = true;
  reading = true;
  readLimit: number | undefined;
  dropped = false;
  wasReset = false;

  constructor(events: LinkEvents) {
    super();
    this.events = events;
  }

  sendBytes(): void {}

  override pauseReading(): void {
    this.reading = false;
  }

  override resumeReading(): void {
    this.reading = true;
  }

  limitReading(bytesPerSec: number | undefined): void {
    this.readLimit = bytesPerSec;
  }

  reset(): void {
    this.wasReset = true;
    this.state = LinkState.closing;
  }

  drop(): void {
    this.dropped = true;
    this.state = LinkState.closing;
  }

  open(): void {
    this.state = LinkState.open;
    this.events.onOpen();
  }

  /** The server says something. */
  hear(frame: object): void {
    this.events.onText(JSON.stringify(frame));
  }

  deliver(...seqs: number[]): void {
    for (const seq of seqs) this.hear({ seq, type: 'tick', payload: { n: seq } });
  }

  gap(from: number, to: number, reason: GapReason = 'overflow'): void {
    this.hear({ kind: 'gap', from, to, reason });
  }

  closed(code = 1006): void {
    this.state = LinkState.closed;
    this.events.onClose(code, '');
  }

  /** What the client said since the last look: `ack 3`, `ack -7` up to 7, `ack 3-7` for a gap, `hello 3` from 3. */
  said(): string[] {
    return this.texts.splice(0).map((text) => {
      const frame = JSON.parse(text) as Record<string, unknown>;
      if (frame.kind === 'hello') return frame.session === undefined ? 'hello' : `hello ${frame.lastSeq}`;
      if (frame.kind === 'ack') {
        return frame.cumulative
          ? `ack -${frame.seq}`
          : `ack ${frame.from === undefined ? '' : `${frame.from}-`}${frame.seq}`;
      }
      return frame.kind === undefined
        ? `${frame.type ?? frame.action} ${frame.seq ?? ''}`
        : `${frame.kind} ${frame.seq}`;
    });
  }
}

interface Delivery {
  readonly seq: number;
}

/** A client whose server is the test. Its handler fails for the seqs in `failing`. */
export class ClientFixture implements ClientObserver<Delivery> {
  readonly time = new VirtualTime();
  readonly sockets: FakeSocket[] = [];
  readonly level: DeliveryLevel;
  readonly client: WsdeliverClient<Delivery>;
  /** Seqs that the handler was through with, in order. */
  readonly done: number[] = [];
  readonly failing = new Set<number>();
  /** What else the client told, in order. */
  readonly told: string[] = [];
  /** What reconnect jitter draws. */
  chance = 0.5;

  constructor(options: { readonly level?: DeliveryLevel; readonly profile?: Partial<ClientBehaviour> } = {}) {
    this.level = options.level ?? 'effectively-once';
    this.client = new WsdeliverClient<Delivery>({
      clientId: 'a',
      values: plainValues(0, 'a'),
      behaviour: { ...PROFILE, ...options.profile },
      ports: {
        clock: this.time,
        timers: this.time,
        dial: (events) => {
          const socket = new FakeSocket(events);
          this.sockets.push(socket);
          return socket;
        },
        reconnectRandom: { next: () => this.chance },
        handlerRandom: { next: () => 0.5 },
        ...noContent(this.time),
      },
      observer: this,
      decoder: new ServerTextDecoder(),
    });
    this.client.inbox.isPoison = ({ seq }) => this.failing.has(seq);
  }

  /** The socket opened last. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('the client has not dialled');
    return socket;
  }

  /** Connects, or lets the reconnect come about, up to the welcome. */
  join(fields: object = {}): FakeSocket {
    if (this.sockets.length === 0) this.client.connector.connect();
    if (this.socket.state === LinkState.closed) this.time.runFor(1000);
    this.socket.open();
    this.welcome(fields);
    return this.socket;
  }

  welcome(fields: object = {}): void {
    const { level: delivery } = this;
    const base = {
      kind: 'welcome',
      session: 's',
      token: 't',
      generation: 1,
      epoch: 'e',
      nextSeq: 1,
      ttlMs: 1000,
    };
    this.socket.hear({ ...base, resumed: false, delivery, batch: false, ...fields });
  }

  /** Loses the socket and comes back to the same session. */
  rejoin(): FakeSocket {
    this.socket.closed();
    return this.join({ resumed: true, generation: 2 });
  }

  message(position: number): Delivery {
    return { seq: position };
  }

  handled(position: number): void {
    this.done.push(position);
  }

  connecting(): void {
    this.told.push('connecting');
  }

  open(): void {}

  subscribed(_session: string, told: LossReason | undefined): void {
    this.told.push(told === undefined ? 'subscribed' : `subscribed, ${told}`);
  }

  resumed(through: number): void {
    this.told.push(`resumed after ${through}`);
  }

  refused(reason: string): void {
    this.told.push(`refused ${reason}`);
  }

  deduplicated(position: number): void {
    this.told.push(`duplicate ${position}`);
  }

  failed(position: number): void {
    this.told.push(`failed ${position}`);
  }

  acked(): void {}

  gap(from: number, to: number, reason: LossReason): void {
    this.told.push(`gap ${from}-${to} ${reason}`);
  }

  replayed(): void {
    this.told.push('replayed');
  }

  goodbye(): void {
    this.told.push('goodbye');
  }

  closed(code: number): void {
    this.told.push(`closed ${code}`);
  }

  olderClosed(code: number): void {
    this.told.push(`older closed ${code}`);
  }
}
