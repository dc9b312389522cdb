/** Counters of one broadcaster since it started. */
export class Statistics {
  broadcasts = 0;
  /** Recipients of all broadcasts. */
  total = 0;
  /** Messages given a place in an outbox, or a gap where that was full. */
  assigned = 0;
  /** First transmissions to an open socket. */
  sent = 0;
  failed = 0;
  skipped = 0;
  dropped = 0;
  /** Sends tried again after a passing socket error. */
  retried = 0;
  /** Transmissions of a message that had been sent before. */
  resent = 0;
  /** Messages given up after their last attempt or on the client's wish. */
  deadLetters = 0;
  /** Messages given up because an outbox or buffer was full. */
  overflowed = 0;
  /** Messages that a gap told the client about. */
  gaps = 0;
  /** Sessions whose client stayed away longer than the TTL. */
  expiredSessions = 0;
  detectedStale = 0;
  ackFrames = 0;
  acked = 0;
  nacks = 0;
  resumes = 0;
  refusedResumes = 0;
  takeovers = 0;
  malformed = 0;
  protocolErrors = 0;
  /** Upstream messages that had been accepted before. */
  dedupRejected = 0;
  upstreamAccepted = 0;
  slowConsumers = 0;
  bufferWarnings = 0;
  connections = 0;
}
