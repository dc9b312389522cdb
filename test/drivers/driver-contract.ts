import { beforeEach, describe, expect, it } from 'vitest';
import type { LossReason } from '../../src/delivery/loss-reason.ts';
import type {
  ClientBehaviour,
  ClientObserver,
  Driver,
  DriverClient,
  FaultHandle,
  PublishOutcome,
} from '../../src/drivers/driver.ts';
import { randomStreams } from '../../src/world/random.ts';
import type { Path } from '../../src/world/virtual/lane.ts';
import { VirtualNetwork } from '../../src/world/virtual/network.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';

export const ROOM = 'r1';
/** Longer than every reconnect, redelivery and replay of the fixtures. */
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

/** Where the server of a driver under contract lives. */
export interface ContractWorld {
  readonly time: VirtualTime;
  readonly network: VirtualNetwork;
  readonly randomFor: ReturnType<typeof randomStreams>;
}

/** A server of the protocol, listening at `server`. */
export interface ContractServer {
  /** Sends `{"tag":tag}` to everybody in the room, now or when they are back. */
  publish(tag: number): void;
  /** Payloads of clients that were taken in, as texts. */
  readonly taken: readonly string[];
  /** Sends everybody a frame as it is. */
  say(text: string): void;
  /** Drops every connection, and what it knows of sessions. */
  restart(): void;
  /** Says goodbye for good. */
  stop(): void;
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
    const { tag } = payload as Tagged;
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

/**
 * What every driver has to do, in virtual time: what it declares in its traits is what it tells.
 *
 * @param serve - starts a server of its protocol
 */
export function describeDriverContract(
  driver: Driver,
  serve: (world: ContractWorld) => ContractServer,
): void {
  const { traits } = driver;
  const resumes = traits.resume !== 'none';

  describe(`the driver ${driver.name}`, () => {
    let time: VirtualTime;
    let path: Path;
    let server: ContractServer;
    let world: ContractWorld;

    beforeEach(() => {
      time = new VirtualTime();
      const randomFor = randomStreams(1);
      const network = new VirtualNetwork({ time, randomFor });
      path = network.path({ name: 'client', up: { delayMs: 2 }, down: { delayMs: 2 } });
      world = { time, network, randomFor };
      server = serve(world);
    });

    function newClient(behaviour: Partial<ClientBehaviour> = {}): {
      client: DriverClient<Tagged>;
      saw: Recorder;
    } {
      const saw = new Recorder();
      const client = driver.newClients()<Tagged>({
        clientId: 'c0',
        behaviour: { ...BEHAVIOUR, ...behaviour },
        observer: saw,
        ports: {
          clock: time,
          timers: time,
          dial: world.network.dialer({ address: 'server', path }),
          reconnectRandom: world.randomFor('reconnect'),
          handlerRandom: world.randomFor('handler'),
        },
      });
      return { client, saw };
    }

    function join(behaviour: Partial<ClientBehaviour> = {}): ReturnType<typeof newClient> {
      const joined = newClient(behaviour);
      joined.client.connector.connect();
      time.runFor(100);
      expect(joined.client.connector.ready).toBe(true);
      return joined;
    }

    function publish(...tags: number[]): void {
      for (const tag of tags) server.publish(tag);
      time.runFor(100);
    }

    /** A test of drivers that have a handle. */
    function itWith(handle: FaultHandle, behaviour: string, test: () => void): void {
      if (traits.handles.includes(handle)) it(behaviour, test);
    }

    it('tells that it connects, is open and is in its rooms, in this order', () => {
      const { saw } = join();
      expect(saw.told).toEqual(['connecting', 'open', 'subscribed']);
    });

    it('is ready from the moment in which it tells that it is in its rooms, so that a fault may strike there', () => {
      const { client, saw } = newClient();
      const ready: boolean[] = [];
      saw.onJoined = () => {
        ready.push(client.connector.ready);
        client.connector.drop();
      };
      client.connector.connect();
      for (let step = 0; ready.length < 3 && step < 1000; step += 1) {
        expect(client.connector.ready).toBe(false);
        time.step();
      }
      expect(ready).toEqual([true, true, true]);
    });

    it('tells messages in order, at the positions that its protocol has, and handles them', () => {
      const { saw } = join();
      publish(7, 8, 9);
      const positions = traits.positions === 'none' ? [0, 0, 0] : [1, 2, 3];
      expect(saw.messages).toEqual([7, 8, 9].map((tag, index) => [positions[index], tag]));
      expect(saw.handledTags).toEqual([7, 8, 9]);
    });

    it('gives its handler the time that it takes, one message after the other', () => {
      const { client, saw } = join({ handlerMs: 150 });
      publish(1, 2);
      expect(saw.messages.length).toBe(2);
      expect([saw.handledTags, client.inbox.size]).toEqual([[], 2]);
      time.runFor(100);
      expect([saw.handledTags, client.inbox.size]).toEqual([[1], 1]);
      time.runFor(150);
      expect([saw.handledTags, client.inbox.size]).toEqual([[1, 2], 0]);
    });

    it('tells of a message that its handler fails to handle, and acks it not', () => {
      const { client, saw } = join();
      client.inbox.isPoison = ({ tag }) => tag === 2;
      publish(1, 2, 3);
      expect(saw.told).toContain('failed 2');
      expect(saw.handledTags).toEqual([1, 3]);
      expect(saw.acks.map(([position]) => position)).toEqual(traits.acks.includes('each') ? [1, 3] : []);
    });

    it('acks as its behaviour says, in the modes that its protocol has', () => {
      const each = join();
      publish(1, 2, 3);
      expect(each.saw.acks.map(([, cumulative]) => cumulative)).toEqual(
        traits.acks.includes('each') ? [false, false, false] : [],
      );
      each.client.stop();
      time.runFor(SETTLE_MS);
      const { saw } = join({ ack: { mode: 'cumulative', every: 3, delayMs: 50 } });
      publish(4, 5, 6);
      expect(saw.acks).toEqual(traits.acks.includes('cumulative') ? [[3, true]] : []);
    });

    describe.each<[string, (client: DriverClient<Tagged>) => void]>([
      ['a FIN', ({ connector }) => connector.drop()],
      ['an RST', ({ connector }) => connector.reset()],
      ['a close frame', (client) => client.close(4000)],
    ])('after %s', (_how, leave) => {
      it('comes back by itself, and goes on as its protocol lets it', () => {
        const { client, saw } = join();
        publish(1, 2);
        leave(client);
        time.runFor(10);
        server.publish(3);
        time.runFor(SETTLE_MS);
        publish(4);
        const { lifecycle } = saw;
        expect(lifecycle.slice(3, 4).join()).toMatch(/^closed \d+$/);
        expect(lifecycle.slice(4)).toEqual([
          'connecting',
          'open',
          resumes ? 'resumed after 2' : 'subscribed',
        ]);
        // Without a resume the third is lost, and nothing that is told says so.
        expect(saw.handledTags).toEqual(resumes ? [1, 2, 3, 4] : [1, 2, 4]);
        expect(saw.told.includes('replayed')).toBe(resumes);
      });
    });

    it('is told that its session is gone, where there is one to lose', () => {
      const { saw } = join();
      publish(1);
      server.restart();
      time.runFor(SETTLE_MS);
      publish(2);
      expect(saw.lifecycle.at(-1)).toMatch(resumes ? /^subscribed: [a-z-]+$/ : /^subscribed$/);
      expect(saw.messages.at(-1)).toEqual([traits.positions === 'none' ? 0 : 1, 2]);
    });

    it('backs off while nobody listens, and comes in when somebody does', () => {
      const { saw } = join();
      server.stop();
      time.runFor(SETTLE_MS);
      const attempts = saw.told.filter((line) => line === 'connecting').length;
      // At least 1 ms apart on average with full jitter below 100 ms, and never given up.
      expect(attempts).toBeGreaterThan(10);
      expect(attempts).toBeLessThan(SETTLE_MS / 10);
      server = serve(world);
      time.runFor(SETTLE_MS);
      publish(1);
      expect(saw.handledTags).toEqual([1]);
    });

    it('stays away until it is released', () => {
      const { client, saw } = join();
      client.connector.stayAway();
      client.connector.drop();
      time.runFor(SETTLE_MS);
      expect(saw.lifecycle.at(-1)).toMatch(/^closed/);
      client.connector.release();
      time.runFor(100);
      expect(client.connector.ready).toBe(true);
    });

    it('reads nothing while it is paused, and everything afterwards', () => {
      const { client, saw } = join();
      client.connector.pauseReading('fault');
      publish(1, 2);
      expect(saw.messages).toEqual([]);
      client.connector.resumeReading('fault');
      time.runFor(100);
      expect(saw.handledTags).toEqual([1, 2]);
    });

    it('stays paused over a new connection', () => {
      const { client, saw } = join();
      client.connector.pauseReading('fault');
      client.connector.drop();
      time.runFor(200);
      expect([client.connector.ready, saw.lifecycle.at(-1)]).toEqual([false, 'open']);
      client.connector.resumeReading('fault');
      time.runFor(100);
      expect(client.connector.ready).toBe(true);
    });

    it('says nothing while it is muted', () => {
      const { client } = join();
      const outcomes: PublishOutcome[] = [];
      client.connector.setMuted(true);
      client.publish({
        room: ROOM,
        type: 'up',
        payloadText: '{"tag":1}',
        settle: (one) => outcomes.push(one),
      });
      time.runFor(100);
      expect(server.taken).toEqual([]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(traits.confirmsPublishes ? [] : ['unconfirmed']);
    });

    it('publishes, and knows of it what its protocol says', () => {
      const { client, saw } = join();
      const outcomes: PublishOutcome[] = [];
      client.publish({
        room: ROOM,
        type: 'up',
        payloadText: '{"tag":5}',
        settle: (one) => outcomes.push(one),
      });
      time.runFor(SETTLE_MS);
      expect(server.taken).toEqual(['{"tag":5}']);
      expect(saw.handledTags).toEqual([5]);
      expect(outcomes.map(({ kind }) => kind)).toEqual([
        traits.confirmsPublishes ? 'accepted' : 'unconfirmed',
      ]);
      expect(client.unanswered).toBe(0);
    });

    it('settles each publish exactly once when it stops before the answer', () => {
      const { client } = join();
      const outcomes: PublishOutcome[] = [];
      client.publish({
        room: ROOM,
        type: 'up',
        payloadText: '{"tag":5}',
        settle: (one) => outcomes.push(one),
      });
      client.stop();
      time.runFor(SETTLE_MS);
      expect(outcomes.map(({ kind }) => kind)).toEqual([
        traits.confirmsPublishes ? 'unknown' : 'unconfirmed',
      ]);
    });

    it('tells nothing after it has stopped, and leaves no timer behind', () => {
      const { client, saw } = join({ handlerMs: 30, ack: { mode: 'cumulative', every: 100, delayMs: 40 } });
      for (const tag of [1, 2, 3]) server.publish(tag);
      time.runFor(40);
      expect(client.inbox.size).toBeGreaterThan(0);
      const { length } = saw.told;
      client.stop();
      server.publish(4);
      time.runFor(20_000);
      expect(saw.told.slice(length)).toEqual([]);
      server.stop();
      time.runFor(20_000);
      expect(time.plannedCount).toBe(0);
    });

    it('tells nothing after it has stopped from within what it tells', () => {
      const { client, saw } = join({ batch: true });
      saw.onEachHandled = () => client.stop();
      publish(1, 2, 3);
      time.runFor(SETTLE_MS);
      expect(saw.told.slice(3)).toEqual(['message 1', 'handled 1']);
    });

    it('does not come back when it stops while it is away or on its way', () => {
      for (const afterMs of [0, 1, 5, 30]) {
        const { client, saw } = join();
        client.connector.drop();
        time.runFor(afterMs);
        client.stop();
        const { length } = saw.told;
        time.runFor(SETTLE_MS);
        expect(saw.told.slice(length)).toEqual([]);
        expect(client.connector.ready).toBe(false);
      }
    });

    it('puts up with frames that mean nothing', () => {
      const { client, saw } = join();
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
        server.say(text);
      publish(1);
      expect(saw.told.slice(3)).toEqual([
        'message 1',
        'handled 1',
        ...(traits.acks.length > 0 ? ['acked 1'] : []),
      ]);
      expect(client.connector.ready).toBe(true);
    });

    it('has the handles that it declares, and no others', () => {
      const { client } = join();
      expect({
        crash: client.crashBeforeNextAck !== undefined,
        'second-socket': client.openSecondSocket !== undefined,
        'forget-session': client.forgetSession !== undefined,
      }).toEqual({
        crash: traits.handles.includes('crash'),
        'second-socket': traits.handles.includes('second-socket'),
        'forget-session': traits.handles.includes('forget-session'),
      });
      expect(traits.handles.includes('acks') && traits.acks.length === 0).toBe(false);
    });

    it('declares nothing that contradicts itself', () => {
      if (traits.positions === 'none')
        expect([traits.gaps, traits.acks.includes('cumulative')]).toEqual([false, false]);
      if (traits.positions === 'connection') expect(traits.resume).toBe('none');
      if (traits.resume === 'none') expect(traits.handles).not.toContain('second-socket');
    });

    itWith('acks', 'lets a fault lose, delay and double its acks', () => {
      const { client, saw } = join();
      client.ackFilter = () => ({ kind: 'lose' });
      publish(1);
      expect(saw.acks).toEqual([]);
      client.ackFilter = () => ({ kind: 'delay', delayMs: 500 });
      publish(2);
      expect(saw.acks).toEqual([]);
      client.ackFilter = undefined;
      time.runFor(500);
      expect(saw.acks.map(([position]) => position)).toContain(2);
    });

    itWith('crash', 'handles again after a crash what it had not acked', () => {
      const { client, saw } = join();
      client.crashBeforeNextAck?.();
      publish(1);
      time.runFor(SETTLE_MS);
      expect(saw.handledTags).toEqual([1, 1]);
      expect(saw.told.indexOf('acked 1')).toBeGreaterThan(saw.told.lastIndexOf('handled 1'));
      expect(client.connector.ready).toBe(true);
    });

    itWith('second-socket', 'takes over from its own first socket', () => {
      const { client, saw } = join();
      publish(1);
      expect(client.openSecondSocket?.()).toBe(true);
      server.publish(2);
      time.runFor(SETTLE_MS);
      publish(3);
      expect([...new Set(saw.handledTags)]).toEqual([1, 2, 3]);
      expect(saw.told.filter((line) => line.startsWith('older closed'))).toHaveLength(1);
      expect(client.connector.ready).toBe(true);
    });

    itWith('forget-session', 'knows that it gave its session up', () => {
      const { client, saw } = join();
      publish(1);
      client.forgetSession?.();
      client.connector.drop();
      time.runFor(SETTLE_MS);
      expect(saw.lifecycle.at(-1)).toBe('subscribed: replaced');
    });
  });
}
