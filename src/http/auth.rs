//! Who is calling: bearer tokens (RFC 6750), each of one issuer, with scopes and an expiry. Stored hashed; a token is 256
//! random bits, so that a plain hash can't be reversed.

use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::App;
use super::problem::{Kind, Problem};
use crate::audit::Actor;
use crate::entropy::Entropy;
use crate::ids::{Code, TokenId, hex};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Read the catalog.
    CatalogRead,
    /// Write the catalog.
    CatalogWrite,
    /// Read what learners are called.
    LearnersRead,
    /// Write learners' names and addresses; merge and part learners.
    LearnersWrite,
    /// Hand in evidence: attendance sheets, files.
    EvidenceWrite,
    /// Read how far learners are, and their own links to that.
    ProgressRead,
    /// Read awards and their links.
    AwardsRead,
    /// Revoke, re-issue, end links.
    AwardsWrite,
    /// Run sessions: dry runs, new criteria, decisions by hand, work in bulk, closing.
    SessionsOperate,
    /// Read the issuer's part of the audit trail.
    AuditRead,
    /// Read and change webhook endpoints, read what was sent, send it again.
    WebhooksWrite,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 11] = [
        Self::CatalogRead,
        Self::CatalogWrite,
        Self::LearnersRead,
        Self::LearnersWrite,
        Self::EvidenceWrite,
        Self::ProgressRead,
        Self::AwardsRead,
        Self::AwardsWrite,
        Self::SessionsOperate,
        Self::AuditRead,
        Self::WebhooksWrite,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CatalogRead => "catalog:read",
            Self::CatalogWrite => "catalog:write",
            Self::LearnersRead => "learners:read",
            Self::LearnersWrite => "learners:write",
            Self::EvidenceWrite => "evidence:write",
            Self::ProgressRead => "progress:read",
            Self::AwardsRead => "awards:read",
            Self::AwardsWrite => "awards:write",
            Self::SessionsOperate => "sessions:operate",
            Self::AuditRead => "audit:read",
            Self::WebhooksWrite => "webhooks:write",
        }
    }
}

impl FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| format!("not a scope; there are {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A new token, to be shown once.
pub fn new_token(entropy: &dyn Entropy) -> Zeroizing<String> {
    Zeroizing::new(format!("sceau_{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<32>())))
}

/// What storage keeps of a token: SHA-256 in hex.
pub fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// Its token's id.
    token: TokenId,
    /// The issuer it acts for.
    pub(super) issuer: Code,
    /// What people call its token.
    pub(super) label: String,
    scopes: Vec<String>,
}

impl Caller {
    /// Whom the audit trail names for what this caller does.
    pub(super) const fn actor(&self) -> Actor {
        Actor::Token(self.token)
    }

    /// Refuses a caller without a scope.
    pub(super) fn needs(&self, scope: Scope) -> Result<(), Problem> {
        let holds = self.scopes.iter().any(|held| held == scope.as_str());
        if holds { Ok(()) } else { Err(Problem::new(Kind::Forbidden, format!("this needs the scope {scope}"))) }
    }

    /// Refuses a caller of another issuer, without saying whose it is.
    pub(super) fn acts_for(&self, issuer: &Code) -> Result<(), Problem> {
        let own = self.issuer == *issuer;
        if own { Ok(()) } else { Err(Problem::new(Kind::Forbidden, "this belongs to another issuer than the token's")) }
    }
}

/// The token that a request carries (RFC 6750 § 2.1).
pub(super) fn bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let refuse = |detail: &str| Problem::new(Kind::Unauthenticated, detail);
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let header = header.ok_or_else(|| refuse("send Authorization: Bearer followed by a token"))?;
    let scheme_and_token = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = scheme_and_token.ok_or_else(|| refuse("the scheme of Authorization must be Bearer"))?;
    Ok(token.trim())
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let refuse = |detail: &str| Problem::new(Kind::Unauthenticated, detail);
        let found = app.service.store.token_by_hash(&token_hash(bearer_token(&parts.headers)?)).await?;
        let found = found.ok_or_else(|| refuse("the token is not known"))?;
        if found.revoked.is_some() {
            return Err(refuse("the token was revoked"));
        }
        if found.expires <= app.service.clock.now() {
            return Err(refuse("the token has expired"));
        }
        Ok(Self { token: found.id, issuer: found.issuer, label: found.label, scopes: found.scopes })
    }
}
