import { z } from 'zod';
import { durationMs } from './quantity.ts';

/** The processes that a run starts before its clients, waits for and ends: the server under test and its neighbours. */

const INSTANCES_MAX = 32;
const SERVICES_MAX = 32;
/** Signals that ask a process to end. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGKILL'] as const;

const serviceName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]*$/,
    'a service has lower-case letters, digits and hyphens, and begins with a letter',
  );

/** For `ready: port`, which has no setting of its own. */
export const READY_WITHIN_MS = 30_000;
const within = durationMs('30s').describe('Longest time until it is ready.');

const ready = z
  .union([
    z.literal('port'),
    z.strictObject({
      http: z.string().min(1).optional().describe('An address that answers with a status of 200 to 399.'),
      line: z.string().min(1).optional().describe('A text in a line of its output.'),
      within,
    }),
  ])
  .default('port')
  .describe('When it is ready: `port` (it accepts connections), `{ http, within }` or `{ line, within }`.');

const service = z.strictObject({
  command: z
    .string()
    .min(1)
    .describe(
      'Program and arguments, run without a shell unless it begins with `sh -c`; templates: `{{ port }}`.',
    ),
  cwd: z.string().min(1).optional().describe('Working folder; absent: the folder of the scenario.'),
  env: z
    .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .default({})
    .describe('Variables over the environment of wsdeliver.'),
  count: z
    .int()
    .min(1)
    .max(INSTANCES_MAX)
    .optional()
    .describe('Instances, named app-1, app-2 and so on; absent: one, named as the service.'),
  ready,
  stop: z
    .strictObject({
      signal: z.enum(STOP_SIGNALS).default('SIGTERM').describe('Signal that asks it to end.'),
      within: durationMs('5s').describe('Time until it is killed.'),
    })
    .prefault({})
    .describe('How it is ended.'),
});

export const services = z
  .record(serviceName, service)
  .refine(
    (entries) => Object.keys(entries).length <= SERVICES_MAX,
    `at most ${SERVICES_MAX} services are wanted`,
  )
  .default({})
  .describe('Processes to start in this order before the run, and to end with it.');

export type Service = z.output<typeof service>;
export type Services = Readonly<Record<string, Service>>;

/** One process of a service. */
export interface Instance {
  /** `app`, or `app-1` where the service has a count. */
  readonly name: string;
  readonly serviceName: string;
  readonly service: Service;
}

/** Every process that a scenario starts, in order. */
export function instancesOf(services: Services): Instance[] {
  return Object.entries(services).flatMap(([serviceName, service]) => {
    const { count } = service;
    if (count === undefined) return [{ name: serviceName, serviceName, service }];
    return Array.from({ length: count }, (_, index) => ({
      name: `${serviceName}-${index + 1}`,
      serviceName,
      service,
    }));
  });
}

/** The instances that `service: app` or `service: app-1` of a fault selects. */
export function selectInstances(services: Services, selected: string | undefined): readonly string[] {
  return instancesOf(services)
    .filter(({ name, serviceName }) => name === selected || serviceName === selected)
    .map(({ name }) => name);
}
