//! Importing a catalog: a file of issuers, trainings, sessions and sources, checked as a whole and kept as a whole or not at all.
//!
//! An import is an operator's act: it may set up what no issuer's token may, such as a session of another issuer's training, or
//! a source that several issuers share.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::badge;
use crate::catalog::{CatalogError, EffectiveSession, Issuer, Session, Source, Training};
use crate::ids::Code;
use crate::json::{self, JsonError, Limits};
use crate::service::Service;
use crate::store::{CatalogBatch, ImportSummary, StoreError};

/// The largest file, in bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Why a catalog was not imported. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Not strict JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not of the form of a catalog.
    #[error("at {path}: {problem}")]
    Form {
        /// Where, as `trainings[0].duration`.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// An entry contradicts itself or another.
    #[error("{entry}, {error}")]
    Entry {
        /// Which one, such as `training laicite`.
        entry: String,
        /// What is wrong.
        error: CatalogError,
    },
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    issuers: Vec<Issuer>,
    #[serde(default)]
    trainings: Vec<Training>,
    #[serde(default)]
    sessions: Vec<Session>,
    #[serde(default)]
    sources: Vec<Source>,
}

/// Reads a catalog file: `{"issuers": […], "trainings": […], "sessions": […], "sources": […]}`.
pub fn read(bytes: &[u8]) -> Result<CatalogBatch, ImportError> {
    let value: Value = json::parse_strict(bytes, &Limits { max_bytes: MAX_BYTES, ..Limits::default() })?;
    let file: File = serde_path_to_error::deserialize(value)
        .map_err(|error| ImportError::Form { path: error.path().to_string(), problem: error.inner().to_string() })?;
    Ok(CatalogBatch {
        issuers: file.issuers,
        trainings: file.trainings,
        sessions: file.sessions,
        sources: file.sources,
    })
}

/// What a training must satisfy, the artwork that only the badge module can judge included.
pub fn check_training(training: &Training) -> Result<(), CatalogError> {
    training.check()?;
    let image = training.badge_image.as_ref();
    image.map_or(Ok(()), badge::check_upload).map_err(|error| CatalogError::new("/badge_image", error.to_string()))
}

impl Service {
    /// Imports a catalog: every entry checked against the others and what is stored, then all kept in one transaction.
    pub async fn import(&self, batch: &CatalogBatch) -> Result<ImportSummary, ImportError> {
        let refuse = |entry: String| move |error| ImportError::Entry { entry, error };
        let mut trainings: HashMap<&Code, &Training> = HashMap::new();
        for training in &batch.trainings {
            check_training(training).map_err(refuse(format!("training {}", training.code)))?;
            trainings.insert(&training.code, training);
        }
        for source in &batch.sources {
            source.check().map_err(refuse(format!("source {}", source.code)))?;
        }
        for session in &batch.sessions {
            let training = match trainings.get(&session.training) {
                Some(training) => (*training).clone(),
                None => self.store.training(&session.training).await?.ok_or_else(|| {
                    let error = CatalogError::new("/training", format!("there is no training {}", session.training));
                    refuse(format!("session {}", session.code))(error)
                })?,
            };
            EffectiveSession::new(session.clone(), training).map_err(refuse(format!("session {}", session.code)))?;
        }
        for training in &batch.trainings {
            let replaced = |code: &Code| batch.sessions.iter().any(|session| session.code == *code);
            for session in self.store.sessions_of_training(&training.code).await? {
                if !replaced(&session.code) {
                    let entry = format!("training {} (its session {})", training.code, session.code);
                    EffectiveSession::new(session, training.clone()).map_err(refuse(entry))?;
                }
            }
        }
        let now = self.clock.now();
        let summary = self.store.import_catalog(batch, now).await?;
        // Even where nothing changed: an earlier import may have been cut off between the two.
        {
            let mut sessions: Vec<_> = batch.sessions.iter().map(|session| session.code.clone()).collect();
            for training in &batch.trainings {
                let of_training = self.store.sessions_of_training(&training.code).await?;
                sessions.extend(of_training.into_iter().map(|session| session.code));
            }
            sessions.sort();
            sessions.dedup();
            for session in sessions {
                self.store.redecide_session(&session, now).await?;
            }
            self.wake.notify_waiters();
        }
        Ok(summary)
    }
}
