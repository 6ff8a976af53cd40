//! A PDF that was handed in: the credential attached to it, and what its pages come to beside that (docs/adr/0019-appearance-of-a-pdf.md).
//! The bytes that were issued, where that was here; a seal; the same bytes made again; what the pages say.

use std::sync::Arc;

use crate::attestation::inspect::{self, Appearance, Field, OpenError, Opened};
use crate::credential::CredentialView;
use crate::ids::CredentialId;
use crate::seal::{self, Chain, Found, SealError, TrustAnchor};
use crate::service::{Service, ServiceError};
use crate::time::Timestamp;
use crate::verify::{self, Outcome, Prepared, Reason};

use super::read_any;

/// A document that was read, and the PDF that it came in, if it did.
pub(super) struct Read {
    pub(super) prepared: Prepared,
    pub(super) pdf: Option<Opened>,
}

impl From<Prepared> for Read {
    fn from(prepared: Prepared) -> Self {
        Self { prepared, pdf: None }
    }
}

/// By what the seal of a PDF is judged. By default nobody is trusted.
#[derive(Debug, Clone, Default)]
pub struct SealTrust {
    /// The certificates that the verifier was given.
    pub anchors: Arc<[TrustAnchor]>,
    /// The moment; none where nobody is trusted anyway.
    pub now: Option<Timestamp>,
}

/// The credential attached to a PDF. What its pages show is nobody's signature: that is for [`judge`].
pub(super) fn read(pdf: &[u8]) -> Read {
    let refused = |reason, why: &dyn std::fmt::Display| Prepared::unreadable(reason, &why.to_string()).into();
    match inspect::open(pdf) {
        Ok(Some(opened)) => Read { prepared: verify::prepare(opened.credential().as_bytes()), pdf: Some(opened) },
        Ok(None) => refused(Reason::NoCredential, &"a PDF without a credential"),
        Err(error) => {
            let reason = match error {
                OpenError::TooLarge { .. } | OpenError::TooMuch { .. } => Reason::TooLarge,
                OpenError::Several { .. } => Reason::SeveralCredentials,
                OpenError::Encrypted => Reason::PdfEncrypted,
                OpenError::Active(_) => Reason::PdfActive,
                OpenError::Damaged(_) => Reason::PdfDamaged,
            };
            refused(reason, &error)
        }
    }
}

/// Judges the pages of a PDF where nobody can say what was issued: a seal of the issuer, from somebody trusted, vouches for all of it;
/// else bytes that we can make again; else what the pages say, which can refute and never confirm.
pub(super) fn judge(pdf: &[u8], opened: &Opened, prepared: Prepared, trust: &SealTrust) -> Prepared {
    let view = serde_json::from_str(opened.credential()).ok();
    let Some(view) = view.and_then(|document| CredentialView::read(&document).ok()) else {
        return prepared.in_file(Outcome::NotChecked, Reason::PdfNotCompared);
    };
    let now = trust.now.unwrap_or(view.valid_from);
    let found = match seal::check(pdf, &trust.anchors, now) {
        Ok(Some(found)) => found,
        // What cannot be read for a seal was read without one.
        Ok(None) | Err(SealError::TooLarge { .. } | SealError::Unreadable(_)) => {
            return say(prepared, opened.appearance(&view, pdf), None);
        }
        // Something like a seal, of which nothing can be said.
        Err(error) => {
            return say(prepared, opened.appearance(&view, pdf), Some((Reason::PdfSealNotTrusted, error.to_string())));
        }
    };
    if !(found.covers_whole_file && found.digest && found.signature) {
        let why = "it does not cover the file as it is".to_owned();
        let appearance = opened.appearance(&view, pdf);
        return match appearance {
            Appearance::Contradicts(_) => say(prepared, appearance, None),
            _ => prepared.in_file(Outcome::Fail, Reason::PdfSealBroken).in_detail(why),
        };
    }
    let sealed_by = whose(&found);
    if found.is_valid() && is_of_issuer(&found, &view) {
        return prepared.in_file(Outcome::Pass, Reason::PdfSealed).in_detail(sealed_by);
    }
    let reason = if found.is_valid() { Reason::PdfSealedByAnother } else { Reason::PdfSealNotTrusted };
    // Without the seal it may be what we would make; then nobody needs to be trusted.
    let before = pdf.get(..found.original_len).unwrap_or_default();
    let appearance = match inspect::open(before) {
        Ok(Some(original)) if seal::is_as_written(pdf, &found) => original.appearance(&view, before),
        _ => opened.appearance(&view, pdf),
    };
    say(prepared, appearance, Some((reason, sealed_by)))
}

