//! What a learner is called elsewhere: an LMS's own id, a user name, an e-mail address. One person has several, and not every source
//! knows the same ones.
//!
//! Which learner they lead to is the business of `store`; here is only what they are, in one spelling each.

use serde::{Deserialize, Serialize};

use crate::ids::ExternalId;
use crate::text::Email;

/// The sorts of identifiers, from the one that holds longest to the one that changes most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// The LMS's own id, which never changes.
    Id,
    /// A user name: one person's at a time.
    Username,
    /// An e-mail address: one person's at a time.
    Email,
}

impl IdentifierKind {
    /// All sorts, the surest first.
    pub const ALL: [Self; 3] = [Self::Id, Self::Username, Self::Email];

    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Username => "username",
            Self::Email => "email",
        }
    }
}

/// The identifiers that a source names together: they are one person's. At least one is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identifiers {
    /// The LMS's own id.
    pub id: Option<ExternalId>,
    /// The user name.
    pub username: Option<ExternalId>,
    /// The e-mail address.
    pub email: Option<Email>,
}

impl Identifiers {
    /// The one identifier that the API calls a learner by; the reverse of [`Self::public_id`].
    pub fn called(id: &ExternalId) -> Self {
        let after = |kind: IdentifierKind| id.as_str().strip_prefix(kind.as_str())?.strip_prefix(':');
        let username = after(IdentifierKind::Username).and_then(|name| name.parse().ok());
        let email = after(IdentifierKind::Email).and_then(|email| Email::new(email).ok());
        if username.is_some() || email.is_some() {
            return Self { id: None, username, email };
        }
        Self { id: Some(id.clone()), ..Self::default() }
    }

    /// Each with its sort, in the spelling under which it is found; the surest first. User names and addresses don't depend on
    /// the case of letters.
    pub fn iter(&self) -> impl Iterator<Item = (IdentifierKind, String)> + '_ {
        let id = self.id.as_ref().map(|id| (IdentifierKind::Id, id.as_str().to_owned()));
        let username = self.username.as_ref().map(|name| (IdentifierKind::Username, name.as_str().to_lowercase()));
        let email = self.email.as_ref().map(|email| (IdentifierKind::Email, email.as_str().to_owned()));
        [id, username, email].into_iter().flatten()
    }

    /// What the API calls the learner by: the id as it is; `username:` or `email:` and the value where the id is not known.
    pub fn public_id(&self) -> Option<ExternalId> {
        let (kind, value) = self.iter().next()?;
        match kind {
            IdentifierKind::Id => value.parse().ok(),
            _ => format!("{}:{value}", kind.as_str()).parse().ok(),
        }
    }

    /// What a learner may be meant by whom the API calls `id`: by its prefix, else anything, the surest first.
    pub fn meant_by(id: &ExternalId) -> Vec<(IdentifierKind, String)> {
        let text = id.as_str();
        let called = Self::called(id);
        if called.id.is_none() {
            return called.iter().collect();
        }
        vec![
            (IdentifierKind::Id, text.to_owned()),
            (IdentifierKind::Username, text.to_lowercase()),
            (IdentifierKind::Email, text.to_lowercase()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surest_identifier_names_the_learner() {
        let (id, name) = (Some("892".parse().unwrap()), Some("ZLefevre".parse().unwrap()));
        let email = Email::new("Zoe@example.fr").ok();
        let public = |id: &Option<ExternalId>, username: &Option<ExternalId>| {
            let all = Identifiers { id: id.clone(), username: username.clone(), email: email.clone() };
            all.public_id().unwrap().as_str().to_owned()
        };
        assert_eq!(public(&id, &name), "892");
        assert_eq!(public(&None, &name), "username:zlefevre");
        assert_eq!(public(&None, &None), "email:zoe@example.fr");
        assert_eq!(Identifiers::default().public_id(), None);
    }

    #[test]
    fn what_the_api_calls_a_learner_leads_back() {
        let meant = |text: &str| Identifiers::meant_by(&text.parse().unwrap());
        assert_eq!(meant("username:ZLefevre"), [(IdentifierKind::Username, "zlefevre".into())]);
        assert_eq!(meant("email:a@b.fr"), [(IdentifierKind::Email, "a@b.fr".into())]);
        assert_eq!(meant("892").len(), 3);
    }
}
