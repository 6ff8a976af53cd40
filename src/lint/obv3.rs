//! What Open Badges 3.0 demands of any badge (§ B.1), as far as verifiers in the field reject for it.

use serde_json::Value;

use super::{Finding, Rule, has_type, is_absolute};
use crate::time::Timestamp;

/// The released contexts; older or unversioned ones draw a warning elsewhere, not a refusal.
const CONTEXT: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context";

pub(super) fn check(document: &Value, findings: &mut Vec<Finding>) {
    let mut rule = Rule { document, findings };

    let second = document.pointer("/@context/1").and_then(Value::as_str);
    let holds = second.is_some_and(|url| url.starts_with(CONTEXT) && url.ends_with(".json"));
    rule.demand("obv3.second-context", "/@context/1", holds, "the second context must be that of Open Badges 3.0");

    let types = document.get("type");
    let holds = has_type(types, "OpenBadgeCredential") || has_type(types, "AchievementCredential");
    rule.demand("obv3.type", "/type", holds, "the type must hold OpenBadgeCredential or AchievementCredential");

    rule.demand("obv3.id", "/id", document.get("id").is_some(), "a badge needs an id");
    rule.demand("obv3.valid-from", "/validFrom", document.get("validFrom").is_some(), "a badge needs validFrom");
    let awarded = document.get("awardedDate").map(|date| date.as_str().and_then(|text| text.parse::<Timestamp>().ok()));
    rule.demand("obv3.awarded-date", "/awardedDate", awarded != Some(None), "not a date and time with a zone");

    let issuer = document.get("issuer");
    let holds = issuer.is_some_and(|issuer| {
        has_type(issuer.get("type"), "Profile") && issuer.get("name").is_some_and(Value::is_string)
    });
    rule.demand("obv3.issuer-is-profile", "/issuer", holds, "the issuer must be an object of type Profile with a name");

    let subject = document.get("credentialSubject");
    let holds = has_type(subject.and_then(|subject| subject.get("type")), "AchievementSubject");
    rule.demand("obv3.subject", "/credentialSubject/type", holds, "the subject must be an AchievementSubject");
    let holds = subject.is_some_and(|subject| subject.get("id").is_some() || subject.get("identifier").is_some());
    rule.demand("obv3.subject-is-someone", "/credentialSubject", holds, "the subject needs an id or an identifier");

    let at = "/credentialSubject/achievement";
    let achievement = document.pointer(at);
    let field = |name: &str| achievement.and_then(|achievement| achievement.get(name));
    let named = ["name", "description"].iter().all(|name| field(name).is_some_and(Value::is_string));
    let holds =
        has_type(field("type"), "Achievement") && named && field("id").and_then(Value::as_str).is_some_and(is_absolute);
    rule.demand(
        "obv3.achievement",
        at,
        holds,
        "the achievement needs an absolute id, the type Achievement, a name and a description",
    );
    let criteria = field("criteria");
    let holds = criteria.is_some_and(|criteria| criteria.get("id").is_some() || criteria.get("narrative").is_some());
    rule.demand("obv3.criteria", &format!("{at}/criteria"), holds, "the criteria need an id or a narrative");
    let alignments = match field("alignment") {
        Some(Value::Array(several)) => several.as_slice(),
        _ => &[],
    };
    let holds = alignments.iter().all(|alignment| {
        ["targetName", "targetUrl"].iter().all(|name| alignment.get(name).is_some_and(Value::is_string))
    });
    rule.demand("obv3.alignment", &format!("{at}/alignment"), holds, "an alignment needs targetName and targetUrl");

    let identifiers = match document.pointer("/credentialSubject/identifier") {
        Some(Value::Array(several)) => several.as_slice(),
        _ => &[],
    };
    let holds = identifiers.iter().all(|identifier| {
        let hash = identifier.get("identityHash").and_then(Value::as_str);
        let hashed = identifier.get("hashed").and_then(Value::as_bool);
        let plausible =
            hash.is_some_and(|hash| hashed == Some(false) || hash.starts_with("sha256$") || hash.starts_with("md5$"));
        plausible && hashed.is_some() && has_type(identifier.get("type"), "IdentityObject")
    });
    rule.demand(
        "obv3.identity",
        "/credentialSubject/identifier",
        holds,
        "an IdentityObject needs hashed and an identityHash of its form",
    );
}
