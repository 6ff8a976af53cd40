//! What a source proves itself with, as it is written, stored encrypted and compared: keys of Standard Webhooks, or one long password
//! for the forms that can't sign.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::standard_webhooks::{WebhookError, WebhookKey};
use crate::catalog::SourceForm;
use crate::entropy::Entropy;

/// How the requests of a form prove who sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Standard Webhooks: each body is signed.
    Signature,
    /// RFC 7617: user name (the source's code) and password.
    Basic,
    /// RFC 6750: a token.
    Bearer,
}

impl Proof {
    /// The proof that a form's requests carry.
    pub const fn of(form: SourceForm) -> Self {
        match form {
            SourceForm::CompletionEvent | SourceForm::MoodleWebhookengine => Self::Signature,
            SourceForm::Xapi => Self::Basic,
            SourceForm::Bearer => Self::Bearer,
        }
    }
}

/// Why a text is no secret of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not a key of Standard Webhooks.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// Not a password made by `sceau sources secret`.
    #[error(
        "a password of this form is intake_ followed by 43 characters of base64url: let sceau sources secret make one"
    )]
    Password,
}

/// A secret of a source.
#[derive(Debug, Clone)]
pub enum SourceSecret {
    /// For forms whose bodies are signed.
    Key(WebhookKey),
    /// For forms that send a password or a token.
    Password(Password),
}

impl SourceSecret {
    /// Reads the written form of either kind.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        if text.starts_with(PREFIX) {
            Password::parse(text).map(Self::Password)
        } else {
            Ok(Self::Key(WebhookKey::parse(text)?))
        }
    }

    /// Whether this is a password, and the one that was given.
    pub fn is_password(&self, given: &str) -> bool {
        matches!(self, Self::Password(password) if password.is(given))
    }

    /// Refuses a secret of the other kind than a form needs.
    pub fn check_for(&self, form: SourceForm) -> Result<(), SecretError> {
        match (self, Proof::of(form)) {
            (Self::Key(_), Proof::Signature) | (Self::Password(_), Proof::Basic | Proof::Bearer) => Ok(()),
            (Self::Password(_), Proof::Signature) => Err(WebhookError::Secret.into()),
            (Self::Key(_), Proof::Basic | Proof::Bearer) => Err(SecretError::Password),
        }
    }
}

const PREFIX: &str = "intake_";

/// A password of 256 random bits, written `intake_` + base64url. Long enough that nobody guesses it, so that no limit on tries is
/// needed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// A new one, as it is written: to be shown once.
    pub fn new_written(entropy: &dyn Entropy) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()))
    }

    fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretError::Password)?;
        match URL_SAFE_NO_PAD.decode(encoded) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(SecretError::Password),
        }
    }

    /// Whether this is what was given, in constant time: the MACs of one text under both are compared, not the texts.
    pub fn is(&self, given: &str) -> bool {
        let mac = |key: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
            mac.update(b"intake");
            mac
        };
        mac(&self.0).verify_slice(&mac(given).finalize().into_bytes()).is_ok()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_what_was_made_and_nothing_else() {
        let written = format!("intake_{}", URL_SAFE_NO_PAD.encode([7; 32]));
        let Ok(SourceSecret::Password(password)) = SourceSecret::parse(&written) else { panic!() };
        assert!(password.is(&written));
        for other in ["", "intake_", &written[..written.len() - 1], &format!("{written} ")] {
            assert!(!password.is(other), "{other}");
        }
        assert_eq!(format!("{password:?}"), "Password(…)");
    }

    #[test]
    fn each_form_takes_secrets_of_its_own_kind() {
        let password = SourceSecret::parse(&format!("intake_{}", URL_SAFE_NO_PAD.encode([7; 32]))).unwrap();
        let key = SourceSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert!(key.check_for(SourceForm::CompletionEvent).is_ok() && password.check_for(SourceForm::Xapi).is_ok());
        assert!(
            password.check_for(SourceForm::MoodleWebhookengine).is_err() && key.check_for(SourceForm::Bearer).is_err()
        );
        assert!(SourceSecret::parse("intake_short").is_err() && SourceSecret::parse("hunter2").is_err());
    }
}
