//! What a report comes to, in plain words: one conclusion for each thing that a person should do something else about, with its
//! headline, its explanation and what to do next. The pages and `sceau verify` say the same.
//!
//! The verdict alone would not do: a forged document, an honest one under a stolen key, another person's badge and a photograph of a
//! badge are all `invalid`, and whoever holds one must be told which.

#[cfg(test)]
mod tests;
mod words;

use super::wording::say;
use crate::catalog::AwardKind;
use crate::mentions;
use crate::text::Lang;
use crate::time::Zone;
use crate::verify::{CheckCode, Outcome, Reason, Report, Trust, Verdict};

/// What is concluded about the document that someone holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Authentic and in force.
    InForce,
    /// The same, of a credential that is no badge: its content is not shown.
    AnotherKind,
    /// In force: its key was compromised since, but our log says that we signed it.
    Logged,
    /// Withdrawn.
    Revoked,
    /// Withdrawn for a time.
    Suspended,
    /// Past its end.
    Expired,
    /// Before its beginning.
    NotYetValid,
    /// The credential is in force, but commits to another name than the one on record.
    OtherName,
    /// Authentic, and of somebody else than was asked about.
    SomebodyElses,
    /// Authentic, and says nothing of the person asked about.
    NobodyNamed,
    /// The content is not what was signed.
    Altered,
    /// Nobody signed it.
    Unsigned,
    /// A signature that no verifier may accept.
    BadSignature,
    /// Signed with a key that the issuer named does not vouch for.
    ForeignKey,
    /// The signature holds, and its key can no longer be trusted.
    KeyRevoked,
    /// The signature holds, and its key has ended.
    KeyExpired,
    /// Made for another occasion than the one asked about.
    OtherOccasion,
    /// Against the standards.
    NotWellFormed,
    /// There is no badge in the file.
    NoBadge,
    /// There is more than one.
    SeveralBadges,
    /// The file is damaged, or made to harm.
    UnsafeFile,
    /// The document can't be read, or not in one way only.
    Unreadable,
    /// Nothing could be had at the address.
    Unfetched,
    /// Somebody signed, and nothing says who.
    SelfAsserted,
    /// The issuer's key could not be had.
    IssuerOutOfReach,
    /// The issuer's kind of identifier can't be resolved here.
    IssuerNotSupported,
    /// The kind of signature can't be checked here.
    SuiteNotSupported,
    /// Authentic, and nobody knows whether it was withdrawn.
    StatusUnknown,
    /// The badge in a PDF holds; its pages are nobody's signature.
    PdfNotCompared,
    /// The same, and nothing can be said of what the pages look like.
    PdfNotVerifiable,
    /// The pages of a PDF show something else than the badge in it says.
    PdfAltered,
    /// A PDF was changed after it was sealed.
    PdfSealBroken,
    /// A presentation, and all in it, hold.
    Presented,
    /// A presentation with something in it that does not hold.
    PresentedInvalid,
    /// A presentation with something in it that is not confirmed.
    PresentedOpen,
    /// A presentation that nobody signed.
    PresentationUnsigned,
    /// A presentation by someone known by a key alone.
    HolderUnknown,
    /// Something else could not be checked.
    Incomplete,
}

