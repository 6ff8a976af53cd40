//! The verification page behind a QR code, and the public page of a credential, which shows the same without any name.

use serde::Serialize;

use super::engine::{PageError, Pages};
use super::wording::{
    Conclusion, Noun, ValidityDays, check_label, explanation, headline, outcome, revocation, say, status, tone,
};
use crate::catalog::Competency;
use crate::credential::{CompetencyView, CredentialView};
use crate::markdown::{Block, blocks};
use crate::mentions::{self, Mention};
use crate::text::{Lang, capitalised, typeset_french};
use crate::time::{Timestamp, Zone};
use crate::verify::{Outcome, Report, Verdict};

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
}

#[derive(Serialize)]
struct Context<'a> {
    tone: &'static str,
    headline: String,
    explanation: String,
    revocation: Option<String>,
    replaced_by: Option<&'a str>,
    checked: Moment,
    content: Option<Content<'a>>,
    checks: Vec<CheckLine>,
    passed: usize,
    credential_json: &'a str,
}

impl<'a> Context<'a> {
    fn new(report: &'a Report, links: &'a VerificationLinks, lang: Lang, zone: &Zone, name: Name<'a>) -> Self {
        let view = report.content.as_ref();
        let bounds = ValidityDays {
            from: view.map(|view| view.valid_from.day(zone, lang)),
            until: view.and_then(|view| view.valid_until).map(|end| end.day(zone, lang)),
        };
        let conclusion = match (&name, report.verdict) {
            (Name::Contradicted, Verdict::Valid) => Conclusion::OtherName,
            (_, verdict) => Conclusion::Verdict(verdict),
        };
        let noun = view.map_or(Noun::Document, |view| Noun::Award(view.kind));
        let revoked = report.revocation.as_ref().filter(|_| report.verdict == Verdict::Revoked);
        Self {
            tone: tone(conclusion),
            headline: headline(conclusion, noun, lang),
            explanation: explanation(conclusion, bounds.clone(), lang),
            revocation: revoked.map(|entry| revocation(entry.category, &entry.at.day(zone, lang), lang)),
            replaced_by: links.replaced_by.as_deref().and_then(web_link),
            checked: Moment::new(report.checked_at, zone, lang),
            content: view.map(|view| Content::new(view, report.verdict, bounds, links, lang, zone, name)),
            checks: report
                .checks
                .iter()
                .map(|check| {
                    let (class, outcome) = outcome(check.outcome, lang);
                    let message = check.message.get(lang);
                    let message = if lang == Lang::Fr { typeset_french(message) } else { message.to_owned() };
                    CheckLine { label: check_label(check.code, lang), class, outcome, message }
                })
                .collect(),
            passed: report.checks.iter().filter(|check| check.outcome == Outcome::Pass).count(),
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
        verdict: Verdict,
        bounds: ValidityDays,
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
        facts.push(Mention::new(lang.pick("Statut", "Status"), status(verdict, bounds, lang)));
        Self {
            lang: view.language.tag(),
            kind: mentions::kind(view.kind, lang),
            awarded_to: capitalised(mentions::awarded_to(view.kind, lang)),
            issued_by: capitalised(mentions::issued_by(view.kind, lang)),
            title: &view.title,
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
struct CheckLine {
    label: &'static str,
    class: &'static str,
    outcome: &'static str,
    message: String,
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
