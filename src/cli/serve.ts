import { randomInt } from 'node:crypto';
import type { Broadcaster } from '../broadcaster/broadcaster.ts';
import { createBroadcaster } from '../broadcaster/create-broadcaster.ts';
import type { Application } from '../broadcaster/upstream-intake.ts';
import type { Clock } from '../protocol/ports.ts';
import { descriptorLimit, OWN_DESCRIPTORS } from '../run/preflight.ts';
import { scenarioSchema } from '../scenario/schema.ts';
import { broadcasterSettings } from '../server/broadcaster-settings.ts';
import { ScaleHook } from '../server/scale-hook.ts';
import { Admission, isOrigin, type Origins } from '../world/real/admission.ts';
import { ListenError, type ListenOptions, listen } from '../world/real/listener.ts';
import { Machine } from '../world/real/machine.ts';
import { printLine, say } from './console.ts';
import { DeadLetterFile } from './dead-letter-file.ts';
import { UserError } from './exit.ts';
import { connectionFault } from './explain.ts';
import { type MetricsFlags, openMetricsPort } from './metrics-port.ts';
import { findScenarios, loadScenario } from './scenario-files.ts';
import { WarningLog } from './warning-log.ts';

const HEALTH_LOG_MS = 60_000;
const DRAIN_SPREAD_MS = 5000;
const DRAIN_WAIT_MS = 500;

export interface ServeOptions extends MetricsFlags {
  readonly port: number;
  readonly host: string;
  readonly scenario?: string;
  readonly deadLetters?: string;
  readonly origin?: readonly string[];
  readonly maxConnections: number;
  readonly maxSessions: number;
  readonly maxFrames: number;
  readonly maxConnectRate: number;
}

/** Runs the reference broadcaster until a signal comes, then drains it. */
export async function serve(options: ServeOptions): Promise<void> {
  const origins = originsOf(options.origin);
  const machine = new Machine(randomInt(2 ** 31));
  const server = serverBlock(options.scenario);
  const settings = {
    ...broadcasterSettings(server),
    connectionsMax: options.maxConnections,
    sessionsMax: options.maxSessions,
    framesPerSecMax: options.maxFrames,
  };
  const log = new WarningLog(say);
  const warn = (kind: string) => (what: string) => log.warn(kind, what);
  const hook = new ScaleHook({ settings: server.alerts.scale, onTrouble: warn('scaleFailed') });
  const broadcaster = createBroadcaster({
    settings,
    application: SINK,
    ports: {
      ...machine,
      alert: ({ name, detail }) => log.warn(name, `${name}: ${detail}`),
      scale: (alert) => hook.run(alert),
    },
  });
  const letterFile = openLetterFile(options, broadcaster, machine.clock, warn('dead letters'));
  const metrics = await openMetricsPort(options, options.host, { source: () => broadcaster });
  const admission = new Admission({
    origins,
    connectionsPerSecMax: options.maxConnectRate,
    connectionsPerSecPerAddressMax: Number.POSITIVE_INFINITY,
    hasRoom: () => broadcaster.hasRoomForConnection,
    clock: machine.clock,
    onRefused: () => {
      broadcaster.statistics.connectionsRefused += 1;
    },
    onError: (error) => log.warn('admission', String(error)),
  });
  const listener = await listen({
    port: options.port,
    host: options.host,
    accept: (link, request) => broadcaster.accept(link, request),
    refusalOf: (request) => admission.refusalOf(request),
    beforeRead: () => machine.timers.catchUp(),
    onFailure: (error) => {
      broadcaster.statistics.internalErrors += 1;
      log.warn('internal error', connectionFault(error));
    },
    ...connectionLimit(log),
    purpose: 'the reference broadcaster',
  }).catch((error: unknown) => {
    throw error instanceof ListenError ? new UserError(error.message) : error;
  });
  if (!listener.local)
    log.warn(
      'host',
      `--host ${options.host} lets other machines connect; any of them may read and publish everything`,
    );
  // Whoever reads the line may send a signal at once.
  const stopped = signalled();
  printLine(`wsdeliver.v1 (${settings.delivery}) on ${listener.url}, Ctrl-C to drain and stop`);
  const health = setInterval(() => printLine(healthLine(broadcaster)), HEALTH_LOG_MS);
  await stopped;
  clearInterval(health);
  broadcaster.drain(DRAIN_SPREAD_MS);
  await new Promise((resolve) => setTimeout(resolve, DRAIN_WAIT_MS));
  printLine(healthLine(broadcaster));
  broadcaster.stop('restart');
  letterFile?.close();
  log.close();
  await metrics?.close();
  hook.stop();
  await listener.close();
  machine.close();
}

