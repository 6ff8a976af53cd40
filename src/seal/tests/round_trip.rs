//! What we seal, we find valid: with keys of each kind, over any attestation. (What others say is asked by `scripts/test seals`.)

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PSS_SHA384, RsaEncoding};
use der::asn1::ObjectIdentifier;
use proptest::prelude::*;
use rcgen::SigningKey as _;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::super::{pdf, signature};
use super::*;

#[test]
fn a_seal_is_valid_for_whoever_trusts_the_authority_and_keeps_the_file_before_it() {
    let plain = attestation("Laïcité et neutralité", "Zoé Martin");
    let (root, organisation) = organisation();
    let sealed = seal_with(&plain, &organisation, &[&root], now()).unwrap();
    assert!(sealed.starts_with(&plain) && sealed.len() > plain.len());
    let found = found(&sealed, &[root.anchor()]);
    assert!(found.is_valid(), "{found:?}");
    assert_eq!(found.original_len, plain.len());
    assert_eq!(found.at, Some(now()));
    assert_eq!(found.organisation.as_deref(), Some("Direction d’essai"));
    assert!(found.subject.contains("Cachet d’essai"), "{}", found.subject);
    assert_eq!(found.not_before, moment("2026-01-01T00:00:00Z"));
    assert_eq!(found.not_after, moment("2027-12-31T00:00:00Z"));
    // The file still is what it was, for our own reader of attachments too.
    let attached = |pdf: &[u8]| attestation::inspect::open(pdf).unwrap().unwrap().credential().to_owned();
    assert_eq!(attached(&sealed), attached(&plain));
    assert!(is_as_written(&sealed, &found));
    assert_eq!(check(&plain, &[root.anchor()], now()), Ok(None));
}

/// Whatever the moment, and whoever seals: what is written behind the file is known but for the signature.
#[test]
fn what_we_write_is_known_again_and_nothing_else_is() {
    let plain = attestation("Un titre", "Zoé Martin");
    let (_, organisation) = organisation();
    let sealed = seal_with(&plain, &organisation, &[], moment("2026-11-25T12:00:00.123456Z")).unwrap();
    let of = found(&sealed, &[]);
    assert!(is_as_written(&sealed, &of));
    for word in [&b"/T(seal)"[..], b"/SigFlags 3", b"/Prev ", b"startxref"] {
        let mut changed = sealed.clone();
        let at = sealed.windows(word.len()).rposition(|found| found == word).unwrap();
        changed[at + word.len() - 2] ^= 1;
        assert!(!is_as_written(&changed, &of), "{}", String::from_utf8_lossy(word));
    }
    assert!(!is_as_written(&[&sealed[..], b"\n"].concat(), &of));
}

#[test]
fn what_is_reserved_is_the_same_for_all_and_the_update_is_small() {
    let plain = attestation("Un titre", "Zoé Martin");
    let (_, organisation) = organisation();
    let sealed = seal_with(&plain, &organisation, &[], now()).unwrap();
    assert_eq!(gap(&sealed).len(), 2 + 2 * 8192);
    assert!(sealed.len() - plain.len() - gap(&sealed).len() < 1200);
}

#[test]
fn rsa_keys_seal_too() {
    let plain = attestation("Un titre", "Zoé Martin");
    let root = Made::root(authority_params("Autorité RSA"), rsa(RsaKeySize::_2048));
    let organisation = root.issue(seal_params("Cachet RSA"), rsa(RsaKeySize::_3072));
    let sealed = seal_with(&plain, &organisation, &[], now()).unwrap();
    assert!(found(&sealed, &[root.anchor()]).is_valid());
}

