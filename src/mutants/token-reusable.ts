import { ResumeTokens } from '../protocol/resume-tokens.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { overheardDriver } from './intruder.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class OldTokens extends ResumeTokens {
  readonly #issued = new Set<string>();

  override renew(token: string, presented: string): void {
    super.renew(token, presented);
    this.#issued.add(token);
  }

  override accept(token: string): boolean {
    return this.#issued.has(token);
  }
}

class TakesOldTokens extends Session {
  override readonly tokens = new OldTokens();
}

export const tokenReusable: Variant = {
  name: 'token-reusable',
  side: 'server',
  defect: 'A token is valid for more than one resume, so that an eavesdropper can take the session over.',
  scenario: mutantScenario({
    name: 'token-reusable',
    faults: [{ at: '500ms', clients: { ids: [0, 1] }, do: 'drop' }],
  }),
  client: overheardDriver,
  newBroadcaster: withSessions(TakesOldTokens),
  outcome: { kind: 'split-ownership', cause: { code: 'taken-by-another' } },
  consequences: [],
};
