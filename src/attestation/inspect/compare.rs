//! What the pages say beside what was signed.
//!
//! A text is a contradiction where it stands for a signed one: under its label, or where the signed one is nowhere to be found. Texts are
//! compared without their spaces, which typography chooses, and in small letters, since a template may set a value in a sentence.
//! Agreement proves nothing (see `font`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use unicode_normalization::UnicodeNormalization as _;

use super::text::{Pages, Passage};
use crate::catalog::{AwardKind, Modality};
use crate::credential::CredentialView;
use crate::criteria::{CountedBy, EffectiveDuration};
use crate::markdown;
use crate::mentions::{self, Mention};
use crate::text::{Lang, PersonName};
use crate::time::{Timestamp, Zone};

/// How many passages with a duration are compared with what is signed.
const MAX_DURATIONS: usize = 200;

/// The longest name that is looked for, in words.
const LONGEST_NAME: usize = 12;
/// The most names that are tried against the commitment.
const MOST_NAMES: usize = 20_000;
/// How much of what is shown is repeated, in characters.
const QUOTED: usize = 80;

/// What of the signed content the pages contradict; the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The learner's name, or the code that opens the credential's commitment to it.
    Name,
    /// The training's title.
    Title,
    /// Its duration.
    Duration,
    /// A date.
    Dates,
    /// The issuer's name.
    Issuer,
    /// Attestation or certificate.
    Kind,
    /// Another text: a mention, an objective, a competency, the criteria.
    Text,
}

impl Field {
    fn noun(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Title => "title",
            Self::Duration => "duration",
            Self::Dates => "date",
            Self::Issuer => "issuer",
            Self::Kind => "kind",
            Self::Text => "text",
        }
    }
}

/// Something that the pages show otherwise than it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub field: Field,
    /// What they show in its place, where that is known; never a name.
    pub shown: Option<String>,
    /// What was signed; never a name.
    pub signed: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.field.noun())?;
        match (&self.shown, &self.signed) {
            (Some(shown), Some(signed)) => write!(f, ": shown “{shown}”, signed “{signed}”"),
            (Some(shown), None) => write!(f, ": shown “{shown}”, not signed"),
            (None, Some(signed)) => write!(f, ": “{signed}” is signed and not shown"),
            (None, None) => Ok(()),
        }
    }
}

/// Whether the name on the pages is the one that the credential commits to.
#[derive(Debug)]
pub(super) enum Named {
    /// It is, and this opens the commitment.
    As(PersonName, [u8; 16]),
    /// It is not.
    Other,
    /// The pages print no code, or the credential says nothing of a name.
    Unknown,
}

/// What a comparison came to.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// What differs.
    pub(super) differences: Vec<Difference>,
    /// What could not be compared.
    pub(super) missing: Vec<&'static str>,
}

/// Looks for the name: any run of words that opens the commitment with the code printed, or the name that is signed in clear.
pub(super) fn name(passages: &[Passage], content: &CredentialView) -> Named {
    if content.recipient_name_digest.is_none() {
        let Some(name) = content.recipient_name.as_deref().and_then(|name| PersonName::new(name).ok()) else {
            return Named::Unknown;
        };
        let shown = passages.iter().any(|passage| comparable(&passage.text).contains(&comparable(name.as_str())));
        return if shown { Named::As(name, [0; 16]) } else { Named::Other };
    }
    let words: Vec<Vec<&str>> = passages.iter().map(|passage| passage.text.split_whitespace().collect()).collect();
    // The code is a word of its own: 22 characters of base64url, of which no other word is made.
    let mut secrets: Vec<[u8; 16]> =
        words.iter().flatten().filter_map(|word| URL_SAFE_NO_PAD.decode(word).ok()?.try_into().ok()).collect();
    secrets.dedup();
    secrets.truncate(4);
    if secrets.is_empty() {
        return Named::Unknown;
    }
    let opened = |name: &str| {
        let name = PersonName::new(name).ok()?;
        let secret = secrets.iter().find(|secret| content.names(&name, secret) == Some(true))?;
        Some(Named::As(name, *secret))
    };
    // Alone in its passage, as our template has it, or within a sentence.
    if let Some(found) = passages.iter().find_map(|passage| opened(&passage.text)) {
        return found;
    }
    let windows = words.iter().flat_map(|words| {
        let ends = move |start: usize| start + 1..=words.len().min(start + LONGEST_NAME);
        (0..words.len()).flat_map(move |start| ends(start).map(move |end| words[start..end].join(" ")))
    });
    let mut left = MOST_NAMES;
    for name in windows {
        if let Some(found) = opened(&name) {
            return found;
        }
        left -= 1;
        if left == 0 {
            return Named::Unknown;
        }
    }
    Named::Other
}

