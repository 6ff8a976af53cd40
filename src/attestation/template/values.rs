//! What a template can name, and what it must show.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::read::clean;
use super::style::SignatureRules;
use crate::attestation::AttestationInput;
use crate::markdown;
use crate::mentions::{self, Headings, Mention, headings};

#[derive(Serialize)]
struct Values<'a> {
    lang: &'static str,
    /// `participation`, `certificate`; `badge` of another service's.
    kind: &'static str,
    kind_label: &'static str,
    awarded_to: &'static str,
    recipient: Recipient<'a>,
    title: &'a str,
    issuer: Issuer<'a>,
    duration: Option<String>,
    /// With how it was counted.
    effective_duration: Option<String>,
    /// Of a certificate, that what had to be passed was.
    result: Option<String>,
    dates: Option<String>,
    modality: Option<String>,
    awarded: Option<String>,
    valid_until: Option<String>,
    /// All of these that are known, with their labels, and the issuer.
    facts: Vec<Mention>,
    objectives: Vec<&'a str>,
    competencies: Vec<Competency<'a>>,
    criteria: &'a str,
    criteria_url: Option<&'a str>,
    id: &'a str,
    /// The last part of `id`.
    reference: &'a str,
    verification_url: &'a str,
    /// What opens the commitment to the name; none where there is no commitment.
    name_secret: Option<String>,
    logo: bool,
    signature: Option<Signature<'a>>,
    headings: &'static Headings,
}

#[derive(Serialize)]
struct Recipient<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Issuer<'a> {
    name: &'a str,
    parent: Option<&'a str>,
    url: Option<&'a str>,
    email: Option<&'a str>,
}

#[derive(Serialize)]
struct Competency<'a> {
    name: &'a str,
    framework: Option<&'a str>,
    code: Option<&'a str>,
    /// Framework and code, as far as they are known.
    place: Option<String>,
}

#[derive(Serialize)]
struct Signature<'a> {
    name: &'a str,
    role: &'a str,
    place: Option<&'a str>,
    picture: bool,
}

/// The values of one attestation.
pub(super) fn values(input: &AttestationInput<'_>, logo: bool, signature: Option<&SignatureRules>) -> Value {
    let content = input.content;
    let lang = content.language;
    let facts = mentions::facts(content, input.zone, lang);
    let fact = |wanted: Option<Mention>| wanted.map(|mention| mention.value);
    let day = |moment: Option<crate::time::Timestamp>| moment.map(|moment| moment.day(input.zone, lang));
    let organisation = match &content.issuer.parent {
        Some(parent) => format!("{} ({parent})", content.issuer.name),
        None => content.issuer.name.clone(),
    };
    let mut labelled = facts;
    labelled.push(mentions::issuer(content.kind, organisation, lang));
    let values = Values {
        lang: lang.tag(),
        kind: content.kind.map_or("badge", |kind| kind.as_str()),
        kind_label: mentions::kind(content.kind, lang),
        awarded_to: mentions::awarded_to(content.kind, lang),
        recipient: Recipient { name: input.recipient.as_str() },
        title: &content.title,
        issuer: Issuer {
            name: &content.issuer.name,
            parent: content.issuer.parent.as_deref(),
            url: content.issuer.url.as_deref(),
            email: content.issuer.email.as_deref(),
        },
        duration: content.duration.map(|duration| duration.spoken()),
        effective_duration: fact(content.effective.map(|effective| Mention::effective(effective, lang))),
        result: fact(content.passed.then(|| Mention::passed(lang))),
        dates: fact(Mention::dates(content.activity_start, content.activity_end, input.zone, lang)),
        modality: content.modality.map(|modality| modality.label(lang).to_owned()),
        awarded: day(content.awarded),
        valid_until: day(content.valid_until),
        facts: labelled,
        objectives: content.objectives.iter().map(String::as_str).filter(|text| !text.trim().is_empty()).collect(),
        competencies: content
            .competencies
            .iter()
            .map(|competency| Competency {
                name: &competency.name,
                framework: competency.framework.as_deref(),
                code: competency.code.as_deref(),
                place: mentions::place(competency.framework.as_deref(), competency.code.as_deref()),
            })
            .collect(),
        criteria: &content.criteria,
        criteria_url: content.criteria_url.as_deref(),
        id: &content.id,
        reference: content.id.rsplit('/').next().filter(|last| (1..=64).contains(&last.len())).unwrap_or(""),
        verification_url: input.verification_url,
        name_secret: content.recipient_name_digest.as_ref().map(|_| URL_SAFE_NO_PAD.encode(input.name_secret)),
        logo,
        signature: signature.map(|signature| Signature {
            name: &signature.name,
            role: &signature.role,
            place: signature.place.as_deref(),
            picture: signature.file.is_some(),
        }),
        headings: headings(lang),
    };
    Value::from(Serde(values))
}

/// What every attestation must say, as far as the credential has it (the platform's guide, D.9, and how to verify it): the name
/// by which templates know it, and the text to be found.
pub(super) fn mandated(input: &AttestationInput<'_>) -> Vec<(&'static str, String)> {
    let content = input.content;
    let mut mandated = vec![
        ("recipient.name", input.recipient.as_str().to_owned()),
        ("title", content.title.clone()),
        ("issuer.name", content.issuer.name.clone()),
        ("id", content.id.clone()),
        ("verification_url", input.verification_url.to_owned()),
    ];
    let lang = content.language;
    mandated.extend(content.duration.map(|duration| ("duration", duration.spoken())));
    // With how it was counted: an amount alone would say more than was signed.
    let effective = content.effective.map(|effective| Mention::effective(effective, lang).value);
    mandated.extend(effective.map(|effective| ("effective_duration", effective)));
    mandated.extend(content.passed.then(|| ("result", Mention::passed(lang).value)));
    let dates = Mention::dates(content.activity_start, content.activity_end, input.zone, lang);
    mandated.extend(dates.map(|dates| ("dates", dates.value)));
    mandated.extend(content.objectives.iter().map(|objective| ("objectives", objective.clone())));
    mandated.extend(content.competencies.iter().map(|competency| ("competencies", competency.name.clone())));
    for block in markdown::blocks(&content.criteria) {
        match block {
            markdown::Block::Paragraph(text) => {
                mandated.extend(text.lines().map(|line| ("criteria", line.to_owned())));
            }
            markdown::Block::List(items) => criteria_of(&items, &mut mandated),
        }
    }
    if content.recipient_name_digest.is_some() {
        mandated.push(("name_secret", URL_SAFE_NO_PAD.encode(input.name_secret)));
    }
    mandated
}

fn criteria_of(items: &[markdown::Item], mandated: &mut Vec<(&'static str, String)>) {
    for item in items {
        mandated.push(("criteria", item.text.clone()));
        criteria_of(&item.items, mandated);
    }
}

/// Text in which mentions are looked for, and mentions: in NFC, without white space.
pub(super) fn comparable(text: &str) -> String {
    clean(text).chars().filter(|c| !c.is_whitespace()).collect()
}

/// Whether a mention is found whatever the case of its letters. What is copied or typed is not.
pub(super) fn is_prose(name: &str) -> bool {
    !matches!(name, "id" | "verification_url" | "name_secret")
}
