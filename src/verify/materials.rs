//! What it takes to judge a document, and what was found of it. What is absent is reported as not checked, never guessed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;

use super::Question;
use super::authenticity::{self, Authenticity};
use super::presented::{self, Secured};
use super::report::{Revocation, Trust};
use crate::json::{self, Limits};
use crate::proof::jwt;
use crate::status_list::{Bitstring, StatusListError};
use crate::time::Timestamp;

/// The largest document that is read for a verification, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 4 * 1024 * 1024;

/// A document that is needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Its DID, or its https address without a fragment.
    pub id: String,
    /// What it is needed as.
    pub kind: NeedKind,
}

/// What a document is needed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedKind {
    /// The document that lists an issuer's or holder's keys.
    Controller,
    /// A single key.
    Key,
    /// A status list credential, signed.
    StatusList,
    /// A `1EdTechRevocationList`.
    RevocationList,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Materials {
    documents: BTreeMap<String, Supplied>,
    own: BTreeMap<String, OwnRecord>,
    // Lists that were read; begun anew whenever a document is added, since what is known of them may rest on it.
    lists: Arc<Mutex<BTreeMap<String, Arc<List>>>>,
}

/// A status list as it was found, read once however many entries and credentials name it.
#[derive(Debug)]
pub(super) struct List {
    /// The list, or why it cannot be read.
    pub read: Result<Secured, String>,
    bits: OnceLock<Result<Bitstring, StatusListError>>,
    judged: Mutex<Option<(Timestamp, Authenticity)>>,
}

impl List {
    /// Whether its issuer signed it.
    pub fn authenticity(&self, list: &Secured, materials: &Materials, question: &Question) -> Authenticity {
        let mut judged = locked(&self.judged);
        match &*judged {
            Some((now, authenticity)) if *now == question.now => authenticity.clone(),
            _ => {
                let authenticity = authenticity::judge(list, materials, question);
                *judged = Some((question.now, authenticity.clone()));
                authenticity
            }
        }
    }

    /// Its bits.
    pub fn bits(&self, encoded: &str) -> Result<&Bitstring, StatusListError> {
        self.bits.get_or_init(|| Bitstring::decode(encoded)).as_ref().map_err(Clone::clone)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A document that was looked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Supplied {
    /// It was found; a token is a JSON string.
    Found(Value, Trust),
    /// It was not, for this reason.
    Missing(String),
}

/// What our own records hold of a credential that we issued. They outweigh what a copy says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnRecord {
    /// Its revocation, if it was revoked.
    pub revocation: Option<Revocation>,
    /// What stands in our signing log under its id: exact signed texts, JSON or tokens.
    pub signed: Vec<String>,
}

impl Materials {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a document: JSON, or a compact JWS. One that cannot be read is kept as missing, with the reason.
    #[must_use]
    pub fn with(mut self, id: &str, text: &[u8], trust: Trust) -> Self {
        self.insert(id, text, trust);
        self
    }

    /// Adds a document: JSON, or a compact JWS.
    pub fn insert(&mut self, id: &str, text: &[u8], trust: Trust) {
        let limits = Limits { max_bytes: MAX_DOCUMENT_BYTES, ..Limits::default() };
        let token =
            std::str::from_utf8(text).ok().filter(|text| text.len() <= MAX_DOCUMENT_BYTES && jwt::looks_like_one(text));
        let supplied = match token {
            Some(token) => Supplied::Found(Value::String(token.trim().to_owned()), trust),
            None => match json::parse_strict(text, &limits) {
                Ok(value) => Supplied::Found(value, trust),
                Err(error) => Supplied::Missing(error.to_string()),
            },
        };
        self.documents.insert(id.to_owned(), supplied);
        self.lists = Arc::default();
    }

    /// Adds a document under the `id` that it says it has.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn supply(&mut self, text: &[u8], trust: Trust) -> Result<(), String> {
        let mut read = Self::new().with("", text, trust);
        let id = match read.documents.get("") {
            Some(Supplied::Found(Value::String(token), _)) => {
                let jws = jwt::parse(token, &Limits { max_bytes: MAX_DOCUMENT_BYTES, ..Limits::default() });
                jws.map_err(|error| error.to_string())?.payload.get("id").cloned()
            }
            Some(Supplied::Found(document, _)) => document.get("id").cloned(),
            _ => return Err(read.why_missing("").to_owned()),
        };
        let id = id.as_ref().and_then(Value::as_str).ok_or("it has no id")?;
        self.documents.extend(read.documents.remove("").map(|document| (id.to_owned(), document)));
        self.lists = Arc::default();
        Ok(())
    }

    /// Notes that a document could not be had, so that it is not asked for again.
    pub fn insert_missing(&mut self, id: &str, why: &str) {
        self.documents.insert(id.to_owned(), Supplied::Missing(why.to_owned()));
        self.lists = Arc::default();
    }

    /// Adds what we know of a credential of our own, by its `id`.
    pub fn insert_own(&mut self, credential: &str, record: OwnRecord) {
        self.own.insert(credential.to_owned(), record);
    }

    /// Whether a document was looked for, found or not.
    pub(super) fn was_looked_for(&self, id: &str) -> bool {
        self.documents.contains_key(id)
    }

    /// A document that was found.
    pub(super) fn found(&self, id: &str) -> Option<&Value> {
        match self.documents.get(id) {
            Some(Supplied::Found(value, _)) => Some(value),
            _ => None,
        }
    }

    /// A document that was found, as a status list: JSON, or a token.
    pub(super) fn list(&self, id: &str) -> Option<Arc<List>> {
        let found = self.found(id)?;
        let mut lists = locked(&self.lists);
        if let Some(list) = lists.get(id) {
            return Some(Arc::clone(list));
        }
        let read = match found {
            Value::String(token) => presented::from_token(token),
            document => presented::open(document.clone()),
        };
        let read = read.map_err(|presented::Unreadable(_, why)| why);
        let list = Arc::new(List { read, bits: OnceLock::new(), judged: Mutex::default() });
        lists.insert(id.to_owned(), Arc::clone(&list));
        Some(list)
    }

    /// Where a document that was found came from.
    pub(super) fn trust(&self, id: &str) -> Option<Trust> {
        match self.documents.get(id) {
            Some(Supplied::Found(_, trust)) => Some(*trust),
            _ => None,
        }
    }

    /// Why a document is missing.
    pub(super) fn why_missing(&self, id: &str) -> &str {
        match self.documents.get(id) {
            Some(Supplied::Missing(why)) => why,
            _ => "it was not looked for",
        }
    }

    /// What our own records hold of a credential.
    pub(super) fn own(&self, credential: &str) -> Option<&OwnRecord> {
        self.own.get(credential)
    }
}
