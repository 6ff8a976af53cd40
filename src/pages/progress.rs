//! A learner's progress: the page behind the learner's own link, and the same in short for a frame on the LMS's pages.
//!
//! Neither takes a name, and neither has anything that could tell a result: what they show is made from `criteria::Progress`.

use serde::Serialize;

use super::engine::{PageError, Pages};
use super::wording::say;
use crate::catalog::{AwardKind, EffectiveSession, Issuer};
use crate::criteria::{Progress, Step, StepState, TimeRecord};
use crate::mentions::{Mention, is_feminine};
use crate::text::{Lang, capitalised};
use crate::time::{Duration, Timestamp, Zone};

/// What `GET /p/{token}` and `GET /p/{token}/embed` show.
#[derive(Debug, Clone)]
pub struct ProgressPage<'a> {
    /// The session over its training.
    pub session: &'a EffectiveSession,
    /// The issuer of its awards; days are counted in its time zone.
    pub issuer: &'a Issuer,
    /// Each kind of award.
    pub kinds: &'a [KindShown<'a>],
    /// As of when.
    pub at: Timestamp,
    /// When the session was closed.
    pub closed: Option<Timestamp>,
    /// The address of the whole page, to which the short form leads.
    pub page_url: &'a str,
    /// Where the criteria are published.
    pub criteria_url: &'a str,
    /// Which of the two.
    pub shown_in: ShownIn,
    /// The language of the page.
    pub lang: Lang,
}

/// Where progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownIn {
    /// On a page of its own.
    Page,
    /// In a frame on somebody else's.
    Frame,
}

/// One kind of award.
#[derive(Debug, Clone)]
pub struct KindShown<'a> {
    /// How far the learner is.
    pub progress: &'a Progress,
    /// What came of it.
    pub award: AwardShown<'a>,
}

/// What came of one kind of award.
#[derive(Debug, Clone)]
pub enum AwardShown<'a> {
    /// Nothing yet.
    None,
    /// It is being prepared.
    Preparing,
    /// All was done after the session was closed: it waits for an officer.
    AfterClosing,
    /// An officer refused it.
    Refused,
    /// It was issued.
    Issued {
        /// When it was awarded.
        at: Timestamp,
        /// The address of the PDF.
        attestation: &'a str,
        /// That of the badge.
        badge: &'a str,
        /// That of the credential.
        credential: &'a str,
        /// That of the page that the QR code opens.
        verification: &'a str,
    },
    /// Its issuer withdrew it.
    Revoked {
        /// When.
        at: Timestamp,
    },
}

#[derive(Serialize)]
struct Context<'a> {
    content_lang: &'static str,
    title: &'a str,
    issuer: &'a str,
    ends: Option<String>,
    kinds: Vec<KindContext<'a>>,
    times: Vec<Mention>,
    page_url: &'a str,
    criteria_url: &'a str,
}

#[derive(Serialize)]
struct KindContext<'a> {
    id: &'static str,
    heading: &'static str,
    /// `open`, `over`, `ready`, `issued` or `revoked`.
    tone: &'static str,
    sentence: String,
    /// None where the award is there, or was: the bar would say less than the sentence.
    percent: Option<u8>,
    percent_text: String,
    todo: Vec<Line>,
    done: Vec<Line>,
    downloads: Option<Downloads<'a>>,
}

#[derive(Serialize)]
struct Downloads<'a> {
    attestation: &'a str,
    badge: &'a str,
    credential: &'a str,
    verification: &'a str,
}

/// One step in words.
#[derive(Debug, PartialEq, Serialize)]
struct Line {
    text: String,
    notes: Vec<String>,
    /// `done`, `open`, `later` or `over`.
    state: &'static str,
    parts: Vec<Line>,
}

impl Pages {
    /// `GET /p/{token}`, and the same for a frame.
    pub fn progress(&self, page: &ProgressPage<'_>) -> Result<String, PageError> {
        let (lang, session, zone) = (page.lang, &page.session.session, &page.issuer.time_zone);
        let closed = page.closed.map(|closed| {
            let day = closed.day(zone, lang);
            let fr = format!("La session est close depuis le {day} : une attribution demande l’accord de l’organisme.");
            say(lang, &fr, &format!("The session was closed on {day}: an award takes the issuer’s consent."))
        });
        let ends = session.ends.filter(|_| closed.is_none()).map(|ends| {
            let day = ends.day(zone, lang);
            if page.at < ends {
                say(lang, &format!("La session se termine le {day}."), &format!("The session ends on {day}."))
            } else {
                say(lang, &format!("La session s’est terminée le {day}."), &format!("The session ended on {day}."))
            }
        });
        let context = Context {
            content_lang: page.session.training.language.tag(),
            title: page.session.training.title.as_str(),
            issuer: page.issuer.name.as_str(),
            ends: closed.or(ends),
            kinds: page.kinds.iter().map(|kind| kind_context(kind, zone, lang)).collect(),
            times: page.kinds.first().map(|kind| times(&kind.progress.time, lang)).unwrap_or_default(),
            page_url: page.page_url,
            criteria_url: page.criteria_url,
        };
        let template = match page.shown_in {
            ShownIn::Page => "progress.html",
            ShownIn::Frame => "progress_embed.html",
        };
        self.render(template, lang, context)
    }
}

