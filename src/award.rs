//! The award: one per (session, learner, kind), with what held at that moment taken down for good.
//!
//! An award is made once; what the catalog or the learner's record say later changes nothing in it. A correction makes a new
//! version of the award's credential, from a snapshot whose recipient is taken down anew.

use serde::{Deserialize, Serialize};

use crate::catalog::{
    Assessment, AwardKind, BadgeImage, Colour, Competency, EffectiveSession, Issuer, LongText, Modality, Name, Rule,
    ShortText,
};
use crate::criteria::TimeRecord;
use crate::ids::{AchievementHash, AwardId, Code, Did, LearnerId, SubjectId};
use crate::text::{Email, Lang, PersonName};
use crate::time::{Duration, Timestamp};

/// An award as it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Award {
    /// Its id, in the API only.
    pub id: AwardId,
    /// The session it was earned in.
    pub session: Code,
    /// Who earned it.
    pub learner: LearnerId,
    /// What it attests.
    pub kind: AwardKind,
    /// The learner's pseudonym in all its credentials.
    pub subject: SubjectId,
    /// When the criteria were found met: kept through every re-issue (`awardedDate`).
    pub awarded: Timestamp,
    /// Where it stands.
    pub state: AwardState,
    /// What held.
    pub snapshot: Snapshot,
}

/// Where an award stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AwardState {
    /// Earned, but something must be supplied before it can be issued.
    Blocked {
        /// What, at least one entry.
        reasons: Vec<BlockReason>,
    },
    /// A credential is being made.
    Issuing,
    /// Its current credential is signed and stored.
    Issued,
}

/// What an officer decides instead of the criteria.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The learner gets the award, whatever the criteria say.
    Award,
    /// The learner does not get it. An award that was made already stands: only a revocation ends it.
    Refuse,
}

impl Verdict {
    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Award => "award",
            Self::Refuse => "refuse",
        }
    }
}

/// An officer's decision as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictByHand {
    /// What was decided.
    pub verdict: Verdict,
    /// Why; never published.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Whether the criteria are met, as far as a session's closing is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// They are not.
    No,
    /// They are, by what arrived while the session was open.
    InTime,
    /// They are, but only by what arrived after it was closed.
    Late,
}

/// What a learner is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The award.
    Award,
    /// The award, once an officer says so: the session is closed.
    AwardAfterClosing,
    /// Nothing, since the criteria are not met.
    NotYet,
    /// Nothing, since an officer said so.
    Refused,
}

/// What a learner is due: an officer's word before the criteria, and both before a session's closing.
pub const fn due(met: Met, by_hand: Option<Verdict>) -> Due {
    match (by_hand, met) {
        (Some(Verdict::Award), _) | (None, Met::InTime) => Due::Award,
        (Some(Verdict::Refuse), _) => Due::Refused,
        (None, Met::Late) => Due::AwardAfterClosing,
        (None, Met::No) => Due::NotYet,
    }
}

/// Why an award waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum BlockReason {
    /// The learner's name is not known.
    NameMissing,
    /// A text of the attestation has characters that no embedded font can draw.
    Undrawable {
        /// Which text: `recipient`, `title`, …
        field: String,
        /// The characters, each as `U+XXXX`.
        characters: Vec<String>,
    },
    /// The issuer has no key to sign with.
    IssuerKeyMissing,
    /// What it rests on arrived after its session was closed.
    SessionClosed,
    /// The document was composed but our own rules refuse it: a defect to report, never to override.
    LintRefused {
        /// The findings.
        findings: Vec<String>,
    },
}

impl BlockReason {
    /// The reason in a word, without what it quotes.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NameMissing => "name_missing",
            Self::Undrawable { .. } => "undrawable",
            Self::IssuerKeyMissing => "issuer_key_missing",
            Self::SessionClosed => "session_closed",
            Self::LintRefused { .. } => "lint_refused",
        }
    }
}

/// What held when an award was made, taken down for good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// What was achieved.
    pub achievement: AchievementSnapshot,
    /// The issuer's profile.
    pub issuer: Issuer,
    /// Who achieved it.
    pub recipient: Recipient,
    /// When the learner's activity began: the session's start, else the first credited evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity_start: Option<Timestamp>,
    /// When it ended: the session's end, else the last credited evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity_end: Option<Timestamp>,
    /// How much time the decision found, and which of it counted.
    #[serde(default, skip_serializing_if = "TimeRecord::is_empty")]
    pub time: TimeRecord,
    /// Of a certificate, whether the criteria asked for a pass and it was there; not where an officer's word stands for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passed: bool,
}

