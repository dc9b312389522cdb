import { type Http, type HttpAnswer, Timer, type Timers } from '../../protocol/ports.ts';
import { follow } from '../../templates/path.ts';
import { matches } from '../../templates/pattern.ts';
import type { HttpStep, Saves, SeqPath, Step } from './description.ts';
import type { Reading } from './frame-reader.ts';
import { type Speaker, sentText, shown } from './speaker.ts';

export interface StepsOwner extends Speaker {
  save(saves: Saves, reading: Reading): void;
  /** A frame that a step wanted has a number. */
  number(seq: SeqPath, reading: Reading): void;
}

/** Runs steps in their order: sends, waits for a frame, asks over HTTP. */
export class Steps {
  readonly #owner: StepsOwner;
  readonly #timers: Timers;
  readonly #http: Http;
  readonly #timer = new Timer(() => this.#late());
  #steps: readonly Step[] = [];
  #next = 0;
  #waiting: Step | undefined = undefined;
  #done: () => void = () => {};
  #failed: (reason: string) => void = () => {};
  #cancel: (() => void) | undefined = undefined;

  constructor(owner: StepsOwner, ports: { readonly timers: Timers; readonly http: Http }) {
    this.#owner = owner;
    this.#timers = ports.timers;
    this.#http = ports.http;
  }

  /** @param failed - absent: the owner is told */
  run(steps: readonly Step[], done: () => void, failed?: (reason: string) => void): void {
    this.stop();
    this.#steps = steps;
    this.#next = 0;
    this.#done = done;
    this.#failed = failed ?? ((reason) => this.#owner.fail(reason));
    this.#advance();
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
    this.#waiting = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** @returns whether the step that waits wanted this frame */
  onFrame(reading: Reading): boolean {
    const step = this.#waiting;
    if (step?.expect === undefined) return false;
    const { frame, outer } = reading;
    const { scope } = this.#owner;
    if (step.refuse !== undefined && matches(step.refuse, frame, outer, scope.expecting())) {
      this.#owner.explain(`refuses ${step.name}`);
      this.stop();
      this.#failed(`the server refuses ${step.name}: ${shown(frame)}`);
      return true;
    }
    if (!matches(step.expect, frame, outer, scope.expecting())) return false;
    this.#owner.explain(step.name);
    this.#timers.disarm(this.#timer);
    this.#waiting = undefined;
    this.#owner.save(step.saves, reading);
    if (step.seq !== undefined) this.#owner.number(step.seq, reading);
    this.#advance();
    return true;
  }

  #advance(): void {
    while (this.#next < this.#steps.length) {
      const step = this.#steps[this.#next] as Step;
      this.#next += 1;
      if (step.send !== undefined) this.#owner.send(step.send, {});
      if (step.expect === undefined && step.http === undefined) continue;
      this.#waiting = step;
      if (step.http !== undefined) this.#ask(step, step.http);
      else this.#timers.arm(this.#timer, step.withinMs);
      return;
    }
    this.#done();
  }

  #late(): void {
    const step = this.#waiting;
    this.stop();
    if (step !== undefined)
      this.#failed(`${step.name} was not answered within ${step.withinMs} ms: nothing came that it expects`);
  }

  #ask(step: Step, http: HttpStep): void {
    const scope = this.#owner.scope.with({});
    const body = http.body === undefined ? undefined : sentText(http.body, scope);
    const headers = Object.entries(http.headers.render(scope) as Record<string, unknown>);
    const names = headers.map(([name]) => name.toLowerCase());
    const type =
      body === undefined || names.includes('content-type') ? {} : { 'content-type': 'application/json' };
    this.#cancel = this.#http(
      {
        method: http.method,
        url: String(http.url.render(scope)),
        headers: { ...type, ...Object.fromEntries(headers.map(([name, value]) => [name, String(value)])) },
        ...(body === undefined ? {} : { body }),
        timeoutMs: step.withinMs,
      },
      (answer) => this.#owner.guarded(() => this.#answered(step, http, answer)),
    );
  }

  #answered(step: Step, { accept, saves }: HttpStep, answer: HttpAnswer): void {
    this.#cancel = undefined;
    if (this.#waiting !== step) return;
    this.#waiting = undefined;
    if ('failure' in answer) {
      this.#failed(`the HTTP request of ${step.name} failed: ${answer.failure}`);
      return;
    }
    const { status, text } = answer;
    if (accept === undefined ? status < 200 || status > 299 : !accept.includes(status)) {
      this.#failed(`the HTTP request of ${step.name} was answered with ${status}: ${shown(text)}`);
      return;
    }
    const frame = parsed(text);
    const missing = saves.find(([, { steps }]) => follow(frame, steps) === undefined);
    if (missing !== undefined) {
      this.#failed(`the HTTP answer of ${step.name} has nothing to save as "${missing[0]}": ${shown(text)}`);
      return;
    }
    this.#owner.save(saves, { frame, outer: frame });
    this.#advance();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
