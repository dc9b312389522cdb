import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../src/scenario/parse.ts';
import { formatProblem } from '../../../src/scenario/problem.ts';
import { writeScenario } from '../../../src/scenario/write-scenario.ts';

const HEAD = 'target:\n  url: ws://h:1/\n  driver: json\n  json:\n';

/** @param description - what stands under `json`, each line indented by four spaces */
function outcomeOf(description: string): ReturnType<typeof parseScenario> {
  return parseScenario(HEAD + description, { file: 'a.yaml' });
}

function problemsOf(description: string): string[] {
  const outcome = outcomeOf(description);
  return outcome.ok ? [] : outcome.problems.map(formatProblem);
}

const RULE = '    rules: [{ when: { type: msg }, is: message, seq: n }]\n';

const COMPLETE = `
    frames: lines
    unwrap: data[*]
    open:
      - { expect: { type: hello }, save: { interval: d.ms, session: d.id }, within: 5s }
      - { send: { type: auth, user: "{{ client.id }}" }, expect: { type: ok }, refuse: { type: no } }
    subscribe: { send: { type: sub, room: "{{ room }}" }, confirm: { type: subbed, room: "{{ room }}" } }
    rules:
      - { when: { type: event }, is: message, payload: data, seq: seq, room: room, redelivered: again }
      - { when: { type: ping }, is: ignored, reply: { type: pong, n: "{{ frame.n }}" } }
      - { when: { type: gap }, is: gap, from: from, to: to, reason: overflow }
    seq: { scope: session, first: 1, hole: { close: 4001 } }
    ack: { send: { kind: ack, seq: "{{ message.seq }}" } }
    cumulative: { send: { kind: upTo, seq: "{{ message.seq }}" } }
    heartbeat: { send: { type: ping }, every: "{{ saved.interval }}", expect: { type: pong }, within: 10s }
    silence: 60s
    resume:
      url: ws://h:1/?session={{ saved.session }}&after={{ saved.last }}
      success: { type: resumed }
      refused: { when: { type: fresh }, reason: restart }
      close: { 4001: resume, 1000: fresh, 4004: fatal }
    publish: { send: { type: pub, content: "{{ payload }}" }, confirm: { type: ack, id: "{{ message.id }}" } }
`.slice(1);