/// What an appearance comes to. A seal that does not count is said where nothing graver is.
fn say(prepared: Prepared, appearance: Appearance, seal: Option<(Reason, String)>) -> Prepared {
    let open = Outcome::NotChecked;
    match (appearance, seal) {
        (Appearance::AsRendered, _) => prepared.in_file(Outcome::Pass, Reason::PdfAsRendered),
        (Appearance::Contradicts(differences), _) => {
            let reason = match differences.first().map(|difference| difference.field) {
                Some(Field::Name) => Reason::PdfOtherName,
                Some(Field::Title) => Reason::PdfOtherTitle,
                Some(Field::Duration) => Reason::PdfOtherDuration,
                Some(Field::Dates) => Reason::PdfOtherDate,
                Some(Field::Issuer) => Reason::PdfOtherIssuer,
                Some(Field::Kind) => Reason::PdfOtherKind,
                Some(Field::Text) | None => Reason::PdfOtherContent,
            };
            let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
            prepared.in_file(Outcome::Fail, reason).in_detail(all.join("; "))
        }
        (_, Some((reason, why))) => prepared.in_file(open, reason).in_detail(why),
        (Appearance::Revised, None) => prepared.in_file(open, Reason::PdfRevised),
        (Appearance::OtherFiles, None) => prepared.in_file(open, Reason::PdfOtherFiles),
        (Appearance::Foreign(what), None) => prepared.in_file(open, Reason::PdfNotVerifiable).in_detail(what.0),
        (Appearance::OtherText, None) => prepared.in_file(open, Reason::PdfOtherText),
        (Appearance::TextAgrees, None) => prepared.in_file(open, Reason::PdfTextAgrees),
    }
}

/// Whether the organisation that sealed is the issuer, or the one that it belongs to: an authority speaks for many, and any of them could
/// seal another's credential into pages of its own.
fn is_of_issuer(found: &Found, view: &CredentialView) -> bool {
    let names = [Some(&view.issuer.name), view.issuer.parent.as_ref()];
    let organisation = found.organisation.as_deref().map(inspect::comparable);
    organisation
        .is_some_and(|organisation| names.into_iter().flatten().any(|name| inspect::comparable(name) == organisation))
}

fn whose(found: &Found) -> String {
    let chain = match found.chain {
        Chain::Trusted => "trusted",
        Chain::Unknown => "of no authority that is trusted here",
        Chain::Expired => "expired when it sealed",
        Chain::NotYet => "not valid yet",
        Chain::Unsuitable => "not made for sealing documents",
    };
    format!("sealed by {}, whose certificate is {chain}", found.subject)
}

impl Service {
    /// By what seals are judged here and now.
    pub(super) fn seal_trust(&self) -> SealTrust {
        SealTrust { anchors: Arc::clone(&self.seal_anchors), now: Some(self.clock.now()) }
    }

    /// The document in a file. A PDF of ours is rendered again: where both have the same bytes, it shows what was signed. Any other is
    /// judged by what can be seen of it.
    pub async fn prepare_file(&self, bytes: Vec<u8>) -> Result<Prepared, ServiceError> {
        let bytes = Arc::new(bytes);
        let shared = Arc::clone(&bytes);
        let Read { prepared, pdf } = self.heavy(move || read_any(&shared)).await?;
        let Some(opened) = pdf else { return Ok(prepared) };
        for id in prepared.credential_ids() {
            let Some(id) = self.own_id::<CredentialId>(&id, "credentials") else { continue };
            let Some(record) = self.store.credential(id).await? else { continue };
            let Some(award) = self.store.award(record.award).await? else { continue };
            if record.signed.is_none() || record.recipient.name.is_none() {
                continue;
            }
            // As it was sealed, if it was; before that it was what is rendered now.
            if self.stored_seal(id).await?.is_some_and(|sealed| sealed == *bytes) {
                return Ok(prepared.in_file(Outcome::Pass, Reason::PdfAsIssued));
            }
            match self.unsealed_attestation(&award, &record).await {
                Ok(rendered) if rendered == *bytes => {
                    return Ok(prepared.in_file(Outcome::Pass, Reason::PdfAsIssued));
                }
                Ok(_) => {}
                // What cannot be drawn any more cannot be compared.
                Err(ServiceError::Defect(why)) => tracing::error!(error = why, "verification.pdf_not_rendered"),
                Err(error) => return Err(error),
            }
        }
        let trust = self.seal_trust();
        self.heavy(move || judge(&bytes, &opened, prepared, &trust)).await
    }
}
