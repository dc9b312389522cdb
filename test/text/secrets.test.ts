import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataWithoutSecrets, lacksSecret, withoutSecrets, withoutValues } from '../../src/text/secrets.ts';

describe('withoutSecrets', () => {
  it.each([
    ['ws://user:hunter2@host:1/path', 'ws://***@host:1/path'],
    ['wss://user@host', 'wss://***@host'],
    ['ws:user:hunter2@host', 'ws:***@host'],
    ['ws:\\\\user:hunter2@host', 'ws:\\\\***@host'],
    ['ws://u:p@ss@host/', 'ws://***@host/'],
    ['redis://:hunter2@127.0.0.1:6379', 'redis://***@127.0.0.1:6379'],
    ['Cannot reach "ws://a:b@c": no', 'Cannot reach "ws://***@c": no'],
    ['ws://host/?token=abc&room=1', 'ws://host/?token=***&room=1'],
    ['ws://host/?room=1&api_key=abc', 'ws://host/?room=1&api_key=***'],
    ['ws://host/?%74oken=abc', 'ws://host/?%74oken=***'],
    ['ws://host/?X-Amz-Signature=abc', 'ws://host/?X-Amz-Signature=***'],
    ['authorization: Bearer abc.def', 'authorization: ***'],
    ['{"Authorization":"Bearer abc","a":1}', '{"Authorization":"***","a":1}'],
    ['--set auth.token=abc', '--set auth.token=***'],
    ['--set target.headers.cookie=abc', '--set target.headers.cookie=***'],
    ['ws://h/?token=a{{ user.id }}&b=1', 'ws://h/?token=***&b=1'],
    ['ws://{{ user.name }}:hunter2@host/', 'ws://***@host/'],
    ['ws://u:{{hunter2@host/', 'ws://***@host/'],
  ])('hides what is secret in %j', (text, expected) => expect(withoutSecrets(text)).toBe(expected));

  it.each([
    'ws://host:8080/path?room=a&user=7',
    'ws://host/?token={{ user.token }}&key={{ env.KEY }}',
    'delivery.lost.silent == 0',
    'resumeTokens == 0',
    'mail a@b.c, or ws://host and a@b.c',
    'the token of the session was refused',
  ])('leaves %j as it is', (text) => expect(withoutSecrets(text)).toBe(text));

  it('takes no longer for a text full of braces', () => {
    const text = `ws://${'{{a}}'.repeat(5000)}`;
    const before = process.cpuUsage();
    expect(withoutSecrets(text)).toBe(text);
    // A pattern that has two ways to read a template takes for ever at thirty of them; this one takes milliseconds.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });

  it('leaves no password of an address, however it is written', () => {
    const password = fc.stringMatching(/^[a-z]{3}[\w!$&'()*+,;=:%@~.-]{3,12}Z$/);
    fc.assert(
      fc.property(
        password,
        fc.constantFrom('ws://', 'WSS://', 'http://', 'ws:', 'amqp+ssl://'),
        (secret, head) => {
          const text = `x ${head}user:${secret}@host/path y`;
          expect(withoutSecrets(text)).not.toContain(secret);
          expect(withoutSecrets(withoutSecrets(text))).toBe(withoutSecrets(text));
        },
      ),
    );
  });
});

describe('withoutValues', () => {
  it('hides the values, also as they stand in an address, and the longer of two first', () => {
    const text = 'no user a b/c, token a%20b%2Fc, and a b';
    expect(withoutValues(text, ['a b', 'a b/c'])).toBe('no user ***, token ***, and a b');
  });

  it('leaves what is too short to be told from ordinary words', () => {
    expect(withoutValues('a bad day', ['a', 'bad'])).toBe('a bad day');
  });
});

describe('dataWithoutSecrets', () => {
  it('hides by the name of a value as well, and keeps everything else', () => {
    const data = {
      target: 'ws://u:p@host',
      driver: { headers: { 'x-user': 'me' }, token: 'abc', accessToken: 'abc', tokens: 5 },
      services: [{ env: { PORT: '80' }, command: 'run' }],
      rooms: ['a'],
      nothing: null,
    };
    expect(dataWithoutSecrets(data)).toEqual({
      target: 'ws://***@host',
      driver: { headers: { 'x-user': '***' }, token: '***', accessToken: '***', tokens: 5 },
      services: [{ env: { PORT: '80' }, command: 'run' }],
      rooms: ['a'],
      nothing: null,
    });
  });
});

describe('dataWithoutSecrets in the environment of a service', () => {
  it.each([
    ['PORT', '{{ port }}'],
    ['NODE_ENV', 'production'],
    ['REDIS_URL', 'redis://127.0.0.1:{{ services.redis.port }}'],
    ['DATA_DIR', '/var/lib/app-2/data'],
    ['API_KEY', '{{ env.API_KEY }}'],
    ['WORKERS', '4'],
  ])('keeps %s=%s', (name, value) => {
    expect(dataWithoutSecrets({ env: { [name]: value } })).toEqual({ env: { [name]: value } });
  });

  it.each([
    ['DB_PASS', 'x'],
    ['AWS_ACCESS_KEY_ID', 'AKIA'],
    ['SENTRY_DSN', 'abc'],
    ['STRIPE', 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'],
    ['TOKEN', 'abc'],
  ])('hides the value of %s=%s', (name, value) => {
    expect(dataWithoutSecrets({ env: { [name]: value } })).toEqual({ env: { [name]: '***' } });
  });

  it('hides the user info of an address only', () => {
    const env = { DATABASE_URL: 'postgres://me:hunter2@127.0.0.1/app' };
    expect(dataWithoutSecrets({ env })).toEqual({ env: { DATABASE_URL: 'postgres://***@127.0.0.1/app' } });
  });
});

describe('lacksSecret', () => {
  it.each([
    'ws://user:hunter2@host:1/path',
    'redis://:hunter2@127.0.0.1:6379',
    'ws://host/?token=abc&room=1',
    'ws://host/?room=1&api_key=abc',
    'ws://host/?token=abc#here',
  ])('tells that %j was written without its secret', (text) => {
    expect(lacksSecret(text)).toBe(false);
    expect(lacksSecret(withoutSecrets(text))).toBe(true);
  });

  it.each(['***', dataWithoutSecrets({ password: 'abc' }).password])('takes %j for one', (text) =>
    expect(lacksSecret(text)).toBe(true),
  );

  it.each(['', 'a *** b', '****', 'ws://host/***', 'ws://host/?a=***b'])('takes %j as it is', (text) =>
    expect(lacksSecret(text)).toBe(false),
  );
});
