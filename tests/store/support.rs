//! A database of its own for each test, and the catalog, learners and awards that tests start from.

use std::future::Future;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use sceau::award::{AchievementSnapshot, Award, AwardState, Recipient, RevocationCategory, Snapshot};
use sceau::catalog::{AwardKind, Issuer, Session, Source, Training};
use sceau::criteria::TimeRecord;
use sceau::entropy::Entropy;
use sceau::evidence::{Evidence, Fact, State};
use sceau::ids::{AwardId, Code, CredentialId, DeliveryId, ExternalId, LearnerId, PublicUrl, SubjectId};
use sceau::proof::key::Signer as _;
use sceau::store::{
    AwardSecrets, AwardStep, DatabaseUrl, DeliveryEnd, EncryptedText, Job, KeyRecord, KeyState, LearnerUpdate,
    NewDelivery, Plan, Settled, Signatures, StatusSlot, Store, StoreOptions, Taken, Task,
};
use sceau::text::PersonName;
use sceau::time::Timestamp;
use serde_json::json;
use sha2::Digest as _;

use crate::engines;

/// Stamps each test on both engines.
macro_rules! on_both_engines {
    ($($(#[$doc:meta])* async fn $name:ident($db:ident: &TestDb) $body:block)+) => {
        $($(#[$doc])* async fn $name($db: std::sync::Arc<$crate::support::TestDb>) { let $db = &*$db; $body })+

        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                $crate::support::on_sqlite(super::$name).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                $crate::support::on_postgres(super::$name).await;
            })+
        }
    };
}
pub(crate) use on_both_engines;

/// A database that exists for one test.
pub(crate) struct TestDb {
    pub(crate) url: DatabaseUrl,
    /// The same, for looking behind the store's back.
    pub(crate) raw_url: String,
}

impl TestDb {
    fn at(raw_url: String) -> Arc<Self> {
        Arc::new(Self { url: raw_url.parse().expect("a URL"), raw_url })
    }

    pub(crate) async fn open(&self) -> Store {
        self.open_with(|_| {}).await
    }

    pub(crate) async fn open_with(&self, change: impl FnOnce(&mut StoreOptions)) -> Store {
        let mut options = StoreOptions::new(Arc::new(System));
        change(&mut options);
        Store::open(&self.url, options).await.expect("the store opens")
    }

    /// Runs a statement that the store would never run.
    pub(crate) async fn tamper(&self, sql: &str) {
        engines::tamper(&self.raw_url, sql).await;
    }
}

pub(crate) async fn on_sqlite<F: Future<Output = ()> + Send + 'static>(test: impl FnOnce(Arc<TestDb>) -> F) {
    engines::on_sqlite(|url| test(TestDb::at(url))).await;
}

pub(crate) async fn on_postgres<F: Future<Output = ()> + Send + 'static>(test: impl FnOnce(Arc<TestDb>) -> F) {
    engines::on_postgres(|url| test(TestDb::at(url))).await;
}

/// The system's randomness.
pub(crate) struct System;

impl Entropy for System {
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the system has randomness");
    }
}

pub(crate) fn random() -> &'static dyn Entropy {
    &System
}

/// `seconds` after a fixed moment.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_780_000_000_000_000).plus_seconds(seconds)
}

pub(crate) fn code(text: &str) -> Code {
    text.parse().expect("a code")
}

pub(crate) fn external(text: &str) -> ExternalId {
    text.parse().expect("an id")
}

pub(crate) fn name(text: &str) -> PersonName {
    PersonName::new(text).expect("a name")
}

pub(crate) fn issuer(of: &str) -> Issuer {
    serde_json::from_value(json!({ "code": of, "name": "Direction générale", "url": "https://example.gouv.fr" }))
        .expect("an issuer")
}

pub(crate) fn training(of: &str) -> Training {
    serde_json::from_value(json!({
        "code": of, "issuer": "dgafp", "title": "Laïcité", "description": "Les principes.",
        "objectives": ["Connaître le cadre"], "modality": "hybrid", "duration": "PT3H",
        "units": [{ "code": "u1", "title": "Unité", "activities": [
            { "code": "a1", "title": "Lire", "kind": "resource", "duration": "PT1H" }
        ] }],
        "criteria": { "participation": { "rule": { "course": {} } } }
    }))
    .expect("a training")
}

pub(crate) fn session(of: &str) -> Session {
    serde_json::from_value(json!({ "code": of, "training": "laicite" })).expect("a session")
}

pub(crate) fn source(of: &str) -> Source {
    serde_json::from_value(json!({ "code": of, "issuer": "dgafp", "name": "LMS", "form": "completion-event" }))
        .expect("a source")
}

/// An Ed25519 key, told from others by its thumbprint.
pub(crate) fn key(issuer: &str, thumbprint: &str) -> KeyRecord {
    KeyRecord {
        key_id: format!("did:web:sceau.example:issuers:{issuer}#{thumbprint}"),
        issuer: code(issuer),
        thumbprint: thumbprint.into(),
        public: SigningKey::from_bytes(&sha2::Sha256::digest(thumbprint).into()).public_key(),
        state: KeyState::Active,
        created: at(0),
        retired: None,
        compromised: None,
    }
}

/// A credential signed in one form alone.
pub(crate) const fn signed(document: &str) -> Signatures<'_> {
    Signatures { document, token: None }
}

