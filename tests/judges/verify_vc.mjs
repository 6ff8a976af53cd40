// Outside judge: Digital Bazaar's verifier (@digitalbazaar/vc) on what the demo issued.
//
//   node verify_vc.mjs DIRECTORY [--expect-revoked COUNT]
//
// DIRECTORY is laid out as `sceau demo` writes it: `*/credential.json`, `did-*.json`, and `urls.json` whose `status_lists` maps
// the URL of each status list to its credential. For each credential: the untouched document must verify, every tampered copy
// (tampering.mjs) and a copy signed by a stranger must not, and its status must be readable from a list that verifies too.
// One line per credential; ends non-zero when an expectation fails. Proofs may be eddsa-rdfc-2022 or eddsa-jcs-2022, issuers did:web
// or did:key. Contexts come from npm packages, DID documents from the directory; nothing is fetched.

import {parseArgs} from 'node:util';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {readOutput, staticLoader, Verdicts} from './output.mjs';
import {isSet} from './status.mjs';
import {TAMPERINGS} from './tampering.mjs';

const {values, positionals} = parseArgs({
  allowPositionals: true, options: {'expect-revoked': {type: 'string'}}
});
if(positionals.length !== 1) {
  console.error('usage: node verify_vc.mjs DIRECTORY [--expect-revoked COUNT]');
  process.exit(2);
}

const {credentials, dids, statusLists} = readOutput(positionals[0]);
const documentLoader = staticLoader(dids);
const verdicts = new Verdicts();
let revoked = 0;
if(credentials.length === 0) {
  verdicts.fail(positionals[0], ['no */credential.json here']);
}
for(const [url, list] of statusLists) {
  const error = await whyRefused(list);
  verdicts.report(url, error ? [`status list refused: ${error}`] : [], 'status list verified');
}
for(const {name, document} of credentials) {
  await judge(name, document);
}
const expected = values['expect-revoked'];
if(expected !== undefined && revoked !== Number(expected)) {
  verdicts.fail('revocations', [`${revoked} credentials are revoked, ${expected} expected`]);
}
process.exit(verdicts.failures ? 1 : 0);

async function judge(name, credential) {
  const problems = [];
  const error = await whyRefused(credential);
  if(error) {
    problems.push(`refused: ${error}`);
  }
  let refused = 0;
  let absent = 0;
  for(const [what, tamper] of TAMPERINGS) {
    const copy = structuredClone(credential);
    if(tamper(copy) === false) {
      absent += 1;
    } else if(await whyRefused(copy)) {
      refused += 1;
    } else {
      problems.push(`accepted although ${what}`);
    }
  }
  if(!await whyRefused(await signedByStranger(credential))) {
    problems.push('accepted although signed by a stranger');
  }
  let status = 'no status';
  try {
    if(credential.credentialStatus) {
      status = statusOf(credential) ? 'revoked' : 'not revoked';
      revoked += status === 'revoked';
    }
  } catch(statusError) {
    problems.push(statusError.message);
  }
  verdicts.report(name, problems, `verified, ${status}; refused: ${refused} tampered copies (${absent} tamperings do not apply), a stranger's signature`);
}

/** Why the verifier refuses the credential's proof, or undefined if it accepts it. The status is judged apart, so that a revoked credential's proof is judged too. */
async function whyRefused(credential) {
  const suite = [cryptosuite, createVerifyCryptosuite()].map(known => new DataIntegrityProof({cryptosuite: known}));
  const result = await vc.verifyCredential({
    credential, suite, documentLoader, checkStatus: async () => ({verified: true})
  });
  if(result.verified) {
    return undefined;
  }
  const errors = result.error?.errors ?? [result.error];
  return errors.map(error => error?.message ?? 'unknown reason').join('; ');
}

function statusOf(credential) {
  const entry = credential.credentialStatus;
  const list = statusLists.get(entry.statusListCredential);
  if(!list) {
    throw new Error(`the status list ${entry.statusListCredential} is not in urls.json`);
  }
  if(list.issuer !== credential.issuer.id && list.issuer?.id !== credential.issuer.id) {
    throw new Error('the status list has another issuer than the credential');
  }
  return isSet(entry, list);
}

/** The same claims, honestly signed, by a key that the claimed issuer's DID document does not hold. */
async function signedByStranger(credential) {
  const controller = 'did:web:example.org:issuers:stranger';
  const key = await Ed25519Multikey.generate({id: `${controller}#key`, controller});
  const method = await key.export({publicKey: true, includeContext: true});
  dids.set(controller, {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: controller, assertionMethod: [key.id], verificationMethod: [method]
  });
  const unsigned = structuredClone(credential);
  delete unsigned.proof;
  const suite = new DataIntegrityProof({signer: key.signer(), cryptosuite});
  return vc.issue({credential: unsigned, suite, documentLoader});
}
