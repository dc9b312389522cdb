import type {
  ClientBehaviour,
  ClientObserver,
  ClientPublish,
  DriverClient,
} from '../../../src/drivers/driver.ts';
import { socketIo } from '../../../src/drivers/socket-io/driver.ts';
import type { SocketIoOptions } from '../../../src/drivers/socket-io/options.ts';
import { plainValues } from '../../../src/drivers/values.ts';
import { createDialer } from '../../../src/world/real/dial.ts';
import { RealContractWorld } from '../../drivers/driver-contract.ts';

const BEHAVIOUR: ClientBehaviour = {
  rooms: [],
  ack: { mode: 'each' },
  dedupWindow: 64,
  reconnect: { minMs: 50, maxMs: 50, jitter: 'none' },
  handlerMs: 0,
  handlerFailureRatio: 0,
  nack: false,
  batch: false,
};

/** One client of the driver on real sockets, and what it told. */
export class LoneClient {
  readonly told: string[] = [];
  readonly payloads: unknown[] = [];
  readonly client: DriverClient<object>;
  readonly #world = new RealContractWorld();

  constructor(url: string, options: Partial<SocketIoOptions>, behaviour: Partial<ClientBehaviour> = {}) {
    const driver = socketIo(options);
    const { clock, timers, http, epochMs, randomFor } = this.#world;
    this.client = driver.newClients()({
      clientId: 'c0',
      values: { ...plainValues(0, 'c0'), user: { token: 'abc' } },
      behaviour: { ...BEHAVIOUR, ...behaviour },
      observer: this.#observer(),
      ports: {
        clock,
        timers,
        dial: createDialer({ url: driver.addressOf?.(url) ?? url, subprotocols: [] }),
        http,
        epochMs,
        reconnectRandom: randomFor('reconnect'),
        handlerRandom: randomFor('handler'),
        contentRandom: randomFor('content'),
      },
    });
    this.client.connector.connect();
  }

  get ready(): boolean {
    return this.client.connector.ready;
  }

  publish(request: Pick<ClientPublish, 'seq' | 'settle'>): void {
    const stamp = `run.1.${request.seq}`;
    this.client.publish({
      ...request,
      room: 'r1',
      type: 'up',
      payloadText: `{"stamp":"${stamp}","body":"b"}`,
      stamp,
      body: 'b',
    });
  }

  async stop(): Promise<void> {
    this.client.stop();
    await this.#world.end();
  }

  #observer(): ClientObserver<object> {
    const tell = (line: string): void => {
      this.told.push(line);
    };
    return {
      connecting() {},
      open() {},
      subscribed: (_session, told) => tell(told === undefined ? 'fresh' : `fresh: ${told}`),
      resumed: () => tell('resumed'),
      refused: (reason) => tell(`refused: ${reason}`),
      message: (_position, payload) => {
        this.payloads.push(payload);
        return {};
      },
      deduplicated() {},
      handled() {},
      failed() {},
      acked() {},
      gap() {},
      replayed() {},
      goodbye() {},
      closed: () => tell('closed'),
      olderClosed: () => tell('older closed'),
    };
  }
}
