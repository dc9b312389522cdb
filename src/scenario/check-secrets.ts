import { lacksSecret } from '../text/secrets.ts';
import { quote } from './problem.ts';
import type { Scenario } from './schema.ts';
import type { Path } from './yaml-source.ts';

/**
 * Refuses what a result file or a failure file holds in the place of a secret: a server would be sent three asterisks
 * as the password.
 */
export function checkSecrets(
  { target, services, publish }: Scenario,
  report: (path: Path, message: string) => void,
): void {
  const ways = publish.flatMap(({ http, redis }, index) => [
    { path: ['publish', index, 'http'], value: http },
    { path: ['publish', index, 'redis'], value: redis },
  ]);
  const whole = [
    { path: ['target'], value: target },
    { path: ['services'], value: services },
  ];
  for (const { path, value } of [...whole, ...ways]) {
    for (const lack of lacking(path, value)) {
      const isAddress = lack.path[0] === 'target' && lack.path[1] === 'url';
      const flag = isAddress ? '--target URL' : `--set ${lack.path.join('.')}=…`;
      report(
        lack.path,
        `Cannot use ${quote(lack.text)}: *** stands there for a secret that was left out, ${flag} with the secret is wanted`,
      );
    }
  }
}

interface Lack {
  readonly path: Path;
  readonly text: string;
}

function* lacking(path: Path, value: unknown): Generator<Lack> {
  if (typeof value === 'string' && lacksSecret(value)) yield { path, text: value };
  if (typeof value !== 'object' || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, each] of Object.entries(value))
    yield* lacking([...path, isList ? Number(key) : key], each);
}
