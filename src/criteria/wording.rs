//! The words: what is asked, and what became of it, in French and English.
//!
//! Days are those of the platform's time zone, Europe/Paris.

use std::sync::LazyLock;

use super::Needs;
use super::ask::{Ask, What, WhichMeetings, Window, WindowStart};
use super::attendance::Share;
use crate::catalog::{Activity, ActivityKind, Meeting, Percent, Reached, TimeBasis, Training};
use crate::markdown;
use crate::text::{Bilingual, Lang};
use crate::time::{Days, Duration, Timestamp, Zone};

static ZONE: LazyLock<Zone> = LazyLock::new(Zone::default);

/// Both languages of one text.
pub(super) fn both(text: impl Fn(Lang) -> String) -> Bilingual {
    Bilingual::new(text(Lang::Fr), text(Lang::En))
}

/// How a title is set into a text: as it is, or so that Markdown shows it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    /// Plain text.
    Plain,
    /// Markdown (CommonMark).
    Markdown,
}

/// What a node asks, as an infinitive without capital or full stop, its window in front if it starts one.
pub(super) fn label(ask: &Ask<'_>, training: &Training, lang: Lang, markup: Markup) -> String {
    let asked = asked(ask, training, lang, markup);
    match period(ask, lang) {
        Some(period) => format!("{period}, {asked}"),
        None => asked,
    }
}

/// The window that starts at a node.
pub(super) fn period(ask: &Ask<'_>, lang: Lang) -> Option<String> {
    (ask.starts_window == WindowStart::Here).then(|| window(ask.window, lang))
}

/// What a node asks, without its window.
pub(super) fn asked(ask: &Ask<'_>, training: &Training, lang: Lang, markup: Markup) -> String {
    let text = |fr: &str, en: &str| lang.pick(fr, en).to_owned();
    match &ask.what {
        What::Group { needs: Needs::Any, .. } => {
            text("remplir au moins une des conditions suivantes", "meet at least one of the following conditions")
        }
        What::Group { needs: Needs::AtLeast(n), of } => {
            let all = of.len();
            match lang {
                Lang::Fr => format!("remplir au moins {n} des {all} conditions suivantes"),
                Lang::En => format!("meet at least {n} of the following {all} conditions"),
            }
        }
        What::Group { needs: Needs::All | Needs::Evidence, .. } => {
            text("remplir toutes les conditions suivantes", "meet all of the following conditions")
        }
        What::Expected { reached: Reached::Completed, .. } => {
            text("terminer chacune des activités attendues", "complete each expected activity")
        }
        What::Expected { reached: Reached::Passed, .. } => {
            text("réussir chacune des activités attendues", "pass each expected activity")
        }
        What::Unit { unit, .. } => {
            let title = quoted(unit.title.as_str(), lang, markup);
            match lang {
                Lang::Fr => format!("terminer l’unité {title}"),
                Lang::En => format!("complete the unit {title}"),
            }
        }
        What::Activity { activity, reached } => asked_of_activity(activity, *reached, training, lang, markup),
        What::Questionnaire(activity) => {
            let title = quoted(activity.title.as_str(), lang, markup);
            match lang {
                Lang::Fr => format!("remplir le questionnaire {title}"),
                Lang::En => format!("fill in the questionnaire {title}"),
            }
        }
        What::Course => text("terminer l’ensemble du parcours de formation", "complete the whole course"),
        What::TimeSpent { at_least, basis } => {
            let time = at_least.spoken();
            let how = match (basis, lang) {
                (TimeBasis::Credited, Lang::Fr) => "d’après la durée prévue des activités terminées",
                (TimeBasis::Credited, Lang::En) => "counting the planned duration of completed activities",
                (TimeBasis::Measured, Lang::Fr) => "d’après le temps mesuré par la plateforme de formation",
                (TimeBasis::Measured, Lang::En) => "as measured by the learning platform",
                (TimeBasis::Declared, Lang::Fr) => "d’après le temps total déclaré par la plateforme de formation",
                (TimeBasis::Declared, Lang::En) => "as declared in total by the learning platform",
            };
            match lang {
                Lang::Fr => format!("consacrer au moins {time} à la formation, {how}"),
                Lang::En => format!("spend at least {time} on the training, {how}"),
            }
        }
        What::Attendance { at_least, of, which } => {
            let named = (*which == WhichMeetings::Named).then_some(of.as_slice());
            asked_of_attendance(*at_least, named, training, lang, markup)
        }
        What::Unknown(code) => match lang {
            Lang::Fr => format!("satisfaire à un élément absent de la formation ({code})"),
            Lang::En => format!("satisfy something that the training does not have ({code})"),
        },
    }
}

