//! What 1EdTech's certification of Open Badges 3.0, and the JSON Schema that it applies, demand beyond the standards: a badge that
//! breaks these is sound, and refused by some verifiers all the same. We keep them; a stranger's badge need not.

use serde_json::Value;

use super::shape::{across, every, is_url};
use super::{Group, Rule, Scope, Severity, Standard};

const BADGE: Group = Group { document: Standard::Certification, scope: Scope::Badge };

/// What the official JSON Schema wants as arrays, even of one.
const ARRAYS: &[&str] = &[
    "/type",
    "/evidence",
    "/endorsement",
    "/credentialSchema",
    "/termsOfUse",
    "/issuer/type",
    "/issuer/otherIdentifier",
    "/credentialSubject/type",
    "/credentialSubject/identifier",
    "/credentialSubject/result",
    "/credentialSubject/result/*/type",
    "/credentialSubject/achievement/type",
    "/credentialSubject/achievement/alignment",
    "/credentialSubject/achievement/alignment/*/type",
    "/credentialSubject/achievement/resultDescription",
    "/credentialSubject/achievement/resultDescription/*/type",
    "/credentialSubject/achievement/otherIdentifier",
    "/credentialSubject/achievement/related",
    "/credentialSubject/achievement/tag",
    "/evidence/*/type",
];

pub(super) const RULES: &[Rule] = &[
    BADGE.must("cert.arrays", "JSON Schema", "What may have several values is an array, even of one.", |document| {
        across(document, ARRAYS, "it must be an array", Value::is_array)
    }),
    BADGE.must("cert.proof-array", "JSON Schema", "proof is an array, even of one.", |document| {
        every(document, "/proof", "it must be an array", Value::is_array)
    }),
    BADGE.must(
        "cert.one-status",
        "JSON Schema",
        "There is at most one credentialStatus, an object with an id and one type.",
        |document| {
            every(document, "/credentialStatus", "it must be one object, with an id and one type", is_named_and_typed)
        },
    ),
    BADGE.must(
        "cert.one-refresh",
        "JSON Schema",
        "There is at most one refreshService, an object with an id and one type.",
        |document| {
            every(document, "/refreshService", "it must be one object, with an id and one type", is_named_and_typed)
        },
    ),
    BADGE.must(
        "cert.identity-members",
        "JSON Schema",
        "An IdentityObject has no members but those of the standard.",
        |document| {
            let known = ["type", "hashed", "identityHash", "identityType", "salt"];
            every(
                document,
                "/credentialSubject/identifier/*",
                "it has a member that the schema does not allow",
                |identity| {
                    identity
                        .as_object()
                        .is_some_and(|members| members.keys().all(|name| known.contains(&name.as_str())))
                },
            )
        },
    ),
    Rule {
        scope: Scope::Secured,
        ..BADGE.must(
            "cert.suite",
            "Proofs",
            "An embedded proof of a badge is eddsa-rdfc-2022, for the purpose assertionMethod, with its date.",
            |document| {
                let problem = "certification takes eddsa-rdfc-2022 with the purpose assertionMethod and a date";
                if !super::is_open_badge(document) {
                    return Vec::new();
                }
                every(document, "/proof/*", problem, |proof| {
                    let is = |name: &str, wanted: &str| proof.get(name).is_some_and(|value| value == wanted);
                    is("type", "DataIntegrityProof")
                        && is("cryptosuite", "eddsa-rdfc-2022")
                        && is("proofPurpose", "assertionMethod")
                        && proof.get("created").is_some()
                })
            },
        )
    },
    Rule {
        severity: Severity::Warning,
        ..BADGE.must(
            "cert.contexts",
            "Contexts",
            "Contexts are published ones: some verifiers refuse objects inside the document, whatever they define.",
            |document| {
                every(document, "/@context/*", "a context object inside the document", |context| !context.is_object())
            },
        )
    },
];

fn is_named_and_typed(value: &Value) -> bool {
    value.get("id").is_some_and(is_url) && value.get("type").is_some_and(Value::is_string)
}
