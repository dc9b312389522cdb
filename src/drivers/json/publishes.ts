import { type Clock, Timer, type Timers } from '../../protocol/ports.ts';
import type { Pattern } from '../../templates/pattern.ts';
import { TemplateError } from '../../templates/scope.ts';
import type { Connector } from '../connector.ts';
import type { AckFilter, ClientPublish, PublishOutcome } from '../driver.ts';
import { PUBLISH_TIMEOUT_MS, type Publishing } from './description.ts';
import type { Reading } from './frame-reader.ts';
import type { JsonScope } from './scope.ts';
import { sentText, shown } from './speaker.ts';

/** Publishes without an answer after which more are rejected. */
const UNANSWERED_MAX = 1000;

interface Pending {
  readonly confirmKey: string;
  readonly rejectKey: string;
  readonly dueUs: number;
  readonly settle: (outcome: PublishOutcome) => void;
}

export interface PublishesOptions {
  readonly publishing: Publishing | undefined;
  readonly clientId: string;
  readonly scope: JsonScope;
  readonly ports: { readonly clock: Clock; readonly timers: Timers };
  /** As of the profile; the description's own goes before it. */
  readonly timeoutMs: number | undefined;
  readonly connector: Connector;
  readonly ackFilter: () => AckFilter | undefined;
  readonly explain: (what: string) => void;
}

/** What a client publishes, until the server answers, or for good when it never does. */
export class Publishes {
  readonly #options: PublishesOptions;
  readonly #timeoutUs: number;
  readonly #timer = new Timer(() => this.#giveUpLate());
  /** In the order in which they left. */
  readonly #pending = new Set<Pending>();
  /** By what the answer will hold, each list in order. */
  readonly #byConfirm = new Map<string, Pending[]>();
  readonly #byReject = new Map<string, Pending[]>();
  /** Answers that a fault holds back. */
  readonly #delayed = new Set<Timer>();
  #count = 0;

  constructor(options: PublishesOptions) {
    this.#options = options;
    this.#timeoutUs = 1000 * (options.publishing?.withinMs ?? options.timeoutMs ?? PUBLISH_TIMEOUT_MS);
  }

  get unanswered(): number {
    return this.#pending.size;
  }

  publish(request: ClientPublish): void {
    const { publishing } = this.#options;
    const why =
      publishing === undefined
        ? 'the description has no "publish"'
        : this.#pending.size >= UNANSWERED_MAX
          ? `${UNANSWERED_MAX} publishes are unanswered`
          : '';
    if (publishing === undefined || why !== '') {
      request.settle({ kind: 'rejected', reason: why });
      return;
    }
    try {
      this.#send(publishing, request);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      request.settle({ kind: 'rejected', reason: error.message });
    }
  }

  /** @returns whether a frame answers a publish */
  onFrame({ frame, outer }: Reading): boolean {
    const { publishing, explain } = this.#options;
    if (publishing === undefined || this.#pending.size === 0) return false;
    const { confirm, reject } = publishing;
    const rejected = find(reject, this.#byReject, frame, outer);
    if (rejected !== undefined) {
      explain('rejects a publish');
      this.#settle(rejected, { kind: 'rejected', reason: shown(frame) });
      return true;
    }
    const confirmed = find(confirm, this.#byConfirm, frame, outer);
    if (confirmed === undefined) return false;
    explain('confirms a publish');
    const fate = this.#options.ackFilter()?.('up');
    if (fate?.kind === 'delay') this.#settleLater(confirmed, fate.delayMs);
    else if (fate?.kind !== 'lose') this.#settle(confirmed, { kind: 'accepted' });
    return true;
  }

  /** Whoever answers now answers something else. */
  onLost(): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    this.#byConfirm.clear();
    this.#byReject.clear();
    const { timers } = this.#options.ports;
    timers.disarm(this.#timer);
    for (const timer of this.#delayed) timers.disarm(timer);
    this.#delayed.clear();
    for (const { settle } of pending) settle({ kind: 'unknown' });
  }

  #send(publishing: Publishing, request: ClientPublish): void {
    const { scope, ports, clientId, connector } = this.#options;
    this.#count += 1;
    const message = { seq: this.#count, id: `${clientId}-${this.#count}` };
    const { room, stamp, body, payloadText, settle } = request;
    const atHand = { room, stamp, body, payload: JSON.parse(payloadText) as unknown, message };
    if (!connector.ready) {
      settle({ kind: 'rejected', reason: 'there is no connection' });
      return;
    }
    connector.say(sentText(publishing.send, scope.with(atHand)));
    const { confirm, reject } = publishing;
    if (confirm === undefined) {
      settle({ kind: 'unconfirmed' });
      return;
    }
    scope.expecting(atHand);
    const pending = {
      confirmKey: confirm.keyFor(scope),
      rejectKey: reject?.keyFor(scope) ?? '',
      dueUs: ports.clock.nowUs() + this.#timeoutUs,
      settle,
    };
    this.#pending.add(pending);
    append(this.#byConfirm, pending.confirmKey, pending);
    if (reject !== undefined) append(this.#byReject, pending.rejectKey, pending);
    if (!this.#timer.armed) ports.timers.arm(this.#timer, this.#timeoutUs / 1000);
  }

  #settle(pending: Pending, outcome: PublishOutcome): void {
    this.#pending.delete(pending);
    remove(this.#byConfirm, pending.confirmKey, pending);
    remove(this.#byReject, pending.rejectKey, pending);
    if (this.#pending.size === 0) this.#options.ports.timers.disarm(this.#timer);
    pending.settle(outcome);
  }

  #settleLater(pending: Pending, delayMs: number): void {
    remove(this.#byConfirm, pending.confirmKey, pending);
    const timer = new Timer(() => {
      this.#delayed.delete(timer);
      if (this.#pending.has(pending)) this.#settle(pending, { kind: 'accepted' });
    });
    this.#delayed.add(timer);
    this.#options.ports.timers.arm(timer, delayMs);
  }

  #giveUpLate(): void {
    const { clock, timers } = this.#options.ports;
    const nowUs = clock.nowUs();
    for (const pending of this.#pending) {
      if (pending.dueUs > nowUs) {
        timers.arm(this.#timer, (pending.dueUs - nowUs) / 1000);
        return;
      }
      this.#settle(pending, { kind: 'unknown' });
    }
  }
}

function find(
  pattern: Pattern | undefined,
  byKey: ReadonlyMap<string, readonly Pending[]>,
  frame: unknown,
  outer: unknown,
): Pending | undefined {
  if (pattern === undefined || !pattern.fits(frame, outer)) return undefined;
  return byKey.get(pattern.keyOf(frame, outer))?.[0];
}

function append(byKey: Map<string, Pending[]>, key: string, pending: Pending): void {
  const list = byKey.get(key);
  if (list === undefined) byKey.set(key, [pending]);
  else list.push(pending);
}

function remove(byKey: Map<string, Pending[]>, key: string, pending: Pending): void {
  const list = byKey.get(key);
  const index = list?.indexOf(pending) ?? -1;
  if (list === undefined || index < 0) return;
  list.splice(index, 1);
  if (list.length === 0) byKey.delete(key);
}
