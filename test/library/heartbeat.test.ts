import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createBroadcaster } from '../../src/library.ts';
import { headerOf, pause, RawClient } from '../attacks/raw-client.ts';

it('the heartbeat lets a client finish a long frame, and notices when it falls silent', async () => {
  const server = createServer();
  const broadcaster = createBroadcaster({ pingIntervalMs: 400, pongTimeoutMs: 300, missedPongsMax: 2 });
  broadcaster.attach(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    // It never answers a ping, as if its pongs waited behind the frame.
    const client = await RawClient.welcomed(`ws://127.0.0.1:${port}`, 'uplink');
    client.write(headerOf(500_000));
    for (let part = 0; part < 60; part += 1) {
      client.write(Buffer.alloc(1000, ' '));
      await pause(50);
    }
    expect([client.closed, broadcaster.statistics().detectedStale]).toEqual([false, 0]);
    // Silence is noticed within three intervals and a timeout; the rest is for a busy machine.
    const deadlineMs = performance.now() + 10_000;
    while (!client.closed && performance.now() < deadlineMs) await pause(20);
    expect([client.closed, broadcaster.statistics().detectedStale]).toEqual([true, 1]);
  } finally {
    broadcaster.stop();
    server.close();
    server.closeAllConnections();
  }
});
