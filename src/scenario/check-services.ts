import { TemplateError } from '../templates/scope.ts';
import { compileTemplate, type Template } from '../templates/template.ts';
import { suggest } from '../text/nearest.ts';
import { readCommand } from './command-words.ts';
import { quote } from './problem.ts';
import type { Scenario } from './schema.ts';
import { instancesNamed, serviceIn } from './service-ports.ts';
import { instancesOf, type Service } from './services-schema.ts';
import type { Report } from './target/check-target.ts';
import type { Surroundings } from './target/surroundings.ts';
import type { Path } from './yaml-source.ts';

/** What templates of a service can ask for. */
const ROOTS = ['port', 'services', 'env'];

interface ServiceChecks {
  readonly scenario: Scenario;
  /** Whether everything at and below a path was read from the file. */
  readonly clean: (...path: Path) => boolean;
  /** Absent: what lies outside of the scenario file is not checked. */
  readonly surroundings: Surroundings | undefined;
  readonly report: Report;
}

/** Everything about services that can be said without starting them. */
export function checkServices({ scenario, clean, surroundings, report }: ServiceChecks): void {
  const { services, target } = scenario;
  const names = Object.keys(services);
  if (names.length > 0 && target === undefined && clean('target')) {
    const wanted = 'a "target" that leads to them is wanted';
    report(
      ['services'],
      `Cannot test services: the scenario connects to the reference broadcaster, ${wanted}`,
      {
        aboutKey: true,
      },
    );
  }
  checkNames(scenario, report);
  for (const [name, service] of Object.entries(services)) {
    if (!clean('services', name)) continue;
    const own = new ServiceCheck(scenario, name, surroundings, report);
    own.check(service);
  }
}

/** `app` with a count of 2 is app-1 and app-2, and another service may have one of these names. */
function checkNames({ services }: Scenario, report: Report): void {
  const seen = new Map<string, string>();
  for (const { name, serviceName } of instancesOf(services)) {
    const other = seen.get(name);
    if (other !== undefined)
      report(
        ['services', serviceName],
        `Cannot have two processes "${name}": "${other}" has one of this name, another name is wanted`,
        { aboutKey: true },
      );
    seen.set(name, serviceName);
  }
}

class ServiceCheck {
  readonly #scenario: Scenario;
  readonly #name: string;
  readonly #report: Report;
  readonly #before: readonly string[];
  readonly #surroundings: Surroundings | undefined;
  #knowsPort = false;

  constructor(scenario: Scenario, name: string, surroundings: Surroundings | undefined, report: Report) {
    this.#surroundings = surroundings;
    this.#scenario = scenario;
    this.#name = name;
    this.#report = report;
    const names = Object.keys(scenario.services);
    this.#before = names.slice(0, names.indexOf(name));
  }

  check({ command, cwd = '.', env, ready, stop }: Service): void {
    const reading = readCommand(command);
    if (!reading.ok) this.#say(['command'], reading.message, reading.offset);
    this.#program(reading.ok ? reading.words[0] : undefined, cwd);
    this.#template(command, ['command']);
    for (const [variable, value] of Object.entries(env)) {
      if (/[=\0]/.test(variable))
        this.#report(
          ['services', this.#name, 'env', variable],
          `Cannot set ${quote(variable)}: no variable has such a name, one without "=" is wanted`,
          { aboutKey: true },
        );
      this.#template(value, ['env', variable]);
    }
    if (ready === 'port') {
      if (!this.#knowsPort)
        this.#say(
          [],
          `Cannot wait for the port of "${this.#name}": it is never told which, "{{ port }}" in its command or env or another "ready" is wanted`,
        );
    } else {
      if ((ready.http === undefined) === (ready.line === undefined))
        this.#say(['ready'], 'Cannot wait for that: either "http" or "line" is wanted');
      if (ready.http !== undefined) this.#address(ready.http);
      if (ready.line !== undefined) this.#template(ready.line, ['ready', 'line']);
      if (ready.within < 1)
        this.#say(['ready', 'within'], 'Cannot wait 0ms: nothing is ready at once, longer is wanted');
    }
    if (stop.within < 1) this.#say(['stop', 'within'], 'Cannot wait 0ms: signal SIGKILL is wanted for that');
  }

  /** @param program - undefined when nobody can tell */
  #program(program: string | undefined, cwd: string): void {
    const folderProblem = this.#surroundings?.folderProblem(cwd);
    if (folderProblem !== undefined) this.#say(['cwd'], `Cannot work in ${quote(cwd)}: ${folderProblem}`);
    else if (program !== undefined && !program.includes('{{')) {
      const problem = this.#surroundings?.programProblem(program, cwd);
      if (problem !== undefined) this.#say(['command'], `Cannot run ${quote(program)}: ${problem}`);
    }
  }

  #lacks(variable: string): boolean {
    return this.#surroundings !== undefined && this.#surroundings.env[variable] === undefined;
  }

  #address(text: string): void {
    this.#template(text, ['ready', 'http']);
    const rendered = text.replaceAll(/\{\{.*?\}\}/gs, '1');
    if (!/^https?:\/\/[^/]/.test(rendered) || !URL.canParse(rendered))
      this.#say(
        ['ready', 'http'],
        `Cannot ask ${quote(text)}: it is no HTTP address, http://127.0.0.1:{{ port }}/path is wanted`,
      );
  }

  #template(text: string, key: Path): void {
    for (const { path, offset } of templateNames(text, (message, at) => this.#say(key, message, at))) {
      const [root = ''] = path;
      const service = serviceIn(path);
      if (root === 'port') this.#knowsPort = true;
      if (root === 'env' && this.#lacks(path[1] ?? ''))
        this.#say(key, `Cannot use "${path.join('.')}": the environment has no ${path[1]}`, offset);
      if (service !== undefined) this.#reference(service, key, offset);
      else if (!ROOTS.includes(root)) {
        const reason = 'no client is there when services start';
        this.#say(
          key,
          `Cannot use "${path.join('.')}": ${reason}, ${suggest(root, ROOTS, 'a value')}`,
          offset,
        );
      }
    }
  }

  #reference(service: string, key: Path, offset: number): void {
    const { services } = this.#scenario;
    const found = instancesOf(services).find(({ name, serviceName }) =>
      [name, serviceName].includes(service),
    );
    const ask = `Cannot use the port of "${service}"`;
    if (found === undefined)
      this.#say(
        key,
        `${ask}: no service has this name, ${suggest(service, this.#before, 'a service')}`,
        offset,
      );
    else if (found.serviceName === this.#name)
      this.#say(key, `${ask}: it is this service itself, "{{ port }}" is wanted`, offset);
    else if (!this.#before.includes(found.serviceName))
      this.#say(key, `${ask}: it is started after "${this.#name}", a service above it is wanted`, offset);
    else {
      const [first, second] = instancesNamed(services, service);
      if (second !== undefined)
        this.#say(
          key,
          `${ask}: it has several processes, one such as "services.${first}.port" is wanted`,
          offset,
        );
    }
  }

  #say(key: Path, message: string, offset = 0): void {
    this.#report(['services', this.#name, ...key], message, { offset });
  }
}

function templateNames(text: string, say: (message: string, offset: number) => void): Template['names'] {
  try {
    return compileTemplate(text).names;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    say(error.message, error.offset);
    return [];
  }
}