fn kind_context<'a>(kind: &KindShown<'a>, zone: &Zone, lang: Lang) -> KindContext<'a> {
    let progress = kind.progress;
    let (mut todo, mut done) = (Vec::new(), Vec::new());
    for step in &progress.steps {
        let into = if step.state == StepState::Done { &mut done } else { &mut todo };
        into.push(line(step, zone, lang));
    }
    let agree = |feminine: &'static str, masculine| if is_feminine(Some(progress.kind)) { feminine } else { masculine };
    let day = |at: &Timestamp| at.day(zone, lang);
    let (tone, sentence) = match (&kind.award, progress.state) {
        (AwardShown::Issued { at, .. }, _) => {
            let fr = format!("{} le {}.", agree("Obtenue", "Obtenu"), day(at));
            ("issued", say(lang, &fr, &format!("Awarded on {}.", day(at))))
        }
        (AwardShown::Revoked { at }, _) => {
            let fr = format!("{} par l’organisme le {}.", agree("Retirée", "Retiré"), day(at));
            ("revoked", say(lang, &fr, &format!("Withdrawn by its issuer on {}.", day(at))))
        }
        (AwardShown::Refused, _) => ("revoked", refused(progress.kind, lang)),
        (AwardShown::AfterClosing, _) => (
            "ready",
            say(
                lang,
                "Tout est fait, mais après la clôture de la session : l’organisme doit donner son accord.",
                "All is done, but after the session was closed: the issuer has to give its consent.",
            ),
        ),
        (AwardShown::Preparing, _) | (AwardShown::None, StepState::Done) => (
            "ready",
            say(
                lang,
                "Tout est fait. Le document est en préparation : revenez un peu plus tard.",
                "All is done. The document is being prepared: come back a little later.",
            ),
        ),
        (AwardShown::None, StepState::Over) => ("over", over(progress.kind, lang)),
        (AwardShown::None, StepState::Open | StepState::Later) => ("open", remaining(todo.len(), lang)),
    };
    let downloads = match &kind.award {
        AwardShown::Issued { attestation, badge, credential, verification, .. } => {
            Some(Downloads { attestation, badge, credential, verification })
        }
        _ => None,
    };
    // Once there is an award, what it once took is history: what would still be asked today would only puzzle.
    let is_awarded = !matches!(kind.award, AwardShown::None);
    let space = lang.pick("\u{a0}", "");
    KindContext {
        id: progress.kind.as_str(),
        heading: progress.kind.label(lang),
        tone,
        sentence,
        percent: (!is_awarded).then_some(progress.percent),
        percent_text: format!("{}{space}%", progress.percent),
        todo: if is_awarded { Vec::new() } else { todo },
        done,
        downloads,
    }
}

fn remaining(count: usize, lang: Lang) -> String {
    match (count, lang) {
        (1, Lang::Fr) => "Il vous reste une étape.".to_owned(),
        (1, Lang::En) => "One step remains.".to_owned(),
        (_, Lang::Fr) => format!("Il vous reste {count} étapes."),
        (_, Lang::En) => format!("{count} steps remain."),
    }
}

fn refused(kind: AwardKind, lang: Lang) -> String {
    let award = kind.with_article(lang);
    let fr = format!("L’organisme a décidé de ne pas délivrer {award}. Demandez-lui pourquoi.");
    say(lang, &fr, &format!("The issuer decided not to award {award}. Ask it why."))
}

fn over(kind: AwardKind, lang: Lang) -> String {
    let award = kind.with_article(lang);
    let fr = format!(
        "La date d’une étape est passée : {award} ne peut plus être obtenu{} ainsi. Parlez-en à l’organisme de formation.",
        if is_feminine(Some(kind)) { "e" } else { "" }
    );
    let en = format!(
        "The time of one step is over: {award} can’t be earned this way any more. Speak to the training organisation."
    );
    say(lang, &fr, &en)
}

fn line(step: &Step, zone: &Zone, lang: Lang) -> Line {
    let mut notes = Vec::new();
    if let Some(detail) = &step.detail {
        notes.push(capitalised(detail.get(lang)));
    }
    if step.state != StepState::Done {
        if let Some(period) = &step.period {
            let period = capitalised(period.get(lang));
            notes.push(match step.state {
                StepState::Over => {
                    say(lang, &format!("{period} : date passée"), &format!("{period}: the time is over"))
                }
                _ => period,
            });
        }
        if let Some(at) = step.next_meeting {
            let at = at.day_and_minute(zone, lang);
            notes.push(say(lang, &format!("Prochaine séance le {at}"), &format!("Next live session on {at}")));
        }
    }
    let state = match step.state {
        StepState::Done => "done",
        StepState::Open => "open",
        StepState::Later => "later",
        StepState::Over => "over",
    };
    // Of a choice that is made, what was not chosen is of no use any more.
    let parts = step.steps.iter().filter(|part| step.state != StepState::Done || part.state == StepState::Done);
    Line {
        text: capitalised(step.label.get(lang)),
        notes,
        state,
        parts: parts.map(|part| line(part, zone, lang)).collect(),
    }
}

/// The time there is, by each way of counting.
fn times(time: &TimeRecord, lang: Lang) -> Vec<Mention> {
    let spoken = |seconds: u64| {
        Duration::from_seconds(seconds / 60 * 60).map_or_else(|| "0\u{a0}min".to_owned(), Duration::spoken)
    };
    let ways = [
        (
            lang.pick("Durée prévue des activités terminées", "Planned duration of completed activities"),
            time.credited_seconds,
        ),
        (lang.pick("Mesuré en ligne et en séance", "Measured online and in live sessions"), time.measured_seconds),
        (
            lang.pick("Déclaré par la plateforme de formation", "Declared by the learning platform"),
            time.declared_seconds,
        ),
    ];
    let known = ways.into_iter().filter_map(|(label, seconds)| Some(Mention::new(label, spoken(seconds?))));
    known.collect()
}
