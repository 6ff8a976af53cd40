//! Taking up a delivery (issuance step 2): from what a source sent to evidence in the ledger.
//!
//! What can be placed is appended at once; what names a session or a learner that is not known yet waits, and the delivery is
//! taken up again when that appears. Evidence has a key, so taking up twice appends once.

use std::collections::HashMap;

use crate::audit::Actor;
use crate::catalog::{EffectiveSession, Source, SourceForm, Unmapped};
use crate::evidence::Evidence;
use crate::ids::{DeliveryId, ExternalId, LearnerId};
use crate::intake::{self, Record, xapi};
use crate::service::{Service, ServiceError};
use crate::store::{
    DeliveryEnd, Job, LearnerRecord, LearnerUpdate, Meant, Standing, Store, StoreError, Taken, WaitFor,
};
use crate::text::{Email, PersonName};
use crate::time::Timestamp;

impl Service {
    /// Takes up one delivery.
    pub async fn take_up(&self, job: &Job, id: DeliveryId) -> Result<(), ServiceError> {
        let Some(delivery) = self.store.delivery(id).await? else { return Ok(self.store.complete_job(job).await?) };
        let Some(source) = self.store.source(&delivery.record.source).await? else {
            return Err(ServiceError::Defect("a delivery's source is gone".into()));
        };
        let now = self.clock.now();
        let taken = match intake::understand_now(&source, &delivery.body, now) {
            Err(why) => Taken { evidence: Vec::new(), end: DeliveryEnd::Dead { reason: why.to_string() } },
            Ok(mut understood) => {
                agree_on_learners(&mut understood.records);
                if !understood.unmapped.is_empty() {
                    self.store.propose(&source.code, id, &understood.unmapped, now).await?;
                }
                let mut waiting = unmapped_reason(&source, &understood.unmapped)
                    .map(|reason| (WaitFor::Source(source.code.clone()), reason));
                let mut evidence = Vec::new();
                let mut refused = None;
                for record in understood.records {
                    match self.place(&source, record, delivery.record.received_at).await? {
                        Placed::Evidence(facts) => evidence.extend(facts),
                        Placed::Waits(wait_for, reason) => waiting = waiting.or(Some((wait_for, reason))),
                        Placed::Refused(reason) => refused = Some(reason),
                    }
                }
                for record in self.taken_back(&source, &delivery.body).await? {
                    // What waits or is refused was never appended; it is read again when it can be, and taken back then.
                    if let Placed::Evidence(facts) = self.place(&source, record, delivery.record.received_at).await? {
                        evidence.extend(facts.iter().map(Evidence::retraction));
                        evidence.extend(facts);
                    }
                }
                let end = match (refused, waiting) {
                    (Some(reason), _) => DeliveryEnd::Dead { reason },
                    (None, Some((wait_for, reason))) => DeliveryEnd::Parked { wait_for, reason },
                    (None, None) => DeliveryEnd::Processed,
                };
                Taken { evidence, end }
            }
        };
        let finished = self.store.finish_delivery(job, id, &taken, self.clock.now()).await?;
        tracing::info!(
            delivery.id = %id,
            delivery.source = %source.code,
            delivery.state = finished.state.as_str(),
            delivery.appended = finished.appended,
            "delivery.taken_up"
        );
        Ok(())
    }

    /// What statements reported that are voided: those of this delivery, and those that this delivery voids. Either may come first.
    async fn taken_back(&self, source: &Source, body: &[u8]) -> Result<Vec<Record>, ServiceError> {
        if source.form != SourceForm::Xapi {
            return Ok(Vec::new());
        }
        let (ids, targets) = xapi::ids(body);
        let mut records = Vec::new();
        for id in self.store.voided_among(&source.code, &ids).await? {
            records.extend(xapi::reported(source, body, id));
        }
        for id in targets {
            let target = self.store.statement(&source.code, id).await?;
            if let Some(target) = target.filter(|target| target.standing == Standing::Voided) {
                records.extend(xapi::reported(source, &target.body, id));
            }
        }
        Ok(records)
    }

