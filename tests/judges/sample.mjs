// Judges the judges: writes a directory laid out as `sceau demo` writes it, with credentials that Digital Bazaar's library signed,
// so that the judges can be shown to accept what is right before they are trusted on what the service issues.
//
//   node sample.mjs DIRECTORY

import {createHash} from 'node:crypto';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {staticLoader} from './output.mjs';

const directory = process.argv[2];
const host = 'http://localhost:8080';
const did = 'did:web:localhost%3A8080:issuers:dgafp';
const key = await Ed25519Multikey.generate({id: `${did}#sample-key`, controller: did});
const didDocument = {
  '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
  id: did,
  verificationMethod: [await key.export({publicKey: true, includeContext: false})],
  assertionMethod: [key.id]
};
const documentLoader = staticLoader(new Map([[did, didDocument]]));
const achievement = `${host}/achievements/3f786850e387550fdab836ed7e6dc881de23001b`;
const listUrl = `${host}/status/6d2f7a3e-5b0f-4c8e-9a1d-3f2e1c0b9a87`;

await write('demarche-participation', credential('0c7b1f8e-6a52-4c1b-8f0e-2b9d4e6a7c31', '94567'));
await write('demarche-revoked', credential('5f0d2c9b-1e47-4a3d-b6c8-7a9e0f1b2c3d', '4242'));
writeJson('did-dgafp.json', didDocument);
writeJson('urls.json', {status_lists: {[listUrl]: await sign(statusList(4242))}});

async function write(slug, document) {
  mkdirSync(join(directory, slug), {recursive: true});
  const signed = await sign(document);
  // The official schema wants an array of proofs.
  writeFileSync(join(directory, slug, 'credential.json'), JSON.stringify({...signed, proof: [signed.proof]}));
}

function writeJson(name, document) {
  writeFileSync(join(directory, name), JSON.stringify(document, null, 2));
}

function sign(document) {
  const suite = new DataIntegrityProof({signer: key.signer(), cryptosuite, date: '2026-03-02T10:00:01Z'});
  return vc.issue({credential: document, suite, documentLoader});
}

function credential(uuid, statusListIndex) {
  return {
    '@context': [
      'https://www.w3.org/ns/credentials/v2',
      'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json',
      'https://purl.imsglobal.org/spec/ob/v3p0/extensions.json'
    ],
    id: `${host}/credentials/${uuid}`,
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    name: 'Mener une démarche d’amélioration continue',
    issuer: {id: did, type: ['Profile'], name: 'Direction générale de l’administration et de la fonction publique', url: 'https://example.gouv.fr'},
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
        resultDescription: [{
          id: `${achievement}#duration`, type: ['ResultDescription'], name: 'Durée estimée', resultType: 'ext:Duration'
        }],
        criteria: {narrative: 'Avoir terminé **toutes** les activités attendues.'},
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

function statusList(revokedIndex) {
  const bits = Buffer.alloc(16384);
  bits[revokedIndex >> 3] |= 0x80 >> (revokedIndex & 7);
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2'],
    id: listUrl,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer: did,
    validFrom: '2026-03-02T10:00:00Z',
    credentialSubject: {
      id: `${listUrl}#list`, type: 'BitstringStatusList', statusPurpose: 'revocation',
      encodedList: `u${gzipSync(bits).toString('base64url')}`
    }
  };
}
