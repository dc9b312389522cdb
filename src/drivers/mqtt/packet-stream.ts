import mqttPacket, { type Packet, type Parser } from 'mqtt-packet';

/** Of the length in a fixed header. */
const LENGTH_BYTES_MAX = 4;

/**
 * Reads packets of MQTT for the clients of one process. A frame may hold several packets and a packet may lie in
 * several frames, so each client keeps what is not complete yet; the parser itself is given whole packets only.
 */
export class PacketParser {
  readonly #parser: Parser;
  #take: ((packet: Packet) => void) | undefined = undefined;
  #failure: Error | undefined = undefined;

  /** @param version - 4 or 5 */
  constructor(version: 4 | 5) {
    this.#parser = mqttPacket.parser({ protocolVersion: version });
    this.#parser.on('packet', (packet) => this.#take?.(packet));
    this.#parser.on('error', (error: Error) => {
      this.#failure = error;
    });
  }

  /**
   * @param bytes - good during the call, and so are those of the packets
   * @param take - may read other bytes with this parser
   * @throws {Error} when it is no packet
   */
  parse(bytes: Uint8Array, take: (packet: Packet) => void): void {
    const taken: Packet[] = [];
    this.#take = (packet) => taken.push(packet);
    this.#parser.parse(bytes as Parameters<Parser['parse']>[0]);
    const failure = this.#failure;
    this.#failure = undefined;
    this.#take = undefined;
    for (const packet of taken) take(packet);
    if (failure !== undefined) throw failure;
  }
}

/** What one connection has received. */
export class PacketStream {
  #rest: Uint8Array | undefined = undefined;

  /**
   * Adds bytes that arrived.
   *
   * @param bytes - good during the call
   * @returns the bytes of all packets that are complete, good during the call
   * @throws {Error} when a length is none
   */
  take(bytes: Uint8Array): Uint8Array {
    const all = this.#rest === undefined ? bytes : joined(this.#rest, bytes);
    let at = 0;
    for (let end = packetEnd(all, at); end > 0 && end <= all.length; end = packetEnd(all, at)) at = end;
    this.#rest = at < all.length ? all.slice(at) : undefined;
    return all.subarray(0, at);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** @returns where the packet at `at` ends; 0 when too little has come to know */
function packetEnd(bytes: Uint8Array, at: number): number {
  let length = 0;
  for (let index = 0; index < LENGTH_BYTES_MAX; index += 1) {
    const byte = bytes[at + 1 + index];
    if (byte === undefined) return 0;
    length += (byte & 127) * 128 ** index;
    if (byte < 128) return at + 2 + index + length;
  }
  throw new Error('the length of a packet has more than four bytes');
}
