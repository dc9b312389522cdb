import type { LossReason } from '../../delivery/loss-reason.ts';

/**
 * A protocol, described: what a scenario says under `target.json`. Texts of what is sent are templates, durations are
 * in ms. Everything is optional: without anything, each frame with a stamp of the run is a message.
 */
export interface JsonOptions {
  readonly frames?: 'json' | 'lines' | 'text';
  /** frames text: a regular expression with named groups, which are the fields of a frame. */
  readonly fields?: string;
  readonly unwrap?: string;
  /** Address of each connection, where HTTP steps find it out; absent: that of the target. */
  readonly url?: string;
  readonly open?: readonly StepOption[];
  readonly subscribe?: SubscribeOption;
  readonly rules?: readonly RuleOption[];
  readonly seq?: SeqOption;
  readonly ack?: SendOption;
  readonly cumulative?: SendOption;
  readonly nack?: SendOption;
  readonly heartbeat?: HeartbeatOption;
  readonly silence?: number;
  readonly resume?: ResumeOption;
  readonly publish?: PublishOption;
}

export interface SendOption {
  readonly send: unknown;
}

/** Names, and the paths in a frame to what they stand for. */
export type SaveOption = Readonly<Record<string, string>>;

export interface StepOption {
  readonly send?: unknown;
  readonly expect?: unknown;
  readonly refuse?: unknown;
  readonly save?: SaveOption;
  readonly seq?: SeqPathOption;
  readonly within?: number;
  readonly http?: HttpOption;
}

export interface HttpOption {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly accept?: readonly number[];
  readonly save?: SaveOption;
}

export interface SubscribeOption extends SendOption {
  readonly confirm?: unknown;
  readonly refuse?: unknown;
  readonly save?: SaveOption;
  readonly within?: number;
}

export type SeqPathOption =
  | string
  | { readonly from: string; readonly to: string }
  | { readonly previous: string; readonly this: string };

export const RULE_KINDS = [
  'message',
  'gap',
  'resumed',
  'fresh',
  'replayed',
  'refused',
  'reconnect',
  'error',
  'ignored',
] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

export interface RuleOption {
  readonly when: unknown;
  readonly is: RuleKind;
  readonly payload?: string;
  readonly seq?: SeqPathOption;
  readonly room?: string;
  readonly id?: string;
  readonly redelivered?: string;
  readonly from?: string;
  readonly to?: string;
  readonly count?: string;
  readonly reason?: LossReason;
  readonly url?: string;
  readonly reply?: unknown;
  readonly save?: SaveOption;
}

export interface SeqOption {
  readonly scope?: 'connection' | 'session' | 'room';
  readonly first?: number;
  readonly hole?: 'told' | 'nothing' | { readonly close: number };
  readonly kind?: 'count' | 'range' | 'chain';
}

export interface HeartbeatOption extends SendOption {
  /** ms, or a template that becomes a number of ms. */
  readonly every: number | string;
  readonly expect?: unknown;
  readonly within?: number;
}

/** A pattern, or one with more to do when it matches. */
export type AnswerOption =
  | {
      readonly when: unknown;
      readonly save?: SaveOption;
      readonly seq?: SeqPathOption;
      readonly reason?: LossReason;
    }
  | unknown;

export interface ResumeOption {
  readonly url?: string;
  readonly open?: readonly StepOption[];
  readonly subscribe?: SubscribeOption;
  readonly success?: AnswerOption;
  readonly refused?: AnswerOption;
  readonly reason?: LossReason;
  readonly after?: 'subscribe' | 'open' | 'close';
  readonly close?: Readonly<Record<string, 'resume' | 'fresh' | 'fatal'>>;
  readonly within?: number;
}

export interface PublishOption extends SendOption {
  readonly confirm?: unknown;
  readonly reject?: unknown;
  readonly within?: number;
}
