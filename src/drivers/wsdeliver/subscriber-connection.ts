import type { ClientLink, Dial, LinkEvents } from '../../protocol/ports.ts';
import type { Subscriber } from './subscriber.ts';

/** One socket of a client. A client has one at a time, but for the moment in which a second takes over. */
export class SubscriberConnection<D extends object> implements LinkEvents {
  readonly link: ClientLink;
  /** Its hello asked to resume a session. */
  asked = false;
  /** The socket before this one, until the welcome on this one. */
  older: SubscriberConnection<D> | undefined;
  readonly #subscriber: Subscriber<D>;

  constructor(subscriber: Subscriber<D>, dial: Dial) {
    this.#subscriber = subscriber;
    this.link = dial(this);
  }

  onOpen(): void {
    this.#subscriber.onOpen(this);
  }

  onText(text: string): void {
    this.#subscriber.onText(this, text);
  }

  onPong(): void {}

  onWritable(): void {}

  onClose(code: number, reason: string): void {
    this.#subscriber.onClose(this, code, reason);
  }
}