fn asked_of_activity(activity: &Activity, reached: Reached, training: &Training, lang: Lang, markup: Markup) -> String {
    let title = quoted(activity.title.as_str(), lang, markup);
    let private = training.result_belongs_to_learner(activity);
    let (before, after) = match (reached, activity.kind, lang) {
        (Reached::Completed, ActivityKind::Resource, Lang::Fr) => ("terminer l’activité", ""),
        (Reached::Completed, ActivityKind::Resource, Lang::En) => ("complete the activity", ""),
        (Reached::Completed, ActivityKind::Live, Lang::Fr) => ("suivre la séance", ""),
        (Reached::Completed, ActivityKind::Live, Lang::En) => ("attend the live session", ""),
        (Reached::Completed, ActivityKind::SelfAssessment, Lang::Fr) => {
            ("effectuer l’autoévaluation", ", quel qu’en soit le résultat")
        }
        (Reached::Completed, ActivityKind::SelfAssessment, Lang::En) => {
            ("take the self-assessment", ", whatever its result")
        }
        (Reached::Completed, ActivityKind::Assessment, Lang::Fr) if private => {
            ("effectuer l’évaluation", ", quel qu’en soit le résultat")
        }
        (Reached::Completed, ActivityKind::Assessment, Lang::En) if private => {
            ("take the assessment", ", whatever its result")
        }
        (Reached::Completed, ActivityKind::Assessment, Lang::Fr) => ("effectuer l’évaluation", " sans y échouer"),
        (Reached::Completed, ActivityKind::Assessment, Lang::En) => ("take the assessment", " without failing it"),
        (Reached::Completed, ActivityKind::Questionnaire, Lang::Fr) => ("remplir le questionnaire", ""),
        (Reached::Completed, ActivityKind::Questionnaire, Lang::En) => ("fill in the questionnaire", ""),
        (Reached::Passed, ActivityKind::SelfAssessment, Lang::Fr) => ("réussir l’autoévaluation", ""),
        (Reached::Passed, ActivityKind::SelfAssessment, Lang::En) => ("pass the self-assessment", ""),
        (Reached::Passed, ActivityKind::Assessment, Lang::Fr) => ("réussir l’évaluation", ""),
        (Reached::Passed, ActivityKind::Assessment, Lang::En) => ("pass the assessment", ""),
        (Reached::Passed, ActivityKind::Live, Lang::Fr) => ("suivre avec succès la séance", ""),
        (Reached::Passed, ActivityKind::Live, Lang::En) => ("successfully attend the live session", ""),
        (Reached::Passed, ActivityKind::Questionnaire, Lang::Fr) => ("remplir avec succès le questionnaire", ""),
        (Reached::Passed, ActivityKind::Questionnaire, Lang::En) => ("pass the questionnaire", ""),
        (Reached::Passed, ActivityKind::Resource, Lang::Fr) => ("réussir l’activité", ""),
        (Reached::Passed, ActivityKind::Resource, Lang::En) => ("pass the activity", ""),
    };
    format!("{before} {title}{after}")
}

fn asked_of_attendance(
    at_least: Percent,
    named: Option<&[&Meeting]>,
    training: &Training,
    lang: Lang,
    markup: Markup,
) -> String {
    let titles = named.unwrap_or_default().iter().map(|meeting| quoted(meeting.label(training), lang, markup));
    let titles = enumeration(&titles.collect::<Vec<_>>(), lang);
    let of = match (named.map(<[_]>::len), lang) {
        (None, Lang::Fr) => "des séances".to_owned(),
        (None, Lang::En) => "the live sessions".to_owned(),
        (Some(1), Lang::Fr) => format!("de la séance {titles}"),
        (Some(1), Lang::En) => format!("the live session {titles}"),
        (Some(_), Lang::Fr) => format!("des séances {titles}"),
        (Some(_), Lang::En) => format!("the live sessions {titles}"),
    };
    match (at_least.get(), lang) {
        (100, Lang::Fr) => format!("assister à la totalité de la durée prévue {of}"),
        (100, Lang::En) => format!("attend the whole scheduled time of {of}"),
        (percent, Lang::Fr) => format!("assister à au moins {percent}\u{a0}% de la durée prévue {of}"),
        (percent, Lang::En) => format!("attend at least {percent}% of the scheduled time of {of}"),
    }
}

/// `a, b et c`.
fn enumeration(items: &[String], lang: Lang) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {} {last}", first.join(", "), lang.pick("et", "and")),
    }
}

/// A title between the quotation marks of a language.
pub(super) fn quoted(title: &str, lang: Lang, markup: Markup) -> String {
    match markup {
        Markup::Plain => lang.quote(title),
        Markup::Markdown => lang.quote(&markdown::escape(title)),
    }
}

