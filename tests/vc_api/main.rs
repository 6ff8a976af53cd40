//! VC-API as public test suites speak it: the real program as `sceau conformance`, asked over HTTP.
//!
//! `instance` starts it and speaks to it, `documents` holds what it is handed. The verifier's half in production is tested in
//! `tests/api/vc_api.rs`; what other programs say of what is issued here, by the stage `vc-api` of `scripts/test`.

#![expect(clippy::unwrap_used, reason = "a test that cannot talk to its instance has nothing to say")]

mod data_model;
mod documents;
mod instance;
mod issuing;
mod malformed;
mod presentations;
