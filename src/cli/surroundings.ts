import { isUtf8 } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import type { FileReading, Surroundings } from '../scenario/target/surroundings.ts';
import { USERS_BYTES_MAX } from '../scenario/target/users.ts';
import { reason } from './outputs.ts';

/** The environment, and the files that a scenario in this folder refers to. */
export function surroundingsOf(folder: string): Surroundings {
  return {
    env: process.env,
    readFile: (path) => readText(resolve(folder, path)),
    folderProblem: (path) => folderProblem(resolve(folder, path)),
    programProblem: (program, path) => programProblem(program, resolve(folder, path)),
    certificateProblem,
  };
}

function folderProblem(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'there is no such folder';
  return found.isDirectory() ? undefined : 'it is no folder';
}

/** A name with a slash in it is a path; any other is looked up in the folders of PATH, as the system does. */
function programProblem(program: string, folder: string): string | undefined {
  const places = program.includes('/') ? [folder] : (process.env.PATH ?? '').split(delimiter);
  const files = places.map((place) => resolve(folder, place, program)).filter((file) => existsSync(file));
  if (files.length === 0)
    return program.includes('/') ? 'there is no such file' : 'no folder of PATH has a program of this name';
  return files.some(isExecutable) ? undefined : 'it is no program that can be executed';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function readText(path: string): FileReading {
  try {
    const file = statSync(path);
    if (!file.isFile()) return { ok: false, why: 'it is no file' };
    if (file.size > USERS_BYTES_MAX)
      return { ok: false, why: `it has ${file.size} bytes, at most ${USERS_BYTES_MAX} are wanted` };
    const bytes = readFileSync(path);
    return isUtf8(bytes) ? { ok: true, bytes } : { ok: false, why: 'it is no text in UTF-8' };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { ok: false, why: code === 'ENOENT' ? 'there is no such file' : reason(error) };
  }
}

function certificateProblem(pem: string): string | undefined {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) return 'it holds no certificate in PEM';
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
    return undefined;
  } catch (error) {
    return `a certificate in it can't be read (${reason(error)})`;
  }
}
