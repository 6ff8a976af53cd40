//! The issuance cycle, its steps numbered as in docs/architecture.md.
//!
//! 1. Intake authenticates and stores the delivery with the job it causes (`http::intake`).
//! 2. A worker reads the delivery into evidence and appends it to the ledger (`take_up`).
//! 3. Decide: criteria × ledger ([`Service::decide`]).
//! 4. Transaction A: the award, its secrets, a random status index and the unsigned document, all or nothing.
//! 5. Lint: only a linted document can be signed ([`Service::issue`]).
//! 6. Sign, outside any transaction: the embedded proof, and the token where the issuer wants one.
//! 7. Verify our own output with the code that an outsider's credential meets.
//! 8. Transaction B: the exact signed bytes, for ever, and their SHA-256 in the signing log.
//!
//! A crash at any point resumes without a lost or a second credential: the award is unique, the intent holds every random value,
//! and Ed25519 makes the same signature of the same intent. ECDSA does not: a crash between steps 6 and 8 leads to another token.
//! The first was never stored, so never published, and what is stored never changes.

use std::convert::Infallible;

use crate::attestation;
use crate::award::{AchievementSnapshot, Award, AwardState, BlockReason, Due, Recipient, RevocationCategory, Snapshot};
use crate::catalog::EffectiveSession;
use crate::credential::{self, CredentialView, Draft, StatusPlace};
use crate::criteria::{self, Decision};
use crate::ids::{AwardId, Code, CredentialId, LearnerId, StatusListId, SubjectId, hex};
use crate::lint;
use crate::service::{IssuerKeys, Link, Service, ServiceError, blocking};
use crate::store::{
    Alert, AlertKind, AlertState, AwardSecrets, AwardStep, CredentialRecord, DecisionMade, Job, Plan, Settled,
    Signatures, Signed, StatusSlot, TokenSignature,
};
use crate::text::{Bilingual, Lang};
use crate::verify::{self, CheckCode, Materials, Outcome, Trust};

impl Service {
    /// Steps 3 and 4 for one learner in one session.
    pub async fn decide(&self, job: &Job, session: &Code, learner: LearnerId) -> Result<(), ServiceError> {
        let Some(effective) = self.store.effective_session(session).await? else {
            return Ok(self.store.complete_job(job).await?);
        };
        // Whoever this one turned out to be.
        let Some(learner) = self.store.learner(learner).await?.map(|record| record.id) else {
            return Ok(self.store.complete_job(job).await?);
        };
        // A race is lost to a worker that made progress; three in a row are a defect that a retry may outlive.
        for _ in 0..3 {
            let mut plans = Vec::new();
            for standing in self.standings(&effective, learner).await? {
                let (due, decision) = (standing.due(), standing.decision);
                tracing::info!(session.code = %session, award.kind = decision.kind.as_str(), decision.met, "award.decided");
                plans.extend(self.next_step(&effective, learner, &decision, due).await?);
                let issuer = effective.issuer().clone();
                plans.push(Step::Decided(Box::new(DecisionMade {
                    session: session.clone(),
                    learner,
                    issuer,
                    decision,
                })));
            }
            let composers: Vec<_> = plans.iter().map(|step| step.composer(self)).collect();
            let steps: Vec<_> =
                plans.iter().zip(&composers).map(|(step, compose)| step.as_award_step(compose)).collect();
            match self.store.settle_decision(job, &steps, self.clock.now()).await? {
                Settled::Done => return Ok(()),
                Settled::Raced => continue,
                Settled::Refused(never) => match never {},
            }
        }
        Err(ServiceError::Defect("a decision was raced three times".into()))
    }

