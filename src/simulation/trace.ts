import { Arrival } from '../delivery/arrival.ts';
import { readStamp } from '../delivery/stamp.ts';
import type { ClientObserver, Driver, NewClient } from '../drivers/driver.ts';
import { DEFAULT_DRIVER } from '../drivers/registry.ts';
import { type ClientFrame, decodeClientText, decodeServerText, type ServerFrame } from '../protocol/frame.ts';
import type { Clock } from '../protocol/ports.ts';
import type { ConnectionTap } from '../world/virtual/network.ts';
import type { Item, PipeTap } from '../world/virtual/pipe.ts';
import type { Direction } from './history.ts';
import type { Watch } from './subject.ts';

/** What an event has to do with what went wrong. */
export type Weight = 'message' | 'fault' | 'session' | 'traffic';

/** Something that happened at one end. */
export interface Mark {
  readonly kind: 'mark';
  readonly atUs: number;
  readonly place: 'client' | 'server';
  readonly label: string;
  readonly weight: Weight;
  /** What it is one of, where such events are only counted. */
  readonly noun: string;
}

/** Something that went from one end to the other. */
export interface Travel {
  readonly kind: 'travel';
  readonly atUs: number;
  readonly direction: Direction;
  readonly label: string;
  readonly weight: Weight;
  readonly noun: string;
  /** Absent when it never arrived. */
  arrivedUs?: number;
}

export type TraceEvent = Mark | Travel;

/** What a frame is called, and what it has to do with the message concerned. */
type Words = Pick<Travel, 'label' | 'weight' | 'noun'>;

/** Writes down what happens to one client: everything on its wire, and what its handler and its connections do. */
export class Tracer implements Watch {
  readonly events: TraceEvent[] = [];
  readonly #client: number;
  readonly #message: string;
  /** Under which the message concerned has travelled in the present session. */
  readonly #seqs = new Set<number>();

  /** @param message - the one concerned, as in `p1:42`; empty for none */
  constructor(client: number, message: string) {
    this.#client = client;
    this.#message = message;
  }

