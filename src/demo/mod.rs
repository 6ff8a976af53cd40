//! `sceau demo`: the whole promise on sample data, with no set-up. A real server on loopback, an LMS that posts signed webhooks to it
//! over HTTP, the decisions with their reasons, the files issued, their verification, and a revocation.
//!
//! Whatever is not as it should be ends the demo with an error. Run again on the same data, it posts the same deliveries, which
//! change nothing, and writes the same files.
//!
//! Architecture invariant: everything that an LMS, an officer or a verifier would do goes through HTTP. The storage behind the
//! server is read only to tell what happens inside.

mod authority;
mod cast;
mod catalog;
mod client;
mod installation;
mod output;
mod story;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::catalog::SourceForm;
use crate::criteria;
use crate::ids::{Code, ExternalId};
use crate::store::{DeliveryFilter, DeliveryState, Page};
use crate::text::Lang;
use cast::{CAST, HOA, Learner};
use client::{Client, Signature};
use installation::{Installation, Run};
use story::Story;

/// How long the worker may take for everything that was posted.
const PATIENCE: Duration = Duration::from_secs(120);

/// How the demo runs.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoOptions {
    /// The folder of its database and keys, made where it does not exist.
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    pub data: PathBuf,
    /// The folder that the issued files are written to.
    #[arg(long, value_name = "DIR", default_value = "demo-output")]
    pub output: PathBuf,
    /// The port to listen on: by default 8087, or a free one where that is taken; later runs keep that of the first.
    #[arg(long)]
    pub port: Option<u16>,
    /// Keep the server up at the end, until Ctrl-C.
    #[arg(long)]
    pub serve: bool,
    /// The language of the story: fr or en.
    #[arg(long, default_value = "fr", value_parser = parse_lang)]
    pub lang: Lang,
}

fn parse_lang(text: &str) -> Result<Lang, String> {
    match text {
        "fr" => Ok(Lang::Fr),
        "en" => Ok(Lang::En),
        _ => Err("fr or en".into()),
    }
}

/// Runs the demo from beginning to end; with `serve`, until Ctrl-C.
pub async fn run(options: &DemoOptions) -> anyhow::Result<()> {
    let story = Story::new(options.lang);
    story.title("Sceau : démonstration", "Sceau: demonstration");
    let installation = Installation::start(&options.data, options.port).await?;
    let client = Client::new(&installation.service.url);
    let demo = Demo { story, options, installation, client };
    demo.introduce().await?;
    demo.post_webhooks().await?;
    demo.show_decisions().await?;
    demo.supply_what_is_missing().await?;
    let awards = demo.awards().await?;
    let files = demo.write_files(&awards).await?;
    demo.verify_files(&files).await?;
    demo.revoke_one(&awards).await?;
    demo.conclude(&files).await?;
    if options.serve {
        demo.story.say("Le serveur reste ouvert. Ctrl-C pour l’arrêter.", "The server stays up. Ctrl-C ends it.");
        tokio::signal::ctrl_c().await?;
    }
    drop(demo.client);
    demo.installation.stop().await
}

struct Demo<'a> {
    story: Story,
    options: &'a DemoOptions,
    installation: Installation,
    client: Client,
}