describe('a description of a protocol', () => {
  it('may use every key at once, and reads back as it was written', () => {
    const outcome = outcomeOf(COMPLETE);
    expect(problemsOf(COMPLETE)).toEqual([]);
    if (!outcome.ok) return;
    const again = parseScenario(writeScenario(outcome.scenario), { file: 'b.yaml' });
    expect(again.ok && again.scenario.target).toEqual(outcome.scenario.target);
  });

  it('may have nothing at all', () => {
    expect(parseScenario('target: { url: ws://h:1/, driver: json }', { file: 'a.yaml' }).ok).toBe(true);
  });

  it.each<[what: string, description: string, problem: string]>([
    [
      'a rule that an earlier one shadows',
      '    rules:\n      - { when: { type: msg }, is: message }\n      - { when: { type: msg, kind: x }, is: ignored }\n',
      'a.yaml:7:11: Cannot reach this rule: every frame that it matches is decided by rule 1, the narrower of the two is wanted first',
    ],
    [
      'a path in the answer to a resume that is no text',
      `${RULE}    resume: { success: { when: { type: ok }, save: { id: [a] } } }\n`,
      'a.yaml:6:58: Cannot read the path: it is a list, a text such as data.id is wanted',
    ],
    [
      'a seq in the answer to a resume that is no path',
      `${RULE}    resume: { success: { when: { type: ok }, seq: 5 } }\n`,
      'a.yaml:6:51: Cannot read the path: it is "5", a text such as data.id is wanted',
    ],
    [
      'a rule behind one that takes everything',
      '    rules:\n      - { when: {}, is: message }\n      - { when: { type: x }, is: ignored }\n',
      'a.yaml:7:11: Cannot reach this rule: every frame that it matches is decided by rule 1, the narrower of the two is wanted first',
    ],
    [
      'a name that nobody saves',
      `${RULE}    heartbeat: { send: { type: ping, s: "{{ saved.sesion }}" }, every: 5s }\n    open: [{ expect: { type: hello }, save: { session: id } }]\n`,
      'a.yaml:6:45: Cannot use "saved.sesion" here: it is not saved by any "save", did you mean "session"?',
    ],
    [
      'a name that is saved only later',
      `${RULE}    open:\n      - { send: { token: "{{ saved.token }}" } }\n      - { expect: { type: hello }, save: { token: t } }\n`,
      'a.yaml:7:30: Cannot use "saved.token" here: it is not saved in an earlier step',
    ],
    [
      'an address that is known only behind it',
      `${RULE}    url: "{{ saved.url }}"\n    open: [{ expect: { type: hello }, save: { url: u } }]\n`,
      'a.yaml:6:14: Cannot use "saved.url" here: it is not saved before the connection, by HTTP steps in front of "open"',
    ],
    [
      'a value that is not known at its place',
      `${RULE}    open: [{ send: { type: join, room: "{{ room }}" } }]\n`,
      'a.yaml:6:44: Cannot use "room" here: there is no room at this place',
    ],
    [
      'a value that no template has',
      `${RULE}    open: [{ send: { type: join, room: "{{ rom }}" } }]\n`,
      'a.yaml:6:44: Cannot use "rom" in a template: there is no value "rom", did you mean "room"?',
    ],
    [
      'a path that can not be followed',
      '    rules: [{ when: { type: msg }, is: message, payload: "data[x]" }]\n',
      'a.yaml:5:58: Cannot follow the path "data[x]": "[x]" is no step of it, as in data.items[0].seq',
    ],
    [
      'a path in a pattern that can not be followed',
      '    rules: [{ when: { "data[": msg }, is: message }]\n',
      'a.yaml:5:23: Cannot follow the path "data[": "[" is no step of it, as in data.items[0].seq',
    ],
    [
      'a position without numbers',
      '    rules: [{ when: { type: msg }, is: message }]\n    resume: { open: [{ send: { after: "{{ saved.last }}" } }] }\n',
      'a.yaml:6:43: Cannot use "saved.last" here: nothing is numbered, a "seq" in the rules is wanted',
    ],
    [
      'a seq of another form',
      '    rules: [{ when: { type: msg }, is: message, seq: { from: U, to: u } }]\n',
      'a.yaml:5:54: Cannot use this seq with "kind: count": a path is wanted',
    ],
    [
      'a publish that nobody would find again',
      `${RULE}    publish: { send: { type: pub, room: "{{ room }}" } }\n`,
      'a.yaml:6:22: Cannot follow what is published: "{{ payload }}", or "{{ stamp }}", is wanted in it',
    ],
    [
      'a step that does nothing',
      `${RULE}    open: [{ within: 5s }]\n`,
      'a.yaml:6:12: Cannot run a step without "send", "expect" or "http": one of them is wanted',
    ],
    [
      'a key that a kind of rule has no use for',
      '    rules: [{ when: { type: msg }, is: message }, { when: { type: x }, is: ignored, payload: p }]\n',
      'a.yaml:5:85: Cannot use "payload" in a rule for what is ignored: only message has a use for it',
    ],
    [
      'an expression that can not be read',
      '    frames: text\n    fields: "(?<a"\n',
      'a.yaml:6:13: Cannot read the expression: Invalid regular expression: /(?<a/: Invalid capture group name',
    ],
    [
      'a kind of rule that there is not',
      '    rules: [{ when: { type: msg }, is: mesage }]\n',
      'a.yaml:5:40: Cannot read "is" as "mesage": message, gap, resumed, fresh, replayed, refused, reconnect, error, ignored are known, did you mean "message"?',
    ],
    [
      'a rule without a pattern',
      '    rules: [{ is: message }]\n',
      'a.yaml:5:13: Cannot match nothing: a pattern is wanted, {} matches every frame',
    ],
    [
      'a subscribe that sends nothing',
      `${RULE}    subscribe: { confirm: { type: ok } }\n`,
      'a.yaml:6:16: Cannot send nothing: "send" is wanted, a text or any JSON',
    ],
  ])('is refused with its place for %s', (_what, description, problem) => {
    expect(problemsOf(description)).toContain(problem);
  });
});
