//! The two forms in which Open Badges 3.0 bakes a credential: JSON with an embedded proof, or a compact JWS.
//!
//! What: tell them apart, within a bound. Not here: whether the JSON or the signature is valid.

/// Largest credential baked or extracted, in bytes of UTF-8. An embedded achievement image is the only reason to come near.
pub const MAX_CREDENTIAL_BYTES: usize = 1 << 20;

/// How a credential is secured, as its first bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CredentialForm {
    /// A JSON object.
    Json,
    /// RFC 7515 § 7.1: three base64url parts joined by full stops.
    CompactJws,
}

/// Why a text is not taken for a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Longer than [`MAX_CREDENTIAL_BYTES`].
    #[error("the credential has more than {MAX_CREDENTIAL_BYTES} bytes")]
    TooLarge,
    /// Neither a JSON object nor a compact JWS.
    #[error("the text to bake is neither a JSON object nor a compact JWS")]
    NotACredential,
}

impl CredentialForm {
    pub(super) fn of(credential: &str) -> Result<Self, FormError> {
        if credential.len() > MAX_CREDENTIAL_BYTES {
            return Err(FormError::TooLarge);
        }
        // A NUL is never JSON, and would end the text in some readers of PNG.
        if credential.trim_start().starts_with('{') && !credential.contains('\0') {
            return Ok(Self::Json);
        }
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let parts: Vec<&str> = credential.splitn(4, '.').collect();
        if parts.len() == 3 && parts.into_iter().all(is_part) {
            Ok(Self::CompactJws)
        } else {
            Err(FormError::NotACredential)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_apart() {
        assert_eq!(CredentialForm::of(" \n{}"), Ok(CredentialForm::Json));
        assert_eq!(CredentialForm::of("e30.e30._-A"), Ok(CredentialForm::CompactJws));
        for other in ["", "[]", "a.b", "a..c", "a.b.c.d", "a.b.c\n", "é.b.c", "{\0}"] {
            assert_eq!(CredentialForm::of(other), Err(FormError::NotACredential), "{other:?}");
        }
        assert_eq!(CredentialForm::of(&"{".repeat(MAX_CREDENTIAL_BYTES + 1)), Err(FormError::TooLarge));
    }
}
