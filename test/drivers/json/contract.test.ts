import { describedDriver } from '../../../src/drivers/json/driver.ts';
import {
  type ContractServer,
  describeDriverContract,
  ROOM,
  VirtualContractWorld,
} from '../driver-contract.ts';
import { PLAIN, WHOLE } from './descriptions.ts';
import { FeedServer } from './feed-server.ts';

const newWorld = (): VirtualContractWorld => new VirtualContractWorld();
describeDriverContract(describedDriver('json without sessions', PLAIN), newWorld, serve);
describeDriverContract(describedDriver('json with sessions', WHOLE), newWorld, serve);

function serve({ network }: VirtualContractWorld): ContractServer {
  const server = new FeedServer();
  const listener = network.listen('server', (link) => server.accept(link));
  return {
    taken: server.taken,
    publish: (tag) => server.publish(ROOM, { tag }),
    say: (text) => server.say(text),
    restart: () => {
      server.forget();
      listener.destroyAll();
    },
    stop: () => listener.close(),
  };
}
