//! The training (*fiche formation*): what is taught, for how long, in which units and activities.

use serde::{Deserialize, Serialize};

use super::{
    AwardKind, BadgeImage, CatalogError, CriteriaByKind, LongText, Meeting, Name, ShortText, WebUrl, refuse_twins,
};
use crate::ids::Code;
use crate::text::Lang;
use crate::time::Duration;

/// A training as its designers describe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Its code.
    pub code: Code,
    /// The issuer that owns it.
    pub issuer: Code,
    /// Its title.
    pub title: ShortText,
    /// What it is about.
    pub description: LongText,
    /// What learners will be able to do, one sentence each.
    #[schemars(length(min = 1, max = 60))]
    pub objectives: Vec<ShortText>,
    /// The competencies it works on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 60))]
    pub competencies: Vec<Competency>,
    /// How it is taught.
    pub modality: Modality,
    /// Its estimated duration.
    pub duration: Duration,
    /// Its teaching units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub units: Vec<Unit>,
    /// Whether its assessments certify, or belong to the learner alone.
    #[serde(default)]
    pub assessment: Assessment,
    /// The language it is taught in.
    #[serde(default)]
    pub language: Lang,
    /// Artwork of its badge, instead of the one made from the issuer's colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge_image: Option<BadgeImage>,
    /// When it is awarded.
    pub criteria: CriteriaByKind,
}

/// A part of a training with objectives of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its code, unique in the training.
    pub code: Code,
    /// Its title.
    pub title: ShortText,
    /// Its objectives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 60))]
    pub objectives: Vec<ShortText>,
    /// Its duration, where it is more than that of its activities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// Its activities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub activities: Vec<Activity>,
}

/// Something that learners do and the LMS tracks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Its code, unique in the training.
    pub code: Code,
    /// Its title.
    pub title: ShortText,
    /// What it is.
    #[serde(default)]
    pub kind: ActivityKind,
    /// Its objectives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 60))]
    pub objectives: Vec<ShortText>,
    /// The time that completing it credits.
    pub duration: Duration,
    /// Whether learners are expected to do it.
    #[serde(default = "expected")]
    pub expected: bool,
}

fn expected() -> bool {
    true
}

/// What an activity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// Something to read, watch or practise.
    #[default]
    Resource,
    /// A time together, in a room or at a distance.
    Live,
    /// A test whose result belongs to the learner alone.
    SelfAssessment,
    /// A test that a certificate may rest on.
    Assessment,
    /// A questionnaire, such as the final evaluation of the training.
    Questionnaire,
}

/// Whether the results of a training's assessments may count for an award.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assessment {
    /// Results belong to the learner alone.
    #[default]
    SelfAssessment,
    /// The training certifies.
    Certifying,
}

/// A competency that the training works on; becomes an OB `Alignment`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Competency {
    /// Its name in its framework.
    pub name: ShortText,
    /// The framework, such as RMFP, DigComp or CléA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<Name>,
    /// Its code in the framework.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Name>,
    /// Where it is described; the standard demands it.
    pub url: WebUrl,
}

/// The seven modalities of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// *Hybride.*
    Hybrid,
    /// *En ligne tutoré.*
    TutoredOnline,
    /// *Webinaire.*
    Webinar,
    /// *Classe virtuelle.*
    VirtualClassroom,
    /// *En ligne en autonomie.*
    SelfPacedOnline,
    /// *Présentiel enrichi.*
    EnrichedFaceToFace,
    /// *Communauté professionnelle.*
    ProfessionalCommunity,
}

impl Modality {
    /// For people.
    pub const fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Hybrid, Lang::Fr) => "formation hybride",
            (Self::Hybrid, Lang::En) => "blended learning",
            (Self::TutoredOnline, Lang::Fr) => "en ligne, avec tutorat",
            (Self::TutoredOnline, Lang::En) => "online with a tutor",
            (Self::Webinar, Lang::Fr) => "webinaire",
            (Self::Webinar, Lang::En) => "webinar",
            (Self::VirtualClassroom, Lang::Fr) => "classe virtuelle",
            (Self::VirtualClassroom, Lang::En) => "virtual classroom",
            (Self::SelfPacedOnline, Lang::Fr) => "en ligne, en autonomie",
            (Self::SelfPacedOnline, Lang::En) => "self-paced online",
            (Self::EnrichedFaceToFace, Lang::Fr) => "présentiel enrichi",
            (Self::EnrichedFaceToFace, Lang::En) => "enriched face-to-face",
            (Self::ProfessionalCommunity, Lang::Fr) => "communauté professionnelle",
            (Self::ProfessionalCommunity, Lang::En) => "professional community",
        }
    }
}

