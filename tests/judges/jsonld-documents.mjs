// Generates documents for the differential test: each kind leans on other parts of JSON-LD. Most are meant to be accepted, some are wrong
// on purpose, and which is which nobody says: two implementations must find the same.

// A seeded generator (splitmix32), so that a failure can be repeated.
let state = 0;

export function seed(number) {
  state = number;
}

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
const VC_1_1 = 'https://www.w3.org/2018/credentials/v1';
const DATA_INTEGRITY = 'https://w3id.org/security/data-integrity/v2';
const OB = 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json';
const TEXTS = ['Écouter', 'a "quoted" \\ text', 'line\nbreak\ttab', '😀', '', '  spaces ', '\u0001\u007f\u0080', '@Home', 'a:b', '\u2028', 'e\u0301', '_:b1', 'שלום', '\ud83d\udc69\u200d\ud83d\ude92', '\u{10ffff}', '\u00a0\u202f', '\ufeff'];
const GOOD_IDS = ['urn:uuid:0f6b2c1e-7a39-4a0b-9b0c-5d1f3f0a7e11', 'https://example.org/é?x=1#y', 'did:web:localhost%3A8080:issuers:x', '_:b0', '_:zz', 'data:image/png;base64,AAAA', 'x:y', 'https://例え.example/😀', 'urn:élan:1'];
const BAD_IDS = ['relative', '#fragment', 'https://example.org/a b', 'https://example.org/%zz', '@foo', 'https://example.org/x|y', ''];
const NUMBERS = [1, 0, -3, 1.5, 0.1, 100, 9007199254740991, 1e-5, 0.000001, 123.456, 1e15, 99999999999.5, 2.5e-6, -0.75];
// Quads are sorted by code points; jsonld.js sorts by UTF-16, where U+1F600 comes before U+FEFF. A document has one or the other.
const BEYOND_SURROGATES = /[\ue000-\uffff]/;
const ASTRAL = /[\u{10000}-\u{10ffff}]/u;
let texts = TEXTS;
const text = () => pick(texts);
const id = () => pick(maybe(0.97) ? GOOD_IDS : BAD_IDS);
const value = () => maybe(0.7) ? text() : pick([
  {'@value': text(), '@language': pick(['fr', 'fr-fr', 'de-ch-1996'])}, {'@value': text()}, [text(), text()], {'@value': true},
  {'@value': text(), '@type': 'https://example.org/datatype'}, {'@value': pick(NUMBERS)}, {'@set': [text(), text()]}, {'@list': [text()]},
]);

/** Open Badges credentials with odd values. */
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

// ── Anything: arbitrary documents under arbitrary inline contexts, most of them wrong ──────────────────────────────

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

// ── Shapes: nodes under one to three inline contexts that use each kind of definition ───────────────────────────────

const E = 'https://example.org/';
const XSD = 'http://www.w3.org/2001/XMLSchema#';
const LANGUAGES = ['fr', 'en', 'fr-ca', 'zh-hant', 'de-ch-1996', 'x-private'];
const language = () => pick(maybe(0.97) ? LANGUAGES : ['FR', 'fr_fr', 'français']);

/** Terms by the kind of value that they take. A later context may define some of them again, elsewhere. */
const definitions = base => ({
  plain: `${base}plain`, élan: {'@id': `${base}élan`}, '名': `${base}名`,
  languages: {'@id': `${base}languages`, '@container': '@language'},
  languageSets: {'@id': `${base}languageSets`, '@container': ['@language', '@set']},
  french: {'@id': `${base}french`, '@language': 'fr'},
  json: {'@id': `${base}json`, '@type': '@json'},
  list: {'@id': `${base}list`, '@container': '@list'},
  references: {'@id': `${base}references`, '@type': '@id', '@container': '@list'},
  set: {'@id': `${base}set`, '@container': '@set'},
  graph: {'@id': `${base}graph`, '@container': '@graph'},
  graphs: {'@id': `${base}graphs`, '@container': ['@graph', '@set']},
  reference: {'@id': `${base}reference`, '@type': '@id'},
  word: {'@id': `${base}word`, '@type': '@vocab'},
  integer: {'@id': `${base}integer`, '@type': `${XSD}integer`}, double: {'@id': `${base}double`, '@type': `${XSD}double`},
  date: {'@id': `${base}date`, '@type': `${XSD}date`}, none: {'@id': `${base}none`, '@type': '@none'},
  ex: {'@id': `${base}ex#`, '@prefix': true}, Kind: 'ex:Kind', Other: {'@id': 'ex:Other', '@protected': maybe(0.2)},
});

