//! What people read of a credential: typed, out of its signed content and nothing else, so that a page or a PDF can't say
//! what was not signed. Both formats of ours are read, each field wherever its format puts it.

use serde_json::Value;

use super::results::Stated;
use super::{COMMITTED_NAME, LEARNING_OBJECTIVE};
use crate::catalog::{AwardKind, Modality};
use crate::criteria::EffectiveDuration;
use crate::text::{Lang, PersonName};
use crate::time::{Duration, Timestamp};

/// Why a document is not one that this service could show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the credential lacks {0} in a readable form")]
pub struct ViewError(pub &'static str);

/// The signed content of a credential, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialView {
    /// The credential's `id`.
    pub id: String,
    /// Who issued it.
    pub issuer: IssuerView,
    /// The kind of award, where it is one of ours.
    pub kind: Option<AwardKind>,
    /// `achievement.id`.
    pub achievement_id: String,
    /// The training's title (`achievement.name`).
    pub title: String,
    /// `achievement.description`, without the duration and the objectives that end it in credentials of ours.
    pub description: String,
    /// `achievement.criteria.narrative`, Markdown.
    pub criteria: String,
    /// `achievement.criteria.id`: where the criteria are published.
    pub criteria_url: Option<String>,
    /// The language of its texts (`achievement.inLanguage`).
    pub language: Lang,
    /// The estimated duration (the result described as `ext:Duration`; `timeRequired` in format 1).
    pub duration: Option<Duration>,
    /// How long it took the learner, and how that was counted (a result of a type of its own for each way; format 3).
    pub effective: Option<EffectiveDuration>,
    /// Whether what the criteria ask to be passed was passed (the result `#passed` of status `Completed`; format 3).
    pub passed: bool,
    /// The objectives (alignments of type `ext:LearningObjective`; `teaches` in format 1).
    pub objectives: Vec<String>,
    /// The competencies (every other `alignment`).
    pub competencies: Vec<CompetencyView>,
    /// How it was taught (an `ext:` tag of ours).
    pub modality: Option<Modality>,
    /// `validFrom`: when this version was made.
    pub valid_from: Timestamp,
    /// `validUntil`.
    pub valid_until: Option<Timestamp>,
    /// `awardedDate`: when the award was made.
    pub awarded: Option<Timestamp>,
    /// `activityStartDate`.
    pub activity_start: Option<Timestamp>,
    /// `activityEndDate`.
    pub activity_end: Option<Timestamp>,
    /// The commitment to the learner's name, in hex (the identifier of type `ext:CommittedName`; `recipientNameDigest` in format 1).
    pub recipient_name_digest: Option<String>,
    /// The learner's name, where the issuer publishes it.
    pub recipient_name: Option<String>,
}

/// Who issued a credential, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerView {
    /// `issuer.id`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its site.
    pub url: Option<String>,
    /// Its public address.
    pub email: Option<String>,
    /// The name of the organisation it belongs to.
    pub parent: Option<String>,
}

/// A competency as a credential carries it (OB 3.0, Alignment).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompetencyView {
    /// `targetName`.
    pub name: String,
    /// `targetFramework`.
    pub framework: Option<String>,
    /// `targetCode`.
    pub code: Option<String>,
    /// `targetUrl`.
    pub url: String,
}

