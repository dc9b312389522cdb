import { describe, expect, it } from 'vitest';
import { plainValues } from '../../../src/drivers/values.ts';
import { WsdeliverClient } from '../../../src/drivers/wsdeliver/client.ts';
import type { AckMode } from '../../../src/protocol/frame.ts';
import { type ClientLink, type LinkEvents, LinkState } from '../../../src/protocol/ports.ts';
import { ServerTextDecoder } from '../../../src/protocol/server-text-decoder.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../../protocol/fake-link.ts';
import { noContent } from '../no-content.ts';

class FakeClientLink extends FakeLink implements ClientLink {
  answerPings = true;
  sendBytes(): void {}
  override pauseReading(): void {}
  override resumeReading(): void {}
  limitReading(): void {}
  reset(): void {}
  drop(): void {}
}

/** A client whose server is the test. */
class AckFixture {
  readonly time = new VirtualTime();
  readonly link = new FakeClientLink();
  #events: LinkEvents | undefined;

  constructor(ack: AckMode, handler: { readonly failsAt?: number; readonly nackRetry?: boolean } = {}) {
    const { failsAt, nackRetry } = handler;
    const random = { next: () => 0 };
    const delivery = {};
    const nothing = (): void => {};
    const subscriber = new WsdeliverClient<object>({
      clientId: 'a',
      values: plainValues(0, 'a'),
      behaviour: {
        rooms: [],
        ack,
        dedupWindow: 100,
        reconnect: { minMs: 10, maxMs: 10, jitter: 'none' },
        handlerMs: 0,
        handlerFailureRatio: 0,
        nack: true,
        ...(nackRetry === undefined ? {} : { nackRetry }),
        batch: false,
      },
      ports: {
        clock: this.time,
        timers: this.time,
        dial: (events) => {
          this.#events = events;
          return this.link;
        },
        reconnectRandom: random,
        handlerRandom: random,
        ...noContent(this.time),
      },
      observer: {
        connecting: nothing,
        open: nothing,
        subscribed: nothing,
        resumed: nothing,
        refused: nothing,
        message: (seq) => (seq === failsAt ? { poison: true } : delivery),
        deduplicated: nothing,
        handled: nothing,
        failed: nothing,
        acked: nothing,
        gap: nothing,
        replayed: nothing,
        goodbye: nothing,
        closed: nothing,
        olderClosed: nothing,
      },
      decoder: new ServerTextDecoder(),
    });
    subscriber.inbox.isPoison = (one) => 'poison' in one;
    subscriber.connector.connect();
    this.#events?.onOpen();
    const welcome = { session: 's', token: 't', generation: 1, epoch: 'e', resumed: false, nextSeq: 1 };
    this.#events?.onText(
      JSON.stringify({ kind: 'welcome', ...welcome, delivery: 'at-least-once', ttlMs: 1000 }),
    );
    this.link.take();
    expect(this.link.state).toBe(LinkState.open);
  }

  deliver(...seqs: number[]): void {
    for (const seq of seqs) this.#events?.onText(`{"seq":${seq},"type":"tick","payload":1}`);
  }

  /** The acks since the last look. */
  acks(): string[] {
    return this.link.texts.splice(0).map((text) => text.replaceAll(/[{}"]/g, '').replace('kind:', ''));
  }
}

const CUMULATIVE: AckMode = { mode: 'cumulative', every: 4, delayMs: 50 };

describe('cumulative acks', () => {
  it('leave at once after so many messages, for all of them', () => {
    const fixture = new AckFixture(CUMULATIVE);
    fixture.deliver(1, 2, 3);
    expect(fixture.acks()).toEqual([]);
    fixture.deliver(4, 5);
    expect(fixture.acks()).toEqual(['ack,seq:4,cumulative:true']);
  });

  it('leave after the delay at the latest, counted from the first message that is not acked', () => {
    const fixture = new AckFixture(CUMULATIVE);
    fixture.deliver(1);
    fixture.time.runFor(30);
    fixture.deliver(2);
    fixture.time.runFor(19);
    expect(fixture.acks()).toEqual([]);
    fixture.time.runFor(2);
    expect(fixture.acks()).toEqual(['ack,seq:2,cumulative:true']);
    fixture.time.runFor(1000);
    expect(fixture.acks()).toEqual([]);
  });

  it('start the delay anew after an ack that the count brought', () => {
    const fixture = new AckFixture(CUMULATIVE);
    fixture.deliver(1);
    fixture.time.runFor(40);
    fixture.deliver(2, 3, 4, 5);
    expect(fixture.acks()).toEqual(['ack,seq:4,cumulative:true']);
    fixture.time.runFor(49);
    expect(fixture.acks()).toEqual([]);
    fixture.time.runFor(2);
    expect(fixture.acks()).toEqual(['ack,seq:5,cumulative:true']);
  });

  it('cover nothing above a hole, however many lie there', () => {
    const fixture = new AckFixture(CUMULATIVE);
    fixture.deliver(1, 3, 4, 5, 6, 7);
    expect(fixture.acks()).toEqual(['ack,seq:1,cumulative:true']);
    fixture.time.runFor(60);
    fixture.deliver(2);
    fixture.time.runFor(60);
    expect(fixture.acks().at(-1)).toBe('ack,seq:7,cumulative:true');
  });
});

describe('a failing handler', () => {
  it('asks for another try, unless it knows better', () => {
    const asking = new AckFixture({ mode: 'each' }, { failsAt: 2 });
    asking.deliver(1, 2, 3);
    expect(asking.acks()).toEqual(['ack,seq:1', 'nack,seq:2', 'ack,seq:3']);
    const decided = new AckFixture({ mode: 'each' }, { failsAt: 2, nackRetry: false });
    decided.deliver(1, 2, 3);
    expect(decided.acks()).toEqual(['ack,seq:1', 'nack,seq:2,retry:false', 'ack,seq:3']);
  });
});