/// A window in words.
pub(super) fn window(window: Window, lang: Lang) -> String {
    let day = |moment: Timestamp| moment.day(&ZONE, lang);
    // A bound at midnight is a day for people; the end is then the last day that still counts.
    let just_before = |moment: Timestamp| Timestamp::from_micros(moment.as_micros().saturating_sub(1));
    let starts_a_day = |moment: Timestamp| day(moment) != day(just_before(moment));
    let edge = |moment: Timestamp| match starts_a_day(moment) {
        true => day(moment),
        false => moment.day_and_minute(&ZONE, lang),
    };
    match (window.from, window.until, lang) {
        (Some(from), Some(until), _) if starts_a_day(from) && starts_a_day(until) => {
            match (Days::between(from, just_before(until), &ZONE, lang), lang) {
                (Days::One(day), Lang::Fr) => format!("le {day}"),
                (Days::One(day), Lang::En) => format!("on {day}"),
                (Days::Several(first, last), Lang::Fr) => format!("du {first} au {last} inclus"),
                (Days::Several(first, last), Lang::En) => format!("from {first} to {last} inclusive"),
            }
        }
        (Some(from), Some(until), Lang::Fr) => format!("à compter du {} et avant le {}", edge(from), edge(until)),
        (Some(from), Some(until), Lang::En) => format!("from {} and before {}", edge(from), edge(until)),
        (Some(from), None, Lang::Fr) => format!("à compter du {}", edge(from)),
        (Some(from), None, Lang::En) => format!("from {} on", edge(from)),
        (None, Some(until), _) if starts_a_day(until) => match lang {
            Lang::Fr => format!("jusqu’au {} inclus", day(just_before(until))),
            Lang::En => format!("until {} inclusive", day(just_before(until))),
        },
        (None, Some(until), Lang::Fr) => format!("avant le {}", edge(until)),
        (None, Some(until), Lang::En) => format!("before {}", edge(until)),
        (None, None, Lang::Fr) => "à tout moment".to_owned(),
        (None, None, Lang::En) => "at any time".to_owned(),
    }
}

/// What became of something that can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing that may be told is known.
    NotYet,
    /// Done.
    Done(Timestamp),
    /// Passed, where that was asked.
    Passed(Timestamp),
    /// Done, where a pass was asked.
    DoneWithoutPass(Timestamp),
    /// Failed.
    Failed(Timestamp),
    /// Done, then no longer.
    Withdrawn(Timestamp),
    /// Done at a moment that does not count.
    Outside(Timestamp),
}

/// What can be done, as grammar knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noun {
    /// *Une activité*: completed.
    Completed,
    /// *Une unité*: completed, by the source's word.
    Unit,
    /// *Le parcours*: completed, by the source's word.
    Course,
    /// *Une séance*: attended.
    Attended,
    /// *Une évaluation*: taken.
    Taken,
    /// *Un questionnaire*: filled in.
    FilledIn,
}

impl Noun {
    /// Of an activity.
    pub(super) fn of(activity: &Activity) -> Self {
        match activity.kind {
            ActivityKind::Resource => Self::Completed,
            ActivityKind::Live => Self::Attended,
            ActivityKind::SelfAssessment | ActivityKind::Assessment => Self::Taken,
            ActivityKind::Questionnaire => Self::FilledIn,
        }
    }

    fn participle(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Completed | Self::Unit, Lang::Fr) => "terminée",
            (Self::Course, Lang::Fr) => "terminé",
            (Self::Completed | Self::Unit | Self::Course, Lang::En) => "completed",
            (Self::Attended, Lang::Fr) => "suivie",
            (Self::Attended, Lang::En) => "attended",
            (Self::Taken, Lang::Fr) => "effectuée",
            (Self::Taken, Lang::En) => "taken",
            (Self::FilledIn, Lang::Fr) => "rempli",
            (Self::FilledIn, Lang::En) => "filled in",
        }
    }
}

