//! The checks of form, dates and recipient.

use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::authenticity::{LENIENCY_SECONDS, why_not_canonical};
use super::presented::{Secured, Securing, has_type};
use super::reason::Reason;
use super::report::{Check, CheckCode, Outcome};
use crate::json::items;
use crate::jsonld::{self, JsonLdError, contexts};
use crate::lint;
use crate::proof::data_integrity::Suite;
use crate::time::Timestamp;

/// VCDM 2.0 or 1.1, and Open Badges 3.0 where the document says that it is a badge.
pub(super) fn schema(secured: &Secured) -> Check {
    let check = |outcome, reason| Check::new(CheckCode::Schema, outcome, reason);
    let document = match &secured.original {
        Value::String(_) => &secured.document,
        original => original,
    };
    let presentation = secured.is_presentation();
    if presentation && has_type(document, "VerifiableCredential") {
        // Signed by its holder, it would speak for any issuer that it names.
        return check(Outcome::Fail, Reason::PresentationNotWellFormed).with("it is a credential, too");
    }
    if let Some(place) = named_by_keyword(document) {
        return check(Outcome::Fail, Reason::NotWellFormed)
            .with(format!("write id and type, not @id and @type, at {place}"));
    }
    let findings = if presentation { lint::check_presentation(document) } else { lint::check_any(document) };
    if let Some(first) = findings.first() {
        let more = findings.len() - 1;
        let detail = if more == 0 { first.to_string() } else { format!("{first} (+{more})") };
        let reason = if presentation { Reason::PresentationNotWellFormed } else { Reason::NotWellFormed };
        return check(Outcome::Fail, reason).with(detail);
    }
    if let Some(detail) = related_resource_mismatch(document) {
        return check(Outcome::Fail, Reason::RelatedResourceMismatch).with(detail);
    }
    // A proof over RDF is verified over what canonicalisation makes of every term. Where the signature is over the text, what no
    // context explains is signed too, and means nothing to anybody.
    if !has_proof_of(Suite::EddsaRdfc2022, secured) {
        match jsonld::canonize(&secured.document) {
            Ok(_) => {}
            Err(
                error @ (JsonLdError::UnknownContext(_)
                | JsonLdError::AmbiguousNumber { .. }
                | JsonLdError::LanguageTag { .. }
                | JsonLdError::Noncharacter),
            ) if !(matches!(error, JsonLdError::UnknownContext(_)) && is_judged_by_text(secured)) => {
                return check(Outcome::Warn, why_not_canonical(&error)).with(error);
            }
            Err(error) => return check(Outcome::Fail, why_not_canonical(&error)).with(error),
        }
    }
    if presentation {
        check(Outcome::Pass, Reason::WellFormedPresentation)
    } else if lint::is_open_badge(document) {
        check(Outcome::Pass, Reason::WellFormed)
    } else {
        check(Outcome::Warn, Reason::NotAnOpenBadge)
    }
}

/// Where `@id` or `@type` stands in place of `id` or `type`, among what is read by these names. JSON-LD signs both alike, so that a
/// holder could exchange them.
fn named_by_keyword(document: &Value) -> Option<&'static str> {
    let has = |value: &Value| value.get("@id").is_some() || value.get("@type").is_some();
    if has(document) {
        return Some("/");
    }
    ["issuer", "holder", "credentialStatus", "credentialSubject"]
        .into_iter()
        .find(|name| items(document.get(*name)).iter().any(has))
}

/// Whether one of the embedded proofs is of this suite.
fn has_proof_of(suite: Suite, secured: &Secured) -> bool {
    let named = |proof: &Value| proof.get("cryptosuite").and_then(Value::as_str).and_then(Suite::named);
    matches!(&secured.by, Securing::Proofs(proofs) if proofs.iter().any(|proof| named(proof) == Some(suite)))
}

/// Whether the signature is one that we verify, over a text. Then a context that is not known here is refused, as a term that none
/// defines is: what was signed means nothing (VC Data Integrity 1.0 §2.4.1). Of other proofs nothing can be said at all.
fn is_judged_by_text(secured: &Secured) -> bool {
    matches!(secured.by, Securing::Token(_)) || has_proof_of(Suite::EddsaJcs2022, secured)
}

/// A related resource that we have at hand and whose digest is another (VCDM 2.0 § 5.3). Of others nothing is known.
fn related_resource_mismatch(document: &Value) -> Option<String> {
    items(document.get("relatedResource")).iter().find_map(|resource| {
        let id = resource.get("id")?.as_str()?;
        let bytes = contexts::bundled(id)?.text.as_bytes();
        let text = |name: &str| resource.get(name).and_then(Value::as_str);
        let sri = text("digestSRI").is_none_or(|digest| sri_holds(digest, bytes));
        let multibase = text("digestMultibase").is_none_or(|digest| multihash_holds(digest, bytes));
        (!sri || !multibase).then(|| id.to_owned())
    })
}