/** Connections are refused while descriptors are left, so that the server is told of it and says so. */
function connectionLimit(
  log: WarningLog,
): Pick<ListenOptions, 'connectionsMax' | 'onTooMany' | 'onAcceptError'> {
  const onAcceptError = ({ message }: Error): void =>
    log.warn('accept', `a connection could not be accepted: ${message}`);
  const limit = descriptorLimit();
  if (limit === undefined) return { onAcceptError };
  const connectionsMax = Math.max(1, limit - OWN_DESCRIPTORS);
  const onTooMany = (): void =>
    log.warn(
      'open files',
      `a connection was refused: ${connectionsMax} are open, as many as the limit of ${limit} open files allows (raise it with "ulimit -n")`,
    );
  return { onAcceptError, connectionsMax, onTooMany };
}

/** There is no application: each client message is accepted once and discarded. */
const SINK: Application = { receive: (_message, settled) => settled(undefined) };

function originsOf(asked: readonly string[] | undefined): Origins {
  if (asked === undefined) return 'same';
  if (asked.includes('any')) return 'any';
  const wrong = asked.find((origin) => !isOrigin(origin));
  if (wrong === undefined) return asked;
  throw new UserError(
    `Cannot let pages of "${wrong}" connect: it is no origin, one such as https://example.org, or any, is wanted`,
  );
}

function openLetterFile(
  { deadLetters: file, scenario }: ServeOptions,
  broadcaster: Broadcaster,
  clock: Clock,
  warn: (what: string) => void,
): DeadLetterFile | undefined {
  if (file === undefined) return undefined;
  return new DeadLetterFile({
    file,
    inputs: pathsOf(scenario),
    letters: broadcaster.deadLetters,
    clock,
    warn,
  });
}

function pathsOf(scenario: string | undefined): string[] {
  return scenario === undefined ? [] : findScenarios([scenario]).map(({ path }) => path);
}

function serverBlock(name: string | undefined): Parameters<typeof broadcasterSettings>[0] {
  const [file, ...others] = name === undefined ? [] : findScenarios([name]);
  if (others.length > 0)
    throw new UserError(
      `Cannot serve "${name}": it is a folder of ${others.length + 1} scenarios, one file is wanted`,
    );
  return file === undefined ? scenarioSchema.parse({}).server : loadScenario(file).scenario.server;
}

function healthLine(broadcaster: Broadcaster): string {
  const { connections, healthy, sessions, pendingTotal } = broadcaster.load();
  const { broadcasts, sent, resent, dropped, deadLetters, problematicClients } = broadcaster.statistics;
  const { successRatio } = broadcaster.monitoring.metrics.summary();
  const success =
    successRatio === undefined ? '' : `, ${(successRatio * 100).toFixed(1)} % of the latest sends went well`;
  return (
    `${connections} connections, ${healthy} healthy, ${sessions} sessions, ${pendingTotal} pending; ` +
    `${broadcasts} broadcasts, ${sent} sent, ${resent} resent, ${dropped} given up, ${deadLetters} dead letters, ` +
    `${problematicClients} problematic clients${success}`
  );
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve());
  });
}
