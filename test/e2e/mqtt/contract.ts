import { connectAsync, type MqttClient } from 'mqtt';
import { mqtt } from '../../../src/drivers/mqtt/driver.ts';
import type { MqttOptions } from '../../../src/drivers/mqtt/options.ts';
import {
  type ContractServer,
  describeDriverContract,
  RealContractWorld,
  ROOM,
} from '../../drivers/driver-contract.ts';
import type { Broker } from './brokers.ts';

/** Published by the test, and not by a client under contract. */
const BY_TEST = ',"by":"test"}';

/** The contract of drivers against a broker; @param slowness - of the broker */
export function describeMqttContract(
  options: Partial<MqttOptions>,
  start: (port?: number) => Promise<Broker>,
  slowness?: number,
): void {
  const driver = mqtt(options);
  describeDriverContract(driver, () => new RealContractWorld(slowness), serve);

  async function serve(world: RealContractWorld): Promise<ContractServer> {
    let broker = await start();
    const { port } = broker;
    const taken: string[] = [];
    world.dialing = { url: broker.url, subprotocols: ['mqtt'] };
    let official = await connect(broker, taken);
    return {
      taken,
      publish: (tag) => {
        official.publish(ROOM, `{"tag":${tag}${BY_TEST}`, { qos: 1 });
      },
      restart: async () => {
        official.end(true);
        await broker.kill();
        broker = await start(port);
        official = await connect(broker, taken);
      },
      stop: async () => {
        official.end(true);
        await broker.kill();
      },
    };
  }
}

/** The official client, which publishes and looks on. */
async function connect({ url }: Broker, taken: string[]): Promise<MqttClient> {
  const official = await connectAsync(url, { clientId: `test-${Math.random().toString(36).slice(2)}` });
  official.on('message', (_topic, payload) => {
    const text = payload.toString();
    if (!text.endsWith(BY_TEST)) taken.push(text);
  });
  official.on('error', () => {});
  await official.subscribeAsync(ROOM, { qos: 1 });
  return official;
}
