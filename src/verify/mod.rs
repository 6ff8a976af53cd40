//! Verification: any credential or presentation in, a report of named checks out. The one code that our own output and an outsider's
//! credential both meet.
//!
//! It is pure. [`prepare`] reads the document; [`Prepared::needs`] says what is needed to judge it, a little more each time that
//! something was found; the caller looks for that (in storage, on the network) and [`Prepared::conclude`] judges. Nothing here fetches.

mod authenticity;
mod checks;
mod materials;
mod presented;
mod reason;
mod report;
mod status;

pub use materials::{MAX_DOCUMENT_BYTES, Materials, Need, NeedKind, OwnRecord};
pub use reason::Reason;
pub use report::{Check, CheckCode, Outcome, Report, Revocation, Trust, Verdict};

use serde_json::Value;

use self::authenticity::Authenticity;
use self::presented::{Secured, Unreadable};
use crate::json::items;
use crate::jsonld::{self, JsonLdError};
use crate::time::Timestamp;

/// The largest credential that is read, in bytes.
pub const MAX_CREDENTIAL_BYTES: usize = 1024 * 1024;
/// The most credentials of one presentation that are looked at.
pub const MAX_PRESENTED: usize = 16;

/// What is asked of a document.
#[derive(Debug, Clone)]
pub struct Question {
    /// The moment at which it is judged.
    pub now: Timestamp,
    /// Whether it was awarded to whoever has this e-mail address.
    pub recipient: Option<String>,
    /// The challenge that a presentation must answer.
    pub challenge: Option<String>,
    /// The domain that a presentation must be meant for.
    pub domain: Option<String>,
}

impl From<Timestamp> for Question {
    fn from(now: Timestamp) -> Self {
        Self { now, recipient: None, challenge: None, domain: None }
    }
}

/// A document that was read, and what was found so far.
#[derive(Debug)]
pub struct Prepared {
    form: Check,
    // None where it could not be read; the form says why.
    read: Option<Secured>,
    schema: Option<Check>,
    // Made once everything that it needs was looked for.
    authenticity: Option<Authenticity>,
    // Of a presentation.
    credentials: Vec<Prepared>,
}

/// Reads a credential or presentation: JSON text, or a compact JWS.
pub fn prepare(text: &[u8]) -> Prepared {
    match presented::read(text) {
        Ok(secured) => Prepared::of(secured),
        Err(why) => Prepared::failed(why),
    }
}

impl Prepared {
    /// A document that could not be read at all; `why` is a technical reason in English.
    pub fn unreadable(reason: Reason, why: &str) -> Self {
        Self::failed(Unreadable(reason, why.to_owned()))
    }

    fn failed(why: Unreadable) -> Self {
        let form = Check::new(CheckCode::Form, Outcome::Fail, why.0).with(&why.1);
        Self { form, read: None, schema: None, authenticity: None, credentials: Vec::new() }
    }

    /// The same with something to say of the file that the document was in, where it could be read.
    #[must_use]
    pub fn in_file(mut self, outcome: Outcome, reason: Reason) -> Self {
        if self.read.is_some() {
            self.form = Check::new(CheckCode::Form, outcome, reason);
        }
        self
    }

    /// The same with a technical detail of what was said of the file.
    #[must_use]
    pub fn in_detail(mut self, detail: impl std::fmt::Display) -> Self {
        if self.read.is_some() {
            self.form = self.form.with(detail);
        }
        self
    }

    fn of(secured: Secured) -> Self {
        let presented = secured.document.get("verifiableCredential").filter(|_| secured.is_presentation());
        let read = items(presented).iter().take(MAX_PRESENTED + 1).map(|credential| match credential {
            Value::String(token) => presented::from_token(token),
            document => presented::open(document.clone()),
        });
        let read: Vec<_> = read.collect();
        // What is presented together is bounded together, tokens and envelopes included.
        if jsonld::is_too_much(read.iter().flatten().map(|secured| &secured.document)) {
            return Self::failed(Unreadable(Reason::TooLarge, JsonLdError::TooMuch.to_string()));
        }
        let credentials = read.into_iter().map(|read| match read {
            // A presentation in a presentation has no meaning, and no end.
            Ok(secured) if secured.is_presentation() => {
                Self::failed(Unreadable(Reason::EnvelopeMalformed, "a presentation within a presentation".into()))
            }
            Ok(secured) => Self::of(secured),
            Err(why) => Self::failed(why),
        });
        let credentials = credentials.collect();
        let schema = Some(checks::schema(&secured));
        let form = Check::new(CheckCode::Form, Outcome::Pass, Reason::Readable);
        Self { form, read: Some(secured), schema, authenticity: None, credentials }
    }

    /// The `id` of each credential, for what our own records hold of it.
    pub fn credential_ids(&self) -> Vec<String> {
        let own = self.read.as_ref().and_then(|secured| secured.document.get("id")).and_then(Value::as_str);
        let presented = self.credentials.iter().flat_map(Self::credential_ids);
        own.map(str::to_owned).into_iter().chain(presented).collect()
    }

