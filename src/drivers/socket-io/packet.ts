/** Types of Socket.IO packets (protocol 5), with their numbers on the wire. */
export const PacketType = {
  connect: 0,
  disconnect: 1,
  event: 2,
  ack: 3,
  connectError: 4,
  binaryEvent: 5,
  binaryAck: 6,
} as const;
export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/** As the official decoder has it. */
const ATTACHMENTS_MAX = 10;

export interface Packet {
  readonly type: PacketType;
  /** Binary frames that follow. */
  readonly attachments: number;
  readonly namespace: string;
  /** Of the ack that is asked for or given; -1: none. */
  readonly id: number;
  /** Shared by the clients of a process: nobody may change it. */
  readonly data: unknown;
  /** Of an event without attachments: its data, taken apart once for all who get it. */
  readonly event: EventParts | undefined;
}

export interface EventParts {
  readonly name: unknown;
  /** The only argument, or the list of all. */
  readonly payload: unknown;
  /** The last argument, else the name. */
  readonly last: unknown;
}

export function partsOf(data: readonly unknown[]): EventParts {
  const [name, ...args] = data;
  return { name, payload: args.length === 1 ? args[0] : args, last: data.at(-1) };
}

const HEAD = /^(\d)(?:(\d+)-)?(?:(\/[^,]*)(?:,|$))?(\d+)?/;

/** @returns undefined for what is no packet */
export function decodePacket(text: string): Packet | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const type = Number(head[1]);
  const attachments = Number(head[2] ?? 0);
  if (!isPacketType(type) || !mayHaveAttachments(type, head[2], attachments)) return undefined;
  const rest = text.slice(head[0].length);
  const data = rest === '' ? undefined : parsed(rest);
  if (!isDataOf(type, data)) return undefined;
  const event = type === PacketType.event ? partsOf(data as readonly unknown[]) : undefined;
  return { type, attachments, namespace: head[3] ?? '/', id: Number(head[4] ?? -1), data, event };
}

function isPacketType(type: number): type is PacketType {
  return type <= PacketType.binaryAck;
}

function mayHaveAttachments(type: PacketType, digits: string | undefined, attachments: number): boolean {
  const isBinary = type === PacketType.binaryEvent || type === PacketType.binaryAck;
  return isBinary ? attachments >= 1 && attachments <= ATTACHMENTS_MAX : digits === undefined;
}

function isDataOf(type: PacketType, data: unknown): boolean {
  switch (type) {
    case PacketType.connect:
      return data === undefined || isMap(data);
    case PacketType.disconnect:
      return data === undefined;
    case PacketType.connectError:
      return typeof data === 'string' || isMap(data);
    case PacketType.event:
    case PacketType.binaryEvent:
      return Array.isArray(data) && (typeof data[0] === 'string' || typeof data[0] === 'number');
    case PacketType.ack:
    case PacketType.binaryAck:
      return Array.isArray(data);
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns null, which no packet has as its data, for what is no JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Data whose JSON is made once, and the bytes that were taken out of it. */
export interface EncodedData {
  readonly json: string;
  readonly attachments: readonly Uint8Array[];
}

export function encodeData(data: unknown): EncodedData {
  const attachments: Uint8Array[] = [];
  const json = JSON.stringify(data, (_key, value: unknown) => {
    if (!(value instanceof Uint8Array)) return value;
    attachments.push(value);
    return { _placeholder: true, num: attachments.length - 1 };
  });
  return { json, attachments };
}

/** The text frame of a packet, within an Engine.IO message; its attachments follow it. */
export function encodePacket(options: {
  readonly type: PacketType;
  readonly namespace: string;
  readonly id?: number;
  readonly data?: EncodedData;
}): string {
  const { type, namespace, id, data } = options;
  const count = data?.attachments.length ?? 0;
  const isBinary = count > 0 && (type === PacketType.event || type === PacketType.ack);
  const head = isBinary ? `${type + PacketType.binaryEvent - PacketType.event}${count}-` : String(type);
  const where = namespace === '/' ? '' : `${namespace},`;
  return `4${head}${where}${id ?? ''}${data?.json ?? ''}`;
}

/**
 * Puts the bytes where the placeholders are.
 *
 * @returns undefined when a placeholder names bytes that are not there
 */
export function withAttachments(data: unknown, attachments: readonly Uint8Array[]): unknown {
  if (typeof data !== 'object' || data === null) return data;
  if ('_placeholder' in data && data._placeholder === true)
    return 'num' in data && typeof data.num === 'number' ? attachments[data.num] : undefined;
  if (Array.isArray(data)) return data.map((item) => withAttachments(item, attachments));
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, withAttachments(value, attachments)]),
  );
}
