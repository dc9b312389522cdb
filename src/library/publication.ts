import { fitsFrame } from '../protocol/frame.ts';
import { isName, NAME_LENGTH_MAX, PAYLOAD_DEPTH_MAX, structureProblem } from '../protocol/limits.ts';
import { OutgoingMessage } from '../protocol/message.ts';
import { BroadcasterError } from './error.ts';

/**
 * The message that an application asks to publish.
 *
 * @throws {BroadcasterError} `invalid-name`, `invalid-payload`, `too-large`
 */
export function messageOf(room: string, type: string, payload: unknown): OutgoingMessage {
  checkName('room', room);
  checkName('type', type);
  const message = new OutgoingMessage({ room, type, payloadText: textOf(payload) });
  if (fitsFrame(message.text)) return message;
  throw new BroadcasterError(
    'too-large',
    `Cannot publish "${type}": the message does not fit into 1 MiB, a smaller one is wanted`,
  );
}

function checkName(what: string, name: unknown): void {
  if (isName(name)) return;
  throw new BroadcasterError(
    'invalid-name',
    `Cannot use the ${what} "${String(name).slice(0, NAME_LENGTH_MAX)}": a text of 1 to ${NAME_LENGTH_MAX} characters is wanted`,
  );
}

/** What JSON has no word for at the top, such as `undefined`, is `null`. */
function textOf(payload: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(payload) ?? 'null';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BroadcasterError('invalid-payload', `Cannot publish the payload: JSON can't say it (${why})`);
  }
  const problem = structureProblem(text, PAYLOAD_DEPTH_MAX);
  if (problem === undefined) return text;
  throw new BroadcasterError(
    'invalid-payload',
    `Cannot publish the payload: ${problem}, a smaller one is wanted`,
  );
}