    /// What a decision calls for, given the award that may exist.
    async fn next_step(
        &self,
        session: &EffectiveSession,
        learner: LearnerId,
        decision: &Decision,
        due: Due,
    ) -> Result<Option<Step>, ServiceError> {
        let existing = self.store.award_of(&session.session.code, learner, decision.kind).await?;
        match (existing, due) {
            (None, Due::NotYet) | (_, Due::Refused) => Ok(None),
            (Some(award), Due::NotYet) => Ok(Some(Step::Alert(self.withdrawal(&award)))),
            (Some(award), _) if !matches!(award.state, AwardState::Blocked { .. }) => Ok(None),
            (existing, Due::Award | Due::AwardAfterClosing) => {
                let now = self.clock.now();
                let snapshot = self.snapshot(session, learner, decision).await?;
                let award = match &existing {
                    Some(award) => Award { snapshot, ..award.clone() },
                    None => Award {
                        id: AwardId::random(&*self.entropy),
                        session: session.session.code.clone(),
                        learner,
                        kind: decision.kind,
                        subject: SubjectId::random(&*self.entropy),
                        awarded: now.to_whole_second(),
                        state: AwardState::Issuing,
                        snapshot,
                    },
                };
                let name_secret = match &existing {
                    Some(award) => self.name_secret(award.id).await?,
                    None => self.entropy.bytes(),
                };
                let ready = match (self.readiness(&award).await?, due) {
                    (Err(mut reasons), Due::AwardAfterClosing) => {
                        reasons.insert(0, BlockReason::SessionClosed);
                        Err(reasons)
                    }
                    (Ok(_), Due::AwardAfterClosing) => Err(vec![BlockReason::SessionClosed]),
                    (ready, _) => ready,
                };
                let planned = match ready {
                    Ok(key_id) => {
                        Ok(self.plan(&award, name_secret, key_id, RevocationCategory::DetailsCorrected).await?)
                    }
                    Err(reasons) => Err(reasons),
                };
                let secrets = existing.is_none().then(|| self.new_secrets(award.id, &name_secret));
                Ok(Some(Step::Award(Box::new(AwardPlan { award, secrets, planned }))))
            }
        }
    }

    async fn snapshot(
        &self,
        session: &EffectiveSession,
        learner: LearnerId,
        decision: &Decision,
    ) -> Result<Snapshot, ServiceError> {
        let code = session.issuer();
        let gone = |what: &str| ServiceError::Defect(format!("{what} is gone from storage"));
        let issuer = self.store.issuer(code).await?.ok_or_else(|| gone("a session's issuer"))?;
        let learner = self.store.learner(learner).await?.ok_or_else(|| gone("a learner"))?;
        let narrative = criteria::narrative(session, decision.kind, session.training.language).unwrap_or_default();
        let achievement =
            AchievementSnapshot::of(session, decision.kind, (self.url.issuer_did(code), &issuer), narrative);
        let (mut start, mut end) = (session.session.starts, session.session.ends);
        if let Some((first, last)) = decision.credited {
            // Of somebody who came early or late, only what agrees with the session's own date: nothing ends before it starts.
            start = start.or(Some(first).filter(|first| end.is_none_or(|end| *first <= end)));
            end = end.or(Some(last).filter(|last| start.is_none_or(|start| start <= *last)));
        }
        Ok(Snapshot {
            achievement: achievement.ok_or_else(|| gone("a kind of award that was just decided"))?,
            issuer,
            recipient: Recipient { name: learner.name, email: learner.email },
            activity_start: start,
            activity_end: end,
            time: decision.time.clone(),
            passed: decision.passed,
        })
    }

    /// The id of the key to sign with, or everything that an award waits for.
    pub(crate) async fn readiness(&self, award: &Award) -> Result<Result<String, Vec<BlockReason>>, ServiceError> {
        let mut reasons = Vec::new();
        match &award.snapshot.recipient.name {
            None => reasons.push(BlockReason::NameMissing),
            Some(name) => {
                // What the PDF would print is what the credential would sign; ids play no part in it.
                let place = StatusPlace { list: StatusListId::random(&*self.entropy), index: 0 };
                let id = CredentialId::random(&*self.entropy);
                let draft = Draft {
                    url: &self.url,
                    award,
                    id,
                    status: place,
                    valid_from: self.clock.now(),
                    email_salt: "",
                    name_secret: &[0; 16],
                };
                let view = CredentialView::read(&credential::compose(&draft))
                    .map_err(|error| ServiceError::Defect(error.to_string()))?;
                reasons.extend(attestation::check_drawable(&view, name).into_iter().map(|(field, characters)| {
                    let characters = characters.into_iter().map(|c| format!("U+{:04X}", u32::from(c))).collect();
                    BlockReason::Undrawable { field, characters }
                }));
            }
        }
        match self.signing_keys(&award.snapshot.issuer.code).await? {
            Some(keys) if reasons.is_empty() => Ok(Ok(keys.proof.record.key_id)),
            Some(_) => Ok(Err(reasons)),
            None => {
                reasons.push(BlockReason::IssuerKeyMissing);
                Ok(Err(reasons))
            }
        }
    }