/// An issuer with a key, a training, two sessions and a source.
pub(crate) async fn furnish(store: &Store) {
    store.put_issuer(&issuer("dgafp"), at(0)).await.expect("issuer");
    store.put_training(&training("laicite"), at(0)).await.expect("training");
    store.put_session(&session("s1"), at(0)).await.expect("session");
    store.put_session(&session("s2"), at(0)).await.expect("session");
    store.put_source(&source("mentor"), at(0)).await.expect("source");
    store.add_key(&key("dgafp", "k1"), at(0)).await.expect("key");
}

pub(crate) async fn learner(store: &Store, external_id: &str) -> LearnerId {
    let named = name("Zoé Lefèvre");
    let (source, id) = (code("mentor"), external(external_id));
    store.put_learner(&source, &id, Some(&named), None, LearnerUpdate::Replace, at(0)).await.expect("learner").0
}

pub(crate) fn delivery(webhook_id: &str, seconds: i64) -> NewDelivery {
    NewDelivery {
        id: DeliveryId::random(random()),
        source: code("mentor"),
        webhook_id: webhook_id.into(),
        received_at: at(seconds),
        body: b"{\"schema\":1,\"caf\xc3\xa9\":0}\n\x00\xff".to_vec(),
    }
}

pub(crate) fn completed(session: &str, learner: LearnerId, seconds: i64) -> Evidence {
    let fact = Fact::Activity { code: code("a1"), state: State::Completed };
    Evidence { session: code(session), learner, source: code("mentor"), at: at(seconds), fact, score: None }
}

/// Puts a fact into the ledger as intake would, and claims the decision that follows.
pub(crate) async fn decision(store: &Store, session: &str, learner: LearnerId, seconds: i64) -> Job {
    let webhook_id = format!("{session}-{learner}-{seconds}");
    let new = delivery(&webhook_id, seconds);
    store.accept_delivery(&new).await.expect("accepted");
    let job = claim(store, seconds).await;
    assert!(matches!(job.task, Task::TakeUpDelivery { .. }), "{:?}", job.task);
    let taken = Taken { evidence: vec![completed(session, learner, seconds)], end: DeliveryEnd::Processed };
    store.finish_delivery(&job, new.id, &taken, at(seconds)).await.expect("finished");
    let job = claim(store, seconds).await;
    assert!(matches!(job.task, Task::Decide { .. }), "{:?}", job.task);
    job
}

pub(crate) async fn claim(store: &Store, seconds: i64) -> Job {
    store.claim_job("w1", at(seconds), 60).await.expect("claims").expect("a job is due")
}

/// A new award of participation.
pub(crate) async fn award(store: &Store, session: &str, learner: LearnerId) -> Award {
    let effective = store.effective_session(&code(session)).await.expect("reads").expect("a session");
    let url: PublicUrl = "https://sceau.example".parse().expect("a URL");
    let issuer = issuer("dgafp");
    let kind = AwardKind::Participation;
    let achievement =
        AchievementSnapshot::of(&effective, kind, (url.issuer_did(&issuer.code), &issuer), "Tout suivre.".into());
    Award {
        id: AwardId::random(random()),
        session: code(session),
        learner,
        kind,
        subject: SubjectId::random(random()),
        awarded: at(10),
        state: AwardState::Issuing,
        snapshot: Snapshot {
            achievement: achievement.expect("the kind is granted"),
            issuer,
            recipient: Recipient { name: Some(name("Zoé Lefèvre")), email: None },
            activity_start: Some(at(1)),
            activity_end: None,
            time: TimeRecord { measured_seconds: Some(5400), ..TimeRecord::default() },
            passed: true,
        },
    }
}

pub(crate) fn secrets(award: &Award) -> AwardSecrets {
    AwardSecrets {
        name_secret: EncryptedText("n".into()),
        qr_token: EncryptedText("q".into()),
        download_token: EncryptedText("d".into()),
        qr_lookup: format!("qr-{}", award.id),
        download_lookup: format!("download-{}", award.id),
    }
}

/// The simplest document: its own slot.
pub(crate) fn compose(slot: &StatusSlot) -> Result<String, String> {
    Ok(format!("unsigned {}#{}", slot.list, slot.index))
}

pub(crate) fn plan(id: CredentialId, version: u32) -> Plan<'static, String> {
    let key_id = key("dgafp", "k1").key_id;
    let replaces_as = RevocationCategory::DetailsCorrected;
    Plan { id, version, key_id, valid_from: at(20), replaces_as, compose: &compose }
}

/// Opens an award from decision to signed credential.
pub(crate) async fn issue(store: &Store, session: &str, learner: LearnerId, seconds: i64) -> (Award, CredentialId) {
    let job = decision(store, session, learner, seconds).await;
    let award = award(store, session, learner).await;
    let id = CredentialId::random(random());
    let steps = [AwardStep::Open(Box::new(award.clone()), secrets(&award), plan(id, 1))];
    assert_eq!(store.settle_decision(&job, &steps, at(seconds)).await.expect("settles"), Settled::Done);
    let job = claim(store, seconds).await;
    assert_eq!(job.task, Task::Issue { credential: id });
    store.store_signed(&job, id, &signed("signed 1"), at(seconds)).await.expect("stores");
    (award, id)
}
