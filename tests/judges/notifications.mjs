// Outside judges of what Sceau tells others (issue 4, must show 6), on a real `sceau serve` with a database file of its own.
//
//   node notifications.mjs WORK SCEAU_BINARY PYTHON
//
// Completions of learners come in while the receiver of webhooks (webhook_receiver.mjs), the mail server (smtp_receiver.py, aiosmtpd with
// STARTTLS and a password) and at last the service itself are killed with SIGKILL and started again. Some answers are never given. In the
// end each message must be there, once for each webhook-id and Message-ID, with the same bytes at each attempt, and every signature must
// satisfy the npm library standardwebhooks, whose own signatures the service must accept in turn.

import {execFileSync, spawn} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {Webhook} from 'standardwebhooks';
import {Verdicts} from './output.mjs';

const LEARNERS = 30;
const PATIENCE = 360; // seconds: back-off, rests of a lane and leases of whoever was killed run out in this time
const CATALOG = {
  issuers: [{
    code: 'ecole', name: 'École des services publics', url: 'https://ecole.example.org',
    mail: {on: ['issued', 'replaced', 'revoked'], reply_to: 'formation@ecole.example.org'}
  }],
  trainings: [{
    code: 'laicite', issuer: 'ecole', title: 'Les fondamentaux de la laïcité', description: 'Le principe et son application.',
    objectives: ['Situer le principe'], modality: 'self_paced_online', duration: 'PT2H',
    units: [{code: 'u1', title: 'Le cadre', activities: [{code: 'cours', title: 'Le cours', duration: 'PT2H'}]}],
    criteria: {participation: {rule: {expected_activities: {}}}}
  }],
  sessions: [{code: 'laicite-1', training: 'laicite'}],
  sources: [{code: 'mentor', issuer: 'ecole', name: 'Mentor', form: 'completion-event'}]
};

if(process.argv.length !== 5) {
  console.error('usage: node notifications.mjs WORK SCEAU_BINARY PYTHON');
  process.exit(2);
}
const [work, binary, python] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const verdicts = new Verdicts();
rmSync(work, {recursive: true, force: true});
mkdirSync(work, {recursive: true});

