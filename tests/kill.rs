//! Must show 3: a server that is killed (`kill -9`) at random moments under a stream of webhooks loses no accepted delivery and
//! gives no learner two awards.
//!
//! The real binary runs on a real database. Learners' evidence arrives shuffled, in batches, again and again, as a sender does
//! that was not answered; some awards are corrected meanwhile. After the last kill the server is left alone until its queue is
//! empty, and everything that it promised is checked. The randomness is seeded: `SCEAU_KILL_SEED` repeats a run's decisions,
//! though not its timing.

#[path = "support/engines.rs"]
mod engines;
#[path = "kill/server.rs"]
mod server;
mod support;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sceau::audit::Action;
use sceau::award::{Award, AwardState};
use sceau::ids::{DeliveryId, ExternalId};
use sceau::lint;
use sceau::store::{AuditFilter, AwardFilter, CredentialRecord, DeliveryFilter, DeliveryState, Page, Store};
use sceau::verify::{Materials, Trust, Verdict};
use serde_json::{Value, json};

use server::{Client, Installation, Rng};

const SESSION: &str = "laicite-2026-03";
const ACTIVITIES: [&str; 3] = ["video", "cas", "bilan"];
/// Learners whose evidence is sent together, over so many rounds.
const COHORT: u32 = 8;
const ROUNDS_PER_COHORT: u32 = 5;
/// How many senders talk at once.
const SENDERS: usize = 3;
/// How long the server may take, once left alone: its workers' leases (a minute) must run out first.
const SETTLE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_on_sqlite_lose_nothing_and_double_nothing() {
    engines::on_sqlite(|url| survive(url, 50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifteen_kills_on_postgres_lose_nothing_and_double_nothing() {
    engines::on_postgres(|url| survive(url, 15)).await;
}

async fn survive(database: String, kills: u32) {
    let seed = std::env::var("SCEAU_KILL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("after 1970").subsec_nanos().into());
    eprintln!("SCEAU_KILL_SEED={seed}");
    let installation = Arc::new(Installation::prepare(&database).await);
    let stream = Stream::new(Rng::new(seed), kills);

    let (installation_, stream_) = (Arc::clone(&installation), Arc::clone(&stream));
    let torment = tokio::task::spawn_blocking(move || torment(&installation_, &stream_, Rng::new(!seed), kills));
    let server = torment.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));

    let service = installation.service().await;
    let deadline = Instant::now() + SETTLE;
    while service.store.jobs_pending().await.expect("reads") > 0 {
        assert!(Instant::now() < deadline, "work is left: {:?}", service.store.next_run_at().await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(server);

    assert_eq!(service.store.dead_jobs().await.expect("reads"), [], "no job was given up");
    every_accepted_delivery_was_processed(&service.store, &stream).await;
    let awards = every_learner_has_what_they_earned(&service.store, &stream).await;
    let credentials = every_award_has_one_credential_in_force(&service.store, &awards).await;
    every_signature_holds_and_was_made_once(&service, &awards, &credentials).await;
    what_was_seen_meanwhile_still_stands(&credentials, &stream);
    the_audit_trail_tells_of_each_once(&service.store, &awards, &credentials).await;
    installation.check_database().await;
    eprintln!(
        "{kills} kills: {} deliveries accepted, {} sent again, {} awards, {} credentials",
        stream.accepted.lock().unwrap().len(),
        stream.repeats.load(Ordering::Relaxed),
        awards.len(),
        credentials.len()
    );
}

/// A webhook.
struct Message {
    id: String,
    body: Vec<u8>,
}

/// What is sent, what was answered, what was seen: shared by the senders and the executioner.
struct Stream {
    /// Evidence in the order in which it is let go: one list per round.
    rounds: Vec<Vec<Arc<Message>>>,
    /// How many facts each learner's ledger must hold, and whether they suffice.
    learners: BTreeMap<String, (usize, Deserves)>,
    /// Not answered yet.
    waiting: Mutex<Vec<Arc<Message>>>,
    /// Answered with 202: by webhook id, the message and the delivery that it became.
    accepted: Mutex<BTreeMap<String, (Arc<Message>, String)>>,
    repeats: AtomicU32,
    /// Signed credentials as they were once served: by award and version.
    seen: Mutex<BTreeMap<(String, u64), Served>>,
    over: AtomicBool,
}

/// A credential's public address and the bytes found there.
type Served = (String, Vec<u8>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Deserves {
    Award,
    Nothing,
}

impl Stream {
    fn new(mut rng: Rng, kills: u32) -> Arc<Self> {
        let (mut rounds, mut learners) = (Vec::new(), BTreeMap::new());
        for cohort in 0..kills.div_ceil(ROUNDS_PER_COHORT) {
            let mut records = Vec::new();
            for number in 0..COHORT {
                let learner = format!("{cohort}-{number}");
                let deserves = if number == 0 { Deserves::Nothing } else { Deserves::Award };
                let done = if deserves == Deserves::Award { &ACTIVITIES[..] } else { &ACTIVITIES[..2] };
                let fact = |code: &str, state: &str, hour: usize| {
                    json!({
                        "session": SESSION,
                        "learner": { "id": learner, "name": format!("Agent {learner}"), "email": format!("{learner}@agents.example") },
                        "evidence": [{ "at": format!("2026-03-20T{hour:02}:00:00+01:00"), "activity": { "code": code, "state": state } }],
                    })
                };
                // Withdrawn before it was done: whatever the order of arrival, it counts for nothing.
                records.push(fact("cas", "withdrawn", 8));
                records.extend(done.iter().enumerate().map(|(hour, code)| fact(code, "completed", 9 + hour)));
                learners.insert(learner, (1 + done.len(), deserves));
            }
            rng.shuffle(&mut records);
            let mut messages = Vec::new();
            while !records.is_empty() {
                let size = 1 + rng.below(3) as usize;
                let batch: Vec<_> = records.drain(..size.min(records.len())).collect();
                let body = json!({ "version": 1, "records": batch }).to_string().into_bytes();
                messages.push(Arc::new(Message { id: format!("msg_{cohort}_{}", messages.len()), body }));
            }
            let share = messages.len().div_ceil(ROUNDS_PER_COHORT as usize);
            rounds.extend(messages.chunks(share).map(<[_]>::to_vec));
        }
        Arc::new(Self {
            rounds,
            learners,
            waiting: Mutex::default(),
            accepted: Mutex::default(),
            repeats: Default::default(),
            seen: Mutex::default(),
            over: AtomicBool::new(false),
        })
    }

    fn let_go(&self, round: usize) {
        self.waiting.lock().unwrap().extend(self.rounds.get(round).into_iter().flatten().cloned());
    }

    /// Something that was not answered; else, often, something that was.
    fn next(&self, rng: &mut Rng) -> Option<Arc<Message>> {
        let mut waiting = self.waiting.lock().unwrap();
        if !waiting.is_empty() {
            let place = rng.below(waiting.len() as u64) as usize;
            return Some(waiting.swap_remove(place));
        }
        drop(waiting);
        let accepted = self.accepted.lock().unwrap();
        let place = rng.below(accepted.len().max(1) as u64) as usize;
        accepted.values().nth(place).map(|(message, _)| Arc::clone(message))
    }

    fn send(&self, client: &Client, message: Arc<Message>) {
        match client.deliver(&message.id, &message.body) {
            Some((202, answer)) => {
                let delivery = answer["delivery"].as_str().expect("a delivery id").to_owned();
                let mut accepted = self.accepted.lock().unwrap();
                if let Some((_, first)) = accepted.get(&message.id) {
                    self.repeats.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(*first, delivery, "a repeated delivery is answered the same");
                } else {
                    accepted.insert(message.id.clone(), (message, delivery));
                }
            }
            // Not answered, or not yet: the sender keeps it. One that was accepted before loses nothing by going again.
            None | Some((503, _)) => {
                self.waiting.lock().unwrap().push(message);
                std::thread::sleep(Duration::from_millis(5));
            }
            Some((status, answer)) => panic!("{status}: {answer}"),
        }
    }

    /// Has the LMS and a verifier look, and takes down what they were given.
    fn look(&self, client: &Client, rng: &mut Rng) {
        let Some((200, list)) = client.get("/api/v1/awards?state=issued&limit=500") else { return };
        let awards = list["awards"].as_array().expect("a list");
        if awards.is_empty() {
            return;
        }
        let award = &awards[rng.below(awards.len() as u64) as usize];
        let (id, credential) =
            (award["id"].as_str().expect("an id"), award["credential"]["id"].as_str().expect("an id"));
        let version = award["credential"]["version"].as_u64().expect("a version");
        if let Some(bytes) = client.credential(credential) {
            let first = (credential.to_owned(), bytes);
            let mut seen = self.seen.lock().unwrap();
            let known = seen.entry((id.to_owned(), version)).or_insert_with(|| first.clone());
            assert_eq!(*known, first, "a signed credential never changes");
        }
        if rng.below(4) == 0 {
            // An officer corrects: whether it happened shows in the end, all or nothing.
            client.post(&format!("/api/v1/awards/{id}/reissue"));
        }
    }

    fn talk(&self, client: &Client, mut rng: Rng) {
        let mut turns = 0_u32;
        while !self.over.load(Ordering::Relaxed) {
            turns += 1;
            match self.next(&mut rng) {
                Some(message) => self.send(client, message),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
            if turns.is_multiple_of(8) {
                self.look(client, &mut rng);
            }
        }
    }
}

/// Starts the server and kills it, again and again, while the senders talk; returns one that runs once all is accepted.
fn torment(installation: &Installation, stream: &Stream, mut rng: Rng, kills: u32) -> server::Server {
    let client = installation.client();
    std::thread::scope(|scope| {
        // Whatever happens here, the senders must end, or the scope never does.
        let _end = EndOnDrop(&stream.over);
        for _ in 0..SENDERS {
            let (client, rng) = (installation.client(), Rng::new(rng.next()));
            scope.spawn(move || {
                let _end = EndOnDrop(&stream.over);
                stream.talk(&client, rng);
            });
        }
        for round in 0..kills {
            let server = installation.start();
            stream.let_go(round as usize);
            if rng.below(6) == 0 {
                // While it starts.
                std::thread::sleep(Duration::from_millis(rng.below(150)));
            } else {
                client.wait_until_healthy(&server);
                std::thread::sleep(Duration::from_millis(50 + rng.below(350)));
            }
            assert!(!stream.over.load(Ordering::Relaxed), "a sender met what must not be");
            drop(server);
        }
        let server = installation.start();
        client.wait_until_healthy(&server);
        (kills as usize..stream.rounds.len()).for_each(|round| stream.let_go(round));
        let everything = stream.rounds.iter().map(Vec::len).sum();
        let deadline = Instant::now() + SETTLE;
        while stream.accepted.lock().unwrap().len() < everything || stream.seen.lock().unwrap().is_empty() {
            let goes_on = Instant::now() < deadline && !stream.over.load(Ordering::Relaxed);
            assert!(goes_on, "not all was accepted, or nothing was issued");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    })
}

struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn every_accepted_delivery_was_processed(store: &Store, stream: &Stream) {
    let mut kept = BTreeMap::new();
    let mut page = Page { limit: 500, after: None };
    loop {
        let part = store.deliveries(&DeliveryFilter::default(), &page).await.expect("reads");
        kept.extend(part.items.into_iter().map(|record| (record.id.to_string(), record)));
        match part.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let accepted: Vec<_> = stream.accepted.lock().unwrap().values().cloned().collect();
    assert_eq!(kept.len(), accepted.len(), "each delivery is kept once");
    for (message, delivery) in accepted {
        let record =
            kept.get(&delivery).unwrap_or_else(|| panic!("{} was accepted as {delivery} and is lost", message.id));
        assert_eq!(record.webhook_id, message.id);
        assert_eq!(record.state, DeliveryState::Processed, "{delivery}: {:?}", record.reason);
        let id: DeliveryId = delivery.parse().expect("an id");
        assert_eq!(store.delivery(id).await.expect("reads").expect("kept").body, message.body);
    }
}

/// Every fact stands once in the ledger of its learner, and each learner has the one award that they earned, or none.
async fn every_learner_has_what_they_earned(store: &Store, stream: &Stream) -> Vec<Award> {
    let mut awards = Vec::new();
    for (external, (facts, deserves)) in &stream.learners {
        let id: ExternalId = external.parse().expect("an id");
        let learner = store.learner_by_external(&"mentor".parse().expect("a code"), &id).await.expect("reads");
        let learner = learner.unwrap_or_else(|| panic!("{external} is known")).id;
        let ledger = store.ledger(&SESSION.parse().expect("a code"), learner).await.expect("reads");
        assert_eq!(ledger.evidence.len(), *facts, "{external}");
        let filter = AwardFilter { learner: Some(learner), ..AwardFilter::default() };
        let found = store.awards(&filter, &Page::default()).await.expect("reads").items;
        assert_eq!(found.len(), usize::from(*deserves == Deserves::Award), "{external}");
        assert!(found.iter().all(|award| award.state == AwardState::Issued), "{external}");
        awards.extend(found);
    }
    let all = store.awards(&AwardFilter::default(), &Page { limit: 500, after: None }).await.expect("reads");
    assert_eq!(all.items.len(), awards.len(), "nobody else has one");
    let subjects: HashSet<_> = awards.iter().map(|award| award.subject).collect();
    assert_eq!(subjects.len(), awards.len());
    awards
}

/// Versions count from 1 without a gap, each signed; each leads to a later one and is revoked, but the last.
async fn every_award_has_one_credential_in_force(store: &Store, awards: &[Award]) -> Vec<CredentialRecord> {
    let mut all = Vec::new();
    for award in awards {
        let versions = store.credentials_of(award.id).await.expect("reads");
        assert!(!versions.is_empty(), "{}", award.id);
        for (record, number) in versions.iter().zip(1..) {
            assert_eq!(record.version, number, "{}", award.id);
            assert!(record.signed.is_some(), "{} version {number} is signed", award.id);
            let last = number as usize == versions.len();
            assert_eq!(record.revocation.is_none(), last, "{} version {number}", award.id);
            let successor = record.revocation.as_ref().and_then(|revocation| revocation.replaced_by);
            assert_eq!(successor, (!last).then(|| versions[number as usize].id));
        }
        all.extend(versions);
    }
    let slots: BTreeSet<_> = all.iter().map(|record| (record.slot.list.to_string(), record.slot.index)).collect();
    assert_eq!(slots.len(), all.len(), "no two credentials share a status index");
    all
}

/// Each credential verifies as a stranger would verify it. And it is what signing its stored intent gives: the intent holds every
/// random value and Ed25519 is deterministic, so whenever a worker was killed after signing, the next signature was the same.
async fn every_signature_holds_and_was_made_once(
    service: &sceau::service::Service,
    awards: &[Award],
    credentials: &[CredentialRecord],
) {
    let issuer = awards[0].snapshot.issuer.code.clone();
    let did_document = service.did_document_of_record(&issuer).await.expect("reads").expect("an issuer").to_string();
    let keys = service.store.keys(&issuer).await.expect("reads");
    for record in credentials {
        let signed = &record.signed.as_ref().expect("signed").text;
        let status_list = service.signed_status_list(record.slot.list).await.expect("reads").expect("a list");
        let mut materials = Materials::new();
        for published in [&did_document, &status_list] {
            materials.supply(published.as_bytes(), Trust::Domain).expect("has an id");
        }
        let report = sceau::verify::prepare(signed.as_bytes()).conclude(&materials, service.clock.now());
        let expected = if record.revocation.is_some() { Verdict::Revoked } else { Verdict::Valid };
        assert_eq!(report.verdict, expected, "{}: {report:#?}", record.id);

        let unsigned: Value = serde_json::from_str(&record.unsigned).expect("an intent is JSON");
        let linted = lint::lint(unsigned).expect("an intent passes our rules");
        let key = keys.iter().find(|key| key.key_id == record.key_id).expect("the key is known");
        let created = record.valid_from.to_whole_second().to_string();
        let key = service.held_key(key.clone()).expect("opens").expect("is held");
        let again = key.prove(&linted, &created).expect("signs").to_string();
        assert_eq!(again, *signed, "{} was signed as intended", record.id);

        // A token can't be made again, since ECDSA is random; but one is stored with each credential, and logged.
        let (token, key_id) = (record.jwt.as_ref().expect("a token"), record.jwt_key_id.as_ref().expect("its key"));
        assert!(service.store.signing_log_contains(&token.sha256, key_id).await.expect("reads"), "{}", record.id);
    }
}

/// The chain holds, and each award and each signed credential stands in it exactly once.
async fn the_audit_trail_tells_of_each_once(store: &Store, awards: &[Award], credentials: &[CredentialRecord]) {
    store.verify_audit(vec![], |_, _| {}).await.expect("reads").expect("the chain holds");
    for (action, made) in [
        (Action::AwardMade, awards.iter().map(|award| award.id.to_string()).collect::<BTreeSet<_>>()),
        (Action::CredentialIssued, credentials.iter().map(|record| record.id.to_string()).collect()),
    ] {
        let (mut told, mut after) = (Vec::new(), 0);
        let filter = AuditFilter { action: Some(action), ..AuditFilter::default() };
        loop {
            let part = store.audit_entries(&filter, after, 500).await.expect("reads");
            let Some(last) = part.last() else { break };
            after = last.sequence;
            told.extend(part.iter().map(|record| {
                let entry: Value = serde_json::from_str(&record.sealed.document).expect("an entry is JSON");
                entry["object"]["id"].as_str().expect("an id").to_owned()
            }));
        }
        assert_eq!(told.len(), made.len(), "{} is told once of each", action.as_str());
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), made, "{}", action.as_str());
    }
}

fn what_was_seen_meanwhile_still_stands(credentials: &[CredentialRecord], stream: &Stream) {
    for ((award, version), (address, bytes)) in stream.seen.lock().unwrap().iter() {
        let record = credentials
            .iter()
            .find(|record| record.award.to_string() == *award && u64::from(record.version) == *version)
            .unwrap_or_else(|| panic!("{address} is still there"));
        assert!(address.ends_with(&record.id.to_string()), "{address}");
        assert_eq!(record.signed.as_ref().expect("signed").text.as_bytes(), bytes, "{address}");
    }
}
