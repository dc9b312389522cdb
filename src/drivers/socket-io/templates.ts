import { compileTemplates, type TreeTemplate } from '../../templates/template.ts';
import type { ClientPublish, PublishOutcome } from '../driver.ts';
import { matches } from '../pattern.ts';
import type { Emit, EmitResult } from './emits.ts';
import type { EmitOptions, SocketIoOptions } from './options.ts';

/** Characters of a strange answer that are shown. */
const ANSWER_LENGTH_MAX = 120;

export interface EmitTemplates {
  readonly send: TreeTemplate;
  /** Absent: no ack is asked for. */
  readonly confirm?: TreeTemplate;
}

/** The options of the driver, read once for all clients of a process. */
export interface SocketIoTemplates {
  readonly options: SocketIoOptions;
  readonly auth?: TreeTemplate;
  readonly subscribe?: EmitTemplates;
  readonly publish?: EmitTemplates & {
    readonly mode: Emit['mode'];
    payloadOf(request: ClientPublish): unknown;
  };
}

/** @throws {TemplateError} */
export function compileOptions(options: SocketIoOptions): SocketIoTemplates {
  const { auth, subscribe, publish } = options;
  return {
    options,
    ...(auth === undefined ? {} : { auth: compileTemplates(auth) }),
    ...(subscribe === undefined ? {} : { subscribe: compileEmit(subscribe) }),
    ...(publish === undefined
      ? {}
      : {
          publish: {
            ...compileEmit(publish),
            mode: publish.volatile ? 'volatile' : modeOf(options.retries, publish),
            payloadOf: publish.binary ? bytesOf : jsonOf,
          },
        }),
  };
}

function compileEmit({ send, confirm }: EmitOptions): EmitTemplates {
  return {
    send: compileTemplates(send),
    ...(confirm === undefined ? {} : { confirm: compileTemplates(confirm) }),
  };
}

function modeOf(retries: number, { confirm }: EmitOptions): Emit['mode'] {
  if (retries > 0) return 'retried';
  return confirm === undefined ? 'plain' : 'ack';
}

function jsonOf({ payloadText }: ClientPublish): unknown {
  return JSON.parse(payloadText);
}

function bytesOf({ payloadText }: ClientPublish): Uint8Array {
  return new TextEncoder().encode(payloadText);
}

/** @param confirm - a pattern for the arguments of the ack; undefined: any will do */
export function outcomeOf(result: EmitResult, confirm: unknown): PublishOutcome {
  switch (result.kind) {
    case 'sent':
      return { kind: 'unconfirmed' };
    case 'unanswered':
      return { kind: 'unknown' };
    case 'unsent':
      return { kind: 'rejected', reason: result.reason };
    case 'answered':
      return confirm === undefined || matches(confirm, result.args)
        ? { kind: 'accepted' }
        : { kind: 'rejected', reason: `it answers ${shown(result.args)}` };
  }
}

export function shown(args: readonly unknown[]): string {
  const text = JSON.stringify(args);
  return text.length <= ANSWER_LENGTH_MAX ? text : `${text.slice(0, ANSWER_LENGTH_MAX)}…`;
}
