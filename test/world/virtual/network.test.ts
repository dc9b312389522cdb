import { beforeEach, describe, expect, it } from 'vitest';
import { type ClientLink, type Link, LinkState } from '../../../src/protocol/ports.ts';
import { randomStreams } from '../../../src/world/random.ts';
import type { Path } from '../../../src/world/virtual/lane.ts';
import { VirtualNetwork } from '../../../src/world/virtual/network.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';
import { LinkRecorder } from '../link-recorder.ts';

describe('virtual network', () => {
  let time: VirtualTime;
  let network: VirtualNetwork;
  let path: Path;
  let servers: { link: Link; saw: LinkRecorder }[];

  beforeEach(() => {
    time = new VirtualTime();
    network = new VirtualNetwork({ time, randomFor: randomStreams(1) });
    path = network.path({ name: 'client', up: { delayMs: 10 }, down: { delayMs: 20 } });
    servers = [];
    network.listen('server', (link) => {
      const saw = new LinkRecorder();
      servers.push({ link, saw });
      return saw;
    });
  });

  function open(): { client: ClientLink; saw: LinkRecorder; server: Link; serverSaw: LinkRecorder } {
    const saw = new LinkRecorder();
    const client = network.dialer({ address: 'server', path })(saw);
    time.runFor(100);
    const accepted = servers.at(-1);
    if (!accepted) throw new Error('the handshake takes 30 ms');
    return { client, saw, server: accepted.link, serverSaw: accepted.saw };
  }

  it('takes the delay of both lanes for a handshake', () => {
    const saw = new LinkRecorder();
    network.dialer({ address: 'server', path })(saw);
    time.runFor(29.9);
    expect([servers.length, saw.opened]).toEqual([1, 0]);
    time.runFor(0.1);
    expect(saw.opened).toBe(1);
  });

  it('delivers after the delay of the lane', () => {
    const { saw, server } = open();
    server.send('x');
    time.runFor(19.9);
    expect(saw.texts).toEqual([]);
    time.runFor(0.1);
    expect(saw.texts).toEqual(['x']);
  });

  it('keeps the order under jitter', () => {
    path.down.jitterMs = 50;
    const { saw, server } = open();
    for (let sent = 0; sent < 200; sent++) {
      server.send(String(sent));
      time.runFor(1);
    }
    time.runFor(1000);
    expect(saw.texts).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
  });

  it('carries no more than its bandwidth', () => {
    const { saw, server } = open();
    path.down.bytesPerSec = 100_000;
    for (let sent = 0; sent < 300; sent++) server.send('b'.repeat(1000));
    time.runFor(1000);
    expect(saw.textBytes).toBeGreaterThan(90_000);
    expect(saw.textBytes).toBeLessThanOrEqual(100_000);
    time.runFor(2100);
    expect(saw.texts).toHaveLength(300);
  });

  it('shares the bandwidth of a path among its connections', () => {
    const [first, second] = [open(), open()];
    path.down.bytesPerSec = 100_000;
    for (let sent = 0; sent < 300; sent++) {
      first.server.send('b'.repeat(1000));
      second.server.send('b'.repeat(1000));
    }
    time.runFor(1000);
    expect(first.saw.textBytes + second.saw.textBytes).toBeLessThanOrEqual(100_000);
    expect(Math.min(first.saw.textBytes, second.saw.textBytes)).toBeGreaterThan(30_000);
  });

  it('holds what goes over a clogged lane, and delivers it in order when healed', () => {
    const { saw, server, client, serverSaw } = open();
    path.down.clog();
    server.send('one');
    time.runFor(500);
    server.send('two');
    client.send('other direction');
    time.runFor(500);
    expect([saw.texts, serverSaw.texts]).toEqual([[], ['other direction']]);
    path.down.heal();
    expect(saw.texts).toEqual(['one', 'two']);
  });

  it('tells of a reset behind a clogged lane once it is healed', () => {
    const { server, saw } = open();
    path.down.clog();
    server.terminate();
    time.runFor(60_000);
    expect(saw.closes).toEqual([]);
    path.down.heal();
    expect(saw.closeCode).toBe(1006);
  });

  it('loses a reset in a blackhole, until the peer sends something and is answered', () => {
    const { server, client, serverSaw } = open();
    path.up.blackhole();
    client.reset();
    time.runFor(60_000);
    path.up.heal();
    time.runFor(60_000);
    expect([server.state, serverSaw.closes]).toEqual([LinkState.open, []]);
    server.send('anybody there?');
    time.runFor(30);
    expect(serverSaw.closeCode).toBe(1006);
  });

  it('delivers what was sent into a blackhole when it is healed', () => {
    const { server, saw } = open();
    path.down.blackhole();
    server.send('sent again and again');
    time.runFor(5000);
    expect(saw.texts).toEqual([]);
    path.down.heal();
    expect(saw.texts).toEqual(['sent again and again']);
  });

  it('gives up on a handshake into a blackhole', () => {
    path.up.blackhole();
    const saw = new LinkRecorder();
    network.dialer({ address: 'server', path })(saw);
    time.runFor(10_000);
    expect(saw.closes).toEqual([{ code: 1006, reason: 'Opening handshake has timed out' }]);
    path.up.heal();
    time.runFor(1000);
    expect(servers.filter(({ link }) => link.state === LinkState.open)).toEqual([]);
  });

  it('loses what is on the way at a reset, in both directions', () => {
    const { client, saw, server, serverSaw } = open();
    client.send('up');
    server.send('down');
    time.runFor(5);
    client.reset();
    time.runFor(1000);
    expect([saw.texts, serverSaw.texts]).toEqual([[], []]);
    expect([saw.closeCode, serverSaw.closeCode]).toEqual([1006, 1006]);
  });

  it('delivers what is on the way at a drop, and then the end', () => {
    const { client, saw, server, serverSaw } = open();
    client.send('up');
    server.send('down');
    time.runFor(5);
    client.drop();
    time.runFor(1000);
    expect([saw.texts, serverSaw.texts]).toEqual([[], ['up']]);
    expect([saw.closeCode, serverSaw.closeCode]).toEqual([1006, 1006]);
  });

  it('delivers what is on the way at a drop even when the peer goes on sending meanwhile', () => {
    const { client, server, serverSaw } = open();
    path.up.delayMs = 200;
    client.send('up');
    time.runFor(1);
    client.drop();
    server.send('to nobody');
    time.runFor(1000);
    expect(serverSaw.texts).toEqual(['up']);
    expect(serverSaw.closeCode).toBe(1006);
  });

  it('loses at a drop what the kernel had not taken', () => {
    const small = new VirtualNetwork({ time, randomFor: randomStreams(1), kernelBytes: 1000 });
    const saw = new LinkRecorder();
    const serverSaw = new LinkRecorder();
    small.listen('server', () => serverSaw);
    const client = small.dialer({ address: 'server', path })(saw);
    time.runFor(100);
    client.send('a'.repeat(500));
    client.send('b'.repeat(5000));
    time.runFor(1);
    client.drop();
    time.runFor(1000);
    expect(serverSaw.texts).toEqual(['a'.repeat(500)]);
    expect(serverSaw.closeCode).toBe(1006);
  });

  it('carries frames larger than the kernel buffers', () => {
    const small = new VirtualNetwork({ time, randomFor: randomStreams(1), kernelBytes: 1000 });
    const saw = new LinkRecorder();
    let server: Link | undefined;
    small.listen('server', (link) => {
      server = link;
      return new LinkRecorder();
    });
    small.dialer({ address: 'server', path })(saw);
    time.runFor(100);
    server?.send('c'.repeat(50_000));
    time.runFor(10_000);
    expect(saw.texts).toEqual(['c'.repeat(50_000)]);
  });

  it('leaves of what is unread at a reset only what the kernel of the reader holds', () => {
    const { client, saw, server } = open();
    client.pauseReading();
    for (let sent = 0; sent < 300; sent++) server.send('k'.repeat(1000));
    server.terminate();
    time.runFor(1000);
    client.send('answered with a reset');
    time.runFor(1000);
    expect(saw.closes).toEqual([]);
    client.resumeReading();
    time.runFor(1);
    expect(saw.closeCode).toBe(1006);
    // 128 KiB, in frames of 1008 bytes.
    expect(saw.texts).toHaveLength(130);
  });

  it('resets the connection of a client that goes without having read everything', () => {
    const { client, serverSaw, server } = open();
    client.pauseReading();
    server.send('unread');
    time.runFor(100);
    client.send('lost with it');
    time.runFor(1);
    client.drop();
    time.runFor(1000);
    expect([serverSaw.texts, serverSaw.closeCode]).toEqual([[], 1006]);
  });

  it('does not let two listen on one address, until the first has closed', () => {
    const accept = (): LinkRecorder => new LinkRecorder();
    const first = network.listen('other', accept);
    expect(() => network.listen('other', accept)).toThrow('Cannot listen on "other"');
    first.close();
    network.listen('other', accept);
    const saw = new LinkRecorder();
    network.dialer({ address: 'other', path })(saw);
    time.runFor(100);
    expect(saw.opened).toBe(1);
  });

  it('runs the same twice with the same seed', () => {
    const history = (seed: number): string[] => {
      const clock = new VirtualTime();
      const world = new VirtualNetwork({ time: clock, randomFor: randomStreams(seed) });
      const lines: string[] = [];
      world.listen('server', (link) => {
        const saw = new LinkRecorder();
        saw.onEachText = (text) => {
          lines.push(`${clock.nowUs()} ${text}`);
          link.send(text);
        };
        return saw;
      });
      for (let index = 0; index < 5; index++) {
        const own = world.path({ name: `client ${index}`, up: { jitterMs: 10 }, down: { jitterMs: 10 } });
        const saw = new LinkRecorder();
        const link = world.dialer({ address: 'server', path: own })(saw);
        saw.onEachText = (text) => lines.push(`${clock.nowUs()} back ${text}`);
        clock.after(50_000, () => {
          for (let sent = 0; sent < 10; sent++) link.send(`${index}:${sent}`);
        });
      }
      clock.run(1_000_000_000);
      return lines;
    };
    expect(history(3)).toHaveLength(100);
    expect(history(3)).toEqual(history(3));
    expect(history(3)).not.toEqual(history(4));
  });
});
