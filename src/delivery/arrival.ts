import type { SessionLedger } from './session-ledger.ts';
import type { Stamp } from './stamp.ts';

/**
 * One arrival of a message, handed out by `received` and handed back when the handler is through with it.
 *
 * Whoever queues messages keeps it; the ledger does not. There is one for each delivery, so it is made in one step
 * and has no parts of its own.
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
  /** The server marked it as sent again. */
  redelivered = false;
  /** The body is not the one that was stamped. */
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
