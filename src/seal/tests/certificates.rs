//! Who may seal, and whom a verifier believes.

use rcgen::CustomExtension;

use super::*;

fn sealed_by(made: &Made, above: &[&Made], at: Timestamp) -> Vec<u8> {
    seal_with(&attestation("Un titre", "Zoé Martin"), made, above, at).unwrap()
}

/// A file sealed by whatever certificate, whether or not [`seal`] would take it.
fn forced(made: &Made, above: &[&Made], at: Timestamp) -> Vec<u8> {
    let mut update = pdf::Update::of(&attestation("Un titre", "Zoé Martin"), at).unwrap();
    let digest = Hash::Sha256.of_parts(&update.covered());
    let signer = made.handle();
    let kind = signer.public_key().kind();
    let certificates: Vec<_> = [made].iter().chain(above).map(|one| one.certificate.clone()).collect();
    let algorithm = algorithm::of_signer(kind).unwrap();
    let contents = signature::assemble(&digest, &certificates, algorithm, None, |message| {
        Ok(algorithm::encode_signature(kind, signer.sign(message)?).unwrap())
    });
    update.fill(&contents.unwrap()).unwrap();
    update.into_bytes()
}

fn chain_of(pdf: &[u8], anchors: &[TrustAnchor]) -> Chain {
    let found = found(pdf, anchors);
    assert!(found.covers_whole_file && found.digest && found.signature);
    assert_eq!(found.is_valid(), found.chain == Chain::Trusted);
    found.chain
}

#[test]
fn nobody_is_trusted_because_they_are_there() {
    let (root, organisation) = organisation();
    let sealed = sealed_by(&organisation, &[&root], now());
    assert_eq!(chain_of(&sealed, &[]), Chain::Unknown);
    // An authority of the same name with another key.
    let (other, _) = self::organisation();
    assert_eq!(chain_of(&sealed, &[other.anchor()]), Chain::Unknown);
    assert_eq!(chain_of(&sealed, &[other.anchor(), root.anchor()]), Chain::Trusted);
    // The organisation's own certificate can be trusted by itself, and nobody else's with it.
    assert_eq!(chain_of(&sealed, &[organisation.anchor()]), Chain::Trusted);
    let other = root.issue(seal_params("Cachet d’essai"), p256());
    assert_eq!(chain_of(&sealed_by(&other, &[], now()), &[organisation.anchor()]), Chain::Unknown);
}

#[test]
fn intermediates_lead_up_to_five_certificates() {
    let root = Made::root(authority_params("Racine"), p256());
    let mut path = vec![root];
    for level in 1..=4 {
        let below = path.last().unwrap().issue(authority_params(&format!("Intermédiaire {level}")), p256());
        path.push(below);
    }
    let seal_below = |level: usize| {
        let made = path[level].issue(seal_params("Cachet"), p256());
        let above: Vec<&Made> = path[1..=level].iter().rev().collect();
        chain_of(&sealed_by(&made, &above, now()), &[path[0].anchor()])
    };
    assert_eq!([seal_below(0), seal_below(1), seal_below(3)], [Chain::Trusted; 3]);
    assert_eq!(seal_below(4), Chain::Unknown, "six certificates are too many");
    // Without the certificates between there is no path.
    let made = path[2].issue(seal_params("Cachet"), p256());
    assert_eq!(chain_of(&sealed_by(&made, &[], now()), &[path[0].anchor()]), Chain::Unknown);
    // An authority in the middle can be trusted as well as the root.
    assert_eq!(chain_of(&sealed_by(&made, &[], now()), &[path[2].anchor()]), Chain::Trusted);
}

#[test]
fn whoever_is_no_authority_issues_nothing() {
    let root = Made::root(authority_params("Racine"), p256());
    let no_authority = root.issue(seal_params("Agent"), p256());
    let below = no_authority.issue(seal_params("Cachet"), p256());
    assert_eq!(chain_of(&forced(&below, &[&no_authority], now()), &[root.anchor()]), Chain::Unknown);

    let mut constrained = authority_params("Racine courte");
    constrained.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = Made::root(constrained, p256());
    let direct = root.issue(seal_params("Cachet"), p256());
    assert_eq!(chain_of(&forced(&direct, &[], now()), &[root.anchor()]), Chain::Trusted);
    let middle = root.issue(authority_params("Intermédiaire"), p256());
    let below = middle.issue(seal_params("Cachet"), p256());
    assert_eq!(chain_of(&forced(&below, &[&middle], now()), &[root.anchor()]), Chain::Unknown);

    let mut params = authority_params("Sans le droit d’en signer");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let root = Made::root(params, p256());
    let below = root.issue(seal_params("Cachet"), p256());
    assert_eq!(chain_of(&forced(&below, &[], now()), &[root.anchor()]), Chain::Unknown);

    let mut params = authority_params("Contrainte inconnue");
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], vec![0x30, 0]);
    extension.set_criticality(true);
    params.custom_extensions = vec![extension];
    let root = Made::root(params, p256());
    let below = root.issue(seal_params("Cachet"), p256());
    assert_eq!(chain_of(&forced(&below, &[], now()), &[root.anchor()]), Chain::Unknown);
}

