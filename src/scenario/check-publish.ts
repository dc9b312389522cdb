import { TemplateError } from '../templates/scope.ts';
import { compileTemplates } from '../templates/template.ts';
import type { PublishStream, Scenario } from './schema.ts';
import type { Path } from './yaml-source.ts';

type Report = (path: Path, message: string, extra?: { readonly offset?: number }) => void;

/** Values that a publish has, in its templates. */
const VALUES = ['room', 'stamp', 'body', 'payload', 'message', 'env', 'services'];
/** What each way has to be told. */
const NEEDS = { client: undefined, members: undefined, http: 'http', redis: 'redis' } as const;

/** On which way the messages of each stream reach the server. */
export function checkPublishWays({ publish, target }: Scenario, report: Report): void {
  for (const [index, stream] of publish.entries()) {
    const path = ['publish', index];
    const { through } = stream;
    if (target === undefined && through !== 'client') {
      const reason = 'there is no target, the reference broadcaster is handed its messages directly';
      report([...path, 'through'], `Cannot publish through ${through}: ${reason}`);
    }
    checkNeeds(stream, path, report);
    for (const key of ['http', 'redis'] as const) {
      if (stream[key] !== undefined) checkTemplates(stream[key], [...path, key], report);
    }
  }
}

function checkNeeds(stream: PublishStream, path: Path, report: Report): void {
  const needed = NEEDS[stream.through];
  if (needed !== undefined && stream[needed] === undefined) {
    report(
      [...path, 'through'],
      `Cannot publish through ${needed}: nothing says where to, "${needed}: { url: … }" is wanted`,
    );
  }
  for (const key of ['http', 'redis'] as const) {
    if (stream[key] === undefined || key === needed) continue;
    report([...path, key], `Cannot use "${key}": the stream is published through ${stream.through}`);
  }
}

function checkTemplates(value: object, path: Path, report: Report): void {
  try {
    for (const name of compileTemplates(value).names) {
      const place: Path = [...path, ...name.at];
      const text = name.path.join('.');
      if (!VALUES.includes(name.path[0] ?? '')) {
        const wanted = VALUES.join(', ');
        report(place, `Cannot use "${text}" here: a publish has ${wanted}`, { offset: name.offset });
      }
    }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    report([...path, ...error.at], error.message, { offset: error.offset });
  }
}
