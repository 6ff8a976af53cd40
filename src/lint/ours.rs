//! What we demand of ourselves: our JSON Schema of an issued credential, every term expands, and no two fields disagree.

use std::sync::OnceLock;

use serde_json::Value;

use super::shape::{demand, every, moment, select};
use super::{Breach, Group, Rule, Scope, Standard};
use crate::jsonld;

const SCHEMA: &str = include_str!("../../schemas/issued-credential.schema.json");

/// Our JSON Schema of an issued credential, signed or not.
pub fn schema_of_issued_credentials() -> &'static jsonschema::Validator {
    static VALIDATOR: OnceLock<jsonschema::Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| {
        let schema: Value = serde_json::from_str(SCHEMA).expect("the bundled schema is JSON");
        let options = jsonschema::options().should_validate_formats(true);
        options.build(&schema).expect("the bundled schema is a JSON Schema")
    })
}

const ISSUED: Group = Group { document: Standard::Ours, scope: Scope::Issued };

pub(super) const RULES: &[Rule] = &[
    Rule {
        scope: Scope::Signing,
        ..ISSUED.must(
            "ours.every-term-expands",
            "ADR 3",
            "Every term is defined by a context, and none is dropped: what JSON-LD drops, no signature covers.",
            every_term_expands,
        )
    },
    ISSUED.must(
        "ours.schema",
        "schemas/issued-credential.schema.json",
        "It is of the form that we issue.",
        |document| {
            let breach = |error: jsonschema::ValidationError<'_>| Breach {
                pointer: error.instance_path().to_string(),
                problem: error.to_string(),
            };
            schema_of_issued_credentials().iter_errors(document).take(20).map(breach).collect()
        },
    ),
    ISSUED.must(
        "ours.status-id",
        "docs/architecture.md",
        "The id of the status is the list's address, # and the index.",
        |document| {
            let list = text(document, "/credentialStatus/statusListCredential").unwrap_or_default();
            let index = text(document, "/credentialStatus/statusListIndex").unwrap_or_default();
            let holds = text(document, "/credentialStatus/id") == Some(&format!("{list}#{index}"));
            demand(holds, "/credentialStatus/id", "it must be the list's address, # and the index")
        },
    ),
    ISSUED.must(
        "ours.awarded-before-valid",
        "docs/architecture.md",
        "Nothing is valid before it was awarded.",
        |document| {
            let holds = moment(document.get("awardedDate")) <= moment(document.get("validFrom"));
            demand(holds, "/awardedDate", "nothing is valid before it was awarded")
        },
    ),
    ISSUED.must(
        "ours.issuer-at-home",
        "docs/security.md",
        "The issuer's DID is of the credential's own host, so that one instance never vouches for another's.",
        |document| {
            let home = origin(document.get("id")).unwrap_or_default();
            let did = format!("did:web:{}:", home.rsplit('/').next().unwrap_or_default().replace(':', "%3A"));
            let holds = text(document, "/issuer/id").is_some_and(|id| id.starts_with(&did));
            demand(holds, "/issuer/id", "the issuer's DID must be of the credential's own host")
        },
    ),
    ISSUED.must(
        "ours.one-origin",
        "docs/security.md",
        "Our addresses in a credential are of its own origin.",
        |document| {
            let home = origin(document.get("id"));
            let places =
                ["/credentialSubject/achievement/id", "/credentialStatus/statusListCredential", "/refreshService/id"];
            let elsewhere = places.into_iter().filter(|at| {
                let found = document.pointer(at);
                found.is_some() && origin(found) != home
            });
            elsewhere.flat_map(|at| demand(false, at, "the address must be of the credential's own origin")).collect()
        },
    ),
    ISSUED.must(
        "ours.parts-of-the-achievement",
        "ADR 10",
        "The duration and the objectives are parts of this very achievement, and its own refresh service is named.",
        |document| {
            // Of format 1 nothing is to be compared.
            let achievement = text(document, "/credentialSubject/achievement/id").unwrap_or_default();
            let inside = |value: &Value| value.as_str().is_some_and(|id| id.starts_with(&format!("{achievement}#")));
            let parts =
                ["resultDescription/*/id", "alignment/*"].map(|part| format!("/credentialSubject/achievement/{part}"));
            let mut breaches = every(document, &parts[0], "it must be a part of the achievement", inside);
            breaches.extend(every(
                document,
                &parts[1],
                "an objective must be a part of the achievement",
                |it| it.get("targetType").is_none() || it.get("targetUrl").is_some_and(inside),
            ));
            let refresh = text(document, "/refreshService/id");
            let own = text(document, "/id").map(|id| format!("{id}/current"));
            let holds = refresh.is_none() || refresh == own.as_deref();
            breaches.extend(demand(holds, "/refreshService/id", "it must be this credential's own"));
            breaches
        },
    ),
    ISSUED.must(
        "ours.results",
        "ADR 21",
        "Each result that the achievement describes is stated once, and only a certificate says that something was passed.",
        |document| {
            let stated: Vec<_> = select(document, "/credentialSubject/result/*/resultDescription")
                .into_iter()
                .filter_map(|(_, id)| id.as_str())
                .collect();
            let described = "/credentialSubject/achievement/resultDescription/*/id";
            let mut breaches = every(document, described, "one result must state it", |id| {
                id.as_str().is_some_and(|id| stated.iter().filter(|stated| **stated == id).count() == 1)
            });
            let kind = text(document, "/credentialSubject/achievement/achievementType");
            breaches.extend(every(document, described, "only a certificate says that something was passed", |id| {
                kind == Some("Certificate") || !id.as_str().is_some_and(|id| id.ends_with("#passed"))
            }));
            breaches
        },
    ),
];

/// Judged without the proof: that is signed apart, and made after lint.
fn every_term_expands(document: &Value) -> Vec<Breach> {
    let outcome = match document.as_object() {
        Some(fields) if fields.contains_key("proof") => {
            let mut bare = fields.clone();
            bare.shift_remove("proof");
            jsonld::canonize(&Value::Object(bare))
        }
        _ => jsonld::canonize(document),
    };
    outcome.err().map(|error| Breach { pointer: String::new(), problem: error.to_string() }).into_iter().collect()
}

fn text<'a>(document: &'a Value, pointer: &str) -> Option<&'a str> {
    document.pointer(pointer).and_then(Value::as_str)
}

/// Scheme, host and port of an address.
fn origin(address: Option<&Value>) -> Option<String> {
    Some(address?.as_str()?.splitn(4, '/').take(3).collect::<Vec<_>>().join("/"))
}
