//! Some two hundred attestations of every size for judges from outside: both kinds and languages, our template and one with everything
//! that a template can hold, texts from nothing to the longest, names in each script that we draw, markup in every text.
//!
//! Written only into the folder that `SCEAU_ATTESTATION_SAMPLES` names, each PDF beside what must be read in it and in which order
//! (`tests/judges/gallery.py`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::template::sample::{SECRET, URL, english, french, longest};
use super::template::tests::rich;
use super::tests::{draw_with, hostile, template_of};
use super::*;
use crate::catalog::{AwardKind, Modality};
use crate::credential::CompetencyView;
use crate::mentions::headings;
use crate::text::Lang;

const NAMES: [&str; 24] = [
    "Zoé Lefèvre",
    "Maëlys Nguyễn-Lefèvre",
    "Ng",
    "Jean-Baptiste de La Rochefoucauld d’Estissac",
    "Đặng Hữu Phước",
    "Trần Thị Ngọc Ánh",
    "Ștefan Țurcanu",
    "Łukasz Żółć",
    "Þórður Ægisson",
    "Ἀλέξανδρος Παπαδόπουλος",
    "Ελένη Μακρή",
    "Дмитро Ґалаґан",
    "Ђорђе Љубић",
    "Наталья Щербакова",
    "Ọlábísí Ọbáfẹ́mi",
    "Gökçe Şahin-Öztürk",
    "Ħaż-Żebbuġ Ċensu",
    "Māra Ķēniņa",
    "Žydrūnas Šimkevičius",
    "O’Brien-Ó Súilleabháin",
    "J\u{30c}ana X\u{323}\u{302}",
    "# Titre **gras** [x](y)",
    "<script>alert(1)</script>",
    "Wilhelmine Wilhelmine Wilhelmine Wilhelmine Wilhelmine Wilhelmine Wilhelmine Wilhelmine",
];
const SENTENCE: &str =
    "Identifier les acteurs, les procédures et les délais qui s’appliquent à chaque étape du projet ; ";

/// The content of number `n`: each part grows at a pace of its own, so that they meet in many ways.
fn content(n: usize) -> CredentialView {
    let base = match n {
        n if n.is_multiple_of(37) => longest(),
        n if n.is_multiple_of(29) => hostile(),
        n if n.is_multiple_of(2) => french(),
        _ => english(),
    };
    let times = |count: usize| SENTENCE.repeat(count).trim().to_owned();
    let competency = |number: usize| CompetencyView {
        name: format!("Compétence {number} : {}", times(number % 3).trim()).trim().to_owned(),
        framework: number.is_multiple_of(2).then(|| "Dictionnaire interministériel des compétences".to_owned()),
        code: number.is_multiple_of(3).then(|| format!("DIC-{number:03}")),
        url: format!("https://example.gouv.fr/dic/{number}"),
    };
    let grown = !n.is_multiple_of(37) && !n.is_multiple_of(29);
    CredentialView {
        kind: Some(AwardKind::ALL[n / 2 % 2]),
        title: if grown {
            format!("Formation {n} : {}", times(n % 5)).chars().take(400).collect()
        } else {
            base.title.clone()
        },
        objectives: if grown {
            (0..n * 7 % 61).map(|at| format!("Objectif {at}. {}", times(at % 3))).collect()
        } else {
            base.objectives.clone()
        },
        competencies: if grown { (0..n * 5 % 12).map(competency).collect() } else { base.competencies.clone() },
        duration: if n.is_multiple_of(11) { None } else { format!("PT{}M", 5 + n * 13).parse().ok() },
        modality: Some([Modality::TutoredOnline, Modality::Hybrid][n % 2]).filter(|_| !n.is_multiple_of(7)),
        activity_end: base.activity_end.filter(|_| !n.is_multiple_of(5)),
        activity_start: base.activity_start.filter(|_| !n.is_multiple_of(4)),
        criteria: if n.is_multiple_of(13) { String::new() } else { base.criteria.clone() },
        criteria_url: base.criteria_url.clone().filter(|_| !n.is_multiple_of(3)),
        ..base
    }
}

#[test]
fn attestations_for_the_judges() {
    let Ok(folder) = std::env::var("SCEAU_ATTESTATION_SAMPLES") else { return };
    let rich = rich();
    for n in 0..216 {
        let content = content(n);
        let own = content.language == Lang::Fr && content.kind == Some(AwardKind::Participation) && n % 8 < 4;
        let builtin = template_of(&content);
        let template = if own { &rich } else { &builtin };
        let recipient = PersonName::new(NAMES[n % NAMES.len()]).unwrap();
        let pdf = draw_with(template, &content, &recipient).unwrap();
        let words = headings(content.language);
        let mut order = vec![content.issuer.name.clone(), mentions::kind(content.kind, content.language).to_owned()];
        order.extend([recipient.as_str().to_owned(), content.title.clone()]);
        order.extend(
            mentions::facts(&content, &Zone::default(), content.language)
                .into_iter()
                .flat_map(|fact| [fact.label.to_owned(), fact.value]),
        );
        let objectives: Vec<String> =
            content.objectives.iter().filter(|text| !text.trim().is_empty()).cloned().collect();
        order.extend((!objectives.is_empty()).then(|| words.objectives.to_owned()));
        order.extend(objectives.iter().cloned());
        order.extend((!content.competencies.is_empty()).then(|| words.competencies.to_owned()));
        order.extend(content.competencies.iter().map(|competency| competency.name.clone()));
        order.push(content.language.pick("Vérifier ce document", "Verify this document").to_owned());
        order.extend([URL.to_owned(), content.id.clone()]);
        let expected = json!({
            "order": order.iter().map(|text| clean(text)).collect::<Vec<_>>(),
            "lists": !objectives.is_empty() || !content.competencies.is_empty(),
            "headers": own,
            "secret": URL_SAFE_NO_PAD.encode(SECRET),
        });
        std::fs::write(format!("{folder}/{n:03}.pdf"), pdf).unwrap();
        std::fs::write(format!("{folder}/{n:03}.json"), expected.to_string()).unwrap();
    }
}
