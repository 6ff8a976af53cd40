//! The service from end to end: what the LMS, learners, managers, officers and verifiers get over HTTP for what they send. Every
//! test runs on SQLite and, where `SCEAU_TEST_POSTGRES` names a server, on PostgreSQL.

#[path = "../support/app.rs"]
mod app;
#[path = "../support/engines.rs"]
mod engines;
mod access;
mod attendance;
mod audit;
mod badge_images;
mod commands;
mod correction;
mod evidence;
mod intake;
mod issuance;
mod learners;
mod mapping;
mod officers;
mod privacy;
mod progress;
mod public;
mod results;
mod rotation;
mod seals;
mod status_lists;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
mod vc_api;
mod verify_page;
mod xapi;
