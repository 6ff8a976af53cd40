//! Identifiers, for ever: the names that a badge carries for decades, each a type of its own.
//!
//! Codes are chosen by people (`[a-z0-9-]{1,64}`); everything public that people did not choose is a random UUIDv4, never a
//! v7, since a v7 would publish when it was made; capability tokens carry 128 random bits. Nothing here knows storage.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::entropy::Entropy;

/// Why a text is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A code outside `[a-z0-9-]{1,64}`.
    #[error("a code is 1 to 64 characters of a-z, 0-9 and '-', and this is not: {0:?}")]
    Code(String),
    /// Not a lower-case hyphenated UUID.
    #[error("not an identifier in the form of a UUID: {0:?}")]
    Uuid(String),
    /// A public URL that is not a bare origin.
    #[error("{url:?} cannot be the public URL: {why}")]
    PublicUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A capability token that is not 22 characters of base64url.
    #[error("not a link of this service")]
    Token,
    /// A learner's id in the LMS that is empty, too long or holds control characters.
    #[error("a learner's id in the LMS is 1 to 255 visible characters")]
    ExternalId,
}

/// A code chosen by people for an issuer, a training, a session, a source, a unit or an activity: `[a-z0-9-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[a-z0-9-]{1,64}$"))]
pub struct Code(String);

impl Code {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Code(text.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for Code {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new random identifier (UUIDv4: it tells nothing of when or where it was made).
            pub fn random(entropy: &dyn Entropy) -> Self {
                Self(uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid())
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                // One spelling only, so that one thing never has two addresses.
                match Uuid::try_parse(text) {
                    Ok(id) if id.as_hyphenated().to_string() == text => Ok(Self(id)),
                    _ => Err(IdError::Uuid(text.chars().take(80).collect())),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }
    )+};
}

uuid_id! {
    /// A long operation on the learners of a session, inside this service and its API only.
    OperationId,
    /// A learner, inside this service only; never published.
    LearnerId,
    /// An award: one per (session, learner, kind), inside this service and its API only.
    AwardId,
    /// A credential: the last part of its public `id`, `{url}/credentials/{UUIDv4}`.
    CredentialId,
    /// A status list: the last part of `{url}/status/{UUIDv4}`.
    StatusListId,
    /// The pseudonym of an award's learner, published as `urn:uuid:…` in `credentialSubject.id`; new for each award.
    SubjectId,
    /// A delivery as it arrived from a source.
    DeliveryId,
    /// Something that a source named and that is to be mapped.
    ProposalId,
    /// A unit of work in the queue.
    JobId,
    /// An xAPI statement, within its source.
    StatementId,
    /// A bearer token's public name, for listing and revoking.
    TokenId,
    /// A message that tells somebody of something: `webhook-id`, or the first part of `Message-ID`; one at every attempt.
    MessageId,
}

impl SubjectId {
    /// The identifier as it stands in a credential.
    pub fn to_urn(self) -> String {
        format!("urn:uuid:{self}")
    }
}

impl StatementId {
    /// The id of a statement that came without one, from a hash of what it says (UUIDv8: nothing but its making tells it apart).
    pub fn derived(sha256: &[u8]) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sha256[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// A learner as a source names it: the LMS's own id, opaque to us.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("minLength" = 1, "maxLength" = 255))]
pub struct ExternalId(String);

impl ExternalId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExternalId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let visible = !text.chars().any(char::is_control) && text.trim() == text;
        if visible && !text.is_empty() && text.len() <= 255 {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::ExternalId)
        }
    }
}

impl TryFrom<String> for ExternalId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<ExternalId> for String {
    fn from(id: ExternalId) -> Self {
        id.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The origin under which the world knows this service: `https://host[:port]`, or `http://localhost:port` for trying it out.
///
/// Every identifier that a badge carries starts with it or with the `did:web` made from it, so it is recorded at first start
/// and never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    authority: String,
}

impl PublicUrl {
    /// The origin without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// Host and port as in the URL.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        self.authority.split(':').next().unwrap_or_default()
    }

    /// `did:web:{host}:issuers:{code}`; a port is written `%3A` (did:web method, "Identifier").
    pub fn issuer_did(&self, issuer: &Code) -> Did {
        Did(format!("did:web:{}:issuers:{issuer}", self.authority.replace(':', "%3A")))
    }

    /// The issuer's code, where `did` is one of ours.
    pub fn issuer_of(&self, did: &str) -> Option<Code> {
        let prefix = format!("did:web:{}:issuers:", self.authority.replace(':', "%3A"));
        did.strip_prefix(&prefix)?.parse().ok()
    }

