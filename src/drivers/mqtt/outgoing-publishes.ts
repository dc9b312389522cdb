import type { Packet } from 'mqtt-packet';
import type { PublishOutcome } from '../driver.ts';

const ID_MAX = 65_535;
/** Reason codes of MQTT 5 from here on are refusals. */
const REFUSED = 0x80;

interface Publish {
  readonly topic: string;
  readonly payload: string;
  readonly settle: (outcome: PublishOutcome) => void;
  id: number;
  /** The broker has it, and the release of QoS 2 is under way. */
  released: boolean;
  sent: boolean;
}

export interface OutgoingOptions {
  readonly qos: 1 | 2;
  readonly retain: boolean;
  readonly send: (packet: Packet) => void;
}

/**
 * What one client has published and the broker has not confirmed: sent again on each new connection, as the official
 * client does, with the same id and marked as a duplicate.
 */
export class OutgoingPublishes {
  readonly #options: OutgoingOptions;
  /** By id: those that were sent. */
  readonly #underWay = new Map<number, Publish>();
  readonly #waiting: Publish[] = [];
  #lastId = 0;
  #open = false;
  /** The broker takes so many at once. */
  #maximum = ID_MAX;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#underWay.size + this.#waiting.length;
  }

  add(publish: Pick<Publish, 'topic' | 'payload' | 'settle'>): void {
    this.#waiting.push({ ...publish, id: 0, released: false, sent: false });
    this.#sendWaiting();
  }

  /** A session speaks on a new connection. @param maximum - that may be under way, absent: as many as there are ids */
  onConnected(maximum = ID_MAX): void {
    this.#open = true;
    this.#maximum = maximum;
    for (const publish of this.#underWay.values()) {
      if (publish.released) this.#options.send({ cmd: 'pubrel', messageId: publish.id });
      else this.#send(publish);
    }
    this.#sendWaiting();
  }

  onLost(): void {
    this.#open = false;
  }

  /** PUBACK, PUBREC and PUBCOMP. */
  onAnswer(packet: Packet): void {
    const { cmd, messageId = 0 } = packet;
    const publish = this.#underWay.get(messageId);
    const reasonCode = 'reasonCode' in packet ? (packet.reasonCode ?? 0) : 0;
    if (publish === undefined) {
      if (cmd === 'pubrec') this.#options.send({ cmd: 'pubrel', messageId });
      return;
    }
    if (reasonCode >= REFUSED) {
      this.#end(publish, {
        kind: 'rejected',
        reason: `the broker refuses it with 0x${reasonCode.toString(16)}`,
      });
    } else if (cmd === 'pubrec') {
      publish.released = true;
      this.#options.send({ cmd: 'pubrel', messageId });
    } else if (cmd === (this.#options.qos === 1 ? 'puback' : 'pubcomp')) {
      this.#end(publish, { kind: 'accepted' });
    }
  }

  /** Gives up on every answer. */
  abandon(): void {
    const all = [...this.#underWay.values(), ...this.#waiting];
    this.#underWay.clear();
    this.#waiting.length = 0;
    for (const { settle, sent } of all)
      settle(sent ? { kind: 'unknown' } : { kind: 'rejected', reason: 'it was never sent' });
  }

  #end(publish: Publish, outcome: PublishOutcome): void {
    this.#underWay.delete(publish.id);
    publish.settle(outcome);
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    while (this.#open && this.#waiting.length > 0 && this.#underWay.size < this.#maximum) {
      const publish = this.#waiting.shift() as Publish;
      publish.id = this.#nextId();
      this.#underWay.set(publish.id, publish);
      this.#send(publish);
    }
  }

  #send(publish: Publish): void {
    const { qos, retain, send } = this.#options;
    const { topic, payload, id: messageId, sent: dup } = publish;
    publish.sent = true;
    send({ cmd: 'publish', topic, payload, qos, retain, dup, messageId });
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId % ID_MAX) + 1;
    while (this.#underWay.has(this.#lastId));
    return this.#lastId;
  }
}
