/** What a scenario says under `target.socket.io`; every text but those of `events` is a template. */
export interface SocketIoOptions {
  readonly namespace: string;
  /** Sent with the CONNECT packet of the namespace. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** The server has connection state recovery. */
  readonly recovery: boolean;
  /** `strict` takes as an offset what looks like one; `official` any text at the end of an event, as the client does. */
  readonly offsetFrom: 'official' | 'strict';
  /** Sent for each room; absent: the server knows by itself what it sends whom. */
  readonly subscribe?: EmitOptions;
  readonly publish?: PublishOptions;
  /** Names of the events that are messages; absent: all, of which those count that carry a stamp of the run. */
  readonly events?: readonly string[];
  /** Answers events that ask for an ack, after they were handled. */
  readonly ack: boolean;
  /** How often a publish is sent again that is not answered; 0: it is not, and nothing waits for the one before it. */
  readonly retries: number;
  /** How long an event waits for its ack, ms; absent: as long as the connection lasts. */
  readonly ackTimeout?: number;
}

/** An event that a client emits. */
export interface EmitOptions {
  /** Name and arguments. */
  readonly send: readonly unknown[];
  /** A pattern for each argument of the ack; absent: none is asked for. */
  readonly confirm?: readonly unknown[];
}

export interface PublishOptions extends EmitOptions {
  /** Thrown away instead of kept while there is no connection; never sent again. */
  readonly volatile?: boolean;
  /** The payload leaves as a binary attachment. */
  readonly binary?: boolean;
}
