//! Presentations: unsigned, signed for a verifier, and in envelopes.

use sceau::proof::data_integrity::Suite;
use serde_json::{Value, json};

use crate::documents::{Holder, badge, credential, envelope, flip, with};
use crate::instance::{CHALLENGE, DOMAIN, Instance, MALFORMED, METHOD, PARSING, PROOF, SECURITY};

fn issued(instance: &Instance) -> Vec<Value> {
    vec![
        instance.issue(&credential(instance.issuer()), None),
        instance.issue(&badge(instance.issuer()), Some(&json!({"cryptosuite": "eddsa-jcs-2022", "status": true}))),
        instance.issue(&badge(instance.issuer()), Some(&json!({"envelope": true}))),
    ]
}

#[test]
fn unsigned_presentations_stand_on_their_credentials() {
    let instance = Instance::start();
    let (credentials, holder) = (issued(&instance), Holder::ed25519());
    let presentation = holder.presentation(&credentials);
    for options in [None, Some(json!({})), Some(json!({"checks": []})), Some(json!({"challenge": null}))] {
        instance.accepts_presentation(&presentation, options.as_ref());
    }
    instance.accepts_presentation(&with(&presentation, &[("/holder", Value::Null)]), None);
    instance.accepts_presentation(&with(&presentation, &[("/holder", json!({"id": holder.did}))]), None);
    instance.accepts_presentation(&with(&presentation, &[("/verifiableCredential", credentials[0].clone())]), None);
    instance.accepts_presentation(&with(&presentation, &[("/verifiableCredential", Value::Null)]), None);

    let altered = |pointer: &str, value: Value| with(&presentation, &[(pointer, value)]);
    let title = "/verifiableCredential/1/credentialSubject/achievement/name";
    instance.refuses_presentation(&altered(title, json!("Pilote de ligne")), None, &[PROOF]);
    instance.refuses_presentation(&altered("/verifiableCredential/0/proof", Value::Null), None, &[MALFORMED, PROOF]);
    instance.refuses_presentation(
        &altered("/verifiableCredential/0", json!("https://x.example/1")),
        None,
        &[MALFORMED, PARSING],
    );
    instance.refuses_presentation(&altered("/verifiableCredential/2/type", json!("x")), None, &[MALFORMED, PROOF]);
    instance.refuses_presentation(&altered("/@context", Value::Null), None, &[MALFORMED]);
    instance.refuses_presentation(&altered("/holder", json!(5)), None, &[MALFORMED]);
    // Whoever asks a question wants it answered: taking the proof off is no way around it.
    instance.refuses_presentation(&presentation, Some(&json!({"challenge": "1"})), &[CHALLENGE]);
    instance.refuses_presentation(&presentation, Some(&json!({"domain": "verifier.example"})), &[DOMAIN]);
}

#[test]
fn signed_presentations_answer_the_challenge_and_the_domain() {
    let instance = Instance::start();
    let holder = Holder::ed25519();
    let presentation = holder.presentation(&issued(&instance));
    let (right, wrong) = (Some("c3a1f0e2"), Some("00000000"));
    let (here, elsewhere) = (Some("verifier.example"), Some("other.example"));
    let asked = |challenge: Option<&str>, domain: Option<&str>| json!({"challenge": challenge, "domain": domain});
    for suite in Suite::ALL {
        for holder_of in [json!(holder.did), json!({"id": holder.did})] {
            let signed = holder.sign(&with(&presentation, &[("/holder", holder_of)]), suite, right, here);
            for question in [asked(right, here), asked(right, None), asked(None, here), json!({})] {
                instance.accepts_presentation(&signed, Some(&question));
            }
            instance.accepts_presentation(&signed, None);
            instance.refuses_presentation(&signed, Some(&asked(wrong, here)), &[CHALLENGE]);
            instance.refuses_presentation(&signed, Some(&asked(right, elsewhere)), &[DOMAIN]);
            instance.refuses_presentation(&signed, Some(&asked(wrong, elsewhere)), &[CHALLENGE]);
        }
        let silent = holder.sign(&presentation, suite, None, None);
        instance.accepts_presentation(&silent, None);
        instance.refuses_presentation(&silent, Some(&asked(right, None)), &[CHALLENGE]);
        instance.refuses_presentation(&silent, Some(&asked(None, here)), &[DOMAIN]);
        let domain_alone = holder.sign(&presentation, suite, None, here);
        instance.accepts_presentation(&domain_alone, Some(&asked(None, here)));
        instance.refuses_presentation(&domain_alone, Some(&asked(right, here)), &[CHALLENGE]);

        let signed = holder.sign(&presentation, suite, right, here);
        let value = signed["proof"][0]["proofValue"].as_str().unwrap();
        let altered = |pointer: &str, value: Value| with(&signed, &[(pointer, value)]);
        for (copy, kinds) in [
            (altered("/proof/0/challenge", json!("00000000")), [PROOF]),
            (altered("/proof/0/domain", json!("other.example")), [PROOF]),
            (altered("/proof/0/domain", json!(["verifier.example", "other.example"])), [PROOF]),
            (altered("/proof/0/proofPurpose", json!("assertionMethod")), [PROOF]),
            (altered("/proof/0/proofValue", json!(flip(value, 20))), [PROOF]),
            (altered("/holder", json!(instance.issuer())), [METHOD]),
            (altered("/verifiableCredential", json!([])), [PROOF]),
        ] {
            instance.refuses_presentation(&copy, None, &kinds);
        }
    }
    // The holder of another key.
    let by_another = with(&presentation, &[("/holder", json!(instance.issuer()))]);
    instance.refuses_presentation(&holder.sign(&by_another, Suite::EddsaRdfc2022, None, None), None, &[METHOD]);
}

