//! What was changed after the seal is never valid: byte by byte, and by the tricks that PDF allows.

use cms::signed_data::SignerInfos;
use der::asn1::SetOfVec;
use proptest::prelude::*;

use super::*;

/// Nobody may call this valid; that nothing can be said of it is as good.
fn is_refused(pdf: &[u8], anchors: &[TrustAnchor]) -> bool {
    !matches!(check(pdf, anchors, now()), Ok(Some(found)) if found.is_valid())
}

fn sealed() -> (Vec<u8>, Vec<u8>, [TrustAnchor; 1]) {
    let plain = attestation("Laïcité et neutralité", "Zoé Martin");
    let (root, organisation) = organisation();
    let sealed = seal_with(&plain, &organisation, &[], now()).unwrap();
    (plain, sealed, [root.anchor()])
}

/// Replaces a text by one as long, the last time that it stands there.
fn replace(pdf: &[u8], old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let at = pdf.windows(old.len()).rposition(|window| window == old.as_bytes()).expect("the text to replace");
    [&pdf[..at], new.as_bytes(), &pdf[at + old.len()..]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn any_byte_that_changes_is_noticed(places in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 60)) {
        let (_, sealed, anchors) = sealed();
        for (place, change) in places {
            let mut other = sealed.clone();
            let at = place.index(sealed.len());
            other[at] ^= change;
            // In the signature's own digits, the case of a letter means nothing.
            let same = other.eq_ignore_ascii_case(&sealed) && gap(&sealed).contains(&at);
            prop_assert!(same || is_refused(&other, &anchors), "byte {at} of {} as {:#x}", sealed.len(), other[at]);
        }
    }
}

/// Every byte of the update and of what stands around it, each changed in three ways.
#[test]
fn every_byte_of_the_update_counts() {
    let (plain, sealed, anchors) = sealed();
    let gap = gap(&sealed);
    // The first digits of the signature hold every kind of structure; after them come the padding's zeros, all alike.
    let places = (plain.len() - 40..gap.start + 4200).step_by(3).chain(gap.end - 3..sealed.len());
    for at in places {
        for change in [0x01, 0x10, 0x80] {
            let mut other = sealed.clone();
            other[at] ^= change;
            let same = other.eq_ignore_ascii_case(&sealed) && gap.contains(&at);
            assert!(same || is_refused(&other, &anchors), "byte {at} as {:#x}", other[at]);
        }
    }
}

#[test]
fn what_is_cut_off_or_added_is_noticed() {
    let (plain, sealed, anchors) = sealed();
    for cut in [1, 2, 6, 100, gap(&sealed).len(), sealed.len() - plain.len() - 1] {
        assert!(is_refused(&sealed[..sealed.len() - cut], &anchors), "{cut}");
    }
    for more in [&b"\n"[..], b" ", b"\0", b"%", b"\n%%EOF", b"\n1 0 obj\n<<>>\nendobj\n"] {
        let added = [&sealed[..], more].concat();
        assert!(is_refused(&added, &anchors), "{more:?}");
    }
    assert!(is_refused(&[b"\n", &sealed[..]].concat(), &anchors));
}

/// An incremental update of somebody else's behind the seal: the pages are another's, and the seal's own bytes are whole.
#[test]
fn an_update_behind_the_seal_is_found_out() {
    let (_, sealed, anchors) = sealed();
    let text = String::from_utf8_lossy(&sealed);
    let after = |key: &str, end: &str| text.rsplit_once(key).unwrap().1.split(end).next().unwrap().trim().to_owned();
    let (root, table) = (after("/Root ", "/"), after("startxref\n", "\n"));
    let object = "\n1 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n";
    let update = format!(
        "{object}xref\n1 1\n{:010} 00000 n\r\ntrailer\n<</Size 999/Root {root}/Prev {table}>>\nstartxref\n{}\n%%EOF",
        sealed.len() + 1,
        sealed.len() + object.len()
    );
    let updated = [&sealed[..], update.as_bytes()].concat();
    let found = found(&updated, &anchors);
    assert!(!found.covers_whole_file && !found.is_valid());
    assert!(found.digest && found.signature, "what it covers is as it was sealed");
}

