import { Command, InvalidArgumentError, Option } from 'commander';
import { print, StreamGuard, say } from './console.ts';
import { ExitCode } from './exit.ts';
import { explain } from './explain.ts';
import { refuseMissingValues } from './missing-values.ts';
import { packageVersion } from './package-info.ts';

/** Reads the command line, runs the command, and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const guard = new StreamGuard();
  const onUncaught = (error: unknown): never => process.exit(explain(error));
  process.on('uncaughtException', onUncaught);
  let code: number;
  try {
    await program().parseAsync([...argv]);
    code = Number(process.exitCode ?? ExitCode.pass);
  } catch (error) {
    code = explain(error);
  }
  process.exit(await guard.finish(code));
}

/** Commands load their code when they run, so that help and mistakes answer at once. */
export function program(): Command {
  const root = new Command('wsdeliver')
    .description(
      'Load and chaos testing for WebSocket delivery: what was owed, what arrived, what was lost silently.',
    )
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: (text) => say(...text.trimEnd().split('\n')),
      outputError: (text) => say(text.trimEnd()),
    })
    .hook('preAction', (_, command) => refuseMissingValues(command))
    .showHelpAfterError('(see --help)')
    .configureHelp({ showGlobalOptions: false });
  addBench(root);
  addSimulate(root);
  root
    .command('scenarios')
    .description('list the bundled scenarios')
    .action(async () => (await import('./inspect.ts')).listScenarios());
  root
    .command('validate')
    .description('check scenario files without running them')
    .argument('<scenario...>', 'files, folders or bundled names')
    .option('--probe', 'connect one client to the target, publish one message, and show every frame')
    .action(async (names: string[], { probe }: { probe?: boolean }) => {
      if (probe === true) process.exitCode = await (await import('./probe.ts')).probe(names);
      else await (await import('./inspect.ts')).validate(names);
    });
  root
    .command('schema')
    .description('print the JSON Schema of scenario files, or of result files')
    .option('--result', 'of result files')
    .action(async (options: { result?: boolean }) =>
      (await import('./inspect.ts')).printSchema(options.result === true),
    );
  root
    .command('faults')
    .description('list the faults that a scenario can use')
    .action(async () => (await import('./inspect.ts')).listFaults());
  root
    .command('selftest')
    .description('prove the judge: every broken variant has to be caught, and the correct build cleared')
    .option('--seeds <number>', 'seeds for each variant', wholeNumber(1, 100_000), 10)
    .option('--variant <name>', 'only this one')
    .option('--json <file>', 'write what was found')
    .option('--no-color', 'without colours')
    .action(async (options) => {
      process.exitCode = await (await import('./selftest.ts')).selfTest(options);
    });
  root
    .command('replay')
    .description('run a stored failure again, and say whether it is still there')
    .argument('<file>', 'what simulate --out wrote, a result file, or with --sockets any scenario')
    .option('--repeat <number>', 'runs; on sockets with the rate of failure', wholeNumber(1, 10_000), 1)
    .option('--sockets', 'on real sockets, with the correct build')
    .option('--target <url>', 'another address of the target, or its secrets, which no file holds')
    .option('--set <path=value>', 'any other setting that is to differ; repeatable', collect)
    .option('--out <folder>', 'write what the runs show into this folder')
    .option('--json <file>', 'write what came of it')
    .option('--no-color', 'without colours')
    .action(async (file: string, options) => {
      process.exitCode = await (await import('./replay.ts')).replayFile(file, options);
    });
  addServe(root);
  root
    .command('report')
    .description('render a result file again')
    .argument('<result>', 'a file that --json wrote')
    .addOption(
      new Option('--format <format>', 'how')
        .choices(['text', 'json', 'junit', 'markdown', 'html'])
        .default('text'),
    )
    .option('--no-color', 'without colours')
    .action(async (file: string, options) => (await import('./inspect.ts')).printReport(file, options));
  return root;
}

function addServe(root: Command): void {
  root
    .command('serve')
    .description("run the reference broadcaster alone, for other people's clients")
    .option('--port <number>', 'port to listen on; 0: any', wholeNumber(0, 65_535), 8080)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--scenario <scenario>', 'take the settings from its server block')
    .option('--dead-letters <file>', 'append each dead letter to this file, as a line of JSON')
    .option(
      '--origin <origin>',
      'pages that may connect, as in https://example.org, or any; repeatable; absent: those of the same host',
      collect,
    )
    .option('--max-connections <number>', 'connections at a time', wholeNumber(1, 1_000_000), 10_000)
    .option('--max-sessions <number>', 'sessions at a time', wholeNumber(1, 1_000_000), 20_000)
    .option('--max-frames <number>', 'frames a second of one connection', wholeNumber(1, 1_000_000), 10_000)
    .option('--max-connect-rate <number>', 'connections a second', wholeNumber(1, 1_000_000), 1000)
    .option('--metrics-port <number>', 'port for Prometheus, under /metrics; 0: any', wholeNumber(0, 65_535))
    .option('--metrics-clients <number>', METRICS_CLIENTS_HELP, clientCount)
    .action(async (options) => (await import('./serve.ts')).serve(options));
}

