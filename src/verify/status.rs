//! Whether an authentic credential still stands, by its issuer's status lists (Bitstring Status List 1.0 §3.2; Open Badges 3.0,
//! 1EdTechRevocationList), or by our own records, which outweigh what a copy says.

use serde_json::Value;

use super::authenticity;
use super::checks;
use super::materials::Materials;
use super::presented::{Secured, Securing, has_type};
use super::reason::Reason;
use super::report::{Check, CheckCode, Outcome};
use super::{Need, NeedKind, Question};
use crate::json::items;
use crate::proof::did::{self, without_fragment};
use crate::status_list::StatusListError;

/// The most entries of one credential that are looked at.
const MAX_ENTRIES: usize = 8;

/// The lists that the credential names, and the keys to verify those that were found.
pub(super) fn needs(secured: &Secured, materials: &Materials) -> Vec<Need> {
    let mut needs = Vec::new();
    for entry in entries(&secured.document).iter().take(MAX_ENTRIES) {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).map(|url| without_fragment(url).to_owned());
        if has_type(entry, "BitstringStatusListEntry") {
            let Some(id) = text("statusListCredential") else { continue };
            if let Some(list) = materials.list(&id)
                && let Ok(list) = &list.read
            {
                needs.extend(authenticity::needs(list));
            }
            needs.push(Need { id, kind: NeedKind::StatusList });
        } else if has_type(entry, "1EdTechRevocationList")
            && let Some(id) = text("id")
        {
            needs.push(Need { id, kind: NeedKind::RevocationList });
        }
    }
    needs
}

fn entries(document: &Value) -> &[Value] {
    items(document.get("credentialStatus"))
}

/// The status of a credential whose proof holds.
pub(super) fn check(secured: &Secured, materials: &Materials, question: &Question) -> Check {
    let id = secured.document.get("id").and_then(Value::as_str).unwrap_or_default();
    if materials.own(id).is_some_and(|own| own.revocation.is_some()) {
        return Check::new(CheckCode::Status, Outcome::Fail, Reason::Revoked);
    }
    let entries = entries(&secured.document);
    if entries.is_empty() {
        return Check::new(CheckCode::Status, Outcome::Pass, Reason::NoStatus);
    }
    if entries.len() > MAX_ENTRIES {
        // The same entry many times is signed like one, so that whoever holds a credential can make as many of it as they like.
        return Check::new(CheckCode::Status, Outcome::Fail, Reason::StatusMalformed).with("too many entries");
    }
    // The gravest of several decides, whatever their order, which nobody signs: a revocation before anything else, and a kind that
    // is not known here after what could not be checked for another reason.
    let found = entries.iter().map(|entry| one(secured, entry, materials, question));
    let gravity = |check: &Check| {
        (
            check.reason == Reason::Revoked,
            check.outcome,
            check.reason == Reason::Suspended,
            check.reason != Reason::StatusNotSupported,
        )
    };
    found.max_by_key(gravity).unwrap_or_else(|| Check::pointless(CheckCode::Status))
}

fn one(secured: &Secured, entry: &Value, materials: &Materials, question: &Question) -> Check {
    let said = |outcome, reason| Check::new(CheckCode::Status, outcome, reason);
    if has_type(entry, "BitstringStatusListEntry") {
        match by_bitstring(secured, entry, materials, question) {
            Ok(check) | Err(check) => check,
        }
    } else if has_type(entry, "1EdTechRevocationList") {
        by_revocation_list(secured, entry, materials)
    } else {
        let kind = entry.get("type").map(Value::to_string).unwrap_or_default();
        said(Outcome::NotChecked, Reason::StatusNotSupported).with(kind)
    }
}