impl CredentialView {
    /// Reads a credential document, signed or not. Says what is missing where it can't be shown.
    pub fn read(document: &Value) -> Result<Self, ViewError> {
        let text = |at: &str| document.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let moment = |at: &str| text(at).and_then(|text| Timestamp::from_date_time(&text).ok());
        let subject = "/credentialSubject";
        let achievement = "/credentialSubject/achievement";
        let list = |at: &str| items(document.pointer(at));
        let of = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let kind = list(&format!("{achievement}/tag")).into_iter().filter_map(Value::as_str).find_map(kind_of_tag);
        let modality =
            list(&format!("{achievement}/tag")).into_iter().filter_map(Value::as_str).find_map(modality_of_tag);
        let competency = |value: &Value| {
            Some(CompetencyView {
                name: of(value, "targetName")?,
                framework: of(value, "targetFramework"),
                code: of(value, "targetCode"),
                url: of(value, "targetUrl")?,
            })
        };
        let language = match text(&format!("{achievement}/inLanguage")) {
            Some(tag) if tag.to_ascii_lowercase().starts_with("en") => Lang::En,
            _ => Lang::Fr,
        };
        let Stated { duration, effective, passed } = Stated::read(document);
        let (objectives, alignments): (Vec<_>, Vec<_>) =
            list(&format!("{achievement}/alignment")).into_iter().partition(|alignment| is_objective(alignment));
        let mut objectives: Vec<&str> = in_order(objectives);
        if objectives.is_empty() {
            objectives = list(&format!("{achievement}/teaches")).into_iter().filter_map(Value::as_str).collect();
        }
        let mut description =
            text(&format!("{achievement}/description")).ok_or(ViewError("achievement.description"))?;
        if let Some(duration) = duration {
            let mentions = super::compose::mentions(duration, &objectives, language);
            description.truncate(description.strip_suffix(&mentions).unwrap_or(&description).len());
        }
        let identifiers = list(&format!("{subject}/identifier"));
        let identity = |kind: &str, hashed: bool| {
            let found = identifiers.iter().find(|value| {
                of(value, "identityType").as_deref() == Some(kind) && value.get("hashed") == Some(&Value::Bool(hashed))
            });
            found.and_then(|value| of(value, "identityHash"))
        };
        let committed = identity(COMMITTED_NAME, true);
        let committed = committed.and_then(|hash| hash.strip_prefix("sha256$").map(str::to_owned));
        Ok(Self {
            id: text("/id").ok_or(ViewError("id"))?,
            issuer: IssuerView {
                id: text("/issuer/id").ok_or(ViewError("issuer.id"))?,
                name: text("/issuer/name").ok_or(ViewError("issuer.name"))?,
                url: text("/issuer/url"),
                email: text("/issuer/email"),
                parent: text("/issuer/parentOrg/name"),
            },
            kind,
            achievement_id: text(&format!("{achievement}/id")).ok_or(ViewError("achievement.id"))?,
            title: text(&format!("{achievement}/name")).ok_or(ViewError("achievement.name"))?,
            description,
            criteria: text(&format!("{achievement}/criteria/narrative")).unwrap_or_default(),
            criteria_url: text(&format!("{achievement}/criteria/id")),
            language,
            duration,
            effective,
            passed,
            objectives: objectives.into_iter().map(str::to_owned).collect(),
            competencies: alignments.into_iter().filter_map(competency).collect(),
            modality,
            valid_from: moment("/validFrom").ok_or(ViewError("validFrom"))?,
            valid_until: moment("/validUntil"),
            awarded: moment("/awardedDate"),
            activity_start: moment(&format!("{subject}/activityStartDate")),
            activity_end: moment(&format!("{subject}/activityEndDate")),
            recipient_name_digest: committed.or_else(|| text(&format!("{subject}/recipientNameDigest"))),
            recipient_name: identity("name", false),
        })
    }

    /// Whether `name`, with the secret kept beside the award, is the one that the credential commits to (or names in clear).
    /// None where the credential says nothing of a name.
    pub fn names(&self, name: &PersonName, secret: &[u8; 16]) -> Option<bool> {
        match (&self.recipient_name_digest, &self.recipient_name) {
            (Some(digest), _) => Some(name.digest(secret) == *digest),
            (None, Some(plain)) => Some(plain == name.as_str()),
            (None, None) => None,
        }
    }
}

/// The values of a property: JSON-LD writes one value as itself or as an array.
pub(super) fn items(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(several)) => several.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn is_objective(alignment: &Value) -> bool {
    alignment.get("targetType").is_some_and(|kind| kind == LEARNING_OBJECTIVE)
}

/// Objectives by the number that ends their address. Their order in the document is not signed: RDF knows sets.
fn in_order(mut objectives: Vec<&Value>) -> Vec<&str> {
    fn text<'a>(of: &'a Value, name: &str) -> Option<&'a str> {
        of.get(name).and_then(Value::as_str)
    }
    objectives.sort_by_key(|objective| {
        let number = text(objective, "targetUrl").and_then(|url| url.rsplit_once("#objective-")?.1.parse::<u32>().ok());
        number.unwrap_or(u32::MAX)
    });
    objectives.into_iter().filter_map(|objective| text(objective, "targetName")).collect()
}

/// The tag that says which kind of award a credential of ours is.
pub(super) fn tag_of_kind(kind: AwardKind) -> &'static str {
    match kind {
        AwardKind::Participation => "award:participation",
        AwardKind::Certificate => "award:certificate",
    }
}

fn kind_of_tag(tag: &str) -> Option<AwardKind> {
    AwardKind::ALL.into_iter().find(|kind| tag_of_kind(*kind) == tag)
}

/// The tag that says how a training was taught.
pub(super) fn tag_of_modality(modality: Modality) -> String {
    let word = serde_json::to_value(modality).ok().and_then(|word| word.as_str().map(str::to_owned));
    format!("modality:{}", word.unwrap_or_default())
}

fn modality_of_tag(tag: &str) -> Option<Modality> {
    serde_json::from_value(Value::String(tag.strip_prefix("modality:")?.to_owned())).ok()
}