  readonly newTap = (client: number, clock: Clock): ConnectionTap => {
    if (client !== this.#client) return { up: BLIND, down: BLIND };
    return { up: this.#tap(clock, 'up'), down: this.#tap(clock, 'down') };
  };

  readonly watchDriver = (driver: Driver = DEFAULT_DRIVER): Driver => ({
    ...driver,
    newClients: () => this.#watching(driver.newClients()),
  });

  #watching(newClient: NewClient): NewClient {
    return (options) => {
      if (options.clientId !== `c${this.#client}`) return newClient(options);
      const { clock } = options.ports;
      const tell = (label: string, weight: Weight, noun = ''): void => {
        this.#mark({ atUs: clock.nowUs(), place: 'client', label, weight, noun });
      };
      return newClient({ ...options, observer: this.#watched(options.observer, tell) });
    };
  }

  #mark(mark: Omit<Mark, 'kind'>): void {
    this.events.push({ kind: 'mark', ...mark });
  }

  #tap(clock: Clock, direction: Direction): PipeTap {
    const underWay = new Map<Item, Travel[]>();
    return {
      wrote: (item) => {
        const travels = this.#wordsFor(item, direction).map(
          (words): Travel => ({ kind: 'travel', atUs: clock.nowUs(), direction, ...words }),
        );
        underWay.set(item, travels);
        this.events.push(...travels);
      },
      read: (item) => {
        for (const travel of underWay.get(item) ?? []) travel.arrivedUs = clock.nowUs();
        underWay.delete(item);
      },
      reset: () => {
        const place = direction === 'up' ? 'client' : 'server';
        this.#mark({
          atUs: clock.nowUs(),
          place,
          label: 'resets the connection',
          weight: 'session',
          noun: '',
        });
      },
    };
  }

  #wordsFor(item: Item, direction: Direction): Words[] {
    switch (item.kind) {
      case 'text':
        return this.#frames(item.text, direction);
      case 'open':
        return [
          { label: direction === 'up' ? 'connect' : 'connected', weight: 'traffic', noun: 'handshake' },
        ];
      case 'refused':
        return [session('connection refused')];
      case 'binary':
        return [{ label: `${item.data.length} B binary`, weight: 'traffic', noun: 'binary message' }];
      case 'ping':
      case 'pong':
        return [{ label: item.kind, weight: 'traffic', noun: item.kind }];
      case 'close':
        return [session(`close ${item.code}${item.reason === '' ? '' : ` ${item.reason}`}`)];
      case 'end':
        return [session('end of stream')];
    }
  }

  #frames(text: string, direction: Direction): Words[] {
    const found: Words[] = [];
    if (direction === 'up') decodeClientText(text, (frame) => found.push(this.#clientFrame(frame)));
    else decodeServerText(text, (frame) => found.push(this.#serverFrame(frame)));
    return found;
  }

  #clientFrame(frame: ClientFrame): Words {
    switch (frame.kind) {
      case 'hello':
        return session(frame.resume === undefined ? 'hello' : `hello, resume after ${frame.resume.lastSeq}`);
      case 'ack':
        return this.#ack(frame.seq, frame.cumulative);
      case 'nack':
        return this.#about(`nack ${frame.seq}`, this.#seqs.has(frame.seq), 'nack');
      case 'envelope': {
        const name = nameOf(frame.payload, `c${this.#client}`);
        return this.#about(`${name} as seq ${frame.seq}`, name === this.#message, 'request');
      }
      case 'action':
        return { label: frame.action, weight: 'traffic', noun: 'action' };
      case 'malformed':
        return session('a malformed frame');
    }
  }

  #serverFrame(frame: ServerFrame): Words {
    switch (frame.kind) {
      case 'welcome':
        if (!frame.resumed) this.#seqs.clear();
        return session(`welcome, ${frame.resumed ? 'resumed' : `fresh session${because(frame.reason)}`}`);
      case 'envelope': {
        const name = nameOf(frame.payload, 'p');
        if (name === this.#message) this.#seqs.add(frame.seq);
        const again = frame.attempt > 1 ? `, attempt ${frame.attempt}` : '';
        return this.#about(`${name} as seq ${frame.seq}${again}`, name === this.#message, 'message');
      }
      case 'replayed':
        return session(`replayed to ${frame.seq}`);
      case 'gap':
        return session(`gap ${frame.from} to ${frame.to} (${frame.reason})`);
      case 'pressure':
        return session(`pressure ${frame.state}`);
      case 'drain':
        return session('drain');
      case 'ack':
        return { label: `ack ${frame.seq}`, weight: 'traffic', noun: 'ack' };
      case 'nack':
        return session(`nack ${frame.seq}${because(frame.reason)}`);
      case 'notice': {
        const name = nameOf(frame.payload, 'p');
        return this.#about(name === '' ? frame.type : name, name === this.#message, 'notice');
      }
      case 'malformed':
        return session('a malformed frame');
    }
  }

  /** Of cumulative acks only the first counts that covers the message. */
  #ack(seq: number, cumulative: boolean): Words {
    const covered = [...this.#seqs].filter((own) => (cumulative ? own <= seq : own === seq));
    if (cumulative) for (const own of covered) this.#seqs.delete(own);
    return this.#about(`ack ${cumulative ? 'up to ' : ''}${seq}`, covered.length > 0, 'ack');
  }

  #about(label: string, concerned: boolean, noun: string): Words {
    return { label, weight: concerned && this.#message !== '' ? 'message' : 'traffic', noun };
  }

  #watched<D extends object>(
    inner: ClientObserver<D>,
    tell: (label: string, weight: Weight, noun?: string) => void,
  ): ClientObserver<D> {
    const about = (verb: string, delivery: D, noun: string): void => {
      const name = delivery instanceof Arrival ? `p${delivery.stream}:${delivery.seq}` : '';
      tell(`${verb} ${name}`, name !== '' && name === this.#message ? 'message' : 'traffic', noun);
    };
    return {
      connecting: () => inner.connecting(),
      socketOpened: () => inner.socketOpened?.(),
      handshakeRefused: (status) => inner.handshakeRefused?.(status),
      open: () => inner.open(),
      subscribed: (session, told, withinMs) => inner.subscribed(session, told, withinMs),
      resumed: (through) => inner.resumed(through),
      refused: (reason) => inner.refused(reason),
      message: (position, payload, redelivered) => inner.message(position, payload, redelivered),
      deduplicated: (position, delivery) => {
        about('drops the duplicate', delivery, 'duplicate');
        inner.deduplicated(position, delivery);
      },
      handled: (position, delivery) => {
        about('handles', delivery, 'handling');
        inner.handled(position, delivery);
      },
      failed: (position, delivery) => {
        about('fails to handle', delivery, 'failure');
        inner.failed(position, delivery);
      },
      acked: (position, cumulative) => inner.acked(position, cumulative),
      gap: (from, to, reason) => inner.gap(from, to, reason),
      replayed: () => inner.replayed(),
      goodbye: () => inner.goodbye(),
      closed: (code, reason) => {
        tell(`the connection is gone (${code})`, 'session');
        inner.closed(code, reason);
      },
      olderClosed: (code) => {
        tell(`the older connection is gone (${code})`, 'session');
        inner.olderClosed(code);
      },
    };
  }
}

const BLIND: PipeTap = { wrote() {}, read() {}, reset() {} };

function session(label: string): Words {
  return { label, weight: 'session', noun: label };
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : ` (${reason})`;
}

/** The name of the message that a payload is stamped as; of requests, the payload may be a level deeper. */
function nameOf(payload: unknown, prefix: string): string {
  const fields = isMap(payload) ? payload : {};
  const stamp = fields.stamp ?? (isMap(fields.payload) ? fields.payload.stamp : undefined);
  const read = typeof stamp === 'string' ? readStamp(stamp, stamp.slice(0, stamp.indexOf('.'))) : undefined;
  if (read === undefined) return '';
  return prefix === 'p' ? `p${read.stream}:${read.seq}` : `${prefix}:${read.seq}`;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
