import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { PayloadReader } from '../delivery/payload-reader.ts';
import { formatStamp, makeBody, stampedPayload } from '../delivery/stamp.ts';
import type { ClientObserver, DriverClient, DriverTraits } from '../drivers/driver.ts';
import { newDriver } from '../drivers/registry.ts';
import { waysToTarget } from '../load/publishing/ways-to-target.ts';
import { TargetClients } from '../load/target-clients.ts';
import { CloseCode, FRAME_BYTES_MAX } from '../protocol/frame.ts';
import type { ClientLink, Dial, LinkEvents } from '../protocol/ports.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { Target } from '../scenario/target/target-schema.ts';
import { Machine } from '../world/real/machine.ts';
import { newRedisPublisher } from '../world/real/redis-publisher.ts';

/** What one client of a target saw and sent, frame by frame, and what came of one message. */
export type ProbeEvent =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'sent'; readonly text: string }
  | { readonly kind: 'received'; readonly text: string; readonly meanings: readonly string[] }
  | { readonly kind: 'told'; readonly what: 'open' | 'in its rooms' | 'publishing' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string };

export interface ProbeFindings {
  readonly connected: boolean;
  readonly joined: boolean;
  readonly lastFailure: string;
  /** Undefined: it was not published. */
  readonly published: 'accepted' | 'rejected' | 'unknown' | 'unconfirmed' | 'unanswered' | undefined;
  /** The protocol answers publishes, as far as the driver knows. */
  readonly confirms: boolean;
  /** The driver says that a frame with the stamp was a message. */
  readonly cameBack: boolean;
  /** A frame held the stamp. */
  readonly stampSeen: boolean;
  readonly wholeBody: boolean;
  /** The message had a number. */
  readonly numbered: boolean;
  readonly positions: DriverTraits['positions'];
  readonly unmatched: number;
  readonly driver: string;
}

const JOIN_TIMEOUT_MS = 12_000;
const MESSAGE_TIMEOUT_MS = 5000;
/** After the message has come back, for a confirmation that comes behind it. */
const GRACE_MS = 500;
const POLL_MS = 20;
const BODY_BYTES = 32;
const DELIVERY = {};

/** Connects one client to the target of a scenario, joins its rooms, publishes one message, and tells everything. */
export async function probeTarget(options: {
  readonly scenario: Scenario;
  readonly target: Target;
  readonly folder: string;
  readonly onEvent: (event: ProbeEvent) => void;
}): Promise<ProbeFindings> {
  const probe = new Probe(options);
  try {
    return await probe.run();
  } finally {
    probe.stop();
  }
}

class Probe implements ClientObserver<object> {
  readonly #onEvent: (event: ProbeEvent) => void;
  readonly #scenario: Scenario;
  readonly #machine: Machine;
  readonly #driver: ReturnType<typeof newDriver>;
  readonly #towards: TargetClients;
  readonly #client: DriverClient<object>;
  readonly #run = `r${randomBytes(5).toString('hex')}`;
  readonly #payloads = new PayloadReader(this.#run);
  readonly #hide: (text: string) => string;
  #meanings: string[] = [];
  /** What a frame that is being read leads to. */
  #underWay: ProbeEvent[] | undefined = undefined;
  #connected = false;
  #joined = false;
  #lastFailure = '';
  #published: ProbeFindings['published'] = undefined;
  #cameBack = false;
  #stampSeen = false;
  #wholeBody = false;
  #numbered = false;
  #unmatched = 0;
  #stopped = false;

