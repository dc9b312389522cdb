import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LossReason } from '../../src/delivery/loss-reason.ts';
import type {
  ClientBehaviour,
  ClientObserver,
  ClientPublish,
  Driver,
  DriverClient,
  FaultHandle,
  PublishOutcome,
} from '../../src/drivers/driver.ts';
import { plainValues } from '../../src/drivers/values.ts';
import type { BackoffPolicy } from '../../src/protocol/backoff.ts';
import type { Clock, Dial, Http, Random, Timers } from '../../src/protocol/ports.ts';
import { randomStreams } from '../../src/world/random.ts';
import { MachineClock } from '../../src/world/real/clock.ts';
import { createDialer, type DialerOptions } from '../../src/world/real/dial.ts';
import { createHttp } from '../../src/world/real/http.ts';
import { TimerWheel } from '../../src/world/real/timer-wheel.ts';
import { virtualHttp } from '../../src/world/virtual/http.ts';
import { VirtualNetwork } from '../../src/world/virtual/network.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';

export const ROOM = 'r1';
/** Longer than every reconnect, redelivery and replay of the servers in virtual time. */
const SETTLE_MS = 5000;

const BEHAVIOUR: ClientBehaviour = {
  rooms: [ROOM],
  ack: { mode: 'each' },
  dedupWindow: 64,
  reconnect: { minMs: 20, maxMs: 100, jitter: 'full' },
  handlerMs: 0,
  handlerFailureRatio: 0,
  nack: false,
  batch: false,
};

/** Where the clients of a driver under contract live, and its server. */
export interface ContractWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly dial: Dial;
  readonly http: Http;
  readonly randomFor: (name: string) => Random;
  /** Time of day, ms since 1970. */
  readonly epochMs: () => number;
  /** Longer than every reconnect, redelivery and replay of the server. */
  readonly settleMs: number;
  /** By which everything takes longer here. */
  readonly slowness: number;
  /** Lets time pass, `slowness` times as much. */
  pass(ms: number): Promise<void>;
  /** Timers that are armed; undefined where nobody can know. */
  plannedCount(): number | undefined;
  end(): Promise<void>;
}

export class VirtualContractWorld implements ContractWorld {
  readonly time = new VirtualTime();
  readonly clock = this.time;
  readonly timers = this.time;
  readonly randomFor = randomStreams(1);
  readonly network = new VirtualNetwork({ time: this.time, randomFor: this.randomFor });
  readonly dial = this.network.dialer({
    address: 'server',
    path: this.network.path({ name: 'client', up: { delayMs: 2 }, down: { delayMs: 2 } }),
  });
  readonly http = virtualHttp(this.time);
  readonly epochMs = (): number => 1e12 + this.time.nowUs() / 1000;
  readonly settleMs = SETTLE_MS;
  readonly slowness = 1;

  async pass(ms: number): Promise<void> {
    this.time.runFor(ms);
  }

  plannedCount(): number {
    return this.time.plannedCount;
  }

  async end(): Promise<void> {}
}

/** On real sockets and in real time; the server says where it listens before the first client dials. */
export class RealContractWorld implements ContractWorld {
  readonly clock = new MachineClock();
  readonly timers = new TimerWheel(this.clock);
  readonly randomFor = randomStreams(1);
  readonly http = createHttp();
  readonly epochMs = Date.now;
  readonly settleMs: number;
  readonly slowness: number;
  /** Set by the server: how its clients dial. */
  dialing: DialerOptions | undefined;
  readonly dial: Dial = (events, request) => {
    if (this.dialing === undefined) throw new Error('Cannot dial: the server has not said where it listens');
    return createDialer(this.dialing)(events, request);
  };

  /** @param slowness - for a busy machine, and for a server that takes its time */
  constructor(slowness = 3) {
    this.slowness = slowness;
    this.settleMs = 1500 / slowness;
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms * this.slowness));
  }

  plannedCount(): undefined {
    return undefined;
  }

  async end(): Promise<void> {
    this.timers.close();
  }
}

