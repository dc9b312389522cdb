/**
 * The frames of `wsdeliver.v1`: what a text on the wire may be, as discriminated unions.
 *
 * Decoding is the one edge at which unknown JSON becomes typed: what does not fit is a `malformed` frame, never an
 * exception, since a peer that talks nonsense is an expected event.
 */

import { isName, isRoomList, NAME_LENGTH_MAX, ROOMS_MAX, structureProblem } from './limits.ts';

export const SUBPROTOCOL = 'wsdeliver.v1';
/** Largest frame either side may send, bytes. */
export const FRAME_BYTES_MAX = 1_048_576;
/** Everybody's room. */
export const EVERYBODY = '*';
const ENVELOPE_HEAD_BYTES_MAX = 64;
const BEYOND_ASCII = /[\u0080-\uffff]/;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const BATCH_MAX = 10_000;

export const CloseCode = {
  goodbye: 1000,
  goingAway: 1001,
  abnormal: 1006,
  internalError: 1011,
  tryAgainLater: 1013,
  protocolError: 4400,
  notAllowed: 4403,
  noHello: 4408,
  takenOver: 4409,
  tooLarge: 4413,
  slowConsumer: 4429,
  draining: 4503,
} as const;

export const DELIVERY_LEVELS = ['at-most-once', 'at-least-once', 'effectively-once'] as const;
export type DeliveryLevel = (typeof DELIVERY_LEVELS)[number];
export type AckMode =
  | { readonly mode: 'each' }
  | { readonly mode: 'cumulative'; readonly every: number; readonly delayMs: number };
/** Why messages of a gap will never come. */
export const GAP_REASONS = ['overflow', 'ttl', 'max-resend', 'nack'] as const;
export type GapReason = (typeof GAP_REASONS)[number];
/** Why a session could not be resumed. */
export type RefusalReason = 'unknown-session' | 'expired' | 'restart' | 'bad-token' | 'overflow';

export interface ResumeRequest {
  readonly session: string;
  readonly token: string;
  /** Incarnation of the store that the client last saw. */
  readonly epoch: string;
  /** Highest seq up to which everything was handled, 0 if nothing. */
  readonly lastSeq: number;
}

export interface Hello {
  readonly kind: 'hello';
  readonly clientId: string;
  readonly rooms: readonly string[];
  readonly ack: AckMode;
  readonly batch: boolean;
  /** Its acks of gaps say where the gap began, so that a late ack of a message can't be taken for one. */
  readonly gapAcks: boolean;
  readonly resume?: ResumeRequest;
}
export interface Ack {
  readonly kind: 'ack';
  readonly seq: number;
  /** The ack of a gap covers it from here to `seq`; that of a message is `seq` itself. */
  readonly from: number;
  readonly cumulative: boolean;
}
export interface Nack {
  readonly kind: 'nack';
  readonly seq: number;
  readonly retry: boolean;
  readonly reason: string;
}
/** A message with a seq: downstream a delivery, upstream a request (`publish` or for the application). */
export interface Envelope {
  readonly kind: 'envelope';
  readonly seq: number;
  readonly type: string;
  readonly payload: unknown;
  /** 1 on the first transmission. */
  readonly attempt: number;
}
export interface Action {
  readonly kind: 'action';
  readonly action: 'join' | 'leave' | 'message' | 'ping';
  readonly room: string;
  readonly content: unknown;
}
export interface Malformed {
  readonly kind: 'malformed';
  readonly reason: string;
}
export type ClientFrame = Hello | Ack | Nack | Envelope | Action | Malformed;

