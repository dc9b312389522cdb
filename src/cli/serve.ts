import { broadcasterSettings } from '../run/reference-server.ts';
import { Broadcaster } from '../broadcaster/broadcaster.ts';
import { scenarioSchema } from '../scenario/schema.ts';
import { randomStreams } from '../world/random.ts';
import { MachineClock } from '../world/real/clock.ts';
import { ListenError, listen } from '../world/real/listener.ts';
import { newSecretId } from '../world/real/new-id.ts';
import { TimerWheel } from '../world/real/timer-wheel.ts';
import { UserError } from './exit.ts';
import { findScenarios, loadScenario } from './scenario-files.ts';

const HEALTH_LOG_MS = 60_000;
const DRAIN_SPREAD_MS = 5000;
const DRAIN_WAIT_MS = 500;

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly scenario?: string;
}

/** Runs the reference broadcaster until a signal comes, then drains it. */
export async function serve(options: ServeOptions): Promise<void> {
  const clock = new MachineClock();
  const timers = new TimerWheel(clock);
  const random = randomStreams(Math.floor(clock.nowUs()))('server');
  const settings = broadcasterSettings(serverBlock(options.scenario));
  const broadcaster = new Broadcaster({ settings, ports: { clock, timers, random, newId: newSecretId } });
  const listener = await listen({
    port: options.port,
    host: options.host,
    accept: (link) => broadcaster.accept(link),
    purpose: 'the reference broadcaster',
  }).catch((error: unknown) => {
    throw error instanceof ListenError ? new UserError(error.message) : error;
  });
  process.stdout.write(`wsdeliver.v1 (${settings.delivery}) on ${listener.url}, Ctrl-C to drain and stop\n`);
  const health = setInterval(() => process.stdout.write(healthLine(broadcaster)), HEALTH_LOG_MS);
  await signalled();
  clearInterval(health);
  broadcaster.drain(DRAIN_SPREAD_MS);
  await new Promise((resolve) => setTimeout(resolve, DRAIN_WAIT_MS));
  process.stdout.write(healthLine(broadcaster));
  broadcaster.stop('restart');
  await listener.close();
  timers.close();
}

function serverBlock(name: string | undefined): Parameters<typeof broadcasterSettings>[0] {
  const file = name === undefined ? undefined : findScenarios([name])[0];
  return file === undefined ? scenarioSchema.parse({}).server : loadScenario(file).scenario.server;
}

function healthLine(broadcaster: Broadcaster): string {
  const { connections, sessions, pendingTotal } = broadcaster.load();
  const { broadcasts, sent, resent, dropped, deadLetters } = broadcaster.statistics;
  return (
    `${connections} connections, ${sessions} sessions, ${pendingTotal} pending; ` +
    `${broadcasts} broadcasts, ${sent} sent, ${resent} resent, ${dropped} given up, ${deadLetters} dead letters\n`
  );
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
