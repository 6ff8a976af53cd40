//! Each reason leads to the words that are right for it, and none to better ones than the verdict.

use super::*;
use crate::pages::sample::{report, report_but, report_until, view};
use crate::text::Lang;

/// A report for one reason and what is concluded.
fn concluded(code: CheckCode, outcome: Outcome, reason: Reason) -> Conclusion {
    Conclusion::of(&report_until(Verdict::Invalid, code, outcome, reason))
}

#[test]
fn an_invalid_document_is_called_what_it_is() {
    use CheckCode::{Form, IssuerKey, Proof, Schema};
    for (code, reason, conclusion) in [
        (Form, Reason::NoCredential, Conclusion::NoBadge),
        (Form, Reason::SeveralCredentials, Conclusion::SeveralBadges),
        (Form, Reason::UnsafeFile, Conclusion::UnsafeFile),
        (Form, Reason::Unfetched, Conclusion::Unfetched),
        (Form, Reason::DuplicateKey, Conclusion::Unreadable),
        (Form, Reason::JwtUnsigned, Conclusion::Unsigned),
        (Schema, Reason::NotWellFormed, Conclusion::NotWellFormed),
        (Proof, Reason::SignatureMismatch, Conclusion::Altered),
        (Proof, Reason::ProofMissing, Conclusion::Unsigned),
        (Proof, Reason::EmbeddedKey, Conclusion::BadSignature),
        (Proof, Reason::ChallengeMismatch, Conclusion::OtherOccasion),
        (IssuerKey, Reason::ForeignKey, Conclusion::ForeignKey),
        (IssuerKey, Reason::KeyNotListed, Conclusion::ForeignKey),
        (IssuerKey, Reason::KeyRevoked, Conclusion::KeyRevoked),
        (IssuerKey, Reason::KeyExpired, Conclusion::KeyExpired),
        (IssuerKey, Reason::KeyUnusable, Conclusion::BadSignature),
    ] {
        assert_eq!(concluded(code, Outcome::Fail, reason), conclusion, "{reason:?}");
    }
}

#[test]
fn what_could_not_be_checked_says_which_check() {
    use CheckCode::{Form, IssuerKey, Proof, Recipient, Status};
    let open = Outcome::NotChecked;
    assert_eq!(concluded(Proof, open, Reason::SuiteNotSupported), Conclusion::SuiteNotSupported);
    assert_eq!(concluded(IssuerKey, open, Reason::KeyUnavailable), Conclusion::IssuerOutOfReach);
    assert_eq!(concluded(IssuerKey, open, Reason::IdentifierNotSupported), Conclusion::IssuerNotSupported);
    assert_eq!(concluded(Proof, open, Reason::KeyUnavailable), Conclusion::IssuerOutOfReach);
    let mut without_key = report_until(Verdict::Unverifiable, IssuerKey, open, Reason::KeyUnavailable);
    without_key.checks[2] = crate::verify::Check::new(Proof, open, Reason::Pointless);
    assert_eq!(Conclusion::of(&without_key), Conclusion::IssuerOutOfReach);
    let but = |code, outcome, reason| Conclusion::of(&report_but(Verdict::Unverifiable, code, outcome, reason));
    assert_eq!(but(Status, open, Reason::StatusListUnavailable), Conclusion::StatusUnknown);
    assert_eq!(but(Status, Outcome::Fail, Reason::StatusListNotAuthentic), Conclusion::StatusUnknown);
    assert_eq!(but(Recipient, open, Reason::RecipientUnnamed), Conclusion::NobodyNamed);
    assert_eq!(but(Form, open, Reason::PdfNotCompared), Conclusion::PdfNotCompared);
    assert_eq!(but(Form, open, Reason::PdfTextAgrees), Conclusion::PdfNotCompared);
    for reason in [Reason::PdfNotVerifiable, Reason::PdfRevised, Reason::PdfOtherFiles, Reason::PdfOtherText] {
        assert_eq!(but(Form, open, reason), Conclusion::PdfNotVerifiable);
    }
}

/// The pages of a PDF are altered whatever becomes of the badge in it, unless that is a forgery itself.
#[test]
fn altered_pages_are_told_from_an_altered_badge() {
    use CheckCode::{Form, IssuerKey, Proof};
    let altered = |mut report: Report| {
        report.checks[0] = crate::verify::Check::new(Form, Outcome::Fail, Reason::PdfOtherDuration);
        Conclusion::of(&report)
    };
    let (open, fail) = (Outcome::NotChecked, Outcome::Fail);
    assert_eq!(altered(report(Verdict::Invalid)), Conclusion::Altered);
    assert_eq!(altered(report(Verdict::Valid)), Conclusion::PdfAltered);
    assert_eq!(altered(report(Verdict::Revoked)), Conclusion::PdfAltered);
    let unreached = report_until(Verdict::Unverifiable, IssuerKey, open, Reason::KeyUnavailable);
    assert_eq!(altered(unreached), Conclusion::PdfAltered);
    let forged = report_until(Verdict::Invalid, Proof, fail, Reason::SignatureMismatch);
    assert_eq!(altered(forged), Conclusion::Altered);
}

