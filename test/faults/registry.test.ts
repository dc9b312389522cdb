import { describe, expect, it } from 'vitest';
import type {
  Fault,
  FaultValues,
  FaultyClient,
  FaultyServer,
  FaultyService,
} from '../../src/faults/fault.ts';
import { describeFaults, FAULTS, findFault } from '../../src/faults/registry.ts';

/** Notes every call with its arguments. */
function recorder<T extends FaultyClient | FaultyServer | FaultyService>(): {
  readonly calls: string[];
  readonly subject: T;
} {
  const calls: string[] = [];
  const subject = new Proxy({} as T, {
    get: (_, name) => {
      return (...args: unknown[]): void => {
        calls.push(`${String(name)}(${args.map(String).join()})`);
      };
    },
  });
  return { calls, subject };
}

function fault<K extends Fault['kind']>(name: string, kind: K): Extract<Fault, { kind: K }> {
  const found = findFault(name);
  if (found?.kind !== kind) throw new Error(`${name} is not of the kind ${kind}`);
  return found as Extract<Fault, { kind: K }>;
}

function inject(name: string, values: FaultValues = {}): string[] {
  const { calls, subject } = recorder<FaultyClient>();
  fault(name, 'instant').inject(subject, values);
  return calls;
}

const LASTING: readonly (readonly [string, FaultValues, readonly string[], readonly string[]])[] = [
  ['slow-reader', { rate: 16_384 }, ['limitReading(16384)'], ['limitReading(undefined)']],
  ['pause-reader', {}, ['pauseReading()'], ['resumeReading()']],
  [
    'half-open',
    {},
    ['answerPings(false)', 'mute(true)', 'pauseReading()'],
    ['mute(false)', 'answerPings(true)', 'resumeReading()'],
  ],
  ['no-pong', {}, ['answerPings(false)'], ['answerPings(true)']],
  ['slow-handler', { time: 50 }, ['setHandlerTime(50)'], ['setHandlerTime(undefined)']],
  ['return-late', {}, ['stayAway()', 'drop()'], ['release()']],
  ['never-return', {}, ['stayAway()', 'drop()'], []],
];

const INSTANT: readonly (readonly [string, FaultValues, readonly string[]])[] = [
  ['reset', {}, ['reset()']],
  ['drop', {}, ['drop()']],
  ['close', { code: 4000 }, ['close(4000)']],
  ['handler-crash', {}, ['crashBeforeNextAck()']],
  ['second-socket', {}, ['openSecondSocket()']],
  ['fresh-session', {}, ['forgetSession()', 'drop()']],
  ['reconnect-storm', {}, ['drop()', 'release()']],
];

describe('lasting faults', () => {
  it.each(LASTING)('%s begins and ends with what it is made of', (name, values, begun, ended) => {
    const { calls, subject } = recorder<FaultyClient>();
    fault(name, 'lasting').begin(subject, values);
    expect(calls.splice(0)).toEqual(begun);
    fault(name, 'lasting').end(subject, values);
    expect(calls).toEqual(ended);
  });

  it('only never-return is not healed', () => {
    const forGood = [...FAULTS.values()].filter((each) => each.kind === 'lasting' && each.healed === false);
    expect(forGood.map(({ name }) => name)).toEqual(['never-return']);
  });

  it('return-late outlasts the resume TTL unless told otherwise', () => {
    expect(fault('return-late', 'lasting').lasts).toBe('past-resume-ttl');
  });

  it('half-open says that the kernel still acks', () => {
    expect(fault('half-open', 'lasting')).toMatchObject({
      fidelity: 'socket',
      summary: expect.stringContaining('kernel still acks'),
    });
  });
});

