//! Keys of three kinds, what they signed, and what it means that one is compromised.

use sceau::award::RevocationCategory;
use sceau::ids::CredentialId;
use sceau::proof::key::{KeyKind, PublicKey};
use sceau::store::{
    AddedKey, AwardStep, Compromised, KeyRecord, KeyState, Plan, Published, Revoked, Settled, Signatures, Signed,
    Store, TokenSignature,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::engines;
use crate::support::*;

/// The RSA key of RFC 7638 §3.1.
fn rsa_key(issuer: &str) -> KeyRecord {
    let jwk = json!({ "kty": "RSA", "e": "AQAB", "n":
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw" });
    let public = PublicKey::from_jwk(&jwk).unwrap();
    KeyRecord { public, ..key(issuer, "rsa") }
}

fn sha256(text: &str) -> String {
    sceau::ids::hex(&Sha256::digest(text))
}

async fn in_use(store: &Store, since: i64) -> Vec<String> {
    let keys = store.keys_in_use(&code("dgafp"), at(since)).await.unwrap();
    keys.into_iter().map(|key| key.thumbprint).collect()
}

on_both_engines! {
    async fn each_kind_has_a_key_of_its_own_that_signs(db: &TestDb) {
        let store = db.open().await;
        store.put_issuer(&issuer("dgafp"), at(0)).await.unwrap();
        let (first, second, rsa) = (key("dgafp", "k1"), key("dgafp", "k2"), rsa_key("dgafp"));
        for key in [&first, &rsa, &second] {
            assert_eq!(store.add_key(key, at(5)).await.unwrap(), AddedKey::Added);
        }
        let dgafp = code("dgafp");
        assert_eq!(store.active_key(&dgafp, KeyKind::Ed25519).await.unwrap(), Some(second.clone()));
        assert_eq!(store.active_key(&dgafp, KeyKind::Rsa).await.unwrap(), Some(rsa.clone()));
        assert_eq!(store.active_key(&dgafp, KeyKind::P256).await.unwrap(), None);
        assert_eq!(store.key(&dgafp, "rsa").await.unwrap(), Some(rsa));
        assert_eq!(store.key(&code("other"), "rsa").await.unwrap(), None);
        let retired = store.key(&dgafp, "k1").await.unwrap().unwrap();
        assert_eq!(retired, KeyRecord { state: KeyState::Retired, retired: Some(at(5)), ..first });
    }

    /// Bytes and log commit together, in both forms; each entry is of one key.
    async fn whatever_is_signed_is_logged(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        store.add_key(&rsa_key("dgafp"), at(0)).await.unwrap();
        let (k1, rsa) = (key("dgafp", "k1").key_id, rsa_key("dgafp").key_id);
        let zoe = learner(&store, "1").await;
        let job = decision(&store, "s1", zoe, 0).await;
        let made = award(&store, "s1", zoe).await;
        let id = CredentialId::random(random());
        let steps = [AwardStep::Open(Box::new(made.clone()), secrets(&made), plan(id, 1))];
        store.settle_decision(&job, &steps, at(0)).await.unwrap();
        let job = claim(&store, 0).await;
        let token = TokenSignature { text: "a.b.c", key_id: &rsa };
        let both = Signatures { document: "{}", token: Some(token) };
        assert_eq!(store.store_signed(&job, id, &both, at(1)).await.unwrap(), Signed::Stored);

        let record = store.credential(id).await.unwrap().unwrap();
        let token = record.jwt.unwrap();
        assert_eq!((token.text.as_str(), token.sha256), ("a.b.c", sha256("a.b.c")));
        assert_eq!(record.jwt_key_id.as_ref(), Some(&rsa));
        for (text, key, logged) in
            [("{}", &k1, true), ("a.b.c", &rsa, true), ("{}", &rsa, false), ("a.b.c", &k1, false), ("a.b.d", &rsa, false)]
        {
            assert_eq!(store.signing_log_contains(&sha256(text), key).await.unwrap(), logged, "{text} {key}");
        }
        // What came to nothing left no trace.
        let again = decision(&store, "s2", zoe, 200).await;
        assert_eq!(store.store_signed(&again, id, &signed("other"), at(200)).await.unwrap(), Signed::AlreadyThere);
        assert!(!store.signing_log_contains(&sha256("other"), &k1).await.unwrap());

        let form = Published { revision: 0, signed: "list".into(), key_id: k1.clone(), valid_until: at(900) };
        assert_eq!(store.publish_status_list(record.slot.list, &form, at(2)).await.unwrap(), Some(()));
        assert!(store.signing_log_contains(&sha256("list"), &k1).await.unwrap());
        assert_eq!(engines::count(&db.raw_url, "select count(*) from signing_log").await, 3);
    }

    /// A worker that signed just before its key was retired stores nothing: the next try signs with the key that signs.
    async fn what_a_key_signed_while_it_was_retired_is_not_stored(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let job = decision(&store, "s1", zoe, 0).await;
        let made = award(&store, "s1", zoe).await;
        let id = CredentialId::random(random());
        let steps = [AwardStep::Open(Box::new(made.clone()), secrets(&made), plan(id, 1))];
        store.settle_decision(&job, &steps, at(0)).await.unwrap();
        let job = claim(&store, 0).await;
        let second = key("dgafp", "k2");
        store.add_key(&second, at(1)).await.unwrap();
        assert_eq!(store.store_signed(&job, id, &signed("by k1"), at(1)).await.unwrap(), Signed::KeyRetired);
        assert_eq!(store.credential(id).await.unwrap().unwrap().signed, None);
        let list = store.credential(id).await.unwrap().unwrap().slot.list;
        let form = Published { revision: 0, signed: "list".into(), key_id: key("dgafp", "k1").key_id, valid_until: at(900) };
        assert_eq!(store.publish_status_list(list, &form, at(2)).await.unwrap(), None);
        assert_eq!(engines::count(&db.raw_url, "select count(*) from signing_log").await, 0);
        // The job is still held.
        store.replace_intent(&job, id, &second.key_id, "unsigned").await.unwrap();
        assert_eq!(store.store_signed(&job, id, &signed("by k2"), at(2)).await.unwrap(), Signed::Stored);
        assert!(store.signing_log_contains(&sha256("by k2"), &second.key_id).await.unwrap());
    }

    async fn a_retired_key_stays_in_use_while_something_it_signed_is_in_force(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let (_, id) = issue(&store, "s1", zoe, 0).await;
        store.add_key(&key("dgafp", "k2"), at(10)).await.unwrap();
        store.add_key(&key("dgafp", "k3"), at(20)).await.unwrap();
        assert_eq!(in_use(&store, 0).await, ["k1", "k2", "k3"], "just retired, its lists are about");
        assert_eq!(in_use(&store, 20).await, ["k1", "k3"]);
        store.revoke(id, RevocationCategory::LearnerRequest, "", "x", at(30)).await.unwrap();
        assert_eq!(in_use(&store, 20).await, ["k3"]);
        assert_eq!(store.keys(&code("dgafp")).await.unwrap().len(), 3, "here it stays known");
        store.mark_compromised(&key("dgafp", "k1").key_id, None, at(40)).await.unwrap();
        assert_eq!(in_use(&store, 50).await, ["k1", "k3"], "others must learn that it is compromised");
    }

    async fn a_compromised_key_is_replaced_in_the_same_step_and_for_good(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let [first, second, third, fifth] = ["k1", "k2", "k3", "k5"].map(|name| key("dgafp", name));
        let zoe = learner(&store, "1").await;
        let (_, id) = issue(&store, "s1", zoe, 0).await;
        let list = store.credential(id).await.unwrap().unwrap().slot.list;
        let form = |signed: &str, key: &KeyRecord, until| Published {
            revision: 0, signed: signed.into(), key_id: key.key_id.clone(), valid_until: at(until)
        };
        store.publish_status_list(list, &form("list", &first, 900), at(1)).await.unwrap();

        let mark = async |key_id: &str, with, seconds| store.mark_compromised(key_id, with, at(seconds)).await.unwrap();
        assert_eq!(mark("did:web:x#y", None, 40).await, Compromised::NotFound);
        assert_eq!(mark(&first.key_id, Some(&second), 40).await, Compromised::Replaced);
        assert_eq!(mark(&first.key_id, Some(&third), 50).await, Compromised::AlreadyMarked);
        let [old, new] = <[_; 2]>::try_from(store.keys(&code("dgafp")).await.unwrap()).unwrap();
        assert_eq!((old.state, old.retired, old.compromised), (KeyState::Retired, Some(at(40)), Some(at(40))));
        assert_eq!(new, second);

        // The list that it signed counts for nothing, and gives way to one of the same revision that ends no later.
        assert_eq!(store.status_list_form(list).await.unwrap().unwrap().published, None);
        let anew = form("list, anew", &second, 900);
        assert_eq!(store.publish_status_list(list, &anew, at(41)).await.unwrap(), Some(()));
        assert_eq!(store.status_list_form(list).await.unwrap().unwrap().published, Some(anew));

        // One that had been retired before needs no successor.
        store.add_key(&key("dgafp", "k4"), at(60)).await.unwrap();
        assert_eq!(mark(&second.key_id, Some(&fifth), 70).await, Compromised::Marked);
        let second = store.key(&code("dgafp"), "k2").await.unwrap().unwrap();
        assert_eq!((second.retired, second.compromised), (Some(at(60)), Some(at(70))));
        assert_eq!(store.key(&code("dgafp"), "k5").await.unwrap(), None);
    }

    async fn what_a_compromised_key_signed_is_found_page_by_page_and_replaced_for_that_reason(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let mut made = Vec::new();
        for place in 0..5 {
            let learner = learner(&store, &place.to_string()).await;
            made.push(issue(&store, "s1", learner, place * 100).await);
        }
        let dgafp = code("dgafp");
        assert_eq!(store.compromised_credentials(&dgafp, None, 10).await.unwrap(), []);
        store.mark_compromised(&key("dgafp", "k1").key_id, Some(&key("dgafp", "k2")), at(600)).await.unwrap();
        // Revoked for another reason, one is left alone; for this reason, not.
        store.revoke(made[0].1, RevocationCategory::AwardedInError, "", "x", at(600)).await.unwrap();
        store.revoke(made[1].1, RevocationCategory::KeyCompromise, "", "x", at(600)).await.unwrap();
        let mut found: Vec<CredentialId> = Vec::new();
        for expected in [3, 1, 0] {
            let page = store.compromised_credentials(&dgafp, found.last().copied(), 3).await.unwrap();
            assert_eq!(page.len(), expected);
            found.extend(page.into_iter().map(|(id, _)| id));
        }
        let mut expected: Vec<_> = made[1..].iter().map(|(_, id)| *id).collect();
        expected.sort_by_key(ToString::to_string);
        assert_eq!(found, expected);
        assert_eq!(store.count_compromised_credentials(&dgafp).await.unwrap(), 4);

        let next = CredentialId::random(random());
        let replacing = Plan {
            key_id: key("dgafp", "k2").key_id, replaces_as: RevocationCategory::KeyCompromise, ..plan(next, 2)
        };
        assert_eq!(store.reissue(&made[2].0, &replacing, None, at(700)).await.unwrap(), Settled::Done);
        assert_eq!(store.compromised_under_way(&dgafp).await.unwrap(), 1);
        let late = store.revoke(made[2].1, RevocationCategory::AwardedInError, "", "x", at(700)).await.unwrap();
        assert_eq!(late, Revoked::BeingReplaced, "the next version would undo it");
        // One that was taken back after the flow looked is not planned, either.
        let planned = Plan { key_id: key("dgafp", "k2").key_id, ..plan(CredentialId::random(random()), 2) };
        store.revoke(made[3].1, RevocationCategory::AwardedInError, "", "x", at(700)).await.unwrap();
        assert_eq!(store.reissue(&made[3].0, &planned, None, at(700)).await.unwrap(), Settled::Raced);
        let job = claim(&store, 700).await;
        store.store_signed(&job, next, &signed("anew"), at(701)).await.unwrap();
        let revocation = store.credential(made[2].1).await.unwrap().unwrap().revocation.unwrap();
        assert_eq!((revocation.category, revocation.replaced_by), (RevocationCategory::KeyCompromise, Some(next)));
        assert_eq!(store.count_compromised_credentials(&dgafp).await.unwrap(), 2);
        assert_eq!(store.compromised_under_way(&dgafp).await.unwrap(), 0);
    }

    /// A database of the first release: its keys are read, what they signed is in the log, its lists are signed anew.
    async fn a_database_from_before_keys_of_three_kinds_is_brought_over(db: &TestDb) {
        let script = include_str!("../../migrations/0001_init.sql");
        let for_engine = if db.raw_url.starts_with("sqlite:") {
            script.replace("bigint", "integer").replace("/* strict */", "strict")
        } else {
            script.to_owned()
        };
        let first = key("dgafp", "k1");
        let (multikey, key_id) = (first.public.to_multikey().unwrap(), &first.key_id);
        let (credential, list) = ("0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e", "1b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e");
        let digest = sha256(script);
        let count = if db.raw_url.starts_with("sqlite:") { "integer" } else { "bigint" };
        let issuer = serde_json::to_string(&issuer("dgafp")).unwrap().replace('\'', "''");
        let moment = at(0).as_micros();
        let rows = format!(
            "create table schema_migrations (version {count} primary key, sha256 text not null);
             insert into schema_migrations values (1, '{digest}');
             insert into issuers values ('dgafp', '{issuer}');
             insert into issuer_keys values ('{key_id}', 'dgafp', 'k1', '{multikey}', 'active', {moment}, null);
             insert into trainings values ('t', 'dgafp', '');
             insert into sessions values ('s', 't', 'dgafp', '');
             insert into sources values ('m', 'dgafp', '');
             insert into learners values ('l', 'm', '1', null, null, 0);
             insert into achievements values ('h', '');
             insert into awards values ('a', 's', 'l', 'participation', 'u', 'dgafp', 0, 'issued', '', 'h', '', '', null, null,
               '', '', '', 'q', 'd', null);
             insert into status_lists values ('{list}', 'dgafp', 131072, 1, 'open', 0, 0, 'list', {moment});
             insert into credentials values ('{credential}', 'a', 1, 'dgafp', '{key_id}', '{list}', 7, {moment}, '', '', 'signed',
               'aa', null, null, null, null, null);"
        );
        engines::run_script(&db.raw_url, &format!("{for_engine}\n{rows}")).await;
        let store = db.open().await;
        assert_eq!(store.keys(&code("dgafp")).await.unwrap(), std::slice::from_ref(&first));
        assert_eq!(store.active_key(&code("dgafp"), KeyKind::Ed25519).await.unwrap(), Some(first.clone()));
        assert!(store.signing_log_contains("aa", key_id).await.unwrap());
        let list = list.parse().unwrap();
        assert_eq!(store.status_list_form(list).await.unwrap().unwrap().published, None);
        let form = Published { revision: 0, signed: "anew".into(), key_id: key_id.clone(), valid_until: at(0) };
        assert_eq!(store.publish_status_list(list, &form, at(1)).await.unwrap(), Some(()));
        store.add_key(&rsa_key("dgafp"), at(1)).await.unwrap();
        assert_eq!(store.keys(&code("dgafp")).await.unwrap().len(), 2);
    }
}
