import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { overheardSubscriber } from './intruder.ts';
import type { Variant } from './variant.ts';
import { zooScenario } from './zoo-scenario.ts';

class TakesOldTokens extends Session {
  readonly #issued = new Set<string>();

  override renewToken(token: string, presented: string): void {
    super.renewToken(token, presented);
    this.#issued.add(token);
  }

  override accepts(token: string): boolean {
    return this.#issued.has(token);
  }
}

export const tokenReusable: Variant = {
  name: 'token-reusable',
  side: 'server',
  defect: 'A token is good for more than one resume: whoever has overheard it takes the session over.',
  scenario: zooScenario({
    name: 'token-reusable',
    faults: [{ at: '500ms', clients: { ids: [0, 1] }, do: 'drop' }],
  }),
  client: overheardSubscriber,
  newBroadcaster: withSessions(TakesOldTokens),
  outcome: { kind: 'two-owners', cause: 'somebody else took the session over' },
  consequences: [],
};
