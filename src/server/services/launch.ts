import { randomInt, randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { readCommand } from '../../scenario/command-words.ts';
import { instancesNamed, type Ports } from '../../scenario/service-ports.ts';
import type { Instance, Services } from '../../scenario/services-schema.ts';
import type { Scope } from '../../templates/scope.ts';
import { compileTemplate } from '../../templates/template.ts';
import type { Launch } from './service-process.ts';

/** What a process of a service is started with, its templates filled in. */
export interface ServiceLaunch extends Launch {
  /** The address that says whether it is ready; empty where something else does. */
  readonly http: string;
  /** The text that says so; empty likewise. */
  readonly line: string;
}

export interface Surroundings {
  readonly services: Services;
  /** The folder of the scenario. */
  readonly folder: string;
  /** Of the processes before it. */
  readonly ports: Ports;
  /** Variable that marks every process of the run, as `NAME=value`. */
  readonly mark: string;
}

export function launchOf(
  { service }: Instance,
  port: number,
  { services, folder, ports, mark }: Surroundings,
): ServiceLaunch {
  const scope = scopeOf(port, services, ports);
  const render = (text: string): string => String(compileTemplate(text).render(scope));
  const reading = readCommand(service.command);
  if (!reading.ok) throw new Error(reading.message);
  const { ready, env } = service;
  const [name = '', value = ''] = mark.split('=');
  return {
    words: reading.words.map(render),
    cwd: resolve(folder, service.cwd ?? '.'),
    env: {
      ...definedIn(process.env),
      ...Object.fromEntries(Object.entries(env).map(([key, text]) => [key, render(text)])),
      [name]: value,
    },
    http: ready === 'port' ? '' : render(ready.http ?? ''),
    line: ready === 'port' ? '' : render(ready.line ?? ''),
  };
}

function scopeOf(port: number, services: Services, ports: Ports): Scope {
  const counters = new Map<string, number>();
  return {
    value: ([root, name = '']) => {
      if (root === 'port') return port;
      if (root === 'env') return process.env[name];
      const [instance = ''] = instancesNamed(services, name);
      return root === 'services' ? ports.get(instance) : undefined;
    },
    functions: {
      counter: (name) => {
        const next = (counters.get(name) ?? 0) + 1;
        counters.set(name, next);
        return next;
      },
      uuid: () => randomUUID(),
      now: (unit) => inUnit(unit),
      random: (a, b) => randomInt(a, b + 1),
    },
  };
}

function inUnit(unit: 'ms' | 's' | 'us' | 'iso'): number | string {
  const now = new Date();
  if (unit === 'iso') return now.toISOString();
  return Math.floor(now.getTime() * { ms: 1, s: 0.001, us: 1000 }[unit]);
}

function definedIn(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
