import type { LossReason } from '../../delivery/loss-reason.ts';
import { CloseCode } from '../../protocol/frame.ts';
import { Timer } from '../../protocol/ports.ts';
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
import { SUBSCRIPTION_EFFECTIVE_MS } from '../driver.ts';
import { Inbox, type InboxOwner } from '../inbox.ts';
import { Emits, type EmitsOwner } from './emits.ts';
import {
  type EncodedData,
  encodeData,
  encodePacket,
  type Packet,
  PacketType,
  partsOf,
  withAttachments,
} from './packet.ts';
import type { PacketDecoder } from './packet-decoder.ts';
import { Recovery } from './recovery.ts';
import { RoomRequests, type RoomRequestsOwner } from './room-requests.ts';
import { ServerAsks } from './server-asks.ts';
import { outcomeOf, type SocketIoTemplates } from './templates.ts';

/** From an open socket to all rooms; as long as the official client waits for an open connection. */
const JOIN_TIMEOUT_MS = 20_000;
/** Events kept that come before the server says that the namespace is connected. */
const EARLY_MAX = 1_000_000;
const [PING, PONG] = ['2', '3'];
const NOTHING: EncodedData = { json: '[]', attachments: [] };

/** How far the socket opened last is. */
type Phase = 'opening' | 'connecting' | 'joining' | 'joined';

const WAITS_FOR: Readonly<Record<Exclude<Phase, 'joined'>, string>> = {
  opening: 'to open a session of Engine.IO',
  connecting: 'to answer the CONNECT packet of the namespace',
  joining: 'to confirm the rooms',
};

/** What is told when all rooms are joined. */
interface JoiningSession {
  readonly session: string;
  readonly told: LossReason | undefined;
}

/** A packet whose attachments have not all come. */
interface Incomplete {
  readonly packet: Packet;
  readonly attachments: Uint8Array[];
  readonly older: boolean;
}

const NO_SESSION: JoiningSession = { session: '', told: undefined };

/**
 * A client of Socket.IO 4 over WebSocket, which does what the official one (socket.io-client 4.8) does: the same rules
 * for offsets and for what is sent when, the same deadline for a peer that is dead.
 *
 * What survives a connection is the name of the session (`pid`), the last offset, and what is still to be sent.
 */
