//! The forms of texts that statements are made of (part 2, 2.4 and 4.3 to 4.6).

use serde_json::Value;

use super::check::{Checked, Place, formatted, map, text};
use crate::time::Timestamp;

/// An IRI with a scheme (part 2, 4.3). Checked as far as a sender could be wrong about it: plugins put titles into addresses, and
/// the standard asks for best effort only (part 2, 2.2).
pub(super) fn is_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_is_one = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let holds = |c: char| {
        !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
    };
    scheme_is_one && !rest.is_empty() && rest.chars().all(holds)
}

/// A UUID of RFC 4122's variant, hyphenated (part 2, 2.4.1).
pub(super) fn is_uuid(text: &str) -> bool {
    let hyphens = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| if hyphens(at) { b == b'-' } else { b.is_ascii_hexdigit() })
        && matches!(text.as_bytes()[19].to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b')
}

/// A moment: date and time in the extended format of ISO 8601, with a time zone. An offset of minus zero, with which RFC 3339 says
/// that the zone is not known, is no ISO 8601.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix('T')?;
    let zone = time.find(['Z', '+', '-']).map(|at| &time[at..])?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let offset = zone.trim_start_matches(['Z', '+', '-']);
    let minus_zero = zone.starts_with('-') && offset.bytes().all(|b| matches!(b, b'0' | b':'));
    let leap_second = time.get(6..8) == Some("60");
    if !digits(date) || minus_zero || leap_second || (zone.starts_with('Z') && zone != "Z") {
        return None;
    }
    text.parse().ok()
}

/// The seconds of a duration (ISO 8601, 4.4.3.2) where it has an agreed length; none in the second place where it has years or
/// months. None where it is no duration.
pub(super) fn duration(text: &str) -> Option<Option<f64>> {
    let rest = text.strip_prefix('P')?;
    if let Some(weeks) = rest.strip_suffix('W') {
        return Some(Some(decimal(weeks)? * 604_800.0));
    }
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None if rest.is_empty() => return None,
        None => (rest, ""),
    };
    const DATE: [(char, Option<f64>); 3] = [('Y', None), ('M', None), ('D', Some(86_400.0))];
    const TIME: [(char, Option<f64>); 3] = [('H', Some(3600.0)), ('M', Some(60.0)), ('S', Some(1.0))];
    let (mut seconds, mut fraction_seen) = (Some(0.0), false);
    for (mut part, units) in [(date, DATE), (time, TIME)] {
        for (unit, worth) in units {
            if let Some((count, after)) = part.split_once(unit) {
                // Only the smallest component may have a fraction.
                if fraction_seen {
                    return None;
                }
                let number = decimal(count)?;
                fraction_seen = count.contains(['.', ',']);
                seconds = match (seconds, worth) {
                    (Some(sum), Some(worth)) => Some(sum + number * worth),
                    (sum, None) if number == 0.0 => sum,
                    _ => None,
                };
                part = after;
            }
        }
        if !part.is_empty() {
            return None;
        }
    }
    Some(seconds)
}

fn decimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits = |text: &str| (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits(whole) && digits(fraction) { format!("{whole}.{fraction}").parse().ok() } else { None }
}

/// A language tag that is well-formed by RFC 5646 § 2.1: the lengths and the order of its parts.
pub(super) fn is_language(tag: &str) -> bool {
    const IRREGULAR: [&str; 17] = [
        "en-gb-oed",
        "i-ami",
        "i-bnn",
        "i-default",
        "i-enochian",
        "i-hak",
        "i-klingon",
        "i-lux",
        "i-mingo",
        "i-navajo",
        "i-pwn",
        "i-tao",
        "i-tay",
        "i-tsu",
        "sgn-be-fr",
        "sgn-be-nl",
        "sgn-ch-de",
    ];
    let lower = tag.to_ascii_lowercase();
    if IRREGULAR.contains(&lower.as_str()) {
        return true;
    }
    let mut parts = lower.split('-').peekable();
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    let alphanumeric = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    let private = |parts: &mut dyn Iterator<Item = &str>| {
        let mut rest = parts.peekable();
        rest.peek().is_some() && rest.all(|part| (1..=8).contains(&part.len()) && alphanumeric(part))
    };
    let Some(first) = parts.next() else { return false };
    if first == "x" {
        return private(&mut parts);
    }
    if !letters(first) || !(2..=8).contains(&first.len()) {
        return false;
    }
    if first.len() <= 3 {
        for _ in 0..3 {
            if parts.next_if(|part| part.len() == 3 && letters(part)).is_none() {
                break;
            }
        }
    }
    parts.next_if(|part| part.len() == 4 && letters(part));
    parts.next_if(|part| {
        (part.len() == 2 && letters(part)) || (part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit()))
    });
    let variant = |part: &&str| {
        alphanumeric(part)
            && ((5..=8).contains(&part.len()) || (part.len() == 4 && part.as_bytes()[0].is_ascii_digit()))
    };
    while parts.next_if(variant).is_some() {}
    while let Some(singleton) = parts.next() {
        if singleton == "x" {
            return private(&mut parts);
        }
        if singleton.len() != 1 || !alphanumeric(singleton) {
            return false;
        }
        let extension = |part: &&str| (2..=8).contains(&part.len()) && alphanumeric(part);
        if parts.next_if(extension).is_none() {
            return false;
        }
        while parts.next_if(extension).is_some() {}
    }
    true
}

