import { type Link, type LinkEvents, LinkState } from '../../../src/protocol/ports.ts';

interface Session {
  readonly id: string;
  readonly rooms: Set<string>;
  readonly log: string[];
  link: Link | undefined;
}

/**
 * A home-made protocol of JSON frames with everything that one can have: a hello with a session, joins that are
 * confirmed, numbered messages, acks, and a resume that replays what came after a number.
 */
export class FeedServer {
  readonly taken: string[] = [];
  /** Acks as they came. */
  readonly acks: unknown[] = [];
  readonly links: Link[] = [];
  /** Every frame of clients, parsed. */
  readonly heard: Record<string, unknown>[] = [];
  readonly #sessions = new Map<string, Session>();
  #count = 0;

  accept(link: Link): LinkEvents {
    this.links.push(link);
    let session: Session | undefined;
    this.#count += 1;
    const name = `s${this.#count}`;
    this.#send(link, { type: 'hello', session: name });
    const own = (): Session => {
      if (session === undefined) {
        session = { id: name, rooms: new Set(), log: [], link };
        this.#sessions.set(name, session);
      }
      return session;
    };
    return {
      onOpen() {},
      onPong() {},
      onWritable() {},
      onText: (text) => {
        const frame = JSON.parse(text) as Record<string, unknown>;
        this.heard.push(frame);
        if (frame.type === 'resume') session = this.#resume(link, frame);
        else this.#hear(own(), link, frame);
      },
      onClose: () => {
        if (session?.link === link) session.link = undefined;
      },
    };
  }

  /** @param payload - any JSON value */
  publish(room: string, payload: unknown): void {
    for (const session of this.#sessions.values()) {
      if (!session.rooms.has(room)) continue;
      const text = JSON.stringify({ type: 'msg', seq: session.log.length + 1, room, content: payload });
      session.log.push(text);
      if (session.link?.state === LinkState.open) session.link.send(text);
    }
  }

  say(text: string): void {
    for (const link of this.links) if (link.state === LinkState.open) link.send(text);
  }

  forget(): void {
    this.#sessions.clear();
  }

  #resume(link: Link, { session: id, after }: Record<string, unknown>): Session | undefined {
    const session = this.#sessions.get(String(id));
    if (session === undefined) {
      this.#send(link, { type: 'fresh' });
      return undefined;
    }
    session.link = link;
    for (const text of session.log.slice(Number(after))) link.send(text);
    this.#send(link, { type: 'resumed' });
    return session;
  }

  #hear(session: Session, link: Link, frame: Record<string, unknown>): void {
    const { type, room, content, id } = frame;
    if (type === 'join') {
      session.rooms.add(String(room));
      this.#send(link, { type: 'joined', room });
    } else if (type === 'say') {
      this.taken.push(JSON.stringify(content));
      this.#send(link, { type: 'ok', id });
      this.publish(String(room), content);
    } else if (type === 'ack') this.acks.push(frame.seq);
  }

  #send(link: Link, frame: unknown): void {
    link.send(JSON.stringify(frame));
  }
}
