//! Sceau issues Open Badges 3.0 credentials and PDF attestations when a learner has met the award criteria of a training
//! session, and lets anyone verify them.
//!
//! The modules stand in layers, listed here from the first to the last. A module uses modules of its own layer that stand
//! above it in this list, and of earlier layers, never later ones: `tests/architecture.rs` reads the `use` lines and fails
//! otherwise. `docs/architecture.md` is the map.

// Layer 1, vocabulary: pure values. No tokio, sqlx, axum, file system, environment or system clock.
pub mod entropy;
pub mod ids;
pub mod text;
pub mod markdown;
pub mod time;
pub mod json;
pub mod sheet;
pub mod catalog;
pub mod evidence;
pub mod learner;
pub mod audit;

// Layer 2, decision: pure rules. Knows neither credentials nor source systems.
pub mod criteria;
pub mod award;
pub mod operation;

// Layer 3, credential: pure documents. Knows neither keys nor storage.
pub mod jsonld;
pub mod status_list;
pub mod credential;
pub mod lint;

// Layer 4, trust: keys, proofs, verification reports. Knows neither storage nor HTTP.
pub mod proof;
pub mod keyring;
pub mod verify;
pub mod seal;

// Layer 5, presentation: pure renderings. Knows no storage.
pub mod qr;
pub mod badge;
pub mod mentions;
pub mod reports;
pub mod attestation;
pub mod pages;
pub mod letters;

// Layer 6, storage: the only place with SQL. Knows no rules.
pub mod store;

// Layer 7, flow: what happens when. Knows no HTTP but what `fetch` asks of others.
pub mod guess;
pub mod mapping;
pub mod intake;
pub mod fetch;
pub mod mailer;
pub mod service;
pub mod documents;
pub mod verification;
pub mod standing;
pub mod issuance;
pub mod reissue;
pub mod correction;
pub mod operations;
pub mod take_up;
pub mod progress;
pub mod attendance;
pub mod rehearsal;
pub mod import;
pub mod evidence_import;
pub mod telling;
pub mod worker;

// Layer 8, edge: translates requests, commands and settings.
pub mod schemas;
pub mod config;
pub mod http;
pub mod demo;
pub mod conformance;
pub mod cli;
