//! What the Verifiable Credentials Data Model 2.0 demands of any credential.

use serde_json::Value;

use super::{Finding, Rule, has_type, is_absolute};
use crate::time::Timestamp;

pub(super) fn check(document: &Value, findings: &mut Vec<Finding>) {
    let mut rule = Rule { document, findings };

    // § 4.3
    let first = match document.get("@context") {
        Some(Value::Array(contexts)) => contexts.first(),
        other => other,
    };
    let holds = first.and_then(Value::as_str) == Some(crate::credential::VC_CONTEXT);
    rule.demand(
        "vcdm.first-context",
        "/@context",
        holds,
        "the first context must be https://www.w3.org/ns/credentials/v2",
    );

    // § 4.4
    let holds = document.get("id").is_none_or(|id| id.as_str().is_some_and(is_absolute));
    rule.demand("vcdm.id-is-url", "/id", holds, "an id must be one absolute URL");

    // § 4.5
    let holds = has_type(document.get("type"), "VerifiableCredential");
    rule.demand("vcdm.type", "/type", holds, "the type must hold VerifiableCredential");

    // § 4.7
    let issuer = rule.text("/issuer").or_else(|| rule.text("/issuer/id"));
    let holds = issuer.is_some_and(is_absolute);
    rule.demand("vcdm.issuer", "/issuer", holds, "the issuer must be a URL, or an object with one as its id");

    // § 4.8
    let holds = match document.get("credentialSubject") {
        Some(Value::Object(subject)) => !subject.is_empty(),
        Some(Value::Array(subjects)) => !subjects.is_empty() && subjects.iter().all(Value::is_object),
        _ => false,
    };
    rule.demand(
        "vcdm.subject",
        "/credentialSubject",
        holds,
        "there must be at least one subject, and it must say something",
    );

    // § 4.9
    let moment =
        |name: &str| document.get(name).map(|value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok()));
    let (from, until) = (moment("validFrom"), moment("validUntil"));
    rule.demand("vcdm.valid-from", "/validFrom", from != Some(None), "not a date and time with a zone");
    rule.demand("vcdm.valid-until", "/validUntil", until != Some(None), "not a date and time with a zone");
    if let (Some(Some(from)), Some(Some(until))) = (from, until) {
        rule.demand("vcdm.valid-until", "/validUntil", from <= until, "it lies before validFrom");
    }

    // § 4.10
    let statuses = match document.get("credentialStatus") {
        None => &[],
        Some(Value::Array(several)) => several.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let holds = statuses.iter().all(|status| status.get("type").is_some());
    rule.demand("vcdm.status", "/credentialStatus", holds, "a status must have a type");
}
