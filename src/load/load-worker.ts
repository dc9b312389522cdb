import type { Driver } from '../drivers/driver.ts';
import { DEFAULT_DRIVER } from '../drivers/registry.ts';
import { plainValues } from '../drivers/values.ts';
import { clientId } from '../scenario/client-id.ts';
import type { Target } from '../scenario/target/target-schema.ts';
import { clientsOf } from '../scenario/timeline.ts';
import { randomStreams } from '../world/random.ts';
import { MachineClock } from '../world/real/clock.ts';
import { createDialer } from '../world/real/dial.ts';
import { createHttp } from '../world/real/http.ts';
import { obeyParent } from '../world/real/parent-process.ts';
import { TimerWheel } from '../world/real/timer-wheel.ts';
import type { ClientPorts } from './client-factory.ts';
import { loadDriver } from './driver-file.ts';
import { Fleet } from './fleet.ts';
import { ProcessWatch } from './process-use.ts';
import { TargetClients } from './target-clients.ts';
import type { WorkerCommand, WorkerReport } from './worker-messages.ts';

/**
 * A load worker: a process of its own, with its own event loop, heap and descriptors, in which a part of the
 * clients lives. It does what the coordinator says, and reports. When the coordinator is gone, so is the worker.
 */

const STATUS_INTERVAL_MS = 100;

const clock = new MachineClock();
const timers = new TimerWheel(clock);
const watch = new ProcessWatch(clock);
let fleet: Fleet | undefined;
let draining = false;
/** Commands that came while the driver was loading; undefined: it is not. */
let held: WorkerCommand[] | undefined;

type Job = Extract<WorkerCommand, { kind: 'job' }>;

async function take(job: Job): Promise<void> {
  const { target } = job.scenario;
  held = [];
  begin(job, target === undefined ? DEFAULT_DRIVER : await loadDriver(target, job.folder));
  const commands = held;
  held = undefined;
  commands.forEach(obey);
}

function begin(job: Job, driver: Driver): void {
  const { scenario, run, clients, planned } = job;
  const { target } = scenario;
  fleet = new Fleet({
    scenario,
    run,
    clients,
    planned,
    driver,
    ports: {
      clock,
      timers,
      epochMs: Date.now,
      streams: randomStreams(scenario.seed),
      ...(target === undefined ? towardsReference(job.url) : towardsTarget(job, target, driver)),
    },
  });
  setInterval(() => {
    if (fleet !== undefined) report({ kind: 'status', status: fleet.status(), draining });
  }, STATUS_INTERVAL_MS);
}

type Towards = Pick<ClientPorts, 'dialFor' | 'valuesFor' | 'http' | 'pace' | 'withoutSecrets'>;

function towardsReference(url: string): Towards {
  const dial = createDialer({ url });
  return {
    dialFor: () => dial,
    valuesFor: (client) => plainValues(client, clientId(client)),
    http: createHttp(),
  };
}

function towardsTarget(
  { scenario, folder, clients, redirects }: Job,
  target: Target,
  driver: Driver,
): Towards {
  const towards = new TargetClients({
    target,
    folder,
    driver,
    clock,
    clients,
    share: clients.length / clientsOf(scenario).count,
    alwaysWs: redirects,
  });
  return {
    dialFor: (values) => towards.dialFor(values),
    valuesFor: (client) => towards.valuesFor(client, clientId(client)),
    http: towards.http,
    ...(towards.pace === undefined ? {} : { pace: towards.pace }),
    withoutSecrets: (text, values) => towards.withoutSecrets(text, values),
  };
}

function finish(made: Fleet): void {
  const [record, measures] = [made.toRecord(), made.measures.toRecord()];
  report({ kind: 'record', record, measures, use: watch.use() }, () => process.exit(0));
}

function obey(command: WorkerCommand): void {
  if (held !== undefined) {
    held.push(command);
    return;
  }
  if (command.kind === 'job') {
    void take(command);
    return;
  }
  if (fleet === undefined) throw new Error(`Cannot ${command.kind}: the job has to come first`);
  switch (command.kind) {
    case 'publish': {
      const { id, client, request } = command;
      fleet.publishAs(client, request, (status, connection = 0) =>
        report({ kind: 'published', id, status, connection }),
      );
      return;
    }
    case 'connect':
      watch.restart();
      fleet.connect(command.startUs);
      return;
    case 'load':
      watch.startLoad();
      fleet.startLoad(command.fromUs, command.toUs);
      return;
    case 'heal':
      watch.freeze();
      fleet.heal();
      return;
    case 'drain':
      fleet.startDrain(command.goals);
      draining = true;
      return;
    case 'finish':
      finish(fleet);
  }
}

const report = obeyParent<WorkerCommand, WorkerReport>(obey);