impl Conclusion {
    /// What a report comes to.
    pub fn of(report: &Report) -> Self {
        let failed = |code| report.outcome(code) == Some(Outcome::Fail);
        let open = |code| report.outcome(code) == Some(Outcome::NotChecked);
        let is = |code, reason| report.reason(code) == Some(reason);
        let pages_altered = report.reason(CheckCode::Form).is_some_and(Reason::is_of_altered_pages);
        if failed(CheckCode::Form) && !pages_altered {
            return match report.reason(CheckCode::Form) {
                Some(Reason::NoCredential) => Self::NoBadge,
                Some(Reason::SeveralCredentials) => Self::SeveralBadges,
                Some(Reason::UnsafeFile | Reason::PdfEncrypted | Reason::PdfDamaged | Reason::PdfActive) => {
                    Self::UnsafeFile
                }
                Some(Reason::Unfetched) => Self::Unfetched,
                Some(Reason::JwtUnsigned) => Self::Unsigned,
                _ => Self::Unreadable,
            };
        }
        if failed(CheckCode::Schema) {
            return Self::NotWellFormed;
        }
        if failed(CheckCode::Proof) {
            return match report.reason(CheckCode::Proof) {
                Some(Reason::SignatureMismatch) => Self::Altered,
                Some(Reason::ProofMissing | Reason::JwtUnsigned) => Self::Unsigned,
                Some(Reason::ChallengeMismatch | Reason::DomainMismatch) => Self::OtherOccasion,
                _ => Self::BadSignature,
            };
        }
        if failed(CheckCode::IssuerKey) {
            return match report.reason(CheckCode::IssuerKey) {
                Some(Reason::KeyRevoked) => Self::KeyRevoked,
                Some(Reason::KeyExpired) => Self::KeyExpired,
                Some(Reason::ForeignKey | Reason::KeyNotListed) => Self::ForeignKey,
                _ => Self::BadSignature,
            };
        }
        if pages_altered {
            let broken = is(CheckCode::Form, Reason::PdfSealBroken);
            return if broken { Self::PdfSealBroken } else { Self::PdfAltered };
        }
        if report.outcome(CheckCode::Credentials).is_some() {
            return Self::of_presentation(report);
        }
        if open(CheckCode::Proof) || open(CheckCode::IssuerKey) {
            // Without a key there is no proof to check: the reason stands at one of the two.
            let any = |reason| is(CheckCode::Proof, reason) || is(CheckCode::IssuerKey, reason);
            return if any(Reason::SuiteNotSupported) {
                Self::SuiteNotSupported
            } else if any(Reason::KeyUnavailable) {
                Self::IssuerOutOfReach
            } else if any(Reason::IdentifierNotSupported) {
                Self::IssuerNotSupported
            } else {
                Self::Incomplete
            };
        }
        // Authentic: what is left is whether it counts, and for whom.
        if failed(CheckCode::Recipient) {
            return Self::SomebodyElses;
        }
        match Standing::of(report) {
            Standing::Revoked => return Self::Revoked,
            Standing::Suspended => return Self::Suspended,
            Standing::Expired => return Self::Expired,
            Standing::NotYetValid => return Self::NotYetValid,
            Standing::InForce | Standing::Unknown => {}
        }
        if report.trust == Some(Trust::SelfAsserted) {
            Self::SelfAsserted
        } else if Standing::of(report) == Standing::Unknown {
            Self::StatusUnknown
        } else if open(CheckCode::Recipient) {
            Self::NobodyNamed
        } else if is(CheckCode::Form, Reason::PdfNotCompared) || is(CheckCode::Form, Reason::PdfTextAgrees) {
            Self::PdfNotCompared
        } else if open(CheckCode::Form) {
            Self::PdfNotVerifiable
        } else if report.verdict != Verdict::Valid {
            // Whatever was added to the checks since: never more than the verdict says.
            Self::Incomplete
        } else if is(CheckCode::IssuerKey, Reason::KeyRevokedButLogged) {
            Self::Logged
        } else if report.content.is_none() {
            Self::AnotherKind
        } else {
            Self::InForce
        }
    }

    fn of_presentation(report: &Report) -> Self {
        let open = |code| report.outcome(code) == Some(Outcome::NotChecked);
        if report.outcome(CheckCode::Credentials) == Some(Outcome::Fail) {
            Self::PresentedInvalid
        } else if report.reason(CheckCode::Proof) == Some(Reason::PresentationUnsigned) {
            Self::PresentationUnsigned
        } else if open(CheckCode::Proof) && report.reason(CheckCode::Proof) == Some(Reason::SuiteNotSupported) {
            Self::SuiteNotSupported
        } else if open(CheckCode::Proof) || open(CheckCode::IssuerKey) {
            Self::Incomplete
        } else if report.credentials.is_empty() || report.credentials.iter().any(|one| one.verdict != Verdict::Valid) {
            Self::PresentedOpen
        } else if report.trust == Some(Trust::SelfAsserted) {
            Self::HolderUnknown
        } else if report.verdict == Verdict::Valid {
            Self::Presented
        } else {
            Self::Incomplete
        }
    }

