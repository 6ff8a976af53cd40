//! What the Verifiable Credentials Data Model 2.0 demands of credentials. Most of it holds for version 1.1 too; what that version
//! says otherwise is in `vcdm_1`, presentations are in `presentation`.

use std::collections::HashSet;

use serde_json::Value;

use super::shape::{
    across, demand, every, first_context, is_absolute, is_date_time_stamp, is_identified, is_multibase, is_texts,
    is_typed, is_url, is_words, moment, select,
};
use super::{Breach, Group, Rule, Scope, Severity, Standard};

const CREDENTIAL: Group = Group { document: Standard::Vcdm2, scope: Scope::Credential };
const VERSION_2: Group = Group { document: Standard::Vcdm2, scope: Scope::Credential2 };
const ANY: Group = Group { document: Standard::Vcdm2, scope: Scope::Any };
const ENVELOPE: Group = Group { document: Standard::Vcdm2, scope: Scope::Envelope };

/// Objects beside the credential itself that may have an `id`.
const IDENTIFIED: &[&str] = &[
    "/credentialSubject/*/id",
    "/credentialStatus/*/id",
    "/credentialSchema/*/id",
    "/evidence/*/id",
    "/refreshService/*/id",
    "/relatedResource/*/id",
    "/termsOfUse/*/id",
];

pub(super) const RULES: &[Rule] = &[
    VERSION_2.must(
        "vcdm.first-context",
        "4.3",
        "The first context is https://www.w3.org/ns/credentials/v2.",
        |document| {
            let holds = first_context(document) == Some(crate::credential::VC_CONTEXT);
            demand(holds, "/@context", "the first context must be https://www.w3.org/ns/credentials/v2")
        },
    ),
    ANY.must("vcdm.contexts", "4.3", "Contexts are URLs or context objects, each once.", |document| {
        let problem = "a context must be an absolute URL or an object, and stand here once";
        let mut seen = HashSet::new();
        every(document, "/@context/*", problem, |context| {
            (is_url(context) || context.is_object()) && seen.insert(context.to_string())
        })
    }),
    Rule {
        severity: Severity::Warning,
        ..ANY.must(
            "vcdm.context-set",
            "4.3",
            "The contexts are an ordered set: an array, even of one. JSON-LD reads a single text alike.",
            |document| {
                demand(document.get("@context").is_none_or(Value::is_array), "/@context", "write an array of contexts")
            },
        )
    },
    ANY.must("vcdm.id-is-url", "4.4", "An id, where there is one, is a single URL.", |document| {
        every(document, "/id", "an id must be one absolute URL", is_url)
    }),
    CREDENTIAL.must(
        "vcdm.inner-id-is-url",
        "4.4",
        "The id of a subject, status, schema or the like is a single URL.",
        |document| across(document, IDENTIFIED, "an id must be one absolute URL", is_url),
    ),
    CREDENTIAL.must("vcdm.type", "4.5", "The type of a credential holds VerifiableCredential.", |document| {
        let holds = super::has_type(document.get("type"), "VerifiableCredential");
        demand(holds, "/type", "the type must hold VerifiableCredential")
    }),
    ANY.must("vcdm.type-names", "4.5", "A type is one or more terms or absolute URLs.", |document| {
        let is_name = |name: &str| !name.contains(':') || is_absolute(name);
        every(document, "/type/*", "a type must be a term or an absolute URL", |name| {
            name.as_str().is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace) && is_name(name))
        })
    }),
    CREDENTIAL.must("vcdm.name", "4.6", "A name is a text, or one or more language value objects.", |document| {
        let problem = "a name must be a text or a language value object";
        across(document, &["/name", "/issuer/name"], problem, is_words)
    }),
    CREDENTIAL.must(
        "vcdm.description",
        "4.6",
        "A description is a text, or one or more language value objects.",
        |document| {
            let problem = "a description must be a text or a language value object";
            across(document, &["/description", "/issuer/description"], problem, is_words)
        },
    ),
    CREDENTIAL.must("vcdm.issuer", "4.7", "The issuer is a URL, or an object whose id is one.", |document| {
        let problem = "the issuer must be a URL, or an object with one as its id";
        demand(document.get("issuer").is_some_and(is_identified), "/issuer", problem)
    }),
    CREDENTIAL.must("vcdm.subject", "4.8", "There is at least one subject, and each says something.", |document| {
        let holds = match document.get("credentialSubject") {
            Some(Value::Array(subjects)) => !subjects.is_empty() && subjects.iter().all(is_non_empty),
            Some(subject) => is_non_empty(subject),
            None => false,
        };
        demand(holds, "/credentialSubject", "there must be at least one subject, and it must say something")
    }),
    Rule {
        severity: Severity::Warning,
        ..CREDENTIAL.must(
            "vcdm.subject-claims",
            "4.8",
            "Each subject has at least one claim. Many issuers, and the W3C's own tests, make do with an id.",
            |document| {
                every(document, "/credentialSubject/*", "nothing is said of the subject but its id", |subject| {
                    let claims = subject.as_object().map(|fields| fields.keys().filter(|name| *name != "id").count());
                    claims != Some(0) || subject.as_object().is_some_and(serde_json::Map::is_empty)
                })
            },
        )
    },
    VERSION_2.must("vcdm.valid-from", "4.9", "validFrom is a dateTimeStamp: date, time and zone.", |document| {
        every(document, "/validFrom", "not a date and time with a zone", is_date_time_stamp)
    }),
    VERSION_2.must("vcdm.valid-until", "4.9", "validUntil is a dateTimeStamp: date, time and zone.", |document| {
        every(document, "/validUntil", "not a date and time with a zone", is_date_time_stamp)
    }),
    VERSION_2.must("vcdm.validity-order", "4.9", "validUntil is not earlier than validFrom.", |document| {
        let dates = moment(document.get("validFrom")).zip(moment(document.get("validUntil")));
        demand(dates.is_none_or(|(from, until)| from <= until), "/validUntil", "it lies before validFrom")
    }),
    CREDENTIAL.must("vcdm.status", "4.10", "Each credentialStatus says its type.", |document| {
        every(document, "/credentialStatus/*", "a status must have a type", is_typed)
    }),
    CREDENTIAL.must(
        "vcdm.schema",
        "4.11",
        "Each credentialSchema says its type and has a URL as its id.",
        |document| {
            every(document, "/credentialSchema/*", "a schema must have a type and a URL as its id", |schema| {
                is_typed(schema) && schema.get("id").is_some_and(is_url)
            })
        },
    ),
    VERSION_2.must(
        "vcdm.related-resource",
        "5.3",
        "Each relatedResource has an id and a digest of its form: digestSRI, digestMultibase.",
        |document| {
            let problem = "a related resource needs a URL as its id, and a digestSRI or digestMultibase of its form";
            every(document, "/relatedResource/*", problem, is_related_resource)
        },
    ),
    VERSION_2.must("vcdm.related-resource-once", "5.3", "No two related resources have the same id.", |document| {
        let mut seen = HashSet::new();
        every(document, "/relatedResource/*/id", "this resource stands here twice", |id| seen.insert(id.to_string()))
    }),
    CREDENTIAL.must("vcdm.refresh", "5.4", "Each refreshService says its type.", |document| {
        every(document, "/refreshService/*", "a refresh service must have a type", is_typed)
    }),
    ANY.must("vcdm.terms-of-use", "5.5", "Each termsOfUse says its type.", |document| {
        every(document, "/termsOfUse/*", "terms of use must have a type", is_typed)
    }),
    CREDENTIAL.must("vcdm.evidence", "5.6", "Evidence is one or more objects that say their type.", |document| {
        every(document, "/evidence/*", "evidence must be an object with a type", is_typed)
    }),
    CREDENTIAL.must("vcdm.reserved", "5.10", "Each confidenceMethod and renderMethod says its type.", |document| {
        let paths = ["/confidenceMethod/*", "/renderMethod/*", "/credentialSubject/*/confidenceMethod/*"];
        across(document, &paths, "a method must be an object with a type", is_typed)
    }),
    ENVELOPE.must(
        "vcdm.envelope",
        "4.13.1",
        "An enveloped credential or presentation has the context of the data model, one type and a \
 data: URL as its id.",
        |document| envelopes(document, ""),
    ),
];

