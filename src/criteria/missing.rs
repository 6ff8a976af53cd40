//! What remains to be done, as a flat list, and the decision in a sentence.

use super::wording::{self, both};
use super::{Decision, Finding, Needs};
use crate::text::{Bilingual, Lang};

impl Decision {
    /// What remains, each entry an infinitive without capital or full stop; empty where the criteria are met. Minimal: where
    /// one of several would do, one entry asks for one of them.
    pub fn missing(&self, lang: Lang) -> Vec<String> {
        let mut entries: Vec<String> = Vec::new();
        for remaining in remaining(&self.explanation, None, lang) {
            if !entries.contains(&remaining.text) {
                entries.push(remaining.text);
            }
        }
        entries
    }

    /// The decision in one or two sentences.
    pub fn summary(&self) -> Bilingual {
        both(|lang| {
            if self.met {
                return wording::met(self.credited, lang);
            }
            let missing = self.missing(lang);
            let missing = missing.join(&format!("{} ", lang.semicolon()));
            let before = lang.pick(
                "Les conditions d’attribution ne sont pas encore remplies. Il reste à",
                "The award criteria are not met yet. What remains",
            );
            format!("{before}{} {missing}.", lang.colon())
        })
    }
}

/// One thing that remains.
struct Remaining {
    text: String,
    shape: Shape,
}

/// Whether a text can stand in a list of alternatives as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Single,
    /// A choice: it has alternatives of its own.
    Choice,
}

fn remaining(finding: &Finding, period: Option<&Bilingual>, lang: Lang) -> Vec<Remaining> {
    if finding.met {
        return Vec::new();
    }
    let period = finding.period.as_ref().or(period);
    let unmet = || finding.children.iter().filter(|child| !child.met);
    let met = finding.children.len() - unmet().count();
    let still = match finding.needs {
        Needs::Any => 1,
        Needs::AtLeast(n) => (n as usize).saturating_sub(met),
        Needs::All | Needs::Evidence => unmet().count(),
    };
    // A leaf, or a node that its children can't meet whatever is done (`Rule::check` refuses it): what it asks.
    if finding.children.is_empty() || still > unmet().count() {
        return vec![Remaining { text: leaf(finding, period, lang), shape: Shape::Single }];
    }
    if still == unmet().count() {
        return unmet().flat_map(|child| remaining(child, period, lang)).collect();
    }
    let mut alternatives: Vec<String> = Vec::new();
    for child in unmet() {
        let alternative = together(remaining(child, period, lang), lang);
        if !alternatives.contains(&alternative) {
            alternatives.push(alternative);
        }
    }
    let text = match (still, lang) {
        (1, Lang::Fr) => "remplir l’une des conditions suivantes".to_owned(),
        (1, Lang::En) => "meet one of the following".to_owned(),
        (n, Lang::Fr) => format!("remplir encore {n} des conditions suivantes"),
        (n, Lang::En) => format!("meet {n} more of the following"),
    };
    // No semicolon: it parts the entries of a summary.
    let alternatives = alternatives.join(lang.pick(", ou bien ", ", or "));
    let text = format!("{text}{} {alternatives}", lang.colon());
    vec![Remaining { text, shape: Shape::Choice }]
}

/// What one alternative asks, in brackets where it asks several things or leaves a choice.
fn together(parts: Vec<Remaining>, lang: Lang) -> String {
    match parts.as_slice() {
        [Remaining { text, shape: Shape::Single }] => text.clone(),
        parts => {
            let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
            format!("({})", texts.join(lang.pick(" et ", " and ")))
        }
    }
}

/// What a leaf asks, with its window and with what is already known of it.
fn leaf(finding: &Finding, period: Option<&Bilingual>, lang: Lang) -> String {
    let mut text = match (period, &finding.period) {
        (Some(period), None) => format!("{}, {}", period.get(lang), finding.label.get(lang)),
        _ => finding.label.get(lang).to_owned(),
    };
    if let (Some(detail), false) = (&finding.detail, finding.evidence.is_empty()) {
        text.push_str(&format!(" ({})", detail.get(lang)));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::decide;
    use super::super::samples::{activity, ledger, measured, session};
    use super::*;
    use crate::catalog::AwardKind;
    use crate::evidence::{Evidence, State};

    fn missing(rule: Value, evidence: Vec<Evidence>) -> Vec<String> {
        let decision = decide(&session("certifying", rule), AwardKind::Participation, &ledger(evidence)).unwrap();
        decision.missing(Lang::En)
    }

    fn completed(code: &str) -> Value {
        json!({ "activity": { "code": code } })
    }

    #[test]
    fn what_is_met_is_left_out_and_what_is_known_is_said() {
        let rule = json!({ "all": [
            completed("video"), completed("atelier"), completed("video"), { "unit": { "code": "u1" } }, completed("lecture"),
            { "time_spent": { "at_least": "PT3H", "basis": "measured" } }
        ] });
        let found = missing(
            rule,
            vec![
                activity("2026-03-02", "lecture", State::Completed),
                activity("2026-03-03", "atelier", State::Withdrawn),
                measured("2026-03-03T12:00:00+01:00", 4800),
            ],
        );
        assert_eq!(
            found,
            [
                "complete the activity “L’écoute active”",
                "attend the live session “Atelier « Mise en situation »” (completion withdrawn on 3\u{a0}March\u{a0}2026)",
                "spend at least 3\u{a0}h on the training, as measured by the learning platform \
                 (1\u{a0}h\u{a0}20\u{a0}min out of 3\u{a0}h)",
            ]
        );
    }

    #[test]
    fn one_of_several_is_asked_for_once() {
        let both = json!({ "all": [completed("video"), completed("lecture")] });
        let rule = json!({ "any": [both, completed("avis")] });
        assert_eq!(
            missing(rule.clone(), vec![]),
            [
                "meet one of the following: (complete the activity “L’écoute active” and complete the activity “Pour aller plus \
              loin”), or fill in the questionnaire “Votre avis sur la formation”"
            ]
        );
        assert_eq!(missing(rule, vec![activity("2026-03-02", "avis", State::Completed)]), [""; 0]);
    }

    #[test]
    fn so_many_more_are_asked_for_and_all_where_all_are_needed() {
        let rule =
            |n| json!({ "at_least": { "n": n, "of": [completed("video"), completed("avis"), completed("lecture")] } });
        let video = || vec![activity("2026-03-02", "video", State::Completed)];
        assert!(missing(rule(2), vec![])[0].starts_with("meet 2 more of the following: complete"));
        assert!(missing(rule(2), video())[0].starts_with("meet one of the following: fill in"));
        assert_eq!(missing(rule(3), video()).len(), 2);
    }

    #[test]
    fn a_window_is_said_with_each_thing_inside_it() {
        let rule = json!({ "within": {
            "until": "2026-07-01T00:00:00+02:00", "rule": { "all": [completed("video"), completed("lecture")] }
        } });
        assert_eq!(
            missing(rule, vec![activity("2026-03-02", "video", State::Completed)]),
            ["until 30\u{a0}June\u{a0}2026 inclusive, complete the activity “Pour aller plus loin”"]
        );
    }
}
