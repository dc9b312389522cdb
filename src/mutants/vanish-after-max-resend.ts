import type { GapReason } from '../protocol/frame.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class Vanishes extends Session {
  protected override giveUp(index: number, reason: GapReason): void {
    if (reason === 'max-resend') this.outbox.ack(index, this.outbox.seqAt(index));
    else super.giveUp(index, reason);
  }
}

export const vanishAfterMaxResend: Variant = {
  name: 'vanish-after-max-resend',
  side: 'server',
  defect: 'After its last attempt, a message is removed from the outbox without a report.',
  // Messages run out of attempts while they wait for a slow handler, and the drop discards them.
  scenario: mutantScenario({
    name: 'vanish-after-max-resend',
    server: { outbox: { ackTimeout: '100ms', maxResend: 1 } },
    faults: [
      { at: '300ms', for: '1200ms', clients: { ids: [0, 1] }, do: 'slow-handler', time: '900ms' },
      { at: '1s', clients: { ids: [0, 1] }, do: 'drop' },
    ],
    expect: { allowReported: ['max-resend'] },
  }),
  newBroadcaster: withSessions(Vanishes),
  outcome: { kind: 'silent-loss', stage: 'not-handled' },
  consequences: ['false-resume'],
};
