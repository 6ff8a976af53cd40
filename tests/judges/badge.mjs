// The badge of a school that is not ours, unsigned: what peers sign, and what an instance of ours is asked to.

export function badge(issuer, {id, home}) {
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2', 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json'],
    id,
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    name: 'Premiers secours',
    issuer: {id: issuer, type: ['Profile'], name: 'École d’à côté', url: home},
    validFrom: '2026-03-02T10:00:00Z',
    awardedDate: '2026-03-02T10:00:00Z',
    credentialSubject: {
      id: 'urn:uuid:1b7f3c52-9a0d-4b8e-8c2f-6d5e4a3b2c1d',
      type: ['AchievementSubject'],
      identifier: [{
        type: 'IdentityObject', hashed: true, identityType: 'emailAddress', salt: '9f86d081884c7d65',
        identityHash: 'sha256$0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9'
      }],
      achievement: {
        id: `${home}/achievements/secours`,
        type: ['Achievement'],
        achievementType: 'Course',
        name: 'Premiers secours',
        description: 'Alerter, protéger, secourir : « une demi-journée ».',
        criteria: {narrative: 'Réussir les *trois* mises en situation.'},
        alignment: [{type: ['Alignment'], targetName: 'PSC1', targetUrl: `${home}/psc1`}]
      }
    }
  };
}