    /// Its colour and icon, as a word that the style sheet and the icons know.
    pub(super) fn tone(self) -> &'static str {
        self.words().tone
    }

    /// The conclusion in a few words. What it is about is a document, or an award whose signed content could be read.
    pub(super) fn headline(self, about: Option<Option<AwardKind>>, lang: Lang) -> String {
        let (noun, e) = noun(about, lang);
        let (fr, en) = self.words().headline;
        let fill = |text: &str| text.replace("{Document}", noun).replace("{document}", &noun.to_lowercase());
        say(lang, &fill(fr).replace("{e}", e), &fill(en))
    }

    /// What the conclusion means, and what to do.
    pub(super) fn explanation(self, days: &ValidityDays, lang: Lang) -> String {
        let (fr, en) = self.words().explanation;
        let fill = |text: &str, from: &str, until: &str| {
            let said = |before: &str, day: &Option<String>| {
                day.as_ref().map(|day| format!("{before}{day}")).unwrap_or_default()
            };
            text.replace("{from}", &said(from, &days.from)).replace("{until}", &said(until, &days.until))
        };
        say(
            lang,
            &fill(fr, " : il le sera à partir du ", " depuis le "),
            &fill(en, ": it will be from ", ": it ended on "),
        )
    }
}

/// The noun of a headline, and the ending of an adjective that agrees with it in French.
fn noun(about: Option<Option<AwardKind>>, lang: Lang) -> (&'static str, &'static str) {
    let noun = match about {
        None => "Document",
        Some(None) => "Badge",
        Some(Some(AwardKind::Participation)) => "Attestation",
        Some(Some(AwardKind::Certificate)) => lang.pick("Certificat", "Certificate"),
    };
    (noun, if mentions::is_feminine(about.flatten()) { "e" } else { "" })
}

/// The days between which a credential holds, in words.
#[derive(Debug, Clone, Default)]
pub(super) struct ValidityDays {
    /// Its first day.
    pub from: Option<String>,
    /// Its last day.
    pub until: Option<String>,
}

impl ValidityDays {
    /// Those of the signed content.
    pub(super) fn of(report: &Report, zone: &Zone, lang: Lang) -> Self {
        let view = report.content.as_ref();
        Self {
            from: view.map(|view| view.valid_from.day(zone, lang)),
            until: view.and_then(|view| view.valid_until).map(|end| end.day(zone, lang)),
        }
    }
}

/// Whether an authentic credential counts now, whoever it was awarded to and in whatever file it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    InForce,
    Revoked,
    Suspended,
    Expired,
    NotYetValid,
    Unknown,
}

impl Standing {
    pub(super) fn of(report: &Report) -> Self {
        let for_reason =
            |reason| report.checks.iter().any(|check| check.outcome == Outcome::Fail && check.reason == reason);
        let settled = |code| matches!(report.outcome(code), Some(Outcome::Pass | Outcome::Warn));
        if for_reason(Reason::Revoked) {
            Self::Revoked
        } else if for_reason(Reason::Suspended) {
            Self::Suspended
        } else if for_reason(Reason::Expired) {
            Self::Expired
        } else if for_reason(Reason::NotYetValid) {
            Self::NotYetValid
        } else if settled(CheckCode::Validity) && settled(CheckCode::Status) {
            Self::InForce
        } else {
            Self::Unknown
        }
    }
}

/// What a report comes to, for people: a headline and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InWords {
    /// In a few words.
    pub headline: String,
    /// What it means, and what to do.
    pub explanation: String,
}

/// What a report comes to, in the words of the pages, for those who show it elsewhere. Days are counted in the zone given.
pub fn in_words(report: &Report, zone: &Zone, lang: Lang) -> InWords {
    let conclusion = Conclusion::of(report);
    let about = report.content.as_ref().map(|view| view.kind);
    InWords {
        headline: conclusion.headline(about, lang),
        explanation: conclusion.explanation(&ValidityDays::of(report, zone, lang), lang),
    }
}
