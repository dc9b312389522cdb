/**
 * The counters of the broadcaster, as one table. The type of its statistics, the result file, the metrics for
 * assertions and for Prometheus, the rows of the reports and the documentation follow from it.
 */
export interface Counter {
  /** A sentence. */
  readonly meaning: string;
  /** What follows the number in a report; absent: the name. */
  readonly words?: string;
  /** No late timer and no late ack raises it. */
  readonly untimed?: true;
  /** Where it differs from what follows from name and meaning. */
  readonly prometheus?: Partial<PrometheusMetric>;
}

/** A metric for Prometheus, or one sample of it. */
export interface PrometheusMetric {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  /** Of the label. Absent where there is a label: the counter is the sum of all its values. */
  readonly value?: string;
}

const RECIPIENTS = {
  name: 'ws_broadcast_recipients_total',
  help: 'Recipients of broadcasts.',
  label: 'outcome',
};
const RESUMES = {
  name: 'ws_resumes_total',
  help: 'Sessions that a client asked to resume.',
  label: 'outcome',
};

/** By the row of a report that shows them. */
const table = {
  sends: {
    broadcasts: { meaning: 'Messages published.', untimed: true },
    total: {
      words: 'recipients',
      meaning: 'Recipients of all broadcasts.',
      untimed: true,
      prometheus: { name: 'ws_recipients_total' },
    },
    assigned: {
      meaning: 'Messages given a place in an outbox, or a gap where that was full.',
      untimed: true,
    },
    sent: {
      meaning: 'First transmissions to an open socket.',
      untimed: true,
      prometheus: { ...RECIPIENTS, value: 'sent' },
    },
    failed: {
      meaning: 'Sends that failed, or had not left after `server.broadcast.messageTimeout`.',
      prometheus: { ...RECIPIENTS, value: 'failed' },
    },
    skipped: {
      meaning: 'Recipients without an open socket, or unhealthy; their outbox may hold the message.',
      prometheus: { ...RECIPIENTS, value: 'skipped' },
    },
    dropped: {
      meaning: 'Messages given up, for whatever reason.',
      prometheus: { ...RECIPIENTS, value: 'dropped' },
    },
    retried: { meaning: 'Sends tried again after a passing socket error.' },
    resent: {
      meaning: 'Transmissions after the first, replays included.',
      prometheus: { name: 'ws_delivery_resend_total', label: 'type' },
    },
    deadLetters: {
      meaning: 'Messages given up after the last resend, or refused for good.',
      prometheus: { name: 'ws_dead_letters_total', label: 'reason' },
    },
    overflowed: { meaning: 'Messages given up because an outbox or a socket was full.' },
    gaps: { meaning: 'Messages that a gap told a client of.' },
    pausedPublishes: {
      words: 'publishes that waited',
      meaning: 'Publishes that waited for room in an outbox.',
    },
    pauseTimeouts: { words: 'waited for in vain', meaning: 'Clients that were waited for in vain.' },
  },
  acks: {
    acked: { meaning: 'Messages acked by a client.', prometheus: { name: 'ws_delivery_acked_total' } },
    ackFrames: { meaning: 'Ack frames taken in.' },
    nacks: { meaning: 'Nacks taken in.' },
  },
  sessions: {
    connections: { meaning: 'Connections accepted.', prometheus: { name: 'ws_connections_opened_total' } },
    resumes: { meaning: 'Sessions resumed.', prometheus: { ...RESUMES, value: 'accepted' } },
    refusedResumes: {
      meaning: 'Resumes answered with a fresh session and a reason.',
      prometheus: { ...RESUMES, value: 'refused' },
    },
    takeovers: { meaning: 'Resumes while the older socket was still open.' },
    expiredSessions: {
      meaning: 'Sessions whose client stayed away longer than the TTL.',
      prometheus: { name: 'ws_sessions_expired_total' },
    },
    detectedStale: {
      words: 'stale connections closed',
      meaning: 'Connections that the heartbeat closed.',
      prometheus: { name: 'ws_stale_connections_total' },
    },
    slowConsumers: {
      words: 'slow consumers closed',
      meaning: 'Clients closed because they could not keep up.',
    },
  },
  frames: {
    malformed: {
      words: 'malformed frames',
      meaning: 'Frames of clients that were none.',
      untimed: true,
      prometheus: { name: 'ws_malformed_frames_total' },
    },
    protocolErrors: {
      words: 'closed for protocol errors',
      meaning: 'Connections closed with 4400.',
      untimed: true,
    },
    internalErrors: {
      words: 'closed for errors of the server itself',
      meaning: 'Connections closed with 1011, since the server itself had failed at one of their events.',
    },
    framesDelayed: {
      words: 'times over the limit of frames',
      meaning: 'Times that a connection sent more frames in a second than it may, and had to wait.',
    },
    actions: { meaning: 'At-most-once actions of clients: join, leave, message, ping.', untimed: true },
    notices: { meaning: 'Answers and room notices that these led to.', untimed: true },
  },
  upstream: {
    upstreamAccepted: { words: 'accepted', meaning: 'Messages from clients that were taken.', untimed: true },
    dedupRejected: {
      words: 'duplicates rejected',
      meaning: 'Messages from clients that had been answered before.',
    },
    requestsOverflowed: {
      words: 'refused, too much unanswered',
      meaning: 'Messages from clients refused because too much was unanswered.',
    },
    pressured: {
      words: 'publishers asked to pause',
      meaning: 'Publishing clients that were asked to pause.',
    },
  },
  refused: {
    connectionsRefused: {
      words: 'connections',
      meaning: 'Connections refused by the policy of the server or for a limit.',
    },
    hellosRefused: { words: 'hellos', meaning: 'Hellos refused by the policy of the server or for a limit.' },
    joinsRefused: {
      words: 'joins',
      meaning: 'Rooms refused to a client by the policy of the server or for a limit.',
    },
    publishesRefused: {
      words: 'publishes',
      meaning: 'Publishes of clients refused by the policy of the server.',
    },
  },
  failures: {
    aborted: {
      words: 'broadcasts broken off',
      meaning: 'Broadcasts that one failing send broke off; the naive broadcaster only.',
      untimed: true,
    },
    bufferWarnings: { meaning: 'Sockets found over `server.buffer.warn`.' },
    bufferWaits: {
      words: 'sends that met a full buffer',
      meaning: 'Times that a full socket kept a message in its outbox.',
    },
    bufferDrops: {
      words: 'dropped at a full buffer',
      meaning: 'Messages dropped at a full socket, where no outbox keeps them.',
    },
    bufferDropClients: { words: 'clients of those', meaning: 'Clients that lost messages that way.' },
    sendErrors: { meaning: 'Sends that the socket refused with an error.', untimed: true },
    messageTimeouts: { meaning: 'Sends that had not left in time.' },
    ackTimeouts: { meaning: 'Transmissions that stayed unanswered.' },
    missedPongs: { meaning: 'Pings that stayed unanswered.' },
    highFailureRates: {
      words: 'over the global failure rate',
      meaning: 'Times that the share of failures went over `server.failures.globalRate`.',
    },
  },
  problematic: {
    problematicClients: {
      words: 'times a client became problematic',
      meaning: 'Times that a client became problematic.',
    },
    problemDisconnects: { words: 'disconnected', meaning: 'Problematic clients that were closed.' },
    throttled: {
      words: 'sends held back by the throttle',
      meaning: 'Problematic clients that were slowed down, by the message.',
    },
    withheld: { words: 'messages withheld', meaning: 'Messages withheld from problematic clients.' },
    recoveredClients: { words: 'recovered', meaning: 'Times that a problematic client was fine again.' },
  },
  queue: {
    queueAccepted: { words: 'taken', meaning: 'Messages that the queue took.', untimed: true },
    queueCompleted: { words: 'completed', meaning: 'Queued messages that reached every recipient.' },
    queuePartial: { words: 'partial', meaning: 'Queued messages that reached some.' },
    queueFailed: { words: 'failed', meaning: 'Queued messages that reached nobody.' },
    queueRejected: { words: 'refused, queue full', meaning: 'Messages that found the queue full.' },
    queueRetried: { words: 'recipients tried again', meaning: 'Recipients tried again.' },
    queueRecovered: { words: 'reached by a retry', meaning: 'Recipients that a later try reached.' },
  },
  rooms: {
    roomBroadcasts: {
      words: 'broadcasts to many rooms',
      meaning: 'Broadcasts to many rooms at once.',
      untimed: true,
    },
    roomFailures: { words: 'rooms in which one failed', meaning: 'Rooms in which one of these failed.' },
  },
  alerts: {
    alerts: { words: 'raised', meaning: 'Alerts raised.' },
    failureRateAlerts: { words: 'of the failure rate', meaning: 'Alerts that too many sends fail.' },
    bufferAlerts: { words: 'of a buffer', meaning: 'Alerts that the buffer of a client fills up.' },
    latencyAlerts: { words: 'of latency', meaning: 'Alerts that a send takes too long on average.' },
    alertDisconnects: { words: 'clients disconnected', meaning: 'Clients closed by an alert.' },
    scaleRequests: { words: 'requests to scale', meaning: 'Runs of the hook under `server.alerts.scale`.' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Counter>>>>;

type Rows = typeof table;
export type CounterName = { [Row in keyof Rows]: keyof Rows[Row] }[keyof Rows];

export const COUNTERS = Object.assign({}, ...Object.values(table)) as Readonly<Record<CounterName, Counter>>;
export const COUNTER_NAMES = Object.keys(COUNTERS) as readonly CounterName[];
/** The rows of a report, with the names of their counters. */
export const COUNTER_ROWS = Object.entries(table).map(([label, counters]) => ({
  label,
  names: Object.keys(counters) as readonly CounterName[],
}));

/** The name in words: `ackFrames` is "ack frames". */
export function counterWords(name: CounterName): string {
  return COUNTERS[name].words ?? name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** The metric of a counter for Prometheus: `ackFrames` is `ws_ack_frames_total` unless the table says otherwise. */
export function prometheusMetric(counter: CounterName): PrometheusMetric {
  const { meaning, prometheus } = COUNTERS[counter];
  const snake = counter.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { name: `ws_${snake}_total`, help: meaning, ...prometheus };
}