    async fn place(&self, source: &Source, record: Record, said_at: Timestamp) -> Result<Placed, ServiceError> {
        match place_of(&self.store, source, &record).await? {
            Place::Session(_) => {}
            Place::Waits(wait_for, reason) => return Ok(Placed::Waits(wait_for, reason)),
            Place::Refused(reason) => return Ok(Placed::Refused(reason)),
        }
        let Some(learner) = self.learner(source, &record, said_at).await? else {
            let Some(external_id) = record.learner.id.or(record.learner.username) else {
                return Err(ServiceError::Defect("a learner known by an address alone waits for one".into()));
            };
            let wait_for = WaitFor::Learner { source: source.code.clone(), external_id };
            return Ok(Placed::Waits(wait_for, LEARNER_UNKNOWN.into()));
        };
        let evidence = record.facts.into_iter().map(|reported| Evidence {
            session: record.session.clone(),
            learner,
            source: source.code.clone(),
            at: reported.at,
            fact: reported.fact,
            score: reported.score,
        });
        Ok(Placed::Evidence(evidence.collect()))
    }

    /// The learner of a record: known, or described well enough by the record itself to become known.
    async fn learner(
        &self,
        source: &Source,
        record: &Record,
        said_at: Timestamp,
    ) -> Result<Option<LearnerId>, ServiceError> {
        let says_more = |known: &LearnerRecord| {
            (record.name.is_some() && record.name != known.name)
                || (record.email.is_some() && record.email != known.email)
        };
        match self.store.meant(&source.code, &record.learner).await? {
            Meant::Known(known) if !says_more(&known) => Ok(Some(known.id)),
            Meant::Nobody if record.name.is_none() && record.email.is_none() => Ok(None),
            Meant::Known(_) | Meant::InPart | Meant::Nobody => self.keep(source, record, said_at).await.map(Some),
        }
    }

    async fn keep(&self, source: &Source, record: &Record, said_at: Timestamp) -> Result<LearnerId, ServiceError> {
        let said = (record.name.as_ref(), record.email.as_ref());
        let store = self.store.by(Actor::Source(source.code.clone()));
        let kept = store.put_learner_as(&source.code, &record.learner, said, LearnerUpdate::Complete, said_at).await?;
        Ok(kept.0)
    }
}

/// Why a delivery waits whose learner nobody knows.
pub(crate) const LEARNER_UNKNOWN: &str = "the learner is not known yet";

/// What of a delivery has no mapping, in words for the operator: the first gap.
pub(crate) fn unmapped_reason(source: &Source, unmapped: &[Unmapped]) -> Option<String> {
    let missing = unmapped.iter().find_map(|unmapped| unmapped.missing(source))?;
    Some(format!("{missing} has no mapping in the configuration of the source {}", source.code))
}

/// Where the facts of a record belong.
pub(crate) enum Place {
    /// In this session.
    Session(Box<EffectiveSession>),
    /// Nowhere yet.
    Waits(WaitFor, String),
    /// Nowhere.
    Refused(String),
}

/// Looks up where the facts of a record belong, and changes nothing.
pub(crate) async fn place_of(store: &Store, source: &Source, record: &Record) -> Result<Place, StoreError> {
    let Some(session) = store.effective_session(&record.session).await? else {
        let reason = format!("the session {} is not known yet", record.session);
        return Ok(Place::Waits(WaitFor::Session(record.session.clone()), reason));
    };
    if source.serves(session.issuer()) {
        return Ok(Place::Session(Box::new(session)));
    }
    let reason =
        format!("the source {} may not report on the session {} of another issuer", source.code, record.session);
    Ok(Place::Refused(reason))
}

/// Lets the last thing that a delivery says of a learner hold for all of it. Two spellings in one delivery would else change the
/// learner at each pass, and a delivery that waits for something else be taken up for its own change, for ever.
pub(crate) fn agree_on_learners(records: &mut [Record]) {
    let mut latest: HashMap<Option<ExternalId>, (Option<PersonName>, Option<Email>)> = HashMap::new();
    for record in records.iter() {
        let (name, email) = latest.entry(record.learner.public_id()).or_default();
        *name = record.name.clone().or(name.take());
        *email = record.email.clone().or(email.take());
    }
    for record in records {
        if let Some((name, email)) = latest.get(&record.learner.public_id()) {
            (record.name, record.email) = (name.clone(), email.clone());
        }
    }
}

enum Placed {
    Evidence(Vec<Evidence>),
    Waits(WaitFor, String),
    Refused(String),
}
