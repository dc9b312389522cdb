import type { Random } from '../protocol/ports.ts';
import type { ScopeFunctions, TimeUnit } from '../templates/scope.ts';

/** The functions of templates for one connection, or for one publisher: counters of their own. */
export class ContentFunctions implements ScopeFunctions {
  readonly #random: Random;
  readonly #epochMs: () => number;
  #counters: Map<string, number> | undefined = undefined;

  constructor(ports: { readonly contentRandom: Random; readonly epochMs: () => number }) {
    this.#random = ports.contentRandom;
    this.#epochMs = ports.epochMs;
  }

  /** Counts from 1 again, on a new connection. */
  restart(): void {
    this.#counters = undefined;
  }

  counter(name: string): number {
    this.#counters ??= new Map();
    const next = (this.#counters.get(name) ?? 0) + 1;
    this.#counters.set(name, next);
    return next;
  }

  /** Version 4. */
  uuid(): string {
    const words = Array.from({ length: 4 }, () => Math.floor(this.#random.next() * 4_294_967_296));
    const digits = words.map((word) => word.toString(16).padStart(8, '0')).join('');
    const variant = '89ab'[Math.floor(this.#random.next() * 4)] ?? '8';
    return [
      digits.slice(0, 8),
      digits.slice(8, 12),
      `4${digits.slice(13, 16)}`,
      `${variant}${digits.slice(17, 20)}`,
      digits.slice(20),
    ].join('-');
  }

  now(unit: TimeUnit): number | string {
    const ms = this.#epochMs();
    switch (unit) {
      case 'ms':
        return Math.floor(ms);
      case 's':
        return Math.floor(ms / 1000);
      case 'us':
        return Math.floor(ms * 1000);
      case 'iso':
        return new Date(ms).toISOString();
    }
  }

  random(a: number, b: number): number {
    return a + Math.floor(this.#random.next() * (b - a + 1));
  }
}
