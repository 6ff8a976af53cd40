//! What the ids of an LMS stand for, changed one by one: accepting what was proposed, one course, a whole table.
//!
//! Every change goes through the source as it stands at that moment, so that of two people at once neither undoes the other, and
//! takes up what waited for it. A mapping that names a session or an activity that isn't there is refused.

mod table;

pub use table::{Imported, write};

use std::collections::BTreeMap;

use crate::audit::{Action, Entry, Object};
use crate::catalog::{
    ActivityMapping, CatalogError, CourseMapping, EffectiveSession, LmsId, ShortText, Source, Unmapped,
};
use crate::guess::{Guess, guess};
use crate::ids::{Code, ProposalId};
use crate::sheet::Problems;
use crate::store::{Page, Paged, Proposal, ProposalState, Saved, Store, StoreError};
use crate::time::Timestamp;

/// Why a mapping was not changed.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// There is no such source.
    #[error("there is no such source")]
    NoSource,
    /// There is no such proposal, or no longer.
    #[error("there is no such proposal, or no longer")]
    NoProposal,
    /// A field is not acceptable.
    #[error(transparent)]
    Field(#[from] CatalogError),
    /// The table has rows that can't be used; nothing of it was.
    #[error("{} problems; nothing of the table was kept", .0.count)]
    Table(Problems),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A proposal with what it may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// What was named.
    pub proposal: Proposal,
    /// What it may stand for.
    pub guess: Option<Guess>,
}

/// What a proposal is said to stand for; what is absent is as guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meant {
    /// The session.
    #[serde(default)]
    pub session: Option<Code>,
    /// The activity.
    #[serde(default)]
    pub activity: Option<Code>,
}

/// The most sessions of an issuer that are considered for a guess.
const MAX_SESSIONS: u32 = 5000;

/// What a source named that has no mapping, with guesses.
pub async fn proposals(
    store: &Store,
    source: &Source,
    state: ProposalState,
    page: &Page,
) -> Result<Paged<Proposed>, StoreError> {
    let found = store.proposals(source, state, page).await?;
    let sessions = if found.items.is_empty() { Vec::new() } else { sessions(store, source).await? };
    let items = found.items.into_iter().map(|proposal| {
        let guess = guess(&proposal.unmapped, source, &sessions, proposal.last_seen);
        Proposed { proposal, guess }
    });
    Ok(Paged { items: items.collect(), next: found.next })
}

async fn sessions(store: &Store, source: &Source) -> Result<Vec<EffectiveSession>, StoreError> {
    let mut all = Vec::new();
    for issuer in std::iter::once(&source.issuer).chain(&source.shared_with) {
        all.extend(store.sessions_of_issuer(issuer, MAX_SESSIONS).await?);
    }
    Ok(all)
}

/// Maps what a proposal is about, and takes up what waits for it: what it stands for now.
pub async fn accept(
    store: &Store,
    source: &Source,
    id: ProposalId,
    meant: Meant,
    now: Timestamp,
) -> Result<Meant, MappingError> {
    let proposal = store.proposal(&source.code, id).await?.ok_or(MappingError::NoProposal)?;
    let unmapped = proposal.unmapped;
    let guessed = guess(&unmapped, source, &sessions(store, source).await?, proposal.last_seen);
    let (guessed_session, guessed_activity) =
        guessed.map_or((None, None), |guess| (guess.session.map(|s| s.code), guess.activity.map(|a| a.code)));
    let session = meant.session.clone().or_else(|| guessed_session.clone());
    let session = session.ok_or_else(|| CatalogError::new("/session", "say which session; there is no guess"))?;
    // A guessed activity is one of the guessed session.
    let guessed_activity = guessed_activity.filter(|_| guessed_session.as_ref() == Some(&session));
    let activity = match (&unmapped.id, meant.activity) {
        (LmsId::Course { .. }, Some(_)) => {
            return Err(CatalogError::new("/activity", "a course as a whole stands for a session alone").into());
        }
        (LmsId::Course { .. }, None) => None,
        (_, stated) => stated.or(guessed_activity),
    };
    usable(store, source, &session, activity.iter().map(|code| (code, "/activity".to_owned()))).await?;
    let entry = Entry::new(now, Action::MappingAccepted, Object::new("source", &source.code));
    let mut entry = entry.with("proposal", id.to_string()).with("session", session.as_str());
    if let Some(activity) = &activity {
        entry = entry.with("activity", activity.as_str());
    }
    let change = |source: &mut Source| -> Result<Entry, MappingError> {
        apply(source, &unmapped, &session, activity.as_ref())?;
        source.check()?;
        Ok(entry)
    };
    store.change_source(&source.code, change, now).await?.ok_or(MappingError::NoSource)?;
    Ok(Meant { session: Some(session), activity })
}

