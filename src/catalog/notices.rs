//! What others are told of, and how: an issuer's webhook endpoints, its e-mails to learners.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CatalogError, Name, ShortText, WebUrl};
use crate::text::{Email, Lang};

/// What happened that an LMS is told of. The word is the `type` of a Standard Webhooks body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Event {
    /// The first credential of an award is signed: its links open.
    #[serde(rename = "credential.issued")]
    CredentialIssued,
    /// A new version took the place of an award's credential, which is revoked.
    #[serde(rename = "credential.replaced")]
    CredentialReplaced,
    /// A credential was revoked, and nothing takes its place.
    #[serde(rename = "credential.revoked")]
    CredentialRevoked,
    /// An award is earned and waits for something, or for something else than before.
    #[serde(rename = "award.blocked")]
    AwardBlocked,
    /// Somebody tries whether messages arrive.
    #[serde(rename = "ping")]
    Ping,
}

impl Event {
    /// What an endpoint can ask for; a ping comes by itself.
    pub const TOLD: [Self; 4] =
        [Self::CredentialIssued, Self::CredentialReplaced, Self::CredentialRevoked, Self::AwardBlocked];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CredentialIssued => "credential.issued",
            Self::CredentialReplaced => "credential.replaced",
            Self::CredentialRevoked => "credential.revoked",
            Self::AwardBlocked => "award.blocked",
            Self::Ping => "ping",
        }
    }

    /// What a learner calls it; none where it is none of theirs.
    pub const fn for_learner(self) -> Option<MailEvent> {
        match self {
            Self::CredentialIssued => Some(MailEvent::Issued),
            Self::CredentialReplaced => Some(MailEvent::Replaced),
            Self::CredentialRevoked => Some(MailEvent::Revoked),
            Self::AwardBlocked | Self::Ping => None,
        }
    }
}

/// Where an issuer wants to be told: one address of its LMS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookEndpoint {
    /// The address that messages are posted to.
    pub url: WebUrl,
    /// Of what it wants to be told.
    pub events: BTreeSet<Event>,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<ShortText>,
}

impl WebhookEndpoint {
    /// Refuses an endpoint that is told of nothing, or that asks for pings.
    pub fn check(&self) -> Result<(), CatalogError> {
        let refuse = |problem: &str| Err(CatalogError::new("/events", problem));
        match (self.events.is_empty(), self.events.contains(&Event::Ping)) {
            (true, _) => refuse("name at least one event"),
            (_, true) => refuse("a ping is sent when it is asked for, and to any endpoint"),
            (false, false) => Ok(()),
        }
    }
}

/// What an issuer's learners are told by e-mail, and in whose name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnerMail {
    /// Of what they are told.
    pub on: BTreeSet<MailEvent>,
    /// Who writes, beside the installation's own address; the issuer's name where nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<Name>,
    /// Where answers go; the issuer's public address where nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub reply_to: Option<Email>,
    /// In which language; the issuer's own where nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Lang>,
}

/// What a learner can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailEvent {
    /// An attestation is there.
    Issued,
    /// It was made anew.
    Replaced,
    /// It was withdrawn.
    Revoked,
}

impl MailEvent {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Issued, Self::Replaced, Self::Revoked];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_told_of_something_and_asks_for_no_pings() {
        let with = |events: &str| {
            let text = format!(r#"{{"url": "https://lms.example/hook", "events": {events}}}"#);
            serde_json::from_str::<WebhookEndpoint>(&text).unwrap().check()
        };
        assert_eq!(with(r#"["credential.issued", "award.blocked"]"#), Ok(()));
        for events in ["[]", r#"["ping"]"#, r#"["ping", "credential.issued"]"#] {
            assert_eq!(with(events).unwrap_err().pointer, "/events", "{events}");
        }
        assert!(serde_json::from_str::<BTreeSet<Event>>(r#"["credential.lost"]"#).is_err());
    }

    #[test]
    fn words_are_those_of_json() {
        for event in Event::TOLD.into_iter().chain([Event::Ping]) {
            assert_eq!(serde_json::json!(event), event.as_str());
        }
        for event in MailEvent::ALL {
            assert_eq!(serde_json::json!(event), event.as_str());
        }
    }
}