#[test]
fn a_byte_range_that_leaves_anything_out_is_found_out() {
    let (_, sealed, anchors) = sealed();
    let gap = gap(&sealed);
    let numbers = |numbers: [usize; 4]| numbers.iter().map(|number| format!("{number:<8}")).collect::<String>();
    let honest = [0, gap.start, gap.end, sealed.len() - gap.end];
    let tail = sealed.len() - gap.end;
    for other in [
        [1, gap.start - 1, gap.end, tail],
        [0, gap.start - 1, gap.end, tail],
        [0, gap.start + 1, gap.end, tail],
        [0, gap.start, gap.end + 1, tail - 1],
        [0, gap.start, gap.end - 1, tail + 1],
        [0, gap.start, gap.end, tail - 1],
        [0, gap.start, gap.end, tail + 1],
        [0, gap.start, gap.start, sealed.len() - gap.start],
        [0, 0, 0, sealed.len()],
        [0, sealed.len(), sealed.len(), 0],
        [0, gap.end, gap.start, sealed.len() - gap.start],
        [0, 9_999_999, 9_999_999, 9_999_999],
    ] {
        let spoilt = replace(&sealed, &numbers(honest), &numbers(other));
        assert!(is_refused(&spoilt, &anchors), "{other:?}");
        if let Ok(Some(found)) = check(&spoilt, &anchors, now()) {
            assert!(!found.covers_whole_file, "{other:?}");
        }
    }
    for form in ["-1 ", "[] ", "1.5", "null "] {
        let text = numbers(honest);
        let spoilt = replace(&sealed, &text, &format!("{form:<8}{}", &text[8..]));
        assert!(matches!(check(&spoilt, &anchors, now()), Err(SealError::Form(_))), "{form}");
    }
}

/// The signature in the gap of another file of the same shape.
#[test]
fn a_seal_does_not_fit_another_attestation() {
    let (root, organisation) = organisation();
    let [one, other] = ["Zoé Martin", "Zoë Martin"].map(|name| attestation("Un titre", name));
    let one = seal_with(&one, &organisation, &[], now()).unwrap();
    let other = seal_with(&other, &organisation, &[], now()).unwrap();
    let gap = gap(&one);
    let digits = &one[gap.start + 1..gap.end - 1];
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(std::str::from_utf8(&digits[at..at + 2]).unwrap(), 16).unwrap())
        .collect();
    let found = found(&with_contents(&other, &bytes), &[root.anchor()]);
    assert!(found.covers_whole_file && found.signature && !found.digest && !found.is_valid());
}

/// Places in which a reader could take something else than the hexadecimal digits for the signature.
#[test]
fn a_gap_that_is_not_bare_digits_is_refused() {
    let (_, sealed, anchors) = sealed();
    let gap = gap(&sealed);
    for (from_end, text) in [(5, "    "), (5, "\n\r\t\0"), (9, "%abc\n000"), (5, "><00"), (5, ">(a)")] {
        let mut other = sealed.clone();
        let at = gap.end - from_end;
        other[at..at + text.len()].copy_from_slice(text.as_bytes());
        assert!(is_refused(&other, &anchors), "{text:?}");
    }
    let at = gap.end - 5;
    let mut padded = sealed.clone();
    padded[at] = b'1';
    assert_eq!(check(&padded, &anchors, now()), Err(SealError::Form("something stands behind it")));
    // Contents of another kind of string, at the same place.
    let mut literal = sealed.clone();
    (literal[gap.start], literal[gap.end - 1]) = (b'(', b')');
    assert!(is_refused(&literal, &anchors));
}