describe('instant faults', () => {
  it.each(INSTANT)('%s is injected with what it is made of', (name, values, calls) => {
    expect(inject(name, values)).toEqual(calls);
  });

  it('malformed-frames sends as many broken frames as asked, of several kinds', () => {
    const calls = inject('malformed-frames', { count: 12 });
    expect(calls).toHaveLength(12);
    expect(calls.every((call) => call.startsWith('sendRaw('))).toBe(true);
    expect(new Set(calls).size).toBeGreaterThan(5);
  });

  it('room-actions sends a whole round of actions, as often as wanted', () => {
    const said = inject('room-actions', { rounds: 2 }).map(
      (call) => /"action\\*":\\*"([a-z]+)/.exec(call)?.[1],
    );
    expect(said).toEqual(['leave', 'join', 'message', 'ping', 'leave', 'join', 'message', 'ping']);
  });

  it('oversized-frame sends one well-formed frame of exactly the size', () => {
    const sent: string[] = [];
    const { subject } = recorder<FaultyClient>();
    const client = new Proxy(subject, { get: () => (text: string) => sent.push(text) });
    fault('oversized-frame', 'instant').inject(client, { size: 2 * 1024 * 1024 });
    expect(sent.map((text) => text.length)).toEqual([2 * 1024 * 1024]);
    expect(JSON.parse(sent[0] ?? '')).toMatchObject({ action: 'message' });
  });

  it('refuses to play without the value of a parameter', () => {
    expect(() => inject('close')).toThrow('Cannot inject a fault without its "code"');
  });
});

describe('ack faults', () => {
  it.each([
    ['lose-acks', {}, { kind: 'lose' }],
    ['delay-acks', { delay: 200 }, { kind: 'delay', delayMs: 200 }],
    ['duplicate-acks', { copies: 2 }, { kind: 'duplicate', copies: 2 }],
    ['nack', {}, { kind: 'nack' }],
  ])('%s decides the fate of an ack', (name, values, fate) => {
    expect(fault(name, 'acks').fate(values)).toEqual(fate);
  });
});

describe('server faults', () => {
  it.each([
    ['server-restart', { down: 500 }, 'restart(500)'],
    ['block-event-loop', { time: 300 }, 'blockEventLoop(300)'],
  ])('%s is injected into the server', (name, values, call) => {
    const { calls, subject } = recorder<FaultyServer>();
    fault(name, 'server').inject(subject, values);
    expect(calls).toEqual([call]);
  });
});

describe('send-errors', () => {
  it('lets a share of the sends fail, for a while', () => {
    const struck: unknown[] = [];
    const { subject } = recorder<FaultyServer>();
    const server = new Proxy(subject, { get: () => (errors: unknown) => struck.push(errors) });
    fault('send-errors', 'server').inject(server, { time: 500, share: 0.2, permanent: 0.1 });
    expect(struck).toEqual([{ forMs: 500, share: 0.2, permanentShare: 0.1 }]);
  });
});

describe('the registry', () => {
  it('finds every fault under its own name and nothing else', () => {
    for (const [name, found] of FAULTS) expect(findFault(name)).toBe(found.name === name ? found : undefined);
    expect(findFault('half-opn')).toBeUndefined();
    expect(FAULTS.size).toBe(27);
  });

  it('describes each fault with a sentence and the defaults of its parameters', () => {
    const rows = describeFaults();
    expect(rows.map(({ name }) => name)).toEqual([...FAULTS.keys()]);
    expect(rows.every(({ summary }) => summary.endsWith('.'))).toBe(true);
    expect(rows.find(({ name }) => name === 'slow-reader')?.parameters).toEqual(['rate: 16KiB/s']);
  });
});

describe('faults of services', () => {
  it.each([
    ['service-kill', { down: 700 }, ['kill(700)'], []],
    ['service-restart', {}, ['restart()'], []],
    ['service-pause', {}, ['pause()'], ['resume()']],
  ])('%s begins and ends with what it is made of', (name, values: FaultValues, begun, ended) => {
    const { calls, subject } = recorder<FaultyService>();
    fault(name, 'service').inject(subject, values);
    expect(calls.splice(0)).toEqual(begun);
    fault(name, 'service').end?.(subject, values);
    expect(calls).toEqual(ended);
  });
});
