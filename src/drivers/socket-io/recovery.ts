import type { LossReason } from '../../delivery/loss-reason.ts';
import { isOffset } from './offset.ts';
import type { SocketIoOptions } from './options.ts';

/**
 * The session as the client knows it, with connection state recovery: its name (`pid`), and the offset of the last
 * event. The official client takes any text at the end of an event for an offset, one of a volatile event too, and
 * keeps the offset over the end of a session.
 */
export class Recovery {
  readonly #options: SocketIoOptions;
  readonly #epochMs: () => number;
  #pid: string | undefined;
  #offset: string | undefined;
  #forgot = false;

  constructor(options: SocketIoOptions, epochMs: () => number) {
    this.#options = options;
    this.#epochMs = epochMs;
  }

  /** A session that has had no event can't be resumed: there is no offset to name. */
  get isPossible(): boolean {
    return this.#pid !== undefined && this.#offset !== undefined;
  }

  /** What a CONNECT packet says of the session to go on with. */
  get request(): { readonly pid: string; readonly offset: string | undefined } | undefined {
    return this.#pid === undefined ? undefined : { pid: this.#pid, offset: this.#offset };
  }

  /** @returns whether the session goes on */
  onConnect(pid: unknown): { readonly resumed: boolean; readonly told: LossReason | undefined } {
    const before = this.#pid;
    const forgot = this.#forgot;
    this.#forgot = false;
    this.#pid = this.#options.recovery && typeof pid === 'string' ? pid : undefined;
    if (before === undefined) return { resumed: false, told: forgot ? 'replaced' : undefined };
    return pid === before ? { resumed: true, told: undefined } : { resumed: false, told: 'session-expired' };
  }

  /** @param last - the last argument of an event that asks for no ack */
  onEvent(last: unknown): void {
    if (this.#pid === undefined || typeof last !== 'string') return;
    if (this.#options.offsetFrom === 'official' || isOffset(last, this.#epochMs())) this.#offset = last;
  }

  /** It left the namespace, and its session with it. */
  end(): void {
    this.#pid = undefined;
    this.#offset = undefined;
  }

  /** It gives its session up without a word to the server. */
  forget(): void {
    this.#forgot = this.#pid !== undefined;
    this.end();
  }
}
