import { ackBeforeHandle } from './ack-before-handle.ts';
import { acksFailures } from './acks-failures.ts';
import { acksOnTheNextSocket } from './acks-on-the-next-socket.ts';
import { attemptsCountedOnReplay } from './attempts-counted-on-replay.ts';
import { backoffResetOnOpen } from './backoff-reset-on-open.ts';
import { clearOnSend } from './clear-on-send.ts';
import { closeRemovesTheNewerConnection } from './close-removes-the-newer-connection.ts';
import { corrupt } from './corrupt.ts';
import { crossGenerationAck } from './cross-generation-ack.ts';
import { cumulativeAckOverAHole } from './cumulative-ack-over-a-hole.ts';
import { deadLetterWithoutAGap } from './dead-letter-without-a-gap.ts';
import { deafHeartbeat } from './deaf-heartbeat.ts';
import { declaresWhatItReceived } from './declares-what-it-received.ts';
import { dedupOnArrival } from './dedup-on-arrival.ts';
import { dedupWindowWithoutFloor } from './dedup-window-without-floor.ts';
import { doubleAssignment } from './double-assignment.ts';
import { evictsBySize } from './evicts-by-size.ts';
import { expiresWhatIsInFlight } from './expires-what-is-in-flight.ts';
import { gapWithTheWrongRange } from './gap-with-the-wrong-range.ts';
import { heartbeatFedBySends } from './heartbeat-fed-by-sends.ts';
import { ignoredBackpressure } from './ignored-backpressure.ts';
import { ignoresGaps } from './ignores-gaps.ts';
import { impatientHeartbeat } from './impatient-heartbeat.ts';
import { keepsItsFirstToken } from './keeps-its-first-token.ts';
import { lateCleanupEndsTheSession } from './late-cleanup-ends-the-session.ts';
import { lateUnsubscribe } from './late-unsubscribe.ts';
import { leakAfterTtl } from './leak-after-ttl.ts';
import { lostDuringTakeover } from './lost-during-takeover.ts';
import { misroute } from './misroute.ts';
import { nackCountsAsAck } from './nack-counts-as-ack.ts';
import { noHeartbeat } from './no-heartbeat.ts';
import { noResend } from './no-resend.ts';
import { oldSocketKeepsTheSession } from './old-socket-keeps-the-session.ts';
import { outboxUnboundedInBytes } from './outbox-unbounded-in-bytes.ts';
import { pauseNeverEnds } from './pause-never-ends.ts';
import { reorder } from './reorder.ts';
import { replayOverlapsLive } from './replay-overlaps-live.ts';
import { requestsForgottenOnResume } from './requests-forgotten-on-resume.ts';
import { resendsToTheAbsent } from './resends-to-the-absent.ts';
import { resumeFromWrongPlace } from './resume-from-wrong-place.ts';
import { resumeIgnoresLastSeq } from './resume-ignores-last-seq.ts';
import { resumeOfNothingRefused } from './resume-of-nothing-refused.ts';
import { resumedTrueAfterARestart } from './resumed-true-after-a-restart.ts';
import { resumedTrueWithAHole } from './resumed-true-with-a-hole.ts';
import { retryToAll } from './retry-to-all.ts';
import { silentDropAtOverflow } from './silent-drop-at-overflow.ts';
import { singleAckFreesAllBelow } from './single-ack-frees-all-below.ts';
import { timersNeverCleared } from './timers-never-cleared.ts';
import { tokenReusable } from './token-reusable.ts';
import { twoRecoveriesAtOnce } from './two-recoveries-at-once.ts';
import { unboundedOutbox } from './unbounded-outbox.ts';
import { vanishAfterMaxResend } from './vanish-after-max-resend.ts';
import type { Variant } from './variant.ts';
import { windowFullOfLostAcks } from './window-full-of-lost-acks.ts';
import { windowKeptOverSessions } from './window-kept-over-sessions.ts';

/** Every broken variant, in the order of the documentation. */
export const VARIANTS: readonly Variant[] = [
  clearOnSend,
  silentDropAtOverflow,
  vanishAfterMaxResend,
  deadLetterWithoutAGap,
  gapWithTheWrongRange,
  expiresWhatIsInFlight,
  nackCountsAsAck,
  singleAckFreesAllBelow,
  closeRemovesTheNewerConnection,
  lateCleanupEndsTheSession,
  lateUnsubscribe,
  lostDuringTakeover,
  resumeFromWrongPlace,
  resumedTrueWithAHole,
  resumedTrueAfterARestart,
  resumeIgnoresLastSeq,
  resumeOfNothingRefused,
  replayOverlapsLive,
  twoRecoveriesAtOnce,
  oldSocketKeepsTheSession,
  crossGenerationAck,
  tokenReusable,
  noResend,
  windowFullOfLostAcks,
  pauseNeverEnds,
  attemptsCountedOnReplay,
  resendsToTheAbsent,
  retryToAll,
  requestsForgottenOnResume,
  doubleAssignment,
  reorder,
  misroute,
  corrupt,
  leakAfterTtl,
  unboundedOutbox,
  outboxUnboundedInBytes,
  ignoredBackpressure,
  timersNeverCleared,
  noHeartbeat,
  heartbeatFedBySends,
  deafHeartbeat,
  impatientHeartbeat,
  evictsBySize,
  ackBeforeHandle,
  acksFailures,
  acksOnTheNextSocket,
  cumulativeAckOverAHole,
  declaresWhatItReceived,
  dedupOnArrival,
  dedupWindowWithoutFloor,
  windowKeptOverSessions,
  ignoresGaps,
  keepsItsFirstToken,
  backoffResetOnOpen,
];
