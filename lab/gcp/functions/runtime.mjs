// What runs inside a function's process: Google's own Functions Framework with the function, and a word on which port.
import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function onAnyPort(_port, ...rest) {
  this.once('listening', () => process.send({ port: this.address().port }));
  return listen.call(this, 0, '127.0.0.1', ...rest);
};

// A twin that was killed leaves no function behind.
process.on('disconnect', () => process.exit());

// Its package does not export the program itself, which lies beside what it does.
await import(new URL('main.js', import.meta.resolve('@google-cloud/functions-framework')).href);