    /// The next credential of an award: the planned one that is not signed yet, else a new version.
    pub(crate) async fn plan(
        &self,
        award: &Award,
        name_secret: [u8; 16],
        key_id: String,
        replaces_as: RevocationCategory,
    ) -> Result<Planned, ServiceError> {
        let latest = self.store.credentials_of(award.id).await?.pop();
        let (id, version) = match latest {
            Some(record) if record.signed.is_none() => (record.id, record.version),
            Some(record) => (CredentialId::random(&*self.entropy), record.version + 1),
            None => (CredentialId::random(&*self.entropy), 1),
        };
        let now = self.clock.now().to_whole_second();
        Ok(Planned {
            id,
            version,
            key_id,
            // A correction within the same second must still be the newer one (OB 3.0 § "Verification", equality).
            valid_from: now.max(award.awarded.plus_seconds(i64::from(version) - 1)),
            replaces_as,
            email_salt: hex(&self.entropy.bytes::<16>()),
            name_secret,
        })
    }

    fn new_secrets(&self, award: AwardId, name_secret: &[u8; 16]) -> AwardSecrets {
        let (qr, qr_token) = self.new_link(award, Link::Qr);
        let (download, download_token) = self.new_link(award, Link::Download);
        AwardSecrets {
            name_secret: self.seal_name_secret(award, name_secret),
            qr_token,
            download_token,
            qr_lookup: qr.lookup(),
            download_lookup: download.lookup(),
        }
    }

    pub(crate) async fn name_secret(&self, award: AwardId) -> Result<[u8; 16], ServiceError> {
        let secrets = self.store.award_secrets(award).await?;
        let secrets = secrets.ok_or_else(|| ServiceError::Defect("an award has no secrets".into()))?;
        self.open_name_secret(award, &secrets.name_secret)
    }

    fn withdrawal(&self, award: &Award) -> Alert {
        Alert {
            kind: AlertKind::WithdrawalAfterAward,
            award: award.id,
            session: award.session.clone(),
            learner: award.learner,
            text: Bilingual::new(
                "Les critères ne sont plus remplis, à la suite d’un retrait de réalisations ou d’un changement des critères\u{202f}; \
                 l’attribution est maintenue jusqu’à décision d’un responsable de formation.",
                "The criteria are no longer met, since evidence was withdrawn or the criteria changed; the award stands until a \
                 training officer decides.",
            ),
            raised: self.clock.now(),
            state: AlertState::Open,
        }
    }

