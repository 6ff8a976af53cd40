//! What a learner did is decided once, however it is told: shuffled, repeated, cut into deliveries of any size and spread over
//! sources that write it in forms of their own and call the learner by other names.
//!
//! First without storage, a thousand arrangements against several criteria; then through the door, the queue and the database.
//! Every arrangement comes from a seed, which a failure names.

#[path = "support/app.rs"]
mod app;
#[path = "support/engines.rs"]
mod engines;
mod support;

use std::collections::HashSet;

use app::{SESSION, TestApp, code, written_password};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sceau::catalog::{AwardKind, EffectiveSession, Source};
use sceau::criteria::{Decision, decide};
use sceau::evidence::{Evidence, Ledger};
use sceau::ids::LearnerId;
use sceau::intake;
use sceau::learner::{IdentifierKind, Identifiers};
use serde_json::{Value, json};

/// Numbers that look random and come from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }
}

/// A fact as our own form writes it. What Moodle's plugin can say too is written from the same.
#[derive(Clone)]
struct Told {
    second: i64,
    what: Value,
}

/// 18 March 2026 at 8:00 in Paris; facts count seconds from here.
const FIRST: i64 = 1_773_817_200;

fn told(second: i64, what: Value) -> Told {
    Told { second, what }
}

fn activity(second: i64, code: &str, state: &str) -> Told {
    told(second, json!({ "activity": { "code": code, "state": state } }))
}

fn time(second: i64, basis: &str, duration: &str) -> Told {
    told(second, json!({ "time": { "basis": basis, "duration": duration } }))
}

/// The activities as a site numbers their modules.
const MODULES: [(&str, u32); 4] = [("video", 11), ("cas", 12), ("bilan", 13), ("inconnue", 14)];

impl Told {
    fn moment(&self) -> i64 {
        FIRST + self.second
    }

    /// In our own form, sometimes with a result, which decides nothing.
    fn as_evidence(&self, dice: &mut Dice) -> Value {
        let mut evidence = self.what.clone();
        let moment = sceau::time::Timestamp::from_unix_seconds(self.moment()).expect("a moment");
        evidence["at"] = json!(moment);
        if evidence.get("activity").is_some() && dice.below(3) == 0 {
            evidence["activity"]["score"] = json!(f64::from(dice.below(100) as u32) / 100.0);
        }
        evidence
    }

    /// As Moodle's plugin posts it, where it can say that at all.
    fn as_moodle_event(&self, user: &Value) -> Option<Value> {
        let event = |name: &str, event: Value| {
            let mut event = event;
            event["courseid"] = json!(4);
            event["userid"] = json!(2);
            event["relateduserid"] = user["id"].clone();
            event["timecreated"] = json!(self.moment());
            json!({ "eventname": format!("\\core\\event\\{name}"), "event": event, "relateduser": user })
        };
        if let Some(state) = self.what.pointer("/course/state") {
            return (state == "completed").then(|| event("course_completed", json!({})));
        }
        let activity = self.what.get("activity")?;
        let (_, module) = MODULES.iter().find(|(code, _)| activity["code"] == *code)?;
        let number =
            ["withdrawn", "completed", "passed", "failed"].iter().position(|state| activity["state"] == *state);
        let other = json!({ "completionstate": number? });
        Some(event("course_module_completion_updated", json!({ "contextinstanceid": module, "other": other })))
    }
}

