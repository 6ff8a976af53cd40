// Outside judges of `sceau conformance`, first half: asks it as another issuer would, and leaves what it issued for the judges.
//
//   node vc_api.mjs OUT PEERS SCEAU_BINARY
//
// Writes OUT/proofs/ (one Open Badge for each suite, with and without status) and OUT/tokens/ (the same as VC-JWT, out of its envelope),
// laid out as `sceau demo` writes; the other judges read them. The issuer is a did:key. The status list comes over https: its certificate
// is read in a first handshake in which nothing is sent, and the request trusts that one alone.
//
// Then every document of PEERS (issue_peers.mjs, issue_peers.py) whose issuer is a did:key is posted to the endpoint that verifies:
// 200 without errors for what is sound, 400 with problem details for tampered copies and for suites that are not supported.

import './web-crypto.mjs';
import {spawn} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {get} from 'node:https';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {connect} from 'node:tls';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {badge} from './badge.mjs';
import {Verdicts} from './output.mjs';

const SCHOOL = {id: 'urn:uuid:7c0a2b66-4f0e-4e86-8f43-8f7f5f1f3d10', home: 'https://ecole.example.org'};

if(process.argv.length !== 5) {
  console.error('usage: node vc_api.mjs OUT PEERS SCEAU_BINARY');
  process.exit(2);
}
const [out, peers, binary] = process.argv.slice(2);
const verdicts = new Verdicts();
const instance = spawn(binary, ['conformance'], {stdio: ['ignore', 'pipe', 'inherit']});
try {
  const [line] = await Promise.race([firstLine(instance.stdout), ended(instance)]);
  const endpoints = JSON.parse(line);
  await issueAll(endpoints);
  await judgePeers(endpoints);
} finally {
  instance.kill();
}
process.exit(verdicts.failures ? 1 : 0);

async function issueAll({issue, issuer}) {
  const lists = {};
  for(const cryptosuite of [undefined, 'eddsa-rdfc-2022', 'eddsa-jcs-2022']) {
    for(const status of [false, true]) {
      const document = await issueOne(issue, badge(issuer, SCHOOL), {...(cryptosuite && {cryptosuite}), ...(status && {status})});
      const address = document.credentialStatus?.statusListCredential;
      if(address) {
        lists[address] ??= JSON.parse(await fetchTrustingWhatIsPresented(address));
      }
      write('proofs', `${cryptosuite ?? 'default'}${status ? '-status' : ''}`, {document});
    }
  }
  writeJson('proofs', 'urls.json', {status_lists: lists});
  // The token and the JSON beside it say the same, as the judge wants it.
  const envelope = await issueOne(issue, badge(issuer, SCHOOL), {envelope: true});
  const [head, token] = envelope.id.split(',');
  if(envelope.type !== 'EnvelopedVerifiableCredential' || head !== 'data:application/vc+jwt') {
    verdicts.fail('envelope', [`its type is ${envelope.type}, its id begins with ${head}`]);
  }
  write('tokens', 'enveloped', {document: await issueOne(issue, badge(issuer, SCHOOL), {}), token});
  writeJson('tokens', 'did-key.json', await didDocumentWithJwk(issuer));
}

async function issueOne(address, credential, options) {
  const {status, body} = await post(address, {credential, options});
  verdicts.report(`issued with ${JSON.stringify(options)}`, status === 201 ? [] : [`${status} ${JSON.stringify(body)}`], 'as asked');
  return body;
}

async function judgePeers({verify_credential: credentials, verify_presentation: presentations}) {
  const manifest = JSON.parse(readFileSync(join(peers, 'manifest.json'), 'utf8')).filter(({did_documents: documents}) => documents.length === 0);
  const wrong = new Map();
  for(const entry of manifest) {
    const text = readFileSync(join(peers, entry.file), 'utf8');
    const document = entry.file.endsWith('.jwt') ? text : JSON.parse(text);
    const {challenge, domain} = entry;
    const {status, body} = entry.format.startsWith('presentation') ?
      await post(presentations, {verifiablePresentation: document, options: {challenge, domain}}) :
      await post(credentials, {verifiableCredential: document});
    const holds = entry.expect === 'verified' ?
      status === 200 && body.verified === true && !body.errors?.length :
      status === 400 && body.verified === false && body.problemDetails.length > 0 && body.problemDetails.every(isProblem);
    if(!holds) {
      wrong.set(entry, `${status} ${JSON.stringify(body)}`);
    }
  }
  for(const original of manifest.filter(({of}) => !of)) {
    const copies = manifest.filter(({of}) => of === original.file);
    const problems = [original, ...copies].filter(entry => wrong.has(entry)).map(entry => `${entry.what ?? 'untouched'} (${entry.file}): ${wrong.get(entry)}`);
    verdicts.report(`${original.file}, ${original.format}`, problems, `${original.expect}; refused: ${copies.length} tampered copies`);
  }
  for(const expect of ['verified', 'refused', 'not_supported']) {
    if(!manifest.some(entry => entry.expect === expect)) {
      verdicts.fail(peers, [`no document by a did:key is ${expect}`]);
    }
  }
}

function isProblem({type, title, detail}) {
  const bases = ['https://www.w3.org/TR/vc-data-model#', 'https://w3id.org/security#', 'https://www.w3.org/ns/credentials/status-list#'];
  return bases.some(base => type.startsWith(base) && /^[A-Z_]+$/.test(type.slice(base.length))) && Boolean(title && detail);
}

async function post(address, request) {
  const answer = await fetch(address, {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(request)});
  return {status: answer.status, body: await answer.json()};
}

async function fetchTrustingWhatIsPresented(address) {
  const {hostname: host, port} = new URL(address);
  const certificate = await new Promise((resolve, reject) => {
    const socket = connect({host, port, servername: host, rejectUnauthorized: false}, () => {
      resolve(socket.getPeerCertificate().raw);
      socket.destroy();
    });
    socket.on('error', reject);
  });
  const ca = `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  return new Promise((resolve, reject) => {
    get(address, {ca}, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', part => { text += part; });
      answer.on('end', () => answer.statusCode === 200 ? resolve(text) : reject(new Error(`${address}: ${answer.statusCode}`)));
    }).on('error', reject);
  });
}

/** The document of a did:key as verifiers of tokens want it: its key as a JWK. */
async function didDocumentWithJwk(did) {
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  const keyPair = await Ed25519Multikey.from({id, type: 'Multikey', controller: did, publicKeyMultibase});
  const publicKeyJwk = await Ed25519Multikey.toJwk({keyPair});
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/jwk/v1'],
    id: did, verificationMethod: [{id, type: 'JsonWebKey', controller: did, publicKeyJwk}], assertionMethod: [id]
  };
}

function write(folder, name, {document, token}) {
  const directory = join(out, folder, name);
  mkdirSync(directory, {recursive: true});
  writeFileSync(join(directory, 'credential.json'), JSON.stringify(document));
  if(token) {
    writeFileSync(join(directory, 'credential.jwt'), token);
  }
}

function writeJson(folder, name, document) {
  writeFileSync(join(out, folder, name), JSON.stringify(document, null, 2));
}

function firstLine(stream) {
  return new Promise(resolve => createInterface({input: stream}).once('line', line => resolve([line])));
}

function ended(child) {
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', status => reject(new Error(`the instance ended early with status ${status}`)));
  });
}
