//! The checks themselves, each a function of the document and what was fetched for it.

use serde_json::Value;

use super::messages::{self, say};
use super::{Check, CheckCode, Materials, Outcome};
use crate::lint;
use crate::proof::did::{self, Relationship};
use crate::proof::{self, data_integrity};
use crate::status_list::Bitstring;
use crate::time::Timestamp;

/// VCDM 2.0 and Open Badges 3.0, in form.
pub(super) fn schema(document: &Value) -> Check {
    let findings = lint::check_any(document);
    match findings.first() {
        None => say(
            CheckCode::Schema,
            Outcome::Pass,
            "Le document est un badge Open Badges 3.0 bien formé.",
            "The document is a well-formed Open Badges 3.0 credential.",
        ),
        Some(first) => {
            let more = findings.len() - 1;
            messages::with_detail(
                CheckCode::Schema,
                Outcome::Fail,
                "Le document n’est pas un badge Open Badges 3.0 bien formé",
                "The document is not a well-formed Open Badges 3.0 credential",
                &if more == 0 { first.to_string() } else { format!("{first} (+{more})") },
            )
        }
    }
}

/// The proof, and that its key speaks for the issuer.
pub(super) fn authenticity(document: &Value, did_document: Option<&Value>, now: Timestamp) -> [Check; 2] {
    let fail = |code, fr, en, detail: &str| messages::with_detail(code, Outcome::Fail, fr, en, detail);
    let issuer =
        document.pointer("/issuer/id").or_else(|| document.get("issuer")).and_then(Value::as_str).unwrap_or("");

    let (bare, proofs) = match proof::split(document) {
        Ok(parts) => parts,
        Err(error) => {
            let fr = "Le document ne porte pas de signature lisible";
            let proof = fail(CheckCode::Proof, fr, "The document carries no readable proof", &error.to_string());
            return [proof, messages::pointless_one(CheckCode::IssuerKey)];
        }
    };
    let [proof] = proofs.as_slice() else {
        let fr = "Le document doit porter une seule signature";
        let proof = fail(CheckCode::Proof, fr, "The document must carry exactly one proof", &proofs.len().to_string());
        return [proof, messages::pointless_one(CheckCode::IssuerKey)];
    };
    let suite = proof.get("cryptosuite").or_else(|| proof.get("type")).and_then(Value::as_str).unwrap_or("?");
    if data_integrity::Suite::named(suite).is_none() {
        let proof = messages::with_detail(
            CheckCode::Proof,
            Outcome::NotChecked,
            "Ce type de signature n’est pas pris en charge ici",
            "This kind of proof is not supported here",
            suite,
        );
        return [proof, messages::pointless_one(CheckCode::IssuerKey)];
    }
    let method = match data_integrity::parse(proof) {
        Ok(parsed)
            if parsed
                .expires
                .as_deref()
                .is_some_and(|moment| moment.parse::<Timestamp>().map_or(true, |end| end < now)) =>
        {
            let (fr, en) = ("La signature elle-même a expiré.", "The proof itself has expired.");
            return [say(CheckCode::Proof, Outcome::Fail, fr, en), messages::pointless_one(CheckCode::IssuerKey)];
        }
        Ok(parsed) => parsed.verification_method,
        Err(error) => {
            let (fr, en) = ("La signature n’est pas bien formée", "The proof is not well-formed");
            return [fail(CheckCode::Proof, fr, en, &error.to_string()), messages::pointless_one(CheckCode::IssuerKey)];
        }
    };

    // The key must be one that the issuer itself names (VC Data Integrity § 4.3; DID Core § 5.3.2).
    let key = match did::key_for(issuer, &method, Relationship::Assertion, |id| did_document.filter(|_| id == issuer)) {
        Ok(Some(key)) => key,
        Ok(None) => {
            let unknown = say(
                CheckCode::IssuerKey,
                Outcome::NotChecked,
                "La clé de l’émetteur n’a pas pu être obtenue ; l’émetteur n’est pas connu de ce service.",
                "The issuer's key could not be obtained; the issuer is not known to this service.",
            );
            return [messages::pointless_one(CheckCode::Proof), unknown];
        }
        Err(did::DidError::OtherSubject(_)) => {
            // Whoever asked supplied the wrong document: that says nothing about the badge.
            let other = messages::with_detail(
                CheckCode::IssuerKey,
                Outcome::NotChecked,
                "Le document DID fourni n’est pas celui de l’émetteur",
                "The DID document given is not that of the issuer",
                issuer,
            );
            return [messages::pointless_one(CheckCode::Proof), other];
        }
        Err(error) => {
            let binding = fail(
                CheckCode::IssuerKey,
                "La clé utilisée n’appartient pas à l’émetteur annoncé",
                "The key that was used does not belong to the issuer named",
                &error.to_string(),
            );
            return [messages::pointless_one(CheckCode::Proof), binding];
        }
    };
    let bound = if issuer.starts_with("did:key:") {
        say(
            CheckCode::IssuerKey,
            Outcome::Warn,
            "L’émetteur n’est connu que par sa clé\u{a0}: rien n’atteste qu’il est celui qu’il dit être.",
            "The issuer is known by its key alone: nothing confirms that it is who it says it is.",
        )
    } else {
        say(
            CheckCode::IssuerKey,
            Outcome::Pass,
            "La clé de signature est bien celle de l’émetteur annoncé.",
            "The signing key is one that the issuer named publishes.",
        )
    };
    let proof = match data_integrity::verify(&bare, &proofs, proof, &key.public) {
        Ok(()) => say(
            CheckCode::Proof,
            Outcome::Pass,
            "La signature est authentique : le contenu n’a pas été modifié.",
            "The signature is authentic: the content has not been altered.",
        ),
        Err(data_integrity::ProofError::Signature) => say(
            CheckCode::Proof,
            Outcome::Fail,
            "La signature ne correspond pas au contenu : le document a été modifié, ou cet émetteur ne l’a pas signé.",
            "The signature does not match the content: the document was altered, or this issuer did not sign it.",
        ),
        Err(error) => fail(
            CheckCode::Proof,
            "La signature ne peut pas être vérifiée : le document n’est pas sous une forme qui se signe",
            "The signature cannot be verified: the document is not in a form that can be signed",
            &error.to_string(),
        ),
    };
    [proof, bound]
}

