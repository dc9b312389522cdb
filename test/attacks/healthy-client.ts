import { WebSocket } from 'ws';

/**
 * A process of its own with a client that pings the server under attack, and another that asks an echo at the same
 * instants. Told `begin`, it forgets what it measured; told `end`, it reports once all is answered.
 */
const INTERVAL_MS = 10;
const PATIENCE_MS = 20_000;
const [serverUrl = '', echoUrl = ''] = process.argv.slice(2);

class Pinger {
  readonly #socket: WebSocket;
  readonly #text: string;
  readonly #unanswered: number[] = [];
  latenciesMs: number[] = [];
  pings = 0;
  answers = 0;

  constructor(socket: WebSocket, text: string) {
    this.#socket = socket;
    this.#text = text;
    socket.on('message', () => this.#answered());
  }

  ping(): void {
    this.pings += 1;
    this.#unanswered.push(performance.now());
    this.#socket.send(this.#text);
  }

  #answered(): void {
    this.answers += 1;
    const sentMs = this.#unanswered.shift();
    if (sentMs !== undefined) this.latenciesMs.push(performance.now() - sentMs);
  }
}

async function opened(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, url === serverUrl ? 'wsdeliver.v1' : []);
  socket.on('close', () => process.exit(1));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return socket;
}

const server = await opened(serverUrl);
server.send('{"kind":"hello","clientId":"healthy"}');
await new Promise((resolve) => server.once('message', resolve));
const pingers = [
  new Pinger(server, '{"action":"ping"}'),
  new Pinger(await opened(echoUrl), '{"action":"ping"}'),
];
setInterval(() => {
  for (const pinger of pingers) pinger.ping();
}, INTERVAL_MS);

process.on('message', async (order) => {
  if (order === 'end') {
    const deadline = performance.now() + PATIENCE_MS;
    for (const pinger of pingers) {
      const last = pinger.pings;
      while (pinger.answers < last && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
    process.send?.(pingers.map(({ latenciesMs }) => latenciesMs));
  }
  for (const pinger of pingers) pinger.latenciesMs = [];
});
process.send?.('ready');
