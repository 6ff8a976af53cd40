//! The award criteria of a session, as published before anyone enrols.

use serde::Serialize;

use super::engine::{PageError, Pages};
use super::verification::{Organisation, SkillLine};
use super::wording::how_to_earn;
use crate::catalog::{Assessment, AwardKind, EffectiveSession, Issuer};
use crate::markdown::{Block, blocks};
use crate::mentions::Mention;
use crate::text::Lang;

/// What `GET /sessions/{code}/criteria` shows.
#[derive(Debug, Clone)]
pub struct CriteriaPage<'a> {
    /// The session over its training.
    pub session: &'a EffectiveSession,
    /// The issuer of its awards; days are counted in its time zone.
    pub issuer: &'a Issuer,
    /// For each kind of award, its criteria in words (Markdown), in the language of the training.
    pub narratives: &'a [(AwardKind, String)],
    /// The same criteria as JSON.
    pub json_url: &'a str,
    /// The language of the page.
    pub lang: Lang,
}

#[derive(Serialize)]
struct CriteriaContext<'a> {
    /// The language of the texts that the training's designers wrote.
    content_lang: &'static str,
    title: &'a str,
    description: Vec<Block>,
    setting: Vec<Block>,
    issuer: Organisation,
    facts_list: Vec<Mention>,
    objectives: Vec<&'a str>,
    competencies_list: Vec<SkillLine>,
    criteria: Vec<KindCriteria>,
    results_stay_private: bool,
    json_url: &'a str,
}

#[derive(Serialize)]
struct KindCriteria {
    heading: String,
    /// The language of the narrative: the page's, or the training's where its designers wrote it.
    lang: &'static str,
    narrative: Vec<Block>,
}

impl Pages {
    /// `GET /sessions/{code}/criteria`.
    pub fn criteria(&self, page: &CriteriaPage<'_>) -> Result<String, PageError> {
        let (lang, training, session) = (page.lang, &page.session.training, &page.session.session);
        let zone = &page.issuer.time_zone;
        let mut facts =
            vec![Mention::duration(page.session.duration(), lang), Mention::modality(page.session.modality(), lang)];
        facts.extend(Mention::dates(session.starts, session.ends, zone, lang));
        let context = CriteriaContext {
            content_lang: training.language.tag(),
            title: training.title.as_str(),
            description: blocks(training.description.as_str()),
            setting: session.context.as_ref().map(|text| blocks(text.as_str())).unwrap_or_default(),
            issuer: Organisation {
                name: page.issuer.name.as_str().to_owned(),
                url: Some(page.issuer.url.as_str().to_owned()),
                parent: page.issuer.parent.as_ref().map(|parent| parent.name.as_str().to_owned()),
            },
            facts_list: facts,
            objectives: training.objectives.iter().map(|objective| objective.as_str()).collect(),
            competencies_list: training.competencies.iter().map(SkillLine::of_catalog).collect(),
            criteria: page
                .narratives
                .iter()
                .map(|(kind, narrative)| KindCriteria {
                    heading: how_to_earn(*kind, lang),
                    lang: match page.session.criteria().get(*kind) {
                        Some(written) if written.narrative.is_some() => training.language.tag(),
                        _ => lang.tag(),
                    },
                    narrative: blocks(narrative),
                })
                .collect(),
            results_stay_private: training.assessment == Assessment::SelfAssessment,
            json_url: page.json_url,
        };
        self.render("criteria.html", lang, context)
    }
}
