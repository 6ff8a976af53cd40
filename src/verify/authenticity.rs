//! Whether the one who is named signed: the proof over the content, and the key's right to speak for `issuer.id`, or for the holder
//! of a presentation.

use serde_json::Value;

use super::materials::Materials;
use super::presented::{Secured, Securing};
use super::reason::Reason;
use super::report::{Check, CheckCode, Outcome, Trust};
use super::{Need, NeedKind, Question};
use crate::json::items;
use crate::jsonld::JsonLdError;
use crate::proof::data_integrity::{self, MAX_PROOFS, ProofError, Suite};
use crate::proof::did::{self, BoundKey, DidError, Relationship, absolute, without_fragment};
use crate::proof::jwt::{self, Jws, JwtError};
use crate::proof::key::PublicKey;
use crate::time::Timestamp;

/// Clocks differ by so many seconds.
pub(super) const LENIENCY_SECONDS: i64 = 60;

/// The two checks, and how far the signer is known.
#[derive(Debug, Clone)]
pub(super) struct Authenticity {
    pub proof: Check,
    pub key: Check,
    pub trust: Option<Trust>,
}

/// What was said about one proof, before it becomes a check.
#[derive(Debug, Clone)]
struct Said(Outcome, Reason, Option<String>);

impl Said {
    fn pass(reason: Reason) -> Self {
        Self(Outcome::Pass, reason, None)
    }

    fn fail(reason: Reason, detail: impl std::fmt::Display) -> Self {
        Self(Outcome::Fail, reason, Some(detail.to_string()))
    }

    fn open(reason: Reason, detail: impl std::fmt::Display) -> Self {
        Self(Outcome::NotChecked, reason, Some(detail.to_string()))
    }

    fn check(self, code: CheckCode) -> Check {
        let check = Check::new(code, self.0, self.1);
        match self.2 {
            Some(detail) => check.with(detail),
            None => check,
        }
    }
}

/// One proof, judged.
struct Judged {
    proof: Said,
    key: Said,
    // Whether it is of the one who should have signed, rather than a countersignature.
    of_controller: bool,
    trust: Option<Trust>,
}

impl Judged {
    /// Refused before its key was looked at.
    fn refused(said: Said) -> Self {
        Self { proof: said, key: Said(Outcome::NotChecked, Reason::Pointless, None), of_controller: true, trust: None }
    }
}

impl Authenticity {
    /// Whether both checks hold, with or without a reservation.
    pub fn holds(&self) -> bool {
        [&self.proof, &self.key].into_iter().all(|check| matches!(check.outcome, Outcome::Pass | Outcome::Warn))
    }

    fn only_proof(proof: Said) -> Self {
        Self { proof: proof.check(CheckCode::Proof), key: Check::pointless(CheckCode::IssuerKey), trust: None }
    }
}

/// The documents that the keys are found in.
pub(super) fn needs(secured: &Secured) -> Vec<Need> {
    let mut needs = Vec::new();
    for method in methods(secured) {
        let controller = responsible(secured, &method);
        for id in did::documents_needed(&controller, &method) {
            let kind = if id == controller { NeedKind::Controller } else { NeedKind::Key };
            needs.push(Need { id, kind });
        }
    }
    if let (Securing::Token(jws), Some(controller)) = (&secured.by, secured.controller())
        && jws.key_id.is_none()
        && jws.embedded.is_some()
        && !controller.starts_with("did:key:")
    {
        needs.push(Need { id: controller.to_owned(), kind: NeedKind::Controller });
    }
    needs.sort();
    needs.dedup();
    needs
}

/// The addresses of the keys, made absolute.
fn methods(secured: &Secured) -> Vec<String> {
    let controller = secured.controller().unwrap_or_default();
    let mut methods: Vec<String> = secured.methods().into_iter().map(|method| absolute(method, controller)).collect();
    if let Securing::Token(jws) = &secured.by
        && jws.key_id.is_none()
        && controller.starts_with("did:key:")
    {
        methods.push(controller.to_owned());
    }
    methods
}