/// Compares what the pages say with what is signed.
pub(super) fn compare(said: &Pages, content: &CredentialView, named: &Named, ours: Option<&[Passage]>) -> Comparison {
    let keys: Vec<String> = said.passages.iter().map(|passage| comparable(&passage.text)).collect();
    let mut comparison = Comparing { said, keys, content, found: Comparison::default() };
    match named {
        Named::As(..) => {}
        Named::Other => comparison.differs(Field::Name, None, None),
        Named::Unknown => comparison.found.missing.push("name"),
    }
    comparison.title();
    comparison.facts();
    comparison.issuer();
    comparison.kind();
    if let Some(ours) = ours {
        comparison.beside(ours);
    }
    let mut found = comparison.found;
    found.differences.sort_by_key(|difference| difference.field);
    found.differences.dedup();
    found
}

struct Comparing<'a> {
    said: &'a Pages,
    /// What each passage is compared by.
    keys: Vec<String>,
    content: &'a CredentialView,
    found: Comparison,
}

impl Comparing<'_> {
    fn differs(&mut self, field: Field, shown: Option<&str>, signed: Option<&str>) {
        let quoted = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(QUOTED).collect();
        self.found.differences.push(Difference { field, shown: shown.map(quoted), signed: signed.map(quoted) });
    }

    fn says(&self, text: &str) -> bool {
        let wanted = comparable(text);
        self.keys.iter().any(|said| said.contains(&wanted))
    }

    /// What stands under or after a label, each time that it stands there.
    fn under(&self, label: &str) -> Vec<&str> {
        let label = comparable(label);
        let after = |(at, said): (usize, &String)| {
            if *said == label {
                return self.said.passages.get(at + 1).map(|passage| passage.text.as_str());
            }
            let joined = said.strip_prefix(&label)?.starts_with(':');
            joined.then(|| self.said.passages[at].text.split_once(':').map(|(_, value)| value))?
        };
        self.keys.iter().enumerate().filter_map(after).collect()
    }

    fn title(&mut self) {
        let title = self.content.title.as_str();
        if self.says(title) {
            return;
        }
        if self.said.readable {
            self.differs(Field::Title, None, Some(title));
        } else {
            self.found.missing.push("title");
        }
    }

    fn facts(&mut self) {
        let (content, lang) = (self.content, self.content.language);
        let zones = zones();
        let by_zone: Vec<Vec<Mention>> = zones.iter().map(|zone| mentions::facts(content, zone, lang)).collect();
        let signed = by_zone.first().map(Vec::as_slice).unwrap_or_default();
        for (index, Mention { label, value }) in signed.iter().enumerate() {
            let field = field_of(label, lang);
            let same = |shown: &str| {
                by_zone
                    .iter()
                    .filter_map(|facts| facts.get(index))
                    .any(|fact| comparable(&fact.value) == comparable(shown))
            };
            let shown = self.under(label);
            let other = shown.iter().find(|shown| !same(shown)).map(|shown| (*shown).to_owned());
            let anywhere = by_zone.iter().filter_map(|facts| facts.get(index)).any(|fact| self.says(&fact.value));
            if let Some(other) = other {
                self.differs(field, Some(&other), Some(value));
            } else if shown.is_empty() && !anywhere {
                match self.other_duration() {
                    Some(other) if field == Field::Duration && self.said.readable => {
                        self.differs(field, Some(&other), Some(value));
                    }
                    _ => self.found.missing.push(field.noun()),
                }
            }
        }
        // A mention of something that is not signed at all.
        for Mention { label, .. } in mentions::facts(&everything(content), &Zone::default(), lang) {
            if signed.iter().all(|fact| fact.label != label)
                && let Some(shown) = self.under(label).first().map(|shown| (*shown).to_owned())
            {
                self.differs(field_of(label, lang), Some(&shown), None);
            }
        }
    }

    /// A duration that stands in a passage with none of the signed texts, and is neither the estimated nor the effective one.
    fn other_duration(&self) -> Option<String> {
        let signed: Vec<String> = signed_texts(self.content);
        let effective = self.content.effective.map(|effective| effective.duration);
        let durations = [self.content.duration, effective].into_iter().flatten();
        let durations: Vec<String> = durations.map(|duration| comparable(&duration.spoken())).collect();
        // 13 h 30 is not 3 h 30.
        let whole = |said: &str, duration: &String| {
            said.match_indices(duration.as_str()).any(|(at, _)| !said[..at].ends_with(|c: char| c.is_ascii_digit()))
        };
        let foreign = |at: &usize| {
            let said = &self.keys[*at];
            signed.iter().all(|text| !text.contains(said) && !said.contains(text))
                && !durations.iter().any(|duration| whole(said, duration))
        };
        // The quick question first; what says more durations than any document of ours is not asked for all of them.
        (0..self.keys.len())
            .filter(|at| has_duration(&self.said.passages[*at].text))
            .take(MAX_DURATIONS)
            .find(foreign)
            .map(|at| self.said.passages[at].text.clone())
    }

    fn issuer(&mut self) {
        let name = self.content.issuer.name.as_str();
        if !self.says(name) {
            if self.said.readable {
                self.differs(Field::Issuer, None, Some(name));
            } else {
                self.found.missing.push("issuer");
            }
            return;
        }
        // In our table the organisation follows the words, with the one that it belongs to in brackets.
        let shown = self.under(mentions::issued_by(self.content.kind, self.content.language));
        let other = shown
            .iter()
            .find(|shown| !comparable(shown).starts_with(&comparable(name)))
            .map(|shown| (*shown).to_owned());
        if let Some(other) = other {
            self.differs(Field::Issuer, Some(&other), Some(name));
        }
    }

    fn kind(&mut self) {
        let lang = self.content.language;
        let all = [None, Some(AwardKind::Participation), Some(AwardKind::Certificate)];
        let others: Vec<&str> =
            all.into_iter().filter(|kind| *kind != self.content.kind).map(|kind| mentions::kind(kind, lang)).collect();
        let signed = mentions::kind(self.content.kind, lang);
        let other = self
            .said
            .passages
            .iter()
            .zip(&self.keys)
            .find(|(_, said)| others.iter().any(|other| comparable(other) == **said));
        if let Some(other) = other.map(|(passage, _)| passage.text.clone()) {
            self.differs(Field::Kind, Some(&other), Some(signed));
        } else if !self.says(signed) {
            self.found.missing.push("kind");
        }
    }

    /// Passage by passage beside our own rendering, where both have as many: then it is our template with other words in it.
    fn beside(&mut self, ours: &[Passage]) {
        if ours.len() != self.said.passages.len() {
            return;
        }
        let signed = signed_texts(self.content);
        let title = comparable(&self.content.title);
        let mut differing = Vec::new();
        for (ours, (theirs, said)) in ours.iter().zip(self.said.passages.iter().zip(&self.keys)) {
            let own = comparable(&ours.text);
            let field = match ours.role.as_str() {
                _ if own == *said => continue,
                "H1" => Field::Kind,
                _ if own == title => Field::Title,
                _ if signed.iter().any(|text| own.contains(text)) => Field::Text,
                _ => continue,
            };
            differing.push((field, theirs.text.clone(), ours.text.clone()));
        }
        for (field, shown, signed) in differing {
            // Better said with what is shown; what was said of a field already is not said again as a text.
            self.found.differences.retain(|known| known.field != field || known.shown.is_some());
            self.differs(field, Some(&shown), Some(&signed));
        }
    }
}

