//! What Bitstring Status List 1.0 demands of the entries in credentials, and of the lists. Which bit is set is for `verify` to say.

use serde_json::Value;

use super::shape::{demand, every, is_a, is_text, is_texts, is_url, is_urls, says, select};
use super::{Breach, Group, Rule, Scope, Standard};
use crate::status_list::Bitstring;

const ENTRY: Group = Group { document: Standard::BitstringStatusList, scope: Scope::Credential };
const LIST: Group = Group { document: Standard::BitstringStatusList, scope: Scope::StatusList };

const fn entry(code: &'static str, demand: &'static str, check: fn(&Value) -> Vec<Breach>) -> Rule {
    ENTRY.must(code, "2.1", demand, check)
}

const fn list(code: &'static str, demand: &'static str, check: fn(&Value) -> Vec<Breach>) -> Rule {
    LIST.must(code, "2.2", demand, check)
}

/// A breach for each bitstring entry that does not hold.
fn entries(document: &Value, member: &str, problem: &str, holds: fn(&Value) -> bool) -> Vec<Breach> {
    let found = select(document, "/credentialStatus/*").into_iter();
    let wrong = found.filter(|(_, entry)| is_a(entry, "BitstringStatusListEntry") && !holds(entry));
    wrong.map(|(pointer, _)| Breach { pointer: format!("{pointer}{member}"), problem: problem.to_owned() }).collect()
}

pub(super) const RULES: &[Rule] = &[
    entry("bsl.entry-id", "The id of an entry, where there is one, is not the address of the list.", |document| {
        entries(document, "/id", "it is the address of the list itself", |entry| {
            entry.get("id").is_none_or(|id| entry.get("statusListCredential") != Some(id))
        })
    }),
    entry("bsl.purpose", "An entry says its statusPurpose, a text.", |document| {
        entries(document, "/statusPurpose", "the purpose must be a text", |entry| {
            entry.get("statusPurpose").is_some_and(is_text)
        })
    }),
    entry("bsl.index", "statusListIndex is an integer from 0, written as a text in base 10.", |document| {
        entries(document, "/statusListIndex", "the index must be a text of decimal digits", |entry| {
            let index = entry.get("statusListIndex").and_then(Value::as_str).unwrap_or_default();
            !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit())
        })
    }),
    entry("bsl.list-address", "statusListCredential is a URL.", |document| {
        entries(document, "/statusListCredential", "the list must be named by a URL", |entry| {
            entry.get("statusListCredential").is_some_and(is_url)
        })
    }),
    entry("bsl.size", "statusSize, where there is one, is an integer above zero.", |document| {
        entries(document, "/statusSize", "the size must be an integer above zero", |entry| {
            entry.get("statusSize").is_none_or(|size| size.as_u64().is_some_and(|size| size > 0))
        })
    }),
    entry(
        "bsl.messages",
        "There is one statusMessage for each value of the status; without any, the status has one bit.",
        |document| {
            let problem = "there must be one message for each value, each with a status in hexadecimal and a message";
            entries(document, "/statusMessage", problem, |entry| {
                let size = entry.get("statusSize").and_then(Value::as_u64).unwrap_or(1);
                match entry.get("statusMessage") {
                    None => size == 1,
                    Some(Value::Array(messages)) => {
                        let values = u32::try_from(size).ok().and_then(|bits| 1_usize.checked_shl(bits));
                        values == Some(messages.len()) && messages.iter().all(is_message)
                    }
                    Some(_) => false,
                }
            })
        },
    ),
    entry("bsl.reference", "statusReference, where there is one, is a URL or several.", |document| {
        entries(document, "/statusReference", "it must be a URL or several", |entry| {
            entry.get("statusReference").is_none_or(is_urls)
        })
    }),
    list("bsl.list-subject", "The subject of a list is one BitstringStatusList.", |document| {
        let subjects = select(document, "/credentialSubject/*");
        let holds = matches!(subjects.as_slice(), [(_, subject)] if is_a(subject, "BitstringStatusList"));
        demand(holds, "/credentialSubject", "the subject must be one BitstringStatusList")
    }),
    list("bsl.list-purpose", "A list says one or more statusPurposes, texts.", |document| {
        every(document, "/credentialSubject/*", "the list must say its purpose, by a text or several", |subject| {
            subject.get("statusPurpose").is_some_and(is_texts)
        })
    }),
    list("bsl.list-ttl", "ttl, where there is one, is a number of milliseconds.", |document| {
        every(document, "/credentialSubject/*/ttl", "it must be a whole number of milliseconds", |ttl| {
            ttl.as_u64().is_some()
        })
    }),
    list(
        "bsl.encoded-list",
        "encodedList is u and base64url, without padding, of a gzip stream of at least 131 072 bits.",
        |document| {
            select(document, "/credentialSubject/*")
                .into_iter()
                .flat_map(|(pointer, subject)| {
                    let encoded = subject.get("encodedList").and_then(Value::as_str).unwrap_or_default();
                    let error = Bitstring::decode(encoded).err();
                    error.map(|error| Breach { pointer: format!("{pointer}/encodedList"), problem: error.to_string() })
                })
                .collect()
        },
    ),
];

fn is_message(message: &Value) -> bool {
    let status = message.get("status").and_then(Value::as_str).and_then(|status| status.strip_prefix("0x"));
    status.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()))
        && says(message, "message")
}
