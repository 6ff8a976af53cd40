// Peers that issue, for Sceau to verify: real Open Badges 3.0 credentials made by other libraries (Node side; issue_peers.py is the
// other), and tampered copies of each.
//
//   node issue_peers.mjs OUT
//
// Writes OUT/node/ and OUT/manifest.json, a list of {file, did_documents, by, format, expect, what, of}: `expect` is what a verifier that
// is given those DID documents must say ("verified", "refused", "not_supported"), `what` how a copy of the file `of` was tampered with.
// Each library verifies its own first: what it wouldn't accept is no fair test. check_peers.mjs reads the manifest. Nothing is fetched.

import './web-crypto.mjs';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {createSignCryptosuite, createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as eddsaRdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof as DccDataIntegrityProof} from '@digitalcredentials/data-integrity';
import {Ed25519Signature2020} from '@digitalcredentials/ed25519-signature-2020';
import {Ed25519VerificationKey2020} from '@digitalcredentials/ed25519-verification-key-2020';
import {cryptosuite as dccEddsaRdfc} from '@digitalcredentials/eddsa-rdfc-2022-cryptosuite';
import {securityLoader} from '@digitalcredentials/security-document-loader';
import * as dcc from '@digitalcredentials/vc';
import {exportJWK, generateKeyPair, SignJWT} from 'jose';
import {badge} from './badge.mjs';
import {verifyToken} from './jwt.mjs';
import {staticLoader} from './output.mjs';
import {PeerOutput} from './peer_output.mjs';

const CREATED = '2026-03-02T10:00:01Z';
const EDDSA_RDFC = {sign: eddsaRdfc, verify: eddsaRdfc};
const EDDSA_JCS = {sign: createSignCryptosuite(), verify: createVerifyCryptosuite()};
const ECDSA_RDFC = {sign: ecdsaRdfc, verify: ecdsaRdfc};
const BAZAAR = '@digitalbazaar/vc';
const DCC = '@digitalcredentials/vc';
const SCHOOL = {
  id: 'https://peer.example.org/credentials/7c0a2b66-4f0e-4e86-8f43-8f7f5f1f3d10',
  home: 'https://peer.example.org'
};

if(process.argv.length !== 3) {
  console.error('usage: node issue_peers.mjs OUT');
  process.exit(2);
}
const peers = new PeerOutput(process.argv[2], 'node');
const documentLoader = staticLoader(peers.dids);

await byDigitalBazaar();
await proofSet();
await unsupportedEcdsa();
await dataModel11();
await presentation();
await byDcc();
await byJose();
peers.writeManifest();

async function byDigitalBazaar() {
  for(const [format, suite] of [['eddsa-rdfc-2022', EDDSA_RDFC], ['eddsa-jcs-2022', EDDSA_JCS]]) {
    for(const key of [await didKey(), await didWeb(`bazaar-${format}`)]) {
      const name = `bazaar-${format}-${key.controller.split(':')[1]}`;
      const content = await issue(badge(key.controller, SCHOOL), key, suite);
      await peers.addWithTampered({name, content, issuer: key.controller, by: BAZAAR, format}, accepts(suite));
    }
  }
}

/** Two proofs of one document, each by a key of its own: every one must hold. */
async function proofSet() {
  const issuer = webDid('bazaar-set');
  const keys = [await multikey(issuer, 'first'), await multikey(issuer, 'second')];
  peers.addDidDocument(await didDocument(issuer, keys), 'bazaar-set');
  for(const [format, suites] of [
    ['set of eddsa-rdfc-2022', [EDDSA_RDFC, EDDSA_RDFC]], ['set of eddsa-rdfc-2022 and eddsa-jcs-2022', [EDDSA_RDFC, EDDSA_JCS]]
  ]) {
    let content = badge(issuer, SCHOOL);
    for(const [index, suite] of suites.entries()) {
      content = await issue(content, keys[index], suite);
    }
    const name = `bazaar-${format.replaceAll(' ', '-')}`;
    await peers.addWithTampered({name, content, issuer, by: BAZAAR, format}, accepts(...suites), [
      ['value of the second proof flipped', c => flipProof(c.proof[1])],
      ['date of the second proof changed', c => { c.proof[1].created = '2001-01-01T00:00:00Z'; }],
      ['key of the second proof unknown', c => { c.proof[1].verificationMethod += 'x'; }]
    ]);
  }
}

async function unsupportedEcdsa() {
  const key = await EcdsaMultikey.generate({curve: 'P-256'});
  asDidKey(key);
  const content = await issue(badge(key.controller, SCHOOL), key, ECDSA_RDFC);
  await notSupported({name: 'bazaar-ecdsa-rdfc-2019', content, issuer: key.controller, by: BAZAAR, format: 'ecdsa-rdfc-2019'}, accepts(ECDSA_RDFC));
}

