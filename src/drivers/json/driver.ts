import type { AckMode } from '../../protocol/frame.ts';
import type { Driver, DriverTraits, FaultHandle } from '../driver.ts';
import { JsonClient } from './client.ts';
import { compileDescription, type Description } from './description.ts';
import type { JsonOptions } from './options.ts';

/** The driver of a protocol that is described by data. @throws {TemplateError | PathError | PatternError} */
export function describedDriver(name: string, options: JsonOptions): Driver {
  const description = compileDescription(options);
  return {
    name,
    traits: traitsOf(description),
    newClients: () => (clientOptions) => new JsonClient(clientOptions, description),
  };
}

function traitsOf(description: Description): DriverTraits {
  const { resume, numbering, ack, cumulative, nack, publish, rules } = description;
  const acks: AckMode['mode'][] = [];
  if (ack !== undefined) acks.push('each');
  if (cumulative !== undefined && numbering?.direct === true) acks.push('cumulative');
  const handles: FaultHandle[] = [];
  if (acks.length > 0) handles.push('acks');
  if (acks.length > 0 && nack !== undefined) handles.push('nacks');
  if (resume !== undefined) handles.push('forget-session');
  return {
    resume: resume === undefined ? 'none' : resume.saysLast ? 'position' : 'session',
    acks,
    // Rooms are numbered one by one, but their messages are counted over the session.
    positions: numbering === undefined ? 'none' : numbering.scope === 'connection' ? 'connection' : 'session',
    gaps:
      numbering !== undefined &&
      (numbering.hole === 'told' || (rules?.some(({ is }) => is === 'gap') ?? false)),
    confirmsPublishes: publish?.confirm !== undefined,
    level:
      resume === undefined && ack === undefined && cumulative === undefined
        ? 'at-most-once'
        : 'at-least-once',
    binary: false,
    verbatim: false,
    handles,
  };
}