export interface Welcome {
  readonly kind: 'welcome';
  readonly session: string;
  readonly token: string;
  readonly generation: number;
  readonly epoch: string;
  readonly resumed: boolean;
  readonly reason?: RefusalReason;
  readonly nextSeq: number;
  readonly delivery: DeliveryLevel;
  readonly ttlMs: number;
  readonly batch: boolean;
}
export interface Replayed {
  readonly kind: 'replayed';
  readonly seq: number;
}
export interface Gap {
  readonly kind: 'gap';
  readonly from: number;
  readonly to: number;
  readonly reason: GapReason;
}
export interface Pressure {
  readonly kind: 'pressure';
  readonly state: 'high' | 'normal';
}
export interface Drain {
  readonly kind: 'drain';
  readonly spreadMs: number;
}
/** At most once, without a seq: presence, replies to actions, every broadcast of an at-most-once session. */
export interface Notice {
  readonly kind: 'notice';
  readonly type: string;
  readonly payload: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}
export type ServerFrame =
  | Welcome
  | Envelope
  | Replayed
  | Gap
  | Pressure
  | Drain
  | Ack
  | Nack
  | Notice
  | Malformed;

type Fields = Readonly<Record<string, unknown>>;

/** Reads every frame of a text: one object, or an array of them. */
export function decodeClientText(text: string, visit: (frame: ClientFrame) => void): void {
  const ack = fastAck(text);
  if (ack !== undefined) visit(ack);
  else decodeText(text, clientFrame, visit);
}

/** Reads every frame of a text: one object, or an array of them. */
export function decodeServerText(text: string, visit: (frame: ServerFrame) => void): void {
  decodeText(text, serverFrame, visit);
}

function decodeText<F>(
  text: string,
  decode: (fields: Fields) => F | Malformed,
  visit: (frame: F | Malformed) => void,
) {
  const problem = structureProblem(text);
  if (problem !== undefined) {
    visit(malformed(problem));
    return;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    visit(malformed('Invalid JSON'));
    return;
  }
  if (!Array.isArray(value)) {
    visit(isFields(value) ? decode(value) : malformed('a frame is a JSON object'));
    return;
  }
  if (value.length === 0 || value.length > BATCH_MAX) {
    visit(malformed(`a batch has 1 to ${BATCH_MAX} frames`));
    return;
  }
  for (const item of value as unknown[])
    visit(isFields(item) ? decode(item) : malformed('a frame is a JSON object'));
}

export const ACK_HEAD = '{"kind":"ack","seq":';
const ACK_CUMULATIVE_TAIL = ',"cumulative":true}';

/** The two spellings that `encodeAck` writes, without a JSON parser: acks are half of all frames. */
function fastAck(text: string): Ack | undefined {
  if (!text.startsWith(ACK_HEAD) || text.length > ACK_HEAD.length + 15 + ACK_CUMULATIVE_TAIL.length)
    return undefined;
  let at = ACK_HEAD.length;
  let seq = 0;
  for (; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    // A number with a leading zero is no JSON.
    if (digit < 0 || digit > 9 || (digit === 0 && at === ACK_HEAD.length)) break;
    seq = seq * 10 + digit;
  }
  if (seq < 1 || at - ACK_HEAD.length > 15) return undefined;
  if (at === text.length - 1 && text.charCodeAt(at) === 125)
    return { kind: 'ack', seq, from: seq, cumulative: false };
  return text.endsWith(ACK_CUMULATIVE_TAIL) && at === text.length - ACK_CUMULATIVE_TAIL.length
    ? { kind: 'ack', seq, from: seq, cumulative: true }
    : undefined;
}

function clientFrame(fields: Fields): ClientFrame {
  if (isSeq(fields.seq) && typeof fields.type === 'string') return envelope(fields);
  if (fields.action !== undefined) return action(fields);
  switch (fields.kind) {
    case 'ack':
      return ack(fields);
    case 'nack':
      return nack(fields);
    case 'hello':
      return hello(fields);
    default:
      return malformed('neither a known kind, an action nor an envelope');
  }
}

