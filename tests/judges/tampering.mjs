// Ways to tamper with an issued credential. A judge must refuse every copy.

/** Each entry: what was done, and a function that edits a copy; it returns false where the credential has nothing to edit. */
export const TAMPERINGS = [
  ['title changed', c => edit(c.credentialSubject.achievement, 'name', v => `${v} (avancé)`)],
  ['description changed', c => edit(c.credentialSubject.achievement, 'description', v => `${v} `)],
  ['criteria changed', c => edit(c.credentialSubject.achievement.criteria ?? {}, 'narrative', () => 'Aucun critère.')],
  ['duration changed', c => edit(c.credentialSubject.result?.[0] ?? {}, 'value', () => 'PT999H')],
  ['objective changed', c => edit(objective(c) ?? {}, 'targetName', () => 'Piloter un avion de ligne')],
  ['objective made a competency', c => drop(objective(c) ?? {}, 'targetType')],
  ['recipient commitment changed', c => edit(committedName(c) ?? {}, 'identityHash', v => flip(v, v.length - 4))],
  ['refresh service changed', c => edit(c.refreshService ?? {}, 'id', () => 'https://example.org/credentials/1/current')],
  ['competency removed', c => drop(c.credentialSubject.achievement, 'alignment')],
  ['award date changed', c => edit(c, 'awardedDate', () => '2001-01-01T00:00:00Z')],
  ['validity start changed', c => edit(c, 'validFrom', () => '2001-01-01T00:00:00Z')],
  ['identifier removed', c => drop(c.credentialSubject, 'identifier')],
  ['identifier of somebody else', c => edit(c.credentialSubject.identifier?.[0] ?? {}, 'identityHash', v => flip(v, 8))],
  ['subject id changed', c => edit(c.credentialSubject, 'id', () => 'urn:uuid:00000000-0000-4000-8000-000000000000')],
  ['credential id changed', c => edit(c, 'id', v => flip(v, v.length - 1))],
  ['issuer renamed', c => edit(c.issuer, 'name', () => 'Ministère de la Magie')],
  ['issuer swapped', c => edit(c.issuer, 'id', () => 'did:web:example.org:issuers:stranger')],
  ['status removed', c => drop(c, 'credentialStatus')],
  ['status index changed', c => edit(c.credentialStatus ?? {}, 'statusListIndex', v => String((Number(v) + 1) % 131072))],
  ['unknown term added', c => edit(c.credentialSubject, 'frobnicated', () => 'yes', true)],
  ['known term added', c => edit(c.credentialSubject, 'role', () => 'Directeur', true)],
  // An eddsa-jcs-2022 proof names the contexts that it covers; more may follow them (vc-di-eddsa §3.3.2).
  ['unknown context added', c => !('@context' in proof(c)) && c['@context'].push('https://example.org/unknown-context.json') > 0],
  ['Open Badges context removed', c => c['@context'].splice(1, 1).length > 0],
  ['own term added with its context', c => c['@context'].push({frobnicated: 'https://example.org/frobnicated'}) > 0 &&
    edit(c.credentialSubject, 'frobnicated', () => 'yes', true)],
  ['inline term mapped elsewhere', c => remap(c['@context'])],
  ['proof value flipped', c => edit(proof(c), 'proofValue', v => flip(v, 20))],
  ['suite changed', c => edit(proof(c), 'cryptosuite', v => v === 'eddsa-jcs-2022' ? 'eddsa-rdfc-2022' : 'eddsa-jcs-2022')],
  ['proof date changed', c => edit(proof(c), 'created', () => '2001-01-01T00:00:00Z')],
  ['proof purpose changed', c => edit(proof(c), 'proofPurpose', () => 'authentication')],
  ['key of an unknown method', c => edit(proof(c), 'verificationMethod', v => `${v}x`)],
  ['proof removed', c => drop(c, 'proof')]
];

const proof = credential => [credential.proof].flat()[0];
const objective = ({credentialSubject: {achievement}}) =>
  achievement.alignment?.find(({targetType}) => targetType === 'ext:LearningObjective');
const committedName = ({credentialSubject}) =>
  credentialSubject.identifier?.find(({identityType}) => identityType === 'ext:CommittedName');

function edit(object, key, change, create = false) {
  if(!(key in object) && !create) {
    return false;
  }
  object[key] = change(object[key]);
  return true;
}

function drop(object, key) {
  return key in object && delete object[key];
}

/** Another character of the same kind at this place: a digit, or a letter that base58 and hexadecimal know too. */
function flip(text, at) {
  const other = text[at] === '2' ? '3' : '2';
  return text.slice(0, at) + other + text.slice(at + 1);
}

function remap(contexts) {
  const inline = contexts.find(context => typeof context === 'object');
  const term = inline && Object.keys(inline).find(name => !name.startsWith('@'));
  if(!term) {
    return false;
  }
  const iri = 'https://example.org/other-meaning';
  inline[term] = typeof inline[term] === 'object' ? {...inline[term], '@id': iri} : iri;
  return true;
}