/// The algorithm of §3.2 "Validate Algorithm", its errors as checks.
fn by_bitstring(secured: &Secured, entry: &Value, materials: &Materials, question: &Question) -> Result<Check, Check> {
    let said = |outcome, reason| Check::new(CheckCode::Status, outcome, reason);
    let fail = |reason| said(Outcome::Fail, reason);
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let malformed = |why: &str| fail(Reason::StatusMalformed).with(why);
    let purpose = text("statusPurpose").ok_or_else(|| malformed("it has no statusPurpose"))?;
    let index = text("statusListIndex").filter(|index| !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()));
    let index = index.ok_or_else(|| malformed("statusListIndex is no number in a text"))?;
    // A number that does not fit lies beyond the end of any list.
    let index: u64 = index.parse().unwrap_or(u64::MAX);
    let address = text("statusListCredential").ok_or_else(|| malformed("it has no statusListCredential"))?;
    let size = match entry.get("statusSize") {
        None => 1,
        Some(size) => size.as_u64().filter(|size| (1..=64).contains(size)).ok_or_else(|| malformed("statusSize"))?,
    };

    let found = materials.list(without_fragment(address));
    let found = found.ok_or_else(|| {
        said(Outcome::NotChecked, Reason::StatusListUnavailable).with(materials.why_missing(without_fragment(address)))
    })?;
    let list = found.read.as_ref().map_err(|why| fail(Reason::StatusListMalformed).with(why))?;
    let document = &list.document;
    if document.get("id").and_then(Value::as_str) != Some(address) {
        return Err(fail(Reason::StatusListMismatch).with("its id is another"));
    }
    if !has_type(document, "BitstringStatusListCredential") || list.is_presentation() {
        return Err(fail(Reason::StatusListMalformed).with("it is no BitstringStatusListCredential"));
    }
    if list.controller() != secured.controller() {
        return Err(fail(Reason::StatusListOfAnother).with(list.controller().unwrap_or("nobody")));
    }
    if matches!(list.by, Securing::Nothing) {
        return Err(fail(Reason::StatusListUnsigned));
    }
    let authentic = found.authenticity(list, materials, question);
    let open = |check: &&Check| matches!(check.outcome, Outcome::Fail | Outcome::NotChecked);
    if let Some(check) = [&authentic.proof, &authentic.key].into_iter().filter(open).max_by_key(|check| check.outcome) {
        return Err(fail(Reason::StatusListNotAuthentic).with(&check.message.en));
    }
    let validity = checks::validity(list, question.now);
    if validity.outcome != Outcome::Pass {
        return Err(fail(Reason::StatusListStale).with(validity.detail.unwrap_or_default()));
    }
    let subject = document.get("credentialSubject").unwrap_or(&Value::Null);
    if !items(subject.get("statusPurpose")).iter().any(|one| one == purpose) {
        return Err(fail(Reason::StatusListMismatch).with("it has another purpose"));
    }
    let encoded = subject.get("encodedList").and_then(Value::as_str).unwrap_or_default();
    let why = |error: StatusListError| match error {
        StatusListError::OutOfRange(_) => fail(Reason::StatusIndexOutOfRange).with(error),
        StatusListError::TooShort => fail(Reason::StatusListTooShort).with(error),
        StatusListError::Encoding | StatusListError::TooLong => fail(Reason::StatusListMalformed).with(error),
    };
    let value = found.bits(encoded).and_then(|bits| bits.value(index, size)).map_err(why)?;
    Ok(match (purpose, value) {
        ("revocation", 0) => said(Outcome::Pass, Reason::NotRevoked),
        ("revocation", _) => fail(Reason::Revoked),
        ("suspension", 0) => said(Outcome::Pass, Reason::NotRevoked),
        ("suspension", _) => fail(Reason::Suspended),
        ("message", value) => message(entry, value),
        ("refresh", 0) => said(Outcome::Pass, Reason::NotRevoked),
        ("refresh", _) => said(Outcome::Warn, Reason::StatusMessage).with("a newer version is available"),
        (other, _) => said(Outcome::NotChecked, Reason::StatusNotSupported).with(other),
    })
}

/// What a value of a `message` list stands for (§2.1, `statusMessage`).
fn message(entry: &Value, value: u64) -> Check {
    let wanted = format!("0x{value:x}");
    let messages = entry.get("statusMessage").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of = |message: &Value, name: &str| message.get(name).and_then(Value::as_str).map(str::to_owned);
    let found = messages.iter().find(|message| {
        of(message, "status").and_then(|status| u64::from_str_radix(status.strip_prefix("0x")?, 16).ok()) == Some(value)
    });
    let text = found.and_then(|message| of(message, "message")).unwrap_or(wanted);
    let outcome = if value == 0 { Outcome::Pass } else { Outcome::Warn };
    Check::new(CheckCode::Status, outcome, Reason::StatusMessage).with(text)
}

/// A list of revoked ids on the issuer's own site. Nobody signs it, so it counts only where it comes from there.
fn by_revocation_list(secured: &Secured, entry: &Value, materials: &Materials) -> Check {
    let said = |outcome, reason| Check::new(CheckCode::Status, outcome, reason);
    let address = entry.get("id").and_then(Value::as_str).map(without_fragment).unwrap_or_default();
    let issuer = secured.controller().unwrap_or_default();
    let host = |url: &str| url.split('/').nth(2).map(str::to_ascii_lowercase);
    if host(address).is_none() || did::address(issuer).ok().as_deref().and_then(host) != host(address) {
        return said(Outcome::Fail, Reason::StatusListOfAnother).with(address);
    }
    let Some(list) = materials.found(address) else {
        return said(Outcome::NotChecked, Reason::StatusListUnavailable).with(materials.why_missing(address));
    };
    let named = list.get("issuer").map(|issuer| issuer.get("id").unwrap_or(issuer));
    if named.is_some_and(|named| named != issuer) {
        return said(Outcome::Fail, Reason::StatusListOfAnother).with(named.map(Value::to_string).unwrap_or_default());
    }
    let Some(revoked) = list.get("revokedCredential").and_then(Value::as_array) else {
        return said(Outcome::Fail, Reason::StatusListMalformed).with("it has no revokedCredential");
    };
    let Some(id) = secured.document.get("id") else {
        return said(Outcome::Fail, Reason::StatusMalformed).with("the credential has no id to be listed by");
    };
    let entry = revoked.iter().find(|entry| Some(entry.get("id").unwrap_or(entry)) == Some(id));
    match entry {
        // An entry says since when; without `revoked: false` it is in force.
        Some(entry) if entry.get("revoked") != Some(&Value::Bool(false)) => said(Outcome::Fail, Reason::Revoked),
        _ => said(Outcome::Warn, Reason::NotRevokedUnsigned),
    }
}