export class SocketIoClient<D extends object>
  implements DriverClient<D>, ConnectorOwner, InboxOwner<D>, RoomRequestsOwner, EmitsOwner
{
  readonly behaviour: ClientBehaviour;
  readonly connector: Connector;
  readonly inbox: Inbox<D>;
  ackFilter: AckFilter | undefined;
  readonly askedToPause = false;
  protected readonly recovery: Recovery;
  readonly #templates: SocketIoTemplates;
  readonly #decoder: PacketDecoder;
  readonly #observer: ClientObserver<D>;
  readonly #ports: DriverPorts;
  readonly #scope: ClientScope;
  readonly #emits: Emits;
  readonly #asks: ServerAsks | undefined;
  readonly #rooms: RoomRequests | undefined;
  readonly #deadline = new Timer(() => this.#onDeadline());
  #phase: Phase = 'opening';
  /** Between pings of the server and beyond, ms. */
  #silenceMsMax = 0;
  #joining: JoiningSession = NO_SESSION;
  /** It joins when the server has read its requests, and not when it has confirmed them. */
  #joinsUnconfirmed = false;
  #early: Packet[] | undefined;
  #incomplete: Incomplete | undefined;

  constructor(
    { values, behaviour, ports, observer }: ClientOptions<D>,
    templates: SocketIoTemplates,
    decoder: PacketDecoder,
  ) {
    this.behaviour = behaviour;
    this.#templates = templates;
    this.#decoder = decoder;
    this.#observer = observer;
    this.#ports = ports;
    this.#scope = new ClientScope(values, ports);
    this.connector = new Connector({ owner: this, observer, behaviour, ports });
    this.inbox = new Inbox({ owner: this, connector: this.connector, behaviour, ports });
    const { options } = templates;
    this.recovery = new Recovery(options, ports.epochMs);
    this.#emits = new Emits({
      owner: this,
      timers: ports.timers,
      retries: options.retries,
      ackTimeoutMs: behaviour.publishTimeoutMs ?? options.ackTimeout,
    });
    if (templates.subscribe !== undefined) this.#rooms = new RoomRequests(this, this.#emits);
    if (options.ack) this.#asks = new ServerAsks(this, ports.timers);
  }

  get unanswered(): number {
    return this.#emits.pending;
  }

  publish(request: ClientPublish): void {
    const { publish } = this.#templates;
    if (publish === undefined) {
      request.settle({ kind: 'rejected', reason: 'the target does not say how clients publish' });
      return;
    }
    const { room = '', stamp, body, seq } = request;
    this.#scope.local = {
      room,
      stamp,
      body,
      payload: publish.payloadOf(request),
      message: { seq, id: stamp },
    };
    const data = encodeData(publish.send.render(this.#scope));
    const wanted = publish.confirm?.render(this.#scope);
    this.#emits.emit({
      data,
      mode: publish.mode,
      settle: (result) => request.settle(outcomeOf(result, wanted)),
    });
  }

  /** 1000 leaves the namespace for good; the session ends with it. */
  close(code: number): void {
    if (code === CloseCode.goodbye) {
      if (this.connector.ready) this.#observer.goodbye();
      this.#sayDisconnect();
      this.recovery.end();
    }
    this.connector.close(code, '');
  }

  stop(): void {
    this.#sayDisconnect();
    this.connector.stop(CloseCode.goodbye, '');
    this.inbox.stop();
    this.#ports.timers.disarm(this.#deadline);
    this.#asks?.stop();
    this.#emits.abandon();
  }

  // What the connector says.

  onOpen(): void {
    this.#phase = 'opening';
    this.#early = undefined;
    this.#ports.timers.arm(this.#deadline, JOIN_TIMEOUT_MS);
    this.#scope.restart();
    this.#observer.open();
  }

  onText(text: string, older: boolean): void {
    switch (text[0]) {
      case '4':
        this.#onMessage(text, older);
        return;
      case PING:
        this.#onPing(older);
        return;
      case '0':
        if (!older && this.#phase === 'opening') this.#onHandshake(text);
    }
  }

  onBytes(bytes: Uint8Array, older: boolean): void {
    const incomplete = this.#incomplete;
    if (incomplete === undefined || incomplete.older !== older) return;
    // The bytes are good during the call only.
    incomplete.attachments.push(bytes.slice());
    const { packet, attachments } = incomplete;
    if (attachments.length < packet.attachments) return;
    this.#incomplete = undefined;
    this.#onPacket({ ...packet, data: withAttachments(packet.data, attachments) }, older);
  }

  /** The server has read what asked it for rooms and is not to be confirmed. */
  onPong(): void {
    if (this.#phase === 'joining' && this.#joinsUnconfirmed) this.#joined();
  }

  onLost(): void {
    this.#phase = 'opening';
    this.#incomplete = undefined;
    this.#ports.timers.disarm(this.#deadline);
    this.#rooms?.stop();
    this.#emits.onLost();
  }

  // What the inbox says. In the place of a position it has the number of the ack that is asked for, from 1.

  onHandled(ask: number, delivery: D): void {
    this.#observer.handled(0, delivery);
    if (ask > 0 && !this.connector.stopped) this.#asks?.answer(ask - 1);
  }

  onFailed(_ask: number, delivery: D): void {
    this.#observer.failed(0, delivery);
  }

  // Engine.IO.

  #onHandshake(text: string): void {
    const { pingInterval, pingTimeout } = mapIn(text.slice(1));
    this.#silenceMsMax = asMs(pingInterval) + asMs(pingTimeout);
    this.#phase = 'connecting';
    const { auth } = this.#templates;
    const resume = this.recovery.request;
    const data = { ...resume, ...(auth?.render(this.#scope) as object | undefined) };
    const isEmpty = resume === undefined && auth === undefined;
    this.#sendPacket(PacketType.connect, isEmpty ? undefined : encodeData(data));
  }

  #onPing(older: boolean): void {
    if (this.connector.answersPings) {
      if (older) this.connector.say(PONG);
      else this.connector.send(PONG);
    }
    if (!older && this.#phase === 'joined') this.#expectPing();
  }

  #expectPing(): void {
    if (this.#silenceMsMax > 0) this.#ports.timers.arm(this.#deadline, this.#silenceMsMax);
    else this.#ports.timers.disarm(this.#deadline);
  }

  #onDeadline(): void {
    const seconds = JOIN_TIMEOUT_MS / 1000;
    if (this.#phase !== 'joined')
      this.#observer.refused(`it takes more than ${seconds} s ${WAITS_FOR[this.#phase]}`);
    this.connector.drop();
  }

  // Socket.IO.

  #onMessage(text: string, older: boolean): void {
    const packet = this.#decoder.decode(text);
    if (packet === undefined) return;
    if (packet.attachments > 0) this.#incomplete = { packet, attachments: [], older };
    else this.#onPacket(packet, older);
  }

  #onPacket(packet: Packet, older: boolean): void {
    if (packet.namespace !== this.#templates.options.namespace) return;
    switch (packet.type) {
      case PacketType.event:
      case PacketType.binaryEvent:
        if (older || this.#isConnected) this.#onEvent(packet);
        else this.#keep(packet);
        return;
      case PacketType.ack:
      case PacketType.binaryAck:
        this.#emits.onAck(packet.id, packet.data as readonly unknown[]);
        return;
      case PacketType.connect:
        if (!older && this.#phase === 'connecting') this.#onConnect(packet.data);
        return;
      case PacketType.connectError:
        if (!older) this.#refuse(reasonIn(packet.data));
        return;
      case PacketType.disconnect:
        if (!older) this.#refuse('it disconnects the client from the namespace');
    }
  }

  /** Missed events come before the server says that the session goes on. */
  #keep(packet: Packet): void {
    this.#early ??= [];
    this.#early.push(packet);
    if (this.#early.length <= EARLY_MAX) return;
    this.#observer.refused(`it sends more than ${EARLY_MAX} events before it connects the namespace`);
    this.connector.drop();
  }

  #onEvent({ data, event, id }: Packet): void {
    // One before it may have made the client stop.
    if (this.connector.stopped) return;
    const { name, payload, last } = event ?? partsOf(data as readonly unknown[]);
    const { events, ack } = this.#templates.options;
    if (events === undefined || events.includes(name as string))
      this.inbox.push(ack ? id + 1 : 0, this.#observer.message(0, payload, false));
    // An event that asks for an ack ends, for the official client, with the function that gives it.
    if (id < 0) this.recovery.onEvent(last);
  }

  #onConnect(data: unknown): void {
    const { sid, pid } = (data ?? {}) as { readonly sid?: unknown; readonly pid?: unknown };
    if (typeof sid !== 'string') {
      this.#refuse('it speaks an older protocol than Socket.IO 3');
      return;
    }
    const { resumed, told } = this.recovery.onConnect(pid);
    if (resumed) {
      this.#establish();
      this.#observer.resumed(0);
    } else {
      this.#phase = 'joining';
      // With another session than the older socket had, the server has no reason to close that one.
      this.connector.closeOlder(CloseCode.goodbye, '');
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const packet of early) this.#onEvent(packet);
    if (this.connector.stopped) return;
    if (resumed) this.#observer.replayed();
    this.#emits.onConnect();
    if (!resumed) this.#join({ session: typeof pid === 'string' ? pid : sid, told });
  }

  /** Asks for its rooms, if it has to. */
  #join(session: JoiningSession): void {
    this.#joining = session;
    const { subscribe } = this.#templates;
    const { rooms } = this.behaviour;
    if (subscribe === undefined || rooms.length === 0) {
      this.#joined();
      return;
    }
    this.#joinsUnconfirmed = this.#rooms?.start(rooms, subscribe, this.#scope) === false;
    if (this.#joinsUnconfirmed) this.connector.ping();
  }

  onConfirmed(): void {
    if (this.#phase === 'joining') this.#joined();
  }

  onRoomRefused(reason: string): void {
    this.#observer.refused(reason);
  }

  /** On another connection the server may answer. */
  onRoomUnanswered(reason: string): void {
    this.#observer.refused(reason);
    this.connector.drop();
  }

  #joined(): void {
    const { session, told } = this.#joining;
    this.#joining = NO_SESSION;
    this.#establish();
    const isConfirmed = !this.#joinsUnconfirmed;
    this.#observer.subscribed(session, told, isConfirmed ? undefined : SUBSCRIPTION_EFFECTIVE_MS);
  }

  #establish(): void {
    this.#phase = 'joined';
    this.connector.establish();
    this.inbox.carryOn();
    this.#expectPing();
  }

  /** The official client does not try again after either. */
  #refuse(reason: string): void {
    this.#observer.refused(reason);
    this.connector.giveUp();
    this.connector.close(CloseCode.goodbye, '');
  }

  // What leaves.

  /** On the socket that a session speaks through, which with two sockets is the older one until the other has one. */
  get #speaks(): boolean {
    return this.#isConnected || this.connector.speaker !== undefined;
  }

  get #isConnected(): boolean {
    return this.#phase === 'joining' || this.#phase === 'joined';
  }

  #sendPacket(type: PacketType, data: EncodedData | undefined, id?: number): void {
    const { namespace } = this.#templates.options;
    const text = encodePacket({
      type,
      namespace,
      ...(id === undefined ? {} : { id }),
      ...(data && { data }),
    });
    const attachments = data?.attachments ?? [];
    if (this.#isConnected || type === PacketType.connect) {
      this.connector.send(text);
      for (const bytes of attachments) this.connector.sendBytes(bytes);
    } else {
      this.connector.say(text);
      for (const bytes of attachments) this.connector.sayBytes(bytes);
    }
  }

  writeEvent(data: EncodedData, id: number | undefined): void {
    this.#sendPacket(PacketType.event, data, id);
  }

  writeAck(id: number, copies: number): void {
    if (!this.#speaks) return;
    this.#observer.acked(0, false);
    for (let copy = 0; copy < copies; copy += 1) this.#sendPacket(PacketType.ack, NOTHING, id);
  }

  #sayDisconnect(): void {
    if (this.#speaks) this.#sendPacket(PacketType.disconnect, undefined);
  }
}

/** A client whose server recovers sessions: only such a session can be resumed a second time, or given up. */
export class RecoveringClient<D extends object> extends SocketIoClient<D> {
  openSecondSocket(): boolean {
    if (!this.connector.ready || !this.recovery.isPossible) return false;
    this.connector.openSecond();
    return true;
  }

  forgetSession(): void {
    this.recovery.forget();
  }
}

function mapIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function asMs(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}

/** The server's words in a CONNECT_ERROR packet. */
function reasonIn(data: unknown): string {
  if (typeof data === 'string') return data;
  const { message } = data as { readonly message?: unknown };
  return typeof message === 'string' ? message : 'it refuses the namespace';
}
