// A VC-JWT as this judge reads it (OB 3.0 §8.2, VC-JOSE-COSE): the key by its `kid` in the issuer's DID document, the registered
// claims against the payload's own members; and ways to tamper with one.

import './web-crypto.mjs';
import {createHmac, KeyObject, sign} from 'node:crypto';
import {base64url, compactVerify, decodeJwt, decodeProtectedHeader, exportJWK, exportSPKI, generateKeyPair, importJWK} from 'jose';

/** The algorithms that issuers may use. EdDSA is for what others issue: the public validator refuses it. */
const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'];

/**
 * Verifies a token, and returns its payload.
 *
 * @param {string} token
 * @param {Map<string, object>} dids - DID documents by DID.
 * @throws {Error} If anything is wrong with it.
 */
export async function verifyToken(token, dids) {
  const header = decodeProtectedHeader(token);
  const issuer = decodeJwt(token).issuer;
  const did = typeof issuer === 'string' ? issuer : issuer.id;
  for(const name of ['jwk', 'jku', 'x5c', 'x5u', 'crit', 'd']) {
    must(!(name in header), `the header has ${name}`);
  }
  const method = findMethod(dids.get(did), header.kid);
  const key = await importJWK(method.publicKeyJwk, header.alg);
  const {payload: bytes} = await compactVerify(token, key, {algorithms: ALGORITHMS});
  const payload = JSON.parse(new TextDecoder().decode(bytes));
  compareClaims(payload);
  return payload;
}

/** The method that `kid` names, if the issuer's document lets it assert. */
function findMethod(document, kid) {
  must(document, 'no DID document for the issuer');
  must(document.assertionMethod?.includes(kid), `${kid} may not assert for ${document.id}`);
  const method = document.verificationMethod.find(({id}) => id === kid);
  must(method?.publicKeyJwk, `${kid} has no publicKeyJwk`);
  must(!('d' in method.publicKeyJwk), `${kid} publishes its private key`);
  must(method.controller === document.id, `${kid} has the controller ${method.controller}`);
  return method;
}

function compareClaims(payload) {
  const seconds = time => time === undefined ? undefined : Math.floor(Date.parse(time) / 1000);
  const issuer = payload.issuer.id ?? payload.issuer;
  must(payload.iss === issuer, `iss is ${payload.iss}, issuer.id ${issuer}`);
  must(payload.jti === payload.id, `jti is ${payload.jti}, id ${payload.id}`);
  must(payload.sub === payload.credentialSubject.id, `sub is ${payload.sub}, credentialSubject.id ${payload.credentialSubject.id}`);
  must(payload.nbf === seconds(payload.validFrom), `nbf is ${payload.nbf}, validFrom ${payload.validFrom}`);
  must(payload.exp === seconds(payload.validUntil), `exp is ${payload.exp}, validUntil ${payload.validUntil}`);
  const now = Date.now() / 1000;
  must(payload.nbf <= now && now < (payload.exp ?? Infinity), 'it is not in force');
  must(!('vc' in payload), 'it has a claim vc, which VCDM 2.0 does not know');
  must(!('proof' in payload), 'it has an embedded proof besides');
}

/**
 * Tampered copies of a token: pairs of what was done, and the copy. Whoever makes them knows the issuer's public key and holds a
 * key of their own.
 */
export async function tamperedTokens(token, dids) {
  const [head, body, signature] = token.split('.');
  const header = decodeProtectedHeader(token);
  const payload = decodeJwt(token);
  const method = dids.get(payload.issuer.id ?? payload.issuer).verificationMethod.find(({id}) => id === header.kid);
  const jwk = method.publicKeyJwk;
  const stranger = await generateKeyPair(header.alg, {extractable: true});
  const strangerJwk = await exportJWK(stranger.publicKey);
  const signedByStranger = extra => resign({...header, ...extra}, body, stranger.privateKey);
  const spki = await exportSPKI(await importJWK(jwk, header.alg, {extractable: true}));
  const symmetric = secret => {
    const text = `${encode({...header, alg: 'HS256'})}.${body}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const retitled = {...payload, credentialSubject: {...payload.credentialSubject, achievement: {...payload.credentialSubject.achievement, name: 'Pilote de ligne'}}};
  const other = header.alg === 'ES256' ? 'RS256' : 'ES256';
  return [
    ['a byte of the payload flipped', `${head}.${flipBit(body)}.${signature}`],
    ['title changed', `${head}.${encode(retitled)}.${signature}`],
    ['subject changed in claim and payload', `${head}.${encode({...payload, sub: 'urn:x:y', credentialSubject: {...payload.credentialSubject, id: 'urn:x:y'}})}.${signature}`],
    ['signature flipped', `${head}.${body}.${flipBit(signature)}`],
    ['signature removed', `${head}.${body}.`],
    ['alg none', `${encode({...header, alg: 'none'})}.${body}.`],
    ['alg none, signature kept', `${encode({...header, alg: 'none'})}.${body}.${signature}`],
    ['alg HS256 with the public key in PEM as secret', symmetric(spki)],
    ['alg HS256 with the public JWK as secret', symmetric(JSON.stringify(jwk))],
    [`alg ${other}`, `${encode({...header, alg: other})}.${body}.${signature}`],
    ['header changed', `${encode({...header, typ: 'JWT', cty: 'other'})}.${body}.${signature}`],
    ['signed by a stranger under the same kid', signedByStranger({})],
    ['a stranger’s key as header jwk', signedByStranger({jwk: strangerJwk})],
    ['a stranger’s key as header jwk, without kid', signedByStranger({jwk: strangerJwk, kid: undefined})],
    ['kid of an unknown method', signedByStranger({kid: `${header.kid}x`})],
    ['kid in another DID', signedByStranger({kid: 'did:web:example.org:issuers:stranger#key'})]
  ];
}

/** A compact JWS over `body`, which is encoded already. */
function resign(header, body, privateKey) {
  const text = `${encode(header)}.${body}`;
  const algorithm = header.alg === 'EdDSA' ? null : 'sha256';
  const key = privateKey instanceof KeyObject ? privateKey : KeyObject.from(privateKey);
  return `${text}.${sign(algorithm, Buffer.from(text), {key, dsaEncoding: 'ieee-p1363'}).toString('base64url')}`;
}

const encode = value => base64url.encode(JSON.stringify(value));

function flipBit(text) {
  const bytes = base64url.decode(text);
  bytes[bytes.length >> 1] ^= 1;
  return base64url.encode(bytes);
}

function must(condition, message) {
  if(!condition) {
    throw new Error(message);
  }
}
