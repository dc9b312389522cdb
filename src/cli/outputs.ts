import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from './exit.ts';

/** A pipe whose reader takes nothing for so long is given up. */
const STALL_MS = 5000;
const POLL_MS = 5;
const LINKS_MAX = 40;
/** Names for streams that are open, whatever they are. */
const STREAMS = /^\/(dev|proc)\//;
/** A folder that takes no new files, or a file that is mounted, can't be replaced, but perhaps written. */
const CANNOT_REPLACE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV']);
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Every file that a command writes goes through here.
 *
 * Claimed before the work begins, so that nothing is measured in vain: a name that can't be written, or that is read
 * or written already, is refused. Written beside its place and then moved there, so that a full disk costs the new
 * file and not the old one. Pipes and devices are opened when they are claimed and never waited for without a limit.
 */
export class Outputs {
  readonly #inputs = new Map<string, string>();
  readonly #claimed = new Map<string, string>();
  /** Descriptors of pipes and devices, by the name that was claimed. */
  readonly #open = new Map<string, number>();

  /** @param inputs - files that the command reads, which it must not overwrite */
  constructor(inputs: readonly string[]) {
    for (const input of inputs) {
      const identity = identityOf(input);
      if (identity !== undefined) this.#inputs.set(identity, input);
    }
  }

  /** @throws {UserError} when it can't be written, or is another file of this command */
  claim(file: string): void {
    try {
      const stats = statSync(file, { throwIfNoEntry: false });
      const stream = standardStream(file);
      if (stream !== undefined && (STREAMS.test(file) || stats?.isFile() === false))
        this.#open.set(file, stream);
      else if (stream !== undefined) throw refusal(file, 'standard output or error goes there already');
      else if (stats === undefined || stats.isFile()) this.#claimFile(file);
      else this.#claimSpecial(file, stats);
    } catch (error) {
      throw error instanceof UserError ? error : refusal(file, reason(error));
    }
  }

  /** @throws {UserError} when it is none, and none can be made */
  claimFolder(folder: string): void {
    try {
      makeFolder(resolve(folder));
      if (!statSync(folder).isDirectory())
        throw new UserError(`Cannot write to folder "${folder}": it is a file`);
      accessSync(folder, constants.W_OK);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`Cannot write to folder "${folder}": ${reason(error)}`);
    }
  }

  /** @throws {Error} when it can't be written after all; what stood there before is still there then */
  write(file: string, text: string): void {
    const special = this.#open.get(file);
    if (special !== undefined) writeFully(special, text);
    else {
      this.#refuseInput(file);
      replaceFile(destinationOf(file), text);
    }
  }

  /** Adds whole texts only. @throws {Error} when it can't be written */
  append(file: string, text: string): void {
    const special = this.#open.get(file);
    if (special !== undefined) {
      writeFully(special, text);
      return;
    }
    const descriptor = openSync(file, 'a');
    const { size } = fstatSync(descriptor);
    try {
      writeFully(descriptor, text);
    } catch (error) {
      ftruncateSync(descriptor, size);
      throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  #claimFile(file: string): void {
    this.#refuseInput(file);
    const destination = destinationOf(file);
    const identity = identityOf(destination) ?? destination;
    const other = this.#claimed.get(identity);
    if (other !== undefined) throw refusal(file, `"${other}" is written to the same file`);
    const isNew = !existsSync(destination);
    // Opened as it will be: permissions alone do not tell, least of all a superuser.
    closeSync(openSync(destination, 'a'));
    if (isNew) rmSync(destination);
    this.#claimed.set(identity, file);
  }

  #claimSpecial(file: string, stats: ReturnType<typeof statSync>): void {
    if (stats?.isDirectory()) throw refusal(file, 'it is a folder, a file is wanted');
    if (!stats?.isFIFO() && !stats?.isCharacterDevice())
      throw refusal(file, 'it is a socket or a disk, a file is wanted');
    try {
      this.#open.set(file, openSync(file, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      throw refusal(file, 'no process reads from this pipe, a reader is wanted first');
    }
  }

  #refuseInput(file: string): void {
    const input = this.#inputs.get(identityOf(file) ?? '');
    if (input !== undefined)
      throw refusal(file, `it is read as ${input === file ? 'well' : `"${input}"`}, another file is wanted`);
  }
}

/** The system's own words, without the call and the path, which the message names already. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+( '.*')?$/, '') : String(error);
}

function refusal(file: string, why: string): UserError {
  return new UserError(`Cannot write "${file}": ${why}`);
}

/** Level by level: Node's recursive way spins for ever where a file system, such as /proc, refuses with ENOENT. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** The same for all names of a file: paths, links, hard links. Undefined for pipes and devices. */
function identityOf(file: string): string | undefined {
  try {
    const destination = destinationOf(file);
    const stats = statSync(destination, { throwIfNoEntry: false, bigint: true });
    if (stats === undefined) return destination;
    return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
  } catch {
    // What can't be looked at is refused where it is opened.
    return undefined;
  }
}

/** Where a name leads to through all links, also when nothing is there yet. */
function destinationOf(file: string): string {
  let path = resolve(file);
  for (let links = 0; links < LINKS_MAX; links += 1) {
    path = join(realpathSync(dirname(path)), basename(path));
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path;
    path = resolve(dirname(path), readlinkSync(path));
  }
  throw new Error('too many symbolic links');
}

/** The descriptor of standard output or error when that is what the name stands for. */
function standardStream(file: string): number | undefined {
  const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
  if (stats === undefined) return undefined;
  return [1, 2].find((descriptor) => {
    const stream = fstatSync(descriptor, { bigint: true });
    return stream.dev === stats.dev && stream.ino === stats.ino;
  });
}

const TEMPORARY = /^\.wsdeliver-(\d+)\.tmp$/;

/** No write of a file takes as long. */
const STALE_AFTER_MS = 60_000;

/**
 * Removes the part of a file that a process left when it was killed while it wrote.
 *
 * The age is looked at as well, since a process of another container that writes into the same folder can't be seen.
 */
function removeStale(folder: string): void {
  for (const name of listed(folder)) {
    const pid = TEMPORARY.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(folder, name);
    const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - writtenMs > STALE_AFTER_MS) rmSync(path, { force: true });
  }
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A folder that may be written but not listed keeps what it has.
    return [];
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of somebody else may not be signalled, but is there.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function replaceFile(destination: string, text: string): void {
  const folder = dirname(destination);
  const temporary = join(folder, `.wsdeliver-${process.pid}.tmp`);
  const mode = statSync(destination, { throwIfNoEntry: false })?.mode;
  try {
    removeStale(folder);
    const descriptor = openSync(temporary, 'wx');
    try {
      if (mode !== undefined) fchmodSync(descriptor, mode & 0o777);
      writeFully(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, destination);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (!CANNOT_REPLACE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    writeFileSync(destination, text);
  }
}

/** @throws {Error} when the other end takes nothing for too long, or has gone */
function writeFully(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  let done = 0;
  let sinceMs = performance.now();
  while (done < bytes.length) {
    try {
      done += writeSync(descriptor, bytes, done);
      sinceMs = performance.now();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      if (performance.now() - sinceMs > STALL_MS) throw new Error('its reader takes nothing');
      Atomics.wait(pause, 0, 0, POLL_MS);
    }
  }
}
