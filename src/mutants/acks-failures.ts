import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class AcksFailures<D extends object> extends WsdeliverClient<D> {
  override onFailed(seq: number, delivery: D): void {
    this.observer.failed(seq, delivery);
    this.sendAck(seq, false);
  }
}

export const acksFailures: Variant = {
  name: 'acks-failures',
  side: 'client',
  defect: 'A message is acked when its handler has finished, whether it succeeded or not.',
  scenario: mutantScenario({
    name: 'acks-failures',
    clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '5%' } }],
    server: { outbox: { nackBackoff: '50ms', maxResend: 20 } },
    duration: { settle: '20s' },
  }),
  driver: wsdeliverWith((options) => new AcksFailures(options)),
  outcome: { kind: 'ack-before-handle', cause: { code: 'acked-unhandled' } },
  consequences: ['silent-loss'],
};
