//! What the Verifiable Credentials Data Model demands of presentations (2.0 § 4.13). The credentials in them are documents of their
//! own, and are judged as such.

use serde_json::Value;

use super::shape::{demand, every, first_context, is_a, is_identified, select};
use super::{Breach, Group, Rule, Scope, Standard, vcdm, vcdm_1};

const PRESENTATION: Group = Group { document: Standard::Vcdm2, scope: Scope::Presentation };

pub(super) const RULES: &[Rule] = &[
    PRESENTATION.must(
        "vp.first-context",
        "4.3",
        "The first context is that of the data model, in version 2.0 or 1.1.",
        |document| {
            let known = [crate::credential::VC_CONTEXT, vcdm_1::CONTEXT];
            let holds = first_context(document).is_some_and(|first| known.contains(&first));
            demand(holds, "/@context", "the first context must be that of the data model")
        },
    ),
    PRESENTATION.must("vp.type", "4.13", "The type of a presentation holds VerifiablePresentation.", |document| {
        demand(is_a(document, "VerifiablePresentation"), "/type", "the type must hold VerifiablePresentation")
    }),
    PRESENTATION.must(
        "vp.holder",
        "4.13",
        "The holder, where named, is a URL, or an object whose id is one.",
        |document| {
            every(document, "/holder", "the holder must be a URL, or an object with one as its id", is_identified)
        },
    ),
    PRESENTATION.must(
        "vp.credentials",
        "4.13",
        "What is presented are credentials or enveloped credentials as objects, never texts or addresses.",
        |document| {
            every(
                document,
                "/verifiableCredential/*",
                "not a credential or an enveloped one, as an object",
                |credential| {
                    is_a(credential, "VerifiableCredential") || is_a(credential, "EnvelopedVerifiableCredential")
                },
            )
        },
    ),
    PRESENTATION.must(
        "vp.envelopes",
        "4.13.1",
        "Each enveloped credential has a context, one type and a data: URL as its id.",
        |document| {
            let presented = select(document, "/verifiableCredential/*").into_iter();
            let envelopes = presented.filter(|(_, credential)| is_a(credential, "EnvelopedVerifiableCredential"));
            envelopes
                .flat_map(|(pointer, envelope)| {
                    let breaches = vcdm::envelopes(envelope, "").into_iter();
                    breaches.map(move |breach| Breach { pointer: pointer.clone(), ..breach })
                })
                .collect()
        },
    ),
    PRESENTATION.must(
        "vp.self-asserted",
        "4.13.4",
        "A credential that only the presentation secures is one of the holder, who is named: \
 issuer and holder are the same.",
        |document| {
            let name =
                |value: Option<&Value>| value.and_then(|it| it.get("id").unwrap_or(it).as_str()).map(str::to_owned);
            let holder = name(document.get("holder"));
            every(
                document,
                "/verifiableCredential/*",
                "it has no proof, and its issuer is not the holder",
                |credential| {
                    let secured = credential.get("proof").is_some() || !is_a(credential, "VerifiableCredential");
                    secured || (holder.is_some() && name(credential.get("issuer")) == holder)
                },
            )
        },
    ),
];
