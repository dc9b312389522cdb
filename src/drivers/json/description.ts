import type { LossReason } from '../../delivery/loss-reason.ts';
import { compilePath, type FramePath } from '../../templates/path.ts';
import { compilePattern, type Pattern } from '../../templates/pattern.ts';
import { compileTemplates, type TreeTemplate } from '../../templates/template.ts';
import { SUBSCRIPTION_EFFECTIVE_MS } from '../driver.ts';
import { FrameReader } from './frame-reader.ts';
import type {
  AnswerOption,
  HttpOption,
  JsonOptions,
  PublishOption,
  RuleKind,
  RuleOption,
  SaveOption,
  SeqPathOption,
  StepOption,
  SubscribeOption,
} from './options.ts';

/** How long an answer may take where the description says nothing. */
const ANSWER_TIMEOUT_MS = 10_000;
export const PUBLISH_TIMEOUT_MS = 5000;

export type Saves = readonly (readonly [name: string, path: FramePath])[];

export type SeqPath =
  | { readonly kind: 'count'; readonly at: FramePath }
  | { readonly kind: 'range'; readonly from: FramePath; readonly to: FramePath }
  | { readonly kind: 'chain'; readonly previous: FramePath; readonly at: FramePath };

export interface HttpStep {
  readonly method: string;
  readonly url: TreeTemplate;
  readonly headers: TreeTemplate;
  readonly body: TreeTemplate | undefined;
  readonly accept: readonly number[] | undefined;
  readonly saves: Saves;
}

export interface Step {
  /** As messages name it. */
  readonly name: string;
  readonly send: TreeTemplate | undefined;
  readonly expect: Pattern | undefined;
  readonly refuse: Pattern | undefined;
  readonly saves: Saves;
  readonly seq: SeqPath | undefined;
  readonly withinMs: number;
  readonly http: HttpStep | undefined;
}

export interface Subscribing {
  readonly send: TreeTemplate;
  readonly confirm: Pattern | undefined;
  readonly refuse: Pattern | undefined;
  readonly saves: Saves;
  readonly withinMs: number;
  /** How long the server may take for what it does not confirm; absent where it does. */
  readonly effectiveWithinMs: number | undefined;
}

export interface Rule {
  /** As messages name it: its place in the list, from 1, and what a frame is. */
  readonly name: string;
  readonly when: Pattern;
  readonly is: RuleKind;
  readonly payload: FramePath | undefined;
  readonly seq: SeqPath | undefined;
  readonly room: FramePath | undefined;
  readonly id: FramePath | undefined;
  readonly redelivered: FramePath | undefined;
  readonly from: FramePath | undefined;
  readonly to: FramePath | undefined;
  readonly count: FramePath | undefined;
  readonly reason: LossReason | undefined;
  readonly url: FramePath | undefined;
  readonly reply: TreeTemplate | undefined;
  readonly saves: Saves;
}

export interface Answer {
  readonly when: Pattern;
  readonly saves: Saves;
  readonly seq: SeqPath | undefined;
  readonly reason: LossReason | undefined;
}

export interface Resuming {
  readonly url: TreeTemplate | undefined;
  readonly steps: readonly Step[];
  readonly subscribe: Subscribing | undefined;
  readonly success: Answer | undefined;
  readonly refused: Answer | undefined;
  readonly reason: LossReason;
  readonly after: 'subscribe' | 'open' | 'close';
  readonly closes: ReadonlyMap<number, 'resume' | 'fresh' | 'fatal'>;
  readonly withinMs: number;
  /** Names that have to be saved before there is anything to resume. */
  readonly needs: readonly string[];
  /** It says from where on: the client keeps the position. */
  readonly saysLast: boolean;
}

export interface Publishing {
  readonly send: TreeTemplate;
  readonly confirm: Pattern | undefined;
  readonly reject: Pattern | undefined;
  readonly withinMs: number | undefined;
}

/** How messages are numbered. */
export interface Numbering {
  readonly scope: 'connection' | 'session' | 'room';
  readonly first: number | undefined;
  readonly hole: 'told' | 'nothing' | { readonly close: number };
  /** Positions are the numbers of the server; else messages are counted as they come. */
  readonly direct: boolean;
}