/// Lets what was named stand for a session, and for an activity where one is said.
fn apply(
    source: &mut Source,
    unmapped: &Unmapped,
    session: &Code,
    activity: Option<&Code>,
) -> Result<(), CatalogError> {
    let course = match &unmapped.id {
        LmsId::Activity { iri } => {
            let mapping = ActivityMapping { session: session.clone(), activity: activity.cloned() };
            source.activities.insert(iri.clone(), mapping);
            return Ok(());
        }
        LmsId::Course { course } | LmsId::Module { course, .. } => course,
    };
    let held = source.courses.remove(course);
    let was_mapped = held.is_some();
    let fits = held.as_ref().is_some_and(|held| held.is_named(unmapped.course_names.iter()));
    let mut mapping = match held {
        Some(held) if held.session == *session => held,
        Some(held) if fits => {
            let problem = format!("the course is mapped to the session {}; change the course itself", held.session);
            return Err(CatalogError::new("/session", problem));
        }
        _ => CourseMapping { session: session.clone(), named: None, modules: BTreeMap::new() },
    };
    if was_mapped && !fits {
        // The site gave the id to another course, or the course another name.
        mapping.named = unmapped.course_names.first().and_then(|name| ShortText::new(name).ok());
    }
    match (unmapped.id.module(), activity) {
        (Some(module), Some(activity)) => {
            mapping.modules.insert(module.to_owned(), activity.clone());
        }
        (Some(_), None) if fits => {
            return Err(CatalogError::new("/activity", "say which activity; there is no guess"));
        }
        // The course is mapped by this; its modules are proposed one by one.
        (Some(_), None) | (None, _) => {}
    }
    source.courses.insert(course.clone(), mapping);
    Ok(())
}

/// Shows a proposal no more.
pub async fn dismiss(store: &Store, source: &Source, id: ProposalId, now: Timestamp) -> Result<(), MappingError> {
    if store.dismiss_proposal(source, id, now).await? { Ok(()) } else { Err(MappingError::NoProposal) }
}

/// Lets a course stand for this from now on, whatever it stood for before; whether it is new.
pub async fn put_course(
    store: &Store,
    source: &Source,
    course: &str,
    mapping: &CourseMapping,
    now: Timestamp,
) -> Result<Saved, MappingError> {
    let activities = mapping.modules.iter().map(|(module, code)| (code, format!("/modules/{module}")));
    usable(store, source, &mapping.session, activities).await?;
    let mut before = None;
    let change = |source: &mut Source| -> Result<Entry, MappingError> {
        before = source.courses.insert(course.to_owned(), mapping.clone());
        source.check()?;
        Ok(changed(source, now).with("course", course))
    };
    let (saved, _) = store.change_source(&source.code, change, now).await?.ok_or(MappingError::NoSource)?;
    Ok(if before.is_none() { Saved::Created } else { saved })
}

/// Lets a course stand for nothing; false where it did so before.
pub async fn delete_course(store: &Store, source: &Source, course: &str, now: Timestamp) -> Result<bool, MappingError> {
    let mut before = None;
    let change = |source: &mut Source| -> Result<Entry, MappingError> {
        before = source.courses.remove(course);
        Ok(changed(source, now).with("course", course).with("mapped", false))
    };
    store.change_source(&source.code, change, now).await?.ok_or(MappingError::NoSource)?;
    Ok(before.is_some())
}

/// Keeps what a table says, all of it or nothing. What the table doesn't speak of stays as it is.
pub async fn import(store: &Store, source: &Source, bytes: &[u8], now: Timestamp) -> Result<Imported, MappingError> {
    let asked = table::read(bytes, source).map_err(MappingError::Table)?;
    let mut known = BTreeMap::new();
    for code in asked.sessions() {
        let session = store.effective_session(code).await?.filter(|session| source.serves(session.issuer()));
        known.insert(code.clone(), session);
    }
    asked.check(&known).map_err(MappingError::Table)?;
    let mut imported = Imported::default();
    let change = |source: &mut Source| -> Result<Entry, MappingError> {
        imported = asked.apply(source);
        source.check()?;
        Ok(changed(source, now).with("rows", imported.rows).with("created", imported.created))
    };
    store.change_source(&source.code, change, now).await?.ok_or(MappingError::NoSource)?;
    Ok(imported)
}

fn changed(source: &Source, now: Timestamp) -> Entry {
    Entry::new(now, Action::MappingChanged, Object::new("source", &source.code))
}

/// Refuses a session that the source may not report on, and activities that its training doesn't have; each with its pointer.
async fn usable(
    store: &Store,
    source: &Source,
    session: &Code,
    activities: impl Iterator<Item = (&Code, String)>,
) -> Result<(), MappingError> {
    let found = store.effective_session(session).await?.filter(|found| source.serves(found.issuer()));
    let unknown =
        || CatalogError::new("/session", format!("there is no session {session} that the source may report on"));
    let found = found.ok_or_else(unknown)?;
    for (activity, pointer) in activities {
        if found.training.activity(activity).is_none() {
            let problem = format!("the training {} has no activity {activity}", found.training.code);
            return Err(CatalogError::new(pointer, problem).into());
        }
    }
    Ok(())
}
