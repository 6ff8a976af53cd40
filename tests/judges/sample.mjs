// Judges the judges: writes directories laid out as `sceau demo` writes them, with credentials that Digital Bazaar's library and jose
// signed, so that the judges can be shown to accept what is right before they are trusted on what the service issues.
//
//   node sample.mjs DIRECTORY DID-KEY-DIRECTORY
//
// In DIRECTORY the issuer is a did:web: eddsa-rdfc-2022, and the same credentials as VC-JWT. In DID-KEY-DIRECTORY it is a did:key:
// one credential of each Data Integrity suite. Contexts are published ones only.

import './web-crypto.mjs';
import {createHash} from 'node:crypto';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {createSignCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {exportJWK, generateKeyPair, SignJWT} from 'jose';
import {staticLoader} from './output.mjs';

const [directory, didKeyDirectory] = process.argv.slice(2);
// A port of its own: the DCC judge serves these addresses itself.
const host = 'http://localhost:28087';
const did = 'did:web:localhost%3A28087:issuers:dgafp';
const listUrl = `${host}/status/6d2f7a3e-5b0f-4c8e-9a1d-3f2e1c0b9a87`;
const slug = {valid: 'demarche-participation', revoked: 'demarche-revoked'};
const ids = {valid: '0c7b1f8e-6a52-4c1b-8f0e-2b9d4e6a7c31', revoked: '5f0d2c9b-1e47-4a3d-b6c8-7a9e0f1b2c3d'};
const achievement = `${host}/achievements/3f786850e387550fdab836ed7e6dc881de23001b`;

await writeDidWeb();
await writeDidKey();

async function writeDidWeb() {
  const key = await Ed25519Multikey.generate({id: `${did}#sample-key`, controller: did});
  const jwtKeys = await Promise.all(['ES256', 'RS256'].map(async alg => ({alg, kid: `${did}#${alg}`, ...await generateKeyPair(alg)})));
  const didDocument = {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1', 'https://w3id.org/security/jwk/v1'],
    id: did,
    verificationMethod: [
      await key.export({publicKey: true, includeContext: false}),
      ...await Promise.all(jwtKeys.map(async ({kid, publicKey}) =>
        ({id: kid, type: 'JsonWebKey', controller: did, publicKeyJwk: await exportJWK(publicKey)})))
    ],
    assertionMethod: [key.id, ...jwtKeys.map(({kid}) => kid)]
  };
  const documentLoader = staticLoader(new Map([[did, didDocument]]));
  const sign = document => signed(document, {key, cryptosuite, documentLoader});
  const pair = async (name, statusListIndex, {alg, kid, privateKey}) => {
    const document = credential(did, ids[name], statusListIndex);
    write(directory, slug[name], await sign(document));
    const claims = {iss: did, jti: document.id, sub: document.credentialSubject.id, nbf: Date.parse(document.validFrom) / 1000};
    const token = await new SignJWT({...document, ...claims}).setProtectedHeader({alg, kid, typ: 'JWT'}).sign(privateKey);
    writeFileSync(join(directory, slug[name], 'credential.jwt'), token);
  };
  await pair('valid', '94567', jwtKeys[0]);
  await pair('revoked', '4242', jwtKeys[1]);
  writeJson(directory, 'did-dgafp.json', didDocument);
  writeJson(directory, 'urls.json', {status_lists: {[listUrl]: await sign(statusList(did, 4242))}});
}

async function writeDidKey() {
  const key = await Ed25519Multikey.generate();
  key.controller = `did:key:${key.publicKeyMultibase}`;
  key.id = `${key.controller}#${key.publicKeyMultibase}`;
  const documentLoader = staticLoader(new Map());
  const sign = (document, suite) => signed(document, {key, cryptosuite: suite, documentLoader});
  const jcs = createSignCryptosuite();
  write(didKeyDirectory, slug.valid, await sign(credential(key.controller, ids.valid, '94567'), jcs));
  write(didKeyDirectory, slug.revoked, await sign(credential(key.controller, ids.revoked, '4242'), cryptosuite));
  writeJson(didKeyDirectory, 'urls.json', {status_lists: {[listUrl]: await sign(statusList(key.controller, 4242), cryptosuite)}});
}

function write(folder, name, document) {
  mkdirSync(join(folder, name), {recursive: true});
  // The official schema wants an array of proofs.
  writeFileSync(join(folder, name, 'credential.json'), JSON.stringify({...document, proof: [document.proof]}));
}

function writeJson(folder, name, document) {
  writeFileSync(join(folder, name), JSON.stringify(document, null, 2));
}

function signed(document, {key, cryptosuite: suite, documentLoader}) {
  const proof = new DataIntegrityProof({signer: key.signer(), cryptosuite: suite, date: '2026-03-02T10:00:01Z'});
  return vc.issue({credential: structuredClone(document), suite: proof, documentLoader});
}

function credential(issuer, uuid, statusListIndex) {
  return {
    '@context': [
      'https://www.w3.org/ns/credentials/v2', 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json',
      'https://purl.imsglobal.org/spec/ob/v3p0/extensions.json'
    ],
    id: `${host}/credentials/${uuid}`,
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    name: 'Mener une démarche d’amélioration continue',
    issuer: {id: issuer, type: ['Profile'], name: 'Direction générale de l’administration et de la fonction publique', url: 'https://example.gouv.fr'},
    validFrom: '2026-03-02T10:00:00Z',
    awardedDate: '2026-03-02T10:00:00Z',
    credentialSubject: {
      id: 'urn:uuid:1b7f3c52-9a0d-4b8e-8c2f-6d5e4a3b2c1d',
      type: ['AchievementSubject'],
      activityStartDate: '2026-02-01T08:00:00Z',
      activityEndDate: '2026-03-01T17:00:00Z',
      identifier: [{
        type: 'IdentityObject', hashed: true, identityType: 'emailAddress', salt: '9f86d081884c7d659a2feaa0c55ad015',
        identityHash: `sha256$${createHash('sha256').update('zoe@example.gouv.fr9f86d081884c7d659a2feaa0c55ad015').digest('hex')}`
      }, {
        type: 'IdentityObject', hashed: true, identityType: 'ext:CommittedName',
        identityHash: `sha256$${createHash('sha256').update('secret Zoé Ñandú').digest('hex')}`
      }],
      result: [{type: ['Result'], resultDescription: `${achievement}#duration`, value: 'PT7H30M'}],
      achievement: {
        id: achievement,
        type: ['Achievement'],
        achievementType: 'CertificateOfCompletion',
        name: 'Mener une démarche d’amélioration continue',
        description: 'Formation hybride de 7 h 30. <b>Non</b> "échappée" & \\ intacte.',
        criteria: {narrative: 'Avoir terminé **toutes** les activités attendues.'},
        resultDescription: [{
          id: `${achievement}#duration`, type: ['ResultDescription'], name: 'Durée estimée', resultType: 'ext:Duration'
        }],
        alignment: [...['Cartographier un processus', 'Mesurer un délai'].map((targetName, index) => ({
          type: ['Alignment'], targetName, targetUrl: `${achievement}#objective-${index + 1}`, targetType: 'ext:LearningObjective'
        })), {
          type: ['Alignment'], targetName: 'Conduire un projet', targetCode: 'C12', targetFramework: 'Répertoire des métiers',
          targetUrl: 'https://example.gouv.fr/competences/C12'
        }]
      }
    },
    credentialStatus: {
      id: `${listUrl}#${statusListIndex}`, type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex,
      statusListCredential: listUrl
    },
    refreshService: {id: `${host}/credentials/${uuid}/current`, type: '1EdTechCredentialRefresh'}
  };
}

function statusList(issuer, revokedIndex) {
  const bits = Buffer.alloc(16384);
  bits[revokedIndex >> 3] |= 0x80 >> (revokedIndex & 7);
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2'],
    id: listUrl,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer,
    validFrom: '2026-03-02T10:00:00Z',
    credentialSubject: {
      id: `${listUrl}#list`, type: 'BitstringStatusList', statusPurpose: 'revocation',
      encodedList: `u${gzipSync(bits).toString('base64url')}`
    }
  };
}