function serverFrame(fields: Fields): ServerFrame {
  if (isSeq(fields.seq) && typeof fields.type === 'string') return envelope(fields);
  switch (fields.kind) {
    case 'ack':
      return ack(fields);
    case 'nack':
      return nack(fields);
    case 'welcome':
      return welcome(fields);
    case 'replayed':
      return isCount(fields.seq) ? { kind: 'replayed', seq: fields.seq } : malformed('replayed needs a seq');
    case 'gap':
      return gap(fields);
    case 'pressure':
      return fields.state === 'high' || fields.state === 'normal'
        ? { kind: 'pressure', state: fields.state }
        : malformed('pressure is high or normal');
    case 'drain':
      return isCount(fields.spreadMs)
        ? { kind: 'drain', spreadMs: fields.spreadMs }
        : malformed('drain needs spreadMs');
    case undefined:
      return isName(fields.type)
        ? { kind: 'notice', type: fields.type, payload: fields.payload, fields }
        : malformed('neither a kind nor a type');
    default:
      return malformed('unknown kind');
  }
}

function envelope(fields: Fields): Envelope | Malformed {
  const { type } = fields;
  if (!isName(type)) return malformed(`type has 1 to ${NAME_LENGTH_MAX} characters`);
  const attempt = fields.attempt === undefined ? 1 : fields.attempt;
  if (!isSeq(attempt)) return malformed('attempt is a positive integer');
  return { kind: 'envelope', seq: fields.seq as number, type, payload: fields.payload, attempt };
}

function ack(fields: Fields): Ack | Malformed {
  const { seq, from = seq } = fields;
  return isSeq(seq) && isSeq(from) && from <= seq
    ? { kind: 'ack', seq, from, cumulative: fields.cumulative === true }
    : malformed('ack needs a seq from 1, and a from not above it');
}

function nack(fields: Fields): Nack | Malformed {
  if (!isSeq(fields.seq)) return malformed('nack needs a seq from 1');
  const reason = typeof fields.reason === 'string' ? fields.reason : '';
  return { kind: 'nack', seq: fields.seq, retry: fields.retry !== false, reason };
}

function hello(fields: Fields): Hello | Malformed {
  if (!isName(fields.clientId))
    return malformed(`hello needs a clientId of 1 to ${NAME_LENGTH_MAX} characters`);
  const rooms = fields.rooms ?? [];
  if (!isRoomList(rooms)) return malformed(`rooms is a list of at most ${ROOMS_MAX} names`);
  const mode = ackMode(fields.ack);
  if (mode === undefined) return malformed('ack.mode is each, or cumulative with every and delayMs');
  const base = {
    kind: 'hello' as const,
    clientId: fields.clientId,
    rooms,
    ack: mode,
    batch: fields.batch === true,
    gapAcks: fields.gapAcks === true,
  };
  if (fields.session === undefined) return base;
  const { session, token, epoch, lastSeq } = fields;
  if (!isName(session) || !isName(token) || !isName(epoch) || !isCount(lastSeq)) {
    return malformed('a resume needs session, token, epoch and lastSeq');
  }
  return { ...base, resume: { session, token, epoch, lastSeq } };
}

function ackMode(value: unknown): AckMode | undefined {
  if (value === undefined) return { mode: 'each' };
  if (!isFields(value)) return undefined;
  if (value.mode === 'each') return { mode: 'each' };
  if (value.mode !== 'cumulative' || !isSeq(value.every) || !isCount(value.delayMs)) return undefined;
  return { mode: 'cumulative', every: value.every, delayMs: value.delayMs };
}

function action(fields: Fields): Action | Malformed {
  const { action: name, room, content } = fields;
  if (name === 'ping') return { kind: 'action', action: 'ping', room: '', content };
  if (name !== 'join' && name !== 'leave' && name !== 'message')
    return malformed(`Unknown action: ${text(name)}`);
  if (!isName(room)) return malformed(`${name} needs a room`);
  return { kind: 'action', action: name, room, content };
}