fn is_non_empty(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| !fields.is_empty())
}

fn is_related_resource(resource: &Value) -> bool {
    let sri = resource.get("digestSRI");
    let multibase = resource.get("digestMultibase");
    let each =
        |digests: &Value, holds: fn(&Value) -> bool| select(digests, "/*").into_iter().all(|(_, one)| holds(one));
    resource.get("id").is_some_and(is_url)
        && (sri.is_some() || multibase.is_some())
        && sri.is_none_or(|digests| is_texts(digests) && each(digests, is_sri))
        && multibase.is_none_or(|digests| is_texts(digests) && each(digests, is_multibase))
}

/// One or more hashes of Subresource Integrity, such as `sha384-…`.
fn is_sri(value: &Value) -> bool {
    let is_hash = |hash: &str| {
        let (algorithm, digest) = hash.split_once('-').unwrap_or_default();
        let length = match algorithm {
            "sha256" => 44,
            "sha384" => 64,
            "sha512" => 88,
            _ => return false,
        };
        digest.len() == length && digest.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/-_=".contains(&b))
    };
    value.as_str().is_some_and(|text| !text.is_empty() && text.split_ascii_whitespace().all(is_hash))
}

/// What an envelope lacks, at a path of envelopes.
pub(super) fn envelopes(document: &Value, path: &str) -> Vec<Breach> {
    let problem =
        "an envelope needs the context of the data model, no further type, and a data: URL with a media type as its id";
    every(document, path, problem, |envelope| {
        let types = select(envelope, "/type/*");
        let data = envelope.get("id").and_then(Value::as_str).and_then(|id| id.strip_prefix("data:"));
        let holds_data = data.and_then(|data| data.split_once(',')).is_some_and(|(media, content)| {
            media.contains('/') && !content.is_empty() && !content.contains(char::is_whitespace)
        });
        // No other context that is known defines its type.
        let contexts = select(envelope, "/@context/*");
        let defined = contexts.iter().any(|(_, context)| *context == crate::credential::VC_CONTEXT);
        defined && types.len() == 1 && holds_data
    })
}
