//! The organisation that awards: an Open Badges `Profile` (OB 3.0 §B.1.20).

use serde::{Deserialize, Serialize};

use super::{Colour, LearnerMail, LongText, Name, WebUrl};
use crate::ids::Code;
use crate::text::{Email, Lang};
use crate::time::Zone;

/// An issuer: the organisation whose name stands on the badge and whose key signs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Its code, part of its DID for ever.
    pub code: Code,
    /// Its official name.
    pub name: Name,
    /// Its public site.
    pub url: WebUrl,
    /// A public address for questions about its badges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub email: Option<Email>,
    /// What it does, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LongText>,
    /// The address of its logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<WebUrl>,
    /// The accent colour of its badges and pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// The language of what it writes.
    #[serde(default)]
    pub language: Lang,
    /// The time zone in which its days are counted.
    #[serde(default)]
    pub time_zone: Zone,
    /// The organisation it belongs to, such as its ministry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ParentOrganisation>,
    /// Whether credentials name the learner.
    #[serde(default)]
    pub recipient_name: NameDisclosure,
    /// In which form its credentials are also made as tokens (VC-JWT), beside the embedded proof that each of them has. Applies to
    /// what is signed from now on; the issuer needs a key of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<JwtAlgorithm>,
    /// What its learners are told by e-mail; nothing where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<LearnerMail>,
}

/// The signature of credentials as tokens: the two that verifiers of Open Badges accept (OB 3.0 § 8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum JwtAlgorithm {
    /// ECDSA on P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5, the least that every verifier must accept.
    #[serde(rename = "RS256")]
    Rs256,
}

/// The organisation above an issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParentOrganisation {
    /// Its official name.
    pub name: Name,
    /// Its public site.
    pub url: WebUrl,
}

/// How a credential carries the learner's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NameDisclosure {
    /// As a salted digest: only who holds the PDF or the QR link can check the name.
    #[default]
    Committed,
    /// In clear, for whoever sees the badge.
    Plain,
}
