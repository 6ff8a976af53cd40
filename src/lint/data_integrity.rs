//! What Data Integrity 1.0 demands of the form of proofs, and the EdDSA cryptosuites of theirs. Whether a signature holds is for
//! `proof` to say.

use std::collections::HashSet;

use serde_json::Value;

use super::shape::{
    across, demand, every, is_any_multibase, is_date_time_stamp, is_multibase, is_text, is_texts, is_url, says, select,
};
use super::{Breach, Group, Rule, Scope, Severity, Standard};

const PROOF: Group = Group { document: Standard::DataIntegrity, scope: Scope::Secured };

pub(super) const RULES: &[Rule] = &[
    PROOF.must("di.proof", "2.1", "proof is an object, or a set of one or more.", |document| {
        let proofs = select(document, "/proof/*");
        let holds = !proofs.is_empty() && proofs.iter().all(|(_, proof)| proof.is_object());
        demand(holds, "/proof", "it must be an object or a set of objects")
    }),
    PROOF.must("di.id", "2.1", "The id of a proof is a URL.", |document| {
        every(document, "/proof/*/id", "the id of a proof must be a URL", is_url)
    }),
    PROOF.must("di.type", "2.1", "A proof says its type, a text.", |document| {
        every(document, "/proof/*", "a proof must say its type", |proof| proof.get("type").is_some_and(is_text))
    }),
    PROOF.must("di.purpose", "2.1", "A proof says its purpose, a text.", |document| {
        every(document, "/proof/*", "a proof must say its purpose", |proof| {
            proof.get("proofPurpose").is_some_and(is_text)
        })
    }),
    PROOF.must("di.method", "2.1", "The verificationMethod is a URL.", |document| {
        every(document, "/proof/*/verificationMethod", "it must be a URL", is_url)
    }),
    PROOF.must(
        "di.cryptosuite",
        "2.1",
        "A DataIntegrityProof names its cryptosuite; the name is a text.",
        |document| {
            every(document, "/proof/*", "the cryptosuite must be named, by a text", |proof| {
                match proof.get("cryptosuite") {
                    Some(suite) => is_text(suite),
                    None => proof.get("type").is_none_or(|kind| kind != "DataIntegrityProof"),
                }
            })
        },
    ),
    PROOF.must("di.created", "2.1", "created is a dateTimeStamp: date, time and zone.", |document| {
        every(document, "/proof/*/created", "not a date and time with a zone", is_date_time_stamp)
    }),
    PROOF.must("di.expires", "2.1", "expires is a dateTimeStamp: date, time and zone.", |document| {
        every(document, "/proof/*/expires", "not a date and time with a zone", is_date_time_stamp)
    }),
    PROOF.must("di.domain", "2.1", "domain is a text or a set of texts.", |document| {
        every(document, "/proof/*/domain", "it must be a text or a set of texts", is_texts)
    }),
    PROOF.must("di.challenge", "2.1", "challenge and nonce are texts.", |document| {
        across(document, &["/proof/*/challenge", "/proof/*/nonce"], "it must be a text", Value::is_string)
    }),
    Rule {
        severity: Severity::Warning,
        ..PROOF.must(
            "di.challenge-with-domain",
            "2.1",
            "Where there is a domain, a challenge prevents replays.",
            |document| {
                every(document, "/proof/*", "it names a domain without a challenge", |proof| {
                    proof.get("domain").is_none() || proof.get("challenge").is_some()
                })
            },
        )
    },
    PROOF.must("di.value", "2.1", "proofValue is multibase, in base58-btc or base64url.", |document| {
        every(
            document,
            "/proof/*/proofValue",
            "it must be multibase: z and base58-btc, or u and base64url",
            is_multibase,
        )
    }),
    PROOF.must("di.previous", "2.1", "previousProof is a text or a list of texts.", |document| {
        every(document, "/proof/*/previousProof", "it must be a text or a list of texts", is_texts)
    }),
    PROOF.must(
        "di.previous-is-here",
        "2.1.2",
        "Each previousProof names another proof of the same document, by its id.",
        |document| {
            let texts = |path| select(document, path).into_iter().filter_map(|(_, id)| id.as_str());
            let ids: HashSet<&str> = texts("/proof/*/id").collect();
            select(document, "/proof/*")
                .into_iter()
                .flat_map(|(at, proof)| {
                    let own = proof.get("id").and_then(Value::as_str);
                    let breaches = every(proof, "/previousProof/*", "no other proof here has this id", |previous| {
                        previous.as_str().is_none_or(|id| ids.contains(id) && own != Some(id))
                    });
                    breaches
                        .into_iter()
                        .map(move |breach| Breach { pointer: format!("{at}{}", breach.pointer), ..breach })
                })
                .collect()
        },
    ),
    PROOF.must("di.id-once", "2.1.2", "No two proofs of a document have the same id.", |document| {
        let mut seen = HashSet::new();
        every(document, "/proof/*/id", "another proof here has this id", |id| seen.insert(id.to_string()))
    }),
    Rule {
        scope: Scope::Any,
        ..PROOF.must(
            "di.digest",
            "2.3",
            "digestMultibase, wherever it stands, is multibase: a text or several.",
            |document| {
                let mut breaches = Vec::new();
                digests(document, String::new(), &mut breaches);
                breaches
            },
        )
    },
    Rule {
        document: Standard::EddsaCryptosuites,
        ..PROOF.must(
            "eddsa.proof",
            "2.2.1",
            "An EdDSA proof is a DataIntegrityProof with a verificationMethod, and its value \
 is 64 bytes in base58-btc.",
            |document| {
                let problem =
                    "an EdDSA proof must be a DataIntegrityProof with a method, and 64 bytes in base58-btc as value";
                every(document, "/proof/*", problem, |proof| {
                    let suite = proof.get("cryptosuite").and_then(Value::as_str).unwrap_or_default();
                    !matches!(suite, "eddsa-rdfc-2022" | "eddsa-jcs-2022") || is_eddsa_proof(proof)
                })
            },
        )
    },
];

/// Adds each `digestMultibase` in a value that is none. Documents are read to a bounded depth.
fn digests(value: &Value, pointer: String, breaches: &mut Vec<Breach>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let pointer = format!("{pointer}/{}", crate::json::pointer_step(name));
                if name != "digestMultibase" {
                    digests(member, pointer, breaches);
                } else if !is_texts(member) || !select(member, "/*").iter().all(|(_, one)| is_any_multibase(one)) {
                    breaches
                        .push(Breach { pointer, problem: "it must be a digest in multibase, or several".to_owned() });
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                digests(item, format!("{pointer}/{index}"), breaches);
            }
        }
        _ => {}
    }
}

fn is_eddsa_proof(proof: &Value) -> bool {
    let value = proof.get("proofValue").and_then(Value::as_str).and_then(|value| value.strip_prefix('z'));
    // A signature is 86 to 88 digits; nothing longer is worth decoding.
    let signature = value.filter(|value| value.len() <= 100).and_then(|value| bs58::decode(value).into_vec().ok());
    proof.get("type").is_some_and(|kind| kind == "DataIntegrityProof")
        && says(proof, "verificationMethod")
        && signature.is_some_and(|bytes| bytes.len() == 64)
}
