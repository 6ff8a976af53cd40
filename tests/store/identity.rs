//! One learner under several names: whom identifiers lead to, who turns out to be the same, and who never is.

use sceau::audit::Action;
use sceau::catalog::Source;
use sceau::ids::LearnerId;
use sceau::learner::Identifiers;
use sceau::store::{AlertFilter, AlertKind, AuditFilter, AwardFilter, LearnerUpdate, Merged, Page, Store};
use sceau::text::Email;
use serde_json::json;

use crate::support::{at, code, decision, furnish, issue, on_both_engines, random};

fn named(id: Option<&str>, username: Option<&str>, email: Option<&str>) -> Identifiers {
    Identifiers {
        id: id.map(|id| id.parse().unwrap()),
        username: username.map(|name| name.parse().unwrap()),
        email: email.map(|email| Email::new(email).unwrap()),
    }
}

/// Two sources of one Moodle site, and one of another.
async fn furnish_sites(store: &Store) {
    furnish(store).await;
    for (name, site) in
        [("events", "https://lms.example"), ("statements", "https://lms.example"), ("other", "https://b.example")]
    {
        let source = json!({ "code": name, "issuer": "dgafp", "name": name, "form": "completion-event", "site": site });
        let source: Source = serde_json::from_value(source).unwrap();
        store.put_source(&source, at(0)).await.unwrap();
    }
}

async fn say(store: &Store, source: &str, identifiers: &Identifiers, seconds: i64) -> LearnerId {
    let (nothing, update) = ((None, None), LearnerUpdate::Complete);
    store.put_learner_as(&code(source), identifiers, nothing, update, at(seconds)).await.unwrap().0
}

async fn count(store: &Store, action: Action) -> usize {
    let filter = AuditFilter { action: Some(action), ..AuditFilter::default() };
    store.audit_entries(&filter, 0, 500).await.unwrap().len()
}

