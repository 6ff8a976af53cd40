//! Seals that another library made: pyHanko 0.38, with keys and algorithms that ours do not use (`tests/judges/seal_peers.py` makes
//! them). A round trip with ourselves proves nothing of our reading.

use super::*;

/// Each PDF with the certificate of its authority.
macro_rules! peers {
    ($($name:literal),+) => {
        [$((
            $name,
            include_bytes!(concat!("../../../tests/peers/seals/", $name, ".pdf")).as_slice(),
            include_str!(concat!("../../../tests/peers/seals/", $name, ".pem")),
        )),+]
    };
}

const PEERS: [(&str, &[u8], &str); 4] = peers!("p256", "p384", "rsa", "pss");

#[test]
fn what_another_library_sealed_is_valid_under_its_authority_alone() {
    for (name, pdf, authority) in PEERS {
        let anchors = TrustAnchor::from_pem(authority).unwrap();
        let seal = found(pdf, &anchors);
        assert!(seal.is_valid(), "{name}: {seal:?}");
        assert!(seal.subject.contains(&format!("CN=Seal {name}")) && seal.at.is_some(), "{name}: {seal:?}");
        assert!(pdf[..seal.original_len].ends_with(b"%%EOF"), "{name}");
        for (other, _, authority) in PEERS.iter().filter(|(other, ..)| *other != name) {
            let found = found(pdf, &TrustAnchor::from_pem(authority).unwrap());
            assert_eq!((found.chain, found.is_valid()), (Chain::Unknown, false), "{name} under {other}");
        }
    }
}

#[test]
fn what_another_library_sealed_is_refused_after_any_change() {
    for (name, pdf, authority) in PEERS {
        let anchors = TrustAnchor::from_pem(authority).unwrap();
        for at in (0..pdf.len()).step_by(7) {
            let mut other = pdf.to_vec();
            other[at] ^= 0x01;
            let valid = matches!(check(&other, &anchors, now()), Ok(Some(found)) if found.is_valid());
            // Besides the digits' case, what the CMS carries of others' certificates is not signed: the authority is the verifier's.
            assert!(!valid || gap(pdf).contains(&at), "{name}: byte {at}");
        }
    }
}
