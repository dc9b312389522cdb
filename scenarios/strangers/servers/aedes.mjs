import { createServer } from 'node:http';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';

const broker = await Aedes.createBroker();
const server = createServer();
new WebSocketServer({ server, handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false) }).on(
  'connection',
  (socket, request) =>
    broker.handle(
      createWebSocketStream(socket).on('error', () => {}),
      request,
    ),
);
server.listen(Number(process.env.PORT), '127.0.0.1');
