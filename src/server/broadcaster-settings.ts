import { SETTINGS, settingsOf } from '../broadcaster/setting-table.ts';
import type { BroadcasterSettings } from '../broadcaster/settings.ts';
import type { ServerSettings } from '../scenario/schema.ts';
import { settingAt } from '../scenario/server-schema.ts';

/** The broadcaster's settings, out of a scenario's `server` block; of a list each entry once. */
export function broadcasterSettings(server: ServerSettings): BroadcasterSettings {
  return settingsOf((name) => {
    const setting = SETTINGS[name];
    if (setting.path !== undefined) {
      const value = settingAt(server, setting.path);
      return Array.isArray(value) ? [...new Set(value)] : value;
    }
    return setting.kind === 'count' ? (setting.inRun ?? setting.default) : setting.default;
  });
}