impl Told {
    /// As the plugin logstore_xapi states it, where it can.
    fn as_statement(&self, actor: &Value) -> Option<Value> {
        let moment = sceau::time::Timestamp::from_unix_seconds(self.moment()).expect("a moment");
        let of = |part: &str| self.what.get(part);
        let (thing, state) = match (of("activity"), of("course"), of("time")) {
            (Some(activity), _, _) => (activity.get("code"), activity.get("state")),
            (_, Some(course), _) => (None, course.get("state")),
            (_, _, Some(time)) if time["basis"] == "measured" => (time.get("activity"), None),
            _ => return None,
        };
        let page = match thing {
            None => "course/view.php?id=4".to_owned(),
            Some(code) => {
                let (_, module) = MODULES.iter().find(|(known, _)| code == known)?;
                format!("mod/quiz/view.php?id={module}")
            }
        };
        let completed = "http://adlnet.gov/expapi/verbs/completed";
        let (verb, result) = match state.and_then(Value::as_str) {
            None => ("http://adlnet.gov/expapi/verbs/terminated", json!({ "duration": self.what["time"]["duration"] })),
            Some("completed") => (completed, json!({ "completion": true })),
            Some("passed") => (completed, json!({ "completion": true, "success": true })),
            Some("failed") => (completed, json!({ "completion": true, "success": false })),
            Some(_) => {
                ("https://xapi.edlm/profiles/edlm-lms/concepts/verbs/uncompleted", json!({ "completion": false }))
            }
        };
        let course = json!({ "id": format!("{SITE}/course/view.php?id=4") });
        Some(json!({
            "actor": actor, "verb": { "id": verb }, "object": { "id": format!("{SITE}/{page}") }, "result": result,
            "timestamp": moment, "context": { "contextActivities": { "parent": [course] } },
        }))
    }
}

/// Where the site of all sources is.
const SITE: &str = "https://lms.example";
/// The sources with their forms.
const SOURCES: [(&str, &str); 4] = [
    ("events", "completion-event"),
    ("mailer", "completion-event"),
    ("moodle", "moodle-webhookengine"),
    ("lrs", "xapi"),
];

fn source(name: &str, form: &str) -> Value {
    let modules: serde_json::Map<_, _> =
        MODULES.iter().map(|(code, module)| (module.to_string(), json!(code))).collect();
    let mut source = json!({ "code": name, "issuer": "dgafp", "name": name, "form": form, "site": SITE });
    if form != "completion-event" {
        source["courses"] = json!({ "4": { "session": SESSION, "modules": modules } });
    }
    source
}

/// One delivery, and which source sends it.
struct Delivery {
    source: &'static str,
    body: Value,
}

/// How the sources call the learner, each in its way.
struct Person {
    events: Value,
    moodle: Value,
    mailer: Value,
    /// The actor of statements.
    lrs: Value,
}

fn person(number: u32) -> Person {
    let email = format!("zoe.{number}@agents.example");
    Person {
        events: json!({ "id": number.to_string() }),
        moodle: json!({ "id": number, "username": format!("ZLefevre{number}"), "firstname": "Zoé", "lastname": "Lefèvre",
            "email": email.to_uppercase() }),
        mailer: json!({ "id": format!("email:{email}"), "name": "Zoé Lefèvre" }),
        lrs: json!({ "name": "Zoé Lefèvre", "account": { "homePage": SITE, "name": format!("zlefevre{number}") } }),
    }
}

