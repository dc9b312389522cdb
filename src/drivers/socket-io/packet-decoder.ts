import { decodePacket, type Packet } from './packet.ts';

/** Characters remembered in all, and of one packet. */
const REMEMBERED_MAX = 1_048_576;
const TEXT_MAX = 65_536;

interface Entry {
  readonly text: string;
  readonly packet: Packet | undefined;
  /** The one that came behind it last time, most likely again. */
  next: Entry | undefined;
}

/**
 * Decodes what the clients of one process receive: a broadcast reaches all of them as the same text, offset included,
 * and is parsed once.
 */
export class PacketDecoder {
  readonly #entries = new Map<string, Entry>();
  #remembered = 0;
  #latest: Entry | undefined;

  /** @param text - an Engine.IO message, its type included */
  decode(text: string): Packet | undefined {
    const guess = this.#latest?.next;
    if (text.length > TEXT_MAX) return decodePacket(text.slice(1));
    const entry = guess?.text === text ? guess : (this.#entries.get(text) ?? this.#read(text));
    if (this.#latest !== undefined) this.#latest.next = entry;
    this.#latest = entry;
    return entry.packet;
  }

  #read(text: string): Entry {
    const entry: Entry = { text, packet: decodePacket(text.slice(1)), next: undefined };
    this.#entries.set(text, entry);
    this.#remembered += text.length;
    for (const [oldest, forgotten] of this.#entries) {
      if (this.#remembered <= REMEMBERED_MAX) break;
      this.#entries.delete(oldest);
      this.#remembered -= oldest.length;
      // Else each would keep the next from being freed, without an end.
      forgotten.next = undefined;
    }
    return entry;
  }
}
