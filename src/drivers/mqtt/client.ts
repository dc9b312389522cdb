import mqttPacket, { type IConnackPacket, type IPublishPacket, type Packet } from 'mqtt-packet';
import type { LossReason } from '../../delivery/loss-reason.ts';
import { CloseCode } from '../../protocol/frame.ts';
import { Timer } from '../../protocol/ports.ts';
import type { Template } from '../../templates/template.ts';
import { ClientScope } from '../client-scope.ts';
import { Connector, type ConnectorOwner } from '../connector.ts';
import type {
  AckFilter,
  ClientBehaviour,
  ClientObserver,
  ClientOptions,
  ClientPublish,
  DriverClient,
  DriverPorts,
} from '../driver.ts';
import { Inbox, type InboxOwner } from '../inbox.ts';
import type { MqttOptions } from './options.ts';
import { OutgoingPublishes } from './outgoing-publishes.ts';
import { type PacketParser, PacketStream } from './packet-stream.ts';

/** From an open socket to all subscriptions; as long as the official client waits for a CONNACK. */
const JOIN_TIMEOUT_MS = 30_000;
/** Ids of SUBSCRIBE and of publishes are counted apart; a client subscribes once on a connection. */
const SUBSCRIBE_ID = 1;
/** Added to the id of a message of QoS 2, whose ack is another one. */
const QOS_2 = 65_536;
const REFUSED = 0x80;

/** What a broker of 3.1.1 means by the code of its CONNACK. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'it does not speak this version of MQTT',
  2: 'it refuses the client id',
  3: 'it is not available',
  4: 'it refuses user name and password',
  5: 'the client is not authorized',
};

export interface MqttTemplates {
  readonly options: MqttOptions;
  /** On the wire. */
  readonly version: 4 | 5;
  readonly topic: Template;
  readonly clientId: Template;
  readonly username: Template | undefined;
  readonly password: Template | undefined;
}

/** How far the socket opened last is. */
type Phase = 'connecting' | 'subscribing' | 'joined';

/**
 * A client of MQTT 3.1.1 or 5, which does what the official one (mqtt.js 5) does: acks when the handler is through,
 * releases a message of QoS 2 to its handler once, sends what the broker has not confirmed again on a new connection,
 * and handles a message of QoS 1 as often as it comes.
 */
export class MqttClient<D extends object> implements DriverClient<D>, ConnectorOwner, InboxOwner<D> {
  readonly behaviour: ClientBehaviour;
  readonly connector: Connector;
  readonly inbox: Inbox<D>;
  ackFilter: AckFilter | undefined;
  readonly askedToPause = false;
  readonly #templates: MqttTemplates;
  readonly #parser: PacketParser;
  readonly #observer: ClientObserver<D>;
  readonly #ports: DriverPorts;
  readonly #scope: ClientScope;
  readonly #outgoing: OutgoingPublishes;
  readonly #deadline = new Timer(() => this.#onDeadline());
  #stream = new PacketStream();
  #phase: Phase = 'connecting';
  /** It has had a session that it expects the broker to have kept. */
  #hasSession = false;
  #forgets = false;
  #told: LossReason | undefined = undefined;
  /** Publishes that the broker takes at once. */
  #receiveMaximum: number | undefined = undefined;
  /** A PINGREQ is not answered. */
  #pinged = false;
  /** It asked whether everything that was kept for it has been sent. */
  #awaitsReplay = false;
  /** QoS 2: received and not released yet, by id. */
  readonly #unreleased = new Map<number, Uint8Array>();
  /** Acks that a fault holds back. */
  #delayed: Set<Timer> | undefined = undefined;