/// `mailto:` and an address (part 2, 2.4.2.3).
fn is_mailbox(text: &str) -> bool {
    let address = text.strip_prefix("mailto:").and_then(|address| address.rsplit_once('@'));
    let holds =
        |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | ',' | ';' | ':' | '@' | '?');
    address.is_some_and(|(local, domain)| {
        let labels =
            domain.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'));
        !local.is_empty() && local.chars().all(holds) && labels
    })
}

fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or("").trim_end();
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident: $what:literal, $is:expr;)+) => {$(
        $(#[$doc])*
        pub(super) fn $name(value: &Value, at: &Place<'_>) -> Checked {
            formatted(value, at, $is, $what)
        }
    )+};
}

forms! {
    /// An IRI.
    iri: "an IRI with a scheme (part 2, 4.3)", is_iri;
    /// A UUID.
    uuid: "a UUID in its standard form (part 2, 4.4)", is_uuid;
    /// A moment.
    timestamp: "a date and a time of ISO 8601 with a time zone (part 2, 4.5)", |text| moment(text).is_some();
    /// A duration.
    duration_text: "a duration of ISO 8601 (part 2, 4.6)", |text| duration(text).is_some();
    /// A language tag.
    language: "a language tag of RFC 5646 (part 2, 2.4.6)", is_language;
    /// A mailbox.
    mailbox: "mailto: and an address (part 2, 2.4.2.3)", is_mailbox;
    /// The SHA-1 of a mailbox.
    sha1: "a SHA-1 in 40 hexadecimal digits (part 2, 2.4.2.3)", |text| text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    /// A media type.
    media_type: "an Internet media type (part 2, 2.4.11)", is_media_type;
    /// The version of a statement.
    version: "a version 1.0.x (part 2, 2.4.10)", |text| {
        text.strip_prefix("1.0.").is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|b| b.is_ascii_digit()))
    };
}

/// Texts by their language (part 2, 4.2).
pub(super) fn language_map(value: &Value, at: &Place<'_>) -> Checked {
    map(value, at, is_language, "a language tag of RFC 5646 (part 2, 4.2)", text)
}

/// Anything by IRIs (part 2, 4.1).
pub(super) fn extensions(value: &Value, at: &Place<'_>) -> Checked {
    map(value, at, is_iri, "an IRI with a scheme (part 2, 4.1)", super::check::anything)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_an_agreed_length_or_none() {
        for (text, seconds) in [
            ("PT1H30M", Some(5400.0)),
            ("PT4H35M59.14S", Some(16_559.14)),
            ("P1DT1S", Some(86_401.0)),
            ("P2W", Some(1_209_600.0)),
            ("PT0,5H", Some(1800.0)),
            ("PT0S", Some(0.0)),
            ("P0Y0M0DT0H10M0S", Some(600.0)),
            ("P1Y", None),
            ("P3Y1M29DT4H35M59.14S", None),
        ] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for bad in [
            "",
            "P",
            "PT",
            "P1H",
            "PT1D",
            "1H",
            "P4W1D",
            "-PT5M",
            "PT5",
            "PT1.5H2M",
            "PT1M1H",
            "P16559.14S",
            "PT1é",
            "PT.5S",
        ] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn moments_have_a_zone() {
        for good in [
            "2026-06-10T13:31:41.000Z",
            "2026-06-10T13:31:41+02:00",
            "2026-06-10T13:31:41.1234567-05:00",
            "2026-06-10T13:31:41-00:30",
        ] {
            assert!(moment(good).is_some(), "{good}");
        }
        for bad in [
            "2026-06-10",
            "2026-06-10T13:31:41",
            "2026-06-10 13:31:41Z",
            "2026-06-10t13:31:41Z",
            "2026-06-10T13:31:41z",
            "2026-06-10T13:31:41-00:00",
            "2026-06-10T13:31:41-0000",
            "2026-06-10T13:31:41-00",
            "2026-06-31T13:31:41Z",
            "hier",
            "",
            "20260610T133141Z",
            "2026-06-10T24:31:41Z",
            "2026-06-10T13:31:60Z",
            "2026-06-10T13:31:41Z[UTC]",
            "éééééé",
        ] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn language_tags_are_well_formed() {
        for good in [
            "fr",
            "fr-FR",
            "en-US",
            "zh-Hant-TW",
            "es-419",
            "sl-rozaj-biske",
            "de-CH-1901",
            "x-minister",
            "en-a-bbb-x-a",
            "i-klingon",
            "zh-cmn-Hans-CN",
        ] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "f", "français", "fr_FR", "en-", "-en", "fr-FR-x", "toolonglanguage", "en-a", "en US", "x-"] {
            assert!(!is_language(bad), "{bad}");
        }
    }

    #[test]
    fn mailboxes_and_iris() {
        for (text, good) in [
            ("mailto:a@b.fr", true),
            ("mailto:a.b+c@agents.example", true),
            ("mailto:x@localhost", true),
            ("a@b.fr", false),
            ("mailto:", false),
            ("mailto:a@", false),
            ("mailto:@b", false),
            ("MAILTO:a@b.fr", false),
            ("mailto:a b@c.fr", false),
            ("mailto:a@b..fr", false),
        ] {
            assert_eq!(is_mailbox(text), good, "{text}");
        }
        for (text, good) in [
            ("https://lms.example/mod/book/view.php?id=12", true),
            ("urn:uuid:1", true),
            ("http://x/a[1]", true),
            ("http://x/é", true),
            ("lms.example", false),
            ("", false),
            (":a", false),
            ("a:", false),
            ("http://x/a b", false),
            ("1a:b", false),
        ] {
            assert_eq!(is_iri(text), good, "{text}");
        }
    }
}
