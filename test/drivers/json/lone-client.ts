import type { LossReason } from '../../../src/delivery/loss-reason.ts';
import type {
  ClientBehaviour,
  ClientObserver,
  DriverClient,
  PublishOutcome,
} from '../../../src/drivers/driver.ts';
import { describedDriver } from '../../../src/drivers/json/driver.ts';
import type { JsonOptions } from '../../../src/drivers/json/options.ts';
import { plainValues } from '../../../src/drivers/values.ts';
import type { Http, Link } from '../../../src/protocol/ports.ts';
import { VirtualContractWorld } from '../driver-contract.ts';

/** A client of a description, and the other end of its connections in the hands of a test. */
export class LoneClient implements ClientObserver<object> {
  readonly world = new VirtualContractWorld();
  /** What it told, a word or two each. */
  readonly told: string[] = [];
  readonly payloads: unknown[] = [];
  readonly unmatchedTexts: string[] = [];
  /** What it sent on its latest connection. */
  sent: unknown[] = [];
  links: Link[] = [];
  readonly urls: (string | undefined)[] = [];
  readonly client: DriverClient<object>;

  constructor(options: JsonOptions, behaviour: Partial<ClientBehaviour> = {}, http?: Http) {
    const { world } = this;
    world.network.listen('server', (link) => {
      this.links.push(link);
      this.sent = [];
      return {
        onOpen() {},
        onText: (text) => this.sent.push(textOrJson(text)),
        onPong() {},
        onWritable() {},
        onClose: (code) => this.told.push(`server sees ${code}`),
      };
    });
    this.client = describedDriver('json', options).newClients()<object>({
      clientId: 'c0',
      values: plainValues(0, 'c0'),
      behaviour: {
        rooms: ['r1'],
        ack: { mode: 'each' },
        dedupWindow: 64,
        reconnect: { minMs: 100, maxMs: 100, jitter: 'none' },
        handlerMs: 0,
        handlerFailureRatio: 0,
        nack: true,
        batch: false,
        ...behaviour,
      },
      observer: this,
      ports: {
        clock: world.clock,
        timers: world.timers,
        dial: (events, request) => {
          this.urls.push(request?.url);
          return world.dial(events, request);
        },
        http: http ?? world.http,
        epochMs: () => 0,
        reconnectRandom: world.randomFor('a'),
        handlerRandom: world.randomFor('b'),
        contentRandom: world.randomFor('c'),
      },
    });
    this.client.connector.connect();
    this.pass(20);
  }

  pass(ms: number): void {
    this.world.time.runFor(ms);
  }

  /** The server sends frames: JSON, but for texts. */
  say(...frames: unknown[]): void {
    for (const frame of frames)
      this.links.at(-1)?.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    this.pass(10);
  }

  /** The server closes. */
  close(code: number): void {
    this.links.at(-1)?.close(code, '');
    this.pass(20);
  }

  publish(seq: number): PublishOutcome[] {
    const outcomes: PublishOutcome[] = [];
    const payloadText = JSON.stringify({ stamp: `s${seq}`, body: 'b' });
    const settle = (outcome: PublishOutcome): void => void outcomes.push(outcome);
    this.client.publish({ room: 'r1', type: 't', payloadText, stamp: `s${seq}`, body: 'b', seq, settle });
    this.pass(10);
    return outcomes;
  }

  connecting(): void {}
  open(): void {}

  subscribed(_session: string, told: LossReason | undefined): void {
    this.told.push(`fresh${told === undefined ? '' : `: ${told}`}`);
  }

  resumed(through: number): void {
    this.told.push(`resumed after ${through}`);
  }

  refused(reason: string): void {
    this.told.push(reason);
  }

  unmatched(text: string): void {
    this.unmatchedTexts.push(text);
  }

  message(position: number, payload: unknown, redelivered: boolean): object {
    this.payloads.push(payload);
    this.told.push(`${redelivered ? 'again' : 'message'} ${position}`);
    return {};
  }

  gap(from: number, to: number, reason: LossReason): void {
    this.told.push(`gap ${from}-${to}: ${reason}`);
  }

  closed(code: number): void {
    this.told.push(`closed ${code}`);
  }

  replayed(): void {}
  deduplicated(): void {}
  handled(): void {}
  failed(): void {}
  acked(): void {}
  goodbye(): void {
    this.told.push('goodbye');
  }
  olderClosed(): void {}
}

function textOrJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