    /// The address that answers one of an issuer's public keys as a bare JWK.
    pub fn issuer_key(&self, issuer: &Code, thumbprint: &str) -> String {
        format!("{self}/issuers/{issuer}/keys/{thumbprint}")
    }

    /// The public `id` of a credential.
    pub fn credential(&self, id: CredentialId) -> String {
        format!("{}/credentials/{id}", self.origin)
    }

    /// Where the newest version of a credential's award is to be had.
    pub fn current_credential(&self, id: CredentialId) -> String {
        format!("{}/current", self.credential(id))
    }

    /// The public `id` of an achievement.
    pub fn achievement(&self, hash: &AchievementHash) -> String {
        format!("{}/achievements/{hash}", self.origin)
    }

    /// The public `id` of a status list credential.
    pub fn status_list(&self, id: StatusListId) -> String {
        format!("{}/status/{id}", self.origin)
    }

    /// Where the award criteria of a session are published.
    pub fn session_criteria(&self, session: &Code) -> String {
        format!("{}/sessions/{session}/criteria", self.origin)
    }

    /// The page that a QR code opens.
    pub fn verification(&self, token: &CapabilityToken) -> String {
        format!("{}/v/{}", self.origin, token.reveal())
    }

    /// The page at which a learner reads the progress in a session.
    pub fn progress(&self, token: &CapabilityToken) -> String {
        format!("{}/p/{}", self.origin, token.reveal())
    }

    /// The same in short, for a frame.
    pub fn progress_embed(&self, token: &CapabilityToken) -> String {
        format!("{}/embed", self.progress(token))
    }

    /// The same as JSON.
    pub fn progress_json(&self, token: &CapabilityToken) -> String {
        format!("{}/progress.json", self.progress(token))
    }

    /// A file behind the learner's download link: `attestation.pdf`, `badge.png`, `badge.svg`, `credential.json` or
    /// `credential.jwt`.
    pub fn download(&self, token: &CapabilityToken, file: &str) -> String {
        format!("{}/a/{}/{file}", self.origin, token.reveal())
    }
}

impl FromStr for PublicUrl {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = |why| Err(IdError::PublicUrl { url: text.chars().take(200).collect(), why });
        let text = text.strip_suffix('/').unwrap_or(text);
        let (secure, authority) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return refuse("it must start with https:// (or http://localhost for trying out)"),
        };
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return refuse("the port is not a number between 0 and 65535");
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if host.len() > 253 || !host.split('.').all(label) {
            return refuse("it must be a bare origin, a lower-case host name and perhaps a port, with no path");
        }
        if host.split('.').all(|label| label.bytes().all(|b| b.is_ascii_digit())) {
            return refuse("did:web does not allow IP addresses");
        }
        if !secure && host != "localhost" {
            return refuse("plain http is for localhost only");
        }
        Ok(Self { origin: text.to_owned(), authority: authority.to_owned() })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// A decentralised identifier, such as an issuer's `did:web`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Did(String);

impl Did {
    /// The DID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The DID URL of one of its keys, named by the key's JWK thumbprint (RFC 7638).
    pub fn key(&self, thumbprint: &str) -> String {
        format!("{}#{thumbprint}", self.0)
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower-case hex SHA-256 of an achievement's immutable snapshot: the last part of `achievement.id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AchievementHash(String);

impl AchievementHash {
    /// The hash of a snapshot's canonical bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }
}

impl FromStr for AchievementHash {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if fits { Ok(Self(text.to_owned())) } else { Err(IdError::Uuid(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for AchievementHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A capability: 128 random bits that open one page or one set of files to whoever holds them.
///
/// It never shows in `Debug`, so it can't reach a log by accident; [`CapabilityToken::reveal`] is the one way out.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CapabilityToken([u8; 16]);

impl CapabilityToken {
    /// A new token.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// A token from its 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The token as it stands in a URL: 22 characters of base64url.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What storage looks it up by: SHA-256 in hex. Since the token is uniform over 128 bits, a plain hash can't be reversed.
    pub fn lookup(&self) -> String {
        hex(&Sha256::digest(self.0))
    }
}

impl FromStr for CapabilityToken {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| IdError::Token)?;
        bytes.try_into().map(Self).map_err(|_| IdError::Token)
    }
}

impl fmt::Debug for CapabilityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CapabilityToken(…)")
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
