import { compilePath, PathError } from '../../templates/path.ts';
import { compilePattern, PatternError } from '../../templates/pattern.ts';
import { TemplateError } from '../../templates/scope.ts';
import { compileTemplates } from '../../templates/template.ts';
import { nearest } from '../../text/nearest.ts';
import { quote } from '../problem.ts';
import type { Path } from '../yaml-source.ts';
import type { JsonDescription } from './json-schema.ts';
import { shadowOf } from './shadowing.ts';

type Report = (
  path: Path,
  message: string,
  extra?: { readonly aboutKey?: boolean; readonly offset?: number },
) => void;

type Step = NonNullable<JsonDescription['open']>[number];
type Rule = NonNullable<JsonDescription['rules']>[number];

/** Values that only some places of a description have. */
const LOCAL = new Set(['room', 'frame', 'message', 'stamp', 'body', 'payload']);
const KEY = { aboutKey: true } as const;

/** Checks of a described protocol that span more than one of its settings. */
export function checkJson(description: JsonDescription, report: Report): void {
  new JsonCheck(description, report).run();
}

class JsonCheck {
  readonly #description: JsonDescription;
  readonly #report: Report;
  readonly #saved = new Set<string>();
  readonly #isNumbered: boolean;

  constructor(description: JsonDescription, report: Report) {
    this.#description = description;
    this.#report = report;
    for (const { at, name } of saves(description, [])) {
      this.#saved.add(name);
      if (name === 'last')
        report(at, 'Cannot save "last": it is the highest seq taken in, another name is wanted', KEY);
    }
    this.#isNumbered = description.seq !== undefined || seqsIn(description);
  }

  run(): void {
    const { unwrap, fields, frames } = this.#description;
    if (unwrap !== undefined) this.#path(['unwrap'], unwrap);
    if (fields !== undefined) this.#fields(fields, frames);
    this.#steps();
    this.#exchanges();
    this.#rules();
    this.#numbers();
    this.#resume();
  }

