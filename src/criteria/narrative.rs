//! The criteria as published: Markdown that learners read before they enrol, and that each credential carries.

use super::ask::{Ask, What};
use super::wording::{self, Markup};
use crate::catalog::{AwardKind, EffectiveSession, Training};
use crate::text::Lang;

/// The criteria of one kind of award, in Markdown (CommonMark): the training's own wording where it supplies one, in whatever
/// language it wrote it, else generated from the rule as a sentence and a nested list. None where the session does not grant
/// that kind.
pub fn narrative(session: &EffectiveSession, kind: AwardKind, lang: Lang) -> Option<String> {
    let criteria = session.criteria().get(kind)?;
    if let Some(narrative) = &criteria.narrative {
        return Some(narrative.as_str().to_owned());
    }
    let training = &session.training;
    let ask = Ask::of(&criteria.rule, session);
    let award = kind.with_article(lang);
    let must = match lang {
        Lang::Fr => format!("Pour obtenir {award}, il faut"),
        Lang::En => format!("To obtain {award}, learners must"),
    };
    let colon = lang.colon();
    let mut list = List { training, lang, bullets: Vec::new() };
    // A list at the root is the sentence's own; anything else is the one bullet under it.
    let sentence = match &ask.what {
        What::Group { of, .. } => {
            of.iter().for_each(|part| list.add(part, 0));
            let comma = if wording::period(&ask, lang).is_some() { "," } else { "" };
            format!("{must}{comma} {}{colon}", wording::label(&ask, training, lang, Markup::Markdown))
        }
        _ => {
            list.add(&ask, 0);
            format!("{must}{colon}")
        }
    };
    Some(format!("{sentence}\n\n{}", list.into_markdown()))
}

/// A nested list as it grows.
struct List<'a> {
    training: &'a Training,
    lang: Lang,
    bullets: Vec<Bullet>,
}

struct Bullet {
    level: usize,
    text: String,
}

impl List<'_> {
    fn add(&mut self, ask: &Ask<'_>, level: usize) {
        let mut text = wording::label(ask, self.training, self.lang, Markup::Markdown);
        let parts = match &ask.what {
            What::Group { of, .. } | What::Expected { of, .. } => of.as_slice(),
            What::Unit { of, .. } => {
                text.push_str(match (of.is_empty(), self.lang) {
                    (true, Lang::Fr) => ", sur déclaration de la plateforme de formation",
                    (true, Lang::En) => ", as declared by the learning platform",
                    (false, Lang::Fr) => {
                        ", soit sur déclaration de la plateforme de formation, soit par l’achèvement de chacune de ses activités attendues"
                    }
                    (false, Lang::En) => {
                        ", either as declared by the learning platform or by completing each of its expected activities"
                    }
                });
                of.as_slice()
            }
            What::Course => {
                text.push_str(
                    self.lang.pick(
                        ", sur déclaration de la plateforme de formation",
                        ", as declared by the learning platform",
                    ),
                );
                &[]
            }
            What::Activity { .. }
            | What::Questionnaire(_)
            | What::TimeSpent { .. }
            | What::Attendance { .. }
            | What::Unknown(_) => &[],
        };
        self.bullets.push(Bullet { level, text });
        parts.iter().for_each(|part| self.add(part, level + 1));
    }

    /// A bullet with bullets under it ends in a colon, the last one in a full stop, any other in a semicolon.
    fn into_markdown(self) -> String {
        let mut lines = String::new();
        for (i, Bullet { level, text }) in self.bullets.iter().enumerate() {
            let end = match self.bullets.get(i + 1) {
                None => ".",
                Some(next) if next.level > *level => self.lang.colon(),
                Some(_) => self.lang.semicolon(),
            };
            let newline = if i == 0 { "" } else { "\n" };
            lines.push_str(&format!("{newline}{:indent$}- {text}{end}", "", indent = level * 2));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::session;
    use super::*;
    use crate::catalog::{LongText, ShortText};

    fn published(assessment: &str, rule: Value) -> String {
        let session = session(assessment, rule);
        [Lang::Fr, Lang::En].map(|lang| narrative(&session, AwardKind::Participation, lang).unwrap()).join("\n\n")
    }

    #[test]
    fn narrative_of_a_full_rule() {
        let rule = json!({ "all": [
            { "expected_activities": {} },
            { "time_spent": { "at_least": "PT3H30M", "basis": "credited" } },
            { "any": [
                { "unit": { "code": "u1" } },
                { "at_least": { "n": 2, "of": [
                    { "activity": { "code": "lecture" } },
                    { "questionnaire": { "code": "avis" } },
                    { "unit": { "code": "u3" } }
                ] } }
            ] }
        ] });
        let narrative = published("self_assessment", rule);
        insta::assert_snapshot!(narrative);
    }

    #[test]
    fn narrative_of_one_condition() {
        let narrative = published("certifying", json!({ "activity": { "code": "quiz", "reached": "passed" } }));
        insta::assert_snapshot!(narrative);
    }

    #[test]
    fn narrative_with_windows() {
        let rule = json!({ "within": {
            "from": "2026-03-01T00:00:00+01:00",
            "until": "2026-07-01T00:00:00+02:00",
            "rule": { "all": [
                { "course": {} },
                { "time_spent": { "at_least": "PT2H", "basis": "measured" } },
                { "within": { "until": "2026-03-15T14:00:00+01:00", "rule": { "activity": { "code": "auto" } } } },
                { "within": { "from": "2026-06-01T00:00:00+02:00", "rule": { "activity": { "code": "quiz" } } } }
            ] }
        } });
        let narrative = published("certifying", rule);
        insta::assert_snapshot!(narrative);
    }

    #[test]
    fn the_training_may_word_it_itself() {
        let mut session = session("self_assessment", json!({ "course": {} }));
        let own = "Il faut **tout** faire.";
        session.training.criteria.participation.as_mut().unwrap().narrative = Some(LongText::new(own).unwrap());
        assert_eq!(narrative(&session, AwardKind::Participation, Lang::En).unwrap(), own);
        assert_eq!(narrative(&session, AwardKind::Certificate, Lang::Fr), None);
    }

    #[test]
    fn titles_never_become_markup() {
        let mut session = session("self_assessment", json!({ "activity": { "code": "video" } }));
        let title = "<b>[Cliquez](https://mal.example) *ici* &lt; module_1";
        session.training.units[0].activities[0].title = ShortText::new(title).unwrap();
        let text = narrative(&session, AwardKind::Participation, Lang::Fr).unwrap();
        assert!(text.contains(r"\<b>\[Cliquez](https://mal.example) \*ici\* \&lt; module_1"), "{text}");
    }
}