impl Unit {
    /// The time credited for the whole unit, in seconds: its own duration, or that of all its activities where it is more.
    pub fn full_credit_seconds(&self) -> u64 {
        let activities = self.activities.iter().map(|activity| activity.duration.as_seconds()).sum();
        self.duration.map_or(activities, |own| own.as_seconds().max(activities))
    }
}

impl Training {
    /// All activities, in order.
    pub fn activities(&self) -> impl Iterator<Item = &Activity> {
        self.units.iter().flat_map(|unit| &unit.activities)
    }

    /// The activities that learners are expected to do.
    pub fn expected_activities(&self) -> impl Iterator<Item = &Activity> {
        self.activities().filter(|activity| activity.expected)
    }

    /// One activity.
    pub fn activity(&self, code: &Code) -> Option<&Activity> {
        self.activities().find(|activity| activity.code == *code)
    }

    /// One unit.
    pub fn unit(&self, code: &Code) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.code == *code)
    }

    /// Whether the result of an activity belongs to the learner alone: every self-assessment's, and every assessment's of a
    /// training that does not certify. Doing such an activity is all that can count; how it went is never told.
    pub fn result_belongs_to_learner(&self, activity: &Activity) -> bool {
        match activity.kind {
            ActivityKind::SelfAssessment => true,
            ActivityKind::Assessment => self.assessment != Assessment::Certifying,
            ActivityKind::Resource | ActivityKind::Live | ActivityKind::Questionnaire => false,
        }
    }

    /// Refuses a training that contradicts itself: twin codes, criteria on what it does not have, a certificate for a
    /// training that does not certify, no criteria at all.
    pub fn check(&self) -> Result<(), CatalogError> {
        let bound = |what: &str, count: usize, range: std::ops::RangeInclusive<usize>| {
            if range.contains(&count) {
                return Ok(());
            }
            Err(CatalogError::new(
                what,
                format!("from {} to {} entries, and there are {count}", range.start(), range.end()),
            ))
        };
        bound("/objectives", self.objectives.len(), 1..=60)?;
        bound("/competencies", self.competencies.len(), 0..=60)?;
        bound("/units", self.units.len(), 0..=200)?;
        bound("/units", self.activities().count(), 0..=1000)?;
        refuse_twins(self.units.iter().enumerate().map(|(i, unit)| (&unit.code, format!("/units/{i}/code"))))?;
        refuse_twins(self.units.iter().enumerate().flat_map(|(i, unit)| {
            let pointer = move |j| format!("/units/{i}/activities/{j}/code");
            unit.activities.iter().enumerate().map(move |(j, activity)| (&activity.code, pointer(j)))
        }))?;
        self.check_criteria(&self.criteria, None, "/criteria")
    }

    /// Refuses criteria that this training can't have, whether they are its own or a session's. What they ask of attendance is
    /// held against a session's meetings where these are known.
    pub(super) fn check_criteria(
        &self,
        criteria: &CriteriaByKind,
        meetings: Option<&[Meeting]>,
        pointer: &str,
    ) -> Result<(), CatalogError> {
        if criteria.iter().next().is_none() {
            return Err(CatalogError::new(pointer, "criteria for participation, certificate or both are needed"));
        }
        if criteria.certificate.is_some() && self.assessment != Assessment::Certifying {
            let problem = "only a training whose assessment is \"certifying\" grants a certificate";
            return Err(CatalogError::new(format!("{pointer}/certificate"), problem));
        }
        criteria.iter().try_for_each(|(kind, criteria)| {
            criteria.rule.check(self, meetings, &format!("{pointer}/{}/rule", AwardKind::as_str(kind)))
        })
    }

    /// Refuses a session's meetings, where the training's own criteria ask for attendance that they can't give.
    pub(super) fn check_attendance(&self, meetings: &[Meeting]) -> Result<(), CatalogError> {
        if self.criteria.iter().any(|(_, criteria)| criteria.rule.asks_attendance()) {
            self.check_criteria(&self.criteria, Some(meetings), "/criteria")?;
        }
        Ok(())
    }
}