/// Who must vouch for a key: the issuer or holder; of a presentation without holder, or a countersignature among several proofs, the
/// one whose DID the key's own is.
fn responsible(secured: &Secured, method: &str) -> String {
    let own = without_fragment(method);
    match secured.controller() {
        Some(controller) if !is_countersignature(secured, method) => controller.to_owned(),
        _ => own.to_owned(),
    }
}

/// Among several proofs, those by keys of other DIDs than the issuer's.
fn is_countersignature(secured: &Secured, method: &str) -> bool {
    let Securing::Proofs(proofs) = &secured.by else { return false };
    let controller = secured.controller().unwrap_or_default();
    let of_controller = |proof: &Value| {
        proof
            .get("verificationMethod")
            .and_then(Value::as_str)
            .is_some_and(|method| without_fragment(method) == controller)
    };
    method.starts_with("did:") && without_fragment(method) != controller && proofs.iter().any(of_controller)
}

/// Judges the proof or proofs of a document, and its key's right to speak.
pub(super) fn judge(secured: &Secured, materials: &Materials, question: &Question) -> Authenticity {
    match &secured.by {
        // Whoever takes the proof off must not get around what it answers.
        Securing::Nothing if secured.is_presentation() => Authenticity::only_proof(
            answers(question, None, &[]).unwrap_or(Said(Outcome::NotChecked, Reason::PresentationUnsigned, None)),
        ),
        Securing::Nothing => Authenticity::only_proof(Said(Outcome::Fail, Reason::ProofMissing, None)),
        Securing::Unreadable(error) => Authenticity::only_proof(Said::fail(Reason::ProofMalformed, error)),
        Securing::Token(jws) => combine(vec![judge_token(secured, jws, materials, question)]),
        Securing::Proofs(proofs) if proofs.len() > MAX_PROOFS => {
            Authenticity::only_proof(Said::fail(Reason::TooManyProofs, proofs.len()))
        }
        Securing::Proofs(proofs) => {
            let (mut judged, mut canonical) = (Vec::new(), None);
            for proof in proofs {
                judged.push(judge_proof(secured, proofs, proof, &mut canonical, materials, question));
                // One that does not hold decides; judging the others would only take time.
                if judged.last().is_some_and(|last| last.proof.0 == Outcome::Fail) {
                    break;
                }
            }
            combine(judged)
        }
    }
}

/// Every proof must verify, by a key that may speak (VC Data Integrity 1.0 §4.5). What cannot be judged of one among several is a
/// reservation, where the issuer's own holds.
fn combine(mut judged: Vec<Judged>) -> Authenticity {
    let several = judged.len() > 1;
    let failed = judged.iter().position(|one| one.proof.0 == Outcome::Fail || one.key.0 == Outcome::Fail);
    if let Some(failed) = failed {
        let failed = judged.swap_remove(failed);
        return Authenticity {
            proof: failed.proof.check(CheckCode::Proof),
            key: failed.key.check(CheckCode::IssuerKey),
            trust: None,
        };
    }
    // The issuer's own proof that holds comes before one that could not be checked, and before a countersignature.
    judged.sort_by_key(|one| (!one.of_controller, one.key.0, one.proof.0));
    let open = judged.iter().any(|one| one.proof.0 != Outcome::Pass || one.key.0 == Outcome::NotChecked);
    let mut judged = judged.into_iter();
    let Some(first) = judged.next() else {
        return Authenticity::only_proof(Said(Outcome::Fail, Reason::ProofMissing, None));
    };
    let holds = first.of_controller && first.proof.0 == Outcome::Pass;
    let proof = match (holds, several, open) {
        (true, true, true) => Said(Outcome::Warn, Reason::SomeProofsNotChecked, None),
        (true, true, false) => Said::pass(Reason::SignaturesValid),
        _ => first.proof,
    };
    Authenticity {
        proof: proof.check(CheckCode::Proof),
        key: first.key.check(CheckCode::IssuerKey),
        trust: first.trust,
    }
}

