import type { PublishRequest, SettlePublish, TargetWay } from './way.ts';

/** Above the connections that a client has in a run. */
const CONNECTIONS_MAX = 1_000_000;

/** The clients of a run, any of which may be asked to publish. */
export interface PublishingClients {
  /** `settle` is told the number of the client's connection, from 1. */
  publishAs(client: number, request: PublishRequest, settle: SettlePublish): void;
  /** Known once the records of the clients have come. */
  isConnectionOpen(client: number, connection: number): boolean;
}

/** Publishes through the clients of the run: those who are owed a stream take turns. */
export class MembersWay implements TargetWay {
  readonly ready = true;
  readonly lastFailure = '';
  readonly #clients: PublishingClients;
  readonly #membersOf: (stream: number) => readonly number[];

  constructor(clients: PublishingClients, membersOf: (stream: number) => readonly number[]) {
    this.#clients = clients;
    this.#membersOf = membersOf;
  }

  connect(): void {}

  publish(request: PublishRequest, settle: SettlePublish): void {
    const members = this.#membersOf(request.stream);
    const client = members[(request.seq - 1) % members.length];
    if (client === undefined)
      throw new Error(`Cannot publish to stream ${request.stream}: it has no members`);
    this.#clients.publishAs(client, request, (status, connection = 0) =>
      settle(status, client * CONNECTIONS_MAX + connection),
    );
  }

  inFlight(): undefined {
    return undefined;
  }

  isOpen(_stream: number, connection: number): boolean {
    const client = Math.floor(connection / CONNECTIONS_MAX);
    return this.#clients.isConnectionOpen(client, connection % CONNECTIONS_MAX);
  }

  stop(): void {}
}