  constructor(options: Parameters<typeof probeTarget>[0]) {
    const { scenario, target, folder, onEvent } = options;
    const [stream] = scenario.publish;
    const profile =
      scenario.clients.find(({ rooms }) => stream !== undefined && rooms.includes(stream.room)) ??
      scenario.clients[0];
    if (stream === undefined || profile === undefined)
      throw new Error('Cannot probe: the scenario has no clients');
    const through = stream.through === 'client' ? 'members' : stream.through;
    this.#scenario = {
      ...scenario,
      clients: [{ ...profile, count: 1 }],
      publish: [{ ...stream, through }],
    };
    this.#onEvent = onEvent;
    this.#machine = new Machine(scenario.seed);
    const { clock, timers, randomFor, epochMs } = this.#machine;
    this.#driver = newDriver(target.driver, target.options);
    this.#towards = new TargetClients({ target, folder, driver: this.#driver, clock, clients: [0] });
    const values = this.#towards.valuesFor(0, 'c0');
    this.#hide = (text) => this.#towards.withoutSecrets(text, values);
    this.#client = this.#driver.newClients()<object>({
      clientId: 'c0',
      values,
      behaviour: {
        rooms: profile.rooms,
        ack: { mode: 'each' },
        dedupWindow: 64,
        reconnect: { minMs: 1000, maxMs: 2000, jitter: 'none' },
        handlerMs: 0,
        handlerFailureRatio: 0,
        nack: false,
        batch: false,
        publishTimeoutMs: MESSAGE_TIMEOUT_MS,
      },
      observer: this,
      ports: {
        clock,
        timers,
        dial: this.#traced(this.#towards.dialFor(values)),
        http: this.#towards.http,
        epochMs,
        reconnectRandom: randomFor('reconnect'),
        handlerRandom: randomFor('handler'),
        contentRandom: randomFor('content'),
      },
    });
  }

  async run(): Promise<ProbeFindings> {
    this.#client.connector.connect();
    await this.#until(() => this.#joined, JOIN_TIMEOUT_MS);
    if (this.#joined) {
      await this.#publish();
      await this.#until(() => this.#cameBack, MESSAGE_TIMEOUT_MS);
      await this.#until(() => this.#published !== 'unanswered', GRACE_MS);
    }
    const { traits, name } = this.#driver;
    return {
      connected: this.#connected,
      joined: this.#joined,
      lastFailure: this.#lastFailure,
      published: this.#published,
      confirms: traits.confirmsPublishes,
      cameBack: this.#cameBack,
      stampSeen: this.#stampSeen,
      wholeBody: this.#wholeBody,
      numbered: this.#numbered,
      positions: traits.positions,
      unmatched: this.#unmatched,
      driver: name,
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#client.stop();
    this.#machine.close();
  }

  async #publish(): Promise<void> {
    const [{ room, type, via }] = this.#scenario.publish as [Scenario['publish'][number]];
    const { clock, timers, randomFor, epochMs } = this.#machine;
    const body = makeBody(BODY_BYTES, 1, 1);
    const intendedUs = clock.nowUs();
    const stamp = formatStamp({
      run: this.#run,
      stream: 1,
      seq: 1,
      intendedUs,
      length: body.length,
      crc: crc32(body),
    });
    const random = randomFor('publisher');
    const ways = waysToTarget({
      scenario: this.#scenario,
      run: this.#run,
      driver: this.#driver,
      ports: {
        clock,
        timers,
        http: this.#towards.http,
        epochMs,
        reconnectRandom: random,
        handlerRandom: random,
        contentRandom: random,
      },
      towards: this.#towards,
      clients: {
        publishAs: (_client, request, settle) =>
          this.#client.publish({ ...request, settle: ({ kind }) => settle(kind) }),
        isConnectionOpen: () => this.#client.connector.ready,
      },
      newRedisPublisher,
    });
    ways.connect();
    await this.#until(() => ways.ready, MESSAGE_TIMEOUT_MS);
    this.#published = 'unanswered';
    this.#tell({ kind: 'told', what: 'publishing' });
    const payloadText = stampedPayload(stamp, body);
    ways.publish({ stream: 1, seq: 1, room, type, payloadText, stamp, body, via }, (status) => {
      this.#published = status;
    });
    await this.#until(() => this.#cameBack, MESSAGE_TIMEOUT_MS);
    if (ways.lastFailure !== '') this.refused(ways.lastFailure);
    ways.stop();
  }

  async #until(isOver: () => boolean, atMostMs: number): Promise<void> {
    const endMs = performance.now() + atMostMs;
    while (!isOver() && performance.now() < endMs)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }

  #tell(event: ProbeEvent): void {
    if (this.#stopped) return;
    if (this.#underWay === undefined) this.#onEvent(event);
    else this.#underWay.push(event);
  }

  /** Shows what goes over the sockets of a dialler. */
  #traced(dial: Dial): Dial {
    return (events, request) => {
      const traced: LinkEvents = {
        onOpen: () => {
          this.#connected = true;
          events.onOpen();
        },
        onText: (text) => this.#heard(text, () => events.onText(text)),
        onBytes: (bytes) =>
          this.#heard(new TextDecoder().decode(bytes), () => {
            if (events.onBytes === undefined) events.onText('');
            else events.onBytes(bytes);
          }),
        onPong: () => events.onPong(),
        onWritable: () => events.onWritable(),
        onClose: (code, reason) => events.onClose(code, reason),
      };
      return this.#tracedLink(dial(traced, request));
    };
  }

  #tracedLink(link: ClientLink): ClientLink {
    const [send, sendBytes] = [link.send.bind(link), link.sendBytes.bind(link)];
    link.send = (text) => {
      this.#tell({ kind: 'sent', text: this.#hide(text) });
      send(text);
    };
    link.sendBytes = (bytes) => {
      this.#tell({ kind: 'sent', text: this.#hide(new TextDecoder().decode(bytes)) });
      sendBytes(bytes);
    };
    return link;
  }

  #heard(text: string, pass: () => void): void {
    this.#meanings = [];
    if (this.#payloads.read(text)) this.#stampSeen = true;
    const meanings = this.#meanings;
    // What the frame leads to is shown behind it, when it is known what it means.
    const events: ProbeEvent[] = [{ kind: 'received', text: this.#hide(text), meanings }];
    this.#underWay = events;
    pass();
    this.#underWay = undefined;
    for (const event of events) this.#tell(event);
  }

  // What the driver tells.

  explained(what: string): void {
    this.#meanings.push(what);
  }

  unmatched(): void {
    this.#unmatched += 1;
  }

  connecting(): void {
    this.#tell({ kind: 'connecting' });
  }

  open(): void {
    this.#tell({ kind: 'told', what: 'open' });
  }

  subscribed(): void {
    this.#joined = true;
    this.#tell({ kind: 'told', what: 'in its rooms' });
  }

  resumed(): void {
    this.subscribed();
  }

  refused(reason: string): void {
    this.#lastFailure = this.#hide(reason);
    this.#tell({ kind: 'refused', reason: this.#lastFailure });
  }

  message(position: number, payload: unknown): object {
    if (!this.#payloads.read(payload)) return DELIVERY;
    this.#cameBack = true;
    this.#wholeBody = this.#payloads.body !== undefined;
    this.#numbered = position > 0;
    return DELIVERY;
  }

  closed(code: number, told: string): void {
    const reason =
      code === CloseCode.tooLarge
        ? `the server sent a frame of more than ${FRAME_BYTES_MAX} bytes, which is the limit`
        : told;
    if (reason !== '') this.#lastFailure = this.#hide(reason);
    else if (this.#lastFailure === '') this.#lastFailure = `closed with ${code}`;
    this.#tell({ kind: 'closed', code, reason: this.#hide(reason) });
  }

  deduplicated(): void {}
  handled(): void {}
  failed(): void {}
  acked(): void {}
  gap(): void {}
  replayed(): void {}
  goodbye(): void {}
  olderClosed(): void {}
}
