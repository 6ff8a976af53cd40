//! The catalog and the learners.

use sceau::ids::LearnerId;
use sceau::store::{CatalogBatch, EncryptedText, ImportSummary, LearnerUpdate, Saved, StoreError};
use sceau::text::Email;

use crate::support::*;

on_both_engines! {
    async fn entries_come_back_as_written(db: &TestDb) {
        let store = db.open().await;
        assert_eq!(store.issuer(&code("dgafp")).await.unwrap(), None);
        assert_eq!(store.put_issuer(&issuer("dgafp"), at(0)).await.unwrap(), Saved::Created);
        assert_eq!(store.put_issuer(&issuer("dgafp"), at(0)).await.unwrap(), Saved::Unchanged);
        let mut renamed = issuer("dgafp");
        renamed.name = "Autre « nom »".to_owned().try_into().unwrap();
        assert_eq!(store.put_issuer(&renamed, at(0)).await.unwrap(), Saved::Changed);
        assert_eq!(store.issuer(&code("dgafp")).await.unwrap(), Some(renamed.clone()));
        store.put_issuer(&issuer("anfsi"), at(0)).await.unwrap();
        assert_eq!(store.issuers().await.unwrap(), vec![issuer("anfsi"), renamed]);

        assert_eq!(store.put_training(&training("laicite"), at(0)).await.unwrap(), Saved::Created);
        assert_eq!(store.training(&code("laicite")).await.unwrap(), Some(training("laicite")));
        assert_eq!(store.put_session(&session("s1"), at(0)).await.unwrap(), Saved::Created);
        store.put_session(&session("s0"), at(0)).await.unwrap();
        assert_eq!(store.session(&code("s1")).await.unwrap(), Some(session("s1")));
        assert_eq!(store.sessions_of_training(&code("laicite")).await.unwrap(), vec![session("s0"), session("s1")]);
        let effective = store.effective_session(&code("s1")).await.unwrap().unwrap();
        assert_eq!((effective.session, effective.training), (session("s1"), training("laicite")));
        assert_eq!(store.effective_session(&code("none")).await.unwrap(), None);
        assert_eq!(store.put_source(&source("mentor"), at(0)).await.unwrap(), Saved::Created);
        assert_eq!(store.source(&code("mentor")).await.unwrap(), Some(source("mentor")));
    }

    async fn an_entry_cannot_name_one_that_does_not_exist(db: &TestDb) {
        let store = db.open().await;
        let error = store.put_training(&training("laicite"), at(0)).await.unwrap_err();
        assert!(matches!(error, StoreError::Reference), "{error}");
        assert!(matches!(store.put_session(&session("s1"), at(0)).await, Err(StoreError::Reference)));
        assert!(matches!(store.put_source_secrets(&code("mentor"), &[], at(1)).await, Err(StoreError::Reference)));
        store.put_issuer(&issuer("dgafp"), at(0)).await.unwrap();
        store.put_training(&training("laicite"), at(0)).await.unwrap();
        let mut foreign = session("s1");
        foreign.issuer = Some(code("unknown"));
        assert!(matches!(store.put_session(&foreign, at(0)).await, Err(StoreError::Reference)));
    }

    async fn the_secrets_of_a_source_are_replaced_as_a_whole(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let sealed = |texts: &[&str]| texts.iter().map(|text| EncryptedText((*text).into())).collect::<Vec<_>>();
        assert_eq!(store.source_secrets(&code("mentor")).await.unwrap(), []);
        store.put_source_secrets(&code("mentor"), &sealed(&["b", "a"]), at(1)).await.unwrap();
        assert_eq!(store.source_secrets(&code("mentor")).await.unwrap(), sealed(&["b", "a"]));
        store.put_source_secrets(&code("mentor"), &sealed(&["c"]), at(1)).await.unwrap();
        assert_eq!(store.source_secrets(&code("mentor")).await.unwrap(), sealed(&["c"]));
        assert_eq!(format!("{:?}", sealed(&["c"])), "[EncryptedText(…)]");
    }

    async fn an_import_is_all_or_nothing(db: &TestDb) {
        let store = db.open().await;
        let mut batch = CatalogBatch {
            issuers: vec![issuer("dgafp")],
            trainings: vec![training("laicite")],
            sessions: vec![session("s2"), session("s1")],
            sources: vec![source("mentor")],
        };
        batch.sessions[0].training = code("unknown");
        assert!(matches!(store.import_catalog(&batch, at(0)).await, Err(StoreError::Reference)));
        assert_eq!(store.issuers().await.unwrap(), []);
        batch.sessions[0].training = code("laicite");
        let first = store.import_catalog(&batch, at(0)).await.unwrap();
        assert_eq!(first, ImportSummary { created: 5, changed: 0, unchanged: 0 });
        batch.sources[0].name = "Autre".to_owned().try_into().unwrap();
        let again = store.import_catalog(&batch, at(0)).await.unwrap();
        assert_eq!(again, ImportSummary { created: 0, changed: 1, unchanged: 4 });
    }

    async fn a_learner_is_replaced_or_completed(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let (source, id) = (code("mentor"), external("892"));
        let email = Email::new("zoe@example.gouv.fr").unwrap();
        let (first, second) = (name("Zoé Lefèvre"), name("Zoé Martin"));
        let put = async |name, email, update| store.put_learner(&source, &id, name, email, update, at(0)).await.unwrap();
        let (learner, saved) = put(Some(&first), None, LearnerUpdate::Complete).await;
        assert_eq!(saved, Saved::Created);
        assert_eq!(put(None, Some(&email), LearnerUpdate::Complete).await, (learner, Saved::Changed));
        assert_eq!(put(None, None, LearnerUpdate::Complete).await, (learner, Saved::Unchanged));
        let known = store.learner(learner).await.unwrap().unwrap();
        assert_eq!((known.name.as_ref(), known.email.as_ref()), (Some(&first), Some(&email)));
        assert_eq!(store.learner_by_external(&source, &id).await.unwrap(), Some(known));
        assert_eq!(put(Some(&second), None, LearnerUpdate::Replace).await, (learner, Saved::Changed));
        let known = store.learner(learner).await.unwrap().unwrap();
        assert_eq!((known.name, known.email), (Some(second), None));
        assert_eq!(store.learner(LearnerId::random(random())).await.unwrap(), None);
        assert_eq!(store.learner_by_external(&source, &external("893")).await.unwrap(), None);
    }
}
