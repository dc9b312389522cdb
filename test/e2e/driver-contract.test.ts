import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { Broadcaster } from '../../src/broadcaster/broadcaster.ts';
import type { PublishSettled } from '../../src/broadcaster/publish-gate.ts';
import { DEFAULT_SETTINGS } from '../../src/broadcaster/setting-table.ts';
import { wsdeliver } from '../../src/drivers/wsdeliver/driver.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { type Link, LinkState } from '../../src/protocol/ports.ts';
import { newSecretId } from '../../src/world/real/new-id.ts';
import { linkUpgrade } from '../../src/world/real/upgrade.ts';
import {
  type ContractServer,
  describeDriverContract,
  RealContractWorld,
  ROOM,
} from '../drivers/driver-contract.ts';
import { takerOf } from '../world/real/taker.ts';

/** The contract on real sockets, where a client of wsdeliver.v1 meets the reference broadcaster. */
describeDriverContract(wsdeliver, () => new RealContractWorld(), serve);

async function serve(world: RealContractWorld): Promise<ContractServer> {
  const taken: string[] = [];
  const links = new Set<Link>();
  class TakingBroadcaster extends Broadcaster {
    override submit(message: OutgoingMessage, settled: PublishSettled): void {
      const { payload } = JSON.parse(`{${message.text}`) as { readonly payload: unknown };
      taken.push(JSON.stringify(payload));
      super.submit(message, settled);
    }
  }
  const { clock, timers, randomFor } = world;
  let running = newBroadcaster();
  function newBroadcaster(): Broadcaster {
    return new TakingBroadcaster({
      settings: { ...DEFAULT_SETTINGS, ackTimeoutMs: 1000, resumeTtlMs: 3000 },
      ports: { clock, timers, randomFor, newId: newSecretId },
    });
  }
  function dropAll(): void {
    for (const link of links) link.terminate();
    links.clear();
  }
  const http = createServer();
  const upgrade = linkUpgrade(
    takerOf((link) => {
      links.add(link);
      return running.accept(link);
    }),
  );
  http.on('upgrade', upgrade);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  world.dialing = { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}` };
  return {
    taken,
    publish: (tag) => {
      const message = new OutgoingMessage({ room: ROOM, type: 'tick', payloadText: `{"tag":${tag}}` });
      expect(running.publish(message)).toBeUndefined();
    },
    say: (text) => {
      for (const link of links) if (link.state === LinkState.open) link.send(text);
    },
    restart: () => {
      running.stop('restart');
      dropAll();
      running = newBroadcaster();
    },
    stop: () => {
      running.stop('goodbye');
      http.close();
      dropAll();
    },
  };
}
