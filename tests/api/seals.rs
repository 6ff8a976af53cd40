//! Sealed attestations: made once, the same for everybody, taken for what they are, and never a reason to wait.

use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use sceau::seal::{self, Chain, TrustAnchor};
use sceau::service::SealImportError;
use sceau::store::{AlertFilter, AlertKind, SettledAlerts};
use sceau::time::Clock as _;
use serde_json::{Value, json};

use crate::app::*;
use crate::on_both_engines;

/// A certificate that is its own authority, with its key, both in PEM.
struct Kit {
    certificate: String,
    key: String,
}

fn kit(change: impl FnOnce(&mut CertificateParams)) -> Kit {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Cachet d’essai");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 5, 1);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    change(&mut params);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    Kit { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

/// The key of a request: a point of P-256.
struct Asked(Vec<u8>);

impl rcgen::PublicKeyData for Asked {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

async fn import(app: &TestApp, kit: &Kit) -> Result<(), SealImportError> {
    app.service.import_seal(&code("dgafp"), Some(&kit.key), &kit.certificate).await.map(drop)
}

async fn attestation(app: &TestApp, award: &Value) -> Vec<u8> {
    app.get(text(award, "/links/attestation")).await.expect(200).body.to_vec()
}

fn found(app: &TestApp, pdf: &[u8], kit: &Kit) -> Option<seal::Found> {
    let anchors = TrustAnchor::from_pem(&kit.certificate).unwrap();
    seal::check(pdf, &anchors, app.clock.now()).unwrap()
}

async fn unsealed_alerts(app: &TestApp, settled: SettledAlerts) -> usize {
    let alerts = app.service.store.alerts(&AlertFilter { settled, ..AlertFilter::default() }).await.unwrap();
    alerts.iter().filter(|alert| alert.kind == AlertKind::AttestationUnsealed).count()
}

const DAY: i64 = 86_400;

on_both_engines! {
    async fn an_attestation_is_sealed_once_and_is_the_same_for_everybody(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let plain = attestation(app, &award).await;
        let kit = kit(|_| {});
        import(app, &kit).await.unwrap();
        let at_once = app.get_at_once(text(&award, "/links/attestation"), 6).await;
        let sealed = at_once[0].body.to_vec();
        assert!(at_once.iter().all(|reply| reply.body == sealed), "ECDSA is another each time: one of them holds");
        assert!(sealed.starts_with(&plain) && found(app, &sealed, &kit).unwrap().is_valid());
        app.clock.advance(3 * DAY);
        assert_eq!(attestation(app, &award).await, sealed);
        // Another instance, and after the seal was turned off.
        app.service.store.retire_seal(&code("dgafp"), app.clock.now()).await.unwrap();
        assert_eq!(attestation(app, &award).await, sealed);
        // Nothing in clear in the database: the page shows a link and a secret.
        let clear = app.count("select count(*) from sealed_attestations where document not like 's1.%'").await;
        assert_eq!((clear, app.count("select count(*) from sealed_attestations").await), (0, 1));
    }

    async fn what_was_issued_is_vouched_for_sealed_and_unsealed(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let plain = attestation(app, &award).await;
        import(app, &kit(|_| {})).await.unwrap();
        let sealed = attestation(app, &award).await;
        for pdf in [&plain, &sealed] {
            let report = app.verify(pdf).await;
            assert_eq!((&report["verdict"], &report["checks"][0]["reason"]), (&json!("valid"), &json!("pdf_as_issued")));
        }
        let mut edited = sealed.clone();
        *edited.last_mut().unwrap() = b'G';
        assert_ne!(app.verify(&edited).await["verdict"], "valid");
        let in_clear = sealed.windows(9).rposition(|window| window == b"/SigFlags").unwrap();
        edited = sealed.clone();
        edited[in_clear + 10] = b'1';
        assert_ne!(app.verify(&edited).await["verdict"], "valid");
        // Verifying seals nothing.
        app.service.store.forget_sealed_attestations(app.service.store.award(text(&award, "/id").parse().unwrap()).await.unwrap().unwrap().learner, app.clock.now()).await.unwrap();
        app.verify(&plain).await;
        assert_eq!(app.count("select count(*) from sealed_attestations").await, 0);
    }

    async fn an_expired_certificate_seals_nothing_and_holds_up_nobody(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let first = kit(|_| {});
        import(app, &first).await.unwrap();
        let sealed = attestation(app, &award).await;
        // 1 May 2026 is over; NOW is 27 March.
        app.clock.advance(36 * DAY);
        assert_eq!(attestation(app, &award).await, sealed, "what was sealed stays");
        assert_eq!(found(app, &sealed, &first).unwrap().chain, Chain::Trusted);
        app.complete(json!({ "id": "900", "name": "Ada Martin" })).await;
        let other = app.award("900").await;
        let plain = attestation(app, &other).await;
        assert_eq!(found(app, &plain, &first), None);
        assert_eq!(app.count("select count(*) from sealed_attestations").await, 1);
        assert_eq!(unsealed_alerts(app, SettledAlerts::Hidden).await, 1);
        let health = app.get("/health").await.expect(200).json();
        assert_eq!((&health["status"], &health["seals"][0]["days_left"]), (&json!("ok"), &json!(-2)));
        // Renewed: the next request seals, and settles the alert.
        let second = kit(|params| params.not_after = date_time_ymd(2028, 1, 1));
        import(app, &second).await.unwrap();
        let sealed = attestation(app, &other).await;
        assert!(sealed.starts_with(&plain) && found(app, &sealed, &second).unwrap().is_valid());
        assert_eq!(unsealed_alerts(app, SettledAlerts::Hidden).await, 0);
        assert_eq!(unsealed_alerts(app, SettledAlerts::Shown).await, 1);
        assert_eq!(app.get("/health").await.expect(200).json(), json!({ "status": "ok" }));
    }

    async fn the_end_of_a_certificate_is_told_early(app: &TestApp) {
        assert_eq!(app.get("/health").await.expect(200).json(), json!({ "status": "ok" }));
        import(app, &kit(|_| {})).await.unwrap();
        let ending = app.service.ending_seals().await.unwrap();
        assert_eq!((ending.len(), ending[0].days_left), (1, 34));
        app.service.log_ending_seals().await.unwrap();
        import(app, &kit(|params| params.not_after = date_time_ymd(2026, 5, 27))).await.unwrap();
        assert_eq!(app.service.ending_seals().await.unwrap().len(), 0, "61 days are not soon");
    }

    async fn a_key_that_is_not_here_holds_up_nobody(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let kit = kit(|_| {});
        import(app, &kit).await.unwrap();
        let seal = app.service.store.active_seal(&code("dgafp")).await.unwrap().unwrap();
        app.service.keyring.destroy(&code("dgafp"), &seal.thumbprint).unwrap();
        assert_eq!(found(app, &attestation(app, &award).await, &kit), None);
        assert_eq!(unsealed_alerts(app, SettledAlerts::Hidden).await, 1);
    }

    async fn a_key_that_is_damaged_holds_up_nobody(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let kit = kit(|_| {});
        import(app, &kit).await.unwrap();
        let seal = app.service.store.active_seal(&code("dgafp")).await.unwrap().unwrap();
        let files = std::fs::read_dir(app.keys().join("dgafp")).unwrap().map(|file| file.unwrap().path());
        let key = files.into_iter().find(|path| path.to_string_lossy().contains(&seal.thumbprint)).unwrap();
        std::fs::write(key, "no key").unwrap();
        // An instance that has not read it yet.
        let later = app.with(|service| service).await;
        assert_eq!(found(app, &attestation(&later, &award).await, &kit), None);
        assert_eq!(unsealed_alerts(app, SettledAlerts::Hidden).await, 1);
    }

    async fn what_can_not_seal_is_not_imported(app: &TestApp) {
        let refused = async |kit: &Kit| import(app, kit).await.unwrap_err().to_string();
        let expired = kit(|params| params.not_after = date_time_ymd(2026, 3, 1));
        assert!(refused(&expired).await.contains("expired at 2026-03-01"));
        let not_yet = kit(|params| params.not_before = date_time_ymd(2026, 4, 1));
        assert!(refused(&not_yet).await.contains("from 2026-04-01"));
        let authority = kit(|params| params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained));
        assert!(refused(&authority).await.contains("authority"));
        assert!(refused(&kit(|params| params.key_usages = vec![])).await.contains("key usage"));
        let (one, other) = (kit(|_| {}), kit(|_| {}));
        let mixed = Kit { certificate: one.certificate.clone(), key: other.key.clone() };
        assert!(refused(&mixed).await.contains("does not belong"));
        assert!(refused(&Kit { certificate: String::new(), key: one.key.clone() }).await.contains("no certificate"));
        let none = app.service.import_seal(&code("dgafp"), None, &one.certificate).await;
        assert!(matches!(none, Err(SealImportError::NoKey)));
        let unknown = app.service.import_seal(&code("nobody"), Some(&one.key), &one.certificate).await;
        assert!(matches!(unknown, Err(SealImportError::UnknownIssuer)));
        assert_eq!(app.count("select count(*) from seals").await, 0);
        let folder = app.service.keyring.key(&code("dgafp"), &seal::Certificate::from_pem(&one.certificate).unwrap()[0].public_key().unwrap().thumbprint());
        assert!(folder.unwrap().is_none(), "a refused key is not kept");
    }

    /// A key that never leaves the keyring: a request, an authority's answer, a seal.
    async fn a_certificate_can_be_asked_for(app: &TestApp) {
        let dgafp = code("dgafp");
        let request = app.service.request_seal(&dgafp, "Direction d’essai", "Cachet").await.unwrap();
        assert!(request.starts_with("-----BEGIN CERTIFICATE REQUEST-----"), "{request}");
        // The authority: it certifies the key that the request holds, whose SubjectPublicKeyInfo stands in it as in a certificate.
        let der = seal::pem_blocks(&request, "CERTIFICATE REQUEST").next().unwrap().unwrap();
        let head = [0x30, 0x59, 0x30, 0x13, 0x06, 0x07];
        let start = der.windows(6).position(|window| window == head).unwrap();
        let public = Asked(der[start + 26..start + 91].to_vec());
        let mut authority = CertificateParams::default();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Cachet");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_after = date_time_ymd(2030, 1, 1);
        let answer = params.signed_by(&public, &rcgen::Issuer::from_params(&authority, &authority_key)).unwrap();
        let chain = format!("{}{}", answer.pem(), authority.self_signed(&authority_key).unwrap().pem());
        let record = app.service.import_seal(&dgafp, None, &chain).await.unwrap();
        assert_eq!(record.certificates.matches("BEGIN").count(), 1, "the root is left out");
        app.complete(zoe()).await;
        let pdf = attestation(app, &app.award("892").await).await;
        let anchors = TrustAnchor::from_pem(&authority.self_signed(&authority_key).unwrap().pem()).unwrap();
        assert!(seal::check(&pdf, &anchors, app.clock.now()).unwrap().unwrap().is_valid());

        // Removed, its key is gone; what it sealed is not.
        assert_eq!(app.service.remove_seal(&dgafp, &record.fingerprint).await.unwrap(), None, "it seals");
        app.service.store.retire_seal(&dgafp, app.clock.now()).await.unwrap();
        assert_eq!(app.service.remove_seal(&dgafp, &record.fingerprint).await.unwrap(), Some(()));
        assert!(app.service.keyring.key(&dgafp, &record.thumbprint).unwrap().is_none());
        assert_eq!(attestation(app, &app.award("892").await).await, pdf);
    }

    /// A key of the credentials is not lent to a seal: removing the seal would destroy it.
    async fn the_key_of_credentials_does_not_seal(app: &TestApp) {
        let kit = kit(|_| {});
        let chain = seal::Certificate::from_pem(&kit.certificate).unwrap();
        let public = chain[0].public_key().unwrap();
        let record = sceau::store::KeyRecord {
            key_id: format!("did:web:sceau.example:issuers:dgafp#{}", public.thumbprint()),
            issuer: code("dgafp"),
            thumbprint: public.thumbprint(),
            public,
            state: sceau::store::KeyState::Active,
            created: app.clock.now(),
            retired: None,
            compromised: None,
        };
        app.service.store.add_key(&record, record.created).await.unwrap();
        assert!(matches!(import(app, &kit).await, Err(SealImportError::CredentialKey)));
    }
}
