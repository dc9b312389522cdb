import { expect } from 'vitest';
import { Broadcaster } from '../../src/broadcaster/broadcaster.ts';
import type { PublishSettled } from '../../src/broadcaster/publish-gate.ts';
import { DEFAULT_SETTINGS } from '../../src/broadcaster/setting-table.ts';
import { wsdeliver } from '../../src/drivers/wsdeliver/driver.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import type { Link } from '../../src/protocol/ports.ts';
import { newIdFrom } from '../../src/world/random.ts';
import {
  type ContractServer,
  describeDriverContract,
  ROOM,
  VirtualContractWorld,
} from './driver-contract.ts';
import { RelayServer, relay } from './relay.ts';

const newWorld = (): VirtualContractWorld => new VirtualContractWorld();
describeDriverContract(wsdeliver, newWorld, serveBroadcaster);
describeDriverContract(relay, newWorld, serveRelay);

function serveRelay({ network }: VirtualContractWorld): ContractServer {
  const taken: string[] = [];
  const server = new (class extends RelayServer {
    override publish(room: string, payloadText: string): void {
      super.publish(room, payloadText);
      if (room !== '') taken.push(payloadText);
    }
  })();
  const listener = network.listen('server', (link) => server.accept(link));
  return {
    taken,
    publish: (tag) => {
      server.publish(ROOM, `{"tag":${tag}}`);
      taken.pop();
    },
    say: (text) => server.say(text),
    restart: () => listener.destroyAll(),
    stop: () => listener.close(),
  };
}

function serveBroadcaster({ time, network, randomFor }: VirtualContractWorld): ContractServer {
  const taken: string[] = [];
  const links: Link[] = [];
  const newId = newIdFrom(randomFor('ids'));
  /** Writes down what clients publish; what the test publishes does not come this way. */
  class TakingBroadcaster extends Broadcaster {
    override submit(message: OutgoingMessage, settled: PublishSettled): void {
      const { payload } = JSON.parse(`{${message.text}`) as { readonly payload: unknown };
      taken.push(JSON.stringify(payload));
      super.submit(message, settled);
    }
  }
  function start(): { broadcaster: Broadcaster; listener: { close(): void } } {
    const broadcaster = new TakingBroadcaster({
      settings: { ...DEFAULT_SETTINGS, ackTimeoutMs: 1000, resumeTtlMs: 3000 },
      ports: { clock: time, timers: time, randomFor, newId },
    });
    const listener = network.listen('server', (link) => {
      links.push(link);
      return broadcaster.accept(link);
    });
    return { broadcaster, listener };
  }
  let running = start();
  function stop(reason: 'restart' | 'goodbye'): void {
    running.broadcaster.stop(reason);
    running.listener.close();
  }
  return {
    taken,
    publish: (tag) => {
      const message = new OutgoingMessage({ room: ROOM, type: 'tick', payloadText: `{"tag":${tag}}` });
      expect(running.broadcaster.publish(message)).toBeUndefined();
    },
    say: (text) => {
      for (const link of links) link.send(text);
    },
    restart: () => {
      stop('restart');
      running = start();
    },
    stop: () => stop('goodbye'),
  };
}
