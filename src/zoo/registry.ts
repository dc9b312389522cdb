import { ackBeforeHandle } from './ack-before-handle.ts';
import { attemptsCountedOnReplay } from './attempts-counted-on-replay.ts';
import { clearOnSend } from './clear-on-send.ts';
import { closeRemovesTheNewerConnection } from './close-removes-the-newer-connection.ts';
import { corrupt } from './corrupt.ts';
import { crossGenerationAck } from './cross-generation-ack.ts';
import { cumulativeAckOverAHole } from './cumulative-ack-over-a-hole.ts';
import { deafHeartbeat } from './deaf-heartbeat.ts';
import { dedupWindowWithoutFloor } from './dedup-window-without-floor.ts';
import { doubleAssignment } from './double-assignment.ts';
import { ignoredBackpressure } from './ignored-backpressure.ts';
import { leakAfterTtl } from './leak-after-ttl.ts';
import { misroute } from './misroute.ts';
import { noHeartbeat } from './no-heartbeat.ts';
import { noResend } from './no-resend.ts';
import { oldSocketKeepsTheSession } from './old-socket-keeps-the-session.ts';
import { reorder } from './reorder.ts';
import { resendsToTheAbsent } from './resends-to-the-absent.ts';
import { resumeFromWrongPlace } from './resume-from-wrong-place.ts';
import { resumeIgnoresLastSeq } from './resume-ignores-last-seq.ts';
import { resumedTrueWithAHole } from './resumed-true-with-a-hole.ts';
import { retryToAll } from './retry-to-all.ts';
import { silentDropAtOverflow } from './silent-drop-at-overflow.ts';
import { timersNeverCleared } from './timers-never-cleared.ts';
import { unboundedOutbox } from './unbounded-outbox.ts';
import { vanishAfterMaxResend } from './vanish-after-max-resend.ts';
import type { Variant } from './variant.ts';
import { windowKeptOverSessions } from './window-kept-over-sessions.ts';

/** Every broken variant, in the order of the documentation. */
export const VARIANTS: readonly Variant[] = [
  clearOnSend,
  silentDropAtOverflow,
  vanishAfterMaxResend,
  closeRemovesTheNewerConnection,
  resumeFromWrongPlace,
  resumedTrueWithAHole,
  resumeIgnoresLastSeq,
  oldSocketKeepsTheSession,
  crossGenerationAck,
  noResend,
  attemptsCountedOnReplay,
  resendsToTheAbsent,
  retryToAll,
  doubleAssignment,
  reorder,
  misroute,
  corrupt,
  leakAfterTtl,
  unboundedOutbox,
  ignoredBackpressure,
  timersNeverCleared,
  noHeartbeat,
  deafHeartbeat,
  ackBeforeHandle,
  cumulativeAckOverAHole,
  dedupWindowWithoutFloor,
  windowKeptOverSessions,
];