function welcome(fields: Fields): Welcome | Malformed {
  const { session, token, generation, epoch, resumed, nextSeq, delivery, ttlMs, reason } = fields;
  if (!isName(session) || !isName(token) || !isName(epoch) || !isLevel(delivery) || !isSeq(generation)) {
    return malformed('welcome lacks a field');
  }
  if (typeof resumed !== 'boolean' || !isSeq(nextSeq) || !isCount(ttlMs)) {
    return malformed('welcome lacks a field');
  }
  const base = {
    kind: 'welcome' as const,
    session,
    token,
    generation,
    epoch,
    resumed,
    nextSeq,
    delivery,
    ttlMs,
  };
  const batch = fields.batch === true;
  return isRefusal(reason) ? { ...base, batch, reason } : { ...base, batch };
}

function gap(fields: Fields): Gap | Malformed {
  const { from, to, reason } = fields;
  if (!isSeq(from) || !isSeq(to) || to < from) return malformed('gap needs from and to');
  if (!isGapReason(reason)) return malformed('gap needs a known reason');
  return { kind: 'gap', from, to, reason };
}

export function encodeAck(seq: number, cumulative: boolean): string {
  return cumulative ? `${ACK_HEAD}${seq}${ACK_CUMULATIVE_TAIL}` : `${ACK_HEAD}${seq}}`;
}

/** The ack of a gap. That of a message says nothing about what lies below it, so it could not stand for a gap. */
export function encodeGapAck(from: number, to: number): string {
  return from < to ? `${ACK_HEAD}${to},"from":${from}}` : encodeAck(to, false);
}

export function encodeNack(
  seq: number,
  options: { readonly retry?: boolean; readonly reason?: string } = {},
): string {
  return JSON.stringify({ kind: 'nack', seq, ...options });
}

export function encodeHello(hello: Hello): string {
  const { resume, ...rest } = hello;
  return JSON.stringify({ ...rest, ...resume });
}

/** Encodes every frame that is not on the hot path. */
export function encodeFrame(frame: Welcome | Replayed | Gap | Pressure | Drain): string {
  return JSON.stringify(frame);
}

/** @param fields - what stands beside `type`: `room`, `roomSize`, `payload` … */
export function encodeNotice(type: string, fields: Fields): string {
  return JSON.stringify({ type, ...fields });
}

/** @param attempt - 1 on the first transmission, which goes without the field */
export function encodeUpstream(seq: number, type: string, payloadText: string, attempt = 1): string {
  const again = attempt > 1 ? `"attempt":${attempt},` : '';
  return `{"seq":${seq},${again}"type":${JSON.stringify(type)},"payload":${payloadText}}`;
}

/** Whether an envelope without its `seq` fits into the largest frame. */
export function fitsFrame(text: string): boolean {
  const units = text.length + ENVELOPE_HEAD_BYTES_MAX;
  if (units * UTF8_BYTES_PER_UNIT_MAX <= FRAME_BYTES_MAX) return true;
  return units <= FRAME_BYTES_MAX && utf8Length(text) + ENVELOPE_HEAD_BYTES_MAX <= FRAME_BYTES_MAX;
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  if (!BEYOND_ASCII.test(text)) return bytes;
  for (let at = 0; at < text.length; at += 1) {
    const point = text.codePointAt(at) ?? 0;
    if (point >= 0x80) bytes += point < 0x800 ? 1 : 2;
    if (point > 0xffff) at += 1;
  }
  return bytes;
}

function malformed(reason: string): Malformed {
  return { kind: 'malformed', reason };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isLevel(value: unknown): value is DeliveryLevel {
  return DELIVERY_LEVELS.some((level) => level === value);
}

export function isGapReason(value: unknown): value is GapReason {
  return GAP_REASONS.some((reason) => reason === value);
}

function isRefusal(value: unknown): value is RefusalReason {
  return (
    value === 'unknown-session' ||
    value === 'expired' ||
    value === 'restart' ||
    value === 'bad-token' ||
    value === 'overflow'
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 40) : typeof value;
}