/// What became of it, in words.
pub(super) fn outcome(noun: Noun, outcome: Outcome) -> Bilingual {
    both(|lang| {
        let done = noun.participle(lang);
        let on = |at: Timestamp| format!("{} {}", lang.pick("le", "on"), at.day(&ZONE, lang));
        match (outcome, lang) {
            (Outcome::NotYet, Lang::Fr) => format!("pas encore {done}"),
            (Outcome::NotYet, Lang::En) => format!("not {done} yet"),
            (Outcome::Done(at), _) if matches!(noun, Noun::Unit | Noun::Course) => {
                let by = lang.pick("selon la plateforme de formation", "according to the learning platform");
                format!("{done} {}, {by}", on(at))
            }
            (Outcome::Done(at), _) => format!("{done} {}", on(at)),
            (Outcome::Passed(at), Lang::Fr) => format!("réussite {}", on(at)),
            (Outcome::Passed(at), Lang::En) => format!("passed {}", on(at)),
            (Outcome::DoneWithoutPass(at), Lang::Fr) => format!("{done} {}, sans réussite enregistrée", on(at)),
            (Outcome::DoneWithoutPass(at), Lang::En) => format!("{done} {}, with no pass recorded", on(at)),
            (Outcome::Failed(at), Lang::Fr) => format!("échec {}", on(at)),
            (Outcome::Failed(at), Lang::En) => format!("failed {}", on(at)),
            (Outcome::Withdrawn(at), Lang::Fr) => format!("achèvement annulé {}", on(at)),
            (Outcome::Withdrawn(at), Lang::En) => format!("completion withdrawn {}", on(at)),
            (Outcome::Outside(at), Lang::Fr) => format!("{done} {}, hors de la période prévue", on(at)),
            (Outcome::Outside(at), Lang::En) => format!("{done} {}, outside the set period", on(at)),
        }
    })
}

/// So much time out of what is asked.
pub(super) fn time_out_of(seconds: u64, asked: Duration) -> Bilingual {
    both(|lang| {
        let enough = seconds >= asked.as_seconds();
        let asked = asked.spoken();
        match (seconds, lang) {
            (_, Lang::Fr) if enough => format!("{} pour un minimum de {asked}", spoken(seconds, lang)),
            (_, Lang::En) if enough => format!("{} for a minimum of {asked}", spoken(seconds, lang)),
            (0, Lang::Fr) => format!("aucun temps comptabilisé sur {asked}"),
            (0, Lang::En) => format!("no time counted out of {asked}"),
            (_, Lang::Fr) => format!("{} sur {asked}", spoken(seconds, lang)),
            (_, Lang::En) => format!("{} out of {asked}", spoken(seconds, lang)),
        }
    })
}

/// So much attended out of what was scheduled. The share is rounded down: it never says more than there was.
pub(super) fn attended_out_of(share: Share) -> Bilingual {
    let percent = u128::from(share.attended) * 100 / u128::from(share.scheduled.max(1));
    both(|lang| {
        let (attended, scheduled) = (spoken(share.attended, lang), spoken(share.scheduled, lang));
        match (share.attended, lang) {
            (0, Lang::Fr) => format!("aucune présence relevée sur {scheduled}"),
            (0, Lang::En) => format!("no attendance recorded out of {scheduled}"),
            (_, Lang::Fr) => format!("{attended} de présence sur {scheduled}, soit {percent}\u{a0}%"),
            (_, Lang::En) => format!("attended {attended} out of {scheduled}, {percent}%"),
        }
    })
}

/// Nothing was stated yet.
pub(super) fn attendance_unknown() -> Bilingual {
    Bilingual::new("présence pas encore relevée", "attendance not recorded yet")
}

fn spoken(seconds: u64, lang: Lang) -> String {
    match (Duration::from_seconds(seconds), lang) {
        (Some(duration), _) => duration.spoken(),
        (None, Lang::Fr) => "10\u{202f}000\u{a0}h ou plus".to_owned(),
        (None, Lang::En) => "10,000\u{a0}h or more".to_owned(),
    }
}

/// So many parts met out of all.
pub(super) fn count_out_of(met: usize, all: usize) -> Bilingual {
    both(|lang| match (met, lang) {
        (0, Lang::Fr) => format!("aucune sur {all}"),
        (0, Lang::En) => format!("none of {all}"),
        (_, Lang::Fr) => format!("{met} sur {all}"),
        (_, Lang::En) => format!("{met} of {all}"),
    })
}

/// Whether the criteria are met, and from when to when the evidence goes.
pub(super) fn met(credited: Option<(Timestamp, Timestamp)>, lang: Lang) -> String {
    match (credited.map(|(first, last)| Days::between(first, last, &ZONE, lang)), lang) {
        (None, Lang::Fr) => "Les conditions d’attribution sont remplies.".to_owned(),
        (None, Lang::En) => "The award criteria are met.".to_owned(),
        (Some(Days::One(day)), Lang::Fr) => {
            format!("Les conditions d’attribution sont remplies, au vu des activités du {day}.")
        }
        (Some(Days::One(day)), Lang::En) => format!("The award criteria are met, by activity on {day}."),
        (Some(Days::Several(first, last)), Lang::Fr) => {
            format!("Les conditions d’attribution sont remplies, au vu des activités du {first} au {last}.")
        }
        (Some(Days::Several(first, last)), Lang::En) => {
            format!("The award criteria are met, by activity from {first} to {last}.")
        }
    }
}
