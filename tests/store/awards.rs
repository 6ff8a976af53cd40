//! Awards, credentials, revocation and status lists.

use sceau::award::{AwardState, BlockReason, RevocationCategory};
use sceau::catalog::AwardKind;
use sceau::ids::{AwardId, CredentialId};
use sceau::store::{
    AwardFilter, AwardStateName, AwardStep, LearnerUpdate, Page, Plan, Published, Revoked, Settled, Signed, StatusSlot,
    StoreError, Task,
};

use crate::support::*;

on_both_engines! {
    async fn an_award_goes_from_decision_to_signed_credential(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let job = decision(&store, "s1", zoe, 0).await;
        let award = award(&store, "s1", zoe).await;
        let id = CredentialId::random(random());
        let steps = [AwardStep::Open(Box::new(award.clone()), secrets(&award), plan(id, 1))];
        assert_eq!(store.settle_decision(&job, &steps, at(5)).await.unwrap(), Settled::Done);

        assert_eq!(store.award(award.id).await.unwrap(), Some(award.clone()));
        let found = store.award_of(&code("s1"), zoe, AwardKind::Participation).await.unwrap();
        assert_eq!(found, Some(award.clone()));
        assert_eq!(store.award_of(&code("s1"), zoe, AwardKind::Certificate).await.unwrap(), None);
        assert_eq!(store.award_secrets(award.id).await.unwrap(), Some(secrets(&award)));
        let achievement = &award.snapshot.achievement;
        assert_eq!(store.achievement(&achievement.hash()).await.unwrap().as_ref(), Some(achievement));

        let planned = store.credential(id).await.unwrap().unwrap();
        assert_eq!(planned.unsigned, compose(&planned.slot).unwrap());
        assert_eq!((planned.award, planned.version, planned.valid_from), (award.id, 1, at(20)));
        assert_eq!((planned.signed, planned.revocation), (None, None));
        assert_eq!(planned.recipient, award.snapshot.recipient);
        assert_eq!(store.current_credential(award.id).await.unwrap(), None);

        let job = claim(&store, 6).await;
        assert_eq!(job.task, Task::Issue { credential: id });
        assert_eq!(store.replace_intent(&job, id, &planned.key_id, "unsigned again").await.unwrap(), Some(()));
        let bytes = "{\"signed\":\"bytes, exactly \u{e9}\"}";
        assert_eq!(store.store_signed(&job, id, &signed(bytes), at(7)).await.unwrap(), Signed::Stored);
        let current = store.current_credential(award.id).await.unwrap().unwrap();
        assert_eq!((current.id, current.unsigned.as_str()), (id, "unsigned again"));
        let document = current.signed.unwrap();
        assert_eq!((document.text.as_str(), document.sha256.len()), (bytes, 64));
        assert_eq!(store.award(award.id).await.unwrap().unwrap().state, AwardState::Issued);
        assert_eq!(store.jobs_pending().await.unwrap(), 0);
    }

    async fn signed_bytes_never_change(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let job = decision(&store, "s1", zoe, 0).await;
        let award = award(&store, "s1", zoe).await;
        let id = CredentialId::random(random());
        let steps = [AwardStep::Open(Box::new(award.clone()), secrets(&award), plan(id, 1))];
        store.settle_decision(&job, &steps, at(0)).await.unwrap();
        // A worker signs, and loses its lease before it stores; another signs too.
        let slow = claim(&store, 0).await;
        let quick = claim(&store, 100).await;
        assert_eq!(quick.id, slow.id);
        assert_eq!(store.store_signed(&quick, id, &signed("first"), at(101)).await.unwrap(), Signed::Stored);
        assert!(matches!(store.store_signed(&slow, id, &signed("second"), at(102)).await, Err(StoreError::LeaseLost)));
        // Even a job that somehow asks again gets what is there.
        let again = decision(&store, "s2", zoe, 200).await;
        assert_eq!(store.replace_intent(&again, id, "k", "other").await.unwrap(), None);
        assert_eq!(store.store_signed(&again, id, &signed("third"), at(200)).await.unwrap(), Signed::AlreadyThere);
        assert_eq!(store.credential(id).await.unwrap().unwrap().signed.unwrap().text, "first");
    }

    async fn one_award_per_session_learner_and_kind(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let (first, id) = issue(&store, "s1", zoe, 0).await;
        store.redecide_session(&code("s1"), at(10)).await.unwrap();
        let job = claim(&store, 10).await;
        let second = award(&store, "s1", zoe).await;
        let plan = plan(CredentialId::random(random()), 1);
        let steps = [AwardStep::Open(Box::new(second.clone()), secrets(&second), plan)];
        assert_eq!(store.settle_decision(&job, &steps, at(10)).await.unwrap(), Settled::Raced);
        assert_eq!(store.award(second.id).await.unwrap(), None);
        assert_eq!(store.credentials_of(first.id).await.unwrap().len(), 1);
        assert_eq!(store.current_credential(first.id).await.unwrap().unwrap().id, id);
        // The job is still held, and ends with a decision that has nothing to do.
        let nothing: [AwardStep<'_, String>; 0] = [];
        assert_eq!(store.settle_decision(&job, &nothing, at(11)).await.unwrap(), Settled::Done);
        assert_eq!(store.jobs_pending().await.unwrap(), 0);
    }

    async fn a_document_that_cannot_be_composed_leaves_nothing_behind(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let job = decision(&store, "s1", zoe, 0).await;
        let award = award(&store, "s1", zoe).await;
        let refuse = |_: &StatusSlot| Err::<String, _>("no objective".to_owned());
        let refused = Plan { compose: &refuse, ..plan(CredentialId::random(random()), 1) };
        let steps = [AwardStep::Open(Box::new(award.clone()), secrets(&award), refused)];
        let settled = store.settle_decision(&job, &steps, at(0)).await.unwrap();
        assert_eq!(settled, Settled::Refused("no objective".to_owned()));
        assert_eq!(store.award(award.id).await.unwrap(), None);
        let reasons = vec![BlockReason::LintRefused { findings: vec!["no objective".into()] }];
        let steps: [AwardStep<'_, String>; 1] =
            [AwardStep::OpenBlocked(Box::new(award.clone()), secrets(&award), reasons.clone())];
        assert_eq!(store.settle_decision(&job, &steps, at(0)).await.unwrap(), Settled::Done);
        assert_eq!(store.award(award.id).await.unwrap().unwrap().state, AwardState::Blocked { reasons });
        assert_eq!(store.jobs_pending().await.unwrap(), 0);
    }

    async fn a_blocked_award_is_decided_again_when_what_it_waits_for_comes(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let (source, id) = (code("mentor"), external("1"));
        let put = async |name| store.put_learner(&source, &id, name, None, LearnerUpdate::Complete, at(0)).await.unwrap().0;
        let zoe = put(None).await;
        let job = decision(&store, "s1", zoe, 0).await;
        let mut award = award(&store, "s1", zoe).await;
        award.snapshot.recipient.name = None;
        let steps: [AwardStep<'_, String>; 1] =
            [AwardStep::OpenBlocked(Box::new(award.clone()), secrets(&award), vec![BlockReason::NameMissing])];
        store.settle_decision(&job, &steps, at(0)).await.unwrap();
        assert_eq!(store.jobs_pending().await.unwrap(), 0);
        let blocked = AwardFilter { state: Some(AwardStateName::Blocked), ..AwardFilter::default() };
        assert_eq!(store.awards(&blocked, &Page::default()).await.unwrap().items.len(), 1);

        let decide = Task::Decide { session: code("s1"), learner: zoe };
        // Each of these may be what was missing.
        store.add_key(&key("dgafp", "k2"), at(1)).await.unwrap();
        let job = claim(&store, 1).await;
        assert_eq!(job.task, decide);
        let reasons = vec![BlockReason::NameMissing];
        let steps: [AwardStep<'_, String>; 1] = [AwardStep::StayBlocked(Box::new(award.clone()), reasons.clone())];
        assert_eq!(store.settle_decision(&job, &steps, at(1)).await.unwrap(), Settled::Done);
        let mut renamed = issuer("dgafp");
        renamed.name = "Autre".to_owned().try_into().unwrap();
        store.put_issuer(&renamed, at(2)).await.unwrap();
        let mut longer = training("laicite");
        longer.duration = "PT4H".parse().unwrap();
        store.put_training(&longer, at(2)).await.unwrap();
        let job = claim(&store, 2).await;
        assert_eq!(job.task, decide);
        // The name comes while this decision still looks at the old record: it must not be missed.
        put(Some(&name("Zoé Lefèvre"))).await;
        let waiting = claim(&store, 2).await;
        store.complete_job(&waiting).await.unwrap();
        let steps: [AwardStep<'_, String>; 1] = [AwardStep::StayBlocked(Box::new(award.clone()), reasons)];
        assert_eq!(store.settle_decision(&job, &steps, at(3)).await.unwrap(), Settled::Done);
        let job = claim(&store, 3).await;
        assert_eq!(job.task, decide);
        award.snapshot.recipient.name = Some(name("Zoé Lefèvre"));
        let credential = CredentialId::random(random());
        let steps = [AwardStep::Resume(Box::new(award.clone()), plan(credential, 1))];
        assert_eq!(store.settle_decision(&job, &steps, at(4)).await.unwrap(), Settled::Done);
        let resumed = store.award(award.id).await.unwrap().unwrap();
        assert_eq!((resumed.state, &resumed.snapshot), (AwardState::Issuing, &award.snapshot));
        assert_eq!(claim(&store, 4).await.task, Task::Issue { credential });
    }

    async fn an_award_that_cannot_be_issued_waits_and_keeps_its_slot(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let job = decision(&store, "s1", zoe, 0).await;
        let award = award(&store, "s1", zoe).await;
        let id = CredentialId::random(random());
        let steps = [AwardStep::Open(Box::new(award.clone()), secrets(&award), plan(id, 1))];
        store.settle_decision(&job, &steps, at(0)).await.unwrap();
        let slot = store.credential(id).await.unwrap().unwrap().slot;
        let job = claim(&store, 1).await;
        store.block_award(&job, award.id, &[BlockReason::IssuerKeyMissing], at(1)).await.unwrap();
        assert_eq!(store.requeue_blocked(&sceau::store::BlockedScope::All, at(2)).await.unwrap(), 1);
        let job = claim(&store, 2).await;
        let other = [AwardStep::Resume(Box::new(award.clone()), plan(CredentialId::random(random()), 1))];
        assert_eq!(store.settle_decision(&job, &other, at(2)).await.unwrap(), Settled::Raced);
        let steps = [AwardStep::Resume(Box::new(award.clone()), plan(id, 1))];
        assert_eq!(store.settle_decision(&job, &steps, at(2)).await.unwrap(), Settled::Done);
        assert_eq!(store.credential(id).await.unwrap().unwrap().slot, slot);
        assert_eq!(claim(&store, 2).await.task, Task::Issue { credential: id });
    }

    async fn a_correction_is_a_new_version_that_the_old_one_leads_to(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let (mut award, first) = issue(&store, "s1", zoe, 0).await;
        award.snapshot.recipient.name = Some(name("Zoé Martin"));
        let second = CredentialId::random(random());
        assert_eq!(store.reissue(&award, &plan(second, 3), None, at(30)).await.unwrap(), Settled::Raced);
        assert_eq!(store.reissue(&award, &plan(second, 2), None, at(30)).await.unwrap(), Settled::Done);
        // Until the new one is signed, the old one holds, for the name it was made for.
        let current = store.current_credential(award.id).await.unwrap().unwrap();
        assert_eq!((current.id, current.recipient.name), (first, Some(name("Zoé Lefèvre"))));
        assert_eq!(store.reissue(&award, &plan(CredentialId::random(random()), 2), None, at(30)).await.unwrap(), Settled::Raced);

        let job = claim(&store, 30).await;
        assert_eq!(store.store_signed(&job, second, &signed("signed 2"), at(31)).await.unwrap(), Signed::Stored);
        let [old, new] = <[_; 2]>::try_from(store.credentials_of(award.id).await.unwrap()).unwrap();
        let revocation = old.revocation.unwrap();
        assert_eq!((revocation.at, revocation.category), (at(31), RevocationCategory::DetailsCorrected));
        assert_eq!((revocation.replaced_by, new.version, new.revocation), (Some(second), 2, None));
        assert_ne!(old.slot, new.slot);
        assert_eq!(store.current_credential(award.id).await.unwrap().unwrap().id, second);
        let kept = store.award(award.id).await.unwrap().unwrap();
        assert_eq!((kept.state, kept.awarded, kept.subject), (AwardState::Issued, award.awarded, award.subject));
        let list = store.status_list(old.slot.list).await.unwrap().unwrap();
        assert_eq!((list.revoked, list.revision), (vec![old.slot.index], 1));
    }

    async fn a_revocation_sets_one_bit_at_once_and_for_good(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let job = decision(&store, "s2", zoe, 0).await;
        let planned = award(&store, "s2", zoe).await;
        let unsigned = CredentialId::random(random());
        let steps = [AwardStep::Open(Box::new(planned.clone()), secrets(&planned), plan(unsigned, 1))];
        store.settle_decision(&job, &steps, at(0)).await.unwrap();
        let job = claim(&store, 0).await;
        let category = RevocationCategory::AwardedInError;
        let revoke = async |id, text: &str| store.revoke(id, category, text, "officer", at(50)).await.unwrap();
        assert_eq!(revoke(unsigned, "too early").await, Revoked::NotFound);
        assert_eq!(revoke(CredentialId::random(random()), "unknown").await, Revoked::NotFound);
        store.store_signed(&job, unsigned, &signed("signed"), at(1)).await.unwrap();

        let id = unsigned;
        let slot = store.credential(id).await.unwrap().unwrap().slot;
        let list = store.status_list(slot.list).await.unwrap().unwrap();
        assert_eq!((list.revoked, list.revision, list.published, list.size), (vec![], 0, None, 131_072));
        assert_eq!(revoke(id, "typed by mistake").await, Revoked::Revoked);
        assert_eq!(revoke(id, "again").await, Revoked::AlreadyRevoked);
        let revocation = store.credential(id).await.unwrap().unwrap().revocation.unwrap();
        assert_eq!((revocation.internal_text.as_str(), revocation.by.as_str()), ("typed by mistake", "officer"));
        assert_eq!((revocation.category, revocation.replaced_by), (category, None));
        let list = store.status_list(slot.list).await.unwrap().unwrap();
        assert_eq!((list.revoked, list.revision), (vec![slot.index], 1));

        let form = |revision, seconds| Published {
            revision,
            signed: format!("list {revision} {seconds}"),
            key_id: key("dgafp", "k1").key_id,
            valid_until: at(seconds),
        };
        assert_eq!(store.publish_status_list(slot.list, &form(2, 900), at(60)).await.unwrap(), None);
        assert_eq!(store.publish_status_list(slot.list, &form(1, 100), at(60)).await.unwrap(), Some(()));
        assert_eq!(store.publish_status_list(slot.list, &form(0, 900), at(60)).await.unwrap(), None);
        assert_eq!(store.publish_status_list(slot.list, &form(1, 100), at(60)).await.unwrap(), None);
        assert_eq!(store.publish_status_list(slot.list, &form(1, 200), at(60)).await.unwrap(), Some(()));
        assert_eq!(store.status_list(slot.list).await.unwrap().unwrap().published, Some(form(1, 200)));
    }

    async fn a_list_is_closed_at_half_and_no_index_is_given_twice(db: &TestDb) {
        let store = db.open_with(|options| options.status_list_size = 8).await;
        furnish(&store).await;
        let mut slots = Vec::new();
        for place in 0..6 {
            let learner = learner(&store, &place.to_string()).await;
            let (_, id) = issue(&store, "s1", learner, place * 100).await;
            slots.push(store.credential(id).await.unwrap().unwrap().slot);
        }
        let first = slots[0].list;
        assert_eq!(slots.iter().filter(|slot| slot.list == first).count(), 4);
        assert!(slots[4..].iter().all(|slot| slot.list == slots[4].list && slot.list != first));
        let mut distinct: Vec<_> = slots.iter().map(|slot| (slot.list, slot.index)).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 6);
    }

    async fn links_open_what_they_stand_for_until_ended(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let (award, _) = issue(&store, "s1", zoe, 0).await;
        let secrets = secrets(&award);
        let by_qr = async || store.award_by_qr_lookup(&secrets.qr_lookup).await.unwrap().map(|award| award.id);
        let by_download = async |lookup: &str| store.award_by_download_lookup(lookup).await.unwrap().map(|award| award.id);
        assert_eq!(by_qr().await, Some(award.id));
        assert_eq!(by_download(&secrets.download_lookup).await, Some(award.id));
        assert_eq!(by_download(&secrets.qr_lookup).await, None);
        assert_eq!(store.end_qr(award.id, at(9)).await.unwrap(), Some(()));
        assert_eq!(by_qr().await, None);
        assert_eq!(by_download(&secrets.download_lookup).await, Some(award.id));
        assert_eq!(store.end_qr(AwardId::random(random()), at(9)).await.unwrap(), None);
    }

    async fn awards_are_found_by_session_learner_issuer_and_state(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let (zoe, ali) = (learner(&store, "1").await, learner(&store, "2").await);
        for (place, (session, learner)) in [("s1", zoe), ("s2", zoe), ("s1", ali)].into_iter().enumerate() {
            issue(&store, session, learner, place as i64 * 100).await;
        }
        let count = async |filter: AwardFilter| store.awards(&filter, &Page::default()).await.unwrap().items.len();
        assert_eq!(count(AwardFilter::default()).await, 3);
        assert_eq!(count(AwardFilter { session: Some(code("s1")), ..AwardFilter::default() }).await, 2);
        assert_eq!(count(AwardFilter { learner: Some(zoe), ..AwardFilter::default() }).await, 2);
        let both = AwardFilter { learner: Some(ali), session: Some(code("s1")), ..AwardFilter::default() };
        assert_eq!(count(both).await, 1);
        assert_eq!(count(AwardFilter { issuer: Some(code("other")), ..AwardFilter::default() }).await, 0);
        let issued = AwardFilter { state: Some(AwardStateName::Issued), ..AwardFilter::default() };
        assert_eq!(count(issued.clone()).await, 3);
        let page = store.awards(&issued, &Page { limit: 2, after: None }).await.unwrap();
        let rest = store.awards(&issued, &Page { limit: 2, after: page.next.clone() }).await.unwrap();
        let mut ids: Vec<_> = page.items.iter().chain(&rest.items).map(|award| award.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), rest.items.len(), rest.next), (3, 1, None));
    }
}
