// What runs inside a function's process: Google's own Functions Framework with the function, and a word on which port.
import { createRequire } from 'node:module';
import { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const listen = Server.prototype.listen;
Server.prototype.listen = function onAnyPort(_port, ...rest) {
  this.once('listening', () => process.send({ port: this.address().port }));
  return listen.call(this, 0, '127.0.0.1', ...rest);
};

// A twin that was killed leaves no function behind.
process.on('disconnect', () => process.exit());

const framework = createRequire(import.meta.url).resolve('@google-cloud/functions-framework');
await import(pathToFileURL(join(dirname(framework), 'main.js')));
