// How long Digital Bazaar's library takes to sign and to verify one credential: the peer of `cargo bench --bench credential`.
//
//   node speed.mjs '{"signed": …, "did": …}'   prints {"sign": microseconds, "verify": microseconds}, the least of many runs.

import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {staticLoader} from './output.mjs';

const {signed, did} = JSON.parse(process.argv[2]);
const {proof: _, ...credential} = signed;
const key = await Ed25519Multikey.generate({id: `${did.id}#bench`, controller: did.id});
const documentLoader = staticLoader(new Map([[did.id, did]]));

const sign = () => vc.issue({
  credential: structuredClone(credential),
  suite: new DataIntegrityProof({signer: key.signer(), cryptosuite}),
  documentLoader
});
const verify = async () => {
  const suite = new DataIntegrityProof({cryptosuite});
  const result = await vc.verifyCredential({
    credential: structuredClone(signed), suite, documentLoader, checkStatus: () => ({verified: true}), now: new Date(signed.validFrom)
  });
  if(!result.verified) {
    throw result.error;
  }
};
console.log(JSON.stringify({sign: await leastMicros(sign), verify: await leastMicros(verify)}));

async function leastMicros(work) {
  let least = Infinity;
  for(let run = 0; run < 200; run++) {
    const started = process.hrtime.bigint();
    await work();
    least = Math.min(least, Number(process.hrtime.bigint() - started) / 1000);
  }
  return least;
}