/// Every fact once at least, some several times, each time by some source, in deliveries of any size and in any order.
fn arrange(facts: &[Told], person: &Person, dice: &mut Dice) -> Vec<Delivery> {
    let mut tellings: Vec<&Told> = facts.iter().collect();
    for _ in 0..dice.below(2 * facts.len()) {
        tellings.push(dice.pick(facts));
    }
    dice.shuffle(&mut tellings);
    let mut deliveries = Vec::new();
    // What waits to be sent along with more in one delivery of our own form.
    let mut together: [(&'static str, &Value, Vec<Value>); 2] =
        [("events", &person.events, Vec::new()), ("mailer", &person.mailer, Vec::new())];
    let send = |place: usize, batch: Vec<Value>, deliveries: &mut Vec<Delivery>, learner: &Value, dice: &mut Dice| {
        let cut = dice.below(batch.len() + 1);
        let records: Vec<_> = [&batch[..cut], &batch[cut..]]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| json!({ "session": SESSION, "learner": learner, "evidence": part }))
            .collect();
        let source = ["events", "mailer"][place];
        deliveries.push(Delivery { source, body: json!({ "version": 1, "records": records }) });
    };
    for fact in tellings {
        let place = dice.below(4);
        let alone = match place {
            2 => fact.as_moodle_event(&person.moodle).map(|body| Delivery { source: "moodle", body }),
            3 => fact.as_statement(&person.lrs).map(|body| Delivery { source: "lrs", body }),
            _ => None,
        };
        if let Some(delivery) = alone {
            deliveries.push(delivery);
            continue;
        }
        let place = place % 2;
        together[place].2.push(fact.as_evidence(dice));
        if dice.below(3) == 0 {
            let (learner, batch) = (together[place].1, std::mem::take(&mut together[place].2));
            send(place, batch, &mut deliveries, learner, dice);
        }
    }
    for (place, (_, learner, batch)) in together.into_iter().enumerate() {
        if !batch.is_empty() {
            send(place, batch, &mut deliveries, learner, dice);
        }
    }
    // The same deliveries again, as after an answer that got lost.
    for _ in 0..dice.below(3) {
        let again = dice.pick(&deliveries);
        let again = Delivery { source: again.source, body: again.body.clone() };
        deliveries.push(again);
    }
    dice.shuffle(&mut deliveries);
    deliveries
}

const LEARNER: &str = "0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e";

/// Reads deliveries in their order, as intake does, into a ledger that holds each fact once.
fn ledger_of(deliveries: &[Delivery], sources: &[Source], known: &HashSet<(IdentifierKind, String)>) -> Ledger {
    let learner: LearnerId = LEARNER.parse().unwrap();
    let (mut ledger, mut keys) = (Ledger::default(), HashSet::new());
    for delivery in deliveries {
        let source = sources.iter().find(|source| source.code.as_str() == delivery.source).unwrap();
        let understood = intake::understand(source, delivery.body.to_string().as_bytes()).unwrap();
        assert_eq!(understood.unmapped.len(), 0);
        for record in understood.records {
            assert!(record.learner.iter().all(|named| known.contains(&named)), "{:?}", record.learner);
            for reported in record.facts {
                let (session, source) = (record.session.clone(), source.code.clone());
                let (at, fact, score) = (reported.at, reported.fact, reported.score);
                let evidence = Evidence { session, learner, source, at, fact, score };
                if keys.insert(evidence.key()) {
                    ledger.evidence.push(evidence);
                }
            }
        }
    }
    ledger
}

/// The session of the tests, under other criteria; certifying, so that a pass may be asked for.
fn session_with(criteria: Value) -> EffectiveSession {
    let mut training = json!(support::training());
    training["assessment"] = json!("certifying");
    training["units"][0]["activities"][2]["kind"] = json!("assessment");
    training["units"][0]["duration"] = json!("PT4H");
    training["criteria"] = criteria;
    let training: sceau::catalog::Training = serde_json::from_value(training).unwrap();
    training.check().unwrap();
    EffectiveSession::new(support::session().session, training).unwrap()
}

/// A learner's whole history: changes of mind, ties at one moment, words on the whole, time in three ways, and what is of no use.
fn history() -> Vec<Told> {
    vec![
        activity(0, "video", "completed"),
        activity(600, "video", "withdrawn"),
        activity(1200, "video", "completed"),
        activity(1200, "cas", "failed"),
        activity(1800, "cas", "completed"),
        activity(2400, "bilan", "failed"),
        activity(3000, "bilan", "passed"),
        // A tie: the later of the states wins, whichever is told first.
        activity(3600, "cas", "completed"),
        activity(3600, "cas", "passed"),
        activity(4200, "inconnue", "completed"),
        told(4800, json!({ "unit": { "code": "u1", "state": "completed" } })),
        told(5400, json!({ "unit": { "code": "u1", "state": "withdrawn" } })),
        told(6000, json!({ "course": { "state": "completed" } })),
        told(6000, json!({ "course": { "state": "withdrawn" } })),
        told(6600, json!({ "course": { "state": "completed" } })),
        // Stretches that overlap, one within another, and two that end together.
        time(7200, "measured", "PT1H"),
        time(7500, "measured", "PT30M"),
        time(7500, "measured", "PT10M"),
        told(9000, json!({ "time": { "basis": "measured", "duration": "PT20M", "activity": "cas" } })),
        time(9000, "declared", "PT2H"),
        time(9600, "declared", "PT2H30M"),
        time(9600, "declared", "PT3H"),
    ]
}

#[test]
fn a_thousand_arrangements_of_one_history_are_one_decision() {
    let moment = |second: i64| sceau::time::Timestamp::from_unix_seconds(FIRST + second).unwrap();
    let rules = [
        json!({ "expected_activities": {} }),
        json!({ "all": [{ "unit": { "code": "u1" } }, { "course": {} }] }),
        json!({ "all": [{ "activity": { "code": "bilan", "reached": "passed" } }, { "activity": { "code": "cas", "reached": "passed" } }] }),
        json!({ "any": [
            { "time_spent": { "at_least": "PT9H", "basis": "declared" } },
            { "at_least": { "n": 2, "of": [
                { "time_spent": { "at_least": "PT1H", "basis": "measured" } },
                { "time_spent": { "at_least": "PT3H", "basis": "declared" } },
                { "time_spent": { "at_least": "PT4H", "basis": "credited" } },
            ] } },
        ] }),
        json!({ "time_spent": { "at_least": "PT2H", "basis": "measured" } }),
        // At the end of this window the video was withdrawn.
        json!({ "within": { "until": moment(1000), "rule": { "activity": { "code": "video" } } } }),
        json!({ "within": { "from": moment(1000), "until": moment(3100), "rule": { "expected_activities": {} } } }),
    ];
    let mut sessions = Vec::new();
    for rule in rules {
        sessions.push((AwardKind::Participation, session_with(json!({ "participation": { "rule": rule.clone() } }))));
        let both = json!({ "participation": { "rule": { "course": {} } }, "certificate": { "rule": rule } });
        sessions.push((AwardKind::Certificate, session_with(both)));
    }
    let decisions = |ledger: &Ledger| -> Vec<Decision> {
        sessions.iter().map(|(kind, session)| decide(session, *kind, ledger).unwrap()).collect()
    };
    let sources = SOURCES.map(|(name, form)| serde_json::from_value(source(name, form)).unwrap());
    let zoe = person(892);
    let email = "zoe.892@agents.example".to_owned();
    let known = HashSet::from([
        (IdentifierKind::Id, "892".to_owned()),
        (IdentifierKind::Username, "zlefevre892".to_owned()),
        (IdentifierKind::Email, email.clone()),
    ]);
    assert_eq!(Identifiers::called(&format!("email:{email}").parse().unwrap()).iter().count(), 1);

    // In order, once each, by one source.
    let history = history();
    let plain: Vec<_> = history.iter().map(|fact| fact.as_evidence(&mut Dice(1))).collect();
    let record = json!({ "session": SESSION, "learner": zoe.events, "evidence": plain });
    let plain = [Delivery { source: "events", body: json!({ "version": 1, "record": record }) }];
    let expected = decisions(&ledger_of(&plain, &sources, &known));
    let met = expected.iter().filter(|decision| decision.met).count();
    assert!(met >= 4 && expected.len() - met >= 4, "some of the criteria are met and some are not: {met}");

    let mut told_by = HashSet::new();
    for seed in 0..1000 {
        let deliveries = arrange(&history, &zoe, &mut Dice(seed));
        told_by.extend(deliveries.iter().map(|delivery| delivery.source));
        let ledger = ledger_of(&deliveries, &sources, &known);
        assert_eq!(ledger.evidence.len(), history.len(), "arrangement {seed}");
        assert_eq!(decisions(&ledger), expected, "arrangement {seed}");
    }
    assert_eq!(told_by.len(), sources.len());
}

/// The facts that two learners had before they turned out to be one have keys of their own: one person's, as one person's.
fn as_one(ledger: Ledger) -> Ledger {
    let (mut one, mut keys) = (Ledger::default(), HashSet::new());
    for mut evidence in ledger.evidence {
        evidence.learner = LEARNER.parse().unwrap();
        if keys.insert(evidence.key()) {
            one.evidence.push(evidence);
        }
    }
    one
}

/// A decision without the keys of the evidence that it rests on.
fn without_keys(decision: &Decision) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("evidence");
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = json!(decision);
    strip(&mut value);
    value
}

