import type { DeadLetter } from '../broadcaster/dead-letters.ts';
import type { Clock } from '../protocol/ports.ts';
import { printableJson } from '../text/printable.ts';

/**
 * Dead letters as JSON lines, one a letter, with everything that is needed to see what happened or to send it again.
 *
 * @param scenario - name of the run they come from; absent: a server that serves
 */
export function deadLetterLines(letters: readonly DeadLetter[], clock: Clock, scenario?: string): string {
  const zeroMs = Date.now() - clock.nowUs() / 1000;
  return letters.map((letter) => `${lineOf(letter, zeroMs, scenario)}\n`).join('');
}

function lineOf(
  { atUs, clientId, session, seq, reason, attempts, message }: DeadLetter,
  zeroMs: number,
  scenario?: string,
): string {
  const { type, room, payloadText } = message;
  const fields = {
    instant: new Date(zeroMs + atUs / 1000).toISOString(),
    ...(scenario === undefined ? {} : { scenario }),
    client: clientId,
    session,
    seq,
    type,
    room,
    reason,
    attempts,
  };
  // The payload is JSON text already; a line end in it is white space.
  const line = `${JSON.stringify(fields).slice(0, -1)},"payload":${payloadText}}`;
  return printableJson(line.replace(/[\r\n]+/g, ' '));
}
