//! What remains to be done, as a flat list, and the decision in a sentence.

use super::wording::{self, SEMICOLON_FR, both};
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
            match lang {
                Lang::Fr => format!(
                    "Les conditions d’attribution ne sont pas encore remplies. Il reste à{} {}.",
                    wording::COLON_FR,
                    missing.join(&format!("{SEMICOLON_FR} "))
                ),
                Lang::En => {
                    format!("The award criteria are not met yet. What remains: {}.", missing.join("; "))
                }
            }
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
    if finding.children.is_empty() {
        return vec![Remaining { text: leaf(finding, period, lang), shape: Shape::Single }];
    }
    if still >= unmet().count() {
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
    let text = match lang {
        Lang::Fr => format!("{text}{} {}", wording::COLON_FR, alternatives.join(&format!("{SEMICOLON_FR} "))),
        Lang::En => format!("{text}: {}", alternatives.join("; ")),
    };
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
