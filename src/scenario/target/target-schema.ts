import { z } from 'zod';
import { durationMs, ratePerSec } from '../quantity.ts';
import { DEFAULT_DRIVER_NAME, DRIVER_OPTIONS, isDriverFile } from './driver-options.ts';

/** The server under test, when it is somebody else's: where it is, and how a client of it connects and speaks. */
export interface Target {
  /** Templates, at least one; clients are spread over them. */
  readonly url: readonly string[];
  /** A name, or the path of a module. */
  readonly driver: string;
  /** Of that driver, checked by its schema; undefined where there are none. */
  readonly options: unknown;
  /** Values are templates. */
  readonly headers: Readonly<Record<string, string>>;
  /** Templates; absent: what the driver offers. */
  readonly subprotocols?: readonly string[];
  readonly tls: {
    /** File with certificates of authorities. */
    readonly ca?: string;
    readonly servername?: string;
    readonly insecure: boolean;
  };
  readonly compression: boolean;
  /** From dialling to open, ms. */
  readonly timeout: number;
  /** Attempts a second, over all clients. */
  readonly connectRate?: number;
  readonly reconnectTo: 'same' | 'next' | 'random';
  /** File with a row for each user. */
  readonly users?: string;
}

const ADDRESSES_MAX = 100;
const NO_ADDRESS = 'Cannot use a target without an address: "url" is missing, ws://host:port/path is wanted';

const driverShape: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(DRIVER_OPTIONS).map(([name, options]) => [name, options.optional()]),
);

/** As it stands in a file, but for the short forms, which `lengthenTarget` has replaced. */
const written = z.strictObject({
  url: z
    .array(z.string().max(8192), { error: ({ input }) => (input === undefined ? NO_ADDRESS : undefined) })
    .min(1)
    .max(ADDRESSES_MAX)
    .describe('Address, ws:// or wss://, or a list of them over which clients are spread.'),
  driver: z
    .string()
    .max(1000)
    .default(DEFAULT_DRIVER_NAME)
    .describe(
      `The protocol: ${Object.keys(DRIVER_OPTIONS).join(', ')}, or the path of a module with a driver of your own.`,
    ),
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Options of a driver of your own; those of another stand under its name.'),
  headers: z
    .record(z.string().max(200), z.string().max(65_536))
    .default({})
    .describe('Headers of the opening handshake, as in cookie or origin.'),
  subprotocols: z
    .array(z.string().min(1).max(8192))
    .max(100)
    .optional()
    .describe('Subprotocols to offer; absent: those of the driver.'),
  tls: z
    .strictObject({
      ca: z.string().min(1).optional().describe('File with certificates of authorities (PEM) to trust.'),
      servername: z
        .string()
        .min(1)
        .max(253)
        .optional()
        .describe('Name to ask for (SNI) and to expect in the certificate; absent: that of the address.'),
      insecure: z.boolean().default(false).describe('Take any certificate.'),
    })
    .prefault({}),
  compression: z.boolean().default(false).describe('Offer permessage-deflate.'),
  timeout: durationMs('10s').describe('Longest time from dialling to an open connection.'),
  connectRate: ratePerSec()
    .optional()
    .describe('Most attempts to connect a second, over all clients and with those that come back.'),
  reconnectTo: z
    .enum(['same', 'next', 'random'])
    .default('same')
    .describe('With several addresses: which one a client that comes back dials.'),
  users: z
    .string()
    .min(1)
    .optional()
    .describe('CSV or JSON file; client i is the user of row i, and from the top again after the last.'),
});

type Written = z.output<typeof written>;

/** All keys of `target`, those with the options of drivers included. */
export const targetObject = written.extend(driverShape) as unknown as typeof written;

/** Options that the driver would not get are a mistake. */
const ownOptionsOnly = targetObject.superRefine((value, context) => {
  const { driver } = value;
  const others = [...Object.keys(DRIVER_OPTIONS).filter((name) => name !== driver), 'options'];
  for (const key of others) {
    if (!Object.hasOwn(value, key) || (key === 'options' && isDriverFile(driver))) continue;
    const message = `Cannot use "${key}": the driver is "${driver}", which is not given it`;
    context.addIssue({ code: 'custom', path: [key], message });
  }
});

export const targetSchema = ownOptionsOnly.transform((value): Target => {
  const { url, driver, options, headers, tls, compression, timeout, reconnectTo, ...rest } = value;
  const { subprotocols, connectRate, users } = rest;
  return {
    url,
    driver,
    options: optionsOf(driver, value, options),
    headers,
    ...(subprotocols === undefined ? {} : { subprotocols }),
    tls: {
      insecure: tls.insecure,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.servername === undefined ? {} : { servername: tls.servername }),
    },
    compression,
    timeout,
    ...(connectRate === undefined || connectRate === Number.POSITIVE_INFINITY ? {} : { connectRate }),
    reconnectTo,
    ...(users === undefined ? {} : { users }),
  };
});

/** The way back, for writing a scenario. */
export function writtenTarget({ options, ...target }: Target): Written {
  const key = Object.hasOwn(DRIVER_OPTIONS, target.driver) ? target.driver : 'options';
  return { ...target, ...(options === undefined ? {} : { [key]: options }) } as Written;
}

/** What was given, else what the driver's schema makes of nothing. */
function optionsOf(driver: string, value: Written, ofModule: unknown): unknown {
  const schema = Object.hasOwn(DRIVER_OPTIONS, driver) ? DRIVER_OPTIONS[driver] : undefined;
  if (schema === undefined) return ofModule;
  const given = (value as Readonly<Record<string, unknown>>)[driver];
  if (given !== undefined) return given;
  const none = schema.safeParse({});
  return none.success ? none.data : undefined;
}

/** Whether a driver can do without options. */
export function needsOptions(driver: string): boolean {
  const schema = Object.hasOwn(DRIVER_OPTIONS, driver) ? DRIVER_OPTIONS[driver] : undefined;
  return schema !== undefined && !schema.safeParse({}).success;
}