    /// What it takes to judge it that was not looked for yet. Once it was, ask again: a status list is asked for only where the proof
    /// holds, and its keys only once it is there.
    pub fn needs(&mut self, materials: &Materials, question: &Question) -> Vec<Need> {
        let of_each = of_each(question);
        let mut needs: Vec<Need> =
            self.credentials.iter_mut().flat_map(|credential| credential.needs(materials, &of_each)).collect();
        if let Some(secured) = &self.read
            && self.schema.as_ref().is_some_and(|check| check.outcome != Outcome::Fail)
        {
            let open = |need: &Need| !materials.was_looked_for(&need.id);
            let keys: Vec<_> = authenticity::needs(secured).into_iter().filter(open).collect();
            if keys.is_empty() && !secured.is_presentation() {
                let judged = self.authenticity.get_or_insert_with(|| authenticity::judge(secured, materials, question));
                if judged.holds() {
                    needs.extend(status::needs(secured, materials).into_iter().filter(open));
                }
            }
            needs.extend(keys);
        }
        needs.sort();
        // One address is one thing: a key is fetched without redirects, a status list with them, and neither may stand for the other.
        // The strictest kind comes first.
        needs.dedup_by(|later, first| later.id == first.id);
        needs
    }

    /// Judges the document.
    pub fn conclude(self, materials: &Materials, question: impl Into<Question>) -> Report {
        self.judge(materials, &question.into())
    }

    fn judge(self, materials: &Materials, question: &Question) -> Report {
        let Self { form, read, schema, authenticity, credentials } = self;
        let Some(secured) = read else {
            let rest =
                [CheckCode::Schema, CheckCode::Proof, CheckCode::IssuerKey, CheckCode::Validity, CheckCode::Status];
            let checks = std::iter::once(form).chain(rest.into_iter().map(Check::pointless)).collect();
            return Report::of(checks, question.now, None);
        };
        let mut checks = vec![form];
        checks.extend(schema);
        let authenticity = authenticity.unwrap_or_else(|| authenticity::judge(&secured, materials, question));
        // Pages that show something else make the file invalid, and the credential no less authentic: what it says is the answer.
        let fails = |check: &Check| check.outcome == Outcome::Fail && !check.reason.is_of_altered_pages();
        let authentic = authenticity.holds() && !checks.iter().any(fails);
        let trust = authenticity.trust;
        checks.extend([authenticity.proof, authenticity.key]);
        if secured.is_presentation() {
            return presentation(checks, credentials, materials, question, trust);
        }
        if !authentic {
            // Dates and status of a document that nobody vouches for would only mislead.
            checks.extend([CheckCode::Validity, CheckCode::Status].map(Check::pointless));
            return Report::of(checks, question.now, None);
        }
        checks.push(checks::validity(&secured, question.now));
        checks.push(status::check(&secured, materials, question));
        if let Some(email) = &question.recipient {
            checks.push(checks::recipient(&secured.document, email));
        }
        let mut report = Report::of(checks, question.now, trust);
        let id = secured.document.get("id").and_then(Value::as_str);
        let revocation = id.and_then(|id| materials.own(id)).and_then(|own| own.revocation.clone());
        report.revocation = revocation.filter(|_| report.verdict == Verdict::Revoked);
        report.content = crate::credential::CredentialView::read(&secured.document).ok();
        report
    }
}

/// What is asked of the credentials in a presentation: the challenge is the presentation's to answer.
fn of_each(question: &Question) -> Question {
    Question { challenge: None, domain: None, ..question.clone() }
}

/// The report on a presentation: its own checks, and what its credentials come to.
fn presentation(
    mut checks: Vec<Check>,
    credentials: Vec<Prepared>,
    materials: &Materials,
    question: &Question,
    trust: Option<Trust>,
) -> Report {
    let said = |outcome, reason| Check::new(CheckCode::Credentials, outcome, reason);
    if credentials.len() > MAX_PRESENTED {
        checks.push(said(Outcome::Fail, Reason::CredentialsNotVerified).with(format!("more than {MAX_PRESENTED}")));
        return Report::of(checks, question.now, trust);
    }
    let of_each = of_each(question);
    let reports: Vec<Report> = credentials.into_iter().map(|one| one.judge(materials, &of_each)).collect();
    let holds = |report: &Report| report.is_verified();
    let open = |report: &Report| report.verdict == Verdict::Unverifiable;
    checks.push(match reports.as_slice() {
        [] => said(Outcome::Warn, Reason::NoCredentials),
        reports if reports.iter().all(holds) => said(Outcome::Pass, Reason::CredentialsVerified),
        reports if reports.iter().all(|report| holds(report) || open(report)) => {
            said(Outcome::NotChecked, Reason::CredentialsNotChecked)
        }
        _ => said(Outcome::Fail, Reason::CredentialsNotVerified),
    });
    let mut report = Report::of(checks, question.now, trust);
    report.credentials = reports;
    report
}
