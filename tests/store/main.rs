//! The storage suite: every test runs on SQLite and, where `SCEAU_TEST_POSTGRES` names a PostgreSQL server (a URL to a database
//! in which databases may be created), on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "in a test, a failure to read is a failure of the test")]

mod access;
mod agreement;
mod awards;
mod catalog;
mod concurrency;
mod deliveries;
#[path = "../support/engines.rs"]
mod engines;
mod identity;
mod keys;
mod operations;
mod queue;
mod schema;
mod seals;
mod support;
