//! What was found about a document: the page behind a QR code, the public page of a credential, which shows the same without any
//! name, and the answer to whoever handed in a document.

use serde::Serialize;

use super::conclusion::{Conclusion, ValidityDays};
use super::engine::{PageError, Pages};
use super::wording::{TrustLine, check_label, outcome, revocation, say, status, trust_line};
use crate::catalog::Competency;
use crate::credential::{CompetencyView, CredentialView};
use crate::markdown::{Block, blocks};
use crate::mentions::{self, Mention};
use crate::text::{Lang, capitalised, typeset_french};
use crate::time::{Timestamp, Zone};
use crate::verify::{CheckCode, Outcome, Reason, Report, Verdict};

/// What `GET /v/{qr-token}` shows: the holder of the token may see the learner's name.
#[derive(Debug, Clone)]
pub struct VerificationPage<'a> {
    /// What was found.
    pub report: &'a Report,
    /// The learner, where the award still names one.
    pub recipient: Option<RecipientLine>,
    /// Where to go from here.
    pub links: VerificationLinks,
    /// The language of the page.
    pub lang: Lang,
    /// The time zone in which days are counted: the issuer's.
    pub zone: &'a Zone,
}

/// What the public page of a credential shows. It takes no name, and leaves out the one that a credential may carry.
#[derive(Debug, Clone)]
pub struct CredentialPage<'a> {
    /// What was found.
    pub report: &'a Report,
    /// Where to go from here.
    pub links: VerificationLinks,
    /// The language of the page.
    pub lang: Lang,
    /// The time zone in which days are counted: the issuer's.
    pub zone: &'a Zone,
}

/// What `POST /verify` answers about a document that was handed in, by whoever. It takes no name either.
#[derive(Debug, Clone)]
pub struct ResultPage<'a> {
    /// What was found.
    pub report: &'a Report,
    /// The language of the page.
    pub lang: Lang,
    /// The time zone in which days are counted.
    pub zone: &'a Zone,
}

/// The learner as the award names them.
#[derive(Clone)]
pub struct RecipientLine {
    /// The name on the attestation.
    pub name: String,
    /// What [`CredentialView::names`] says of it; none where the credential commits to no name.
    pub matches_commitment: Option<bool>,
}

/// Personal data never reaches a log by `{:?}`.
impl std::fmt::Debug for RecipientLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecipientLine").field("matches_commitment", &self.matches_commitment).finish_non_exhaustive()
    }
}

/// The addresses that a page leads to.
#[derive(Debug, Clone, Default)]
pub struct VerificationLinks {
    /// The signed credential.
    pub credential_json: String,
    /// The published criteria, where the credential does not say itself.
    pub criteria: Option<String>,
    /// The page of the credential that replaces this one.
    pub replaced_by: Option<String>,
}

impl Pages {
    /// `GET /v/{qr-token}`.
    pub fn verification(&self, page: &VerificationPage<'_>) -> Result<String, PageError> {
        let name = Name::of(page.recipient.as_ref(), page.lang);
        let context = Context::new(page.report, &page.links, page.lang, page.zone, name);
        self.render("verification.html", page.lang, context)
    }

    /// `GET /credentials/{id}` for people.
    pub fn credential(&self, page: &CredentialPage<'_>) -> Result<String, PageError> {
        let context = Context::new(page.report, &page.links, page.lang, page.zone, Name::Withheld);
        self.render("verification.html", page.lang, context)
    }

    /// `POST /verify`.
    pub fn result(&self, page: &ResultPage<'_>) -> Result<String, PageError> {
        let ResultPage { report, lang, zone } = *page;
        let links = VerificationLinks {
            replaced_by: report.revocation.as_ref().and_then(|entry| entry.replaced_by.clone()),
            ..VerificationLinks::default()
        };
        let mut context = Context::new(report, &links, lang, zone, Name::handed_in(report, lang));
        context.credentials = report
            .credentials
            .iter()
            .map(|one| Context::new(one, &NO_LINKS, lang, zone, Name::handed_in(one, lang)))
            .collect();
        self.render("verification.html", lang, context)
    }
}

/// A credential in a presentation leads nowhere but where it says itself.
static NO_LINKS: VerificationLinks =
    VerificationLinks { credential_json: String::new(), criteria: None, replaced_by: None };

#[derive(Serialize)]
struct Context<'a> {
    tone: &'static str,
    headline: String,
    explanation: String,
    /// What to do, where nothing that was signed can be shown.
    steps: Vec<String>,
    /// How far the issuer is known; of a presentation, its holder.
    trust: Option<TrustLine>,
    /// Whether it is a presentation.
    of_presentation: bool,
    /// Of a presentation.
    credentials: Vec<Context<'a>>,
    revocation: Option<String>,
    replaced_by: Option<&'a str>,
    checked: Moment,
    content: Option<Content<'a>>,
    checks: Vec<CheckLine<'a>>,
    passed: usize,
    credential_json: &'a str,
}

