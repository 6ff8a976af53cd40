//! A learner's progress in a session: the criteria against the ledger as it is now, the awards that came of it, and the link at which
//! the learner reads it.
//!
//! Decides nothing and awards nothing. The link names nobody and is made when it is first asked for: one for each session and learner.

use crate::audit::Actor;
use crate::award::{Award, Verdict};
use crate::catalog::{AwardKind, EffectiveSession, Issuer, WebUrl};
use crate::criteria::{self, Progress};
use crate::ids::{CapabilityToken, Code, LearnerId};
use crate::service::{AwardLinks, Service, ServiceError};
use crate::store::CredentialRecord;
use crate::time::Timestamp;

/// How far a learner is in a session.
#[derive(Debug, Clone)]
pub struct SessionProgress {
    /// The session over its training.
    pub session: EffectiveSession,
    /// The issuer of its awards.
    pub issuer: Issuer,
    /// As of when.
    pub at: Timestamp,
    /// When the session was closed: since then an award takes an officer.
    pub closed: Option<Timestamp>,
    /// Each kind of award that it grants.
    pub kinds: Vec<KindProgress>,
}

/// How far a learner is with one kind of award.
#[derive(Debug, Clone)]
pub struct KindProgress {
    /// The criteria, step by step.
    pub progress: Progress,
    /// What an officer decided instead of the criteria.
    pub by_hand: Option<Verdict>,
    /// The award, where there is one.
    pub award: Option<AwardMade>,
}

/// An award that was made.
#[derive(Debug, Clone)]
pub struct AwardMade {
    /// The award.
    pub award: Award,
    /// Its current credential, once signed.
    pub credential: Option<CredentialRecord>,
    /// Its links, once its credential is signed.
    pub links: Option<AwardLinks>,
}

impl Service {
    /// How far a learner is in a session; none where there is no such session.
    pub async fn session_progress(
        &self,
        session: &Code,
        learner: LearnerId,
    ) -> Result<Option<SessionProgress>, ServiceError> {
        let Some(effective) = self.store.effective_session(session).await? else { return Ok(None) };
        let gone = || ServiceError::Defect("a session's issuer is gone from storage".into());
        let issuer = self.store.issuer(effective.issuer()).await?.ok_or_else(gone)?;
        let ledger = self.store.ledger(session, learner).await?;
        let at = self.clock.now();
        let mut kinds = Vec::new();
        for kind in effective.kinds() {
            let Some(progress) = criteria::progress(&effective, kind, &ledger, at) else { continue };
            let by_hand = self.store.verdict_by_hand(session, learner, kind).await?.map(|held| held.verdict);
            kinds.push(KindProgress { progress, by_hand, award: self.award_made(session, learner, kind).await? });
        }
        let closed = self.store.session_closed_at(session).await?;
        Ok(Some(SessionProgress { session: effective, issuer, at, closed, kinds }))
    }

    async fn award_made(
        &self,
        session: &Code,
        learner: LearnerId,
        kind: AwardKind,
    ) -> Result<Option<AwardMade>, ServiceError> {
        let Some(award) = self.store.award_of(session, learner, kind).await? else { return Ok(None) };
        let credential = self.store.current_credential(award.id).await?;
        let links = match &credential {
            Some(current) => self.award_links(&award, current).await?,
            None => None,
        };
        Ok(Some(AwardMade { award, credential, links }))
    }

    /// The link of a learner's progress in a session, made where there is none.
    pub async fn progress_link(&self, session: &Code, learner: LearnerId) -> Result<CapabilityToken, ServiceError> {
        let place = format!("progress:{session}:{learner}");
        if let Some(sealed) = self.store.progress_link(session, learner).await? {
            return self.open_capability(&place, &sealed);
        }
        let (token, sealed) = self.new_capability(&place);
        let kept = self.store.keep_progress_link(session, learner, &sealed, &token.lookup(), self.clock.now()).await?;
        // Another request may have been first.
        self.open_capability(&place, &kept)
    }

    /// Ends the link of a learner's progress, if there is one; the next that is asked for is another.
    pub async fn end_progress_link(
        &self,
        session: &EffectiveSession,
        learner: LearnerId,
        actor: Actor,
    ) -> Result<Option<()>, ServiceError> {
        let (code, issuer) = (&session.session.code, session.issuer());
        Ok(self.store.by(actor).end_progress_link(code, learner, issuer, self.clock.now()).await?)
    }

    /// The sites that may show what belongs to an issuer's sessions in a frame: those of its sources, as origins.
    pub async fn framing_sites(&self, issuer: &Code) -> Result<Vec<String>, ServiceError> {
        let sources = self.store.sources().await?;
        let sites = sources.iter().filter(|source| source.serves(issuer)).filter_map(|source| source.site.as_ref());
        let mut origins: Vec<String> = sites.filter_map(WebUrl::origin).collect();
        origins.sort();
        origins.dedup();
        Ok(origins)
    }
}
