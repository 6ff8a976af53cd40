//! What an unknown course or activity of an LMS may stand for, guessed from the names that came with it.
//!
//! A code that is the same counts for everything; else titles are compared without case, accents and punctuation, by the pairs of
//! letters that they share. A guess says what it rests on and is never applied by itself: somebody accepts it.

use std::collections::HashMap;

use serde::Serialize;

use crate::catalog::{EffectiveSession, LmsId, Source, Training, Unmapped};
use crate::ids::Code;
use crate::sheet::folded;
use crate::time::Timestamp;

/// What something may stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guess {
    /// The session; none where the names are like no session's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Candidate>,
    /// How many other sessions fit as well, such as other runs of the same training.
    pub others_alike: u32,
    /// The activity, of that session or of the one that the course is mapped to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Candidate>,
}

/// One thing that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its code.
    pub code: Code,
    /// How sure it is: 100 for the code itself, 95 for the code of a session's training, from 60 to 94 for a title.
    pub score: u8,
    /// What the guess rests on.
    pub by: By,
}

/// What a guess rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A name that is the code.
    Code,
    /// A name that is like the title.
    Title,
    /// The source's configuration, which maps the course already.
    Mapping,
}

/// The least score that is worth showing: two titles that share three letter pairs of five.
const LEAST: u8 = 60;
/// What a title scores at the most.
const MOST_BY_TITLE: u8 = 94;

/// Guesses, from the sessions that the source may report on. None where nothing is like the names.
pub fn guess(unmapped: &Unmapped, source: &Source, sessions: &[EffectiveSession], seen: Timestamp) -> Option<Guess> {
    let mapped = unmapped.id.course().and_then(|course| source.courses.get(course));
    let mapped = mapped.filter(|mapping| mapping.is_named(unmapped.course_names.iter()));
    let (session, others_alike) = match mapped {
        Some(mapping) => (Some(Candidate { code: mapping.session.clone(), score: 100, by: By::Mapping }), 0),
        None => best_session(&unmapped.course_names, sessions, seen),
    };
    let chosen = session.as_ref().and_then(|found| sessions.iter().find(|s| s.session.code == found.code));
    let activity = match (&unmapped.id, chosen) {
        (LmsId::Course { .. }, _) | (_, None) => None,
        (_, Some(chosen)) => best_activity(&unmapped.activity_names, &chosen.training),
    };
    (session.is_some() || activity.is_some()).then_some(Guess { session, others_alike, activity })
}

fn best_session(names: &[String], sessions: &[EffectiveSession], seen: Timestamp) -> (Option<Candidate>, u32) {
    let names: Vec<_> = names.iter().map(|name| Folded::of(name)).collect();
    let mut titles: HashMap<&Code, (u8, By)> = HashMap::new();
    let mut fits: Vec<(u8, bool, &EffectiveSession, By)> = Vec::new();
    for session in sessions {
        let training = &session.training;
        let of_training = *titles.entry(&training.code).or_insert_with(|| {
            // A training has several sessions, so its code is a little less than a session's own.
            let of_code = (alike_codes(&names, &training.code).min(95), By::Code);
            better(of_code, (alike_titles(&names, training.title.as_str()), By::Title))
        });
        let (score, by) = better((alike_codes(&names, &session.session.code), By::Code), of_training);
        if score >= LEAST {
            let starts = session.session.starts.is_none_or(|starts| starts <= seen);
            let ends = session.session.ends.is_none_or(|ends| seen <= ends);
            fits.push((score, starts && ends, session, by));
        }
    }
    // The likest; of those, one that was running; of those, the one that started last.
    let rank = |fit: &(u8, bool, &EffectiveSession, By)| (fit.0, fit.1);
    let Some(best) = fits.iter().max_by_key(|fit| (rank(fit), fit.2.session.starts, &fit.2.session.code)) else {
        return (None, 0);
    };
    let alike = fits.iter().filter(|fit| rank(fit) == rank(best)).count() - 1;
    let candidate = Candidate { code: best.2.session.code.clone(), score: best.0, by: best.3 };
    (Some(candidate), u32::try_from(alike).unwrap_or(u32::MAX))
}

fn best_activity(names: &[String], training: &Training) -> Option<Candidate> {
    let names: Vec<_> = names.iter().map(|name| Folded::of(name)).collect();
    let scored = training.activities().map(|activity| {
        let by_code = (alike_codes(&names, &activity.code), By::Code);
        (better(by_code, (alike_titles(&names, activity.title.as_str()), By::Title)), activity)
    });
    let mut best: Option<((u8, By), &crate::catalog::Activity)> = None;
    let mut tied = false;
    for (score, activity) in scored.filter(|((score, _), _)| *score >= LEAST) {
        match &best {
            Some((held, _)) if held.0 > score.0 => {}
            Some((held, _)) if held.0 == score.0 => tied = true,
            _ => (best, tied) = (Some((score, activity)), false),
        }
    }
    // Two activities that are as like as each other are no guess.
    let ((score, by), activity) = best.filter(|_| !tied)?;
    Some(Candidate { code: activity.code.clone(), score, by })
}

fn better(one: (u8, By), other: (u8, By)) -> (u8, By) {
    if one.0 >= other.0 { one } else { other }
}

