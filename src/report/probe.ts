import type { ProbeEvent, ProbeFindings } from '../run/probe.ts';
import { printable } from '../text/printable.ts';

const SHOWN_MAX = 2000;

/** One thing that happened to a probing client, as a line. */
export function probeLine(event: ProbeEvent): string {
  switch (event.kind) {
    case 'connecting':
      return '* connects';
    case 'sent':
      return `> ${frame(event.text)}`;
    case 'received':
      return `< ${frame(event.text)}${event.meanings.length === 0 ? '' : `   [${event.meanings.join(', ')}]`}`;
    case 'told':
      return event.what === 'publishing' ? '* publishes one message' : `* is ${event.what}`;
    case 'refused':
      return `! ${printable(event.reason)}`;
    case 'closed':
      return `* closed with ${event.code}${event.reason === '' ? '' : `: ${printable(event.reason)}`}`;
  }
}

function frame(text: string): string {
  return printable(
    text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}… (${text.length} characters)`,
  );
}

/** What a probe showed and what is missing, in plain words, the most important first. */
export function probeSentences(findings: ProbeFindings): string[] {
  const { connected, joined, lastFailure, cameBack } = findings;
  const why = lastFailure === '' ? '' : `: ${printable(lastFailure)}`;
  if (!connected) return [`No connection was opened${why}.`];
  if (!joined) return [`The client was connected and did not get into its rooms${why}.`];
  return [
    cameBack ? 'The message came back.' : lost(findings),
    ...publishing(findings),
    ...details(findings),
  ];
}

function lost({ stampSeen, published, driver }: ProbeFindings): string {
  if (stampSeen)
    return 'The message came back in a frame that no rule calls a message: a rule with "is: message" is missing for it.';
  if (published === 'rejected') return 'The message did not come back, since its publish was rejected.';
  const join = driver === 'json' ? ' Is "subscribe" right, and the room of "publish" the same?' : '';
  return `The message did not come back: no frame held its stamp.${join}`;
}

function publishing({ published, confirms, lastFailure }: ProbeFindings): string[] {
  const why = lastFailure === '' ? '' : ` (${printable(lastFailure)})`;
  switch (published) {
    case 'accepted':
      return ['The publish was confirmed.'];
    case 'rejected':
      return [`The publish was rejected${why}.`];
    case 'unconfirmed':
      return [
        'Nothing confirms a publish: whether a message was taken in is decided by what clients see. If the server answers, say so with "publish.confirm".',
      ];
    case 'unknown':
    case 'unanswered':
      return confirms ? ['No confirmation was seen: no frame matched "publish.confirm" in time.'] : [];
    case undefined:
      return [];
  }
}

function details({ cameBack, wholeBody, numbered, positions, unmatched }: ProbeFindings): string[] {
  const sentences: string[] = [];
  if (cameBack && !wholeBody) sentences.push('Its body did not come back whole: content is not verified.');
  if (cameBack && positions !== 'none' && !numbered)
    sentences.push('The message had no number where "seq" of its rule looks for one.');
  if (unmatched > 0)
    sentences.push(
      `${unmatched === 1 ? '1 frame was' : `${unmatched} frames were`} matched by no rule: a rule with "is: ignored" says that nothing is missed.`,
    );
  return sentences;
}