/// How many arrangements go through the whole service.
const THROUGH_THE_DOOR: u32 = 40;

on_both_engines! {
    async fn one_learner_over_four_sources_has_one_decision_and_one_award(app: &TestApp) {
        for (name, form) in SOURCES {
            app.put(&format!("/api/v1/sources/{name}"), &source(name, form)).await.expect(201);
        }
        let password = written_password(5);
        app.put("/api/v1/sources/lrs/secrets", &json!({ "secrets": [password] })).await.expect(204);
        let credentials = STANDARD.encode(format!("lrs:{password}"));
        let facts: Vec<_> = history().into_iter().filter(|fact| fact.what.pointer("/activity/code") != Some(&json!("inconnue"))).collect();
        let session = app.service.store.effective_session(&code(SESSION)).await.unwrap().unwrap();
        let mut all_of_it: Option<Decision> = None;
        for number in 1..=THROUGH_THE_DOOR {
            let (zoe, mut dice) = (person(number), Dice(u64::from(number)));
            let mut deliveries = arrange(&facts, &zoe, &mut dice);
            // The one source that knows the person by everything speaks at least once; who is known by an id alone waits for it.
            let body = facts[0].as_moodle_event(&zoe.moodle).unwrap();
            deliveries.insert(dice.below(deliveries.len() + 1), Delivery { source: "moodle", body });
            for delivery in &deliveries {
                if delivery.source == "lrs" {
                    let call = app.call(Method::POST, "/xapi/lrs/statements").header("x-experience-api-version", "1.0.3");
                    let call = call.header("authorization", &format!("Basic {credentials}"));
                    call.json(&delivery.body).send().await.expect(200);
                } else {
                    app.deliver_from(delivery.source, &delivery.body).await;
                }
                if dice.below(3) == 0 {
                    app.work().await;
                }
            }
            app.work().await;

            let names = [number.to_string(), format!("username:zlefevre{number}"), format!("email:zoe.{number}@agents.example")];
            let mut learners = HashSet::new();
            for (source, _) in SOURCES {
                for name in &names {
                    let found = app.service.store.learner_by_external(&code(source), &name.parse().unwrap()).await.unwrap();
                    learners.insert(found.unwrap().id);
                }
            }
            assert_eq!(learners.len(), 1, "arrangement {number}");
            let learner = *learners.iter().next().unwrap();

            let ledger = app.service.store.ledger(&code(SESSION), learner).await.unwrap();
            let made = decide(&session, AwardKind::Participation, &ledger).unwrap();
            let decision = decide(&session, AwardKind::Participation, &as_one(ledger)).unwrap();
            assert!(decision.met);
            assert_eq!(without_keys(&made), without_keys(&decision), "arrangement {number}");
            assert_eq!(*all_of_it.get_or_insert_with(|| decision.clone()), decision, "arrangement {number}");
            // What the service took down last is this decision, and no other of this learner stands.
            let digest = sceau::audit::hash(&json!(made).to_string());
            let standing = format!("select count(*) from decisions where digest = '{digest}' and learner = '{learner}'");
            assert_eq!(app.count(&standing).await, 1, "arrangement {number}");

            let path = format!("/api/v1/awards?source=lrs&learner={number}");
            let awards = app.read(&path).await.expect(200).json();
            assert_eq!(awards["awards"].as_array().unwrap().len(), 1, "arrangement {number}");
            assert_eq!(awards["awards"][0]["state"], "issued", "arrangement {number}");
        }
        assert_eq!(app.count("select count(*) from awards").await, i64::from(THROUGH_THE_DOOR));
        assert_eq!(app.count("select count(*) from deliveries where state <> 'processed'").await, 0);
    }
}