/** A description, compiled: made once in a process and shared by its clients. */
export interface Description {
  readonly frames: FrameReader;
  readonly url: TreeTemplate | undefined;
  /** HTTP steps in front of everything else, which find out where to connect. */
  readonly before: readonly Step[];
  readonly steps: readonly Step[];
  readonly subscribe: Subscribing | undefined;
  /** Absent: every frame with a stamp is a message. */
  readonly rules: readonly Rule[] | undefined;
  readonly numbering: Numbering | undefined;
  readonly ack: TreeTemplate | undefined;
  readonly cumulative: TreeTemplate | undefined;
  readonly nack: TreeTemplate | undefined;
  readonly heartbeat:
    | {
        readonly send: TreeTemplate;
        readonly every: TreeTemplate;
        readonly expect: Pattern | undefined;
        readonly withinMs: number;
      }
    | undefined;
  readonly silenceMs: number | undefined;
  readonly resume: Resuming | undefined;
  readonly publish: Publishing | undefined;
  readonly tellsReplayed: boolean;
}

/** @throws {TemplateError | PathError | PatternError} */
export function compileDescription(options: JsonOptions): Description {
  const open = (options.open ?? []).map((step, index) => stepOf(step, index, 'open'));
  const leading = open.findIndex(({ http }) => http === undefined);
  const early = options.url === undefined ? 0 : leading < 0 ? open.length : leading;
  const rules = options.rules?.map(ruleOf);
  const { heartbeat, resume, publish } = options;
  return {
    frames: new FrameReader(options.frames ?? 'json', options.fields, options.unwrap),
    url: optional(options.url),
    before: open.slice(0, early),
    steps: open.slice(early),
    subscribe: options.subscribe === undefined ? undefined : subscribingOf(options.subscribe),
    rules,
    numbering: numberingOf(options, rules),
    ack: optional(options.ack?.send),
    cumulative: optional(options.cumulative?.send),
    nack: optional(options.nack?.send),
    heartbeat:
      heartbeat === undefined
        ? undefined
        : {
            send: compileTemplates(heartbeat.send),
            every: compileTemplates(heartbeat.every),
            expect: optionalPattern(heartbeat.expect),
            withinMs: heartbeat.within ?? ANSWER_TIMEOUT_MS,
          },
    silenceMs: options.silence,
    resume: resume === undefined ? undefined : resumingOf(options),
    publish: publish === undefined ? undefined : publishingOf(publish),
    tellsReplayed: rules?.some(({ is }) => is === 'replayed') ?? false,
  };
}

function optional(value: unknown): TreeTemplate | undefined {
  return value === undefined ? undefined : compileTemplates(value);
}

function optionalPattern(option: unknown): Pattern | undefined {
  return option === undefined ? undefined : compilePattern(option);
}

function optionalPath(text: string | undefined): FramePath | undefined {
  return text === undefined ? undefined : compilePath(text);
}

function savesOf(save: SaveOption = {}): Saves {
  return Object.entries(save).map(([name, path]) => [name, compilePath(path)]);
}

function seqPathOf(option: SeqPathOption | undefined): SeqPath | undefined {
  if (option === undefined) return undefined;
  if (typeof option === 'string') return { kind: 'count', at: compilePath(option) };
  if ('from' in option) return { kind: 'range', from: compilePath(option.from), to: compilePath(option.to) };
  return { kind: 'chain', previous: compilePath(option.previous), at: compilePath(option.this) };
}

function stepOf(option: StepOption, index: number, list: string): Step {
  return {
    name: `step ${index + 1} of "${list}"`,
    send: optional(option.send),
    expect: optionalPattern(option.expect),
    refuse: optionalPattern(option.refuse),
    saves: savesOf(option.save),
    seq: seqPathOf(option.seq),
    withinMs: option.within ?? ANSWER_TIMEOUT_MS,
    http: option.http === undefined ? undefined : httpOf(option.http),
  };
}

function httpOf({ method, url, headers, body, accept, save }: HttpOption): HttpStep {
  return {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    url: compileTemplates(url),
    headers: compileTemplates(headers ?? {}),
    body: optional(body),
    accept,
    saves: savesOf(save),
  };
}