  constructor(
    { values, behaviour, ports, observer }: ClientOptions<D>,
    templates: MqttTemplates,
    parser: PacketParser,
  ) {
    this.behaviour = behaviour;
    this.#templates = templates;
    this.#parser = parser;
    this.#observer = observer;
    this.#ports = ports;
    this.#scope = new ClientScope(values, ports);
    this.connector = new Connector({ owner: this, observer, behaviour, ports });
    this.inbox = new Inbox({ owner: this, connector: this.connector, behaviour, ports });
    const { qos, retain } = templates.options;
    this.#outgoing = new OutgoingPublishes({
      qos: qos === 2 ? 2 : 1,
      retain,
      send: (packet) => this.#send(packet),
    });
  }

  get unanswered(): number {
    return this.#outgoing.size;
  }

  publish({ room = '', payloadText: payload, settle }: ClientPublish): void {
    const topic = this.#topicOf(room);
    const { qos, retain } = this.#templates.options;
    if (qos > 0) {
      this.#outgoing.add({ topic, payload, settle });
      return;
    }
    if (!this.connector.ready) {
      settle({ kind: 'rejected', reason: 'there is no connection' });
      return;
    }
    this.#send({ cmd: 'publish', topic, payload, qos: 0, retain, dup: false });
    settle({ kind: 'unconfirmed' });
  }

  /** 1000 says DISCONNECT, which ends a session that the broker is not to keep. */
  close(code: number): void {
    if (code === CloseCode.goodbye) {
      this.#sayDisconnect();
      if (this.#templates.options.cleanStart && this.connector.ready) this.#observer.goodbye();
    }
    this.connector.close(code, '');
  }

  stop(): void {
    this.#sayDisconnect();
    this.connector.stop(CloseCode.goodbye, '');
    this.inbox.stop();
    this.#ports.timers.disarm(this.#deadline);
    for (const timer of this.#delayed ?? []) this.#ports.timers.disarm(timer);
    this.#outgoing.abandon();
  }

  protected get hasSession(): boolean {
    return this.#hasSession;
  }

  /** The next CONNECT begins a new session. */
  protected forget(): void {
    this.#forgets = true;
  }

  // What the connector says.

  onOpen(): void {
    this.#phase = 'connecting';
    this.#stream = new PacketStream();
    this.#pinged = false;
    this.#awaitsReplay = false;
    this.#outgoing.onLost();
    this.#ports.timers.arm(this.#deadline, JOIN_TIMEOUT_MS);
    this.#scope.restart();
    this.#observer.open();
    this.#sayConnect();
  }

  /** MQTT has binary messages only. */
  onText(): void {
    this.#fail('it sends text, where MQTT has binary messages');
  }

  onBytes(bytes: Uint8Array, older: boolean): void {
    if (older) return;
    try {
      this.#parser.parse(this.#stream.take(bytes), (packet) => this.#onPacket(packet));
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  onLost(): void {
    this.#phase = 'connecting';
    this.#ports.timers.disarm(this.#deadline);
    this.#outgoing.onLost();
  }

  // What the inbox says. In the place of a position it has the id of the packet, with its QoS; 0 without an ack.

  onHandled(id: number, delivery: D): void {
    this.#observer.handled(0, delivery);
    if (id > 0 && !this.connector.stopped) this.#ack(id);
  }

  onFailed(_id: number, delivery: D): void {
    this.#observer.failed(0, delivery);
  }

  // Packets.

  #onPacket(packet: Packet): void {
    // One before it may have made the client stop.
    if (this.connector.stopped) return;
    switch (packet.cmd) {
      case 'connack':
        this.#onConnack(packet);
        return;
      case 'suback':
        this.#onSuback(packet.granted as readonly number[]);
        return;
      case 'publish':
        this.#onPublish(packet);
        return;
      case 'pubrel':
        this.#onRelease(packet.messageId ?? 0);
        return;
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        this.#onAnswer(packet);
        return;
      case 'pingresp':
        this.#pinged = false;
        if (this.#awaitsReplay) this.#observer.replayed();
        this.#awaitsReplay = false;
        return;
      case 'disconnect':
        this.#observer.refused(`it disconnects the client with 0x${(packet.reasonCode ?? 0).toString(16)}`);
    }
  }

  /** To a publish of the client. Faults take hold of the last answer, which settles it. */
  #onAnswer(packet: Packet): void {
    const fate = packet.cmd === 'pubrec' ? undefined : this.ackFilter?.('up');
    if (fate?.kind === 'lose') return;
    if (fate?.kind === 'delay') this.#later(fate.delayMs, () => this.#outgoing.onAnswer(packet));
    else this.#outgoing.onAnswer(packet);
  }

  #onConnack({ returnCode, reasonCode, sessionPresent, properties }: IConnackPacket): void {
    if (this.#phase !== 'connecting') return;
    const code = returnCode ?? reasonCode ?? 0;
    if (code !== 0) {
      this.#fail(REFUSALS[code] ?? `it refuses the connection with 0x${code.toString(16)}`);
      return;
    }
    const forgot = this.#forgets;
    this.#forgets = false;
    if (!sessionPresent) this.#unreleased.clear();
    if (sessionPresent && this.#hasSession && !forgot) {
      this.#establish(properties?.receiveMaximum);
      this.#observer.resumed(0);
      this.#awaitsReplay = true;
      this.#ping();
      return;
    }
    // Without a session to lose, a client that comes back is told nothing.
    this.#told = this.#hasSession ? (forgot ? 'replaced' : 'session-expired') : undefined;
    this.connector.closeOlder(CloseCode.goodbye, '');
    this.#subscribe(properties?.receiveMaximum);
  }

  #subscribe(receiveMaximum: number | undefined): void {
    this.#phase = 'subscribing';
    this.#receiveMaximum = receiveMaximum;
    const { rooms } = this.behaviour;
    const { qos } = this.#templates.options;
    if (rooms.length === 0) {
      this.#joined();
      return;
    }
    this.#send({
      cmd: 'subscribe',
      messageId: SUBSCRIBE_ID,
      subscriptions: rooms.map((room) => ({ topic: this.#topicOf(room), qos })),
    });
  }

  #onSuback(granted: readonly number[]): void {
    if (this.#phase !== 'subscribing') return;
    const refused = granted.findIndex((code) => code >= REFUSED);
    if (refused >= 0) {
      const code = granted[refused] ?? REFUSED;
      this.#fail(`it refuses to subscribe "${this.behaviour.rooms[refused]}" with 0x${code.toString(16)}`);
      return;
    }
    this.#joined();
  }

  #joined(): void {
    const { cleanStart } = this.#templates.options;
    this.#hasSession = !cleanStart;
    this.#establish(this.#receiveMaximum);
    this.#observer.subscribed('', this.#told);
  }

  #establish(receiveMaximum: number | undefined): void {
    this.#phase = 'joined';
    this.connector.establish();
    this.inbox.carryOn();
    this.#outgoing.onConnected(receiveMaximum);
    this.#keepAlive();
  }

  #onPublish({ qos, messageId = 0, payload, dup }: IPublishPacket): void {
    const bytes = payload as Uint8Array;
    if (qos < 2) {
      this.inbox.push(qos === 1 ? messageId : 0, this.#observer.message(0, bytes, dup));
      return;
    }
    // The bytes are good during the call only.
    this.#unreleased.set(messageId, bytes.slice());
    this.#send({ cmd: 'pubrec', messageId });
  }

  /** QoS 2: the message is the client's now. */
  #onRelease(messageId: number): void {
    const payload = this.#unreleased.get(messageId);
    this.#unreleased.delete(messageId);
    if (payload === undefined) this.#send({ cmd: 'pubcomp', messageId });
    else this.inbox.push(messageId + QOS_2, this.#observer.message(0, payload, false));
  }

  #ack(messageId: number): void {
    const fate = this.ackFilter?.('down');
    if (fate?.kind === 'lose') return;
    if (fate?.kind === 'delay') {
      this.#later(fate.delayMs, () => this.#sayAck(messageId));
      return;
    }
    const copies = fate?.kind === 'duplicate' ? fate.copies : 1;
    for (let copy = 0; copy < copies; copy += 1) this.#sayAck(messageId);
  }

  #sayAck(messageId: number): void {
    // While a second socket is being connected, the broker keeps what is not acked for it.
    if (this.#phase !== 'joined') return;
    this.#observer.acked(0, false);
    if (messageId > QOS_2) this.#send({ cmd: 'pubcomp', messageId: messageId - QOS_2 });
    else this.#send({ cmd: 'puback', messageId });
  }

  /** Unless another connection has been opened by then. */
  #later(delayMs: number, act: () => void): void {
    const { speaker } = this.connector;
    const timer = new Timer(() => {
      this.#delayed?.delete(timer);
      if (this.connector.speaker === speaker) act();
    });
    this.#delayed ??= new Set();
    this.#delayed.add(timer);
    this.#ports.timers.arm(timer, delayMs);
  }

  // Life of the connection.

  #keepAlive(): void {
    const { keepAlive } = this.#templates.options;
    if (keepAlive === 0) this.#ports.timers.disarm(this.#deadline);
    else this.#ports.timers.arm(this.#deadline, keepAlive);
  }

  #onDeadline(): void {
    if (this.#phase === 'joined' && !this.#pinged) {
      this.#ping();
      this.#keepAlive();
      return;
    }
    if (this.#phase !== 'joined') {
      const what = this.#phase === 'connecting' ? 'a CONNECT' : 'a SUBSCRIBE';
      this.#observer.refused(`it does not answer ${what} within ${JOIN_TIMEOUT_MS / 1000} s`);
    }
    this.connector.drop();
  }

  #ping(): void {
    this.#pinged = true;
    this.#send({ cmd: 'pingreq' });
  }

  #fail(reason: string): void {
    this.#observer.refused(reason);
    this.connector.close(CloseCode.goodbye, '');
  }

  // What leaves.

  #topicOf(room: string): string {
    this.#scope.local = { room };
    return String(this.#templates.topic.render(this.#scope));
  }

  #sayConnect(): void {
    const { options, version, clientId, username, password } = this.#templates;
    const scope = this.#scope;
    const clean = options.cleanStart || this.#forgets;
    this.#send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: version,
      clientId: String(clientId.render(scope)),
      clean,
      keepalive: Math.ceil(options.keepAlive / 1000),
      ...(username === undefined ? {} : { username: String(username.render(scope)) }),
      ...(password === undefined ? {} : { password: String(password.render(scope)) as never }),
      ...(version === 5 ? { properties: connectProperties(options) } : {}),
    });
  }

  #sayDisconnect(): void {
    if (this.#phase === 'joined') this.#send({ cmd: 'disconnect', reasonCode: 0 });
  }

  #send(packet: Packet): void {
    this.connector.sendBytes(mqttPacket.generate(packet, { protocolVersion: this.#templates.version }));
  }
}

/** A client whose broker keeps its session: only such a session can be resumed a second time, or given up. */
export class SessionClient<D extends object> extends MqttClient<D> {
  openSecondSocket(): boolean {
    if (!this.connector.ready || !this.hasSession) return false;
    this.connector.openSecond();
    return true;
  }

  forgetSession(): void {
    this.forget();
  }
}

function connectProperties({ cleanStart, sessionExpiry, receiveMaximum }: MqttOptions): object {
  return {
    ...(cleanStart ? {} : { sessionExpiryInterval: Math.ceil(sessionExpiry / 1000) }),
    ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
  };
}