function shapes() {
  const contexts = [{id: '@id', type: '@type', ...definitions(E), ...(maybe(0.1) && {'@language': 'en'}), ...(maybe(0.1) && {'@vocab': `${E}vocabulary#`})}];
  for(const base of [`${E}again/`, `${E}and/again/`].slice(0, Math.floor(random() * 3))) {
    contexts.push(Object.fromEntries(Object.entries(definitions(base)).filter(([term]) => term !== 'ex' && maybe(0.3))));
  }
  if(maybe(0.2)) {
    contexts.unshift(pick([VC, [VC, OB]]));
  }
  if(maybe(0.05)) {
    contexts.push(pick([null, {plain: null}, {alias: '@id'}, {'@base': E}, {back: {'@reverse': `${E}back`}}, {indexed: {'@id': `${E}i`, '@container': '@index'}}]));
  }
  return {'@context': contexts.flat(), ...shape(3), plain: text()};
}

function shape(depth) {
  const nested = () => depth > 0 ? shape(depth - 1) : text();
  const makers = {
    plain: () => pick([text(), number(), value(), nested()]), élan: text, '名': () => [text(), nested()],
    languages: () => Object.fromEntries(some(3, () => [language(), pick([text(), [text(), text()]])])),
    languageSets: () => ({[language()]: [text()], ...(maybe(0.3) && {[language()]: text()})}),
    french: () => pick([text(), [text(), {'@value': text(), '@language': language()}]]), json: () => literal(3),
    list: () => pick([some(3, nested), [text(), [text(), nested()]], text(), []]), references: () => some(3, id), set: () => some(3, text),
    graph: () => pick([shape(0), [shape(0), shape(0)], nested()]), graphs: () => Array.from({length: 1 + Math.floor(random() * 2)}, () => shape(Math.max(depth - 1, 0))),
    reference: () => pick([id(), blank(), [id(), blank()], {id: id(), plain: text()}]), word: () => pick(['Kind', 'ex:Kind', id(), 'plain']),
    integer: () => pick([number(), text(), '12']),
    double: number, // and no text: jsonld.js rewrites one that is coerced to xsd:double, the recommendation doesn't (JSON-LD API §8.2.2)
    date: () => '2026-01-01',
    none: () => pick([text(), {'@value': text(), '@type': `${XSD}token`}, true]),
    type: () => pick(['Kind', ['Kind', 'Other'], ['ex:Third', 'Kind'], `${E}Absolute`]), id: () => pick([id(), blank()]),
    ...(maybe(0.05) && {unknown: text, 'ex:compact': text, '@included': () => ({plain: text()})}),
  };
  const names = Object.keys(makers);
  return Object.fromEntries(Array.from({length: 1 + Math.floor(random() * 5)}, () => pick(names)).map(name => [name, makers[name]()]));
}

const blank = () => `_:${pick(['a', 'b', 'c', 'd'])}`;
const number = () => pick(maybe(0.95) ? NUMBERS : [1e21, 1e-7, 9007199254740993, 0.1 + 0.2]);

/** A JSON literal: any JSON, whose keys sort by UTF-16 and whose numbers are written as ECMAScript does (RFC 8785). */
function literal(depth) {
  if(depth === 0 || maybe(0.3)) {
    return pick([text(), pick(NUMBERS), true, false, 4.5, 333333333.3333333, 2e-3, '\u000f\n\r\t\b\f"\\/']);
  }
  return maybe(0.4) ? some(3, () => literal(depth - 1)) :
    Object.fromEntries(some(4, () => [pick(['a', 'b', '', 'é', '\ufb33', '😀', '\r', '1', '@id', 'a b', '\u0080']), literal(depth - 1)]));
}

// ── Blank nodes: shared, in rings and in twins, so that first-degree hashes collide ─────────────────────────────────

function blanks() {
  const labels = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, 2 + Math.floor(random() * 5));
  const labelled = name => `_:${name}`;
  const nodes = labels.map((name, index) => ({
    '@id': labelled(name),
    knows: pick([
      [labelled(labels[(index + 1) % labels.length])], [labelled(pick(labels)), labelled(pick(labels))], labels.map(labelled),
      [{knows: labelled(pick(labels))}], [labelled(pick(labels)), `${E}somebody`]
    ]),
    ...(maybe(0.3) && {says: pick(['same', 'same', 'other'])}),
    ...(maybe(0.1) && {world: {'@id': labelled(pick(labels)), says: 'inside', knows: labelled(pick(labels))}}),
  }));
  const context = {
    knows: {'@id': `${E}knows`, '@type': '@id'}, says: `${E}says`, members: `${E}members`, order: {'@id': `${E}order`, '@container': '@list', '@type': '@id'},
    world: {'@id': `${E}world`, '@container': '@graph'}
  };
  return {'@context': pick([context, [VC, context], [context, {more: `${E}more`}]]), members: nodes, ...(maybe(0.3) && {order: labels.map(labelled)})};
}

