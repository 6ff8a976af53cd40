//! Identifiers are read as they are written, and what is none is refused.

use super::*;

#[test]
fn codes_are_short_lower_case_words() {
    for good in ["a", "laicite-2026", &"x".repeat(64)] {
        assert_eq!(good.parse::<Code>().unwrap().as_str(), good);
    }
    for bad in ["", "É", "A", "a b", "a/b", "a_b", &"x".repeat(65)] {
        assert!(bad.parse::<Code>().is_err(), "{bad:?}");
    }
}

#[test]
fn did_web_writes_a_port_as_percent_3a_and_finds_its_way_back() {
    let url: PublicUrl = "http://localhost:8080".parse().unwrap();
    let code: Code = "dgafp".parse().unwrap();
    let did = url.issuer_did(&code);
    assert_eq!(did.as_str(), "did:web:localhost%3A8080:issuers:dgafp");
    assert_eq!(url.issuer_of(did.as_str()), Some(code));
    assert_eq!(url.issuer_of("did:web:elsewhere.example:issuers:dgafp"), None);
}

#[test]
fn public_urls_are_bare_origins() {
    for good in
        ["https://sceau.example", "https://sceau.example:8443", "http://localhost:3000", "https://sceau.example/"]
    {
        assert!(good.parse::<PublicUrl>().is_ok(), "{good}");
    }
    for bad in [
        "ftp://x",
        "http://sceau.example",
        "https://127.0.0.1",
        "https://sceau.example/path",
        "https://Sceau.example",
        "https://a:b@x",
        "https://x:99999",
        "https://",
    ] {
        assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
    }
}

#[test]
fn a_token_hides_in_debug_and_survives_its_url_form() {
    let token = CapabilityToken::from_bytes([7; 16]);
    assert_eq!(format!("{token:?}"), "CapabilityToken(…)");
    assert_eq!(token.reveal().parse::<CapabilityToken>().unwrap(), token);
    assert!("short".parse::<CapabilityToken>().is_err());
}

#[test]
fn a_uuid_has_one_spelling() {
    let text = "0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e";
    assert_eq!(text.parse::<CredentialId>().unwrap().to_string(), text);
    assert!(text.to_uppercase().parse::<CredentialId>().is_err());
    assert!(text.replace('-', "").parse::<CredentialId>().is_err());
}