function subscribingOf({ send, confirm, refuse, save, within }: SubscribeOption): Subscribing {
  return {
    send: compileTemplates(send),
    confirm: optionalPattern(confirm),
    refuse: optionalPattern(refuse),
    saves: savesOf(save),
    withinMs: within ?? ANSWER_TIMEOUT_MS,
    effectiveWithinMs: confirm === undefined ? (within ?? SUBSCRIPTION_EFFECTIVE_MS) : undefined,
  };
}

function ruleOf(option: RuleOption, index: number): Rule {
  const { payload, room, id, redelivered, from, to, count, url } = option;
  return {
    name: `rule ${index + 1} (${option.is})`,
    when: compilePattern(option.when),
    is: option.is,
    payload: optionalPath(payload),
    seq: seqPathOf(option.seq),
    room: optionalPath(room),
    id: optionalPath(id),
    redelivered: optionalPath(redelivered),
    from: optionalPath(from),
    to: optionalPath(to),
    count: optionalPath(count),
    reason: option.reason,
    url: optionalPath(url),
    reply: optional(option.reply),
    saves: savesOf(option.save),
  };
}

function publishingOf({ send, confirm, reject, within }: PublishOption): Publishing {
  return {
    send: compileTemplates(send),
    confirm: optionalPattern(confirm),
    reject: optionalPattern(reject),
    withinMs: within,
  };
}

function numberingOf({ seq, open = [] }: JsonOptions, rules: readonly Rule[] = []): Numbering | undefined {
  const isNumbered = [...rules, ...open].some((part) => part.seq !== undefined);
  if (seq === undefined && !isNumbered) {
    // Gaps need something to be counted by.
    if (!rules.some(({ is }) => is === 'gap')) return undefined;
    return { scope: 'session', first: undefined, hole: 'nothing', direct: false };
  }
  const { scope = 'session', first, hole = 'told', kind = 'count' } = seq ?? {};
  return { scope, first, hole, direct: kind === 'count' && scope !== 'room' };
}

function resumingOf({ resume = {} }: JsonOptions): Resuming {
  const { url, open = [], subscribe, success, refused, reason, after, close = {}, within } = resume;
  const steps = open.map((step, index) => stepOf(step, index, 'resume.open'));
  const asked = compileTemplates([url, open, subscribe?.send]).names.filter(
    ({ path }) => path[0] === 'saved',
  );
  const own = new Set(open.flatMap(({ save, http }) => Object.keys({ ...save, ...http?.save })));
  const names = asked.map(({ path }) => path[1] ?? '');
  return {
    url: optional(url),
    steps,
    subscribe: subscribe === undefined ? undefined : subscribingOf(subscribe),
    success: answerOf(success),
    refused: answerOf(refused),
    reason: reason ?? 'session-expired',
    after: after ?? 'subscribe',
    closes: new Map(Object.entries(close).map(([code, what]) => [Number(code), what])),
    withinMs: within ?? ANSWER_TIMEOUT_MS,
    needs: [...new Set(names)].filter((name) => name !== 'last' && !own.has(name)),
    saysLast: names.includes('last'),
  };
}

/** The step that waits for the answer to a wish to resume. */
export function awaiting({ when, saves }: Answer, withinMs: number): Step {
  const nothing = { send: undefined, refuse: undefined, seq: undefined, http: undefined };
  return { ...nothing, name: '"resume"', expect: when, saves, withinMs };
}

function answerOf(option: AnswerOption | undefined): Answer | undefined {
  if (option === undefined) return undefined;
  if (!isLong(option)) return { when: compilePattern(option), saves: [], seq: undefined, reason: undefined };
  return {
    when: compilePattern(option.when),
    saves: savesOf(option.save),
    seq: seqPathOf(option.seq),
    reason: option.reason,
  };
}

interface LongAnswer {
  readonly when: unknown;
  readonly save?: SaveOption;
  readonly seq?: SeqPathOption;
  readonly reason?: LossReason;
}

function isLong(option: unknown): option is LongAnswer {
  return typeof option === 'object' && option !== null && 'when' in option;
}