/// The learner as known when the award was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// The name on the attestation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
    /// The address whose salted hash the credential carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
}

/// What was achieved, without who: the same for every learner of a session, and immutable, since its hash is its public id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AchievementSnapshot {
    /// What the award attests.
    pub kind: AwardKind,
    /// The issuer.
    pub issuer: Did,
    /// Its name at that time.
    pub issuer_name: Name,
    /// Its accent colour at that time, since the badge's artwork is drawn from this snapshot alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// The training.
    pub training: Code,
    /// The session.
    pub session: Code,
    /// The training's title.
    pub title: ShortText,
    /// The training's description.
    pub description: LongText,
    /// The setting of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<LongText>,
    /// Its objectives.
    pub objectives: Vec<ShortText>,
    /// Its competencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub competencies: Vec<Competency>,
    /// How it was taught.
    pub modality: Modality,
    /// The session's effective duration, else the training's.
    pub duration: Duration,
    /// When the session started, if set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Timestamp>,
    /// When the session ended, if set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// Whether the training certifies.
    pub assessment: Assessment,
    /// The language it was taught in.
    pub language: Lang,
    /// The criteria.
    pub rule: Rule,
    /// The criteria in words, in Markdown, as published.
    pub narrative: String,
    /// Artwork supplied for the badge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge_image: Option<BadgeImage>,
}

impl AchievementSnapshot {
    /// Takes down a session for one kind of award; `narrative` is the published wording of its criteria. None where the
    /// session does not grant that kind.
    pub fn of(
        session: &EffectiveSession,
        kind: AwardKind,
        (did, issuer): (Did, &Issuer),
        narrative: String,
    ) -> Option<Self> {
        let criteria = session.criteria().get(kind)?;
        let training = &session.training;
        Some(Self {
            kind,
            issuer: did,
            issuer_name: issuer.name.clone(),
            colour: issuer.colour,
            training: training.code.clone(),
            session: session.session.code.clone(),
            title: training.title.clone(),
            description: training.description.clone(),
            context: session.session.context.clone(),
            objectives: training.objectives.clone(),
            competencies: training.competencies.clone(),
            modality: session.modality(),
            duration: session.duration(),
            starts: session.session.starts,
            ends: session.session.ends,
            assessment: training.assessment,
            language: training.language,
            rule: criteria.rule.clone(),
            narrative,
            badge_image: training.badge_image.clone(),
        })
    }

    /// The bytes that are stored and hashed: the fields in the order of this type.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain values serialise")
    }

    /// The last part of `achievement.id`.
    pub fn hash(&self) -> AchievementHash {
        AchievementHash::of(self.to_json().as_bytes())
    }
}

/// Why a credential was revoked, as anyone may read it; the internal text is never published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevocationCategory {
    /// It was awarded by mistake.
    AwardedInError,
    /// The learner's or the training's details were wrong; a corrected one may exist.
    DetailsCorrected,
    /// The evidence it rested on turned out not to hold.
    EvidenceWithdrawn,
    /// The learner asked for it.
    LearnerRequest,
    /// The key that signed it is no longer trusted.
    KeyCompromise,
}

impl RevocationCategory {
    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwardedInError => "awarded_in_error",
            Self::DetailsCorrected => "details_corrected",
            Self::EvidenceWithdrawn => "evidence_withdrawn",
            Self::LearnerRequest => "learner_request",
            Self::KeyCompromise => "key_compromise",
        }
    }

    /// For people.
    pub const fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::AwardedInError, Lang::Fr) => "attribution par erreur",
            (Self::AwardedInError, Lang::En) => "awarded by mistake",
            (Self::DetailsCorrected, Lang::Fr) => "informations corrigées",
            (Self::DetailsCorrected, Lang::En) => "details corrected",
            (Self::EvidenceWithdrawn, Lang::Fr) => "réalisations finalement non retenues",
            (Self::EvidenceWithdrawn, Lang::En) => "evidence that turned out not to hold",
            (Self::LearnerRequest, Lang::Fr) => "demande de l’apprenant",
            (Self::LearnerRequest, Lang::En) => "request of the learner",
            (Self::KeyCompromise, Lang::Fr) => "clé de signature compromise",
            (Self::KeyCompromise, Lang::En) => "signing key compromised",
        }
    }
}