#[test]
fn several_signatures_or_fields_are_refused() {
    let (_, sealed, anchors) = sealed();
    for more in ["/FT/Sig", "/ByteRange[0 1]", "/Type/Sig"] {
        // As many characters as the last entry of a dictionary in the catalog has.
        let spoilt = replace(&sealed, "/Suspects false>>", &format!("{more:<15}>>"));
        assert_eq!(check(&spoilt, &anchors, now()), Err(SealError::Several { count: 2 }), "{more}");
    }
    let unsigned = replace(&sealed, "/Type/Sig/Filter/Adobe.PPKLite", "/Typf/Sig/Filter/Adobe.PPKLite");
    let unsigned = replace(&unsigned, "/ByteRange", "/ByteRangf");
    assert!(matches!(check(&unsigned, &anchors, now()), Err(SealError::Form(_))));
    let fieldless = replace(&sealed, "<</FT/Sig/T(seal)", "<</FT/Btn/T(seal)");
    assert!(matches!(check(&fieldless, &anchors, now()), Err(SealError::Form(_))));
    let other_form = replace(&sealed, "ETSI.CAdES.detached", "adbe.pkcs7.detached");
    assert!(matches!(check(&other_form, &anchors, now()), Err(SealError::Form(_))));
}

/// The part of the CMS that nothing signs can be changed by anybody.
#[test]
fn a_changed_cms_is_never_better_than_what_it_was() {
    let (_, sealed, anchors) = sealed();
    assert!(found(&with_cms(&sealed, |_| {}), &anchors).is_valid(), "the helper changes nothing by itself");
    let two = with_cms(&sealed, |data| {
        let one = data.signer_infos.0.as_slice()[0].clone();
        let mut other = one.clone();
        other.unsigned_attrs = other.signed_attrs.clone();
        data.signer_infos = SignerInfos(SetOfVec::from_iter([one, other]).unwrap());
    });
    assert!(matches!(check(&two, &anchors, now()), Err(SealError::Form(_))));
    let bare = with_cms(&sealed, |data| {
        let mut one = data.signer_infos.0.as_slice()[0].clone();
        one.signed_attrs = None;
        data.signer_infos = SignerInfos(SetOfVec::from_iter([one]).unwrap());
    });
    assert!(matches!(check(&bare, &anchors, now()), Err(SealError::Form(_))));
    for index in 0..3 {
        let less = with_cms(&sealed, |data| {
            let mut one = data.signer_infos.0.as_slice()[0].clone();
            let mut attributes = one.signed_attrs.take().unwrap().into_vec();
            attributes.remove(index);
            one.signed_attrs = Some(SetOfVec::from_iter(attributes).unwrap());
            data.signer_infos = SignerInfos(SetOfVec::from_iter([one]).unwrap());
        });
        assert!(matches!(check(&less, &anchors, now()), Err(SealError::Form(_))), "{index}");
    }
    let without = with_cms(&sealed, |data| data.certificates = None);
    assert!(matches!(check(&without, &anchors, now()), Err(SealError::Form(_))));
    // A certificate of the same name and number, by an authority of the same name: signing-certificate-v2 tells them apart.
    let (_, twin) = organisation();
    let swapped = with_cms(&sealed, |data| {
        let twin = cms::cert::CertificateChoices::Certificate(twin.certificate.read.clone());
        data.certificates = Some(cms::signed_data::CertificateSet(SetOfVec::from_iter([twin]).unwrap()));
    });
    assert!(matches!(check(&swapped, &anchors, now()), Err(SealError::Form(_))));
}

#[test]
fn rubbish_is_an_error_and_never_a_panic() {
    let (plain, sealed, anchors) = sealed();
    for bytes in [&b""[..], b"%PDF-", b"%PDF-1.7\nstartxref\n0\n%%EOF", b"not a PDF"] {
        assert!(check(bytes, &anchors, now()).is_err());
    }
    assert!(matches!(check(&vec![0; MAX_PDF_BYTES + 1], &anchors, now()), Err(SealError::TooLarge { .. })));
    for contents in [&[][..], &[0x30], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x30, 0x80, 0, 0], &[0x30, 3, 2, 1, 1]]
    {
        assert!(
            matches!(check(&with_contents(&sealed, contents), &anchors, now()), Err(SealError::Form(_))),
            "{contents:?}"
        );
    }
    for keep in (0..sealed.len()).step_by(997) {
        let _ = check(&sealed[..keep], &anchors, now());
    }
    assert_eq!(check(&plain, &anchors, now()), Ok(None));
}