/// One embedded proof.
fn judge_proof(
    secured: &Secured,
    proofs: &[Value],
    proof: &Value,
    canonical: &mut Option<Result<String, JsonLdError>>,
    materials: &Materials,
    question: &Question,
) -> Judged {
    let parsed = match data_integrity::parse(proof) {
        Ok(parsed) => parsed,
        Err(ProofError::UnsupportedSuite(name)) => return Judged::refused(Said::open(Reason::SuiteNotSupported, name)),
        Err(error) => return Judged::refused(Said::fail(Reason::ProofMalformed, error)),
    };
    let moment = |text: &Option<String>| text.as_deref().and_then(|text| Timestamp::from_date_time_stamp(text).ok());
    if parsed.expires.is_some() && moment(&parsed.expires).is_none_or(|end| end <= question.now) {
        return Judged::refused(Said(Outcome::Fail, Reason::ProofExpired, parsed.expires));
    }
    if moment(&parsed.created).is_some_and(|made| made > question.now.plus_seconds(LENIENCY_SECONDS)) {
        return Judged::refused(Said(Outcome::Fail, Reason::ProofFromTheFuture, parsed.created));
    }
    let relationship = relationship(secured);
    if parsed.purpose != relationship.name() {
        return Judged::refused(Said::fail(Reason::WrongPurpose, &parsed.purpose));
    }
    if let Some(said) = answers(question, parsed.challenge.as_deref(), &parsed.domain) {
        return Judged::refused(said);
    }
    let method = absolute(&parsed.verification_method, secured.controller().unwrap_or_default());
    let of_controller = !is_countersignature(secured, &method);
    let (key, bound, trust) = judge_key(secured, &method, relationship, materials, question);
    let proof = match &bound {
        None => Said(Outcome::NotChecked, Reason::Pointless, None),
        Some(bound) => match data_integrity::verify_among(&secured.document, proofs, proof, &bound.public, canonical) {
            Ok(()) => Said::pass(Reason::SignatureValid),
            Err(error) => why_not(parsed.suite, &error),
        },
    };
    Judged { proof, key, of_controller, trust }
}

/// What is wrong with the challenge that a proof answers and the domains that it is meant for, where some were asked for (VC Data
/// Integrity 1.0 §4.4): they are the ones asked for, no more and no fewer. A proof that could be shown to others too is no answer.
fn answers(question: &Question, challenge: Option<&str>, domains: &[String]) -> Option<Said> {
    if let Some(asked) = &question.challenge
        && challenge != Some(asked)
    {
        return Some(Said::fail(Reason::ChallengeMismatch, challenge.unwrap_or("none")));
    }
    let asked = question.domain.as_ref()?;
    let same = !domains.is_empty() && domains.iter().all(|domain| domain == asked);
    (!same).then(|| {
        Said::fail(Reason::DomainMismatch, if domains.is_empty() { "none".into() } else { domains.join(", ") })
    })
}

fn relationship(secured: &Secured) -> Relationship {
    if secured.is_presentation() { Relationship::Authentication } else { Relationship::Assertion }
}

