// Outside judge: the verifier of the Digital Credentials Consortium (@digitalcredentials/verifier-core) on what the demo issued.
//
//   node verify_dcc.mjs DIRECTORY [--expect-revoked COUNT]
//
// DIRECTORY is laid out as `sceau demo` writes it. This verifier resolves did:web and status lists over the network by itself, so the
// addresses that the credentials name are served here, on loopback, from the directory: HTTPS and HTTP on the port of the DIDs, with a
// certificate made for this run. Node trusts it through NODE_EXTRA_CA_CERTS, which it reads only at its start: the script starts itself
// again. For each credential: signature valid, status readable from a list that verifies too; every tampered copy (tampering.mjs) refused.
//
// What is not asked: the registries of known issuers, which are on the internet (an empty list is given). The official JSON Schema,
// which the verifier looks up at 1EdTech, is answered from the published vectors where SCEAU_SHARED names them, and is not judged
// elsewhere. Any other address fails.

import './web-crypto.mjs';
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createServer as createHttpServer} from 'node:http';
import {createServer as createHttpsServer} from 'node:https';
import {createServer as createTcpServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {readOutput, Verdicts} from './output.mjs';
import {TAMPERINGS} from './tampering.mjs';

const {values, positionals} = parseArgs({
  allowPositionals: true, options: {'expect-revoked': {type: 'string'}}
});
if(positionals.length !== 1) {
  console.error('usage: node verify_dcc.mjs DIRECTORY [--expect-revoked COUNT]');
  process.exit(2);
}
if(!process.env.NODE_EXTRA_CA_CERTS?.includes('sceau-judge-')) {
  process.exit(runTrustingACertificate());
}

const {credentials, dids, statusLists} = readOutput(positionals[0]);
const verdicts = new Verdicts();
const servers = await serveDirectory();
const schema = officialSchema();
keepFetchAtHome();
const {verifyCredential} = await import('@digitalcredentials/verifier-core');
let revoked = 0;
let judged = 0;
for(const {name, document} of credentials) {
  await judge(name, document);
}
if(judged === 0) {
  verdicts.fail(positionals[0], ['no */credential.json here that this verifier can judge']);
}
const expected = values['expect-revoked'];
if(expected !== undefined && revoked !== Number(expected)) {
  verdicts.fail('revocations', [`${revoked} credentials are revoked, ${expected} expected`]);
}
servers.forEach(server => server.close());
process.exit(verdicts.failures ? 1 : 0);

async function judge(name, credential) {
  const suite = [credential.proof].flat()[0].cryptosuite;
  if(suite !== 'eddsa-rdfc-2022') {
    console.log(`skipped ${name}: this verifier does not know ${suite}`);
    return;
  }
  judged += 1;
  const {refusal, isRevoked, form} = await verify(credential);
  const problems = refusal ? [`refused: ${refusal}`] : [];
  if(!refusal && form?.result?.valid !== true) {
    problems.push(`the official schema is broken: ${JSON.stringify(form)}`);
  }
  revoked += isRevoked === true;
  let refused = 0;
  for(const [what, tamper] of TAMPERINGS) {
    const copy = structuredClone(credential);
    if(tamper(copy) === false) {
      continue;
    }
    if((await verify(copy)).refusal) {
      refused += 1;
    } else {
      problems.push(`accepted although ${what}`);
    }
  }
  const shape = schema.isOfficial ? 'of the official schema' : 'schema not judged';
  verdicts.report(name, problems, `verified, ${isRevoked ? 'revoked' : 'not revoked'}, ${shape}; refused: ${refused} tampered copies`);
}

/** What the verifier says: why it refuses the signature or cannot tell the status, or whether it is revoked. */
async function verify(credential) {
  const result = await verifyCredential({credential: structuredClone(credential), knownDIDRegistries: []});
  if(result.errors) {
    return {refusal: result.errors.map(({message}) => message).join('; ')};
  }
  const step = id => result.log.find(entry => entry.id === id);
  const status = step('revocation_status');
  if(step('valid_signature')?.valid !== true) {
    return {refusal: 'the signature is not valid'};
  }
  if(credential.credentialStatus && typeof status?.valid !== 'boolean') {
    return {refusal: `no answer about the status: ${JSON.stringify(status?.error)}`};
  }
  if(step('expiration')?.valid === false) {
    return {refusal: 'expired'};
  }
  const [form] = [result.additionalInformation?.find(({id}) => id === 'schema_check')?.results].flat();
  return {isRevoked: status?.valid === false, form};
}

/** Starts this script again in a process that trusts a new certificate for localhost; its exit status. */
function runTrustingACertificate() {
  const folder = mkdtempSync(join(tmpdir(), 'sceau-judge-'));
  try {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=localhost',
      '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate
    ], {stdio: ['ignore', 'ignore', 'pipe']});
    const again = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: 'inherit', env: {...process.env, NODE_EXTRA_CA_CERTS: certificate}
    });
    return again.status ?? 1;
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** Serves each DID document, credential and status list at its own address. One port speaks both HTTP and HTTPS: did:web means
 * HTTPS, and the addresses of the demo are http://localhost. */
async function serveDirectory() {
  const documents = new Map(statusLists);
  for(const {document} of credentials) {
    documents.set(document.id, document);
  }
  for(const [did, document] of dids) {
    const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
    documents.set(`https://${host}/${path.join('/')}/did.json`, document);
  }
  const byPath = new Map([...documents].map(([url, document]) => [`${new URL(url).host}${new URL(url).pathname}`, document]));
  const answer = (request, response) => {
    const document = byPath.get(`${request.headers.host}${new URL(request.url, 'http://x').pathname}`);
    response.writeHead(document ? 200 : 404, {'content-type': 'application/json', connection: 'close'});
    response.end(JSON.stringify(document ?? {}));
  };
  const certificate = process.env.NODE_EXTRA_CA_CERTS;
  const plain = createHttpServer(answer);
  const secure = createHttpsServer(
    {key: readFileSync(join(certificate, '../key.pem')), cert: readFileSync(certificate)}, answer);
  const ports = new Set([...byPath.keys()].map(key => key.split('/')[0]).filter(isLoopback).map(host => Number(host.split(':')[1] ?? 443)));
  return Promise.all([...ports].map(port => new Promise((resolve, reject) => {
    const server = createTcpServer(socket => socket.once('data', first => {
      const TLS_HANDSHAKE = 0x16;
      socket.pause();
      socket.unshift(first);
      (first[0] === TLS_HANDSHAKE ? secure : plain).emit('connection', socket);
      process.nextTick(() => socket.resume());
    }));
    server.on('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  })));
}

function isLoopback(host) {
  return host.split(':')[0] === 'localhost';
}

/** The schema that the verifier looks up at 1EdTech, and its text: that of the published vectors, or one that accepts everything. */
function officialSchema() {
  const name = 'ob_v3p0_achievementcredential_schema.json';
  const file = join(process.env.SCEAU_SHARED ?? '', 'vectors/1edtech', name);
  const isOfficial = existsSync(file);
  return {url: `https://purl.imsglobal.org/spec/ob/v3p0/schema/json/${name}`, isOfficial, text: isOfficial ? readFileSync(file) : '{}'};
}

function keepFetchAtHome() {
  const {fetch} = globalThis;
  globalThis.fetch = async (request, options) => {
    const url = new URL(request.url ?? request);
    if(url.href === schema.url) {
      return new Response(schema.text, {headers: {'content-type': 'application/json'}});
    }
    if(!isLoopback(url.host)) {
      throw new Error(`the judge does not fetch ${url}`);
    }
    return fetch(request, options);
  };
}