  #fields(fields: string, frames: JsonDescription['frames']): void {
    if (frames !== 'text') {
      this.#report(
        ['fields'],
        'Cannot use "fields": frames are no text, "frames: text" is wanted with it',
        KEY,
      );
      return;
    }
    try {
      new RegExp(fields);
      if (!/\(\?<[A-Za-z_]/.test(fields))
        this.#report(
          ['fields'],
          'Cannot take fields out of a frame: the expression has no named group, as in (?<room>\\S+)',
        );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#report(['fields'], `Cannot read the expression: ${why}`);
    }
  }

  #steps(): void {
    const { open = [], resume, url } = this.#description;
    const known = new Set<string>();
    const firstOther = open.findIndex(({ http }) => http === undefined);
    const before = firstOther < 0 ? open : open.slice(0, firstOther);
    if (url !== undefined) {
      const early = new Set(before.flatMap(({ http }) => Object.keys(http?.save ?? {})));
      this.#texts(['url'], url, [], early, 'before the connection, by HTTP steps in front of "open"');
    }
    for (const [index, step] of open.entries()) this.#step(['open', index], step, known);
    const all = new Set(this.#saved);
    if (resume?.url !== undefined) this.#texts(['resume', 'url'], resume.url, []);
    for (const [index, step] of (resume?.open ?? []).entries())
      this.#step(['resume', 'open', index], step, all);
  }

  #step(at: Path, step: Step, known: Set<string>): void {
    const { send, expect, refuse, http, save = {}, seq } = step;
    if (send === undefined && expect === undefined && http === undefined)
      this.#report(at, 'Cannot run a step without "send", "expect" or "http": one of them is wanted');
    if (http !== undefined && (send !== undefined || expect !== undefined))
      this.#report(
        [...at, 'http'],
        'Cannot ask over HTTP in a step that sends or expects: a step of its own is wanted',
        KEY,
      );
    if (refuse !== undefined && expect === undefined)
      this.#report(
        [...at, 'refuse'],
        'Cannot be refused where nothing is expected: "expect" is wanted beside it',
        KEY,
      );
    if (send !== undefined) this.#texts([...at, 'send'], send, [], known, 'in an earlier step');
    if (http !== undefined)
      this.#texts([...at, 'http'], { ...http, save: undefined }, [], known, 'in an earlier step');
    this.#pattern([...at, 'expect'], expect, []);
    this.#pattern([...at, 'refuse'], refuse, []);
    this.#seqPath([...at, 'seq'], seq);
    for (const [name, path] of Object.entries({ ...save, ...http?.save })) {
      this.#path([...at, ...(http === undefined ? ['save'] : ['http', 'save']), name], path);
      known.add(name);
    }
  }

  #exchanges(): void {
    const { subscribe, resume, publish, ack, cumulative, nack, heartbeat } = this.#description;
    for (const [at, exchange] of [
      [['subscribe'], subscribe],
      [['resume', 'subscribe'], resume?.subscribe],
    ] as const) {
      if (exchange === undefined) continue;
      this.#texts([...at, 'send'], exchange.send, ['room']);
      this.#pattern([...at, 'confirm'], exchange.confirm, ['room']);
      this.#pattern([...at, 'refuse'], exchange.refuse, ['room']);
      for (const [name, path] of Object.entries(exchange.save ?? {})) this.#path([...at, 'save', name], path);
    }
    if (publish !== undefined) {
      const names = ['room', 'message', 'stamp', 'body', 'payload'];
      this.#texts(['publish', 'send'], publish.send, names);
      this.#pattern(['publish', 'confirm'], publish.confirm, names);
      this.#pattern(['publish', 'reject'], publish.reject, names);
      if (publish.reject !== undefined && publish.confirm === undefined)
        this.#report(
          ['publish', 'reject'],
          'Cannot be rejected where nothing is confirmed: "confirm" is wanted beside it',
          KEY,
        );
      const asked = JSON.stringify(publish.send) ?? '';
      if (!/\b(payload|stamp)\b/.test(asked))
        this.#report(
          ['publish', 'send'],
          'Cannot follow what is published: "{{ payload }}", or "{{ stamp }}", is wanted in it',
        );
    }
    if (ack !== undefined) this.#texts(['ack', 'send'], ack.send, ['message', 'frame', 'room']);
    if (nack !== undefined) this.#texts(['nack', 'send'], nack.send, ['message', 'frame', 'room']);
    if (cumulative !== undefined) this.#texts(['cumulative', 'send'], cumulative.send, ['message']);
    if (heartbeat === undefined) return;
    this.#texts(['heartbeat', 'send'], heartbeat.send, []);
    this.#texts(['heartbeat', 'every'], heartbeat.every, []);
    this.#pattern(['heartbeat', 'expect'], heartbeat.expect, []);
    if (heartbeat.every === 0)
      this.#report(['heartbeat', 'every'], 'Cannot send a heartbeat every 0ms: longer is wanted');
  }

  #rules(): void {
    const { rules = [] } = this.#description;
    for (const [index, rule] of rules.entries()) {
      const at = ['rules', index];
      this.#pattern([...at, 'when'], rule.when, []);
      for (const key of ['payload', 'room', 'id', 'redelivered', 'from', 'to', 'count', 'url'] as const)
        if (rule[key] !== undefined) this.#path([...at, key], rule[key]);
      this.#seqPath([...at, 'seq'], rule.seq);
      for (const [name, path] of Object.entries(rule.save ?? {})) this.#path([...at, 'save', name], path);
      if (rule.reply !== undefined) this.#texts([...at, 'reply'], rule.reply, ['frame']);
      this.#idleKeys(at, rule);
      const earlier = shadowOf(rules, index);
      if (earlier !== undefined)
        this.#report(
          [...at, 'when'],
          `Cannot reach this rule: every frame that it matches is decided by rule ${earlier + 1}, the narrower of the two is wanted first`,
          KEY,
        );
    }
    if (rules.length > 0 && !rules.some(({ is }) => is === 'message'))
      this.#report(['rules'], 'Cannot receive messages: no rule says "is: message"', KEY);
  }

  /** Keys that only some kinds of rules have a use for. */
  #idleKeys(at: Path, rule: Rule): void {
    const { is } = rule;
    const uses: Readonly<Record<string, readonly string[]>> = {
      message: ['payload', 'id', 'redelivered'],
      gap: ['from', 'to', 'count', 'reason'],
      fresh: ['reason'],
      reconnect: ['url'],
    };
    for (const key of ['payload', 'id', 'redelivered', 'from', 'to', 'count', 'reason', 'url'] as const) {
      if (rule[key] === undefined || uses[is]?.includes(key)) continue;
      const kinds = Object.keys(uses).filter((kind) => uses[kind]?.includes(key));
      this.#report(
        [...at, key],
        `Cannot use "${key}" in a rule for what is ${is}: only ${kinds.join(' and ')} has a use for it`,
        KEY,
      );
    }
  }

  #numbers(): void {
    const { seq, cumulative, rules = [] } = this.#description;
    const direct = this.#isNumbered && (seq?.kind ?? 'count') === 'count' && seq?.scope !== 'room';
    if (seq !== undefined && !seqsIn(this.#description))
      this.#report(
        ['seq'],
        'Cannot follow numbers: no rule and no step says where they are, "seq: path" is wanted there',
        KEY,
      );
    if (cumulative !== undefined && !direct)
      this.#report(
        ['cumulative'],
        'Cannot ack up to a message: numbers that count by one in a session or connection are wanted',
        KEY,
      );
    for (const [index, rule] of rules.entries())
      if (rule.is === 'gap' && direct && rule.to === undefined)
        this.#report(
          ['rules', index],
          'Cannot place the gap among numbered messages: paths "from" and "to" are wanted',
        );
    if (seq?.scope === 'room' && rules.some((rule) => rule.seq !== undefined && rule.room === undefined)) {
      const index = rules.findIndex((rule) => rule.seq !== undefined && rule.room === undefined);
      this.#report(['rules', index], 'Cannot number a room that is not known: the path "room" is wanted');
    }
  }

  #resume(): void {
    const { resume, seq } = this.#description;
    if (resume === undefined) {
      if (typeof seq?.hole === 'object')
        this.#report(['seq', 'hole'], 'Cannot come back for what is missing: a "resume" is wanted');
      return;
    }
    for (const key of ['success', 'refused'] as const) {
      const answer = resume[key];
      if (answer === undefined) continue;
      const long = typeof answer === 'object' && answer !== null && 'when' in answer;
      const {
        when,
        save = {},
        seq: path,
      } = long
        ? (answer as { when: unknown; save?: Record<string, unknown>; seq?: unknown })
        : { when: answer };
      this.#pattern(['resume', key, ...(long ? ['when'] : [])], when, []);
      for (const [name, text] of Object.entries(save)) this.#path(['resume', key, 'save', name], text);
      this.#seqPath(['resume', key, 'seq'], path);
    }
    if (seq?.scope === 'connection')
      this.#report(
        ['seq', 'scope'],
        'Cannot resume with numbers of a connection: those of a session are wanted',
      );
  }

  #path(at: Path, text: unknown): void {
    if (typeof text !== 'string') {
      this.#report(at, `Cannot read the path: it is ${quote(text)}, a text such as data.id is wanted`);
      return;
    }
    try {
      compilePath(text);
    } catch (error) {
      if (!(error instanceof PathError)) throw error;
      this.#report(at, error.message);
    }
  }

  #seqPath(at: Path, seq: unknown): void {
    if (seq === undefined) return;
    const kind = this.#description.seq?.kind ?? 'count';
    if (typeof seq !== 'object' || seq === null) {
      this.#path(at, seq);
      if (typeof seq !== 'string') return;
    }
    const isText = typeof seq === 'string';
    const written = isText ? 'count' : 'from' in (seq as object) ? 'range' : 'chain';
    const forms = {
      count: 'a path',
      range: 'a map with "from" and "to"',
      chain: 'a map with "previous" and "this"',
    };
    if (written !== kind)
      this.#report(at, `Cannot use this seq with "kind: ${kind}": ${forms[kind]} is wanted`);
    if (!isText)
      for (const [key, path] of Object.entries(seq as Record<string, unknown>))
        this.#path([...at, key], path);
  }

  #pattern(at: Path, option: unknown, names: readonly string[]): void {
    if (option === undefined) return;
    try {
      compilePattern(option);
    } catch (error) {
      if (error instanceof PatternError) this.#report([...at, ...error.at], error.message, KEY);
      else if (!(error instanceof TemplateError)) throw error;
    }
    this.#texts(at, option, names);
  }

  /**
   * Names that templates ask for where there is no such value.
   *
   * @param known - saved by then; absent: whatever is saved anywhere
   */
  #texts(
    at: Path,
    value: unknown,
    names: readonly string[],
    known: ReadonlySet<string> = this.#saved,
    where = 'by any "save"',
  ): void {
    for (const { path, place, offset } of named(value)) {
      const [root = '', name = ''] = path;
      const report = (why: string): void =>
        this.#report([...at, ...place], `Cannot use "${path.join('.')}" here: ${why}`, { offset });
      if (LOCAL.has(root) && !names.includes(root)) report(`there is no ${root} at this place`);
      if (root !== 'saved') continue;
      if (name === 'last') {
        if (!this.#isNumbered) report('nothing is numbered, a "seq" in the rules is wanted');
      } else if (!known.has(name)) {
        const near = nearest(name, [...this.#saved]);
        const hint = near === undefined || near === name ? '' : `, did you mean "${near}"?`;
        report(`it is not saved ${this.#saved.has(name) ? where : 'by any "save"'}${hint}`);
      }
    }
  }
}

interface Named {
  readonly path: readonly string[];
  readonly place: Path;
  readonly offset: number;
}

/** Templates that can't be read are reported with all others of the target. */
function named(value: unknown): Named[] {
  try {
    return compileTemplates(value).names.map(({ path, at, offset }) => ({ path, place: at, offset }));
  } catch (error) {
    if (error instanceof TemplateError) return [];
    throw error;
  }
}

function seqsIn({ rules = [], open = [] }: JsonDescription): boolean {
  return rules.some(({ seq }) => seq !== undefined) || open.some(({ seq }) => seq !== undefined);
}

/** Every name that is saved anywhere below. */
function* saves(value: unknown, at: Path): Generator<{ readonly at: Path; readonly name: string }> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const place = [...at, Array.isArray(value) ? Number(key) : key];
    if (key === 'save' && typeof inner === 'object' && inner !== null)
      for (const name of Object.keys(inner)) yield { at: [...place, name], name };
    else yield* saves(inner, place);
  }
}