    /// Steps 5 to 8 for one planned credential.
    pub async fn issue(&self, job: &Job, id: CredentialId) -> Result<(), ServiceError> {
        let Some(record) = self.store.credential(id).await? else { return Ok(self.store.complete_job(job).await?) };
        if record.signed.is_some() {
            return Ok(self.store.complete_job(job).await?);
        }
        let Some(keys) = self.keys_to_sign(job, &record).await? else {
            let reasons = [BlockReason::IssuerKeyMissing];
            return Ok(self.store.block_award(job, record.award, &reasons, self.clock.now()).await?);
        };

        let document = serde_json::from_str(&record.unsigned)
            .map_err(|error| ServiceError::Defect(format!("a stored intent is not JSON: {error}")))?;
        let linted = match blocking(move || lint::lint(document)).await? {
            Ok(linted) => linted,
            Err(findings) => {
                // The codes alone: a finding may quote the document.
                let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
                tracing::error!(credential.id = %id, lint.codes = codes.join(","), "credential.lint_refused");
                let reasons =
                    [BlockReason::LintRefused { findings: findings.iter().map(ToString::to_string).collect() }];
                return Ok(self.store.block_award(job, record.award, &reasons, self.clock.now()).await?);
            }
        };
        let (key_id, token_key) =
            (keys.proof.record.key_id.clone(), keys.token.as_ref().map(|key| key.record.key_id.clone()));
        let (document, token) = self.sign_and_verify(&record, keys, linted).await?;
        let token = token.as_deref().zip(token_key.as_deref());
        let token = token.map(|(text, key_id)| TokenSignature { text, key_id });
        match self.store.store_signed(job, id, &Signatures { document: &document, token }, self.clock.now()).await? {
            Signed::Stored | Signed::AlreadyThere => {}
            Signed::KeyRetired => return Err(ServiceError::KeyRetired),
        }
        // Where this process dies before, the first download binds it.
        if self.templates.is_some()
            && let Err(error) = self.bind_template(&record).await
        {
            tracing::warn!(credential.id = %id, %error, "template.not_bound");
        }
        self.outbox.notify_one();
        tracing::info!(credential.id = %id, credential.version = record.version, key.id = %key_id, "credential.issued");
        Ok(())
    }

    async fn bind_template(&self, record: &CredentialRecord) -> Result<(), ServiceError> {
        if let Some(award) = self.store.award(record.award).await? {
            self.template_of(&award, record.id).await?;
        }
        Ok(())
    }

    /// The keys that sign now. Where the intent names another, which was rotated out since, the one that signs is named in the
    /// intent before it is used: a key that signs no more must not go on signing what was planned. None where the issuer has not
    /// all that it wants.
    async fn keys_to_sign(&self, job: &Job, record: &CredentialRecord) -> Result<Option<IssuerKeys>, ServiceError> {
        let Some(keys) = self.signing_keys(&record.issuer).await? else { return Ok(None) };
        let key_id = &keys.proof.record.key_id;
        if *key_id != record.key_id {
            self.store.replace_intent(job, record.id, key_id, &record.unsigned).await?;
        }
        Ok(Some(keys))
    }

    /// Steps 6 and 7: the document with its proof, and the token if one is wanted.
    async fn sign_and_verify(
        &self,
        record: &CredentialRecord,
        keys: IssuerKeys,
        linted: lint::Linted,
    ) -> Result<(String, Option<String>), ServiceError> {
        let created = record.valid_from.to_whole_second().to_string();
        let did_document = self.did_document_of_record(&record.issuer).await?.unwrap_or_default().to_string();
        let (issuer, now) = (self.url.issuer_did(&record.issuer), self.clock.now());
        blocking(move || {
            let signed = keys.proof.prove(&linted, &created)?.to_string();
            let token = keys.token.as_ref().map(|key| key.tokenise(&linted)).transpose()?;
            let materials = Materials::new().with(issuer.as_str(), did_document.as_bytes(), Trust::KnownHere);
            let essential = [CheckCode::Form, CheckCode::Schema, CheckCode::Proof, CheckCode::IssuerKey];
            for text in [Some(&signed), token.as_ref()].into_iter().flatten() {
                let report = verify::prepare(text.as_bytes()).conclude(&materials, now);
                let refused = essential.into_iter().find(|code| report.outcome(*code) != Some(Outcome::Pass));
                if let Some(code) = refused {
                    return Err(ServiceError::Defect(format!("our own verifier refuses what we signed: {code:?}")));
                }
            }
            Ok((signed, token))
        })
        .await?
    }
}

/// What a decision calls for, before storage sees it.
enum Step {
    Award(Box<AwardPlan>),
    Alert(Alert),
    Decided(Box<DecisionMade>),
}

/// An award to make or to resume, and its credential or what it waits for.
struct AwardPlan {
    award: Award,
    // Only a new award gets secrets; they are kept through every version.
    secrets: Option<AwardSecrets>,
    planned: Result<Planned, Vec<BlockReason>>,
}

