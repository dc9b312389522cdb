import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';

const ATTEMPT_MS = 1000;
/** A server that listens on "localhost" may have only one of the two. */
const LOOPBACK = ['127.0.0.1', '::1'] as const;

/** One look at whether a service is ready: undefined when it is, else what is missing. */
export type Look = () => Promise<string | undefined>;

export function portAccepts(port: number): Look {
  return async () => {
    for (const host of LOOPBACK) if (await accepts(host, port)) return undefined;
    return `nobody accepts a connection on port ${port}`;
  };
}

export function addressAnswers(url: string): Look {
  return () =>
    new Promise((resolve) => {
      const ask = url.startsWith('https:') ? httpsRequest : httpRequest;
      // A certificate of a test server is its own affair: only its readiness is asked for.
      const request = ask(
        url,
        { timeout: ATTEMPT_MS, rejectUnauthorized: false, agent: false },
        (response) => {
          const { statusCode = 0 } = response;
          response.destroy();
          const isReady = statusCode >= 200 && statusCode < 400;
          resolve(isReady ? undefined : `${url} answered with ${statusCode}`);
        },
      );
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', (error: NodeJS.ErrnoException) =>
        resolve(`${url} does not answer (${error.code ?? error.message})`),
      );
      request.end();
    });
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ATTEMPT_MS });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
