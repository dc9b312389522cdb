import { integerBelow } from '../protocol/draw.ts';
import type { NewId, Random } from '../protocol/ports.ts';

/**
 * Independent streams from one seed: the same seed and name always give the same numbers, and a stream that is
 * added, removed or drawn from more often moves no other.
 *
 * Each call starts the named stream from its beginning.
 */
export function randomStreams(seed: number): (name: string) => Random {
  return (name) => new Sfc32(`${seed}/${name}`);
}

/** Ids of 128 bits that a seed decides, for simulations; nothing that a stranger could not guess. */
export function newIdFrom(random: Random): NewId {
  return () => hex32(random) + hex32(random) + hex32(random) + hex32(random);
}

function hex32(random: Random): string {
  return integerBelow(random, 4_294_967_296).toString(16).padStart(8, '0');
}

/** Chris Doty-Humphrey's sfc32 (PractRand), seeded with four hashes of the stream's full name. */
class Sfc32 implements Random {
  /** Until the first draw: most streams are never drawn from. */
  #key: string | undefined;
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  constructor(key: string) {
    this.#key = key;
  }

  next(): number {
    if (this.#key !== undefined) this.#start(this.#key);
    return this.#draw();
  }

  #start(key: string): void {
    this.#key = undefined;
    this.#a = hash32(key, 0x9e3779b9);
    this.#b = hash32(key, 0x85ebca6b);
    this.#c = hash32(key, 0xc2b2ae35);
    for (let round = 0; round < 12; round++) this.#draw();
  }

  #draw(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  }
}

/** Murmur3's mixing over the UTF-16 units of `text`. */
function hash32(text: string, seed: number): number {
  let hash = seed | 0;
  for (let at = 0; at < text.length; at++) {
    let unit = Math.imul(text.charCodeAt(at), 0xcc9e2d51);
    unit = (unit << 15) | (unit >>> 17);
    hash ^= Math.imul(unit, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
