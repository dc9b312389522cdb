import { describe, expect, it } from 'vitest';
import { PayloadReader } from '../../src/delivery/payload-reader.ts';

const STAMP = 'r1a.2.7.1000.5.0000abcd';
const BODY = '2:7:x';
const PAYLOAD = { stamp: STAMP, body: BODY };
const TEXT = JSON.stringify(PAYLOAD);

function read(payload: unknown): { stamp: string; body: string | undefined } | undefined {
  const reader = new PayloadReader('r1a');
  return reader.read(payload) ? { stamp: reader.stamp, body: reader.body } : undefined;
}

describe('reader of payloads', () => {
  it.each<[string, unknown]>([
    ['as it was published', PAYLOAD],
    ['inside an object', { type: 'msg', data: { inner: PAYLOAD } }],
    ['inside an array', ['said', [1, null, PAYLOAD]]],
    ['as JSON text', TEXT],
    ['as JSON text inside an object', { data: TEXT }],
    ['as JSON text inside JSON text', JSON.stringify({ data: TEXT })],
    ['as JSON text twice inside JSON text', { a: JSON.stringify({ data: JSON.stringify({ text: TEXT }) }) }],
    ['in a line of text', `room1 PUB ${TEXT} end`],
    ['with sorted keys', `{"body":"${BODY}","stamp":"${STAMP}"}`],
    ['with spaces', `{ "stamp" : "${STAMP}" , "body" : "${BODY}" }`],
    ['as bytes', Buffer.from(`\u00ff${TEXT}`)],
    ['under other keys beside it', { stamp: 'server', id: STAMP, body: BODY }],
  ])('finds stamp and body %s', (_how, payload) => {
    expect(read(payload)).toEqual({ stamp: STAMP, body: BODY });
  });

  it('says that there is no body where the server sends the stamp alone', () => {
    expect(read({ id: STAMP })).toEqual({ stamp: STAMP, body: undefined });
    expect(read(`said ${STAMP}`)).toEqual({ stamp: STAMP, body: undefined });
    expect(read({ stamp: STAMP, body: 5 })).toEqual({ stamp: STAMP, body: undefined });
    expect(read(TEXT.slice(0, -3))).toEqual({ stamp: STAMP, body: undefined });
  });

  it('hands over what stands in the place of the body, so that a changed one is noticed', () => {
    expect(read({ data: TEXT.replace(BODY, 'changed') })).toEqual({ stamp: STAMP, body: 'changed' });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['a text', 'hello'],
    ['a message of another run', { stamp: 'r2.1.1.1.1.00000000', body: '' }],
    ['an empty object', {}],
  ])('finds nothing in %s', (_what, payload) => {
    expect(read(payload)).toBeUndefined();
  });

  it('gives up on what is too deep or too large', () => {
    let deep: unknown = PAYLOAD;
    for (let level = 0; level < 100; level += 1) deep = [deep];
    expect(read(deep)).toBeUndefined();
    expect(read([...Array.from({ length: 20_000 }, () => 0), PAYLOAD])).toBeUndefined();
  });

  it('forgets the body of the message before', () => {
    const reader = new PayloadReader('r1a');
    reader.read(PAYLOAD);
    reader.read(`said ${STAMP}`);
    expect(reader.body).toBeUndefined();
  });
});
