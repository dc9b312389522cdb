import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SETTINGS,
  OPTION_NAMES,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  settingsOf,
} from '../../src/broadcaster/setting-table.ts';
import { BroadcasterError, type BroadcasterOptions, createBroadcaster } from '../../src/library.ts';
import { scenarioJsonSchema } from '../../src/scenario/json-schema.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import type { ServerSettings } from '../../src/scenario/schema.ts';
import { broadcasterSettings } from '../../src/server/broadcaster-settings.ts';

const RUN_ONLY: readonly SettingName[] = ['connectionsMax', 'sessionsMax', 'framesPerSecMax'];

function serverOf(yaml: string): ServerSettings {
  const outcome = parseScenario(yaml, { file: 'test.yaml' });
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join());
  return outcome.scenario.server;
}

/** The values of a setting's name in settings, nested or not. */
function valueIn(settings: unknown, name: string): unknown {
  return name.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], settings);
}

/** Another value than the default, as a scenario writes it and as the broadcaster has it. */
function otherThanDefault(name: SettingName): { readonly text: string; readonly value: unknown } {
  const setting = SETTINGS[name];
  switch (setting.kind) {
    case 'flag':
      return { text: String(!setting.default), value: !setting.default };
    case 'choice': {
      const value = setting.choices.find((choice) => choice !== setting.default) ?? '';
      return { text: value, value };
    }
    case 'list':
      return { text: '[disconnect, log, log]', value: ['disconnect', 'log'] };
    default: {
      const value = setting.kind === 'share' ? 0.25 : setting.default * 2;
      const unit = {
        count: '',
        ms: 'ms',
        bytes: 'B',
        'bytes-per-second': 'B/s',
        share: '%',
        'per-second': '/s',
      }[setting.kind];
      return { text: `${setting.kind === 'share' ? 25 : value}${unit}`, value };
    }
  }
}

describe('the table of settings', () => {
  const keyed = SETTING_NAMES.filter((name) => SETTINGS[name].path !== undefined);

  it.each(keyed)('takes %s from its key in a scenario to the broadcaster', (name) => {
    const [head, key] = (SETTINGS[name].path ?? '').split('.');
    const { text, value } = otherThanDefault(name);
    const inner = key === undefined ? `${head}: ${text}` : `${head}: { ${key}: ${text} }`;
    // Companions that other checks want beside it.
    const beside: Readonly<Record<string, string>> = {
      bufferBytesWarn: 'buffer: { warn: 1MiB, max: 1MiB }',
      broadcaster: 'delivery: at-most-once, broadcaster: naive',
    };
    const settings = broadcasterSettings(serverOf(`server: { ${beside[name] ?? inner} }`));
    expect(valueIn(settings, name)).toEqual(value);
    const others = SETTING_NAMES.filter(
      (other) => other !== name && other !== 'delivery' && !RUN_ONLY.includes(other),
    );
    for (const other of others) expect(valueIn(settings, other)).toEqual(SETTINGS[other].default);
  });

  it('has one default for scenario, broadcaster and library, but for what a run leaves open', () => {
    const run = broadcasterSettings(serverOf('{}'));
    const open = Object.fromEntries(RUN_ONLY.map((name) => [name, Number.POSITIVE_INFINITY]));
    expect(run).toEqual({ ...DEFAULT_SETTINGS, ...open });
    expect(SETTING_NAMES.filter((name) => SETTINGS[name].path === undefined)).toEqual(RUN_ONLY);
  });

  it('puts settings of a group together', () => {
    const settings = settingsOf((name) => name);
    expect(valueIn(settings, 'ackTimeoutMs')).toBe('ackTimeoutMs');
    expect(valueIn(settings, 'queue.retries')).toBe('queue.retries');
  });

  it.each(OPTION_NAMES)(
    'has the library take %s at its least, and refuse what is below or no such value',
    (name) => {
      const setting = SETTINGS[name];
      const make = (value: unknown): void =>
        createBroadcaster({ [name]: value } as BroadcasterOptions).stop();
      const [good, bad] =
        setting.kind === 'choice'
          ? [setting.choices, ['none']]
          : [[Number('min' in setting && setting.min)], []];
      for (const value of good) expect(() => make(value)).not.toThrow();
      const below = 'min' in setting ? [setting.min - 1, setting.min + 0.5] : [];
      for (const value of [...bad, ...below, null, 'many', Number.NaN])
        expect(() => make(value)).toThrow(BroadcasterError);
    },
  );

  it('describes every key in the JSON Schema', () => {
    const text = JSON.stringify(scenarioJsonSchema());
    for (const name of keyed) expect(text).toContain(JSON.stringify(SETTINGS[name].meaning));
  });
});
