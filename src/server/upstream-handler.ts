import type { Application, UpstreamMessage } from '../broadcaster/upstream-intake.ts';
import { ClientLedger } from '../delivery/ledger.ts';
import { LedgerContext } from '../delivery/ledger-context.ts';
import type { ClientRecord, LedgerExample } from '../delivery/record.ts';
import { Histogram } from '../measure/histogram.ts';
import type { Clock } from '../protocol/ports.ts';
import { clientNumber } from '../scenario/client-id.ts';
import type { Scenario } from '../scenario/schema.ts';
import { clientsOf } from '../scenario/timeline.ts';
import { upstreamRun, upstreamStreams } from '../scenario/upstream-streams.ts';

/** What the server's application saw of the messages that clients sent. */
export interface UpstreamFindings {
  /** One for each profile that sends. */
  readonly ledgers: readonly ClientRecord[];
  readonly examples: readonly LedgerExample[];
  /** Intended to handled. */
  readonly latency: Histogram;
}

/**
 * The application of the server under test: it handles what clients send, and keeps the same kind of ledger about
 * it as clients keep about what they are sent. It outlives restarts of the broadcaster.
 *
 * There is a ledger for each profile, so that each profile is judged by itself. A stream is a client.
 */
export class UpstreamHandler implements Application {
  readonly #clock: Clock;
  readonly #context: LedgerContext;
  readonly #ledgers = new Map<number, ClientLedger>();
  readonly #profileOf: (client: number) => number;
  readonly #clients: number;
  readonly #latency = new Histogram();

  constructor(options: {
    readonly scenario: Scenario;
    readonly run: string;
    readonly clock: Clock;
  }) {
    const { scenario, clock } = options;
    const { lateAfter } = scenario.expect;
    this.#clock = clock;
    this.#context = new LedgerContext({
      run: upstreamRun(options.run),
      ...(lateAfter === undefined ? {} : { lateAfterUs: lateAfter * 1000 }),
    });
    const roster = clientsOf(scenario);
    const streams = upstreamStreams(scenario);
    this.#profileOf = roster.profileOf;
    this.#clients = roster.count;
    const nowUs = clock.nowUs();
    scenario.clients.forEach(({ profile, upstream }, index) => {
      if (upstream === undefined) return;
      const { first, end } = roster.rangeOf(index);
      const [from, to] = [streams.streamOf(first), streams.streamOf(end - 1)];
      const subscribed = Array.from({ length: streams.count }, (_, stream) => stream >= from && stream <= to);
      const ledger = new ClientLedger({ context: this.#context, client: index, profile, subscribed });
      ledger.helloSent(nowUs);
      ledger.subscribed(nowUs, 'application');
      this.#ledgers.set(index, ledger);
    });
  }

  receive(message: UpstreamMessage, settled: (refusal: string | undefined) => void): void {
    const ledger = this.#ledgerOf(message.clientId);
    if (ledger === undefined) {
      settled(`unknown type ${message.type}`);
      return;
    }
    this.#handle(ledger, message.payload);
    settled(undefined);
  }

  /** For a client that asks to publish, being published is being handled. */
  relayed(request: UpstreamMessage): void {
    const ledger = this.#ledgerOf(request.clientId);
    if (ledger !== undefined) this.#handle(ledger, request.payload);
  }

  findings(): UpstreamFindings {
    return {
      ledgers: [...this.#ledgers.values()].map((ledger) => ledger.toRecord()),
      examples: this.#context.examples.list(),
      latency: this.#latency,
    };
  }

  #ledgerOf(clientId: string): ClientLedger | undefined {
    const client = clientNumber(clientId);
    if (client === undefined || client >= this.#clients) return undefined;
    return this.#ledgers.get(this.#profileOf(client));
  }

  #handle(ledger: ClientLedger, payload: unknown): void {
    const { stamp, body } = (payload ?? {}) as { readonly stamp?: unknown; readonly body?: unknown };
    const [stampText, bodyText] = [stamp, body].map((text) => (typeof text === 'string' ? text : ''));
    const nowUs = this.#clock.nowUs();
    const arrival = ledger.received(0, stampText ?? '', bodyText ?? '', false, nowUs);
    if (arrival === undefined) return;
    if (ledger.handled(0, arrival, nowUs) === 'first') this.#latency.record(nowUs - arrival.intendedUs);
  }
}
