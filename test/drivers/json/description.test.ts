import { describe, expect, it } from 'vitest';
import type { JsonOptions } from '../../../src/drivers/json/options.ts';
import type { HttpRequest } from '../../../src/protocol/ports.ts';
import { LoneClient } from './lone-client.ts';

const MESSAGE = { when: { type: 'msg' }, is: 'message', payload: 'data' } as const;
const NUMBERED = { ...MESSAGE, seq: 'seq' } as const;

describe('a described client', () => {
  it('runs its steps in order, keeps what they save, and hands other frames to the rules', () => {
    const one = new LoneClient({
      open: [
        { expect: { type: 'hello' }, save: { session: 'd.id' } },
        { send: { type: 'auth', session: '{{ saved.session }}' }, expect: { type: 'ok' } },
      ],
      rules: [
        MESSAGE,
        { when: { type: 'ping' }, is: 'ignored', reply: { type: 'pong', n: '{{ frame.n }}' } },
      ],
    });
    one.say({ type: 'ping', n: 7 }, { type: 'hello', d: { id: 'x' } });
    expect(one.sent).toEqual([
      { type: 'pong', n: 7 },
      { type: 'auth', session: 'x' },
    ]);
    expect(one.told).toEqual([]);
    one.say({ type: 'msg', data: 1 });
    // It belongs to the session that is about to begin.
    expect(one.told).toEqual([]);
    one.say({ type: 'ok' });
    expect(one.told).toEqual(['fresh', 'message 0']);
  });

  it('says which step stayed unanswered, and tries again', () => {
    const one = new LoneClient({ open: [{ expect: { type: 'hello' }, within: 500 }], rules: [MESSAGE] });
    one.pass(600);
    expect(one.told[0]).toBe('step 1 of "open" was not answered within 500 ms: nothing came that it expects');
    one.pass(500);
    expect(one.links.length).toBe(2);
  });

  it('says what refuses a step, a room, and the client', () => {
    const step = new LoneClient({ open: [{ send: 'x', expect: { ok: true }, refuse: { ok: false } }] });
    step.say({ ok: false, why: 'no' });
    expect(step.told[0]).toBe('the server refuses step 1 of "open": {"ok":false,"why":"no"}');
    const subscribe = { send: 'x', confirm: { sub: '{{ room }}' }, refuse: { no: '{{ room }}' } };
    const room = new LoneClient({ subscribe });
    room.say({ no: 'r2' }, { no: 'r1' });
    expect(room.told).toContain('the server refuses the room "r1": {"no":"r1"}');
    const client = new LoneClient({ rules: [{ when: { bye: 'exists' }, is: 'refused' }, MESSAGE] });
    client.say({ bye: 1 });
    expect(client.told[1]).toBe('the server refuses the client: {"bye":1}');
  });

  it('asks over HTTP before it connects, and goes where the answer says', () => {
    const asked: HttpRequest[] = [];
    const one = new LoneClient(
      {
        url: '{{ saved.url }}?n={{ client.index }}',
        open: [
          { http: { url: 'http://h/open', body: { a: 1 }, save: { url: 'url' } } },
          { expect: { type: 'hello' } },
        ],
      },
      {},
      (request, done) => {
        asked.push(request);
        done({ status: 200, headers: {}, text: '{"url":"ws://there/"}' });
        return () => {};
      },
    );
    expect(asked).toMatchObject([{ method: 'POST', url: 'http://h/open', body: '{"a":1}' }]);
    expect(one.urls).toEqual(['ws://there/?n=0']);
    one.say({ type: 'hello' });
    expect(one.told).toEqual(['fresh']);
  });

  it('does not connect when HTTP says no, and says why', () => {
    const options: JsonOptions = {
      url: '{{ saved.url }}',
      open: [{ http: { url: 'http://h/', save: { url: 'url' } } }],
    };
    const refused = new LoneClient(options, {}, (_request, done) => {
      done({ status: 403, headers: {}, text: 'forbidden' });
      return () => {};
    });
    expect(refused.told[0]).toBe('the HTTP request of step 1 of "open" was answered with 403: forbidden');
    const empty = new LoneClient(options, {}, (_request, done) => {
      done({ status: 200, headers: {}, text: '{"ok":false}' });
      return () => {};
    });
    expect(empty.told[0]).toBe(
      'the HTTP answer of step 1 of "open" has nothing to save as "url": {"ok":false}',
    );
    expect([refused.links.length, empty.links.length]).toEqual([0, 0]);
  });

  it.each<[what: string, options: JsonOptions, frames: unknown[], told: string[]]>([
    [
      'tells of a hole',
      { rules: [NUMBERED] },
      [
        { type: 'msg', seq: 4 },
        { type: 'msg', seq: 7 },
      ],
      ['message 1', 'gap 2-3: hole', 'message 4'],
    ],
    [
      'takes no notice of a hole when its library does not',
      { rules: [NUMBERED], seq: { first: 1, hole: 'nothing' } },
      [{ type: 'msg', seq: 3 }],
      ['message 3'],
    ],
    [
      'knows a number that comes again',
      { rules: [{ ...NUMBERED, redelivered: 'again' }] },
      [
        { type: 'msg', seq: 1 },
        { type: 'msg', seq: 2 },
        { type: 'msg', seq: 1, again: 2 },
      ],
      ['message 1', 'message 2', 'again 1'],
    ],
    [
      'moves with heartbeats that share the numbers',
      { rules: [NUMBERED, { when: { type: 'hb' }, is: 'ignored', seq: 'seq' }] },
      [
        { type: 'msg', seq: 1 },
        { type: 'hb', seq: 2 },
        { type: 'msg', seq: 3 },
      ],
      ['message 1', 'message 3'],
    ],
    [
      'numbers each room apart',
      { rules: [{ ...NUMBERED, room: 'room' }], seq: { scope: 'room', first: 1 } },
      [
        { type: 'msg', room: 'a', seq: 1 },
        { type: 'msg', room: 'b', seq: 1 },
        { type: 'msg', room: 'a', seq: 3 },
        { type: 'msg', room: 'b', seq: 2 },
      ],
      ['message 1', 'message 2', 'gap 3-3: hole', 'message 4', 'message 5'],
    ],
    [
      'follows ranges',
      { rules: [{ ...MESSAGE, seq: { from: 'U', to: 'u' } }], seq: { kind: 'range' } },
      [
        { type: 'msg', U: 1, u: 5 },
        { type: 'msg', U: 6, u: 6 },
        { type: 'msg', U: 9, u: 12 },
      ],
      ['message 1', 'message 2', 'gap 3-4: hole', 'message 5'],
    ],
    [
      'follows chains, of whose holes nobody knows the size',
      { rules: [{ ...MESSAGE, seq: { previous: 'p', this: 't' } }], seq: { kind: 'chain' } },
      [
        { type: 'msg', p: 'x', t: 'a' },
        { type: 'msg', p: 'a', t: 'b' },
        { type: 'msg', p: 'c', t: 'd' },
      ],
      ['message 1', 'message 2', 'gap 3-1000002: hole', 'message 1000003'],
    ],
    [
      'tells of gaps, by numbers and by how many',
      { rules: [NUMBERED, { when: { type: 'gap' }, is: 'gap', from: 'a', to: 'b', reason: 'overflow' }] },
      [
        { type: 'msg', seq: 1 },
        { type: 'gap', a: 2, b: 5 },
        { type: 'msg', seq: 6 },
      ],
      ['message 1', 'gap 2-5: overflow', 'message 6'],
    ],
    [
      'counts messages without numbers where a gap says how many are missing',
      { rules: [MESSAGE, { when: { lagged: 'exists' }, is: 'gap', count: 'lagged' }] },
      [{ type: 'msg' }, { lagged: 3 }, { type: 'msg' }],
      ['message 1', 'gap 2-4: gap', 'message 5'],
    ],
  ])('%s', (_what, options, frames, told) => {
    const one = new LoneClient(options);
    one.say(...frames);
    expect(one.told).toEqual(['fresh', ...told]);
  });

  it.each<[what: string, options: JsonOptions, texts: string[], payloads: unknown[]]>([
    [
      'lines',
      { frames: 'lines', rules: [MESSAGE] },
      ['{"type":"msg","data":1}\n\n{"type":"msg","data":2}'],
      [1, 2],
    ],
    [
      'lists in a frame, with what stands around them',
      {
        unwrap: 'data[*]',
        rules: [{ when: { '^arg.channel': 'c', k: 'exists' }, is: 'message', payload: 'k' }],
      },
      ['{"arg":{"channel":"c"},"data":[{"k":1},{"k":2}]}', '{"arg":{"channel":"d"},"data":[{"k":3}]}'],
      [1, 2],
    ],
    [
      'arrays by position',
      { rules: [{ when: { 2: 'trade' }, is: 'message', payload: '[1][0]' }] },
      ['[7,["x"],"trade"]'],
      ['x'],
    ],
    ['the end of an array', { rules: [{ when: [], is: 'message', payload: '[-1]' }] }, ['[1,2,3]'], [3]],
    [
      'JSON in a string',
      { rules: [{ when: { 'event.a': 1 }, is: 'message', payload: 'event.b' }] },
      ['{"event":"{\\"a\\":1,\\"b\\":2}"}'],
      [2],
    ],
    [
      'text with fields',
      {
        frames: 'text',
        fields: '^(?<kind>\\w+) (?<room>\\S+) (?<rest>.*)$',
        rules: [{ when: { kind: 'MSG' }, is: 'message', payload: 'rest' }],
      },
      ['MSG r1 {"x":1}', 'PING'],
      ['{"x":1}'],
    ],
    [
      'bare text among JSON',
      { rules: [{ when: 'pong', is: 'ignored' }, MESSAGE] },
      ['pong', '{"type":"msg","data":3}'],
      [3],
    ],
  ])('reads %s', (_what, options, texts, payloads) => {
    const one = new LoneClient(options);
    one.say(...texts);
    expect(one.payloads).toEqual(payloads);
  });

  it('takes every frame for a message that may hold a stamp when nothing is described', () => {
    const one = new LoneClient({});
    one.say('{"anything":1}', 'text');
    expect(one.payloads).toEqual(['{"anything":1}', 'text']);
  });

  it('hands over frames that no rule matches, so that nothing is missed in silence', () => {
    const one = new LoneClient({ rules: [MESSAGE] });
    one.say({ type: 'news', n: 1 });
    expect(one.unmatchedTexts).toEqual(['{"type":"news","n":1}']);
  });

  it('acks by a number, by an id of the frame, and says what it could not handle', () => {
    const rules = [{ ...NUMBERED, id: 'meta.id' }];
    const ack = { send: { ack: '{{ message.seq }}', id: '{{ message.id }}', frame: '{{ frame.e }}' } };
    const nack = { send: { nack: '{{ message.seq }}' } };
    const good = new LoneClient({ rules, ack, nack });
    good.say({ type: 'msg', seq: 9, meta: { id: 'm' }, e: 'env' });
    expect(good.sent).toEqual([{ ack: 9, id: 'm', frame: 'env' }]);
    const failing = new LoneClient({ rules, ack, nack }, { handlerFailureRatio: 1 });
    failing.say({ type: 'msg', seq: 9, meta: { id: 'm' }, e: 'env' });
    expect(failing.sent).toEqual([{ nack: 9 }]);
  });

  it('sends a heartbeat as often as the server has said, and gives up when it stays unanswered', () => {
    const one = new LoneClient({
      open: [{ expect: { type: 'hello' }, save: { interval: 'ms' } }],
      rules: [MESSAGE],
      heartbeat: {
        send: { type: 'hb' },
        every: '{{ saved.interval }}',
        expect: { type: 'hb-ack' },
        within: 300,
      },
    });
    one.say({ type: 'hello', ms: 1000 });
    one.pass(1005);
    expect(one.sent).toEqual([{ type: 'hb' }]);
    one.say({ type: 'hb-ack' });
    one.pass(1000);
    expect(one.sent.length).toBe(2);
    one.pass(300);
    expect(one.told).toContain('the heartbeat was not answered within 300 ms');
  });

  it('gives a connection up on which nothing is heard', () => {
    const one = new LoneClient({ rules: [MESSAGE], silence: 1000 });
    one.pass(800);
    one.say({ type: 'msg' });
    one.pass(800);
    expect(one.told).toEqual(['fresh', 'message 0']);
    one.pass(300);
    expect(one.told).toContain('nothing was heard for 1000 ms');
  });

  const RESUME: JsonOptions = {
    open: [{ expect: { type: 'hello' }, save: { id: 'id' } }],
    rules: [NUMBERED],
    seq: { first: 1 },
    resume: {
      url: 'ws://h/?id={{ saved.id }}&after={{ saved.last }}',
      refused: { when: { type: 'hello' }, save: { id: 'id' } },
      close: { 1000: 'fresh', 4004: 'fatal' },
    },
  };

  function established(options: JsonOptions = RESUME): LoneClient {
    const one = new LoneClient(options);
    one.say({ type: 'hello', id: 'x' }, { type: 'msg', seq: 1 });
    return one;
  }

  it('comes back by an address, and its session may still be refused afterwards', () => {
    const one = established();
    one.close(1006);
    one.pass(200);
    expect(one.urls.at(-1)).toBe('ws://h/?id=x&after=1');
    expect(one.told.at(-1)).toBe('resumed after 1');
    one.say({ type: 'hello', id: 'y' }, { type: 'msg', seq: 1 });
    expect(one.told.slice(-2)).toEqual(['fresh: session-expired', 'message 1']);
    one.close(1011);
    one.pass(200);
    expect(one.urls.at(-1)).toBe('ws://h/?id=y&after=1');
  });

  it('takes close codes for what they mean', () => {
    const fresh = established();
    fresh.close(1000);
    fresh.pass(200);
    fresh.say({ type: 'hello', id: 'y' });
    expect([fresh.urls.at(-1), fresh.told.at(-1)]).toEqual([undefined, 'fresh: session-expired']);
    const fatal = established();
    fatal.close(4004);
    fatal.pass(5000);
    expect(fatal.links.length).toBe(1);
    expect(fatal.told).toContain('closed with 4004, after which a client does not come back');
  });

  it('closes for a hole and asks for what is missing', () => {
    const one = established({ ...RESUME, seq: { first: 1, hole: { close: 4001 } } });
    one.say({ type: 'msg', seq: 3 }, { type: 'msg', seq: 4 });
    one.pass(300);
    expect(one.told).toContain('server sees 4001');
    expect(one.told.filter((line) => !line.startsWith('server'))).toEqual([
      'fresh',
      'message 1',
      'closed 4001',
      'resumed after 1',
    ]);
    expect(one.urls.at(-1)).toBe('ws://h/?id=x&after=1');
  });

  it('goes where the server sends it', () => {
    const one = new LoneClient({ rules: [{ when: { type: 'go' }, is: 'reconnect', url: 'to' }, MESSAGE] });
    one.say({ type: 'go', to: 'ws://elsewhere/' });
    one.pass(50);
    expect(one.urls).toEqual([undefined, 'ws://elsewhere/']);
  });

  it('finds the answer to each publish, by what was sent', () => {
    const one = new LoneClient({
      publish: {
        send: { id: '{{ counter(id) }}', data: '{{ payload }}' },
        confirm: { ok: '{{ counter(id) }}' },
        reject: { no: '{{ counter(id) }}' },
        within: 1000,
      },
      rules: [MESSAGE],
    });
    const [first, second, third] = [one.publish(1), one.publish(2), one.publish(3)];
    expect(one.sent[0]).toEqual({ id: 1, data: { stamp: 's1', body: 'b' } });
    one.say({ ok: 2 }, { no: 1 });
    expect([first?.[0]?.kind, second?.[0]?.kind, third]).toEqual(['rejected', 'accepted', []]);
    one.pass(1000);
    expect(third).toEqual([{ kind: 'unknown' }]);
  });

  it('puts a payload as text where it stands in a text', () => {
    const one = new LoneClient({ publish: { send: 'PUB {{ room }} {{ payload }}' } });
    expect(one.publish(1)).toEqual([{ kind: 'unconfirmed' }]);
    expect(one.sent).toEqual(['PUB r1 {"stamp":"s1","body":"b"}']);
  });

  it('gives the connection up when a frame has not what a reply needs', () => {
    const one = new LoneClient({
      rules: [{ when: { type: 'ping' }, is: 'ignored', reply: { n: '{{ frame.n }}' } }, MESSAGE],
    });
    one.say({ type: 'ping' });
    expect(one.told[1]).toBe('Cannot render "frame.n": there is no such value here');
  });
});