/// `validFrom` and `validUntil` against the moment (VCDM 2.0 § 4.9).
pub(super) fn validity(document: &Value, now: Timestamp) -> Check {
    let moment =
        |name: &str| document.get(name).and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    if moment("validUntil").is_some_and(|until| until < now) {
        let (fr, en) = ("La durée de validité du badge est dépassée.", "The badge is past its period of validity.");
        return say(CheckCode::Validity, Outcome::Fail, fr, en);
    }
    // A minute of grace: clocks differ.
    if moment("validFrom").is_some_and(|from| from > now.plus_seconds(60)) {
        let (fr, en) = ("Le badge n’est pas encore en vigueur.", "The badge is not in force yet.");
        return say(CheckCode::Validity, Outcome::Warn, fr, en);
    }
    say(
        CheckCode::Validity,
        Outcome::Pass,
        "Le badge est en cours de validité.",
        "The badge is within its period of validity.",
    )
}

/// The revocation bit (Bitstring Status List § 3.2), out of a list that the same issuer signed.
pub(super) fn status(document: &Value, materials: &Materials, now: Timestamp) -> Check {
    let open = |fr, en, detail: &str| messages::with_detail(CheckCode::Status, Outcome::NotChecked, fr, en, detail);
    if materials.revocation.is_some() {
        // Our own records say so, whatever this copy of the document says of its status.
        return say(
            CheckCode::Status,
            Outcome::Fail,
            "Le badge a été révoqué par son émetteur.",
            "The badge was revoked by its issuer.",
        );
    }
    let Some(status) = document.get("credentialStatus") else {
        let (fr, en) = ("Le badge ne prévoit pas de révocation.", "The badge provides for no revocation.");
        return say(CheckCode::Status, Outcome::Pass, fr, en);
    };
    let text = |name: &str| status.get(name).and_then(Value::as_str);
    if text("type") != Some("BitstringStatusListEntry") || text("statusPurpose") != Some("revocation") {
        let (fr, en) = ("Ce type de statut n’est pas pris en charge ici", "This kind of status is not supported here");
        return open(fr, en, text("type").unwrap_or("?"));
    }
    let Some(list) = &materials.status_list else {
        let (fr, en) = ("La liste de révocation n’a pas pu être obtenue", "The status list could not be obtained");
        return open(fr, en, text("statusListCredential").unwrap_or("?"));
    };
    match revoked(document, text, list, materials.did_document.as_ref(), now) {
        Ok(true) => say(
            CheckCode::Status,
            Outcome::Fail,
            "Le badge a été révoqué par son émetteur.",
            "The badge was revoked by its issuer.",
        ),
        Ok(false) => {
            say(CheckCode::Status, Outcome::Pass, "Le badge n’a pas été révoqué.", "The badge has not been revoked.")
        }
        Err(detail) => {
            open("La liste de révocation n’est pas digne de foi", "The status list cannot be relied on", &detail)
        }
    }
}

fn revoked<'a>(
    document: &Value,
    entry: impl Fn(&str) -> Option<&'a str>,
    list: &Value,
    did_document: Option<&Value>,
    now: Timestamp,
) -> Result<bool, String> {
    if list.get("id").and_then(Value::as_str) != entry("statusListCredential") {
        return Err("it is another list than the one named".into());
    }
    let issuer =
        |of: &Value| of.pointer("/issuer/id").or_else(|| of.get("issuer")).and_then(Value::as_str).map(str::to_owned);
    if issuer(list) != issuer(document) {
        return Err("it is by another issuer".into());
    }
    if let Some(check) = authenticity(list, did_document, now).into_iter().find(|check| check.outcome != Outcome::Pass)
    {
        return Err(check.message.en);
    }
    let check = validity(list, now);
    if check.outcome != Outcome::Pass {
        return Err(check.message.en);
    }
    if list.pointer("/credentialSubject/statusPurpose").and_then(Value::as_str) != Some("revocation") {
        return Err("it has another purpose".into());
    }
    let encoded = list.pointer("/credentialSubject/encodedList").and_then(Value::as_str).ok_or("it has no list")?;
    let index: u64 =
        entry("statusListIndex").and_then(|index| index.parse().ok()).ok_or("the index is not a number")?;
    Bitstring::decode(encoded).and_then(|bits| bits.get(index)).map_err(|error| error.to_string())
}