impl<'a> Context<'a> {
    fn new(report: &'a Report, links: &'a VerificationLinks, lang: Lang, zone: &Zone, name: Name<'a>) -> Self {
        let view = report.content.as_ref();
        let days = ValidityDays::of(report, zone, lang);
        let conclusion = match (&name, Conclusion::of(report)) {
            (Name::Contradicted, Conclusion::InForce | Conclusion::Logged) => Conclusion::OtherName,
            (_, conclusion) => conclusion,
        };
        let of_presentation = report.outcome(CheckCode::Credentials).is_some();
        let revoked = report.revocation.as_ref().filter(|_| report.verdict == Verdict::Revoked);
        Self {
            tone: conclusion.tone(),
            headline: conclusion.headline(view.map(|view| view.kind), lang),
            explanation: conclusion.explanation(&days, lang),
            steps: if view.is_some() { Vec::new() } else { conclusion.steps(lang) },
            trust: report.trust.map(|level| trust_line(level, view.map(|view| view.issuer.id.as_str()), lang)),
            of_presentation,
            credentials: Vec::new(),
            revocation: revoked.map(|entry| revocation(entry.category, &entry.at.day(zone, lang), lang)),
            replaced_by: links.replaced_by.as_deref().and_then(web_link),
            checked: Moment::new(report.checked_at, zone, lang),
            content: view.map(|view| Content::new(view, report, &days, links, lang, zone, name)),
            checks: report
                .checks
                .iter()
                .map(|check| {
                    let (class, outcome) = outcome(check.outcome, lang);
                    let message = check.message.get(lang);
                    let message = if lang == Lang::Fr { typeset_french(message) } else { message.to_owned() };
                    let label = check_label(check.code, of_presentation, lang);
                    CheckLine { label, class, outcome, message, detail: check.detail.as_deref() }
                })
                .collect(),
            passed: report.checks.iter().filter(|check| matches!(check.outcome, Outcome::Pass | Outcome::Warn)).count(),
            credential_json: &links.credential_json,
        }
    }
}

/// The signed content.
#[derive(Serialize)]
struct Content<'a> {
    /// The language of the texts that the issuer signed.
    lang: &'static str,
    kind: &'static str,
    awarded_to: String,
    issued_by: String,
    title: &'a str,
    /// What to hold it against.
    compare: String,
    name: Name<'a>,
    issuer: Organisation,
    description: Vec<Block>,
    facts: Vec<Mention>,
    objectives: &'a [String],
    competencies: Vec<SkillLine>,
    criteria: Vec<Block>,
    criteria_url: Option<&'a str>,
    id: &'a str,
    issuer_id: &'a str,
}

impl<'a> Content<'a> {
    fn new(
        view: &'a CredentialView,
        report: &Report,
        days: &ValidityDays,
        links: &'a VerificationLinks,
        lang: Lang,
        zone: &Zone,
        name: Name<'a>,
    ) -> Self {
        let mut facts = mentions::facts(view, zone, lang);
        // A correction is a later version of the same award.
        let signed = view.valid_from.day(zone, lang);
        if view.awarded.is_none_or(|awarded| awarded.day(zone, lang) != signed) {
            facts.push(Mention::new(lang.pick("Date de signature", "Signed on"), signed));
        }
        facts.push(Mention::new(lang.pick("Statut", "Status"), status(report, days, lang)));
        Self {
            lang: view.language.tag(),
            kind: mentions::kind(view.kind, lang),
            awarded_to: capitalised(mentions::awarded_to(view.kind, lang)),
            issued_by: capitalised(mentions::issued_by(view.kind, lang)),
            title: &view.title,
            compare: match report.reason(CheckCode::Form) {
                Some(Reason::PdfSealBroken) => say(
                    lang,
                    "Voici ce qui a été signé. Le PDF, lui, a été modifié après avoir été scellé.",
                    "This is what was signed. The PDF was altered after it was sealed.",
                ),
                Some(reason) if reason.is_of_altered_pages() => say(
                    lang,
                    "Voici ce qui a été signé. Les pages du PDF affichent autre chose : elles ont été modifiées.",
                    "This is what was signed. The pages of the PDF show something else: they were altered.",
                ),
                Some(
                    Reason::PdfNotCompared
                    | Reason::PdfTextAgrees
                    | Reason::PdfOtherText
                    | Reason::PdfNotVerifiable
                    | Reason::PdfRevised
                    | Reason::PdfOtherFiles
                    | Reason::PdfSealNotTrusted
                    | Reason::PdfSealedByAnother,
                ) => say(
                    lang,
                    "Comparez ces informations avec les pages du PDF, ligne par ligne : si elles diffèrent, le PDF a été modifié. Ou scannez son QR code.",
                    "Compare this information with the pages of the PDF, line by line: if they differ, the PDF was altered. Or scan its QR code.",
                ),
                _ => say(
                    lang,
                    "Comparez ces informations avec le document présenté : si elles diffèrent, le document a été modifié.",
                    "Compare this information with the document you were shown: if they differ, the document was altered.",
                ),
            },
            name,
            issuer: Organisation {
                name: view.issuer.name.clone(),
                url: view.issuer.url.as_deref().and_then(web_link).map(str::to_owned),
                parent: view.issuer.parent.clone(),
            },
            description: blocks(&view.description),
            facts,
            objectives: &view.objectives,
            competencies: view.competencies.iter().map(SkillLine::of_view).collect(),
            criteria: blocks(&view.criteria),
            criteria_url: view.criteria_url.as_deref().or(links.criteria.as_deref()).and_then(web_link),
            id: &view.id,
            issuer_id: &view.issuer.id,
        }
    }
}

