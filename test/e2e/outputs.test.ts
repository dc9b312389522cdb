import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Outputs } from '../../src/cli/outputs.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wsdeliver-outputs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a claim', () => {
  it.each(['input', './input', 'symbolic', 'twice', 'hard', 'sub/../input'])(
    'is refused for the input as %s',
    (name) => {
      writeFileSync(at('input'), 'read');
      mkdirSync(at('sub'));
      symlinkSync('input', at('symbolic'));
      symlinkSync('symbolic', at('twice'));
      linkSync(at('input'), at('hard'));
      const outputs = new Outputs([at('input')]);
      expect(() => outputs.claim(`${folder}/${name}`)).toThrow(/: it is read as .*, another file is wanted$/);
      expect(() => outputs.write(`${folder}/${name}`, 'x')).toThrow('it is read as');
      expect(readFileSync(at('input'), 'utf8')).toBe('read');
    },
  );

  it('is refused for a file that is claimed already, whether or not it is there', () => {
    const outputs = new Outputs([]);
    symlinkSync('new', at('link'));
    writeFileSync(at('old'), '');
    linkSync(at('old'), at('hard'));
    outputs.claim(at('new'));
    outputs.claim(at('old'));
    expect(() => outputs.claim(at('link'))).toThrow(`"${at('new')}" is written to the same file`);
    expect(() => outputs.claim(`${folder}/./new`)).toThrow('is written to the same file');
    expect(() => outputs.claim(at('hard'))).toThrow(`"${at('old')}" is written to the same file`);
  });

  it('leaves nothing behind, also where a link leads to nothing yet', () => {
    symlinkSync('target', at('link'));
    const outputs = new Outputs([]);
    outputs.claim(at('link'));
    expect(readdirSync(folder)).toEqual(['link']);
    outputs.write(at('link'), 'text');
    expect(readFileSync(at('target'), 'utf8')).toBe('text');
  });

  it('is refused for a pipe that nobody reads, at once', () => {
    execFileSync('mkfifo', [at('pipe')]);
    expect(() => new Outputs([]).claim(at('pipe'))).toThrow('no process reads from this pipe');
  });

  it('is refused for a socket and for links in a circle', async () => {
    const server = createServer().listen(at('socket'));
    await new Promise((listening) => server.once('listening', listening));
    expect(() => new Outputs([]).claim(at('socket'))).toThrow('it is a socket or a disk');
    server.close();
    symlinkSync('circle', at('circle'));
    expect(() => new Outputs([]).claim(at('circle'))).toThrow('ELOOP: too many symbolic links');
  });

  it('is granted for devices, as often as they are named', () => {
    const outputs = new Outputs(['/dev/null']);
    outputs.claim('/dev/null');
    outputs.claim('/dev/null');
    outputs.write('/dev/null', 'text');
    outputs.claim('/dev/full');
    expect(() => outputs.write('/dev/full', 'text')).toThrow('ENOSPC');
  });
});

describe('a file', () => {
  it('is replaced as a whole, with its rights and through its links', () => {
    writeFileSync(at('old'), 'long old text', { mode: 0o640 });
    symlinkSync('old', at('link'));
    const outputs = new Outputs([]);
    outputs.claim(at('link'));
    outputs.write(at('link'), 'new');
    expect(readFileSync(at('old'), 'utf8')).toBe('new');
    expect(statSync(at('old')).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual(['link', 'old']);
  });

  it('is whole at every instant for whoever reads it', () => {
    const outputs = new Outputs([]);
    const texts = ['a'.repeat(300_000), 'b'.repeat(300_000)];
    outputs.write(at('file'), texts[0] ?? '');
    const before = statSync(at('file')).ino;
    outputs.write(at('file'), texts[1] ?? '');
    // Another inode took its place: nobody ever saw a part of it.
    expect(statSync(at('file')).ino).not.toBe(before);
    expect(readFileSync(at('file'), 'utf8')).toBe(texts[1]);
  });

  it('keeps whole lines only of what is appended', () => {
    const outputs = new Outputs([]);
    outputs.append(at('log'), 'one\n');
    outputs.append(at('log'), 'two\n');
    expect(readFileSync(at('log'), 'utf8')).toBe('one\ntwo\n');
  });
});

describe('a pipe', () => {
  it('is written in full to a reader that is slow', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    spawn('sh', ['-c', `{ sleep 0.3; head -c 1000000; } < ${at('pipe')} | wc -c > ${at('count')}`]);
    const outputs = new Outputs([]);
    await retried(() => outputs.claim(at('pipe')));
    outputs.write(at('pipe'), 'x'.repeat(1_000_000));
    await retried(() => expect(readFileSync(at('count'), 'utf8').trim()).toBe('1000000'));
  });

  it('is given up when its reader takes nothing', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const reader = spawn('sh', ['-c', `exec sleep 20 < ${at('pipe')}`]);
    const outputs = new Outputs([]);
    await retried(() => outputs.claim(at('pipe')));
    expect(() => outputs.write(at('pipe'), 'x'.repeat(1_000_000))).toThrow('its reader takes nothing');
    reader.kill();
    expect(existsSync(at('pipe'))).toBe(true);
  });
});

async function retried(attempt: () => void): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      attempt();
      return;
    } catch (error) {
      if (tries > 500) throw error;
      await new Promise((again) => setTimeout(again, 10));
    }
  }
}