/// A token.
fn judge_token(secured: &Secured, jws: &Jws, materials: &Materials, question: &Question) -> Judged {
    if jws.algorithm.starts_with("HS") {
        // Whoever can verify such a token could have made it.
        return Judged::refused(Said::fail(Reason::KeyKindMismatch, format!("{} is symmetric", jws.algorithm)));
    }
    if let Err(error) = jws.check_algorithm() {
        return Judged::refused(Said::open(Reason::SuiteNotSupported, error));
    }
    if !type_fits(jws.kind.as_deref(), secured.is_presentation()) {
        return Judged::refused(Said::fail(Reason::JwtTypeMismatch, jws.kind.as_deref().unwrap_or("none")));
    }
    let methods = methods(secured);
    let listed = jws.embedded.as_ref().and_then(|jwk| method_of(jwk, secured, materials));
    let Some(method) = methods.first().or(listed.as_ref()) else {
        let controller = secured.controller().unwrap_or_default();
        return Judged::refused(match &jws.embedded {
            Some(_) if materials.found(controller).is_none() && !controller.starts_with("did:key:") => {
                Said::open(Reason::KeyUnavailable, format!("{controller}: {}", materials.why_missing(controller)))
            }
            Some(_) => Said::fail(Reason::EmbeddedKey, "jwk without kid, and the issuer does not publish this key"),
            None => Said::fail(Reason::JwtMalformed, "it has no kid"),
        });
    };
    if let Err(error) = jws.check_claims() {
        return Judged::refused(Said::fail(Reason::ClaimMismatch, error));
    }
    if let Some(said) = answers(question, jws.payload.get("nonce").and_then(Value::as_str), &audience(jws)) {
        return Judged::refused(said);
    }
    let (key, bound, trust) = judge_key(secured, method, relationship(secured), materials, question);
    let proof = match &bound {
        None => Said(Outcome::NotChecked, Reason::Pointless, None),
        Some(bound) => match (jws.verify(&bound.public), &jws.embedded) {
            (Ok(()), Some(jwk)) if PublicKey::from_jwk(jwk).as_ref() != Ok(&bound.public) => {
                Said::fail(Reason::EmbeddedKey, "the embedded key is another than kid names")
            }
            (Ok(()), _) => Said::pass(Reason::SignatureValid),
            (Err(JwtError::KeyKind), _) => Said::fail(Reason::KeyKindMismatch, &jws.algorithm),
            (Err(error), _) => Said::fail(Reason::SignatureMismatch, error),
        },
    };
    Judged { proof, key, of_controller: true, trust }
}

/// Whom a token is meant for (RFC 7519 §4.1.3).
fn audience(jws: &Jws) -> Vec<String> {
    items(jws.payload.get("aud"))
        .iter()
        .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
        .collect()
}

/// The method under which the issuer itself publishes a key that a token brings along: then it is the issuer's, whoever says so.
fn method_of(jwk: &Value, secured: &Secured, materials: &Materials) -> Option<String> {
    let (embedded, controller) = (PublicKey::from_jwk(jwk).ok()?, secured.controller()?);
    let relationship = relationship(secured);
    did::methods_listed(materials.found(controller)?, relationship).into_iter().find(|method| {
        let key = did::key_for(controller, method, relationship, |id| materials.found(id));
        matches!(key, Ok(Some(key)) if key.public == embedded)
    })
}

/// Whether a token's `typ`, if it has one, is one under which credentials, or presentations, are signed (JOSE and COSE §6; the
/// names in use before them).
fn type_fits(kind: Option<&str>, presentation: bool) -> bool {
    let Some(kind) = kind else { return true };
    let kind = kind.to_ascii_lowercase();
    let kind = kind.strip_prefix("application/").unwrap_or(&kind);
    let specific = if presentation {
        [jwt::PRESENTATION_TYPE, "vp+ld+jwt", "vp+ld+json+jwt"]
    } else {
        [jwt::CREDENTIAL_TYPE, "vc+ld+jwt", "vc+ld+json+jwt"]
    };
    kind == "jwt" || specific.contains(&kind)
}