/// What a page may say of the learner's name.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Name<'a> {
    /// The signature commits to this name.
    Confirmed { name: &'a str, note: String },
    /// The issuer says this name, and signed none.
    Unsigned { name: &'a str, note: String },
    /// The name on record is not the signed one: not shown.
    Contradicted,
    /// The award names nobody (any more).
    Absent,
    /// The page is public.
    Withheld,
    /// The document was handed in, without asking about anybody.
    NotAsked,
    /// It was handed in with an e-mail address, which is the recipient's or not.
    Asked { icon: &'static str, note: String },
}

impl<'a> Name<'a> {
    fn of(recipient: Option<&'a RecipientLine>, lang: Lang) -> Self {
        let Some(RecipientLine { name, matches_commitment }) = recipient else { return Self::Absent };
        match matches_commitment {
            Some(true) => Self::Confirmed {
                name,
                note: say(
                    lang,
                    "Nom vérifié : c’est bien celui que l’organisme a signé",
                    "Name verified: it is the one that the issuer signed",
                ),
            },
            Some(false) => Self::Contradicted,
            None => Self::Unsigned {
                name,
                note: say(
                    lang,
                    "Nom indiqué par l’organisme, non couvert par la signature",
                    "Name given by the issuer, not covered by the signature",
                ),
            },
        }
    }

    /// What can be said of the person asked about. The address itself is not repeated.
    fn handed_in(report: &Report, lang: Lang) -> Self {
        match report.outcome(CheckCode::Recipient) {
            None => Self::NotAsked,
            Some(Outcome::Pass | Outcome::Warn) => Self::Asked {
                icon: "pass",
                note: say(
                    lang,
                    "La personne dont vous avez donné l’adresse électronique",
                    "The person whose e-mail address you gave",
                ),
            },
            Some(Outcome::Fail) => Self::Asked {
                icon: "fail",
                note: say(
                    lang,
                    "Une autre adresse électronique que celle que vous avez donnée",
                    "Another e-mail address than the one that you gave",
                ),
            },
            Some(Outcome::NotChecked) => Self::Asked {
                icon: "skip",
                note: say(
                    lang,
                    "Non contrôlé : le badge ne désigne personne par une adresse électronique",
                    "Not checked: the badge names nobody by an e-mail address",
                ),
            },
        }
    }
}

/// An organisation, with a link where its address is one of the web.
#[derive(Serialize)]
pub(super) struct Organisation {
    pub(super) name: String,
    pub(super) url: Option<String>,
    pub(super) parent: Option<String>,
}

/// A competency.
#[derive(Serialize)]
pub(super) struct SkillLine {
    name: String,
    url: Option<String>,
    /// Its framework and its code in it.
    place: Option<String>,
}

impl SkillLine {
    fn new(name: &str, framework: Option<&str>, code: Option<&str>, url: &str) -> Self {
        Self { name: name.to_owned(), url: web_link(url).map(str::to_owned), place: mentions::place(framework, code) }
    }

    fn of_view(view: &CompetencyView) -> Self {
        Self::new(&view.name, view.framework.as_deref(), view.code.as_deref(), &view.url)
    }

    pub(super) fn of_catalog(competency: &Competency) -> Self {
        let Competency { name, framework, code, url } = competency;
        let text = |name: &Option<crate::catalog::Name>| name.as_ref().map(|name| name.as_str().to_owned());
        Self::new(name.as_str(), text(framework).as_deref(), text(code).as_deref(), url.as_str())
    }
}

#[derive(Serialize)]
struct CheckLine<'a> {
    label: &'static str,
    class: &'static str,
    outcome: &'static str,
    message: String,
    /// For whoever mends it, in English.
    detail: Option<&'a str>,
}

/// A moment for people and for machines.
#[derive(Serialize)]
struct Moment {
    text: String,
    datetime: String,
}

impl Moment {
    fn new(moment: Timestamp, zone: &Zone, lang: Lang) -> Self {
        Self { text: moment.day_and_minute(zone, lang), datetime: moment.to_whole_second().to_string() }
    }
}

/// An address that a page may link to: of the web, or of this server. A signed document may hold any other (`javascript:`).
fn web_link(url: &str) -> Option<&str> {
    let own_path = url.starts_with('/') && !url.starts_with("//");
    (own_path || url.starts_with("https://") || url.starts_with("http://")).then_some(url)
}