// ── Verifiable credentials and presentations of both data models ────────────────────────────────────────────────────

const date = () => pick(['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5+01:00']);
const proof = () => ({
  type: 'DataIntegrityProof', cryptosuite: 'eddsa-rdfc-2022', created: date(), verificationMethod: 'did:x:y#z',
  proofPurpose: pick(['assertionMethod', 'authentication']), proofValue: 'zabc', ...(maybe(0.2) && {challenge: text(), domain: text()}),
  ...(maybe(0.2) && {previousProof: pick(['urn:uuid:0f6b2c1e-7a39-4a0b-9b0c-5d1f3f0a7e11', ['urn:a:1', 'urn:a:2']])}),
});

function credentialOf(model) {
  const own = {degree: `${E}degree`, level: {'@id': `${E}level`, '@type': `${XSD}integer`}};
  const second = {skills: {'@id': `${E}skills`, '@container': '@set'}};
  const subject = () => ({id: id(), degree: pick([text(), {degree: text(), level: pick(NUMBERS)}]), ...(maybe(0.5) && {level: pick([1, 2, '3'])}), ...(maybe(0.4) && {skills: some(2, text)})});
  const typed = (type, more) => ({id: id(), type, ...more});
  const common = {
    id: id(), type: pick(['VerifiableCredential', ['VerifiableCredential']]), issuer: pick([id(), {id: id()}]),
    credentialSubject: pick([subject(), [subject(), subject()]]),
    ...(maybe(0.3) && {proof: pick([proof(), [proof(), proof()]])}),
    ...(maybe(0.3) && {evidence: [typed(`${E}Evidence`, {degree: text()})]}),
    ...(maybe(0.2) && {termsOfUse: typed(`${E}Policy`, {degree: text()})}),
  };
  if(model === '1.1') {
    return {
      '@context': [VC_1_1, ...(maybe(0.7) ? [DATA_INTEGRITY] : []), own, second], ...common, issuanceDate: date(),
      ...(maybe(0.3) && {expirationDate: date()}), ...(maybe(0.1) && {validFrom: date()}),
      ...(maybe(0.2) && {credentialSchema: typed('JsonSchemaValidator2018', {})}),
      ...(maybe(0.2) && {refreshService: typed('ManualRefreshService2018', {})}),
      ...(maybe(0.05) && {name: text()}),
    };
  }
  return {
    '@context': pick([[VC, own, second], [VC, DATA_INTEGRITY, {...own, ...second}], [VC, OB, own, second]]), ...common, validFrom: date(),
    ...(maybe(0.3) && {name: pick([text(), {'@value': text(), '@language': language()}, [{'@value': text(), '@language': 'fr'}, {'@value': text(), '@language': 'en'}]])}),
    ...(maybe(0.2) && {description: {'@value': text(), '@language': language(), ...(maybe(0.4) && {'@direction': pick(['rtl', 'ltr'])})}}),
    ...(maybe(0.2) && {relatedResource: [{id: id(), digestSRI: text(), mediaType: 'text/plain'}]}),
    ...(maybe(0.2) && {credentialSchema: typed(pick(['JsonSchema', 'JsonSchemaCredential']), {digestSRI: text()})}),
    ...(maybe(0.2) && {credentialStatus: {type: 'BitstringStatusListEntry', statusPurpose: 'message', statusListIndex: '1', statusListCredential: `${E}s`, statusSize: 2, statusMessage: [{status: '0x0', message: text()}]}}),
    ...(maybe(0.05) && {issuanceDate: date()}),
  };
}

function verifiable() {
  const model = pick(['1.1', '2.0']);
  if(maybe(0.6)) {
    return credentialOf(model);
  }
  const enveloped = {'@context': VC, id: 'data:application/vc+jwt,eyJ.eyJ.abc', type: 'EnvelopedVerifiableCredential'};
  return {
    '@context': model === '1.1' ? [VC_1_1, DATA_INTEGRITY] : [VC], type: 'VerifiablePresentation', holder: pick([id(), {id: id()}]), proof: proof(),
    verifiableCredential: some(2, () => model === '2.0' && maybe(0.3) ? enveloped : credentialOf(model)), ...(maybe(0.5) && {id: id()})
  };
}

const KINDS = {
  badge, shapes, blanks, verifiable,
  anything: () => ({...object(4), '@context': inlineContext(), a: anything(3)})
};

/** The document of that number, and its kind. */
export function document(index) {
  const kinds = Object.keys(KINDS);
  const kind = kinds[index % kinds.length];
  const avoided = maybe(0.5) ? BEYOND_SURROGATES : ASTRAL;
  texts = TEXTS.filter(candidate => !avoided.test(candidate));
  return {kind, document: KINDS[kind]()};
}
