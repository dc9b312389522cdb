import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpAnswer, HttpRequest } from '../../../src/protocol/ports.ts';
import { createHttp } from '../../../src/world/real/http.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener as () => void);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function send(request: Partial<HttpRequest> & { readonly url: string }): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    createHttp()({ method: 'GET', headers: {}, timeoutMs: 5000, ...request }, resolve);
  });
}

describe('HTTP of the real world', () => {
  it('sends method, headers and body, and hands over status, headers and text', async () => {
    const url = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        response.writeHead(202, {
          'x-told': `${request.method} ${request.headers['x-asked']} ${encodeURI(body)}`,
        });
        response.end('größer');
      });
    });
    const answer = await send({ url, method: 'POST', headers: { 'x-asked': 'yes' }, body: '{"a":"ü"}' });
    expect(answer).toMatchObject({ status: 202, text: 'größer' });
    expect('headers' in answer && decodeURI(answer.headers['x-told'] ?? '')).toBe('POST yes {"a":"ü"}');
  });

  it('says of a refused connection that the server can have taken nothing', async () => {
    expect(await send({ url: 'http://127.0.0.1:1/' })).toMatchObject({
      failure: expect.stringContaining('ECONNREFUSED'),
      sent: false,
    });
  });

  it('says of a connection that breaks off, or stays silent, that the server may have taken it', async () => {
    const breaking = await serve((request) => request.socket.destroy());
    expect(await send({ url: breaking })).toMatchObject({ sent: true });
    const silent = await serve(() => {});
    expect(await send({ url: silent, timeoutMs: 100 })).toEqual({
      failure: 'no answer within 100 ms',
      sent: true,
    });
  });

  it('ends an answer that is too long, and an address that is none', async () => {
    const url = await serve((_request, response) => response.end('x'.repeat(1_100_000)));
    expect(await send({ url })).toMatchObject({ failure: expect.stringContaining('longer than') });
    expect(await send({ url: 'http://' })).toMatchObject({ failure: expect.any(String), sent: false });
  });

  it('hands nothing over once it is cancelled', async () => {
    const url = await serve((_request, response) => response.end('late'));
    const heard: HttpAnswer[] = [];
    createHttp()({ method: 'GET', url, headers: {}, timeoutMs: 1000 }, (answer) => heard.push(answer))();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toEqual([]);
  });
});
