//! The audit trail: who did what and when, as a chain in which each entry names the hash of the one before.
//!
//! An entry is a JSON document in canonical form (RFC 8785); its hash is SHA-256 over that text, which holds the hash before it. So
//! nobody can change, remove or insert an entry without changing every hash after it; who wrote down a hash at some moment
//! ([`Head`]) can tell later whether what stood before it still stands.
//!
//! The chain names nobody. A learner or an operator is a random key of 128 bits; the table that says whose it is can lose a row
//! while the chain still holds. Free text (a reason, a comment) is only there as the digest of a salt and the text, which stands
//! elsewhere and can be deleted the same way.
//!
//! Pure: what is kept where is the business of `store`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::ids::{Code, LearnerId, TokenId, hex};
use crate::json;
use crate::time::Timestamp;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The service by itself: a worker that decides, signs, sends.
    System,
    /// Whoever holds an API token, named by its id; its label stands with the tokens.
    Token(TokenId),
    /// A person at the command line, by the name of their account, which the chain holds as a key.
    Operator(String),
    /// An LMS.
    Source(Code),
    /// Whoever holds a link.
    Link(LinkKind),
}

/// Which link somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// The one that the QR code carries.
    Qr,
    /// That of the learner's files.
    Download,
}

impl LinkKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Qr => "qr",
            Self::Download => "download",
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident => $word:literal,)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $name,)+
        }

        impl Action {
            /// Every action there is.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word in the chain, which never changes its meaning.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

actions! {
    /// An issuer was created or changed.
    IssuerSaved => "issuer.saved",
    /// A training was created or changed.
    TrainingSaved => "training.saved",
    /// A session was created or changed.
    SessionSaved => "session.saved",
    /// A source was created or changed.
    SourceSaved => "source.saved",
    /// The secrets of a source were replaced.
    SourceSecretsReplaced => "source.secrets_replaced",
    /// What a course, a module or an activity of a source stands for was changed by itself.
    MappingChanged => "mapping.changed",
    /// What was proposed for mapping was accepted.
    MappingAccepted => "mapping.accepted",
    /// What was proposed for mapping is of no interest.
    MappingDismissed => "mapping.dismissed",
    /// A learner's name or address was learnt or changed.
    LearnerSaved => "learner.saved",
    /// An officer put a name right.
    NameCorrected => "learner.name_corrected",
    /// A user name or an address leads to another learner than before.
    IdentifierMoved => "learner.identifier_moved",
    /// Two learners turned out to be one: the person of the entry's object, and the learner who stands for both.
    LearnersMerged => "learner.merged",
    /// Two learners who were taken for one are two.
    LearnersParted => "learner.parted",
    /// Somebody was shown a learner's name.
    NameShown => "learner.name_shown",
    /// Somebody was shown a delivery's body, which may hold names.
    DeliveryShown => "delivery.shown",
    /// A delivery was taken up again by hand.
    DeliveryReplayed => "delivery.replayed",
    /// An attendance sheet was taken in.
    AttendanceStated => "attendance.stated",
    /// Evidence out of a file was kept as a delivery.
    EvidenceImported => "evidence.imported",
    /// Old deliveries were deleted.
    DeliveriesPurged => "deliveries.purged",
    /// A ledger was decided, with another outcome or other reasons than before.
    Decided => "decision.made",
    /// An officer decided instead of the criteria, or gave them their say back.
    DecidedByHand => "decision.by_hand",
    /// Nothing is awarded in a session by itself any more.
    SessionClosed => "session.closed",
    /// A closed session is open again.
    SessionReopened => "session.reopened",
    /// A long operation was asked for.
    OperationStarted => "operation.started",
    /// A long operation was paused, resumed, confirmed or cancelled.
    OperationSteered => "operation.steered",
    /// A long operation ended.
    OperationEnded => "operation.ended",
    /// An award was made.
    AwardMade => "award.made",
    /// An award waits for something.
    AwardBlocked => "award.blocked",
    /// The link of a learner's progress was ended.
    ProgressLinkEnded => "progress.link_ended",
    /// The link printed on an attestation was ended.
    QrEnded => "award.qr_ended",
    /// A version of a credential was planned.
    CredentialPlanned => "credential.planned",
    /// A credential was signed and stored.
    CredentialIssued => "credential.issued",
    /// A credential was revoked.
    CredentialRevoked => "credential.revoked",
    /// An alert was raised, or raised again.
    AlertRaised => "alert.raised",
    /// An alert was settled.
    AlertSettled => "alert.settled",
    /// A key signs from now on.
    KeyAdded => "key.added",
    /// A key signs no more.
    KeyRetired => "key.retired",
    /// A key is known to others.
    KeyCompromised => "key.compromised",
    /// A certificate seals an issuer's attestations from now on.
    SealAdded => "seal.added",
    /// A certificate seals no more.
    SealRetired => "seal.retired",
    /// A certificate that sealed no more was forgotten, and its private key destroyed.
    SealRemoved => "seal.removed",
    /// An attestation was sealed and kept.
    AttestationSealed => "attestation.sealed",
    /// The sealed attestations of a learner were deleted.
    SealedForgotten => "attestation.seals_forgotten",
    /// A token of the API was made.
    TokenMade => "token.made",
    /// A token of the API was revoked.
    TokenRevoked => "token.revoked",
    /// A job that was given up was put back.
    JobRevived => "job.revived",
    /// A webhook endpoint was created or changed.
    WebhookSaved => "webhook.saved",
    /// A webhook endpoint got a new secret.
    WebhookSecretMade => "webhook.secret_made",
    /// A webhook endpoint was tried.
    WebhookTested => "webhook.tested",
    /// A webhook endpoint said that it is gone, and is told of nothing more.
    WebhookDisabled => "webhook.disabled",
    /// A webhook endpoint was removed.
    WebhookRemoved => "webhook.removed",
    /// A message was given up.
    MessageDead => "message.dead",
    /// A message was sent again by hand.
    MessageReplayed => "message.replayed",
    /// The key of a person was forgotten: entries under it name nobody any more.
    PersonForgotten => "audit.person_forgotten",
    /// The trail was read or exported.
    TrailRead => "audit.read",
}

/// What something was done to: a kind of thing, and its id, code or key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// What it is, such as `session`.
    pub kind: String,
    /// Which one.
    pub id: String,
}

