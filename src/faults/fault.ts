import type { AckFate, FaultHandle } from '../drivers/driver.ts';

/**
 * What a fault is, and what it may do. A fault says only *what happens*: when, to whom and how often is decided
 * by the scenario, and counted by whoever plays it.
 */

/** A number that a scenario gives a fault, written there with its unit. */
export interface FaultParameter {
  readonly kind: 'duration' | 'bytes-per-second' | 'bytes' | 'ratio' | 'count' | 'close-code';
  /** As it would stand in a scenario: `500ms`, `16KiB/s`, `10%`, `3`. */
  readonly default: string;
  /** Bounds, inclusive, written like the default. */
  readonly min: string;
  readonly max: string;
  readonly description: string;
}

/** Values in plain units: ms, bytes per second, bytes, 0..1, a count. Every parameter of the fault has one. */
export type FaultValues = Readonly<Record<string, number>>;

/** The value of one parameter; that it is there was settled when the scenario was read. */
export function parameterValue(values: FaultValues, parameter: string): number {
  const value = values[parameter];
  if (value === undefined)
    throw new Error(`Cannot play a fault without its "${parameter}": every parameter has a value`);
  return value;
}

/** One simulated client in the hands of a fault. Everything is harmless while it has no connection. */
export interface FaultyClient {
  pauseReading(): void;
  resumeReading(): void;
  /** @param bytesPerSec - `undefined`: what the profile says */
  limitReading(bytesPerSec: number | undefined): void;
  /** With false, pings of the server stay unanswered. */
  answerPings(answer: boolean): void;
  /** With true, nothing the client says reaches its socket. */
  mute(muted: boolean): void;
  /** TCP RST. */
  reset(): void;
  /** TCP FIN without a close frame. */
  drop(): void;
  /** Closing handshake with this code. */
  close(code: number): void;
  /** Sends a frame as it is. */
  sendRaw(text: string): void;
  /** Keeps the client from reconnecting until `release`. */
  stayAway(): void;
  /**
   * Ends `stayAway` and lets it reconnect at once, without a backoff; while its connection is still going down, as
   * soon as that is gone. Does nothing to a client whose connection stays.
   */
  release(): void;
  /** Time that each handler call takes, ms; `undefined`: what the profile says. */
  setHandlerTime(timeMs: number | undefined): void;
  /** The process dies after the next handler call and before its ack, then comes back with what it had acked. */
  crashBeforeNextAck(): void;
  /** Opens a second socket that resumes the same session while the first is still open. */
  openSecondSocket(): void;
  /** Forgets session and token, so that the next hello asks for a new session. */
  forgetSession(): void;
}

/** The server under test in the hands of a fault; only the reference broadcaster has one. */
export interface FaultyServer {
  /** Kills every socket, loses what its store does not keep, and listens again after `downMs`. */
  restart(downMs: number): void;
  /** Spins for `forMs` without returning to the event loop. */
  blockEventLoop(forMs: number): void;
  /** Lets sends of messages fail for a while. */
  failSends(errors: SendErrors): void;
}

export interface SendErrors {
  readonly forMs: number;
  /** Of all sends, 0..1. */
  readonly share: number;
  /** Of the errors, 0..1. */
  readonly permanentShare: number;
}

interface FaultBase {
  /** As in a scenario's `do`. */
  readonly name: string;
  /** One line for the documentation: what the client or server does, and how it shows. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, FaultParameter>>;
  /** The handle without which a driver's clients can't have it; absent: every connection has it. */
  readonly needs?: FaultHandle;
  /** How close to the real thing: `socket` acts through the socket API, `kernel` below it. */
  readonly fidelity: 'socket' | 'kernel';
}

/** Happens to a client at one instant. */
export interface InstantFault extends FaultBase {
  readonly kind: 'instant';
  inject(client: FaultyClient, values: FaultValues): void;
}

/** Holds for a while: begun again on each new connection meanwhile, ended by the nemesis at the latest before the drain. */
export interface LastingFault extends FaultBase {
  readonly kind: 'lasting';
  /** False: never ended. The clients it takes are away for good, and the drain does not wait for them. */
  readonly healed?: false;
  /** How long it holds when the scenario does not say; absent: to the end of load. */
  readonly lasts?: 'past-resume-ttl';
  begin(client: FaultyClient, values: FaultValues): void;
  end(client: FaultyClient, values: FaultValues): void;
}

/** Changes the fate of single acks for a while; `probability` and `nth` of the scenario pick them. */
export interface AckFault extends FaultBase {
  readonly kind: 'acks';
  fate(values: FaultValues): AckFate;
}

/** Happens to the server at one instant. */
export interface ServerFault extends FaultBase {
  readonly kind: 'server';
  inject(server: FaultyServer, values: FaultValues): void;
}

export type Fault = InstantFault | LastingFault | AckFault | ServerFault;

/** One line of the explicit fault list into which a scenario's `faults` are expanded. */
export interface PlannedFault {
  /** Place in the scenario's `faults`, from 0. */
  readonly index: number;
  readonly name: string;
  /** From the start of load. */
  readonly atMs: number;
  /** Absent for instant and server faults, and for a lasting one that is never healed. */
  readonly forMs?: number;
  /** Client numbers, ascending; empty for server faults. */
  readonly clients: readonly number[];
  readonly values: FaultValues;
  /** Ack faults: share of acks, 0..1; or each nth; with neither every ack. */
  readonly probability?: number;
  readonly nth?: number;
}

/** What became of one planned fault, in one worker or over all of them. */
export interface FaultRecord {
  readonly index: number;
  readonly name: string;
  /** Clients it was meant for. */
  readonly planned: number;
  /** Clients on which it took hold while they had a working connection. */
  readonly fired: number;
  /** Single acts: injections, beginnings on a connection, acks touched. */
  readonly effects: number;
  /** -1 when it never did. */
  readonly firstFiredUs: number;
  /** First thing that went differently for a client because of it: an ack touched, a connection lost; -1 for none. */
  readonly firstEffectUs: number;
  /** When it took hold of each client, and when it let go (-1: never): for checks of what the server noticed. */
  readonly holds: readonly (readonly [client: number, fromUs: number, toUs: number])[];
}
