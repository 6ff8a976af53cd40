// A receiver of webhooks, to be killed: keeps each request as a line of JSON before it answers, and every seventh time hangs up instead.
//
//   node webhook_receiver.mjs PORT FILE SECRET_FILE

import {closeSync, fsyncSync, openSync, readFileSync, writeSync} from 'node:fs';
import {createServer} from 'node:http';
import {Webhook} from 'standardwebhooks';

const [port, file, secret] = process.argv.slice(2);
const library = new Webhook(readFileSync(secret, 'utf8').trim());
let count = 0;

createServer((request, response) => {
  const parts = [];
  request.on('data', part => parts.push(part));
  request.on('end', () => {
    const body = Buffer.concat(parts).toString('utf8');
    let verified = true;
    try {
      library.verify(body, request.headers);
    } catch {
      verified = false;
    }
    const line = openSync(file, 'a');
    writeSync(line, JSON.stringify({headers: request.headers, body, verified}) + '\n');
    fsyncSync(line);
    closeSync(line);
    if(++count % 7 === 0) {
      return request.socket.destroy();
    }
    response.writeHead(204).end();
  });
}).listen(Number(port), '127.0.0.1');