impl Object {
    /// From both parts. The id must not name a person.
    pub fn new(kind: &str, id: impl fmt::Display) -> Self {
        Self { kind: kind.to_owned(), id: id.to_string() }
    }
}

/// What is to be added to the trail; who did it, and its place in the chain, are known when it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub action: Action,
    /// To what.
    pub object: Object,
    /// Whose officers may read the entry, beside operators.
    pub issuer: Option<Code>,
    /// Whom it concerns.
    pub learner: Option<LearnerId>,
    /// More, in words and numbers that name nobody.
    pub details: Map<String, Value>,
    /// What somebody wrote: kept outside the chain.
    pub text: Option<String>,
}

impl Entry {
    /// What was done, to what.
    pub fn new(at: Timestamp, action: Action, object: Object) -> Self {
        Self { at, action, object, issuer: None, learner: None, details: Map::new(), text: None }
    }

    /// Whose officers may read it.
    #[must_use]
    pub fn of_issuer(mut self, issuer: &Code) -> Self {
        self.issuer = Some(issuer.clone());
        self
    }

    /// Whom it concerns.
    #[must_use]
    pub fn about(mut self, learner: LearnerId) -> Self {
        self.learner = Some(learner);
        self
    }

    /// One thing more: a word, a number, a hash; never free text, never a name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// What somebody wrote; an empty text is none.
    #[must_use]
    pub fn saying(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned()).filter(|text| !text.is_empty());
        self
    }
}

/// A person's random key: 128 bits in hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey(pub String);

/// Where a chain ends: what to write down elsewhere, to hold it against the chain later. Written `{sequence}:{hash}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 where there is none.
    pub sequence: u64,
    /// Its hash, in hex; 64 zeros where there is none.
    pub hash: String,
}

impl Head {
    /// The start of every chain.
    pub fn genesis() -> Self {
        Self { sequence: 0, hash: "0".repeat(64) }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.hash)
    }
}

/// A text that is not a [`Head`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a head is a number, a colon and 64 hexadecimal digits, as `sceau audit head` prints it")]
pub struct HeadError;

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let (sequence, hash) = text.split_once(':').ok_or(HeadError)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let sequence = sequence.parse().ok().filter(|_| is_hash).ok_or(HeadError)?;
        Ok(Self { sequence, hash: hash.to_owned() })
    }
}

/// An entry in the chain, as it is stored and exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The canonical JSON.
    pub document: String,
    /// Its SHA-256, in hex.
    pub hash: String,
}

/// How the chain names whoever acted and whom it concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Of the operator who acted.
    pub operator: Option<PersonKey>,
    /// Of the learner.
    pub learner: Option<PersonKey>,
}