const [port, hookPort, smtpPort] = [await freePort(), await freePort(), await freePort()];
const url = `http://localhost:${port}`;
const file = name => join(work, name);
certificates();
const environment = {
  ...process.env, DATABASE_URL: `sqlite:${file('sceau.db')}`, SCEAU_KEYS: file('keys'), SCEAU_PUBLIC_URL: url,
  SCEAU_AGE_IDENTITY_FILE: file('identity.txt'), SCEAU_LISTEN: `127.0.0.1:${port}`, SCEAU_LOG: 'warn',
  SCEAU_FETCH_ALLOW_HOSTS: `127.0.0.1:${hookPort}`, SCEAU_SMTP_URL: `smtp://sceau:secret%2Bword@localhost:${smtpPort}`,
  SCEAU_SMTP_FROM: 'sceau@ecole.example.org', SCEAU_SMTP_CA_FILE: file('ca.pem')
};
const sceau = (...command) => execFileSync(binary, command, {env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).trim();

sceau('keys', 'identity', '--output', file('identity.txt'));
writeFileSync(file('catalog.json'), JSON.stringify(CATALOG));
sceau('import', file('catalog.json'));
sceau('keys', 'generate', 'ecole');
const incoming = new Webhook(sceau('source', 'secret', 'mentor'));
const token = sceau('token', 'create', '--issuer', 'ecole', '--scope', 'awards:read', '--scope', 'awards:write', '--scope', 'learners:write', '--scope', 'webhooks:write', 'judge');
const secret = sceau('webhooks', 'add', 'ecole', 'lms', `http://127.0.0.1:${hookPort}/hook`);
writeFileSync(file('secret.txt'), secret, {mode: 0o600});

const running = new Map();
let delivered = 0;
const programs = {
  service: () => spawn(binary, ['serve'], {env: environment, stdio: ['ignore', 'inherit', 'inherit']}),
  webhooks: () => spawn(process.execPath, [join(here, 'webhook_receiver.mjs'), String(hookPort), file('webhooks.jsonl'), file('secret.txt')], {stdio: ['ignore', 'inherit', 'inherit']}),
  mail: () => spawn(python, ['-W', 'ignore', join(here, 'smtp_receiver.py'), String(smtpPort), file('server.pem'), file('server.key'), file('letters.jsonl')], {stdio: ['ignore', 'inherit', 'inherit']})
};
try {
  for(const name of Object.keys(programs)) {
    await start(name);
  }
  await until('the service answers', async () => (await fetch(`${url}/health`)).ok);
  await torment();
  await judge();
} catch(error) {
  verdicts.fail('the judge itself', [error.message]);
} finally {
  for(const program of running.values()) {
    program.kill('SIGKILL');
  }
}
process.exit(verdicts.failures ? 1 : 0);

// ── Completions while things die ────────────────────────────────────────────────────────────────────────────────────

async function torment() {
  const order = ['webhooks', 'mail', 'webhooks', 'mail', 'service'];
  for(let number = 0; number < LEARNERS; number++) {
    await deliver(number);
    if(number % 5 === 4) {
      const name = order[Math.floor(number / 5) % order.length];
      await kill(name);
      // What comes meanwhile finds nobody there, but for the service: it is not to miss a completion here.
      if(name !== 'service') {
        await deliver(LEARNERS + number);
        await sleep(1500);
      }
      await start(name);
    }
  }
  // A correction and a revocation are told too.
  await until('the first award is issued', async () => (await awards(0))[0]?.state === 'issued');
  await call('PUT', '/api/v1/learners/mentor/0', {name: 'Zoé Lefèvre', email: 'zoe@agents.example'});
  await call('POST', `/api/v1/awards/${(await awards(0))[0].id}/reissue`);
  await until('the second award is issued', async () => (await awards(1))[0]?.state === 'issued');
  const id = (await awards(1))[0].credential.id.split('/').pop();
  await call('POST', `/api/v1/credentials/${id}/revoke`, {category: 'awarded_in_error'});
}

async function deliver(number) {
  const body = JSON.stringify({version: 1, record: {
    session: 'laicite-1', learner: {id: String(number), name: `Agent ${number}`, email: `agent${number}@agents.example`},
    evidence: [{at: '2026-06-10T09:00:00+02:00', activity: {code: 'cours', state: 'completed'}}]
  }});
  const id = `msg_${number}`;
  await until(`the completion ${number} is taken`, async () => {
    const now = new Date();
    const headers = {
      'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(Math.floor(now / 1000)),
      'webhook-signature': incoming.sign(id, now, body)
    };
    return (await fetch(`${url}/intake/mentor`, {method: 'POST', headers, body})).status === 202;
  });
  delivered++;
}

// ── What arrived ────────────────────────────────────────────────────────────────────────────────────────────────────

async function judge() {
  let pending = [];
  await until('nothing waits any more', async () => {
    pending = (await call('GET', '/api/v1/messages?state=pending&limit=500')).messages;
    const issued = (await call('GET', '/api/v1/awards?state=issued&limit=500')).awards;
    return pending.length === 0 && issued.length === delivered;
  }, () => pending.map(message => `${message.channel} ${message.error} ${message.next}`).slice(0, 3).join('; '));
  const all = (await call('GET', '/api/v1/messages?limit=500')).messages;
  const told = await call('GET', '/api/v1/awards?limit=500');
  check('every message was taken', all.every(message => message.state === 'sent'), all.filter(message => message.state !== 'sent'));
  judgeWebhooks(all.filter(message => message.channel === 'webhook'), told.awards);
  judgeLetters(all.filter(message => message.channel === 'mail'));
}

function judgeWebhooks(messages, awards) {
  const received = lines('webhooks.jsonl');
  const library = new Webhook(secret);
  const bodies = new Map();
  let others = 0;
  for(const {headers, body} of received) {
    const id = headers['webhook-id'];
    others += bodies.has(id) && bodies.get(id) !== body;
    bodies.set(id, body);
  }
  check('each attempt of a message had the same bytes', others === 0, others);
  check('each signature satisfied standardwebhooks as it came', received.every(({verified}) => verified), received.filter(({verified}) => !verified));
  const forged = attempt(() => library.verify(received.at(-1).body.replace('mentor', 'rotnem'), received.at(-1).headers));
  check('and would not satisfy it for another body', forged instanceof Error, forged);
  const ids = messages.map(message => message.id).sort();
  check(`webhooks: ${received.length} attempts, ${bodies.size} messages, each there once by webhook-id`, same([...bodies.keys()].sort(), ids), {had: [...bodies.keys()], wanted: ids});
  check('some came twice, so deduplication was needed', received.length > bodies.size, received.length);
  const events = [...bodies.values()].map(body => JSON.parse(body));
  const of = type => events.filter(event => event.type === type).map(event => event.data.award).sort();
  check('one credential.issued for each award', same(of('credential.issued'), awards.map(award => award.id).sort()), of('credential.issued'));
  check('one credential.replaced and one credential.revoked', of('credential.replaced').length === 1 && of('credential.revoked').length === 1, events.map(event => event.type));
}

function judgeLetters(messages) {
  const letters = lines('letters.jsonl');
  const ids = new Set(letters.map(letter => letter.id));
  const wanted = messages.map(message => `<${message.id}@localhost>`).sort();
  check(`letters: ${letters.length} taken, ${ids.size} messages, each there once by Message-ID`, same([...ids].sort(), wanted), {had: [...ids], wanted});
  check('each came over TLS from a client that logged in', letters.every(letter => letter.tls && letter.user === 'sceau'), letters[0]);
  const ours = letter => letter.text.includes(`${url}/v/`) && letter.html.includes(`${url}/v/`) && letter.to.length === 1 && letter.defects.length === 0;
  check('Python\'s mail parser finds no defect, one reader and the link to verify in both parts', letters.every(ours), letters.filter(letter => !ours(letter))[0]);
  check('the subject is French', letters.some(letter => letter.subject === 'Votre attestation est disponible\u00a0: Les fondamentaux de la laïcité'), letters[0]?.subject);
  check('nobody answers an automatic letter', letters.every(letter => letter.auto === 'auto-generated'), letters[0]?.auto);
}

// ── Tools ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function lines(name) {
  const text = existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '';
  // A line that was cut off by a kill was answered by nobody.
  return text.split('\n').slice(0, -1).map(line => JSON.parse(line));
}

