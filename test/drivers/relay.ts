import { Connector, type ConnectorOwner } from '../../src/drivers/connector.ts';
import type {
  ClientBehaviour,
  ClientObserver,
  ClientOptions,
  ClientPublish,
  Driver,
  DriverClient,
} from '../../src/drivers/driver.ts';
import { Inbox, type InboxOwner } from '../../src/drivers/inbox.ts';
import { type Link, type LinkEvents, LinkState } from '../../src/protocol/ports.ts';

/**
 * A protocol of four words, as people make one in an afternoon: `join ROOM,ROOM` and `pub ROOM JSON` from the client,
 * `joined` and `msg JSON` from the server. No session, no ack, no number; a broken connection loses what comes
 * meanwhile, and nobody is told.
 */
class RelayClient<D extends object> implements DriverClient<D>, ConnectorOwner, InboxOwner<D> {
  readonly behaviour: ClientBehaviour;
  readonly connector: Connector;
  readonly inbox: Inbox<D>;
  readonly ackFilter = undefined;
  readonly unanswered = 0;
  readonly askedToPause = false;
  readonly #observer: ClientObserver<D>;

  constructor({ behaviour, ports, observer }: ClientOptions<D>) {
    this.behaviour = behaviour;
    this.#observer = observer;
    this.connector = new Connector({ owner: this, observer, behaviour, ports });
    this.inbox = new Inbox({ owner: this, connector: this.connector, behaviour, ports });
  }

  publish({ room = '*', payloadText, settle }: ClientPublish): void {
    if (!this.connector.ready) {
      settle({ kind: 'rejected', reason: 'there is no connection' });
      return;
    }
    this.connector.say(`pub ${room} ${payloadText}`);
    settle({ kind: 'unconfirmed' });
  }

  close(code: number): void {
    this.connector.close(code, '');
  }

  stop(): void {
    this.connector.stop(1000, '');
    this.inbox.stop();
  }

  onOpen(): void {
    this.#observer.open();
    this.connector.send(`join ${this.behaviour.rooms.join(',')}`);
  }

  onText(text: string): void {
    if (text === 'joined') {
      this.inbox.restart({ ordered: false, resumed: false });
      this.connector.establish();
      this.#observer.subscribed('', undefined);
    } else if (text.startsWith('msg ')) {
      const payload = parsed(text.slice('msg '.length));
      if (payload !== undefined) this.inbox.push(0, this.#observer.message(0, payload, false));
    }
  }

  onLost(): void {}

  onHandled(position: number, delivery: D): void {
    this.#observer.handled(position, delivery);
  }

  onFailed(position: number, delivery: D): void {
    this.#observer.failed(position, delivery);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const relay: Driver = {
  name: 'relay',
  traits: {
    resume: 'none',
    acks: [],
    positions: 'none',
    gaps: false,
    confirmsPublishes: false,
    level: 'at-most-once',
    binary: false,
    verbatim: true,
    handles: [],
  },
  newClients: () => (options) => new RelayClient(options),
};

/** The other end: passes everything on to whoever is in the room. */
export class RelayServer {
  readonly links: Link[] = [];
  readonly #rooms = new Map<Link, readonly string[]>();
  /** What was published so far, for whoever joins; undefined: nobody is sent that. */
  readonly #history: [room: string, payloadText: string][] | undefined;

  constructor({ history = false }: { readonly history?: boolean } = {}) {
    this.#history = history ? [] : undefined;
  }

  accept(link: Link): LinkEvents {
    this.links.push(link);
    return {
      onOpen() {},
      onText: (text) => this.#hear(link, text),
      onPong() {},
      onWritable() {},
      onClose: () => this.#rooms.delete(link),
    };
  }

  /** @param room - `*` for everybody */
  publish(room: string, payloadText: string): void {
    this.#history?.push([room, payloadText]);
    for (const [link, rooms] of this.#rooms) {
      if (room === '*' || rooms.includes(room)) link.send(`msg ${payloadText}`);
    }
  }

  say(text: string): void {
    for (const link of this.links) if (link.state === LinkState.open) link.send(text);
  }

  #hear(link: Link, text: string): void {
    const [verb, first = '', ...rest] = text.split(' ');
    if (verb === 'join') {
      const rooms = first.split(',');
      this.#rooms.set(link, rooms);
      for (const [room, payloadText] of this.#history ?? [])
        if (room === '*' || rooms.includes(room)) link.send(`msg ${payloadText}`);
      link.send('joined');
    } else if (verb === 'pub') this.publish(first, rest.join(' '));
  }
}
