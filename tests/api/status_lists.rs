//! Status lists under load: signed once for each state of their bits, by whoever comes first; several as they fill.

use std::collections::BTreeSet;

use sceau::award::RevocationCategory;
use sceau::ids::CredentialId;
use sceau::status_list::Bitstring;
use sceau::time::Clock as _;
use sceau::worker;
use serde_json::json;

use crate::app::{TestApp, text, zoe};

crate::on_both_engines! {
    async fn a_crowd_that_asks_for_a_list_causes_one_signature(app: &TestApp) {
        app.complete(zoe()).await;
        let credential = app.get(text(&app.award("892").await, "/credential/id")).await.expect(200).json();
        let list = text(&credential, "/credentialStatus/statusListCredential").to_owned();
        let index: u64 = text(&credential, "/credentialStatus/statusListIndex").parse().unwrap();
        assert_eq!(app.signatures("status_list").await, 0);
        // Nothing is published yet: all wait for the one that signs.
        let replies = app.get_at_once(&list, 50).await;
        assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
        assert_eq!(app.signatures("status_list").await, 1);

        // 200 credentials in that list, revoked one by one. They stand in for signed ones: a list knows their places alone.
        let id = text(&credential, "/id").rsplit('/').next().unwrap();
        let mut places = Vec::new();
        for place in 0..200 {
            let other = CredentialId::random(&*app.service.entropy);
            let at = (index + 1 + place) % 131_072;
            app.tamper(&format!(
                "insert into credentials (id, award, version, issuer, key_id, status_list, status_index, valid_from, \
                 recipient_document, unsigned_document, signed_document, signed_sha256) \
                 select '{other}', award, {}, issuer, key_id, status_list, {at}, valid_from, recipient_document, '', 'x', 'x' \
                 from credentials where id = '{id}'",
                place + 2
            ))
            .await;
            let why = RevocationCategory::AwardedInError;
            app.service.store.revoke(other, why, "", "x", app.clock.now()).await.unwrap();
            places.push(at);
        }
        let replies = app.get_at_once(&list, 50).await;
        assert!(replies.iter().all(|reply| reply.status == 200));
        assert_eq!(app.signatures("status_list").await, 2, "a bulk change signs the list once");
        // Who came while it was being signed got the form before, which is valid still; who comes now gets the new one.
        let after = app.get(&list).await.expect(200);
        assert!(replies.iter().any(|reply| reply.body == after.body));
        let bits = Bitstring::decode(text(&after.json(), "/credentialSubject/encodedList")).unwrap();
        assert!(places.iter().all(|place| bits.get(*place).unwrap()) && !bits.get(index).unwrap());
        assert_eq!(app.signatures("status_list").await, 2);
    }

    /// A list is closed when half of it is given out, and each stands for its own credentials.
    async fn several_lists_as_they_fill(app: &TestApp) {
        let instance = app.another_instance(|options| options.status_list_size = 4).await;
        let mut credentials = Vec::new();
        for learner in ["1", "2", "3", "4", "5"] {
            let body = crate::app::completion(json!({ "id": learner, "name": "Ada" }), &crate::app::ACTIVITIES);
            app.deliver(&body).await;
            worker::drain(&instance).await.unwrap();
            credentials.push(app.get(text(&app.award(learner).await, "/credential/id")).await.expect(200).json());
        }
        let list = |credential| text(credential, "/credentialStatus/statusListCredential").to_owned();
        let lists: BTreeSet<_> = credentials.iter().map(list).collect();
        assert_eq!(lists.len(), 3);
        for credential in &credentials {
            assert_eq!(app.verify(credential.to_string().as_bytes()).await["verdict"], "valid");
        }
        assert_eq!(app.signatures("status_list").await, 3);
        let id = text(&credentials[0], "/id").rsplit('/').next().unwrap().parse().unwrap();
        let why = RevocationCategory::AwardedInError;
        app.service.store.revoke(id, why, "", "x", app.clock.now()).await.unwrap();
        for credential in &credentials {
            let bits = app.get(&list(credential)).await.expect(200).json();
            let bits = Bitstring::decode(text(&bits, "/credentialSubject/encodedList")).unwrap();
            let index = text(credential, "/credentialStatus/statusListIndex").parse().unwrap();
            assert_eq!(bits.get(index).unwrap(), credential == &credentials[0]);
        }
        assert_eq!(app.signatures("status_list").await, 4, "the other lists did not change");
    }
}