impl Demo<'_> {
    async fn introduce(&self) -> anyhow::Result<()> {
        let Self { story, installation, .. } = self;
        let service = &installation.service;
        story.step("Une installation, sans rien régler", "An installation, with nothing to set up");
        story.fact("Données", "Data", self.options.data.display());
        story.fact("Adresse", "Address", &service.url);
        let imported = installation.imported;
        match installation.run {
            Run::First => story.fact(
                "Catalogue",
                "Catalog",
                story.lang.pick(
                    &format!("{} fiches importées, toutes ou aucune", imported.created),
                    &format!("{} entries imported, all or none", imported.created),
                ),
            ),
            Run::Again => story.fact(
                "Catalogue",
                "Catalog",
                story.lang.pick(
                    "déjà là : ce qui a été délivré ne change pas",
                    "already there: what was issued does not change",
                ),
            ),
        }
        for issuer in &installation.issuers {
            story.pause();
            story.fact("Émetteur", "Issuer", &issuer.name);
            story.row("", service.url.issuer_did(&issuer.code).as_str());
        }
        for code in ["documents-accessibles", "situations-tendues"] {
            let training = service.store.training(&code.parse()?).await?.context("a training of the catalog")?;
            story.pause();
            story.fact("Formation", "Training", &training.title);
            story.row("", format!("{}, {}", training.modality.label(story.lang), training.duration.spoken()));
            for session in service.store.sessions_of_training(&training.code).await? {
                let effective =
                    service.store.effective_session(&session.code).await?.context("a session of the catalog")?;
                let of = if effective.issuer() == &training.issuer {
                    String::new()
                } else {
                    format!(", {}", effective.issuer())
                };
                let text = format!(
                    "{} ({}, {}{of})",
                    session.code,
                    effective.modality().label(story.lang),
                    effective.duration().spoken()
                );
                story.fact("  session", "  session", text);
            }
        }
        story.pause();
        let criteria = service.url.session_criteria(&catalog::OVERRIDING_SESSION.parse()?);
        story.fact(
            "Critères",
            "Criteria",
            format!("{} {criteria}", story.lang.pick("publiés avant l’inscription,", "published before enrolment,")),
        );
        let health = self.client.get(&format!("{}/health", service.url), &[]).await?;
        health.expect(200)?;
        Ok(())
    }

    /// Posts everything that the platforms have to say, and three deliveries that must not count.
    async fn post_webhooks(&self) -> anyhow::Result<()> {
        let Self { story, installation, client, .. } = self;
        story.step("La plateforme envoie ses webhooks signés", "The learning platforms post their signed webhooks");
        let mut first = None;
        let mut platform = "";
        for learner in CAST {
            if learner.source != platform {
                platform = learner.source;
                let source =
                    installation.service.store.source(&platform.parse()?).await?.context("a source of the catalog")?;
                let form = match source.form {
                    SourceForm::MoodleWebhookengine => "local_webhookengine",
                    SourceForm::CompletionEvent => "completion-event",
                    SourceForm::Xapi => "xAPI",
                    SourceForm::Bearer => "tool_trigger",
                };
                if first.is_some() {
                    story.pause();
                }
                story.say(&format!("{} (forme {form})", source.name), &format!("{} (form {form})", source.name));
            }
            let postings = cast::postings(learner, installation.calendar);
            let count = postings.len();
            for posting in postings {
                let answer = client.post_webhook(&posting, &installation.secrets, Signature::Right).await?;
                let body = answer.expect(202)?;
                first.get_or_insert((posting, body));
            }
            let (name, session, told) = (learner.name, learner.session, learner.story());
            story.done(format!("{name:<18} {session:<18} {count} × 202   {}", story.pick(&told)));
        }
        let (posting, accepted) = first.context("nothing was posted")?;
        story.pause();
        let again = client.post_webhook(&posting, &installation.secrets, Signature::Right).await?.expect(202)?;
        ensure!(again == accepted, "a repeated webhook was answered otherwise than the first time");
        story.done(story.lang.pick(
            "le même webhook répété : même réponse, et rien n’est fait",
            "the same webhook again: the same answer, and nothing is done",
        ));
        let mut forged = posting.clone();
        forged.webhook_id.push_str("-forged");
        let problem: Value = serde_json::from_slice(
            &client.post_webhook(&forged, &installation.secrets, Signature::Forged).await?.expect(401)?,
        )?;
        let said = story
            .lang
            .pick("signé avec un autre secret\u{a0}: refusé par 401", "signed with another secret: refused with 401");
        story.refused(format!("{said}, “{}”", problem["title"].as_str().unwrap_or_default()));
        self.wait_for_worker().await?;
        let waiting = DeliveryFilter { source: None, state: Some(DeliveryState::Parked) };
        let waiting = installation.service.store.deliveries(&waiting, &Page::default()).await?.items;
        ensure!(
            installation.run == Run::Again || waiting.len() == 1,
            "one delivery should wait, and {} do",
            waiting.len()
        );
        for delivery in waiting {
            let said =
                story.lang.pick("un webhook attend sans être perdu\u{a0}:", "one webhook waits and is not lost:");
            story.waits(format!("{said} {}", delivery.reason.unwrap_or_default()));
        }
        Ok(())
    }

    async fn show_decisions(&self) -> anyhow::Result<()> {
        self.story.step("Sceau décide, et dit pourquoi", "Sceau decides, and says why");
        for learner in CAST {
            self.show_decisions_on(learner).await?;
        }
        Ok(())
    }

    async fn show_decisions_on(&self, learner: &Learner) -> anyhow::Result<()> {
        let Self { story, installation, .. } = self;
        let store = &installation.service.store;
        let session: Code = learner.session.parse()?;
        let Some(effective) = store.effective_session(&session).await? else { return Ok(()) };
        let external: ExternalId = learner.id.parse()?;
        let known = store.learner_by_external(&learner.source.parse()?, &external).await?;
        let known = known.with_context(|| format!("{} is not known", learner.name))?;
        let ledger = store.ledger(&session, known.id).await?;
        for kind in effective.kinds() {
            let decision = criteria::decide(&effective, kind, &ledger).context("a session without criteria")?;
            let expected = learner.earns.contains(&kind);
            // Whoever tries the demo out may have posted what was missing.
            let as_told = decision.met == expected || installation.run == Run::Again && decision.met;
            ensure!(as_told, "{} {}: met is {}", learner.name, kind.as_str(), decision.met);
            story.decision(&format!("{} · {} · {}", learner.name, session, kind.label(story.lang)), &decision);
        }
        Ok(())
    }

    /// The name that blocks an award, and the session that a delivery waits for.
    async fn supply_what_is_missing(&self) -> anyhow::Result<()> {
        let Self { story, installation, client, .. } = self;
        story.step("Ce qui attendait est complété par l’API", "What was waiting is supplied through the API");
        let blocked = self.blocked().await?;
        ensure!(
            installation.run == Run::Again || blocked.len() == 1,
            "one award should wait, and {} do",
            blocked.len()
        );
        for award in &blocked {
            let reasons = award["reasons"][story.lang.tag()].as_array().into_iter().flatten();
            let reasons: Vec<_> = reasons.filter_map(Value::as_str).collect();
            let session = award["session"].as_str().unwrap_or_default();
            let (one, colon) = (story.lang.pick("une attribution", "an award"), story.lang.pick("\u{a0}:", ":"));
            story.waits(format!("{one} ({session}){colon} {}", reasons.join(", ")));
        }
        let learner = json!({ "name": HOA.name, "email": HOA.email });
        let path = format!("/api/v1/learners/{}/{}", HOA.source, HOA.id);
        client.api_send("PUT", installation.token("dinfo")?, &path, &learner).await?;
        story.done(format!("PUT {path}  {}", HOA.name));
        let session = catalog::late_session(installation.calendar);
        let path = format!("/api/v1/sessions/{}", catalog::LATE_SESSION);
        client.api_send("PUT", installation.token("ecole-accueil")?, &path, &session).await?;
        story.done(format!("PUT {path}"));
        self.wait_for_worker().await?;
        ensure!(self.blocked().await?.is_empty(), "an award still waits");
        let parked = DeliveryFilter { source: None, state: Some(DeliveryState::Parked) };
        let parked = installation.service.store.deliveries(&parked, &Page::default()).await?.items;
        ensure!(installation.run == Run::Again || parked.is_empty(), "a delivery still waits");
        self.show_decisions_on(&cast::AISSATOU).await
    }

    async fn blocked(&self) -> anyhow::Result<Vec<Value>> {
        let mut blocked = Vec::new();
        for token in self.installation.tokens.values() {
            let answer = self.client.api_get(token, "/api/v1/awards?state=blocked").await?;
            blocked.extend(answer["awards"].as_array().cloned().unwrap_or_default());
        }
        Ok(blocked)
    }

    /// Waits until the worker has nothing left to do.
    async fn wait_for_worker(&self) -> anyhow::Result<()> {
        let store = &self.installation.service.store;
        let started = Instant::now();
        loop {
            let pending = store.jobs_pending().await?;
            if pending == 0 {
                break;
            }
            self.story.progress(format!("   … {pending} {}", self.story.lang.pick("tâches en cours", "jobs to do")));
            ensure!(started.elapsed() < PATIENCE, "{pending} jobs still pend after {} seconds", PATIENCE.as_secs());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.story.progress("");
        match store.dead_jobs().await?.first() {
            Some(job) => bail!("a job was given up: {}", job.error),
            None => Ok(()),
        }
    }
}
