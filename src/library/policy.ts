import type { IncomingMessage } from 'node:http';
import type { Authorization, Policy } from '../broadcaster/policy.ts';
import type { Hello } from '../protocol/frame.ts';
import { isName } from '../protocol/limits.ts';
import type { Session } from '../protocol/session.ts';
import { isYes } from '../world/real/yes-or-no.ts';
import type { BroadcasterOptions, Client, Verdict } from './options.ts';

export type Hook = 'authorize' | 'canJoin' | 'canPublish' | 'origins';

const FAILED: Authorization = { allowed: false, reason: 'the authorization failed' };

/** Makes the broadcaster's policy of the hooks of an application. What a hook throws refuses, and is told. */
export function policyOf(
  { authorize, canJoin, canPublish }: BroadcasterOptions,
  onError: (hook: Hook, error: unknown) => void,
): Policy {
  const permits = (hook: Hook, ask: () => boolean): boolean => isYes(ask, (error) => onError(hook, error));
  return {
    ...(authorize && {
      authorize: (request, { clientId, rooms, resume }: Hello, settled) => {
        const decide = async (): Promise<Verdict> =>
          authorize(request as IncomingMessage, { clientId, rooms, resumes: resume !== undefined });
        decide()
          .then(checked)
          .then(settled, (error: unknown) => {
            onError('authorize', error);
            settled(FAILED);
          });
      },
    }),
    ...(canJoin && {
      canJoin: (session, room) => permits('canJoin', () => canJoin(clientOf(session), room)),
    }),
    ...(canPublish && {
      canPublish: (session, room, type) =>
        permits('canPublish', () => canPublish(clientOf(session), room, type)),
    }),
  };
}

function clientOf({ identity, context }: Session): Client {
  return { clientId: identity.clientId, context };
}

/** Applications in plain JavaScript may answer anything: only a clear yes lets a client in. */
function checked(verdict: Verdict): Authorization {
  if (verdict?.allowed === true) {
    const { clientId, context } = verdict;
    if (clientId !== undefined && !isName(clientId))
      throw new TypeError('authorize gave a client id that is none');
    return { allowed: true, context, ...(clientId === undefined ? {} : { clientId }) };
  }
  if (verdict?.allowed === false) return { allowed: false, reason: String(verdict.reason) };
  throw new TypeError('authorize has to say { allowed: true } or { allowed: false, reason }');
}
