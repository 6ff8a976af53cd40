// Outside judge: jose on the credentials that the demo issued as VC-JWT.
//
//   node verify_jwt.mjs DIRECTORY
//
// DIRECTORY is laid out as `sceau demo` writes it: `*/credential.jwt` beside `*/credential.json`, and `did-*.json`. Each token must
// verify with the key that its `kid` names in the issuer's DID document, its claims must be those of its payload, it must say the same
// as the JSON beside it, and every tampered copy (jwt.mjs) must be refused. Nothing is fetched.

import {isDeepStrictEqual} from 'node:util';
import {tamperedTokens, verifyToken} from './jwt.mjs';
import {readOutput, Verdicts} from './output.mjs';

if(process.argv.length !== 3) {
  console.error('usage: node verify_jwt.mjs DIRECTORY');
  process.exit(2);
}
const {credentials, dids} = readOutput(process.argv[2]);
const verdicts = new Verdicts();
const withToken = credentials.filter(({token}) => token !== undefined);
for(const {name, document, token} of withToken) {
  await judge(name, document, token);
}
if(withToken.length === 0) {
  console.log(`skipped: no */credential.jwt in ${process.argv[2]}`);
}
process.exit(verdicts.failures ? 1 : 0);

async function judge(name, document, token) {
  let payload;
  try {
    payload = await verifyToken(token, dids);
  } catch(error) {
    verdicts.fail(name, [`refused: ${error.message}`]);
    return;
  }
  const problems = [];
  const {iss, jti, sub, nbf, exp, ...claimed} = payload;
  const {proof, ...said} = document;
  if(!isDeepStrictEqual(claimed, said)) {
    problems.push('it says something else than credential.json');
  }
  const tampered = await tamperedTokens(token, dids);
  for(const [what, copy] of tampered) {
    if(await isAccepted(copy)) {
      problems.push(`accepted although ${what}`);
    }
  }
  verdicts.report(name, problems, `verified; refused: ${tampered.length} tampered copies`);
}

async function isAccepted(token) {
  try {
    await verifyToken(token, dids);
    return true;
  } catch{
    return false;
  }
}