on_both_engines! {
    async fn sources_of_one_site_know_the_same_people(db: &TestDb) {
        let store = db.open().await;
        furnish_sites(&store).await;
        let zoe = say(&store, "events", &named(Some("892"), Some("zlefevre"), Some("zoe@example.fr")), 1).await;
        for (identifiers, why) in [
            (named(Some("892"), None, None), "the id"),
            (named(None, Some("ZLefevre"), None), "the user name, whatever the case"),
            (named(None, None, Some("Zoe@example.fr")), "the address"),
        ] {
            assert_eq!(say(&store, "statements", &identifiers, 2).await, zoe, "{why}");
            assert_ne!(say(&store, "other", &identifiers, 2).await, zoe, "{why} means nothing on another site");
        }
        assert_eq!(count(&store, Action::LearnersMerged).await, 0);
        let by = async |text: &str| {
            store.learner_by_external(&code("statements"), &text.parse().unwrap()).await.unwrap().map(|found| found.id)
        };
        for text in ["892", "zlefevre", "username:zlefevre", "email:zoe@example.fr"] {
            assert_eq!(by(text).await, Some(zoe), "{text}");
        }
        assert_eq!(by("893").await, None);
    }

    async fn a_learner_is_found_again_once_the_source_names_its_site(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let before = say(&store, "mentor", &named(Some("892"), None, None), 1).await;
        let mut source = store.source(&code("mentor")).await.unwrap().unwrap();
        source.site = Some("https://lms.example".parse().unwrap());
        store.put_source(&source, at(2)).await.unwrap();
        assert_eq!(say(&store, "mentor", &named(Some("892"), Some("zlefevre"), None), 3).await, before);
        furnish_sites(&store).await;
        assert_eq!(say(&store, "statements", &named(None, Some("zlefevre"), None), 4).await, before);
    }

    async fn an_address_that_changed_in_mid_course_leads_to_the_same_learner(db: &TestDb) {
        let store = db.open().await;
        furnish_sites(&store).await;
        let before = named(Some("892"), None, Some("zoe.lefevre@example.fr"));
        let zoe = say(&store, "events", &before, 1).await;
        assert_eq!(say(&store, "events", &named(Some("892"), None, Some("zoe.martin@example.fr")), 2).await, zoe);
        assert_eq!(say(&store, "statements", &named(None, None, Some("zoe.lefevre@example.fr")), 3).await, zoe);
        assert_eq!(say(&store, "statements", &named(None, None, Some("zoe.martin@example.fr")), 4).await, zoe);
        let values: Vec<_> = store.learner_identifiers(zoe).await.unwrap().into_iter().map(|known| known.value).collect();
        assert_eq!(values, ["zoe.lefevre@example.fr", "zoe.martin@example.fr", "892"]);
    }

    async fn who_was_known_by_a_user_name_alone_turns_out_to_be_somebody(db: &TestDb) {
        let store = db.open().await;
        furnish_sites(&store).await;
        let by_name = say(&store, "statements", &named(None, Some("zlefevre"), None), 1).await;
        let by_id = say(&store, "events", &named(Some("892"), None, None), 2).await;
        assert_ne!(by_name, by_id);
        for (learner, seconds) in [(by_name, 10), (by_id, 11)] {
            let job = decision(&store, "s1", learner, seconds).await;
            store.complete_job(&job).await.unwrap();
        }

        assert_eq!(say(&store, "events", &named(Some("892"), Some("zlefevre"), None), 3).await, by_id);
        assert_eq!(say(&store, "statements", &named(None, Some("zlefevre"), None), 4).await, by_id);
        assert_eq!(count(&store, Action::LearnersMerged).await, 1);
        for id in [by_name, by_id] {
            assert_eq!(store.learner(id).await.unwrap().unwrap().id, by_id);
            let ledger = store.ledger(&code("s1"), id).await.unwrap();
            assert_eq!(ledger.evidence.len(), 2, "the evidence of both");
        }
        let known = store.learner_by_external(&code("events"), &"username:zlefevre".parse().unwrap()).await.unwrap();
        assert_eq!(known.unwrap().external_id.as_str(), "892");
    }

    async fn two_ids_are_two_people_whatever_they_share(db: &TestDb) {
        let store = db.open().await;
        furnish_sites(&store).await;
        let shared = Some("bureau@example.fr");
        let one = say(&store, "events", &named(Some("1"), Some("accueil"), shared), 1).await;
        let two = say(&store, "events", &named(Some("2"), Some("accueil"), shared), 2).await;
        assert_ne!(one, two);
        assert_eq!(count(&store, Action::LearnersMerged).await, 0);
        assert_eq!(count(&store, Action::IdentifierMoved).await, 2, "an officer can see it");
        assert_eq!(say(&store, "statements", &named(None, Some("accueil"), None), 3).await, two, "whoever had it last");
        assert_eq!(say(&store, "events", &named(Some("1"), None, None), 4).await, one);
    }

    async fn a_person_with_two_awards_after_a_merge_is_shown_to_an_officer(db: &TestDb) {
        let store = db.open().await;
        furnish_sites(&store).await;
        let by_name = say(&store, "statements", &named(None, Some("zlefevre"), None), 1).await;
        let by_id = say(&store, "events", &named(Some("892"), None, None), 2).await;
        let (first, _) = issue(&store, "s1", by_name, 10).await;
        let (second, _) = issue(&store, "s1", by_id, 20).await;
        say(&store, "events", &named(Some("892"), Some("zlefevre"), None), 30).await;
        // Both were awarded at the same moment: the one with the lower id counts as the earlier.
        let (earlier, later) = (first.id.min(second.id), first.id.max(second.id));
        let alerts = store.alerts(&AlertFilter::default()).await.unwrap();
        assert_eq!(alerts.len(), 1);
        assert_eq!((alerts[0].kind, alerts[0].award), (AlertKind::DuplicateAfterMerge, later));
        let filter = AwardFilter { learner: Some(by_name), ..AwardFilter::default() };
        let found = store.awards(&filter, &Page::default()).await.unwrap().items;
        assert_eq!(found.iter().map(|award| award.id).collect::<Vec<_>>(), [later, earlier], "both are the person's");
        let one = store.award_of(&code("s1"), by_id, found[0].kind).await.unwrap().unwrap();
        assert_eq!(one.id, earlier, "the earlier stands");
    }

    async fn what_is_merged_or_parted_by_hand_stays_so(db: &TestDb) {
        let store = db.open().await;
        furnish_sites(&store).await;
        let one = say(&store, "events", &named(Some("1"), None, None), 1).await;
        let two = say(&store, "events", &named(None, Some("zoe"), None), 2).await;
        let source = code("events");
        let merge = async || store.merge_learners(&source, (two, one), "Même agente.", at(3)).await.unwrap();
        assert_eq!((merge().await, merge().await), (Merged::Done, Merged::Already));
        assert_eq!(store.learner(two).await.unwrap().unwrap().id, one);
        let part = async || store.part_learner(&source, two, "Erreur.", at(4)).await.unwrap();
        assert_eq!((part().await, part().await), (Merged::Done, Merged::Already));
        assert_eq!(store.learner(two).await.unwrap().unwrap().id, two);
        // Named together again, the two stay two: the user name goes where it is said to belong.
        assert_eq!(say(&store, "events", &named(Some("1"), Some("zoe"), None), 5).await, one);
        assert_eq!(store.learner(two).await.unwrap().unwrap().id, two);
        assert_eq!(say(&store, "events", &named(None, Some("zoe"), None), 6).await, one);
        assert_eq!(merge().await, Merged::Done, "by hand, again");
        let nobody = LearnerId::random(random());
        assert_eq!(store.merge_learners(&source, (nobody, one), "", at(7)).await.unwrap(), Merged::NotFound);
        store.verify_audit(vec![], |_, _| {}).await.unwrap().unwrap();
    }

    async fn a_new_person_named_by_two_deliveries_at_once_is_one(db: &TestDb) {
        let store = db.open().await;
        furnish_sites(&store).await;
        for round in 0..10 {
            let (id, name) = (format!("{round}"), format!("agent{round}"));
            let said = (0..8).map(|place| {
                let store = store.clone();
                let identifiers = match place % 3 {
                    0 => named(Some(&id), Some(&name), None),
                    1 => named(None, Some(&name), None),
                    _ => named(Some(&id), None, None),
                };
                let source = if place % 2 == 0 { "events" } else { "statements" };
                tokio::spawn(async move { say(&store, source, &identifiers, place).await })
            });
            for done in said.collect::<Vec<_>>() {
                done.await.expect("a learner");
            }
            let by_id = say(&store, "events", &named(Some(&id), None, None), 100).await;
            assert_eq!(say(&store, "events", &named(None, Some(&name), None), 100).await, by_id, "round {round}");
        }
    }
}