/** A credential of data model 1.1 is no Open Badge: its context knows nothing of them. */
async function dataModel11() {
  const key = await didKey();
  const content = await issue({
    '@context': ['https://www.w3.org/2018/credentials/v1', 'https://w3id.org/security/data-integrity/v2'],
    id: 'https://peer.example.org/credentials/1.1', type: ['VerifiableCredential'], issuer: key.controller,
    issuanceDate: '2026-03-02T10:00:00Z',
    credentialSubject: {id: 'urn:uuid:1b7f3c52-9a0d-4b8e-8c2f-6d5e4a3b2c1d'},
    evidence: [{id: 'https://peer.example.org/evidence/1', type: ['https://peer.example.org/terms#Visit']}]
  }, key, EDDSA_RDFC);
  const peer = {name: 'bazaar-1.1', content, issuer: key.controller, by: BAZAAR, format: 'eddsa-rdfc-2022, VCDM 1.1'};
  await peers.addWithTampered(peer, accepts(EDDSA_RDFC), [
    ['subject changed', c => { c.credentialSubject.id = 'urn:uuid:00000000-0000-4000-8000-000000000000'; }],
    ['evidence changed', c => { c.evidence[0].id += '0'; }],
    ['issuance date changed', c => { c.issuanceDate = '2001-01-01T00:00:00Z'; }],
    ['issuer swapped', c => { c.issuer = 'did:key:z6MkmM42vxfqZQsv4ehtTjFFxQ4sQKS2w6WR7emozFAn5cxu'; }],
    ['proof value flipped', c => flipProof(c.proof)],
    ['proof date changed', c => { c.proof.created = '2001-01-01T00:00:00Z'; }],
    ['unknown term added', c => { c.credentialSubject.frobnicated = 'yes'; }]
  ]);
}

async function presentation() {
  const [issuer, holder] = [await didKey(), await didKey()];
  const credential = await issue(badge(issuer.controller, SCHOOL), issuer, EDDSA_RDFC);
  const unsigned = vc.createPresentation({verifiableCredential: credential, id: 'urn:uuid:0d6cbb1c-5d8f-4b47-9b6c-6a8f0e9f7b11', holder: holder.controller});
  const [challenge, domain] = ['c3a1f0e2', 'verifier.example.org'];
  const suite = new DataIntegrityProof({signer: holder.signer(), cryptosuite: eddsaRdfc, date: CREATED});
  const content = await vc.signPresentation({presentation: unsigned, suite, challenge, domain, documentLoader});
  const accepted = async document => (await vc.verify({
    presentation: structuredClone(document), challenge, domain, documentLoader,
    suite: new DataIntegrityProof({cryptosuite: eddsaRdfc}), checkStatus: alive
  })).verified;
  const peer = {name: 'bazaar-presentation', content, issuer: holder.controller, by: BAZAAR, format: 'presentation, eddsa-rdfc-2022', challenge, domain};
  await peers.addWithTampered(peer, accepted, [
    ['challenge changed', c => { c.proof.challenge += '0'; }],
    ['domain changed', c => { c.proof.domain = 'other.example.org'; }],
    ['holder swapped', c => { c.holder = issuer.controller; }],
    ['proof value flipped', c => flipProof(c.proof)],
    ['proof date changed', c => { c.proof.created = '2001-01-01T00:00:00Z'; }],
    ['title in its credential changed', c => { first(c).credentialSubject.achievement.name += ' (avancé)'; }],
    ['proof of its credential flipped', c => flipProof(first(c).proof)]
  ]);
}

/** The library of the Digital Credentials Consortium, with its own suites, keys and document loader. */
async function byDcc() {
  const loader = securityLoader().build();
  const accepted = suite => async document =>
    (await dcc.verifyCredential({credential: structuredClone(document), suite, documentLoader: loader, checkStatus: alive})).verified;
  const key = await didKey();
  const modern = new DccDataIntegrityProof({signer: key.signer(), cryptosuite: dccEddsaRdfc, date: CREATED});
  const content = await dcc.issue({credential: badge(key.controller, SCHOOL), suite: modern, documentLoader: loader});
  await peers.addWithTampered(
    {name: 'dcc-eddsa-rdfc-2022', content, issuer: key.controller, by: DCC, format: 'eddsa-rdfc-2022'},
    accepted(new DccDataIntegrityProof({cryptosuite: dccEddsaRdfc})));

  const old = await Ed25519VerificationKey2020.generate();
  old.controller = `did:key:${old.fingerprint()}`;
  old.id = `${old.controller}#${old.fingerprint()}`;
  const suite = new Ed25519Signature2020({key: old, date: CREATED});
  const signed = await dcc.issue({credential: badge(old.controller, SCHOOL), suite, documentLoader: loader});
  await notSupported(
    {name: 'dcc-ed25519signature2020', content: signed, issuer: old.controller, by: DCC, format: 'Ed25519Signature2020'},
    accepted(new Ed25519Signature2020()));
}

