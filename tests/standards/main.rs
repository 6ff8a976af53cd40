//! What five W3C standards demand of an issuer and a verifier, held against the library: VC Data Model 2.0, VC Data Integrity 1.0 with
//! Controlled Identifiers 1.0, Data Integrity EdDSA Cryptosuites 1.0, Bitstring Status List 1.0, RDFC-1.0.
//!
//! Most of it is data: `tests/conformance/cases/*.json` holds documents to accept and documents to refuse, each a small change of a base,
//! each named after the statement that it is for. `tests/conformance/*.json` holds the statements, and `scripts/conformance` the table
//! of both.
//!
//! Not here: the published vectors (`tests/vectors.rs`).

#![expect(clippy::unwrap_used, reason = "a case that can't be built has nothing to say")]

#[path = "../support/app.rs"]
mod app;
mod bitstring;
mod cases;
mod controlled_identifiers;
mod data_integrity;
mod eddsa;
#[path = "../support/engines.rs"]
mod engines;
mod problems;
mod proofs;
mod rdfc;
#[path = "../support/mod.rs"]
mod support;
mod vcdm;
mod verifier;
