#!/usr/bin/env node
// An old Node must be able to parse this file, so everything else is imported after the version check.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Cannot run wsdeliver on Node ${process.versions.node}: Node 20.19 or newer is wanted\n`,
  );
  process.exitCode = 2;
} else {
  import('../src/cli/main.ts').then(
    ({ main }) => main(process.argv),
    (error: Error) => {
      process.stderr.write(`Cannot load wsdeliver: ${error.message}\n`);
      process.exitCode = 2;
    },
  );
}
