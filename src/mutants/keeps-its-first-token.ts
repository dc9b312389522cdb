import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import type { ResumeRequest } from '../protocol/frame.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class KeepsItsFirstToken<D extends object> extends WsdeliverClient<D> {
  readonly #firstOf = new Map<string, string>();

  protected override resumption(lastSeq: number): ResumeRequest | undefined {
    const request = super.resumption(lastSeq);
    if (request === undefined) return undefined;
    const token = this.#firstOf.get(request.session) ?? request.token;
    this.#firstOf.set(request.session, token);
    return { ...request, token };
  }
}

export const keepsItsFirstToken: Variant = {
  name: 'keeps-its-first-token',
  side: 'client',
  defect: 'The client resumes with a token that it has used before, and loses its session.',
  scenario: mutantScenario({
    name: 'keeps-its-first-token',
    clients: [{ count: 8, rooms: ['ticks'], reconnect: { min: '300ms', max: '300ms', jitter: 'none' } }],
    faults: [500, 1200].map((at) => ({ at: `${at}ms`, clients: { ids: [0, 1, 2] }, do: 'drop' })),
  }),
  driver: wsdeliverWith((options) => new KeepsItsFirstToken(options)),
  outcome: { kind: 'reported-loss', cause: { code: 'fresh-session-told', reason: 'replaced' } },
  consequences: [],
};
