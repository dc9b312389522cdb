import type { Connection } from '../broadcaster/connection.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import { decodeClientText } from '../protocol/frame.ts';
import { type Link, type LinkEvents, LinkState } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class TakesLateAcks extends SessionRegistry {
  readonly #spokeFor = new Map<Link, Session>();

  override accept(link: Link): LinkEvents {
    const events = super.accept(link);
    return {
      onOpen: () => events.onOpen(),
      onText: (text) => {
        if (link.state === LinkState.open) events.onText(text);
        else this.#takeAcks(link, text);
      },
      onPong: () => events.onPong(),
      onWritable: () => events.onWritable(),
      onClose: (code, reason) => events.onClose(code, reason),
    };
  }

  protected override own(connection: Connection, session: Session): void {
    super.own(connection, session);
    this.#spokeFor.set(connection.link, session);
  }

  #takeAcks(link: Link, text: string): void {
    const session = this.#spokeFor.get(link);
    if (session === undefined) return;
    decodeClientText(text, (frame) => {
      if (frame.kind === 'ack') session.onAck(frame.seq, frame.cumulative);
    });
  }
}

export const crossGenerationAck: Variant = {
  name: 'cross-generation-ack',
  side: 'server',
  defect: 'Acks in flight on a socket when a newer one takes over still count for the session.',
  // Acks take long enough to arrive after the hello of the second socket; and below them a message has failed, so
  // that the hello does not declare them anyway.
  scenario: mutantScenario({
    name: 'cross-generation-ack',
    server: { outbox: { nackBackoff: '500ms', maxResend: 20 } },
    clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '5%' } }],
    publish: [{ room: 'ticks', rate: '100/s', size: '64B' }],
    duration: { settle: '60s' },
    faults: [400, 600, 800, 1000, 1200, 1400, 1600].map((at) => ({ at: `${at}ms`, do: 'second-socket' })),
  }),
  network: { up: { delayMs: 0.1, jitterMs: 100 }, down: { delayMs: 0.1 } },
  newBroadcaster: withRegistry(TakesLateAcks),
  outcome: { kind: 'split-ownership', cause: { code: 'older-still-used' } },
  consequences: [],
};