async function start(name) {
  running.set(name, programs[name]());
  const ports = {service: port, webhooks: hookPort, mail: smtpPort};
  await until(`${name} listens`, async () => listens(ports[name]));
}

async function kill(name) {
  const program = running.get(name);
  const ended = new Promise(resolve => program.once('exit', resolve));
  program.kill('SIGKILL');
  await ended;
}

async function listens(at) {
  return new Promise(resolve => {
    const socket = connect(at, '127.0.0.1', () => resolve(Boolean(socket.destroy())));
    socket.on('error', () => resolve(false));
  });
}

async function call(method, path, body) {
  const headers = {authorization: `Bearer ${token}`, ...body && {'content-type': 'application/json'}};
  const answer = await fetch(url + path, {method, headers, body: body && JSON.stringify(body)});
  if(!answer.ok) {
    throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }
  return answer.json();
}

async function awards(learner) {
  return (await call('GET', `/api/v1/awards?source=mentor&learner=${learner}`)).awards;
}

async function until(what, holds, state = () => '') {
  for(const end = Date.now() + PATIENCE * 1000; Date.now() < end; await sleep(200)) {
    if(await holds().catch(() => false)) {
      return;
    }
  }
  throw new Error(`never: ${what} ${state()}`);
}

async function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const {port} = server.address();
      server.close(() => resolve(port));
    });
  });
}

function certificates() {
  const openssl = (...options) => execFileSync('openssl', options, {stdio: ['ignore', 'ignore', 'pipe']});
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=judge', '-keyout', file('ca.key'), '-out', file('ca.pem'));
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost', '-keyout', file('server.key'), '-out', file('server.csr'));
  writeFileSync(file('server.ext'), 'subjectAltName=DNS:localhost\n');
  openssl('x509', '-req', '-in', file('server.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-days', '2', '-extfile', file('server.ext'), '-out', file('server.pem'));
}

function attempt(work) {
  try {
    return work();
  } catch(error) {
    return error;
  }
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

function check(what, holds, found) {
  verdicts.report(what, holds ? [] : [JSON.stringify(found)?.slice(0, 600)], 'so it is');
}