/** VC-JWT: the payload is the credential, with the registered claims beside its members. */
async function byJose() {
  for(const alg of ['EdDSA', 'ES256', 'RS256']) {
    const issuer = webDid(`jose-${alg}`);
    const kid = `${issuer}#${alg}`;
    const {publicKey, privateKey} = await generateKeyPair(alg);
    const method = {id: kid, type: 'JsonWebKey', controller: issuer, publicKeyJwk: await exportJWK(publicKey)};
    peers.addDidDocument({
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/jwk/v1'],
      id: issuer, verificationMethod: [method], assertionMethod: [kid]
    }, `jose-${alg}`);
    const credential = {...badge(issuer, SCHOOL), validUntil: '2099-12-31T23:59:59Z'};
    const seconds = time => Date.parse(time) / 1000;
    const claims = {
      iss: issuer, jti: credential.id, sub: credential.credentialSubject.id,
      nbf: seconds(credential.validFrom), exp: seconds(credential.validUntil)
    };
    const content = await new SignJWT({...credential, ...claims}).setProtectedHeader({alg, kid, typ: 'vc+jwt'}).sign(privateKey);
    const peer = {name: `jose-${alg}`, content, issuer, by: 'jose', format: `VC-JWT ${alg}`};
    await peers.addTokenWithTampered(peer, token => verifyToken(token, peers.dids));
    // The issuer's own signature over claims that contradict its payload.
    for(const [claim, value] of [['iss', 'did:web:example.org'], ['jti', 'urn:x:y'], ['sub', 'urn:x:y'], ['nbf', 1], ['exp', 4e9]]) {
      const contradictory = new SignJWT({...credential, ...claims, [claim]: value}).setProtectedHeader({alg, kid, typ: 'vc+jwt'});
      peers.add({
        ...peer, of: peer.name, name: `${peer.name}-${claim}`, content: await contradictory.sign(privateKey),
        expect: 'refused', what: `${claim} contradicts the payload`
      });
    }
  }
}

/** A proof of another kind: whoever can't check it knows neither that it holds nor that it doesn't. */
async function notSupported(peer, accepted) {
  if(!await accepted(peer.content)) {
    throw new Error(`${peer.name}: its own library refuses it`);
  }
  peers.add({...peer, expect: 'not_supported'});
  const copy = structuredClone(peer.content);
  copy.credentialSubject.achievement.name += ' (avancé)';
  peers.add({...peer, of: peer.name, name: `${peer.name}-tampered`, content: copy, expect: 'not_supported', what: 'title changed'});
}

function issue(credential, key, suite) {
  const proof = new DataIntegrityProof({signer: key.signer(), cryptosuite: suite.sign, date: CREATED});
  return vc.issue({credential: structuredClone(credential), suite: proof, documentLoader});
}

/** Whether Digital Bazaar's library accepts a document, with these suites known. */
function accepts(...suites) {
  return async document => (await vc.verifyCredential({
    credential: structuredClone(document), documentLoader, checkStatus: alive,
    suite: [...new Set(suites)].map(({verify}) => new DataIntegrityProof({cryptosuite: verify}))
  })).verified;
}

async function alive() {
  return {verified: true};
}

// ── Keys and issuers ────────────────────────────────────────────────────────────────────────────────────────────────

async function didKey() {
  const key = await Ed25519Multikey.generate();
  asDidKey(key);
  return key;
}

function asDidKey(key) {
  key.controller = `did:key:${key.publicKeyMultibase}`;
  key.id = `${key.controller}#${key.publicKeyMultibase}`;
}

async function didWeb(name) {
  const key = await multikey(webDid(name), 'key');
  peers.addDidDocument(await didDocument(key.controller, [key]), name);
  return key;
}

function webDid(name) {
  return `did:web:peer.example.org%3A8443:issuers:${name}`;
}

function multikey(controller, fragment) {
  return Ed25519Multikey.generate({id: `${controller}#${fragment}`, controller});
}

async function didDocument(did, keys) {
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: await Promise.all(keys.map(key => key.export({publicKey: true, includeContext: false}))),
    assertionMethod: keys.map(({id}) => id)
  };
}

function first({verifiableCredential}) {
  return [verifiableCredential].flat()[0];
}

function flipProof(proof) {
  const value = proof.proofValue;
  proof.proofValue = value.slice(0, 20) + (value[20] === '2' ? '3' : '2') + value.slice(21);
}