#[test]
fn enveloped_presentations_are_read_by_either_media_type() {
    let instance = Instance::start();
    let credentials = issued(&instance);
    for holder in [Holder::ed25519(), Holder::p256()] {
        let presentation = holder.presentation(&credentials);
        let token = |kind: &str, claims: Value| holder.token(&presentation, kind, &claims);
        for (media_type, kind) in
            [("application/vp+jwt", "vp+jwt"), ("application/jwt", "vp+jwt"), ("application/jwt", "JWT")]
        {
            instance.accepts_presentation(&envelope(media_type, &token(kind, json!({}))), None);
        }
        let plain = token("vp+jwt", json!({}));
        instance.accepts_presentation(&json!(plain), None);
        instance.accepts_presentation(
            &with(
                &envelope("application/vp+jwt", &plain),
                &[("/@context", json!(["https://www.w3.org/ns/credentials/v2"]))],
            ),
            None,
        );

        // A token answers by `nonce` and `aud`.
        let answering =
            envelope("application/vp+jwt", &token("vp+jwt", json!({"nonce": "1", "aud": "verifier.example"})));
        for (options, kinds) in [
            (json!({"challenge": "1", "domain": "verifier.example"}), None),
            (json!({"challenge": "2"}), Some([CHALLENGE])),
            (json!({"domain": "other.example"}), Some([DOMAIN])),
        ] {
            match kinds {
                None => instance.accepts_presentation(&answering, Some(&options)),
                Some(kinds) => instance.refuses_presentation(&answering, Some(&options), &kinds),
            }
        }
        let silent = envelope("application/vp+jwt", &plain);
        instance.refuses_presentation(&silent, Some(&json!({"challenge": "1"})), &[CHALLENGE]);

        let (rest, signature) = plain.rsplit_once('.').unwrap();
        let by_another = with(&presentation, &[("/holder", json!(instance.issuer()))]);
        for (copy, kinds) in [
            (envelope("application/vp+jwt", &format!("{rest}.{}", flip(signature, 10))), [PROOF]),
            (envelope("application/vp+jwt", rest), [PARSING]),
            (envelope("text/plain", &plain), [MALFORMED]),
            (envelope("application/vp+jwt", &token("vc+jwt", json!({}))), [SECURITY]),
            (envelope("application/vp+jwt", &holder.token(&by_another, "vp+jwt", &json!({}))), [METHOD]),
            (with(&silent, &[("/@context", Value::Null)]), [MALFORMED]),
            (
                with(&silent, &[("/type", json!(["EnvelopedVerifiablePresentation", "VerifiablePresentation"]))]),
                [MALFORMED],
            ),
            (with(&silent, &[("/id", json!("https://x.example/1"))]), [MALFORMED]),
        ] {
            instance.refuses_presentation(&copy, None, &kinds);
        }
    }
}
