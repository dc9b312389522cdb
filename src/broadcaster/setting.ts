import type { BroadcasterSettings } from './settings.ts';

/**
 * The settings of the broadcaster, as one table. Their keys, defaults and bounds in a scenario, the defaults of a
 * broadcaster, the options of the library with their checks, and the documentation follow from it.
 */
export type Setting = NumberSetting | FlagSetting | ChoiceSetting | ListSetting;

interface SettingBase {
  /** A sentence. */
  readonly meaning: string;
  /** Where it is in a scenario, below `server`. */
  readonly path?: string;
}

/** Of these, any may be an option of the library as well. */
export type OptionSetting = NumberSetting | ChoiceSetting;

export interface NumberSetting extends SettingBase {
  readonly kind: 'count' | 'ms' | 'bytes' | 'bytes-per-second' | 'share' | 'per-second';
  readonly default: number;
  readonly min: number;
  /** The least that a scenario takes, where that differs. */
  readonly minInScenario?: number;
  /** The most that a scenario takes, of counts. */
  readonly max?: number;
  /** Without a path: the value in a run, whose clients are as many and as busy as the scenario says. */
  readonly inRun?: number;
  /** An option of the library, under the same name. */
  readonly option?: true;
}

interface FlagSetting extends SettingBase {
  readonly kind: 'flag';
  readonly default: boolean;
}

interface ChoiceSetting<Choice = string> extends SettingBase {
  readonly kind: 'choice';
  readonly choices: readonly Choice[];
  readonly default: Choice;
  readonly option?: true;
}

interface ListSetting<Choice = string> extends SettingBase {
  readonly kind: 'list';
  readonly choices: readonly Choice[];
  readonly default: readonly Choice[];
}

export type KindOf<Value> = [Value] extends [boolean]
  ? FlagSetting
  : [Value] extends [number]
    ? NumberSetting
    : [Value] extends [readonly (infer Choice)[]]
      ? ListSetting<Choice>
      : ChoiceSetting<Value>;

type Group = 'failures' | 'queue' | 'alerts';
type Single = Exclude<keyof BroadcasterSettings, Group>;
/** The names of all settings; those of a group have its name before a dot. */
export type GroupedName = { [G in Group]: `${G}.${keyof BroadcasterSettings[G] & string}` }[Group];
export type AnyName = Single | GroupedName;
export type SettingValue<Name extends AnyName> = Name extends Single
  ? BroadcasterSettings[Name]
  : Name extends `${infer G extends Group}.${infer Key}`
    ? Key extends keyof BroadcasterSettings[G]
      ? BroadcasterSettings[G][Key]
      : never
    : never;
