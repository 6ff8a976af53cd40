// Generates documents and prints, as JSON lines, each with the canonical N-Quads that jsonld.js gives it in safe mode, or its error.
// Usage: node jsonld-differential.mjs SEED COUNT; SCEAU_NODE_MODULES is the directory node_modules that holds the package jsonld.
// Half are Open Badges credentials with odd values, half are arbitrary documents under arbitrary inline contexts.
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

const jsonld = createRequire(path.join(process.env.SCEAU_NODE_MODULES, 'x.js'))('jsonld');
const contextsDirectory = path.join(import.meta.dirname, '../../schemas/contexts');
const {contexts} = JSON.parse(fs.readFileSync(path.join(contextsDirectory, 'manifest.json'), 'utf8'));
const documents = new Map(contexts.map(({url, file}) => [url, JSON.parse(fs.readFileSync(path.join(contextsDirectory, file), 'utf8'))]));

async function documentLoader(url) {
  if(!documents.has(url)) {
    throw new Error(`unknown context ${url}`);
  }
  return {documentUrl: url, document: documents.get(url), contextUrl: null};
}

// A seeded generator (splitmix32), so that a failure can be repeated.
let state = Number(process.argv[2]);
function random() {
  state = (state + 0x9e3779b9) | 0;
  let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}
const pick = list => list[Math.floor(random() * list.length)];
const maybe = probability => random() < probability;
const some = (most, make) => Array.from({length: Math.floor(random() * (most + 1))}, make);

const VC = 'https://www.w3.org/ns/credentials/v2';
const OB = 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json';
const TEXTS = ['Écouter', 'a "quoted" \\ text', 'line\nbreak\ttab', '😀', '', '  spaces ', '\u0001\u007f\u0080', '@Home', 'a:b', '\u2028', 'e\u0301', '_:b1'];
const GOOD_IDS = ['urn:uuid:0f6b2c1e-7a39-4a0b-9b0c-5d1f3f0a7e11', 'https://example.org/é?x=1#y', 'did:web:localhost%3A8080:issuers:x', '_:b0', '_:zz', 'data:image/png;base64,AAAA', 'x:y'];
const BAD_IDS = ['relative', '#fragment', 'https://example.org/a b', 'https://example.org/%zz', '@foo', 'https://example.org/x|y', ''];
const NUMBERS = [1, 0, -3, 1.5, 0.1, 100, 9007199254740991, 1e-5, 0.000001, 123.456, 1e15, 99999999999.5, 2.5e-6, -0.75];
const text = () => pick(TEXTS);
const id = () => pick(maybe(0.97) ? GOOD_IDS : BAD_IDS);
const value = () => maybe(0.7) ? text() : pick([
  {'@value': text(), '@language': pick(['fr', 'fr-fr', 'de-ch-1996'])}, {'@value': text()}, [text(), text()], {'@value': true},
  {'@value': text(), '@type': 'https://example.org/datatype'}, {'@value': pick(NUMBERS)}, {'@set': [text(), text()]}, {'@list': [text()]},
]);

