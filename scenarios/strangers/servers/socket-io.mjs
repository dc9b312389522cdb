import { Server } from 'socket.io';

// A server as the documentation of Socket.IO begins one, with rooms to join and messages to say.
const io = new Server(Number(process.env.PORT), { connectionStateRecovery: {} });

let broadcasts = 0;

io.on('connection', (socket) => {
  socket.on('join', (room, done) => {
    socket.join(room);
    done({ ok: true });
  });
  socket.on('say', (room, payload, done) => {
    io.to(room).emit('said', payload);
    done({ ok: true });
  });
  // Every second broadcast asks the clients for an ack.
  socket.on('say and ask', (room, payload, done) => {
    broadcasts += 1;
    if (broadcasts % 2 === 0) io.to(room).emit('said', payload);
    else
      io.to(room)
        .timeout(1000)
        .emit('said', payload, () => {});
    done({ ok: true });
  });
  // A volatile event that ends with a text follows each message, when its socket can take it.
  socket.on('say and hint', (room, payload, done) => {
    io.to(room).emit('said', payload);
    setTimeout(() => io.to(room).volatile.emit('hint', 'good night'), 20);
    done({ ok: true });
  });
  // Three of four calls take longer than the publisher waits for their ack.
  socket.on('say slowly', (room, payload, done) => {
    broadcasts += 1;
    io.to(room).emit('said', payload);
    setTimeout(() => done({ ok: true }), broadcasts % 4 === 0 ? 0 : 1500);
  });
});