/// What a text is compared by: its letters, without what typography chooses.
pub fn comparable(text: &str) -> String {
    let invisible =
        |c: char| c.is_whitespace() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    text.nfc()
        .filter(|c| !invisible(*c))
        .map(|c| if matches!(c, '\'' | 'ʼ') { '’' } else { c })
        .collect::<String>()
        .to_lowercase()
}

/// The texts that are signed and stand on the pages as they are, by what they are compared by.
fn signed_texts(content: &CredentialView) -> Vec<String> {
    fn of_items(items: &[markdown::Item], texts: &mut Vec<String>) {
        for item in items {
            texts.push(item.text.clone());
            of_items(&item.items, texts);
        }
    }
    let mut texts = content.objectives.clone();
    texts.push(content.title.clone());
    texts.extend(content.competencies.iter().map(|competency| competency.name.clone()));
    for block in markdown::blocks(&content.criteria) {
        match block {
            markdown::Block::Paragraph(text) => texts.extend(text.lines().map(str::to_owned)),
            markdown::Block::List(items) => of_items(&items, &mut texts),
        }
    }
    texts.iter().map(|text| comparable(text)).filter(|text| text.chars().count() >= 4).collect()
}

/// The same with whatever can be mentioned.
fn everything(content: &CredentialView) -> CredentialView {
    let some = |moment: Option<Timestamp>| moment.or(Some(content.valid_from));
    CredentialView {
        duration: content.duration.or_else(|| "PT1H".parse().ok()),
        effective: content.effective.or_else(an_hour),
        passed: true,
        modality: content.modality.or(Some(Modality::Hybrid)),
        valid_until: some(content.valid_until),
        awarded: some(content.awarded),
        activity_start: some(content.activity_start),
        activity_end: some(content.activity_end),
        ..content.clone()
    }
}

