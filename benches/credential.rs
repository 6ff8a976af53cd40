//! Signing and verifying one realistic credential, beside `@digitalbazaar/vc` (Node) on the same document in the same run.
//!
//! `cargo bench --bench credential` prints microseconds and the ratio. The peer needs `tests/judges/node_modules`, which
//! `scripts/test` installs; without it, only our own figures are printed. Figures float with the machine; the ratio less so.

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Command;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use sceau::config::SystemEntropy;
use sceau::credential::{Draft, StatusPlace, compose};
use sceau::ids::{CredentialId, StatusListId};
use sceau::json::Limits;
use sceau::jsonld;
use sceau::keyring::KeyHandle;
use sceau::lint::lint;
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::did::{self, PublishedKey};
use sceau::proof::jwt;
use sceau::proof::key::{KeyKind, Signer as _};
use sceau::verify::{CheckCode, Materials, Outcome, Trust, prepare};

fn main() {
    let (award, url, entropy) = (support::award(), support::url(), support::Counter::new(100));
    let key = SigningKey::from_bytes(&[42; 32]);
    let did = url.issuer_did(&award.snapshot.issuer.code);
    let method = did.key(&key.public_key().thumbprint());
    let compose = || {
        compose(&Draft {
            url: &url,
            award: &award,
            id: CredentialId::random(&entropy),
            status: StatusPlace { list: StatusListId::random(&entropy), index: 7 },
            valid_from: award.awarded,
            email_salt: "00112233445566778899aabbccddeeff",
            name_secret: &[1; 16],
        })
    };
    let linted = lint(compose()).expect("our own document passes our own rules");
    let options = ProofOptions::assertion(Suite::EddsaRdfc2022, &award.awarded.to_string(), &method);
    let sign = || data_integrity::sign(linted.document(), &options, &key).expect("signs");
    let signed = sign();
    let text = signed.to_string();
    let jwk_url = url.issuer_key(&award.snapshot.issuer.code, &key.public_key().thumbprint());
    let published = PublishedKey { id: method, jwk_url, public: key.public_key(), revoked: None };
    let did_document = did::document(&did, &[published]);
    let materials = Materials::new().with(did.as_str(), did_document.to_string().as_bytes(), Trust::Domain);
    let verify = || {
        let report = prepare(text.as_bytes()).conclude(&materials, award.awarded);
        assert_eq!(report.outcome(CheckCode::Proof), Some(Outcome::Pass));
    };

    println!(
        "one credential of {} bytes, {} canonical quads",
        text.len(),
        jsonld::canonize(linted.document()).map_or(0, |nquads| nquads.lines().count())
    );
    let ours = [("sign", least_micros(|| drop(sign()))), ("verify", least_micros(verify))];
    let jcs = ProofOptions { suite: Suite::EddsaJcs2022, ..options.clone() };
    println!(
        "eddsa-jcs-2022    {:>8.0} µs to sign",
        least_micros(|| drop(data_integrity::sign(linted.document(), &jcs, &key)))
    );
    for kind in [KeyKind::P256, KeyKind::Rsa] {
        let key = KeyHandle::ephemeral(kind, &SystemEntropy).expect("a key can be made");
        let token =
            || jwt::sign(linted.document(), jwt::CREDENTIAL_TYPE, "https://sceau.example/key", &key).expect("signs");
        let (made, public) = (token(), key.public_key());
        let read = || assert!(jwt::parse(&made, &Limits::default()).is_ok_and(|jws| jws.verify(&public).is_ok()));
        let (sign, verify) = (least_micros(|| drop(token())), least_micros(read));
        println!("VC-JWT {}      {sign:>8.0} µs to sign, {verify:.0} µs to verify", kind.jose_algorithm());
    }
    println!("compose and lint  {:>8.0} µs", least_micros(|| drop(lint(compose()))));
    let peer = peer(&signed, &did_document);
    for (name, micros) in ours {
        match peer.as_ref().and_then(|peer| peer.get(name)).and_then(serde_json::Value::as_f64) {
            Some(theirs) => println!(
                "{name:<17} {micros:>8.0} µs   @digitalbazaar/vc {theirs:>8.0} µs   ratio {:.2}",
                micros / theirs
            ),
            None => println!("{name:<17} {micros:>8.0} µs"),
        }
    }
}

/// The least of many runs: what the work takes when nothing disturbs it.
fn least_micros(mut work: impl FnMut()) -> f64 {
    let runs = (0..200).map(|_| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64() * 1e6
    });
    runs.fold(f64::INFINITY, f64::min)
}

fn peer(signed: &serde_json::Value, did_document: &serde_json::Value) -> Option<serde_json::Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/speed.mjs");
    let input = serde_json::json!({ "signed": signed, "did": did_document }).to_string();
    let output = Command::new("node").arg(script).arg(input).output().ok()?;
    if !output.status.success() {
        eprintln!("no peer: {}", String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("node failed"));
        return None;
    }
    serde_json::from_slice(&output.stdout).ok()
}