/** A server of the protocol, listening at `server`. */
export interface ContractServer {
  /** Sends `{"tag":tag}` to everybody in the room, now or when they are back. */
  publish(tag: number): void;
  /** Payloads of clients that were taken in, as texts. */
  readonly taken: readonly string[];
  /** Sends everybody a frame as it is; absent where a client has to end a connection with a meaningless one. */
  say?(text: string): void;
  /** Drops every connection, and what it knows of sessions. */
  restart(): void | Promise<void>;
  /** Says goodbye for good. */
  stop(): void | Promise<void>;
}

interface Tagged {
  readonly tag: number;
}

/** Writes down what a client tells. */
class Recorder implements ClientObserver<Tagged> {
  readonly told: string[] = [];
  readonly messages: [position: number, tag: number][] = [];
  readonly handledTags: number[] = [];
  readonly acks: [position: number, cumulative: boolean][] = [];
  /** Called when it is told that the client is in its rooms. */
  onJoined: () => void = () => {};
  /** Called after everything that is handled. */
  onEachHandled: () => void = () => {};

  /** What is told of the connection alone, without sockets that a newer one took over from. */
  get lifecycle(): string[] {
    return this.told.filter((line) => /^(connecting|open|subscribed|resumed|closed|goodbye)/.test(line));
  }

  connecting(): void {
    this.told.push('connecting');
  }

  open(): void {
    this.told.push('open');
  }

  subscribed(_session: string, told: LossReason | undefined): void {
    this.told.push(told === undefined ? 'subscribed' : `subscribed: ${told}`);
    this.onJoined();
  }

  resumed(through: number): void {
    this.told.push(`resumed after ${through}`);
    this.onJoined();
  }

  refused(reason: string): void {
    this.told.push(`refused: ${reason}`);
  }

  message(position: number, payload: unknown, redelivered: boolean): Tagged {
    const tag = tagIn(payload);
    this.messages.push([position, tag]);
    this.told.push(`message ${tag}${redelivered ? ' again' : ''}`);
    return { tag };
  }

  deduplicated(_position: number, { tag }: Tagged): void {
    this.told.push(`duplicate ${tag}`);
  }

  handled(_position: number, { tag }: Tagged): void {
    this.handledTags.push(tag);
    this.told.push(`handled ${tag}`);
    this.onEachHandled();
  }

  failed(_position: number, { tag }: Tagged): void {
    this.told.push(`failed ${tag}`);
  }

  acked(position: number, cumulative: boolean): void {
    this.acks.push([position, cumulative]);
    this.told.push(`acked ${position}`);
  }

  gap(from: number, to: number, reason: LossReason): void {
    this.told.push(`gap ${from}-${to}: ${reason}`);
  }

  replayed(): void {
    this.told.push('replayed');
  }

  goodbye(): void {
    this.told.push('goodbye');
  }

  closed(code: number): void {
    this.told.push(`closed ${code}`);
  }

  olderClosed(code: number): void {
    this.told.push(`older closed ${code}`);
  }
}

/** In a slow world a client is away for longer. */
function slower({ minMs, maxMs, jitter }: BackoffPolicy, slowness: number): BackoffPolicy {
  return { minMs: minMs * slowness, maxMs: maxMs * slowness, jitter };
}

/** A publish whose payload is a tag. */
function tagged(tag: number, settle: (outcome: PublishOutcome) => void): ClientPublish {
  const stamp = `t.1.${tag}`;
  return { room: ROOM, type: 'up', payloadText: `{"tag":${tag}}`, stamp, body: '', seq: tag, settle };
}

