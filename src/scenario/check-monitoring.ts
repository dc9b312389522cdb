import type { Scenario } from './schema.ts';
import type { Path } from './yaml-source.ts';

type Report = (path: Path, message: string) => void;

/** Checks that span several settings of failures, queue and alerts. */
export function checkMonitoring({ server, publish, target }: Scenario, report: Report): void {
  const { alerts, failures } = server;
  checkScale(alerts, report);
  if (!Number.isFinite(failures.throttleRate) || failures.throttleRate === 0) {
    report(
      ['server', 'failures', 'throttleRate'],
      'Cannot slow a client down to this: it is no rate, messages per second like 10/s are wanted',
    );
  }
  if (failures.history < failures.window) {
    report(
      ['server', 'failures', 'history'],
      'Cannot keep failures for less than the window: it looks back so far, at least that is wanted',
    );
  }
  if (server.broadcaster === 'naive' && server.delivery !== 'at-most-once') {
    report(
      ['server', 'broadcaster'],
      `Cannot serve ${server.delivery} with the naive broadcaster: it keeps nothing, at-most-once is wanted`,
    );
  }
  for (const [index, { via }] of publish.entries()) {
    if (via === 'direct') continue;
    const path = ['publish', index, 'via'];
    if (server.broadcaster === 'naive') {
      report(
        path,
        `Cannot publish via ${via}: the naive broadcaster has nothing of the kind, direct is wanted`,
      );
    } else if (target !== undefined) {
      report(path, `Cannot publish via ${via}: the server is a target and decides itself, direct is wanted`);
    }
  }
}

function checkScale({ actions, scale }: Scenario['server']['alerts'], report: Report): void {
  const { command, webhook } = scale;
  const named = command !== undefined || webhook !== undefined;
  if (actions.includes('scale') && !named) {
    report(
      ['server', 'alerts', 'actions'],
      'Cannot scale: nothing says how, a "command" or a "webhook" under "scale" is wanted',
    );
  }
  if (named && !actions.includes('scale')) {
    report(
      ['server', 'alerts', 'scale'],
      'Cannot use the hook: no alert asks for it, "scale" in "actions" is wanted',
    );
  }
  if (webhook !== undefined && !(/^https?:\/\//.test(webhook) && URL.canParse(webhook))) {
    report(
      ['server', 'alerts', 'scale', 'webhook'],
      'Cannot post alerts there: it is no address, http://host/path is wanted',
    );
  }
}
