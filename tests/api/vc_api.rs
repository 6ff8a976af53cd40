//! The verifier's half of VC-API in production: what is known here is judged by our own records, nothing else is fetched in these tests.

use ed25519_dalek::SigningKey;
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::key::Signer as _;
use serde_json::{Value, json};

use crate::app::{TestApp, text, zoe};

const CREDENTIALS: &str = "/vc/credentials/verify";
const PRESENTATIONS: &str = "/vc/presentations/verify";

/// The status and the types of the problems.
async fn judge(app: &TestApp, path: &str, request: &Value) -> (u16, Vec<String>) {
    let reply = app.call(axum::http::Method::POST, path).json(request).send().await;
    let (status, answer) = (reply.status.as_u16(), reply.json());
    assert_eq!(answer["verified"], status == 200, "{answer}");
    let details = answer["problemDetails"].as_array().unwrap();
    assert_eq!(answer["errors"].as_array().unwrap().len(), details.len());
    (status, details.iter().map(|problem| text(problem, "/type").to_owned()).collect())
}

fn presentation(credential: &Value) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [credential],
    })
}

crate::on_both_engines! {
    async fn our_own_credential_verifies_until_it_is_revoked(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let credential = app.get(text(&award, "/credential/id")).await.expect(200).json();
        let asked = json!({"verifiableCredential": credential});
        let presented = json!({"verifiablePresentation": presentation(&credential), "options": {}});
        assert_eq!(judge(app, CREDENTIALS, &asked).await, (200, vec![]));
        assert_eq!(judge(app, PRESENTATIONS, &presented).await, (200, vec![]));
        let mut altered = asked.clone();
        altered["verifiableCredential"]["validFrom"] = json!("2001-01-01T00:00:00Z");
        let refused = (400, vec!["https://w3id.org/security#PROOF_VERIFICATION_ERROR".to_owned()]);
        assert_eq!(judge(app, CREDENTIALS, &altered).await, refused);

        let id = text(&credential, "/id").rsplit('/').next().unwrap();
        let why = json!({"category": "awarded_in_error"});
        app.post(&format!("/api/v1/credentials/{id}/revoke"), &why).await.expect(200);
        let refused = (400, vec!["https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR".to_owned()]);
        assert_eq!(judge(app, CREDENTIALS, &asked).await, refused);
        assert_eq!(judge(app, PRESENTATIONS, &presented).await, refused);
    }

    /// Fetching is off: a foreign issuer is out of reach, one that is its own key is not.
    async fn a_foreign_credential_is_not_verified_without_its_key(app: &TestApp) {
        let key = SigningKey::from_bytes(&[5; 32]);
        let public = key.public_key();
        let sign = |issuer: &str, method: &str| {
            let credential = json!({
                "@context": ["https://www.w3.org/ns/credentials/v2"],
                "type": ["VerifiableCredential"],
                "issuer": issuer,
                "credentialSubject": {"id": "urn:uuid:1b7f3c52-9a0d-4b8e-8c2f-6d5e4a3b2c1d", "name": "Zoé"},
            });
            let options = ProofOptions::assertion(Suite::EddsaRdfc2022, "2026-03-02T10:00:00Z", method);
            json!({"verifiableCredential": data_integrity::sign(&credential, &options, &key).unwrap()})
        };
        let by_key = sign(&public.to_did_key().unwrap(), &public.did_key_method().unwrap());
        assert_eq!(judge(app, CREDENTIALS, &by_key).await, (200, vec![]));
        let elsewhere = sign("did:web:other.example", "did:web:other.example#key");
        let refused = (400, vec!["https://w3id.org/security#INVALID_VERIFICATION_METHOD".to_owned()]);
        assert_eq!(judge(app, CREDENTIALS, &elsewhere).await, refused);
    }

    /// Whoever could ask the service for a signature would be an issuer.
    async fn nothing_is_issued_through_it(app: &TestApp) {
        let request = json!({"credential": {}, "options": {}});
        for path in ["/vc/credentials/issue", "/vc/presentations/issue", "/vc/credentials/derive"] {
            app.post(path, &request).await.problem(404, "not-found");
        }
        for (path, body) in [
            (CREDENTIALS, "{"), (CREDENTIALS, "[]"), (CREDENTIALS, ""), (CREDENTIALS, "{\"verifiableCredential\": 5}"),
            (PRESENTATIONS, "{\"verifiablePresentation\": {}}"), (PRESENTATIONS, "{\"options\": 5}"),
        ] {
            let call = app.call(axum::http::Method::POST, path).header("content-type", "application/json");
            let answer = call.body(body.as_bytes().to_vec()).send().await.expect(400).json();
            assert!(text(&answer, "/type").ends_with("PARSING_ERROR"), "{body}: {answer}");
        }
    }
}