/** A server may wrap what was published, or send it as bytes. */
function tagIn(payload: unknown): number {
  const text = payload instanceof Uint8Array ? Buffer.from(payload).toString() : JSON.stringify(payload);
  return Number(/tag\\*":(\d+)/.exec(text)?.[1]);
}

/**
 * What every driver has to do: what it declares in its traits is what it tells.
 *
 * @param newWorld - virtual, or real where the protocol's server is
 * @param serve - starts a server of its protocol
 */
export function describeDriverContract<World extends ContractWorld>(
  driver: Driver,
  newWorld: () => World,
  serve: (world: World) => ContractServer | Promise<ContractServer>,
): void {
  const { traits } = driver;
  const resumes = traits.resume !== 'none';
  /** The position of the n-th message, as far as the protocol numbers them. */
  const at = (position: number): number => (traits.positions === 'none' ? 0 : position);

  describe(`the driver ${driver.name}`, () => {
    let server: ContractServer;
    let world: World;

    beforeEach(async () => {
      world = newWorld();
      server = await serve(world);
    });

    afterEach(async () => {
      for (const client of clients.splice(0)) client.stop();
      await server.stop();
      await world.end();
    });

    const clients: DriverClient<Tagged>[] = [];

    function newClient(behaviour: Partial<ClientBehaviour> = {}): {
      client: DriverClient<Tagged>;
      saw: Recorder;
    } {
      const saw = new Recorder();
      const { clock, timers, dial, http, epochMs, randomFor } = world;
      const client = driver.newClients()<Tagged>({
        clientId: 'c0',
        values: plainValues(0, 'c0'),
        behaviour: { ...BEHAVIOUR, reconnect: slower(BEHAVIOUR.reconnect, world.slowness), ...behaviour },
        observer: saw,
        ports: {
          clock,
          timers,
          dial,
          http,
          epochMs,
          reconnectRandom: randomFor('reconnect'),
          handlerRandom: randomFor('handler'),
          contentRandom: randomFor('content'),
        },
      });
      clients.push(client);
      return { client, saw };
    }

    async function join(behaviour: Partial<ClientBehaviour> = {}): Promise<ReturnType<typeof newClient>> {
      const joined = newClient(behaviour);
      joined.client.connector.connect();
      await world.pass(100);
      expect(joined.client.connector.ready).toBe(true);
      return joined;
    }

    async function publish(...tags: number[]): Promise<void> {
      for (const tag of tags) server.publish(tag);
      await world.pass(100);
    }

    /** A test of drivers that have a handle. */
    function itWith(handle: FaultHandle, behaviour: string, test: () => Promise<void>): void {
      if (traits.handles.includes(handle)) it(behaviour, test);
    }

    it('tells that it connects, is open and is in its rooms, in this order', async () => {
      const { saw } = await join();
      expect(saw.told).toEqual(['connecting', 'open', 'subscribed']);
    });

    it('is ready from the moment in which it tells that it is in its rooms, so that a fault may strike there', async () => {
      const { client, saw } = newClient();
      const ready: boolean[] = [];
      saw.onJoined = () => {
        ready.push(client.connector.ready);
        client.connector.drop();
      };
      client.connector.connect();
      for (let step = 0; ready.length < 3 && step < 1000; step += 1) {
        expect(client.connector.ready).toBe(false);
        await world.pass(0.25);
      }
      expect(ready).toEqual([true, true, true]);
    });

    it('tells messages in order, at the positions that its protocol has, and handles them', async () => {
      const { saw } = await join();
      await publish(7, 8, 9);
      expect(saw.messages).toEqual([7, 8, 9].map((tag, index) => [at(index + 1), tag]));
      expect(saw.handledTags).toEqual([7, 8, 9]);
    });

    it('gives its handler the time that it takes, one message after the other', async () => {
      const { client, saw } = await join({ handlerMs: 150 * world.slowness });
      await publish(1, 2);
      expect(saw.messages.length).toBe(2);
      expect([saw.handledTags, client.inbox.size]).toEqual([[], 2]);
      await world.pass(100);
      expect([saw.handledTags, client.inbox.size]).toEqual([[1], 1]);
      await world.pass(150);
      expect([saw.handledTags, client.inbox.size]).toEqual([[1, 2], 0]);
    });

    it('tells of a message that its handler fails to handle, and acks it not', async () => {
      const { client, saw } = await join();
      client.inbox.isPoison = ({ tag }) => tag === 2;
      await publish(1, 2, 3);
      expect(saw.told).toContain('failed 2');
      expect(saw.handledTags).toEqual([1, 3]);
      expect(saw.acks.map(([position]) => position)).toEqual(
        traits.acks.includes('each') ? [at(1), at(3)] : [],
      );
    });

    it('acks as its behaviour says, in the modes that its protocol has', async () => {
      const each = await join();
      await publish(1, 2, 3);
      expect(each.saw.acks.map(([, cumulative]) => cumulative)).toEqual(
        traits.acks.includes('each') ? [false, false, false] : [],
      );
      // What a client does in a mode that its protocol does not have is its own affair.
      if (traits.acks.length > 0 && !traits.acks.includes('cumulative')) return;
      each.client.stop();
      await world.pass(world.settleMs);
      const { saw } = await join({
        ack: { mode: 'cumulative', every: 3, delayMs: world.settleMs * world.slowness },
      });
      await publish(4, 5, 6);
      expect(saw.acks).toEqual(traits.acks.includes('cumulative') ? [[3, true]] : []);
    });

    describe.each<[string, (client: DriverClient<Tagged>) => void]>([
      ['a FIN', ({ connector }) => connector.drop()],
      ['an RST', ({ connector }) => connector.reset()],
      ['a close frame', (client) => client.close(4000)],
    ])('after %s', (_how, leave) => {
      it('comes back by itself, and goes on as its protocol lets it', async () => {
        const { client, saw } = await join();
        await publish(1, 2);
        leave(client);
        await world.pass(10);
        server.publish(3);
        await world.pass(world.settleMs);
        await publish(4);
        const { lifecycle } = saw;
        expect(lifecycle.slice(3, 4).join()).toMatch(/^closed \d+$/);
        expect(lifecycle.slice(4)).toEqual([
          'connecting',
          'open',
          resumes ? `resumed after ${at(2)}` : 'subscribed',
        ]);
        // Without a resume the third is lost, and nothing that is told says so.
        expect(saw.handledTags).toEqual(resumes ? [1, 2, 3, 4] : [1, 2, 4]);
        expect(saw.told.includes('replayed')).toBe(resumes);
      });
    });

    it('is told that its session is gone, where there is one to lose', async () => {
      const { saw } = await join();
      await publish(1);
      await server.restart();
      await world.pass(world.settleMs);
      await publish(2);
      expect(saw.lifecycle.at(-1)).toMatch(resumes ? /^subscribed: [a-z-]+$/ : /^subscribed$/);
      expect(saw.messages.at(-1)).toEqual([at(1), 2]);
    });

    it('backs off while nobody listens, and comes in when somebody does', async () => {
      const { saw } = await join();
      await server.stop();
      await world.pass(world.settleMs);
      const attempts = saw.told.filter((line) => line === 'connecting').length;
      // Some 50 ms apart with full jitter below 100 ms, and never given up.
      expect(attempts).toBeGreaterThan(world.settleMs / 200);
      expect(attempts).toBeLessThan(world.settleMs / 10);
      server = await serve(world);
      await world.pass(world.settleMs);
      await publish(1);
      expect(saw.handledTags).toEqual([1]);
    });

    it('stays away until it is released', async () => {
      const { client, saw } = await join();
      client.connector.stayAway();
      client.connector.drop();
      await world.pass(world.settleMs);
      expect(saw.lifecycle.at(-1)).toMatch(/^closed/);
      client.connector.release();
      await world.pass(100);
      expect(client.connector.ready).toBe(true);
    });

    it('reads nothing while it is paused, and everything afterwards', async () => {
      const { client, saw } = await join();
      client.connector.pauseReading('fault');
      await publish(1, 2);
      expect(saw.messages).toEqual([]);
      client.connector.resumeReading('fault');
      await world.pass(100);
      expect(saw.handledTags).toEqual([1, 2]);
    });

    it('stays paused over a new connection', async () => {
      const { client, saw } = await join();
      client.connector.pauseReading('fault');
      client.connector.drop();
      await world.pass(200);
      expect([client.connector.ready, saw.lifecycle.at(-1)]).toEqual([false, 'open']);
      client.connector.resumeReading('fault');
      await world.pass(100);
      expect(client.connector.ready).toBe(true);
    });

    it('says nothing while it is muted', async () => {
      const { client } = await join();
      const outcomes: PublishOutcome[] = [];
      client.connector.setMuted(true);
      client.publish(tagged(1, (one) => outcomes.push(one)));
      await world.pass(100);
      expect(server.taken).toEqual([]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(traits.confirmsPublishes ? [] : ['unconfirmed']);
    });

    it('publishes, and knows of it what its protocol says', async () => {
      const { client, saw } = await join();
      const outcomes: PublishOutcome[] = [];
      client.publish(tagged(5, (one) => outcomes.push(one)));
      await world.pass(world.settleMs);
      expect(server.taken).toEqual(['{"tag":5}']);
      expect(saw.handledTags).toEqual([5]);
      expect(outcomes.map(({ kind }) => kind)).toEqual([
        traits.confirmsPublishes ? 'accepted' : 'unconfirmed',
      ]);
      expect(client.unanswered).toBe(0);
    });

    it('settles each publish exactly once when it stops before the answer', async () => {
      const { client } = await join();
      const outcomes: PublishOutcome[] = [];
      client.publish(tagged(5, (one) => outcomes.push(one)));
      client.stop();
      await world.pass(world.settleMs);
      expect(outcomes.map(({ kind }) => kind)).toEqual([
        traits.confirmsPublishes ? 'unknown' : 'unconfirmed',
      ]);
    });

    it('tells nothing after it has stopped, and leaves no timer behind', async () => {
      const { client, saw } = await join({
        handlerMs: 30 * world.slowness,
        ack: { mode: 'cumulative', every: 100, delayMs: 40 * world.slowness },
      });
      for (const tag of [1, 2, 3]) server.publish(tag);
      await world.pass(40);
      expect(client.inbox.size).toBeGreaterThan(0);
      const { length } = saw.told;
      client.stop();
      server.publish(4);
      await world.pass(4 * world.settleMs);
      expect(saw.told.slice(length)).toEqual([]);
      await server.stop();
      await world.pass(4 * world.settleMs);
      expect(world.plannedCount() ?? 0).toBe(0);
    });

    it('tells nothing after it has stopped from within what it tells', async () => {
      const { client, saw } = await join({ batch: true });
      saw.onEachHandled = () => client.stop();
      await publish(1, 2, 3);
      await world.pass(world.settleMs);
      expect(saw.told.slice(3)).toEqual(['message 1', 'handled 1']);
    });

    it('does not come back when it stops while it is away or on its way', async () => {
      for (const afterMs of [0, 1, 5, 30]) {
        const { client, saw } = await join();
        client.connector.drop();
        await world.pass(afterMs);
        client.stop();
        const { length } = saw.told;
        await world.pass(world.settleMs);
        expect(saw.told.slice(length)).toEqual([]);
        expect(client.connector.ready).toBe(false);
      }
    });

    it('puts up with frames that mean nothing', async () => {
      const { client, saw } = await join();
      for (const text of [
        '',
        ' ',
        'null',
        '[]',
        '{',
        '"x"',
        '[{"seq":',
        '\u0000',
        'msg',
        'msg {',
        '{"kind":1}',
      ])
        server.say?.(text);
      await publish(1);
      expect(saw.told.slice(3)).toEqual([
        'message 1',
        'handled 1',
        ...(traits.acks.length > 0 ? [`acked ${at(1)}`] : []),
      ]);
      expect(client.connector.ready).toBe(true);
    });

    it('has the handles that it declares, and no others', async () => {
      const { client } = await join();
      expect({
        crash: client.crashBeforeNextAck !== undefined,
        'second-socket': client.openSecondSocket !== undefined,
        'forget-session': client.forgetSession !== undefined,
      }).toEqual({
        crash: traits.handles.includes('crash'),
        'second-socket': traits.handles.includes('second-socket'),
        'forget-session': traits.handles.includes('forget-session'),
      });
      const { handles, acks, confirmsPublishes } = traits;
      expect(handles.includes('acks') && acks.length === 0 && !confirmsPublishes).toBe(false);
    });

    it('declares nothing that contradicts itself', async () => {
      if (traits.positions === 'none')
        expect([traits.gaps, traits.acks.includes('cumulative')]).toEqual([false, false]);
      if (traits.positions === 'connection') expect(traits.resume).toBe('none');
      if (traits.resume === 'none') expect(traits.handles).not.toContain('second-socket');
    });

    itWith('acks', 'lets a fault lose and delay the answers to its publishes', async () => {
      if (!traits.confirmsPublishes) return;
      const { client } = await join();
      const outcomes: PublishOutcome[] = [];
      client.ackFilter = () => ({ kind: 'delay', delayMs: 300 * world.slowness });
      client.publish(tagged(1, (one) => outcomes.push(one)));
      await world.pass(100);
      expect([server.taken.length, outcomes]).toEqual([1, []]);
      await world.pass(300);
      expect(outcomes).toEqual([{ kind: 'accepted' }]);
      client.ackFilter = () => ({ kind: 'lose' });
      client.publish(tagged(2, (one) => outcomes.push(one)));
      await world.pass(100);
      expect(server.taken.length).toBe(2);
      client.stop();
      expect(outcomes).toEqual([{ kind: 'accepted' }, { kind: 'unknown' }]);
    });

    itWith('acks', 'lets a fault lose, delay and double its acks', async () => {
      if (traits.acks.length === 0) return;
      const { client, saw } = await join();
      client.ackFilter = () => ({ kind: 'lose' });
      await publish(1);
      expect(saw.acks).toEqual([]);
      client.ackFilter = () => ({ kind: 'delay', delayMs: 500 * world.slowness });
      await publish(2);
      expect(saw.acks).toEqual([]);
      client.ackFilter = undefined;
      await world.pass(500);
      expect(saw.acks.map(([position]) => position)).toContain(at(2));
    });

    itWith('crash', 'handles again after a crash what it had not acked', async () => {
      const { client, saw } = await join();
      client.crashBeforeNextAck?.();
      await publish(1);
      await world.pass(world.settleMs);
      expect(saw.handledTags).toEqual([1, 1]);
      expect(saw.told.indexOf(`acked ${at(1)}`)).toBeGreaterThan(saw.told.lastIndexOf('handled 1'));
      expect(client.connector.ready).toBe(true);
    });

    itWith('second-socket', 'takes over from its own first socket', async () => {
      const { client, saw } = await join();
      await publish(1);
      expect(client.openSecondSocket?.()).toBe(true);
      server.publish(2);
      await world.pass(world.settleMs);
      await publish(3);
      expect([...new Set(saw.handledTags)]).toEqual([1, 2, 3]);
      expect(saw.told.filter((line) => line.startsWith('older closed'))).toHaveLength(1);
      expect(client.connector.ready).toBe(true);
    });

    itWith('forget-session', 'knows that it gave its session up', async () => {
      const { client, saw } = await join();
      await publish(1);
      client.forgetSession?.();
      client.connector.drop();
      await world.pass(world.settleMs);
      expect(saw.lifecycle.at(-1)).toBe('subscribed: replaced');
    });
  });
}