/// A name as it is compared.
struct Folded {
    text: String,
    pairs: HashMap<(char, char), u32>,
    count: u32,
}

impl Folded {
    fn of(name: &str) -> Self {
        let text = folded(name);
        let letters: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
        let mut pairs = HashMap::new();
        for pair in letters.windows(2) {
            *pairs.entry((pair[0], pair[1])).or_default() += 1;
        }
        let count = u32::try_from(letters.len().saturating_sub(1)).unwrap_or(0);
        Self { text, pairs, count }
    }

    /// Twice the pairs that both have, over the pairs of both, in hundredths (the Sørensen–Dice coefficient).
    fn likeness(&self, other: &Self) -> u8 {
        let all = self.count + other.count;
        if all == 0 {
            return 0;
        }
        let shared: u32 =
            self.pairs.iter().map(|(pair, count)| (*count).min(other.pairs.get(pair).copied().unwrap_or(0))).sum();
        u8::try_from(200 * shared / all).unwrap_or(MOST_BY_TITLE).min(MOST_BY_TITLE)
    }
}

fn alike_codes(names: &[Folded], code: &Code) -> u8 {
    let code = folded(code.as_str());
    if names.iter().any(|name| name.text == code) { 100 } else { 0 }
}

fn alike_titles(names: &[Folded], title: &str) -> u8 {
    let title = Folded::of(title);
    names.iter().map(|name| name.likeness(&title)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn session(code: &str, training: &str, title: &str, starts: &str) -> EffectiveSession {
        let training: Value = json!({
            "code": training, "issuer": "dgafp", "title": title, "description": "Une formation.", "objectives": ["Savoir"],
            "modality": "hybrid", "duration": "PT1H", "criteria": { "participation": { "rule": { "course": {} } } },
            "units": [{ "code": "u", "title": "Unité", "activities": [
                { "code": "video", "title": "Une histoire de la laïcité", "duration": "PT30M" },
                { "code": "quiz", "title": "Questionnaire d’évaluation", "duration": "PT30M" },
            ] }],
        });
        let session = json!({ "code": code, "training": training["code"], "starts": starts });
        EffectiveSession::new(serde_json::from_value(session).unwrap(), serde_json::from_value(training).unwrap())
            .unwrap()
    }

    fn sessions() -> Vec<EffectiveSession> {
        let laicite = "Les fondamentaux de la laïcité";
        vec![
            session("laicite-2025-09", "laicite", laicite, "2025-09-01T08:00:00Z"),
            session("laicite-2026-03", "laicite", laicite, "2026-03-02T08:00:00Z"),
            session("laicite-2027-01", "laicite", laicite, "2027-01-04T08:00:00Z"),
            session("rgpd-2026-03", "rgpd", "Protéger les données personnelles", "2026-03-02T08:00:00Z"),
        ]
    }

    fn source() -> Source {
        serde_json::from_value(json!({
            "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "xapi",
            "courses": { "4": { "session": "rgpd-2026-03" } },
        }))
        .unwrap()
    }

    fn guessed(id: LmsId, course: &[&str], activity: &[&str]) -> Option<Guess> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let unmapped = Unmapped::new(id, &owned(course), &owned(activity));
        guess(&unmapped, &source(), &sessions(), "2026-03-20T08:00:00Z".parse().unwrap())
    }

    fn session_of(names: &[&str]) -> Option<(String, u8, By, u32)> {
        let guess = guessed(LmsId::of(9, None::<u64>), names, &[])?;
        let session = guess.session?;
        Some((session.code.to_string(), session.score, session.by, guess.others_alike))
    }

    #[test]
    fn a_code_counts_before_a_title_and_a_running_session_before_others() {
        let exact = session_of(&["LAICITE-2025-09", "Protéger les données personnelles"]).unwrap();
        assert_eq!(exact, ("laicite-2025-09".into(), 100, By::Code, 0));
        let by_training = session_of(&["Laicite"]).unwrap();
        assert_eq!(by_training, ("laicite-2026-03".into(), 95, By::Code, 1), "of two that run, the later");
        let by_title = session_of(&["XYZ", "LES FONDAMENTAUX DE LA LAICITE"]).unwrap();
        assert_eq!(by_title, ("laicite-2026-03".into(), 94, By::Title, 1));
        let (code, score, by, _) = session_of(&["Protéger ses données personnelles (mars 2026)"]).unwrap();
        assert_eq!((code.as_str(), by), ("rgpd-2026-03", By::Title));
        assert!((70..94).contains(&score), "{score}");
        assert_eq!(session_of(&["Conduite de projet"]), None);
        assert_eq!(session_of(&[]), None);
    }

    #[test]
    fn an_activity_is_sought_in_the_session_of_its_course() {
        let activity = |names: &[&str]| guessed(LmsId::of(4, Some(12)), &[], names)?.activity;
        assert_eq!(activity(&["quiz"]).unwrap().code.as_str(), "quiz");
        let by_title = activity(&["Une histoire de la laicite"]).unwrap();
        assert_eq!((by_title.code.as_str(), by_title.score, by_title.by), ("video", 94, By::Title));
        assert_eq!(activity(&["Forum des nouvelles"]), None);
        assert_eq!(activity(&[]), None);
    }
}
