import { socketIo } from '../../../src/drivers/socket-io/driver.ts';
import type { SocketIoOptions } from '../../../src/drivers/socket-io/options.ts';
import {
  type ContractServer,
  describeDriverContract,
  RealContractWorld,
  ROOM,
} from '../../drivers/driver-contract.ts';
import { ChatServer, EVENT } from './server.ts';

const JOIN = ['join', '{{ room }}'];
const SAY = [EVENT, '{{ room }}', '{{ payload }}'];

/** Nothing is confirmed and nothing recovered; the server asks for acks. */
contract({ ack: true, subscribe: { send: JOIN }, publish: { send: SAY } });
/** As careful as the official client can be. */
contract({
  recovery: true,
  offsetFrom: 'strict',
  events: [EVENT],
  subscribe: { send: JOIN, confirm: [{ ok: true }] },
  publish: { send: SAY, confirm: [{ ok: 'exists' }] },
  retries: 2,
  ackTimeout: 1000,
});

function contract(options: Partial<SocketIoOptions>): void {
  const driver = socketIo(options);
  describeDriverContract(driver, () => new RealContractWorld(), serve);

  async function serve(world: RealContractWorld): Promise<ContractServer> {
    const start = (port: number): Promise<ChatServer> =>
      ChatServer.start({ recovery: options.recovery ?? false, port });
    let chat = await start(0);
    const { port } = chat;
    const taken: string[] = [];
    world.dialing = { url: driver.addressOf?.(chat.url) ?? chat.url, subprotocols: [] };
    return {
      get taken() {
        return [...taken, ...chat.taken];
      },
      publish: (tag) => {
        if (options.ack)
          chat.io
            .to(ROOM)
            .timeout(10_000)
            .emit(EVENT, { tag }, () => {});
        else chat.io.to(ROOM).emit(EVENT, { tag });
      },
      say: (text) => chat.say(text),
      restart: async () => {
        taken.push(...chat.taken);
        await chat.kill();
        chat = await start(port);
      },
      stop: () => chat.kill(),
    };
  }
}
