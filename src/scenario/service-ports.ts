import { compileTemplate, type Template } from '../templates/template.ts';
import { instancesOf, type Services } from './services-schema.ts';
import type { Target } from './target/target-schema.ts';

/** `services.app.port` in a text, at this offset. */
const PORT = /services\.(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\.port/y;

/** By name of the instance. */
export type Ports = ReadonlyMap<string, number>;

/** The names of instances whose ports `services.<name>.port` stands for: several where a service has a count. */
export function instancesNamed(services: Services, name: string): string[] {
  return instancesOf(services)
    .filter((instance) => instance.name === name || instance.serviceName === name)
    .map((instance) => instance.name);
}

/** The service that a name in a template asks for; undefined when it asks for something else. */
export function serviceIn(path: Template['names'][number]['path']): string | undefined {
  return path[0] === 'services' ? path[1] : undefined;
}

/**
 * A template with numbers in the place of `services.<name>.port`; all else in it stays a template. There is one text
 * for each instance that is meant.
 */
export function withPorts(text: string, services: Services, ports: Ports): string[] {
  const found = compileTemplate(text).names.find(({ path }) => serviceIn(path) !== undefined);
  if (found === undefined) return [withoutBraces(text)];
  PORT.lastIndex = found.offset;
  const [written = ''] = PORT.exec(text) ?? [];
  if (written === '')
    throw new Error(`Cannot find the port at ${found.offset} of "${text}": another spelling`);
  return instancesNamed(services, serviceIn(found.path) ?? '').flatMap((instance) => {
    const after = text.slice(found.offset + written.length);
    return withPorts(`${text.slice(0, found.offset)}${ports.get(instance) ?? 0}${after}`, services, ports);
  });
}

/** A template that is a number is that number, so that an address without another template is one for any reader. */
function withoutBraces(text: string): string {
  return text.replaceAll(/\{\{\s*(\d+)\s*\}\}/g, '$1');
}

/** A target with the ports of services in its address, and in all else that it says. */
export function targetWithPorts(target: Target, services: Services, ports: Ports): Target {
  const render = (text: string): string => withPorts(text, services, ports)[0] ?? text;
  return {
    ...target,
    url: target.url.flatMap((text) => withPorts(text, services, ports)),
    headers: Object.fromEntries(Object.entries(target.headers).map(([name, text]) => [name, render(text)])),
    ...(target.subprotocols === undefined ? {} : { subprotocols: target.subprotocols.map(render) }),
    options: inTexts(target.options, render),
  };
}

/**
 * The same for checks, before there are any ports: all else stays at its place in each text, and each text at its
 * place in its list.
 */
export function withSomePorts(target: Target, services: Services): Target {
  const render = (text: string): string => withSomePort(text, services);
  const several = target.url.map((text) => {
    try {
      return withPorts(text, services, new Map()).length;
    } catch {
      return 1;
    }
  });
  const url = target.url.map(render);
  return {
    ...target,
    // As many addresses as there will be.
    url: [
      ...url,
      ...url.flatMap((text, index) => Array.from({ length: (several[index] ?? 1) - 1 }, () => text)),
    ],
    headers: Object.fromEntries(Object.entries(target.headers).map(([name, text]) => [name, render(text)])),
    ...(target.subprotocols === undefined ? {} : { subprotocols: target.subprotocols.map(render) }),
    options: inTexts(target.options, render),
  };
}

/** Any port in the place of each that will be known; what can't be read is for other checks to tell. */
function withSomePort(text: string, services: Services): string {
  try {
    return compileTemplate(text).names.reduce((known, { path, offset }) => {
      const service = serviceIn(path);
      if (service === undefined || instancesNamed(services, service).length === 0) return known;
      PORT.lastIndex = offset;
      const { length = 0 } = PORT.exec(text)?.[0] ?? '';
      return `${known.slice(0, offset)}${'1'.padEnd(length)}${known.slice(offset + length)}`;
    }, text);
  } catch {
    return text;
  }
}

/** Plain data with other texts. */
function inTexts(value: unknown, render: (text: string) => string): unknown {
  if (typeof value === 'string') return render(value);
  if (Array.isArray(value)) return value.map((each) => inTexts(each, render));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inTexts(each, render)]));
}
