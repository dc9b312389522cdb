import {
  type Accept,
  type Dial,
  HANDSHAKE_TIMEOUT_MS,
  type LinkEvents,
  type Random,
} from '../../protocol/ports.ts';
import { Lane, type LaneOptions, type Path } from './lane.ts';
import { type Acceptor, VirtualLink } from './link.ts';
import { Pipe, type PipeTap } from './pipe.ts';
import type { VirtualTime } from './scheduler.ts';

/**
 * What Linux takes over loopback for a reader that pauses, before the sender feels it: 3.95 to 4.04 MB, measured on
 * young connections. Runs with large messages show up to 5.4 MB, going by how many of them were dropped.
 */
const KERNEL_BYTES = 4_000_000;

export interface VirtualNetworkOptions {
  readonly time: VirtualTime;
  /** Named streams, one for each lane. */
  readonly randomFor: (name: string) => Random;
  /** What each direction of a connection holds before its sender feels it. */
  readonly kernelBytes?: number;
  readonly handshakeTimeoutMs?: number;
}

export interface PathOptions {
  /** Names the random streams of the path; unique in a network. */
  readonly name: string;
  readonly up?: LaneOptions;
  readonly down?: LaneOptions;
}

export interface DialerOptions {
  readonly address: string;
  readonly path: Path;
  /** Looks on at each connection that is dialled. */
  readonly newTap?: () => ConnectionTap;
}

export interface ConnectionTap {
  readonly up: PipeTap;
  readonly down: PipeTap;
}

/** A listener at one address. */
export interface VirtualListener {
  /** Stops listening, and drops what is still connected. */
  close(): void;
  /** Drops all connections without close frames, and goes on listening. */
  destroyAll(): void;
}

/**
 * A network of streams in virtual time: reliable and in order while both ends live, like TCP, with delay, bandwidth
 * and bounded kernel buffers.
 */
export class VirtualNetwork {
  readonly #options: VirtualNetworkOptions;
  readonly #addresses = new Map<string, Address>();

  constructor(options: VirtualNetworkOptions) {
    this.#options = options;
  }

  /** A client's own way to the servers, whose lanes may be slowed, clogged and healed. */
  path(options: PathOptions): Path {
    const { randomFor } = this.#options;
    return {
      up: new Lane(options.up ?? {}, randomFor(`${options.name} up`)),
      down: new Lane(options.down ?? {}, randomFor(`${options.name} down`)),
    };
  }

  listen(address: string, accept: Accept): VirtualListener {
    return this.#at(address).listen(accept);
  }

  dialer(options: DialerOptions): Dial {
    return (events) => this.#dial(options, events);
  }

  #dial({ address, path, newTap }: DialerOptions, events: LinkEvents): VirtualLink {
    const { time, kernelBytes = KERNEL_BYTES, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = this.#options;
    const client = new VirtualLink(time, events);
    const server = new VirtualLink(time, this.#at(address));
    const tap = newTap?.();
    const shared = { time, kernelBytes };
    const up = new Pipe({ ...shared, lane: path.up, reader: server, writer: client, tap: tap?.up });
    const down = new Pipe({ ...shared, lane: path.down, reader: client, writer: server, tap: tap?.down });
    client.join(down, up);
    server.join(up, down);
    client.open(handshakeTimeoutMs);
    return client;
  }

  #at(name: string): Address {
    const known = this.#addresses.get(name);
    if (known) return known;
    const address = new Address(name);
    this.#addresses.set(name, address);
    return address;
  }
}

/** An address that can be dialled, with or without a listener. */
class Address implements Acceptor {
  readonly #name: string;
  readonly #links = new Set<VirtualLink>();
  #accept: Accept | undefined = undefined;

  constructor(name: string) {
    this.#name = name;
  }

  listen(accept: Accept): VirtualListener {
    if (this.#accept) {
      throw new Error(`Cannot listen on "${this.#name}": somebody listens there, a free address is wanted`);
    }
    this.#accept = accept;
    return {
      close: () => {
        if (this.#accept === accept) this.#accept = undefined;
        this.#destroyAll();
      },
      destroyAll: () => this.#destroyAll(),
    };
  }

  get listening(): boolean {
    return this.#accept !== undefined;
  }

  enter(link: VirtualLink): LinkEvents {
    if (!this.#accept) throw new Error('a connection came to an address without a listener');
    this.#links.add(link);
    return this.#accept(link);
  }

  leave(link: VirtualLink): void {
    this.#links.delete(link);
  }

  #destroyAll(): void {
    for (const link of [...this.#links]) link.drop();
  }
}
