//! The bundled JSON-LD contexts: the only ones this program ever uses.
//!
//! A context decides what a signature covers, so fetching one while signing or verifying would hand that decision to whoever
//! answers. The files in `schemas/contexts/` are compiled in, unmodified; `schemas/contexts/manifest.json` records where each comes
//! from, its licence and its SHA-256, and a test compares. A published context never changes: files are added, never replaced.
//!
//! Not here: any network, and the processing of contexts (see `expand`).

use std::collections::HashMap;
use std::sync::LazyLock;

use json_ld::syntax::Value as LdValue;
use json_ld::{Iri, LoadError, Loader, RemoteDocument};
use serde_json::Value;

/// Context of the Verifiable Credentials Data Model 2.0.
pub const CREDENTIALS_V2: &str = "https://www.w3.org/ns/credentials/v2";
/// Context of Open Badges 3.0, revision 3.0.3.
pub const OPEN_BADGES_3_0_3: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";
/// Context of the Open Badges extensions (status, refresh and schema types of 1EdTech).
pub const OPEN_BADGES_EXTENSIONS: &str = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json";

/// Context of Data Integrity proofs, for documents whose own context does not define them.
pub const DATA_INTEGRITY_V2: &str = "https://w3id.org/security/data-integrity/v2";

/// One context document, as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundledContext {
    /// The address under which documents name it.
    pub url: &'static str,
    /// Its name in `schemas/contexts/`.
    pub file: &'static str,
    /// The exact text.
    pub text: &'static str,
}

macro_rules! bundled {
    ($($url:expr => $file:literal),+ $(,)?) => {
        &[$(BundledContext { url: $url, file: $file, text: include_str!(concat!("../../schemas/contexts/", $file)) }),+]
    };
}

/// Every bundled context. The last two are there for the W3C's test vectors.
pub const BUNDLED: &[BundledContext] = bundled! {
    CREDENTIALS_V2 => "credentials-v2.json",
    OPEN_BADGES_3_0_3 => "ob-v3p0-context-3.0.3.json",
    OPEN_BADGES_EXTENSIONS => "ob-v3p0-extensions.json",
    DATA_INTEGRITY_V2 => "data-integrity-v2.json",
    "https://w3id.org/security/multikey/v1" => "multikey-v1.json",
    "https://w3id.org/security/jwk/v1" => "jwk-v1.json",
    "https://www.w3.org/2018/credentials/v1" => "credentials-v1.json",
    "https://www.w3.org/ns/credentials/examples/v2" => "credentials-examples-v2.json",
    "https://w3id.org/citizenship/v4rc1" => "citizenship-v4rc1.json",
};

/// Finds a bundled context by the exact address, with no normalisation.
pub fn bundled(url: &str) -> Option<&'static BundledContext> {
    BUNDLED.iter().find(|context| context.url == url)
}

/// What a bundled context says: the value of its `@context`.
pub(super) fn bundled_terms(url: &str) -> Option<&'static Value> {
    TERMS.get(url)
}

/// A context that is not bundled was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the context <{url}> is not among the bundled ones, and contexts are never fetched")]
pub struct UnknownContext {
    /// Its address.
    pub url: String,
}

/// Serves the bundled contexts to the JSON-LD processor, and nothing else.
pub(super) struct BundledLoader;

impl Loader for BundledLoader {
    async fn load(&self, url: &Iri) -> Result<RemoteDocument, LoadError> {
        match PARSED.get(url.as_str()) {
            Some(document) => Ok(RemoteDocument::new(Some(url.to_owned()), None, document.clone())),
            None => Err(LoadError::new(url.to_owned(), UnknownContext { url: url.as_str().to_owned() })),
        }
    }
}

static PARSED: LazyLock<HashMap<&'static str, LdValue>> =
    LazyLock::new(|| BUNDLED.iter().map(|context| (context.url, super::expand::to_ld(&parsed(context)))).collect());

static TERMS: LazyLock<HashMap<&'static str, Value>> =
    LazyLock::new(|| BUNDLED.iter().map(|context| (context.url, parsed(context)["@context"].take())).collect());

fn parsed(context: &BundledContext) -> Value {
    serde_json::from_str(context.text).expect("bundled contexts are JSON, as a test checks")
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn every_context_has_the_bytes_that_the_manifest_records() {
        let manifest: Value = serde_json::from_str(include_str!("../../schemas/contexts/manifest.json")).expect("JSON");
        let entries = manifest["contexts"].as_array().expect("a list");
        assert_eq!(entries.len(), BUNDLED.len());
        for context in BUNDLED {
            let entry = entries.iter().find(|entry| entry["url"] == context.url).expect("an entry for each context");
            let digest: String = Sha256::digest(context.text).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(entry["sha256"], digest, "{}", context.file);
            assert_eq!(entry["file"], context.file);
            assert!(entry["origin"].is_string() && entry["licence"].is_string());
        }
    }

    #[test]
    fn the_credentials_context_is_the_one_the_recommendation_publishes() {
        let digest: String = Sha256::digest(BUNDLED[0].text).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734");
    }

    /// The three that VC Data Integrity 1.0 §2.4 demands to be at hand, with the digests that it publishes.
    #[test]
    fn the_data_integrity_contexts_are_those_that_the_recommendation_publishes() {
        for (name, digest) in [
            ("data-integrity/v2", "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4"),
            ("multikey/v1", "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597"),
            ("jwk/v1", "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece"),
        ] {
            let context = bundled(&format!("https://w3id.org/security/{name}")).expect("bundled");
            let found: String = Sha256::digest(context.text).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, digest, "{name}");
        }
    }

    #[test]
    fn addresses_are_compared_exactly() {
        assert!(bundled(CREDENTIALS_V2).is_some());
        assert_eq!(bundled("https://www.w3.org/ns/credentials/v2/"), None);
        assert_eq!(bundled("http://www.w3.org/ns/credentials/v2"), None);
    }
}