#[test]
fn a_compromised_key_is_explained() {
    let logged = report_but(Verdict::Valid, CheckCode::IssuerKey, Outcome::Warn, Reason::KeyRevokedButLogged);
    assert_eq!(Conclusion::of(&logged), Conclusion::Logged);
    let words = in_words(&logged, &Zone::default(), Lang::Fr);
    assert!(words.headline == "Attestation authentique" && words.explanation.contains("journal"), "{words:?}");
    let refused = report_until(Verdict::Invalid, CheckCode::IssuerKey, Outcome::Fail, Reason::KeyRevoked);
    let words = in_words(&refused, &Zone::default(), Lang::En);
    assert!(words.explanation.contains("re-issued") && !words.explanation.contains("altered"), "{words:?}");
}

#[test]
fn a_badge_in_a_pdf_that_was_withdrawn_is_withdrawn_first() {
    let mut report = report(Verdict::Revoked);
    report.verdict = Verdict::Unverifiable;
    report.checks[0] = crate::verify::Check::new(CheckCode::Form, Outcome::NotChecked, Reason::PdfNotCompared);
    assert_eq!(Conclusion::of(&report), Conclusion::Revoked);
}

#[test]
fn a_presentation_is_judged_with_what_it_presents() {
    let presenting = |verdict, outcome, reason, credentials| {
        let mut presentation = report_but(verdict, CheckCode::Credentials, outcome, reason);
        (presentation.content, presentation.credentials) = (None, credentials);
        presentation
    };
    let verified = |credentials| presenting(Verdict::Valid, Outcome::Pass, Reason::CredentialsVerified, credentials);
    assert_eq!(Conclusion::of(&verified(vec![report(Verdict::Valid)])), Conclusion::Presented);
    let open = verified(vec![report(Verdict::Valid), report(Verdict::Unverifiable)]);
    assert_eq!(Conclusion::of(&open), Conclusion::PresentedOpen);
    let mut holder = verified(vec![report(Verdict::Valid)]);
    (holder.verdict, holder.trust) = (Verdict::Unverifiable, Some(Trust::SelfAsserted));
    assert_eq!(Conclusion::of(&holder), Conclusion::HolderUnknown);
    let refused =
        presenting(Verdict::Invalid, Outcome::Fail, Reason::CredentialsNotVerified, vec![report(Verdict::Revoked)]);
    assert_eq!(Conclusion::of(&refused), Conclusion::PresentedInvalid);
}

/// Every reason, at every check, with every outcome and verdict: green is only for what is valid.
#[test]
fn no_conclusion_is_better_than_the_verdict() {
    let codes = [
        CheckCode::Form,
        CheckCode::Schema,
        CheckCode::Proof,
        CheckCode::IssuerKey,
        CheckCode::Validity,
        CheckCode::Status,
        CheckCode::Recipient,
        CheckCode::Credentials,
    ];
    let verdicts = [
        Verdict::Revoked,
        Verdict::Suspended,
        Verdict::Expired,
        Verdict::NotYetValid,
        Verdict::Invalid,
        Verdict::Unverifiable,
    ];
    for code in codes {
        for reason in Reason::ALL {
            for outcome in [Outcome::Pass, Outcome::Warn, Outcome::NotChecked, Outcome::Fail] {
                for verdict in verdicts {
                    let conclusion = Conclusion::of(&report_but(verdict, code, outcome, *reason));
                    assert_ne!(conclusion.tone(), "valid", "{verdict:?} {code:?} {outcome:?} {reason:?}");
                }
                if outcome == Outcome::Fail {
                    let conclusion = Conclusion::of(&report_but(Verdict::Valid, code, outcome, *reason));
                    assert_ne!(conclusion.tone(), "valid", "{code:?} {reason:?}");
                }
            }
        }
    }
}

#[test]
fn words_agree_with_what_they_name() {
    let about = |kind| Some(Some(kind));
    let (attestation, certificate) = (about(AwardKind::Participation), about(AwardKind::Certificate));
    assert_eq!(Conclusion::Revoked.headline(attestation, Lang::Fr), "Attestation révoquée");
    assert_eq!(Conclusion::Revoked.headline(certificate, Lang::Fr), "Certificat révoqué");
    assert_eq!(Conclusion::InForce.headline(certificate, Lang::En), "Authentic certificate");
    assert_eq!(Conclusion::SomebodyElses.headline(attestation, Lang::Fr), "Attestation d’une autre personne");
    assert_eq!(Conclusion::SomebodyElses.headline(Some(None), Lang::En), "Somebody else’s badge");
    assert_eq!(Conclusion::Unsigned.headline(None, Lang::Fr), "Document non signé");
    let mut expired = report(Verdict::Expired);
    let words = |report: &Report, lang| in_words(report, &Zone::default(), lang).explanation.replace('\u{a0}', " ");
    assert!(
        words(&expired, Lang::Fr).ends_with("plus valable depuis le 1er octobre 2026."),
        "{}",
        words(&expired, Lang::Fr)
    );
    assert!(words(&expired, Lang::En).ends_with("no longer in force: it ended on 1 October 2026."));
    expired.content = Some(view(Verdict::Valid));
    assert!(words(&expired, Lang::Fr).ends_with("n’est plus valable."));
    assert!(
        words(&report(Verdict::NotYetValid), Lang::En).ends_with("not in force yet: it will be from 4 January 2027.")
    );
}
