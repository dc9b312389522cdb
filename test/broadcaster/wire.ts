import { type LinkEvents, LinkState } from '../../src/protocol/ports.ts';
import { FakeLink } from '../protocol/fake-link.ts';
import type { DeliveryFixture } from './delivery-fixture.ts';

type Fields = Record<string, unknown>;

/** One socket at a broadcaster under test, from which the test may say anything at all. */
export class Wire {
  readonly link = new FakeLink();
  readonly #events: LinkEvents;

  /** @param credentials - for the policy of the broadcaster */
  constructor(fixture: DeliveryFixture, credentials?: unknown) {
    this.#events = fixture.broadcaster.accept(this.link, credentials);
  }

  raw(text: string): void {
    this.#events.onText(text);
  }

  say(frame: object): void {
    this.raw(JSON.stringify(frame));
  }

  /** @returns the answer, which is a welcome when all is well */
  hello(clientId: string, fields: Fields = {}): Fields {
    this.say({ kind: 'hello', clientId, ...fields });
    return JSON.parse(this.link.texts[0] ?? '{}') as Fields;
  }

  /** Asks for the session of an earlier welcome. */
  resume(clientId: string, welcome: Fields, fields: Fields = {}): Fields {
    const { session, token, epoch } = welcome;
    return this.hello(clientId, { session, token, epoch, lastSeq: 0, ...fields });
  }

  ack(seq: number): void {
    this.say({ kind: 'ack', seq });
  }

  pong(): void {
    this.#events.onPong();
  }

  writable(): void {
    this.#events.onWritable();
  }

  hangUp(code = 1006): void {
    this.link.state = LinkState.closed;
    this.#events.onClose(code, '');
  }

  /** What came since the last look, in short. */
  take(): string[] {
    return this.link.take();
  }

  /** What came since the last look, in full. */
  frames(): Fields[] {
    return this.link.texts.splice(0).map((text) => JSON.parse(text) as Fields);
  }
}
