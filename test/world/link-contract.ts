import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FRAME_BYTES_MAX } from '../../src/protocol/frame.ts';
import { type ClientLink, type Link, LinkState, SharedText } from '../../src/protocol/ports.ts';
import { LinkRecorder } from './link-recorder.ts';

export interface LinkPair {
  readonly client: ClientLink;
  readonly clientSaw: LinkRecorder;
  readonly server: Link;
  readonly serverSaw: LinkRecorder;
}

/** A world in which links can be opened and time passes. */
export interface LinkWorld {
  /** Dials the one server there is. */
  dial(events: LinkRecorder): ClientLink;
  /** Dials where nobody listens. */
  dialNobody(events: LinkRecorder): ClientLink;
  /** Links the server has accepted, in order. */
  readonly accepted: readonly { readonly link: Link; readonly saw: LinkRecorder }[];
  /** Drops every socket of the server without a close frame. */
  destroyAll(): void;
  /** Lets time pass until `condition` holds; returns false when it does not within `withinMs`. */
  until(condition: () => boolean, withinMs?: number): Promise<boolean>;
  /** @returns the time that passed in the end, ms: on a busy machine more than was asked */
  pass(ms: number): Promise<number>;
  close(): Promise<void>;
}

const MIB = 1_048_576;

/** What every `Link` must do, whatever it is made of. */
export function describeLinkContract(name: string, createWorld: () => Promise<LinkWorld>): void {
  describe(`${name} link`, () => {
    let world: LinkWorld;
    const recorders: LinkRecorder[] = [];

    beforeEach(async () => {
      world = await createWorld();
    });

    afterEach(async () => {
      await world.close();
      for (const recorder of recorders.splice(0)) {
        expect(recorder.late).toEqual([]);
        expect(recorder.closes.length).toBeLessThanOrEqual(1);
      }
    });

    function recorder(): LinkRecorder {
      const created = new LinkRecorder();
      recorders.push(created);
      return created;
    }

    async function happens(condition: () => boolean, withinMs = 5000): Promise<void> {
      expect(await world.until(condition, withinMs)).toBe(true);
    }

    async function openPair(prepare: (client: ClientLink) => void = () => {}): Promise<LinkPair> {
      const clientSaw = recorder();
      const client = world.dial(clientSaw);
      prepare(client);
      await happens(() => clientSaw.opened === 1);
      const accepted = world.accepted.at(-1);
      if (!accepted) throw new Error('the server has accepted a link when the client is open');
      recorders.push(accepted.saw);
      return { client, clientSaw, server: accepted.link, serverSaw: accepted.saw };
    }

    async function bothClose(pair: LinkPair, withinMs = 5000): Promise<void> {
      await happens(() => pair.clientSaw.closes.length === 1 && pair.serverSaw.closes.length === 1, withinMs);
    }

    describe('sending', () => {
      it('keeps the order of plain, shared, large and non-ASCII frames', async () => {
        const { server, clientSaw } = await openPair();
        const large = new SharedText('L'.repeat(10_000));
        const sent = [
          'first',
          'head-tail',
          'größer €',
          `head-${large.text}`,
          'x'.repeat(200),
          `ü${large.text}`,
          'last',
        ];
        server.send('first');
        server.sendShared('head-', new SharedText('tail'));
        server.sendShared('größer ', new SharedText('€'));
        server.sendShared('head-', large);
        server.send('x'.repeat(200));
        server.sendShared('ü', large);
        server.send('last');
        await happens(() => clientSaw.texts.length === sent.length);
        expect(clientSaw.texts).toEqual(sent);
      });

      it('carries frames of every header size in both directions', async () => {
        const { client, server, clientSaw, serverSaw } = await openPair();
        const sent = [1, 125, 126, 4096, 65_535, 65_536, 300_000, FRAME_BYTES_MAX].map((size) =>
          'y'.repeat(size),
        );
        for (const text of sent) {
          client.send(text);
          server.send(text);
        }
        await happens(() => clientSaw.texts.length === sent.length && serverSaw.texts.length === sent.length);
        expect(clientSaw.texts.map((text) => text.length)).toEqual(sent.map((text) => text.length));
        expect(serverSaw.texts).toEqual(sent);
      });

      it('carries binary messages of a client, in the order of all its frames', async () => {
        const { client, serverSaw } = await openPair();
        const sent = ['\xff\x00', '', 'b'.repeat(200), 'b'.repeat(70_000)];
        for (const bytes of sent) client.sendBytes(Buffer.from(bytes, 'latin1'));
        client.send('last');
        await happens(() => serverSaw.texts.length === 1);
        expect(serverSaw.binaries).toEqual(sent);
        expect(serverSaw.texts).toEqual(['last']);
      });

      it('delivers nothing in the turn of sending', async () => {
        const { client, serverSaw } = await openPair();
        client.send('a');
        expect(serverSaw.texts).toEqual([]);
        expect(client.bufferedBytes).toBeGreaterThanOrEqual(1);
        await happens(() => serverSaw.texts.length === 1);
        expect(client.bufferedBytes).toBe(0);
      });

      it('sends frames of one turn as one array with batch, and a single frame as it is', async () => {
        const { server, clientSaw } = await openPair();
        server.batch = true;
        server.send('{"a":1}');
        server.sendShared('{"b":', new SharedText('"€"}'));
        server.sendShared('{"c":', new SharedText(`"${'z'.repeat(5000)}"}`));
        await happens(() => clientSaw.texts.length === 1);
        server.send('{"d":4}');
        await happens(() => clientSaw.texts.length === 2);
        expect(JSON.parse(clientSaw.texts[0] ?? '')).toEqual([{ a: 1 }, { b: '€' }, { c: 'z'.repeat(5000) }]);
        expect(clientSaw.texts[1]).toBe('{"d":4}');
      });

      it('sends a batch of a client as one array too', async () => {
        const { client, serverSaw } = await openPair();
        client.batch = true;
        client.send('{"a":1}');
        client.send('{"b":2}');
        await happens(() => serverSaw.texts.length === 1);
        expect(serverSaw.texts).toEqual(['[{"a":1},{"b":2}]']);
      });

      it('splits a turn with much to say into batches well below the largest frame', async () => {
        const { server, clientSaw } = await openPair();
        server.batch = true;
        const frame = JSON.stringify('q'.repeat(1000));
        for (let sent = 0; sent < 2000; sent++) server.send(frame);
        const received = (): number =>
          clientSaw.texts.reduce((sum, text) => sum + JSON.parse(text).length, 0);
        await happens(() => received() === 2000);
        expect(Math.max(...clientSaw.texts.map((text) => text.length))).toBeLessThan(100_000);
      });
    });

    describe('closing', () => {
      it('shows the code and reason of the server at both ends', async () => {
        const pair = await openPair();
        pair.server.close(4503, 'draining');
        expect(pair.server.state).toBe(LinkState.closing);
        await bothClose(pair);
        expect(pair.clientSaw.closes).toEqual([{ code: 4503, reason: 'draining' }]);
        expect(pair.serverSaw.closeCode).toBe(4503);
        expect([pair.client.state, pair.server.state]).toEqual([LinkState.closed, LinkState.closed]);
      });

      it('shows the code and reason of the client at both ends', async () => {
        const pair = await openPair();
        pair.client.close(1000, 'bye');
        await bothClose(pair);
        expect(pair.serverSaw.closes).toEqual([{ code: 1000, reason: 'bye' }]);
        expect(pair.clientSaw.closeCode).toBe(1000);
      });

      it('delivers what was sent before the close, and ignores what is sent after it', async () => {
        const pair = await openPair();
        pair.server.send('before');
        pair.server.close(4429, 'slow');
        pair.server.send('after');
        pair.server.sendShared('after', new SharedText('shared'));
        pair.server.ping();
        await bothClose(pair);
        pair.server.send('long after');
        pair.server.close(1000, '');
        pair.server.terminate();
        expect(pair.clientSaw.texts).toEqual(['before']);
        expect(pair.server.bufferedBytes).toBe(0);
      });

      it('still sends its answers to what came before the close of the peer', async () => {
        for (const closer of ['client', 'server'] as const) {
          const pair = await openPair();
          const other = closer === 'client' ? 'server' : 'client';
          const saw = pair[`${other}Saw`];
          saw.onEachText = (text) => pair[other].send(`answer to ${text}`);
          pair[closer].send('question');
          pair[closer].close(1000, '');
          await bothClose(pair);
          expect(pair[`${closer}Saw`].texts).toEqual(['answer to question']);
        }
      });

      it('ends by itself when the peer does not answer the close', async () => {
        const pair = await openPair();
        pair.client.pauseReading();
        await world.pass(50);
        pair.server.close(4409, 'taken over');
        await happens(() => pair.serverSaw.closes.length === 1, 6000);
        expect(pair.serverSaw.closeCode).toBe(1006);
        // What the peer hears when it listens again is what was said to it.
        pair.client.resumeReading();
        await bothClose(pair);
        expect(pair.clientSaw.closes).toEqual([{ code: 4409, reason: 'taken over' }]);
      });

      it('closes with 4413 when the client sends a frame over the limit', async () => {
        const pair = await openPair();
        pair.client.send('x'.repeat(FRAME_BYTES_MAX + 1));
        await bothClose(pair);
        expect([pair.clientSaw.closeCode, pair.serverSaw.closeCode]).toEqual([4413, 4413]);
        expect(pair.serverSaw.texts).toEqual([]);
      });

      it('closes with 4413 when the server sends a frame over the limit', async () => {
        const pair = await openPair();
        pair.server.send('x'.repeat(FRAME_BYTES_MAX + 1));
        await bothClose(pair);
        expect([pair.clientSaw.closeCode, pair.serverSaw.closeCode]).toEqual([4413, 4413]);
        expect(pair.clientSaw.texts).toEqual([]);
      });
    });

    describe('breaking', () => {
      it('shows 1006 at both ends after drop, and delivers what had left before', async () => {
        const pair = await openPair();
        pair.client.send('last words');
        await world.pass(20);
        pair.client.drop();
        pair.client.send('too late');
        await bothClose(pair);
        expect([pair.clientSaw.closeCode, pair.serverSaw.closeCode]).toEqual([1006, 1006]);
        expect(pair.serverSaw.texts).toEqual(['last words']);
      });

      it('shows 1006 at both ends after reset', async () => {
        const pair = await openPair();
        pair.client.reset();
        expect(pair.client.state).not.toBe(LinkState.open);
        await bothClose(pair);
        expect([pair.clientSaw.closeCode, pair.serverSaw.closeCode]).toEqual([1006, 1006]);
      });

      it('delivers what the server had sent before it terminated, however late that is read', async () => {
        const pair = await openPair();
        pair.client.pauseReading();
        await world.pass(50);
        const text = 'u'.repeat(1000);
        for (let sent = 0; sent < 500; sent++) pair.server.send(text);
        await world.pass(50);
        pair.server.terminate();
        await happens(() => pair.serverSaw.closes.length === 1);
        await world.pass(50);
        pair.client.resumeReading();
        await bothClose(pair);
        expect([pair.clientSaw.texts.length, pair.clientSaw.closeCode]).toEqual([500, 1006]);
      });

      it('notices by sending that the server is gone, though the end of the stream is unread', async () => {
        const pair = await openPair();
        pair.client.pauseReading();
        await world.pass(50);
        pair.server.send('unread');
        pair.server.terminate();
        await world.pass(50);
        expect(pair.clientSaw.closes).toEqual([]);
        pair.client.send('anybody there?');
        await world.pass(50);
        pair.client.send('nobody');
        await bothClose(pair);
        expect(pair.clientSaw.closeCode).toBe(1006);
      });

      it('hands over what had arrived before a reset, however late that is read', async () => {
        const pair = await openPair();
        pair.client.pauseReading();
        await world.pass(50);
        for (let sent = 0; sent < 50; sent++) pair.server.send('r'.repeat(1000));
        pair.server.terminate();
        await world.pass(50);
        pair.client.send('answered with a reset');
        await world.pass(50);
        pair.client.resumeReading();
        await bothClose(pair);
        expect([pair.clientSaw.texts.length, pair.clientSaw.closeCode]).toEqual([50, 1006]);
      });

      it('shows 1006 at both ends after the server terminates', async () => {
        const pair = await openPair();
        pair.server.terminate();
        expect(pair.serverSaw.closes).toEqual([]);
        await bothClose(pair);
        expect([pair.clientSaw.closeCode, pair.serverSaw.closeCode]).toEqual([1006, 1006]);
      });

      it('hands over nothing after its own end was dropped, even what had arrived', async () => {
        const pair = await openPair();
        pair.client.pauseReading();
        for (let sent = 0; sent < 100; sent++) pair.server.send(`message ${sent}`);
        await world.pass(50);
        pair.client.drop();
        await bothClose(pair);
        expect(pair.clientSaw.texts).toEqual([]);
      });

      it('shows 1006 to all clients when the server drops every socket, and takes new ones', async () => {
        const first = await openPair();
        const second = await openPair();
        world.destroyAll();
        await bothClose(first);
        await bothClose(second);
        expect([first.clientSaw.closeCode, second.serverSaw.closeCode]).toEqual([1006, 1006]);
        const third = await openPair();
        expect(third.server.state).toBe(LinkState.open);
      });

      it('reports a refused connection as 1006 with its cause', async () => {
        const saw = recorder();
        const link = world.dialNobody(saw);
        expect(link.state).toBe(LinkState.connecting);
        await happens(() => saw.closes.length === 1);
        expect(saw.closeCode).toBe(1006);
        expect(saw.closes[0]?.reason).toMatch(/^ECONNREFUSED/);
        expect(saw.opened).toBe(0);
      });

      it('never opens when it is terminated while it is being opened', async () => {
        const saw = recorder();
        world.dial(saw).terminate();
        await happens(() => saw.closes.length === 1);
        await world.pass(50);
        expect([saw.opened, saw.closeCode]).toEqual([0, 1006]);
        expect(world.accepted.every((accepted) => accepted.link.state !== LinkState.open)).toBe(true);
      });
    });

    describe('reading', () => {
      it('loses nothing over pause and resume', async () => {
        const { client, server, clientSaw } = await openPair();
        const sent = Array.from({ length: 3000 }, (_, index) => `${index} ${'p'.repeat(500)}`);
        client.pauseReading();
        for (const text of sent) server.send(text);
        await world.pass(50);
        expect(clientSaw.texts.length).toBeLessThan(sent.length);
        client.resumeReading();
        await happens(() => clientSaw.texts.length === sent.length);
        expect(clientSaw.texts).toEqual(sent);
      });

      it('stays paused when paused before it is open', async () => {
        const { client, server, clientSaw } = await openPair((link) => link.pauseReading());
        server.send('early');
        await world.pass(50);
        expect(clientSaw.texts).toEqual([]);
        client.resumeReading();
        await happens(() => clientSaw.texts.length === 1);
      });

      it('lets the buffer of the sender grow while paused, and tells when it is empty again', async () => {
        const { client, server, clientSaw, serverSaw } = await openPair();
        const text = 'b'.repeat(MIB / 4);
        server.bufferBytesMax = 20 * MIB;
        client.pauseReading();
        for (let sent = 0; sent < 60; sent++) server.send(text);
        await world.pass(100);
        // 15 MiB were sent; both kernels together hold less than 8.
        expect(server.bufferedBytes).toBeGreaterThan(7 * MIB);
        expect(serverSaw.writables).toBe(0);
        client.resumeReading();
        await happens(() => clientSaw.texts.length === 60 && serverSaw.writables > 0);
        expect(server.bufferedBytes).toBe(0);
        expect(serverSaw.writables).toBe(1);
      });

      it('tells when a few small frames that had to wait have left', async () => {
        const { client, server, clientSaw, serverSaw } = await openPair();
        client.pauseReading();
        let sent = 0;
        // Until the kernel refuses a few frames: less than the high-water mark of a stream then waits.
        for (; server.bufferedBytes === 0 && sent < 20_000; sent += 8) {
          for (let frame = 0; frame < 8; frame++) server.send('s'.repeat(1000));
          await world.pass(0.1);
        }
        expect(server.bufferedBytes).toBeGreaterThan(0);
        client.resumeReading();
        await happens(() => clientSaw.texts.length === sent && serverSaw.writables > 0);
      });

      it('counts what it was handed over, whether it has left or not', async () => {
        const { client, server, clientSaw } = await openPair();
        const before = server.sentBytes;
        client.pauseReading();
        for (let sent = 0; sent < 20; sent++) server.send('c'.repeat(100_000));
        server.sendShared('head', new SharedText('d'.repeat(100_000)));
        const sentBytes = server.sentBytes - before;
        // Headers on top.
        expect(sentBytes).toBeGreaterThanOrEqual(2_100_000);
        expect(sentBytes).toBeLessThan(2_101_000);
        server.ping();
        client.resumeReading();
        await happens(() => clientSaw.texts.length === 21);
        expect(server.sentBytes - before).toBe(sentBytes);
      });

      it('says how much left before a ping, which overtakes what is queued in its turn', async () => {
        const { server, clientSaw } = await openPair();
        const before = server.sentBytes;
        server.send('queued');
        expect(server.ping()).toBe(before);
        await happens(() => clientSaw.texts.length === 1);
        expect(server.ping()).toBe(server.sentBytes);
      });

      it('reads no faster than its limit, and everything in the end', async () => {
        const { client, server, clientSaw } = await openPair();
        const bytesPerSec = 256 * 1024;
        client.limitReading(bytesPerSec);
        for (let sent = 0; sent < 800; sent++) server.send('r'.repeat(1000));
        const passedMs = await world.pass(1000);
        // A quarter of a second is left for what is read ahead and for the time it took to look.
        expect(clientSaw.textBytes).toBeLessThan(bytesPerSec * (passedMs / 1000 + 0.25));
        await happens(() => clientSaw.textBytes > bytesPerSec * 0.6);
        client.limitReading(undefined);
        await happens(() => clientSaw.texts.length === 800);
      });

      it('takes so little from the kernel when limited that the sender feels it', async () => {
        const { client, server } = await openPair();
        server.bufferBytesMax = 20 * MIB;
        client.limitReading(64 * 1024);
        for (let sent = 0; sent < 60; sent++) server.send('k'.repeat(MIB / 4));
        await world.pass(300);
        expect(server.bufferedBytes).toBeGreaterThan(7 * MIB);
      });

      it('may be paused and resumed from within onText', async () => {
        const { client, server, clientSaw } = await openPair();
        clientSaw.onEachText = () => client.pauseReading();
        server.send('one');
        await happens(() => clientSaw.texts.length === 1);
        await world.pass(20);
        server.send('two');
        await world.pass(50);
        expect(clientSaw.texts).toEqual(['one']);
        client.resumeReading();
        await happens(() => clientSaw.texts.length === 2);
      });

      it('notices after resuming that it was terminated while paused', async () => {
        const pair = await openPair();
        pair.client.pauseReading();
        await world.pass(50);
        pair.server.terminate();
        await world.pass(50);
        pair.client.resumeReading();
        await bothClose(pair);
        expect(pair.clientSaw.closeCode).toBe(1006);
      });
    });

    describe('pinging', () => {
      it('is answered by the client', async () => {
        const { server, serverSaw } = await openPair();
        server.ping();
        await happens(() => serverSaw.pongs === 1);
      });

      it('is answered by the server', async () => {
        const { client, clientSaw } = await openPair();
        client.ping();
        await happens(() => clientSaw.pongs === 1);
      });

      it('stays unanswered while the client does not answer pings, which still receives', async () => {
        const { client, server, serverSaw, clientSaw } = await openPair();
        client.answerPings = false;
        server.ping();
        server.send('still here');
        await happens(() => clientSaw.texts.length === 1);
        await world.pass(50);
        expect(serverSaw.pongs).toBe(0);
        client.answerPings = true;
        server.ping();
        await happens(() => serverSaw.pongs === 1);
      });

      it('stays unanswered while the client is paused', async () => {
        const { client, server, serverSaw } = await openPair();
        client.pauseReading();
        await world.pass(20);
        // What the stream reads ahead must not hold the ping.
        for (let sent = 0; sent < 300; sent++) server.send('f'.repeat(1000));
        server.ping();
        await world.pass(50);
        expect(serverSaw.pongs).toBe(0);
        client.resumeReading();
        await happens(() => serverSaw.pongs === 1);
      });
    });
  });
}