/// Whether the key may speak, the key to verify with where it is known, and how far its owner is.
fn judge_key(
    secured: &Secured,
    method: &str,
    relationship: Relationship,
    materials: &Materials,
    question: &Question,
) -> (Said, Option<BoundKey>, Option<Trust>) {
    let controller = responsible(secured, method);
    let found = did::key_for(&controller, method, relationship, |id| materials.found(id));
    let supplied = materials.trust(&controller) == Some(Trust::Supplied);
    let bound = match found {
        Ok(Some(bound)) => bound,
        Ok(None) => {
            let why = materials.why_missing(&controller);
            return (Said::open(Reason::KeyUnavailable, format!("{controller}: {why}")), None, None);
        }
        Err(error) => {
            let said = match &error {
                DidError::Foreign { .. } => Said::fail(Reason::ForeignKey, &error),
                DidError::NotListed(_) => Said::fail(Reason::KeyNotListed, &error),
                DidError::Unusable { .. } => Said::fail(Reason::KeyUnusable, &error),
                // Whoever asked supplied the wrong document: that says nothing about the badge.
                DidError::OtherSubject(_) if supplied => Said::open(Reason::WrongDocument, &error),
                DidError::OtherSubject(_) => Said::fail(Reason::KeyUnusable, &error),
                DidError::UnsupportedMethod(_) => Said::open(Reason::IdentifierNotSupported, &error),
                DidError::Malformed(_) => Said::fail(Reason::IdentifierMalformed, &error),
            };
            return (said, None, None);
        }
    };
    let trust = if controller.starts_with("did:key:") {
        Some(Trust::SelfAsserted)
    } else {
        materials.trust(&controller).or_else(|| materials.trust(without_fragment(method)))
    };
    let said = if bound.revoked.is_some_and(|since| since <= question.now) {
        // Never because of `created`: whoever holds a stolen key chooses it.
        if is_logged(secured, materials) {
            Said(Outcome::Warn, Reason::KeyRevokedButLogged, None)
        } else {
            Said::fail(Reason::KeyRevoked, method)
        }
    } else if bound.expires.is_some_and(|end| end <= question.now) {
        Said::fail(Reason::KeyExpired, method)
    } else if secured.is_presentation() {
        Said::pass(Reason::KeyOfHolder)
    } else if trust == Some(Trust::SelfAsserted) {
        Said(Outcome::Warn, Reason::SelfAsserted, None)
    } else {
        Said::pass(Reason::KeyOfIssuer)
    };
    (said, Some(bound), trust)
}

/// Whether our own signing log holds this document, whatever its layout.
fn is_logged(secured: &Secured, materials: &Materials) -> bool {
    let own = secured.document.get("id").and_then(Value::as_str).and_then(|id| materials.own(id));
    own.is_some_and(|own| {
        own.signed.iter().any(|signed| match &secured.original {
            Value::String(token) => token == signed,
            document => serde_json::from_str::<Value>(signed).is_ok_and(|logged| logged == *document),
        })
    })
}

fn why_not(suite: Suite, error: &ProofError) -> Said {
    let reason = match error {
        ProofError::Signature => Reason::SignatureMismatch,
        ProofError::ContextMismatch => Reason::ContextMismatch,
        ProofError::MissingPrevious(_) => Reason::PreviousProofMissing,
        ProofError::KeyKind => return Said::fail(Reason::KeyKindMismatch, suite.name()),
        ProofError::Document(error) | ProofError::Options(error) => why_not_canonical(error),
        ProofError::Member { .. } | ProofError::UnsupportedSuite(_) => Reason::ProofMalformed,
        ProofError::NotAnObject | ProofError::Json(_) | ProofError::Signing(_) => Reason::NotCanonicalisable,
    };
    if reason == Reason::SignatureMismatch { Said(Outcome::Fail, reason, None) } else { Said::fail(reason, error) }
}

/// The reason for which a document has no canonical form.
pub(super) fn why_not_canonical(error: &JsonLdError) -> Reason {
    match error {
        JsonLdError::UnknownContext(_) | JsonLdError::NoContext => Reason::UnknownContext,
        JsonLdError::UndefinedTerm { .. } => Reason::UndefinedTerm,
        JsonLdError::RelativeIri { .. } => Reason::RelativeIdentifier,
        JsonLdError::ProtectedTerm => Reason::ProtectedTermRedefined,
        JsonLdError::Dropped { .. } | JsonLdError::ForbiddenDefinition { .. } => Reason::DroppedContent,
        JsonLdError::TooComplex(_) | JsonLdError::TooDeep | JsonLdError::TooMuch => Reason::TooComplex,
        _ => Reason::NotCanonicalisable,
    }
}