/// The algorithms that others use and our keyring does not: put into the gap of a file, as their makers would.
#[test]
fn pss_and_p384_are_read() {
    let plain = attestation("Un titre", "Zoé Martin");
    let root = Made::root(authority_params("Autorité"), p256());
    let hash: ObjectIdentifier = "2.16.840.1.101.3.4.2.2".parse().unwrap();
    let resealed = |made: &Made, algorithm: AlgorithmIdentifierOwned, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let mut update = pdf::Update::of(&plain, now()).unwrap();
        let digest = Hash::Sha256.of_parts(&update.covered());
        let certificates = std::slice::from_ref(&made.certificate);
        let contents = signature::assemble(&digest, certificates, algorithm, None, |m| Ok(sign(m))).unwrap();
        update.fill(&contents).unwrap();
        found(&update.into_bytes(), &[root.anchor()])
    };

    let made = root.issue(seal_params("Cachet P-384"), KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap());
    let ecdsa = AlgorithmIdentifierOwned { oid: "1.2.840.10045.4.3.3".parse().unwrap(), parameters: None };
    assert!(resealed(&made, ecdsa, &|message| made.key.sign(message).unwrap()).is_valid());

    let made = root.issue(seal_params("Cachet PSS"), rsa(RsaKeySize::_2048));
    let key = aws_lc_rs::rsa::KeyPair::from_pkcs8(&made.key.serialize_der()).unwrap();
    let sign = |message: &[u8]| {
        let mut signature = vec![0; key.public_modulus_len()];
        let encoding: &'static dyn RsaEncoding = &RSA_PSS_SHA384;
        key.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    };
    // RSASSA-PSS-params of RFC 4055 § 3.1, with a salt of so many bytes.
    let parameters = |salt: u8| {
        let hash = [&[0x30, 0x0d, 0x06, 0x09][..], hash.as_bytes(), &[5, 0]].concat();
        let mask = [&[0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8][..], &hash].concat();
        let parts = [&[0xa0, 0x0f][..], &hash, &[0xa1, 0x1c], &mask, &[0xa2, 3, 2, 1, salt]].concat();
        let parameters = Any::from_der(&[&[0x30, u8::try_from(parts.len()).unwrap()][..], &parts].concat()).unwrap();
        AlgorithmIdentifierOwned { oid: "1.2.840.113549.1.1.10".parse().unwrap(), parameters: Some(parameters) }
    };
    assert!(resealed(&made, parameters(48), &sign).is_valid());
    // Parameters that are not those of the signature; and none, which would mean SHA-1.
    assert!(!resealed(&made, parameters(20), &sign).signature);
    assert!(!resealed(&made, AlgorithmIdentifierOwned { parameters: None, ..parameters(48) }, &sign).signature);
}

#[test]
fn a_time_stamp_has_its_place() {
    struct Stamper;
    impl TimeStamper for Stamper {
        fn token(&self, signature: &[u8]) -> Result<Vec<u8>, String> {
            // No token at all: what matters is that it is asked for over the signature, and where the answer goes.
            let length = u8::try_from(signature.len()).map_err(|error| error.to_string())?;
            Ok([&[0x04, length][..], signature].concat())
        }
    }
    let (root, organisation) = organisation();
    let (signer, certificates) = (organisation.handle(), CertificateChain::new(vec![organisation.certificate.clone()]));
    let certificates = certificates.unwrap();
    let with = SealingKey { signer: &signer, certificates: &certificates, time_stamper: Some(&Stamper) };
    let sealed = seal(&attestation("Un titre", "Zoé Martin"), &with, now()).unwrap();
    assert!(found(&sealed, &[root.anchor()]).is_valid());
    let mut placed = false;
    with_cms(&sealed, |data| {
        let signer = &data.signer_infos.0.as_slice()[0];
        let attribute = &signer.unsigned_attrs.as_ref().unwrap().as_slice()[0];
        placed = attribute.oid.to_string() == "1.2.840.113549.1.9.16.2.14"
            && attribute.values.as_slice()[0].value() == signer.signature.as_bytes();
    });
    assert!(placed);
}

#[test]
fn only_what_our_renderer_writes_is_sealed_and_only_once() {
    let (_, organisation) = organisation();
    let plain = attestation("Un titre", "Zoé Martin");
    let sealed = seal_with(&plain, &organisation, &[], now()).unwrap();
    let refused = |pdf: &[u8]| seal_with(pdf, &organisation, &[], now()).unwrap_err();
    assert!(matches!(refused(&sealed), SealError::NotSealable(_)));
    assert!(matches!(refused(&plain[..plain.len() - 1]), SealError::NotSealable(_) | SealError::Unreadable(_)));
    assert!(matches!(refused(b"%PDF-1.7\n%%EOF"), SealError::Unreadable(_)));
    assert!(matches!(refused(&[&plain[..], b"\n"].concat()), SealError::NotSealable(_)));
    assert!(matches!(refused(&vec![b'%'; MAX_PDF_BYTES + 1]), SealError::TooLarge { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_attestation_can_be_sealed(
        title in "[A-Za-zÀ-ÿ()<>/%\\\\ ]{1,300}[a-z]",
        name in "[A-Z][a-zà-ÿ-]{1,20} [A-Z][a-z]{1,20}",
        seconds in 0i64..60_000_000,
    ) {
        let plain = attestation(&title, &name);
        let at = moment("2026-01-02T00:00:00Z").plus_seconds(seconds);
        let (root, organisation) = organisation();
        let sealed = seal_with(&plain, &organisation, &[], at).unwrap();
        prop_assert_eq!(&sealed[..plain.len()], &plain[..]);
        let found = check(&sealed, &[root.anchor()], at).unwrap().unwrap();
        prop_assert!(found.is_valid());
        prop_assert_eq!((found.at, found.original_len), (Some(at), plain.len()));
    }
}
