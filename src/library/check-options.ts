import type { OptionSetting } from '../broadcaster/setting.ts';
import { OPTION_NAMES, type OptionName, SETTINGS } from '../broadcaster/setting-table.ts';
import { isOrigin } from '../world/real/admission.ts';
import { BroadcasterError } from './error.ts';
import type { BroadcasterOptions } from './options.ts';

/** Options that the broadcaster itself knows nothing of. */
export const OWN_OPTIONS = {
  deadLettersKept: {
    kind: 'count',
    default: 1000,
    min: 1,
    meaning: 'Newest dead letters that `deadLetters` returns.',
  },
  connectionsPerSecMax: {
    kind: 'count',
    default: 1000,
    min: 1,
    meaning: 'Connections a second; more get HTTP 429.',
  },
  connectionsPerSecPerAddressMax: {
    kind: 'count',
    default: Number.POSITIVE_INFINITY,
    min: 1,
    meaning: 'The same of one address.',
  },
} as const satisfies Readonly<Record<string, OptionSetting>>;

const FUNCTIONS = ['onMessage', 'authorize', 'canJoin', 'canPublish'] as const;

type Plain = Exclude<keyof BroadcasterOptions, 'origins' | (typeof FUNCTIONS)[number]>;

/** The options that are plain values. The compiler misses each that is in no table. */
export const PLAIN_OPTIONS: Readonly<Record<Plain, OptionSetting>> = {
  ...(SETTINGS as Readonly<Record<OptionName, OptionSetting>>),
  ...OWN_OPTIONS,
};

/** Their names. The compiler refuses each that the interface does not have. */
export const PLAIN_OPTION_NAMES: readonly Plain[] = [
  ...OPTION_NAMES,
  ...(Object.keys(OWN_OPTIONS) as (keyof typeof OWN_OPTIONS)[]),
];

/** @throws {BroadcasterError} `invalid-option` */
export function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new BroadcasterError(
      'invalid-option',
      `Cannot use ${kindOf(options)} as options: an object is wanted`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if ((FUNCTIONS as readonly string[]).includes(name)) checkFunction(name, value);
    else if (name === 'origins') checkOrigins(value);
    else checkValue(name, value);
  }
}

function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new BroadcasterError(
    'invalid-option',
    `Cannot use ${kindOf(value)} for ${name}: a function is wanted`,
  );
}

function checkOrigins(value: unknown): void {
  if (value === undefined || value === 'same' || value === 'any' || typeof value === 'function') return;
  if (Array.isArray(value) && value.every((origin) => typeof origin === 'string' && isOrigin(origin))) return;
  throw new BroadcasterError(
    'invalid-option',
    `Cannot use the origins ${JSON.stringify(value)}: same, any, a function or a list such as ["https://example.org"] is wanted`,
  );
}

function checkValue(name: string, value: unknown): void {
  const option = PLAIN_OPTION_NAMES.find((known) => known === name);
  if (option === undefined) {
    throw new BroadcasterError(
      'invalid-option',
      `Cannot use the option "${name}": there is none of this name`,
    );
  }
  const setting = PLAIN_OPTIONS[option];
  const isChoice = setting.kind === 'choice';
  const fits = isChoice
    ? setting.choices.some((choice) => choice === value)
    : Number.isSafeInteger(value) && Number(value) >= setting.min;
  if (fits) return;
  const wanted = isChoice ? `one of ${setting.choices.join(', ')}` : `a whole number from ${setting.min} on`;
  throw new BroadcasterError('invalid-option', `Cannot use ${name} "${value}": ${wanted} is wanted`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
