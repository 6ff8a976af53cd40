//! Keys, tokens and alerts.

use sceau::ids::{AwardId, TokenId};
use sceau::proof::key::KeyKind;
use sceau::store::{
    AddedKey, Alert, AlertFilter, AlertKind, AlertState, AwardStep, KeyState, SettledAlerts, StoreError, TokenRecord,
};
use sceau::text::Bilingual;

use crate::support::*;

on_both_engines! {
    async fn an_issuer_has_one_active_key_and_keeps_the_others(db: &TestDb) {
        let store = db.open().await;
        store.put_issuer(&issuer("dgafp"), at(0)).await.unwrap();
        let dgafp = code("dgafp");
        let active = async || store.active_key(&dgafp, KeyKind::Ed25519).await.unwrap();
        assert_eq!(active().await, None);
        let (first, mut second) = (key("dgafp", "k1"), key("dgafp", "k2"));
        second.created = at(5);
        assert_eq!(store.add_key(&first, at(0)).await.unwrap(), AddedKey::Added);
        assert_eq!(store.add_key(&first, at(0)).await.unwrap(), AddedKey::AlreadyThere);
        assert_eq!(active().await.as_ref(), Some(&first));
        assert_eq!(store.add_key(&second, at(5)).await.unwrap(), AddedKey::Added);
        assert_eq!(active().await.as_ref(), Some(&second));
        let [old, new] = <[_; 2]>::try_from(store.keys(&dgafp).await.unwrap()).unwrap();
        assert_eq!((old.key_id, old.state, old.retired), (first.key_id.clone(), KeyState::Retired, Some(at(5))));
        assert_eq!(new, second);
        // A key that was retired does not come back, and trying takes the active one from nobody.
        assert_eq!(store.add_key(&first, at(6)).await.unwrap(), AddedKey::AlreadyThere);
        assert_eq!(active().await.as_ref(), Some(&second));
        assert!(matches!(store.add_key(&key("other", "k3"), at(0)).await, Err(StoreError::Reference)));
    }

    async fn a_token_is_found_by_the_hash_of_its_secret(db: &TestDb) {
        let store = db.open().await;
        let token = TokenRecord {
            id: TokenId::random(random()),
            label: "LMS de démonstration".into(),
            issuer: code("dgafp"),
            scopes: vec!["catalog:write".into(), "awards:read".into()],
            created: at(0),
            expires: at(86_400),
            revoked: None,
        };
        store.put_token(&token, "hash").await.unwrap();
        assert_eq!(store.token_by_hash("hash").await.unwrap(), Some(token.clone()));
        assert_eq!(store.token_by_hash("other").await.unwrap(), None);
        assert_eq!(store.revoke_token(token.id, at(5)).await.unwrap(), Some(()));
        assert_eq!(store.revoke_token(token.id, at(9)).await.unwrap(), Some(()));
        assert_eq!(store.revoke_token(TokenId::random(random()), at(9)).await.unwrap(), None);
        assert_eq!(store.tokens().await.unwrap(), vec![TokenRecord { revoked: Some(at(5)), ..token }]);
    }

    async fn an_alert_stands_once_until_it_is_settled(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let (award, _) = issue(&store, "s1", zoe, 0).await;
        let alert = |seconds| Alert {
            kind: AlertKind::WithdrawalAfterAward,
            award: award.id,
            session: code("s1"),
            learner: zoe,
            text: Bilingual::new("réalisation retirée", "completion withdrawn"),
            raised: at(seconds),
            state: AlertState::Open,
        };
        store.redecide_session(&code("s1"), at(20)).await.unwrap();
        let job = claim(&store, 20).await;
        let steps: [AwardStep<'_, String>; 1] = [AwardStep::Alert(alert(20))];
        store.settle_decision(&job, &steps, at(20)).await.unwrap();
        store.raise_alert(&alert(30)).await.unwrap();
        assert_eq!(store.alerts(&AlertFilter::default()).await.unwrap(), vec![alert(20)]);
        let elsewhere = AlertFilter { session: Some(code("s2")), ..AlertFilter::default() };
        assert_eq!(store.alerts(&elsewhere).await.unwrap(), vec![]);
        assert_eq!(store.settle_alert(alert(0).kind, award.id, "", at(40)).await.unwrap(), Some(()));
        assert_eq!(store.settle_alert(alert(0).kind, award.id, "", at(40)).await.unwrap(), None);
        assert_eq!(store.settle_alert(alert(0).kind, AwardId::random(random()), "", at(40)).await.unwrap(), None);
        assert_eq!(store.alerts(&AlertFilter::default()).await.unwrap(), vec![]);
        let all = AlertFilter { settled: SettledAlerts::Shown, ..AlertFilter::default() };
        assert_eq!(store.alerts(&all).await.unwrap()[0].state, AlertState::Settled(at(40)));
        store.raise_alert(&alert(50)).await.unwrap();
        assert_eq!(store.alerts(&AlertFilter::default()).await.unwrap(), vec![alert(50)]);
    }
}
