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
  /** At-most-once actions of clients. */
  actions = 0;
  /** Answers and notices that these led to. */
  notices = 0;
  protocolErrors = 0;
  /** Connections closed with 1011, since the server itself had failed at one of their events. */
  internalErrors = 0;
  /** Upstream messages that had been accepted before. */
  dedupRejected = 0;
  upstreamAccepted = 0;
  /** Upstream messages refused because too much was unanswered already. */
  requestsOverflowed = 0;
  /** Publishes that had to wait for room in an outbox, and clients that were waited for in vain. */
  pausedPublishes = 0;
  pauseTimeouts = 0;
  /** Clients that publish and were asked to pause. */
  pressured = 0;
  slowConsumers = 0;
  bufferWarnings = 0;
  connections = 0;
  /** Refused by the policy or for a limit. */
  connectionsRefused = 0;
  hellosRefused = 0;
  joinsRefused = 0;
  publishesRefused = 0;
  /** Times that a connection sent more frames in a second than it may, and had to wait. */
  framesDelayed = 0;
  /** Broadcasts that one failing send broke off (naive broadcaster). */
  aborted = 0;
  /** Failures by kind. Waits: a full buffer kept a message in its outbox; drops: there was no outbox to keep it. */
  sendErrors = 0;
  bufferWaits = 0;
  bufferDrops = 0;
  bufferDropClients = 0;
  messageTimeouts = 0;
  ackTimeouts = 0;
  missedPongs = 0;
  /** Times that the rate of failures went over its limit. */
  highFailureRates = 0;
  /** Times that a client became problematic, and what was done about it. */
  problematicClients = 0;
  recoveredClients = 0;
  problemDisconnects = 0;
  throttled = 0;
  withheld = 0;
  /** Messages in the queue for reliable broadcast, by outcome. */
  queueAccepted = 0;
  queueRejected = 0;
  queueCompleted = 0;
  queuePartial = 0;
  queueFailed = 0;
  /** Recipients tried again, and those that a later try reached. */
  queueRetried = 0;
  queueRecovered = 0;
  /** Broadcasts to many rooms, and rooms in which one failed. */
  roomBroadcasts = 0;
  roomFailures = 0;
  alerts = 0;
  failureRateAlerts = 0;
  bufferAlerts = 0;
  latencyAlerts = 0;
  alertDisconnects = 0;
  scaleRequests = 0;
}
