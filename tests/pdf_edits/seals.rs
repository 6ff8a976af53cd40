//! Seals of the attestation that was issued, before a stranger: by whom, whether they hold, and whether that decides.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    date_time_ymd,
};
use sceau::keyring::KeyHandle;
use sceau::seal::{CertificateChain, SealingKey, TrustAnchor, seal};
use sceau::verification::SealTrust;

use super::pdf::{Pdf, updated};
use super::{Stranger, app, issued, said};

const ISSUER: &str = "Direction générale de l’administration et de la fonction publique";

/// An authority, and what it gave an organisation.
struct Sealer {
    authority: String,
    certificates: CertificateChain,
    key: KeyHandle,
}

fn sealer(organisation: &str) -> Sealer {
    let params = |name: &str, organisation: &str, uses: &[KeyUsagePurpose]| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, organisation);
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2035, 12, 31));
        params.key_usages = uses.to_vec();
        params
    };
    let key = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut root = params("Autorité d’essai", "Autorité", &[KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]);
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = key();
    let authority = root.self_signed(&root_key).unwrap().pem();
    let uses = [KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    let own_key = key();
    let own =
        params("Cachet", organisation, &uses).signed_by(&own_key, &Issuer::from_params(&root, &root_key)).unwrap();
    Sealer {
        authority,
        certificates: CertificateChain::from_pem(&own.pem()).unwrap(),
        key: KeyHandle::from_pkcs8(&own_key.serialize_der()).unwrap(),
    }
}

impl Sealer {
    fn seal(&self, pdf: &[u8], stranger: &Stranger) -> Vec<u8> {
        let with = SealingKey { signer: &self.key, certificates: &self.certificates, time_stamper: None };
        seal(pdf, &with, stranger.now).unwrap()
    }

    fn trusted(&self, stranger: &Stranger) -> SealTrust {
        SealTrust { anchors: TrustAnchor::from_pem(&self.authority).unwrap().into(), now: Some(stranger.now) }
    }
}

/// Ours with other words in it, such as a template of another instance would have: nobody can make the same bytes.
fn of_another_template(original: &[u8]) -> Vec<u8> {
    let mut pdf = Pdf::open(original);
    pdf.rewrite("pour la formation", "pour la formation notion");
    let mut bytes = pdf.bytes();
    // Our seal follows the end of the file at once, as our renderer ends it.
    bytes.truncate(bytes.trim_ascii_end().len());
    bytes
}

#[tokio::test]
async fn a_seal_of_the_issuer_decides_where_it_is_trusted() {
    app::on_sqlite(|app| async move {
        let (original, stranger) = issued(&app).await;
        let theirs = of_another_template(&original);
        assert_eq!(said(&stranger.report(&theirs)), ("unverifiable", "not_checked", "pdf_other_text"));
        let issuer = sealer(ISSUER);
        let sealed = issuer.seal(&theirs, &stranger);
        let trusted = issuer.trusted(&stranger);
        let report = stranger.report_trusting(&sealed, &trusted);
        assert_eq!(said(&report), ("valid", "pass", "pdf_sealed"), "{report:#}");
        assert!(report["checks"][0]["detail"].as_str().unwrap().contains("Direction"), "{report:#}");
        // The ministry that it belongs to may seal for it.
        let ministry = sealer("Ministère de l’action publique");
        let by_ministry = stranger.report_trusting(&ministry.seal(&theirs, &stranger), &ministry.trusted(&stranger));
        assert_eq!(said(&by_ministry), ("valid", "pass", "pdf_sealed"));

        // Anybody else of the same authority may not: the pages would be theirs, the credential ours.
        let other = sealer("Organisme de formation Dupont");
        let forged = other.seal(&theirs, &stranger);
        let report = stranger.report_trusting(&forged, &other.trusted(&stranger));
        assert_eq!(said(&report), ("unverifiable", "not_checked", "pdf_sealed_by_another"), "{report:#}");
        for (pdf, trust) in [(&sealed, SealTrust::default()), (&sealed, other.trusted(&stranger))] {
            let report = stranger.report_trusting(pdf, &trust);
            assert_eq!(said(&report), ("unverifiable", "not_checked", "pdf_seal_not_trusted"), "{report:#}");
        }
    })
    .await;
}

/// A seal that nobody trusts takes nothing from bytes that anybody can make again.
#[tokio::test]
async fn an_untrusted_seal_behind_our_own_bytes_does_no_harm_and_nothing_else_may_stand_there() {
    app::on_sqlite(|app| async move {
        let (original, stranger) = issued(&app).await;
        let sealed = sealer("Inconnu").seal(&original, &stranger);
        assert_eq!(said(&stranger.report(&sealed)), ("valid", "pass", "pdf_as_rendered"));
        // Pages that were changed in an update, under a seal that covers all of it.
        let edits: [fn(&mut Pdf); 2] =
            [|pdf| pdf.append("q 1 g 60 635 300 26 re f Q"), |pdf| pdf.rewrite("3 h 30 min", "33 h 30 min")];
        let forger = sealer(ISSUER);
        for (edit, expected) in edits.into_iter().zip(["pdf_seal_not_trusted", "pdf_other_duration"]) {
            let mut changed = updated(&original, edit);
            changed.truncate(changed.trim_ascii_end().len());
            let sealed = forger.seal(&changed, &stranger);
            let report = stranger.report(&sealed);
            assert_eq!(said(&report).2, expected, "{report:#}");
            assert_ne!(report["verdict"], "valid");
        }
    })
    .await;
}

#[tokio::test]
async fn a_sealed_file_that_was_altered_is_refused() {
    app::on_sqlite(|app| async move {
        let (original, stranger) = issued(&app).await;
        let issuer = sealer(ISSUER);
        let sealed = issuer.seal(&of_another_template(&original), &stranger);
        let trust = issuer.trusted(&stranger);
        // A letter of the window's title, an appended update, bytes behind the end.
        let at = sealed.windows(8).position(|word| word == b"/Creator").unwrap() + 10;
        let mut letter = sealed.clone();
        letter[at] ^= 1;
        let update = updated(&sealed, |pdf| pdf.append("q 1 g 60 635 300 26 re f Q"));
        let behind = [&sealed[..], b"\n% x\n"].concat();
        for altered in [letter, update, behind] {
            let report = stranger.report_trusting(&altered, &trust);
            assert_eq!(said(&report), ("invalid", "fail", "pdf_seal_broken"), "{report:#}");
            assert!(report["credential"].is_object(), "what was signed is shown");
        }
        let text = updated(&sealed, |pdf| pdf.rewrite("3 h 30 min", "33 h 30 min"));
        assert_eq!(said(&stranger.report_trusting(&text, &trust)), ("invalid", "fail", "pdf_other_duration"));
    })
    .await;
}
