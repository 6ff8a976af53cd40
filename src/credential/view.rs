//! What people read of a credential: typed, out of its signed content and nothing else, so that a page or a PDF can't say
//! what was not signed.

use serde_json::Value;

use crate::catalog::{AwardKind, Modality};
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
    /// The estimated duration (`timeRequired`).
    pub duration: Option<Duration>,
    /// The objectives (`teaches`).
    pub objectives: Vec<String>,
    /// The competencies (`alignment`).
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
    /// `recipientNameDigest`: the commitment to the learner's name.
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
        let moment = |at: &str| text(at).and_then(|text| text.parse::<Timestamp>().ok());
        let subject = "/credentialSubject";
        let achievement = "/credentialSubject/achievement";
        let list = |at: &str| match document.pointer(at) {
            Some(Value::Array(items)) => items.iter().collect::<Vec<_>>(),
            Some(item) => vec![item],
            None => Vec::new(),
        };
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
        let duration: Option<Duration> =
            text(&format!("{achievement}/timeRequired")).and_then(|text| text.parse().ok());
        let objectives: Vec<_> =
            list(&format!("{achievement}/teaches")).into_iter().filter_map(Value::as_str).collect();
        let mut description =
            text(&format!("{achievement}/description")).ok_or(ViewError("achievement.description"))?;
        if let Some(duration) = duration {
            let mentions = super::compose::mentions(duration, &objectives, language);
            description.truncate(description.strip_suffix(&mentions).unwrap_or(&description).len());
        }
        let plain_name = |value: &&Value| {
            of(value, "identityType").as_deref() == Some("name") && value.get("hashed") == Some(&Value::Bool(false))
        };
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
            objectives: objectives.into_iter().map(str::to_owned).collect(),
            competencies: list(&format!("{achievement}/alignment")).into_iter().filter_map(competency).collect(),
            modality,
            valid_from: moment("/validFrom").ok_or(ViewError("validFrom"))?,
            valid_until: moment("/validUntil"),
            awarded: moment("/awardedDate"),
            activity_start: moment(&format!("{subject}/activityStartDate")),
            activity_end: moment(&format!("{subject}/activityEndDate")),
            recipient_name_digest: text(&format!("{subject}/recipientNameDigest")),
            recipient_name: list(&format!("{subject}/identifier"))
                .into_iter()
                .find(plain_name)
                .and_then(|value| of(value, "identityHash")),
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