fn an_hour() -> Option<EffectiveDuration> {
    Some(EffectiveDuration { duration: "PT1H".parse().ok()?, basis: CountedBy::Measured })
}

/// Which field a mention is of, by its label.
fn field_of(label: &str, lang: Lang) -> Field {
    let durations =
        an_hour().map(|hour| [Mention::duration(hour.duration, lang).label, Mention::effective(hour, lang).label]);
    let texts = [Mention::modality(Modality::Hybrid, lang).label, Mention::passed(lang).label];
    match label {
        label if durations.is_some_and(|labels| labels.contains(&label)) => Field::Duration,
        label if texts.contains(&label) => Field::Text,
        _ => Field::Dates,
    }
}

/// The zones in which days may have been counted: the credential does not say. The one that we take by default first.
fn zones() -> Vec<Zone> {
    let others = (-14..=12).filter_map(|hours| format!("Etc/GMT{hours:+}").parse().ok());
    std::iter::once(Zone::default()).chain(others).collect()
}

/// Whether a text states a number of hours, minutes or days.
fn has_duration(text: &str) -> bool {
    const UNITS: [&str; 13] =
        ["h", "heure", "heures", "hour", "hours", "min", "mn", "minute", "minutes", "jour", "jours", "day", "days"];
    let spaced: String = text
        .chars()
        .scan(false, |digit, c| {
            let apart = *digit && c.is_alphabetic();
            *digit = c.is_ascii_digit();
            Some(if apart { format!(" {c}") } else { c.to_string() })
        })
        .collect();
    let words: Vec<&str> = spaced.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    words.windows(2).any(|pair| number(pair[0]) && UNITS.contains(&pair[1].to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_from_other_numbers() {
        for text in ["7 h", "7\u{a0}h\u{a0}30\u{a0}min", "une durée de 21h", "21 heures", "3 days."] {
            assert!(has_duration(text), "{text}");
        }
        for text in ["h 7", "article 7", "7 hirondelles", "2 au 20 mars 2026", "Attestation"] {
            assert!(!has_duration(text), "{text}");
        }
    }

    #[test]
    fn typography_is_no_difference() {
        assert_eq!(comparable("L'été\u{a0}: « a\u{202f}»"), comparable("l’e\u{301}té : «a »"));
        assert_ne!(comparable("a"), comparable("à"));
    }
}