/// A credential with every value decided but its status index.
pub(crate) struct Planned {
    pub(crate) id: CredentialId,
    version: u32,
    key_id: String,
    valid_from: crate::time::Timestamp,
    replaces_as: RevocationCategory,
    email_salt: String,
    name_secret: [u8; 16],
}

type Compose<'a> = Box<dyn Fn(&StatusSlot) -> Result<String, Infallible> + Send + Sync + 'a>;

impl Step {
    fn composer<'a>(&'a self, service: &'a Service) -> Option<Compose<'a>> {
        let Self::Award(plan) = self else { return None };
        let planned = plan.planned.as_ref().ok()?;
        Some(Box::new(move |slot| Ok(planned.compose(service, &plan.award, slot))))
    }

    fn as_award_step<'a>(&'a self, compose: &'a Option<Compose<'a>>) -> AwardStep<'a, Infallible> {
        let plan = match self {
            Self::Alert(alert) => return AwardStep::Alert(alert.clone()),
            Self::Decided(made) => return AwardStep::Decided(made.clone()),
            Self::Award(plan) => plan,
        };
        let award = Box::new(plan.award.clone());
        match (&plan.secrets, &plan.planned, compose) {
            (Some(secrets), Ok(planned), Some(compose)) => {
                AwardStep::Open(award, secrets.clone(), planned.as_plan(compose))
            }
            (None, Ok(planned), Some(compose)) => AwardStep::Resume(award, planned.as_plan(compose)),
            (Some(secrets), Err(reasons), _) => AwardStep::OpenBlocked(award, secrets.clone(), reasons.clone()),
            (None, Err(reasons), _) => AwardStep::StayBlocked(award, reasons.clone()),
            (_, Ok(_), None) => unreachable!("a planned credential has a composer"),
        }
    }
}

impl Planned {
    pub(crate) fn as_plan<'a>(
        &self,
        compose: &'a (dyn Fn(&StatusSlot) -> Result<String, Infallible> + Send + Sync + 'a),
    ) -> Plan<'a, Infallible> {
        let (id, version, key_id) = (self.id, self.version, self.key_id.clone());
        Plan { id, version, key_id, valid_from: self.valid_from, replaces_as: self.replaces_as, compose }
    }

    pub(crate) fn compose(&self, service: &Service, award: &Award, slot: &StatusSlot) -> String {
        let draft = Draft {
            url: &service.url,
            award,
            id: self.id,
            status: StatusPlace { list: slot.list, index: slot.index },
            valid_from: self.valid_from,
            email_salt: &self.email_salt,
            name_secret: &self.name_secret,
        };
        credential::compose(&draft).to_string()
    }
}

/// Why an award waits, in words for officers.
pub fn block_reason_text(reason: &BlockReason, lang: Lang) -> String {
    match (reason, lang) {
        (BlockReason::NameMissing, Lang::Fr) => "le nom de l’apprenant n’est pas connu".into(),
        (BlockReason::NameMissing, Lang::En) => "the learner's name is not known".into(),
        (BlockReason::Undrawable { field, characters }, Lang::Fr) => {
            format!("aucune police ne dessine {} (champ {field})", characters.join(", "))
        }
        (BlockReason::Undrawable { field, characters }, Lang::En) => {
            format!("no embedded font can draw {} (field {field})", characters.join(", "))
        }
        (BlockReason::IssuerKeyMissing, Lang::Fr) => "il manque à l’émetteur une clé de signature".into(),
        (BlockReason::IssuerKeyMissing, Lang::En) => "the issuer lacks a key to sign with".into(),
        (BlockReason::SessionClosed, Lang::Fr) => {
            "les critères ont été remplis après la clôture de la session\u{202f}; un responsable de formation décide"
                .into()
        }
        (BlockReason::SessionClosed, Lang::En) => {
            "the criteria were met after the session was closed; a training officer decides".into()
        }
        (BlockReason::LintRefused { findings }, Lang::Fr) => {
            format!("document refusé par nos règles\u{a0}: {}", findings.join("; "))
        }
        (BlockReason::LintRefused { findings }, Lang::En) => {
            format!("document refused by our rules: {}", findings.join("; "))
        }
    }
}
