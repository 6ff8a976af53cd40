//! Seals: one certificate at a time, a sealed attestation once, and gone when it must go.

use sceau::audit::Action;
use sceau::store::{
    Alert, AlertFilter, AlertKind, AlertState, AuditFilter, EncryptedText, SealRecord, SealState, StoreError,
};
use sceau::text::Bilingual;

use crate::engines;
use crate::support::*;

fn seal(fingerprint: &str, not_after: i64) -> SealRecord {
    SealRecord {
        issuer: code("dgafp"),
        fingerprint: fingerprint.into(),
        thumbprint: format!("key of {fingerprint}"),
        certificates: format!("PEM of {fingerprint}"),
        not_before: at(0),
        not_after: at(not_after),
        state: SealState::Active,
        created: at(5),
        retired: None,
    }
}

on_both_engines! {
    async fn one_certificate_seals_for_an_issuer_at_a_time(db: &TestDb) {
        let store = db.open().await;
        let dgafp = code("dgafp");
        assert!(matches!(store.put_seal(&seal("a", 100), at(5)).await, Err(StoreError::Reference)), "no issuer yet");
        store.put_issuer(&issuer("dgafp"), at(0)).await.unwrap();
        assert_eq!(store.active_seal(&dgafp).await.unwrap(), None);
        store.put_seal(&seal("a", 100), at(5)).await.unwrap();
        store.put_seal(&seal("b", 200), at(6)).await.unwrap();
        assert_eq!(store.active_seal(&dgafp).await.unwrap(), Some(SealRecord { created: at(6), ..seal("b", 200) }));
        let retired = SealRecord { state: SealState::Retired, retired: Some(at(6)), ..seal("a", 100) };
        assert_eq!(store.seals(&dgafp).await.unwrap()[0], retired);
        // The one before seals again, with the chain that is given now.
        store.put_seal(&SealRecord { certificates: "other".into(), ..seal("a", 100) }, at(7)).await.unwrap();
        let again = SealRecord { certificates: "other".into(), ..seal("a", 100) };
        assert_eq!(store.active_seal(&dgafp).await.unwrap(), Some(again));

        assert_eq!(store.remove_seal(&dgafp, "a", at(8)).await.unwrap(), None, "it seals");
        assert_eq!(store.retire_seal(&dgafp, at(8)).await.unwrap().as_deref(), Some("a"));
        assert_eq!(store.retire_seal(&dgafp, at(8)).await.unwrap(), None);
        assert_eq!(store.remove_seal(&dgafp, "a", at(9)).await.unwrap(), Some(()));
        assert_eq!(store.seals(&dgafp).await.unwrap().len(), 1);
        let entries = store.audit_entries(&AuditFilter::default(), 0, 100).await.unwrap();
        let count = |action: Action| {
            entries.iter().filter(|entry| entry.sealed.document.contains(&format!("\"{}\"", action.as_str()))).count()
        };
        assert_eq!([count(Action::SealAdded), count(Action::SealRetired), count(Action::SealRemoved)], [3, 3, 1]);
    }

    async fn several_imports_at_once_leave_one_that_seals(db: &TestDb) {
        let store = db.open().await;
        store.put_issuer(&issuer("dgafp"), at(0)).await.unwrap();
        let mut imports = tokio::task::JoinSet::new();
        for number in 0..6 {
            let store = db.open().await;
            imports.spawn(async move { store.put_seal(&seal(&format!("f{number}"), 100), at(5)).await });
        }
        while let Some(import) = imports.join_next().await {
            import.unwrap().unwrap();
        }
        let active = "select count(*) from seals where state = 'active'";
        assert_eq!(engines::count(&db.raw_url, active).await, 1);
        assert_eq!(store.seals(&code("dgafp")).await.unwrap().len(), 6);
    }

    async fn what_ends_soon_is_found_in_order(db: &TestDb) {
        let store = db.open().await;
        for (issuer_code, end) in [("dgafp", 300), ("igpde", 100), ("dinum", 900)] {
            store.put_issuer(&issuer(issuer_code), at(0)).await.unwrap();
            store.put_seal(&SealRecord { issuer: code(issuer_code), ..seal("a", end) }, at(1)).await.unwrap();
        }
        store.put_seal(&seal("b", 950), at(2)).await.unwrap();
        let ending: Vec<_> = store.seals_that_end(at(901)).await.unwrap().into_iter().map(|seal| seal.issuer).collect();
        assert_eq!(ending, [code("igpde"), code("dinum")], "what was retired does not count");
        assert_eq!(store.seals_that_end(at(100)).await.unwrap(), []);
    }

    /// Whoever seals second hands out what the first one sealed.
    async fn an_attestation_is_sealed_once(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let (made, id) = issue(&store, "s1", zoe, 0).await;
        assert_eq!(store.sealed_attestation(id).await.unwrap(), None);
        let alert = Alert {
            kind: AlertKind::AttestationUnsealed,
            award: made.id,
            session: code("s1"),
            learner: zoe,
            text: Bilingual::new("Sans cachet.", "Without a seal."),
            raised: at(3),
            state: AlertState::Open,
        };
        store.raise_alert(&alert).await.unwrap();
        let mut sealing = tokio::task::JoinSet::new();
        for number in 0..6 {
            let (store, made) = (db.open().await, made.clone());
            sealing.spawn(async move {
                let mine = EncryptedText(format!("sealed by {number}"));
                store.keep_sealed_attestation(&made, id, &mine, "a", at(4)).await.unwrap().0
            });
        }
        let kept = sealing.join_all().await;
        assert!(kept.iter().all(|one| *one == kept[0]), "{kept:?}");
        assert_eq!(store.sealed_attestation(id).await.unwrap().unwrap().0, kept[0]);
        assert_eq!(store.alerts(&AlertFilter::default()).await.unwrap(), [], "settled with it");
        let filter = AuditFilter { action: Some(Action::AttestationSealed), ..AuditFilter::default() };
        assert_eq!(store.audit_entries(&filter, 0, 9).await.unwrap().len(), 1);
    }

    async fn an_erasure_takes_the_sealed_attestations_of_one_learner(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let (zoe, ada) = (learner(&store, "1").await, learner(&store, "2").await);
        let (first, id) = issue(&store, "s1", zoe, 0).await;
        let (second, other) = issue(&store, "s1", ada, 0).await;
        let document = EncryptedText("sealed".into());
        for (award, credential) in [(&first, id), (&second, other)] {
            store.keep_sealed_attestation(award, credential, &document, "a", at(4)).await.unwrap();
        }
        assert_eq!(store.forget_sealed_attestations(zoe, at(5)).await.unwrap(), 1);
        assert_eq!(store.forget_sealed_attestations(zoe, at(5)).await.unwrap(), 0);
        assert_eq!(store.sealed_attestation(id).await.unwrap(), None);
        assert!(store.sealed_attestation(other).await.unwrap().is_some());
    }
}