/// Makes the next entry of a chain that ends in `head`. `text_digest` is that of [`text_digest`], where somebody wrote something.
pub fn seal(head: &Head, entry: &Entry, actor: &Actor, keys: &Keys, text_digest: Option<&str>) -> Sealed {
    let actor = match actor {
        Actor::System => json!({ "kind": "system" }),
        Actor::Token(id) => json!({ "kind": "token", "id": id.to_string() }),
        Actor::Operator(_) => json!({ "kind": "operator", "key": keys.operator.as_ref().map(|key| &key.0) }),
        Actor::Source(code) => json!({ "kind": "source", "id": code.as_str() }),
        Actor::Link(link) => json!({ "kind": "link", "id": link.as_str() }),
    };
    let mut document = json!({
        "sequence": head.sequence + 1,
        "previous": head.hash,
        "at": entry.at.to_string(),
        "actor": actor,
        "action": entry.action.as_str(),
        "object": entry.object,
    });
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            document[name] = value;
        }
    };
    add("issuer", entry.issuer.as_ref().map(|code| json!(code)));
    add("learner", keys.learner.as_ref().map(|key| json!(key.0)));
    add("details", (!entry.details.is_empty()).then(|| Value::Object(entry.details.clone())));
    add("text", text_digest.map(|digest| json!(digest)));
    let document = json::canonical_string(&document).expect("whole numbers and texts have a canonical form");
    let hash = hash(&document);
    Sealed { document, hash }
}

/// SHA-256 of an entry's document, in hex.
pub fn hash(document: &str) -> String {
    hex(&Sha256::digest(document))
}

/// What an entry holds of a text: SHA-256 over the salt and the text, in hex. Without the salt nobody can try texts against it.
pub fn text_digest(salt: &[u8; 16], text: &str) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(text).finalize())
}

/// A salt out of its hexadecimal form; none where it has another.
pub fn salt_from_hex(text: &str) -> Option<[u8; 16]> {
    let mut salt = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in salt.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(salt)
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is not what its hash says.
    #[error("entry {0} was altered: its hash is another")]
    Altered(u64),
    /// An entry does not follow the one before it.
    #[error("entry {found} stands where entry {expected} should, or does not name the hash before it")]
    Unlinked {
        /// The number that should come.
        expected: u64,
        /// What the entry says its number is.
        found: String,
    },
    /// An entry is no JSON document of ours.
    #[error("what stands after entry {0} is no entry")]
    Unreadable(u64),
    /// The text that is kept of an entry is not the one that was written.
    #[error("the text of entry {0} was altered")]
    Text(u64),
    /// The chain ends elsewhere than it is said to.
    #[error("the chain ends in {found}, and should end in {expected}")]
    End {
        /// What it should end in.
        expected: Head,
        /// What it ends in.
        found: Head,
    },
    /// The entry that somebody wrote down is not that of this chain.
    #[error("entry {0} has another hash than the one that was written down")]
    OtherHistory(u64),
}

/// A chain being checked, entry by entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    head: Head,
    expected: Vec<Head>,
}

impl Check {
    /// From the start, against heads that were written down earlier.
    pub fn new(expected: Vec<Head>) -> Self {
        Self { head: Head::genesis(), expected }
    }

    /// Checks the next entry.
    pub fn next(&mut self, entry: &Sealed) -> Result<(), Broken> {
        let expected = self.head.sequence + 1;
        if hash(&entry.document) != entry.hash {
            return Err(Broken::Altered(expected));
        }
        let document: Value =
            serde_json::from_str(&entry.document).map_err(|_| Broken::Unreadable(self.head.sequence))?;
        if document["sequence"].as_u64() != Some(expected) || document["previous"] != json!(self.head.hash) {
            return Err(Broken::Unlinked { expected, found: document["sequence"].to_string() });
        }
        let other = |known: &Head| known.sequence == expected && known.hash != entry.hash;
        if self.expected.iter().any(other) {
            return Err(Broken::OtherHistory(expected));
        }
        self.head = Head { sequence: expected, hash: entry.hash.clone() };
        Ok(())
    }

    /// How far the chain was checked.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Ends the check: the chain must end in `end`, where that is known, and must reach every head that was written down.
    pub fn finish(self, end: Option<&Head>) -> Result<Head, Broken> {
        let beyond = self.expected.iter().find(|known| known.sequence > self.head.sequence);
        match end.filter(|end| **end != self.head).or(beyond) {
            Some(expected) => Err(Broken::End { expected: expected.clone(), found: self.head }),
            None => Ok(self.head),
        }
    }
}

#[cfg(test)]
mod tests;
