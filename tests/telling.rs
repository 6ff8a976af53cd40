//! What others are told: webhooks to an LMS, e-mail to learners. Every test runs on SQLite and, where `SCEAU_TEST_POSTGRES` names a
//! server, on PostgreSQL; receivers are real sockets.

#![expect(clippy::unwrap_used, reason = "in a test, a failure to read is a failure of the test")]

#[path = "support/app.rs"]
mod app;
#[path = "support/engines.rs"]
mod engines;
#[path = "telling/mail.rs"]
mod mail;
#[path = "telling/mortal.rs"]
mod mortal;
#[path = "telling/post.rs"]
mod post;
#[path = "telling/receiver.rs"]
mod receiver;
mod support;
#[path = "telling/webhooks.rs"]
mod webhooks;
