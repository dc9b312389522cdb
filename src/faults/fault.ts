import type { AckFate, FaultHandle } from '../drivers/driver.ts';

/**
 * The contract of faults. A fault defines only *what happens*; the scenario decides when, to which clients and how
 * often, and the code that injects it counts.
 */

/** A numeric parameter of a fault, written in the scenario with its unit. */
export interface FaultParameter {
  readonly kind: 'duration' | 'bytes-per-second' | 'bytes' | 'ratio' | 'count' | 'close-code';
  /** As written in a scenario: `500ms`, `16KiB/s`, `10%`, `3`. */
  readonly default: string;
  /** Bounds, inclusive, written like the default. */
  readonly min: string;
  readonly max: string;
  readonly description: string;
}

/** Values in plain units: ms, bytes per second, bytes, 0..1, a count; one for every parameter of the fault. */
export type FaultValues = Readonly<Record<string, number>>;

/** The value of one parameter; reading the scenario ensures that it exists. */
export function parameterValue(values: FaultValues, parameter: string): number {
  const value = values[parameter];
  if (value === undefined)
    throw new Error(`Cannot inject a fault without its "${parameter}": every parameter has a value`);
  return value;
}

/** The handle of a fault on one simulated client. Calls have no effect while it has no connection. */
export interface FaultyClient {
  pauseReading(): void;
  resumeReading(): void;
  /** @param bytesPerSec - `undefined`: as in the profile */
  limitReading(bytesPerSec: number | undefined): void;
  /** With false, pings of the server stay unanswered. */
  answerPings(answer: boolean): void;
  /** With true, nothing that the client sends reaches its socket. */
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
   * Ends `stayAway` and lets it reconnect at once, without a backoff; if its connection is still closing, as soon as
   * it is closed. No effect on a client that stays connected.
   */
  release(): void;
  /** Time that each handler call takes, ms; `undefined`: as in the profile. */
  setHandlerTime(timeMs: number | undefined): void;
  /**
   * The client crashes after the next handler call and before its ack, then restarts, remembering only what it had
   * acked.
   */
  crashBeforeNextAck(): void;
  /** Opens a second socket that resumes the same session while the first is still open. */
  openSecondSocket(): void;
  /** Discards session and token, so that the next hello asks for a new session. */
  forgetSession(): void;
}

/** The handle of a fault on the server under test; only the reference broadcaster has one. */
export interface FaultyServer {
  /** Terminates every socket, loses everything that its store does not persist, and listens again after `downMs`. */
  restart(downMs: number): void;
  /** Blocks the event loop for `forMs`. */
  blockEventLoop(forMs: number): void;
  /** Lets sends of messages fail for a while. */
  failSends(errors: SendErrors): void;
}

/** The handle of a fault on one process of a service. Calls have no effect while it does not run. */
export interface FaultyService {
  /** SIGKILL for it and its children; started again after `downMs`. */
  kill(downMs: number): void;
  /** Its stop signal, its end and another start; one process after the other where several are told at once. */
  restart(): void;
  /** SIGSTOP for it and its children. */
  pause(): void;
  resume(): void;
}

export interface SendErrors {
  readonly forMs: number;
  /** Share of all sends, 0..1. */
  readonly share: number;
  /** Share of the errors, 0..1. */
  readonly permanentShare: number;
}

interface FaultBase {
  /** As written in a scenario's `do`. */
  readonly name: string;
  /** For the documentation, one line: what the client or server does, and what it leads to. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, FaultParameter>>;
  /** The handle that a driver's clients must have; absent: every connection has it. */
  readonly needs?: FaultHandle;
  /** How closely it reproduces the real condition: `socket` acts through the socket API, `kernel` below it. */
  readonly fidelity: 'socket' | 'kernel';
}

/** Happens to a client at one instant. */
export interface InstantFault extends FaultBase {
  readonly kind: 'instant';
  inject(client: FaultyClient, values: FaultValues): void;
}

/** Lasts for some time: begun again on each new connection meanwhile, ended at the latest before the drain. */
export interface LastingFault extends FaultBase {
  readonly kind: 'lasting';
  /** False: never ended. Its clients stay disconnected, and the drain does not wait for them. */
  readonly healed?: false;
  /** Default duration; absent: to the end of load. */
  readonly lasts?: 'past-resume-ttl';
  begin(client: FaultyClient, values: FaultValues): void;
  end(client: FaultyClient, values: FaultValues): void;
}

/** Changes what happens to single acks for some time; `probability` and `nth` of the scenario select them. */
export interface AckFault extends FaultBase {
  readonly kind: 'acks';
  fate(values: FaultValues): AckFate;
}

/** Happens to the server at one instant. */
export interface ServerFault extends FaultBase {
  readonly kind: 'server';
  inject(server: FaultyServer, values: FaultValues): void;
}

/** Happens to processes of services: at one instant, or with `end` for some time. */
export interface ServiceFault extends FaultBase {
  readonly kind: 'service';
  inject(service: FaultyService, values: FaultValues): void;
  end?(service: FaultyService, values: FaultValues): void;
}

export type Fault = InstantFault | LastingFault | AckFault | ServerFault | ServiceFault;

/** One line of the explicit fault list into which a scenario's `faults` are expanded. */
export interface PlannedFault {
  /** Index in the scenario's `faults`, from 0. */
  readonly index: number;
  readonly name: string;
  /** From the start of load. */
  readonly atMs: number;
  /** Absent for instant and server faults, and for lasting ones that are never healed. */
  readonly forMs?: number;
  /** Client numbers, ascending; empty for faults of the server and of services. */
  readonly clients: readonly number[];
  /** Names of processes, in the order of their start; absent for all but service faults. */
  readonly services?: readonly string[];
  readonly values: FaultValues;
  /** Ack faults: share of acks, 0..1; or every nth; with neither, every ack. */
  readonly probability?: number;
  readonly nth?: number;
}

/** The outcome of one planned fault, in one worker or in all of them. */
export interface FaultRecord {
  readonly index: number;
  readonly name: string;
  /** Clients that it selects. */
  readonly planned: number;
  /** Clients that it affected while they had a working connection. */
  readonly fired: number;
  /** Single acts: injections, begins on a connection, acks changed. */
  readonly effects: number;
  /** -1 when it was never injected. */
  readonly firstFiredUs: number;
  /** First effect on a client: an ack changed, a connection lost; -1 for none. */
  readonly firstEffectUs: number;
  /** When it began and ended for each client (-1: never ended), to check what the server detected. */
  readonly holds: readonly (readonly [client: number, fromUs: number, toUs: number])[];
}