function badge() {
  const terms = {
    timeRequired: {'@id': 'https://schema.org/timeRequired'}, teaches: {'@id': 'https://schema.org/teaches', '@container': '@set'},
    recipientNameDigest: 'https://example.org/ns#recipientNameDigest', list: {'@id': 'https://example.org/list', '@container': '@list'},
    reference: {'@id': 'https://example.org/reference', '@type': '@id'}, json: {'@id': 'https://example.org/json', '@type': '@json'},
    languages: {'@id': 'https://example.org/languages', '@container': '@language'}, any: 'https://example.org/any',
    double: {'@id': 'https://example.org/double', '@type': 'http://www.w3.org/2001/XMLSchema#double'},
    prefix: {'@id': 'https://example.org/prefix#', '@prefix': true},
  };
  const alignments = some(4, () => ({type: pick([['Alignment'], 'Alignment']), targetName: text(), targetUrl: 'https://example.org/a', ...(maybe(0.3) && {targetCode: text()})}));
  if(alignments.length && maybe(0.3)) {
    alignments.push(alignments[0]);
  }
  const achievement = {
    id: id(), type: ['Achievement'], name: text(), description: text(), criteria: {narrative: text(), ...(maybe(0.5) && {id: id()})},
    achievementType: pick(['Course', 'ext:X']), alignment: alignments, timeRequired: 'PT7H', teaches: [text(), text()], tag: [text(), text()],
    ...(maybe(0.5) && {image: {id: id(), type: 'Image', caption: text()}}),
    ...(maybe(0.3) && {list: [text(), pick([text(), 3, 1.5, true, {any: text()}])]}),
    ...(maybe(0.3) && {reference: pick([id(), [id(), id()], {'@id': id(), any: text()}])}),
    ...(maybe(0.2) && {json: {b: [1, 2.5, {x: text()}], a: text()}}),
    ...(maybe(0.2) && {languages: {fr: text(), en: [text(), text()]}}),
    ...(maybe(0.2) && {'prefix:term': value()}),
    ...(maybe(0.2) && {double: pick(NUMBERS)}),
    ...(maybe(0.3) && {any: pick([pick(NUMBERS), true, value(), [pick(NUMBERS), text()]])}),
  };
  const subject = {
    id: id(), type: ['AchievementSubject'], achievement, recipientNameDigest: text(),
    ...(maybe(0.5) && {creditsEarned: pick(NUMBERS)}),
    ...(maybe(0.5) && {identifier: [{type: 'IdentityObject', hashed: true, identityHash: 'sha256$00', identityType: 'emailAddress', salt: text()}]}),
    ...(maybe(0.3) && {activityStartDate: '2026-01-01T00:00:00Z'}),
    ...(maybe(0.3) && {result: [{type: ['Result'], resultDescription: id(), value: text()}]}),
  };
  const endorsement = {
    '@context': [VC, OB], type: ['VerifiableCredential', 'EndorsementCredential'], issuer: {id: id(), type: 'Profile', name: text()},
    validFrom: '2026-01-01T00:00:00Z', credentialSubject: {id: id(), type: ['EndorsementSubject'], endorsementComment: text()},
    proof: {type: 'DataIntegrityProof', cryptosuite: 'eddsa-rdfc-2022', created: '2026-01-01T00:00:00Z', verificationMethod: 'did:x:y#z', proofPurpose: 'assertionMethod', proofValue: 'zabc'},
  };
  return {
    '@context': [VC, OB, terms], id: id(), type: ['VerifiableCredential', 'OpenBadgeCredential'], name: value(),
    issuer: {id: id(), type: ['Profile'], name: text(), url: 'https://example.org'}, validFrom: '2026-01-01T00:00:00Z',
    awardedDate: '2026-01-01T00:00:00Z', credentialSubject: subject,
    ...(maybe(0.3) && {credentialStatus: {id: id(), type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: '12', statusListCredential: 'https://example.org/s'}}),
    ...(maybe(0.3) && {evidence: [{id: id(), type: ['Evidence'], narrative: text()}, {type: ['Evidence'], name: text()}]}),
    ...(maybe(0.2) && {endorsement: [endorsement]}),
    ...(maybe(0.03) && {unknownTerm: text()}),
  };
}

const KEYS = ['@id', '@type', '@value', '@language', '@list', '@set', '@context', 'id', 'type', 'a', 'b', 'c:d', 'p', 'x', 'a', 'b', 'p', 'x', 'a:', '_:b', 'http://e/x', 'p:x', 'name', 'q'];
const VALUES = ['@json', '@foo', 'http://e/', 'http://e/#', 'a', 'b', 'p:x', '_:b', '', 'relative', 'a:b', 'fr', 'T', 'x:z', true, false, 1, 1.5];
function anything(depth) {
  const kind = random();
  if(depth <= 0 || kind < 0.35) {
    return pick(VALUES);
  }
  return kind < 0.5 ? some(3, () => anything(depth - 1)) : object(depth);
}
function object(depth) {
  return Object.fromEntries(some(4, () => pick(KEYS)).map(key => [key, key === '@context' ? inlineContext() : anything(depth - 1)]));
}
function definition() {
  if(maybe(0.3)) {
    return pick(['http://e/x', 'http://e/p#', 'http://e/', 'p:y', 'x:y', 'a', 'relative']);
  }
  const container = maybe(0.4) && pick(['@set', '@list', '@language', '@graph', ['@set', '@graph'], ['@language', '@set']]);
  return {
    ...(maybe(0.9) && {'@id': pick(['http://e/x', 'p:y', 'http://e/y', 'x:y', 'http://e/p#'])}),
    ...(maybe(0.5) && {'@type': pick(['@id', '@vocab', '@json', '@none', 'http://e/datatype', 'p:datatype'])}),
    ...(container && {'@container': container}),
    ...(maybe(0.2) && {'@protected': true}),
    ...(maybe(0.2) && {'@prefix': maybe(0.5)}),
    // Not in graphs: jsonld.js applies a term's context twice there.
    ...(maybe(0.3) && !String(container).includes('@graph') && {'@context': inlineContext()}),
  };
}
function inlineContext() {
  const special = {id: '@id', type: '@type', '@vocab': pick(['http://v/', 'http://v/#', ''])};
  const terms = some(5, () => pick(['a', 'b', 'p', 'x', 'name', 'c:d', 'T', 'id', 'type', '@vocab', 'http://e/x', 'q']));
  const context = Object.fromEntries(terms.map(term => [term, special[term] ?? definition()]));
  return maybe(0.15) ? [VC, context] : context;
}

for(let number = 0; number < Number(process.argv[3]); number++) {
  const document = number % 2 ? badge() : {...object(4), '@context': inlineContext(), a: anything(3)};
  const answer = {document};
  try {
    answer.canonical = await jsonld.canonize(document, {algorithm: 'RDFC-1.0', format: 'application/n-quads', safe: true, documentLoader});
  } catch(error) {
    answer.error = String(error.details?.event?.code ?? error.message);
  }
  console.log(JSON.stringify(answer));
}
