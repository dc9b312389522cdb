import type { LossReason } from '../../../src/delivery/loss-reason.ts';
import type {
  ClientBehaviour,
  ClientObserver,
  ClientPublish,
  DriverClient,
  PublishOutcome,
} from '../../../src/drivers/driver.ts';
import { socketIo } from '../../../src/drivers/socket-io/driver.ts';
import type { SocketIoOptions } from '../../../src/drivers/socket-io/options.ts';
import type { Link } from '../../../src/protocol/ports.ts';
import { VirtualContractWorld } from '../driver-contract.ts';

const BEHAVIOUR: ClientBehaviour = {
  rooms: ['r1'],
  ack: { mode: 'each' },
  dedupWindow: 64,
  reconnect: { minMs: 100, maxMs: 100, jitter: 'none' },
  handlerMs: 0,
  handlerFailureRatio: 0,
  nack: false,
  batch: false,
};

/** One connection as the other end of it sees it. */
interface PeerConnection {
  readonly link: Link;
  /** Frames of the client; a binary one as its bytes. */
  readonly heard: (string | number[])[];
  code: number;
}

/** A client of the driver in virtual time, and in the place of a server a test that says every frame itself. */
export class Peer {
  readonly world = new VirtualContractWorld();
  readonly connections: PeerConnection[] = [];
  readonly told: string[] = [];
  readonly payloads: unknown[] = [];
  readonly client: DriverClient<object>;

  constructor(
    options: Partial<SocketIoOptions> = {},
    behaviour: Partial<ClientBehaviour> = {},
    user: Readonly<Record<string, unknown>> = {},
  ) {
    const { world } = this;
    const { clock, timers, dial, http, epochMs, randomFor } = world;
    world.network.listen('server', (link) => this.#accept(link));
    this.client = socketIo(options).newClients()({
      clientId: 'c7',
      values: { client: { index: 7, id: 'c7' }, user, env: {}, services: {} },
      behaviour: { ...BEHAVIOUR, ...behaviour },
      observer: this.#observer(),
      ports: {
        clock,
        timers,
        dial,
        http,
        epochMs,
        reconnectRandom: randomFor('reconnect'),
        handlerRandom: randomFor('handler'),
        contentRandom: randomFor('content'),
      },
    });
    this.client.connector.connect();
    this.pass(10);
  }

  /** The connection that was made last. */
  get last(): PeerConnection {
    const last = this.connections.at(-1);
    if (last === undefined) throw new Error('the client has not connected');
    return last;
  }

  /** What the client has said on the connection made last. */
  get heard(): (string | number[])[] {
    return this.last.heard;
  }

  pass(ms: number): void {
    this.world.time.runFor(ms);
  }

  /** Sends frames on the connection made last. */
  say(...frames: string[]): void {
    for (const frame of frames) this.last.link.send(frame);
    this.pass(10);
  }

  /** Opens the Engine.IO session, and connects the namespace. */
  welcome(pid?: string, sid = 's1'): void {
    this.say('0{"sid":"e1","pingInterval":1000,"pingTimeout":500}');
    this.say(`40${JSON.stringify({ sid, ...(pid === undefined ? {} : { pid }) })}`);
  }

  /** Breaks the connection, and lets the client come back. */
  cut(): void {
    this.last.link.terminate();
    this.pass(150);
  }

  publish(seq: number): PublishOutcome[] {
    const outcomes: PublishOutcome[] = [];
    const stamp = `run.1.${seq}`;
    const request: ClientPublish = {
      room: 'r1',
      type: 'up',
      payloadText: `{"stamp":"${stamp}","body":"b"}`,
      stamp,
      body: 'b',
      seq,
      settle: (outcome) => outcomes.push(outcome),
    };
    this.client.publish(request);
    this.pass(10);
    return outcomes;
  }

  #accept(link: Link): {
    onOpen(): void;
    onText(text: string): void;
    onBytes(bytes: Uint8Array): void;
    onPong(): void;
    onWritable(): void;
    onClose(code: number): void;
  } {
    const connection: PeerConnection = { link, heard: [], code: -1 };
    this.connections.push(connection);
    return {
      onOpen() {},
      onText: (text) => connection.heard.push(text),
      onBytes: (bytes) => connection.heard.push([...bytes]),
      onPong() {},
      onWritable() {},
      onClose: (code) => {
        connection.code = code;
      },
    };
  }

  #observer(): ClientObserver<object> {
    const tell = (line: string): void => {
      this.told.push(line);
    };
    return {
      connecting: () => tell('connecting'),
      open: () => tell('open'),
      subscribed: (session: string, told: LossReason | undefined) =>
        tell(`subscribed ${session}${told === undefined ? '' : `: ${told}`}`),
      resumed: () => tell('resumed'),
      refused: (reason) => tell(`refused: ${reason}`),
      message: (_position, payload) => {
        this.payloads.push(payload);
        tell(`message ${JSON.stringify(payload)}`);
        return {};
      },
      deduplicated() {},
      handled: () => tell('handled'),
      failed: () => tell('failed'),
      acked: () => tell('acked'),
      gap() {},
      replayed: () => tell('replayed'),
      goodbye: () => tell('goodbye'),
      closed: (code) => tell(`closed ${code}`),
      olderClosed: () => tell('older closed'),
    };
  }
}