/// Subresource Integrity § 3.1: any of the digests listed.
fn sri_holds(digests: &str, bytes: &[u8]) -> bool {
    use base64::Engine as _;
    let encode = |digest: &[u8]| base64::engine::general_purpose::STANDARD.encode(digest);
    // Each hashed once, however many are listed.
    let known = [encode(&Sha256::digest(bytes)), encode(&Sha384::digest(bytes)), encode(&Sha512::digest(bytes))];
    digests.split_ascii_whitespace().any(|one| {
        let hash = one.split('?').next().unwrap_or_default();
        match hash.split_once('-') {
            Some(("sha256", digest)) => digest == known[0],
            Some(("sha384", digest)) => digest == known[1],
            Some(("sha512", digest)) => digest == known[2],
            _ => false,
        }
    })
}

/// A multibase multihash (Controlled Identifiers 1.0 §2.4, §2.5) of SHA-256 or SHA-384.
fn multihash_holds(digest: &str, bytes: &[u8]) -> bool {
    use base64::Engine as _;
    let decoded = match digest.split_at_checked(1) {
        Some(("u", rest)) => base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(rest).ok(),
        Some(("z", rest)) if rest.len() <= 128 => bs58::decode(rest).into_vec().ok(),
        _ => None,
    };
    decoded.is_some_and(|hash| {
        hash == [&[0x12, 32][..], &Sha256::digest(bytes)].concat()
            || hash == [&[0x20, 48][..], &Sha384::digest(bytes)].concat()
    })
}

/// Whether the present moment lies within the period of validity (VCDM 2.0 § 4.9; `issuanceDate` and `expirationDate` of 1.1).
pub(super) fn validity(secured: &Secured, now: Timestamp) -> Check {
    let check = |outcome, reason| Check::new(CheckCode::Validity, outcome, reason);
    let from = moments(secured, ["validFrom", "issuanceDate"], "nbf");
    let until = moments(secured, ["validUntil", "expirationDate"], "exp");
    let (from, until) = match (from, until) {
        (Ok(from), Ok(until)) => (from, until),
        (Err(unread), _) | (_, Err(unread)) => return check(Outcome::Fail, Reason::ValidityUnreadable).with(unread),
    };
    if let Some(until) = until.into_iter().min().filter(|until| *until < now) {
        return check(Outcome::Fail, Reason::Expired).with(until);
    }
    match from.into_iter().max() {
        Some(from) if from > now.plus_seconds(LENIENCY_SECONDS) => check(Outcome::Fail, Reason::NotYetValid).with(from),
        _ => check(Outcome::Pass, Reason::InForce),
    }
}

/// The moments that a document and its token give for one end of its validity. One that can't be read is an error: it must not pass
/// for one that isn't there.
fn moments(secured: &Secured, names: [&str; 2], claim: &str) -> Result<Vec<Timestamp>, String> {
    let written = names.iter().filter_map(|name| secured.document.get(*name)).map(|date| {
        let read = date.as_str().and_then(|text| Timestamp::from_date_time(text).ok());
        read.ok_or_else(|| date.to_string())
    });
    let claimed = match &secured.by {
        Securing::Token(jws) => jws.payload.get(claim).map(|said| jws.moment(claim).ok_or_else(|| said.to_string())),
        _ => None,
    };
    written.chain(claimed).collect()
}

/// Whether an e-mail address is the one that the badge was awarded to (OB 3.0, IdentityObject). Issuers hash it as they know it, we
/// in small letters: both are tried.
pub(super) fn recipient(document: &Value, email: &str) -> Check {
    // No longer than an address can be: it is hashed once for each identifier.
    const LONGEST: usize = 254;
    let email = email.trim();
    let spellings = [email.to_owned(), email.to_lowercase()];
    let check = |outcome, reason| Check::new(CheckCode::Recipient, outcome, reason);
    let text =
        |identifier: &Value, name: &str| identifier.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let by_email = |identifier: &&Value| matches!(text(identifier, "identityType").as_str(), "emailAddress" | "email");
    let matches = |identifier: &Value| {
        let hash = text(identifier, "identityHash");
        if identifier.get("hashed").and_then(Value::as_bool) != Some(true) {
            return hash.to_lowercase() == spellings[1];
        }
        let salt = text(identifier, "salt");
        let digest = |spelling: &String| crate::ids::hex(&Sha256::digest(format!("{spelling}{salt}")));
        spellings.iter().any(|spelling| hash.strip_prefix("sha256$") == Some(digest(spelling).as_str()))
    };
    let mut named = items(document.pointer("/credentialSubject/identifier")).iter().filter(by_email).peekable();
    if email.len() > LONGEST {
        check(Outcome::Fail, Reason::RecipientDiffers)
    } else if named.peek().is_none() {
        check(Outcome::NotChecked, Reason::RecipientUnnamed)
    } else if named.any(matches) {
        check(Outcome::Pass, Reason::RecipientMatches)
    } else {
        check(Outcome::Fail, Reason::RecipientDiffers)
    }
}