#[test]
fn time_is_that_of_the_seal() {
    let (root, organisation) = organisation();
    let at = moment("2027-12-30T23:59:59Z");
    let sealed = sealed_by(&organisation, &[], at);
    let later = moment("2031-01-01T00:00:00Z");
    assert!(
        check(&sealed, &[root.anchor()], later).unwrap().unwrap().is_valid(),
        "what was sealed in time stays sealed"
    );
    // From the future, as the verifier's clock says.
    let found = check(&sealed, &[root.anchor()], at.plus_seconds(-301)).unwrap().unwrap();
    assert_eq!((found.chain, found.is_valid()), (Chain::NotYet, false));
    assert!(check(&sealed, &[root.anchor()], at.plus_seconds(-299)).unwrap().unwrap().is_valid());

    for (at, chain) in [(later, Chain::Expired), (moment("2025-12-31T23:59:59Z"), Chain::NotYet)] {
        let error = seal_with(&attestation("Un titre", "Zoé Martin"), &organisation, &[], at).unwrap_err();
        assert!(
            matches!(
                (&error, chain),
                (SealError::Certificate(CertificateError::Expired(_)), Chain::Expired)
                    | (SealError::Certificate(CertificateError::NotYet(_)), Chain::NotYet)
            ),
            "{error}"
        );
        let found = check(&forced(&organisation, &[], at), &[root.anchor()], later).unwrap().unwrap();
        assert_eq!((found.chain, found.signature, found.is_valid()), (chain, true, false));
    }

    let mut params = authority_params("Racine expirée");
    params.not_after = date_time_ymd(2026, 6, 1);
    let root = Made::root(params, p256());
    let below = root.issue(seal_params("Cachet"), p256());
    assert_eq!(chain_of(&forced(&below, &[], now()), &[root.anchor()]), Chain::Expired);
}

#[test]
fn a_certificate_for_something_else_does_not_seal() {
    let root = Made::root(authority_params("Racine"), p256());
    let unsuitable = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = seal_params("Cachet");
        change(&mut params);
        let made = root.issue(params, p256());
        let error = CertificateChain::new(vec![made.certificate.clone()]).unwrap_err();
        let chain = chain_of(&forced(&made, &[], now()), &[root.anchor(), made.anchor()]);
        assert_eq!(chain, Chain::Unsuitable);
        error
    };
    let usage = |error| matches!(error, CertificateError::Usage(_));
    assert!(usage(unsuitable(&|params| params.key_usages = vec![])));
    assert!(usage(unsuitable(&|params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement])));
    assert!(usage(unsuitable(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth])));
    assert!(usage(unsuitable(&|params| {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions = vec![extension];
    })));
    let authority = unsuitable(&|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(authority, CertificateError::Authority);

    for uses in [&[1u64, 3, 6, 1, 5, 5, 7, 3, 36][..], &[1, 3, 6, 1, 4, 1, 311, 10, 3, 12], &[2, 5, 29, 37, 0]] {
        let mut params = seal_params("Cachet");
        params.extended_key_usages = extended(&[uses]);
        let made = root.issue(params, p256());
        assert_eq!(chain_of(&sealed_by(&made, &[], now()), &[root.anchor()]), Chain::Trusted, "{uses:?}");
    }
}

#[test]
fn a_chain_is_taken_in_order_and_with_its_key() {
    let root = Made::root(authority_params("Racine"), p256());
    let middle = root.issue(authority_params("Intermédiaire"), p256());
    let made = middle.issue(seal_params("Cachet"), p256());
    let all = [&made, &middle, &root].map(|one| one.certificate.clone());
    let chain = CertificateChain::new(all.to_vec()).unwrap();
    assert_eq!(chain.certificates(), &all[..2], "the root stays with those who trust it");
    assert_eq!(CertificateChain::from_pem(&format!("a comment\n{}", chain.to_pem())).unwrap(), chain);
    let swapped = vec![all[0].clone(), all[2].clone(), all[1].clone()];
    assert_eq!(CertificateChain::new(swapped), Err(CertificateError::Order(2)));
    assert_eq!(chain.check(&middle.handle().public_key(), now()), Err(CertificateError::OtherKey));
    assert_eq!(chain.check(&made.handle().public_key(), now()), Ok(()));
    assert!(matches!(CertificateChain::from_pem("nothing"), Err(CertificateError::NoPem)));
    let broken = chain.to_pem().replacen("MII", "!II", 1);
    assert!(matches!(Certificate::from_pem(&broken), Err(CertificateError::Malformed(_))));
    let other = Made::root(seal_params("Cachet P-384"), KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap());
    assert_eq!(CertificateChain::new(vec![other.certificate]), Err(CertificateError::Key));
}