function addBench(root: Command): void {
  root
    .command('bench')
    .description(
      'run scenarios and report what was delivered (when none is named: the bundled quickstart, or first-look with --target)',
    )
    .argument('[scenario...]', 'files, folders or bundled names')
    .option('--seed <number>', 'source of all randomness', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--clients <number>', 'clients in all; profiles keep their proportions', wholeNumber(1, 200_000))
    .option('--rate <rate>', 'rate of every publish stream, as in 200/s or max')
    .option('--duration <time>', 'length of the load, as in 30s')
    .option('--target <url>', 'a server that is running already, instead of the reference broadcaster')
    .option('--driver <name>', 'the protocol of that server (default: wsdeliver)')
    .option('--set <path=value>', 'any setting, as in --set server.outbox.maxPending=50; repeatable', collect)
    .option(
      '--workers <number>',
      'load worker processes; default: from cores and clients',
      wholeNumber(1, 256),
    )
    .option('--find-capacity', 'run each scenario at rising rates, until a limit is reached')
    .option('--out <folder>', 'write <scenario>.json for each run into this folder')
    .option('--json <file>', 'write the result file (one scenario)')
    .option('--junit <file>', 'write a JUnit report of all runs')
    .option('--html <file>', 'write an HTML report (one scenario)')
    .option('--markdown <file>', 'write a Markdown summary of all runs')
    .option('--dead-letters <file>', 'write the dead letters of all runs, one a line of JSON')
    .option('--metrics-port <number>', 'port for Prometheus, under /metrics; 0: any', wholeNumber(0, 65_535))
    .option('--metrics-clients <number>', METRICS_CLIENTS_HELP, clientCount)
    .option('--quiet', 'only the verdict lines')
    .option('--no-color', 'without colours')
    .addHelpText('after', BENCH_NOTES)
    .action(async (names: string[], options) => {
      process.exitCode = await (await import('./bench.ts')).bench(names, options);
    });
}

function addSimulate(root: Command): void {
  root
    .command('simulate')
    .description(
      'run many seeds of scenarios in virtual time, and say what was violated and what was reached',
    )
    .argument('<scenario...>', 'files, folders or bundled names')
    .option(
      '--seeds <number>',
      'seeds of each scenario; 1: with the full report (default: 100)',
      wholeNumber(1, 1e9),
    )
    .option(
      '--seed <number>',
      "the first seed (default: the scenario's)",
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--explore', "faults, settings and networks drawn from each seed, instead of the scenario's")
    .option('--jobs <number>', 'processes (default: one a core)', wholeNumber(1, 256))
    .option(
      '--time-limit <time>',
      'begin no seed after this, as in 60s; without --seeds, as many as it allows',
    )
    .option('--clients <number>', 'clients in all; profiles keep their proportions', wholeNumber(1, 200_000))
    .option('--rate <rate>', 'rate of every publish stream, as in 2/s')
    .option('--duration <time>', 'length of the load, as in 30s')
    .option('--set <path=value>', 'any setting, as in --set server.outbox.maxPending=50; repeatable', collect)
    .option('--out <folder>', 'make the first failure of each kind small, and write it into this folder')
    .option('--json <file>', 'write the summary; with --seeds 1 the result file')
    .option(
      '--hashes <file>',
      'write the fingerprint of each seed, to be compared with that of another machine',
    )
    .option('--history <file>', 'write every frame and connection event, one a line (--seeds 1)')
    .option('--compare <file>', 'say where the run differs from a history written before (--seeds 1)')
    .option('--quiet', 'only the verdict lines')
    .option('--no-color', 'without colours')
    .addHelpText('after', SIMULATE_NOTES)
    .action(async (names: string[], options) => {
      process.exitCode = await (await import('./simulate.ts')).simulate(names, options);
    });
}

const SIMULATE_NOTES = `
Exit codes as of bench, of the worst seed; 5 also when a job died; 1 also when
--compare finds another history.`;

const BENCH_NOTES = `
Exit codes:
  0  pass
  1  a fault of wsdeliver itself, or a file that could not be written
  2  wrong usage, an invalid scenario, or a machine that cannot run it
  3  the delivery guarantee was broken
  4  an assertion about performance or resources was not met
  5  inconclusive: the run proves nothing either way
  6  the target could not be reached
  129, 130, 143  hung up, interrupted, terminated: the report is partial

Environment: WSDELIVER_SEED, _CLIENTS, _RATE, _DURATION, _TARGET and _DRIVER stand
for the flags of those names, which go before them; NO_COLOR; WSDELIVER_DEBUG=1 shows
the stack of a fault of wsdeliver itself.`;

const METRICS_CLIENTS_HELP =
  'clients with a line of their own in the metrics, those with the most pending, or all; default: 20';

function clientCount(text: string): number | 'all' {
  return text === 'all' ? 'all' : wholeNumber(0, 200_000)(text);
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`a whole number from ${min} to ${max} is wanted.`);
  };
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
