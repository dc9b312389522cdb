import type { SessionLedger } from './session-ledger.ts';
import type { Stamp } from './stamp.ts';

/**
 * One arrival of a message. `received` returns it; the caller passes it back when the handler has finished.
 *
 * The caller keeps it while the message is queued. It is allocated once for each delivery, so it is flat.
 */
export class Arrival implements Stamp {
  readonly run: string;
  readonly stream: number;
  readonly seq: number;
  readonly intendedUs: number;
  readonly length: number;
  readonly crc: number;
  readonly session: SessionLedger;
  /** Connections of the client are numbered from 1. */
  readonly connection: number;
  /** The server marked it as a redelivery. */
  redelivered = false;
  /** The body differs from the one that was stamped. */
  corrupt = false;
  /** Sent although the client had declared it handled. */
  afterAck = false;

  constructor(stamp: Omit<Stamp, 'run'>, run: string, session: SessionLedger, connection: number) {
    this.run = run;
    this.stream = stamp.stream;
    this.seq = stamp.seq;
    this.intendedUs = stamp.intendedUs;
    this.length = stamp.length;
    this.crc = stamp.crc;
    this.session = session;
    this.connection = connection;
  }
}
