import { WebSocketServer } from 'ws';

/** Answers texts with what they said and does nothing else: what it is late by, the machine is late by. */
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => {
  const address = server.address();
  if (typeof address === 'object') process.stdout.write(`on ws://127.0.0.1:${address?.port},\n`);
});
server.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
