//! Attendance sheets: who was at which meeting, as trainers fill it in or as a virtual classroom logs it.
//!
//! A sheet has one row for each learner and meeting, or one for each stay (several stays of one learner add up), or one column for
//! each meeting. Headers are French or English, in any order. Times are local to the issuer's zone. A learner is named by the
//! LMS's id or by e-mail address; a column with names is for people and is not read.
//!
//! It is read as a whole or not at all, and what it says becomes a delivery in our own form (`completion-event`), stated at one
//! moment: from there on it is evidence like any other. An empty cell says nothing; who was not there is said to be absent.

mod cells;
mod columns;

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use super::completion_event::{EventAttendance, FORM, MAX_INTERVALS};
use super::{MAX_BODY_BYTES, MAX_FACTS};
use crate::catalog::{EffectiveSession, Meeting};
use crate::evidence::Interval;
use crate::ids::{Code, ExternalId};
use crate::sheet::{self, Located, Problems, Row};
use crate::text::{Bilingual, Email, Lang};
use crate::time::{Timestamp, Zone};
use cells::Presence;
use columns::{Columns, Saying};

/// What a sheet is read against.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The session whose meetings it is about.
    pub session: &'a EffectiveSession,
    /// The zone of its times.
    pub zone: &'a Zone,
    /// When it is stated.
    pub stated: Timestamp,
    /// The meeting that it is about, where the sheet does not say it.
    pub meeting: Option<&'a Code>,
}

/// What a sheet says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The same as a `completion-event`.
    pub body: Vec<u8>,
    /// About how many learners.
    pub learners: usize,
    /// How many statements of presence, one for each learner and meeting.
    pub present: usize,
    /// How many statements of absence.
    pub absent: usize,
    /// What should be known of the reading.
    pub notes: Problems,
}

/// What was said of one learner at one meeting.
struct Said<'a> {
    meeting: &'a Meeting,
    /// The row and column that said it first.
    place: (u32, String),
    what: What,
}

enum What {
    Absent,
    /// The stays inside the meeting; none where all lie outside.
    Present(Vec<Interval>),
}

/// Reads a sheet.
///
/// # Errors
/// Everything that is wrong with it, by row; nothing of it counts then.
pub fn read(bytes: &[u8], against: Against<'_>) -> Result<Reading, Problems> {
    let rows = sheet::read(bytes)?;
    let (mut problems, mut notes) = (Problems::default(), Problems::default());
    let Some((header, rows)) = rows.split_first() else {
        return Err(Located::whole("la feuille est vide", "the sheet is empty").into());
    };
    let Some(columns) = Columns::of(header, against.session, &mut problems, &mut notes) else { return Err(problems) };
    let ids = ids_of_addresses(rows, &columns, &mut problems);
    let mut reader = Reader { against, columns, said: BTreeMap::new(), problems, notes };
    for row in rows {
        reader.row(row, &ids);
    }
    reader.finish()
}

/// The ids that rows give together with an address, so that a row with the address alone is of the same learner.
fn ids_of_addresses(rows: &[Row], columns: &Columns<'_>, problems: &mut Problems) -> HashMap<String, String> {
    let mut ids: HashMap<String, String> = HashMap::new();
    let (Some(id), Some(email)) = (columns.id, columns.email) else { return ids };
    for row in rows {
        let (id, address) = (row.cell(id), row.cell(email).to_lowercase());
        if id.is_empty() || address.is_empty() {
            continue;
        }
        if ids.insert(address, id.to_owned()).is_some_and(|before| before != id) {
            let (fr, en) = ("cette adresse a deux identifiants", "this address has two ids");
            problems.add(Located::row(row.number, fr, en).in_column(columns.header(email)));
        }
    }
    ids
}

struct Reader<'a> {
    against: Against<'a>,
    columns: Columns<'a>,
    said: BTreeMap<ExternalId, BTreeMap<&'a Code, Said<'a>>>,
    problems: Problems,
    notes: Problems,
}

impl<'a> Reader<'a> {
    fn row(&mut self, row: &Row, ids: &HashMap<String, String>) {
        let learner = match self.learner(row, ids) {
            Ok(learner) => learner,
            Err(problem) => return self.problems.add(problem),
        };
        let said = match &self.columns.saying {
            Saying::Columns(columns) => {
                let columns = columns.clone();
                columns.into_iter().map(|(place, meeting)| self.word(row, place, meeting)).collect()
            }
            Saying::Rows { meeting, presence, arrival, departure } => {
                let places = (*meeting, *presence, *arrival, *departure);
                vec![self.stay(row, places)]
            }
        };
        for said in said {
            match said {
                Ok(Some(said)) => self.add(&learner, said),
                Ok(None) => {}
                Err(problem) => self.problems.add(problem),
            }
        }
    }

    fn at(&self, row: &Row, place: usize, fr: impl Into<String>, en: impl Into<String>) -> Located {
        Located::row(row.number, fr, en).in_column(self.columns.header(place))
    }

    /// The learner of a row: by id, else by address.
    fn learner(&self, row: &Row, ids: &HashMap<String, String>) -> Result<ExternalId, Located> {
        let cell =
            |place: Option<usize>| place.map(|place| (place, row.cell(place))).filter(|(_, cell)| !cell.is_empty());
        let by_address = || {
            let (place, address) = cell(self.columns.email)?;
            Some(match (ids.get(&address.to_lowercase()), Email::new(address)) {
                (Some(id), _) => (place, id.clone()),
                (None, Ok(address)) => (place, format!("email:{}", address.as_str())),
                (None, Err(_)) => (place, String::new()),
            })
        };
        let by_id = cell(self.columns.id).map(|(place, id)| (place, id.to_owned()));
        let Some((place, id)) = by_id.or_else(by_address) else {
            return Err(Located::row(
                row.number,
                "la ligne ne dit pas de qui il s’agit",
                "the row does not say who it is about",
            ));
        };
        id.parse().map_err(|_| {
            self.at(row, place, "ni un identifiant, ni une adresse électronique", "neither an id nor an e-mail address")
        })
    }

    /// A cell of the column of a meeting.
    fn word(&self, row: &Row, place: usize, meeting: &'a Meeting) -> Result<Option<Said<'a>>, Located> {
        let what = match self.presence(row, place)? {
            Presence::Unsaid => return Ok(None),
            Presence::Absent => What::Absent,
            Presence::Present => What::Present(vec![Interval { from: meeting.starts, until: meeting.ends }]),
        };
        self.begun(row, place, meeting)?;
        Ok(Some(Said { meeting, place: (row.number, self.columns.header(place).to_owned()), what }))
    }

    fn presence(&self, row: &Row, place: usize) -> Result<Presence, Located> {
        cells::presence(row.cell(place)).ok_or_else(|| {
            self.at(
                row,
                place,
                "écrivez «\u{202f}présent\u{202f}» ou «\u{202f}absent\u{202f}», ou laissez la cellule vide",
                "write “present” or “absent”, or leave the cell empty",
            )
        })
    }

    fn begun(&self, row: &Row, place: usize, meeting: &Meeting) -> Result<(), Located> {
        if meeting.starts <= self.against.stated {
            return Ok(());
        }
        Err(self.at(row, place, "cette séance n’a pas encore commencé", "this meeting has not started yet"))
    }

    /// A row about one learner at one meeting.
    fn stay(
        &mut self,
        row: &Row,
        (meeting, presence, arrival, departure): (Option<usize>, Option<usize>, Option<usize>, Option<usize>),
    ) -> Result<Option<Said<'a>>, Located> {
        let word = presence.map_or(Ok(Presence::Unsaid), |place| self.presence(row, place))?;
        let cell = |place: Option<usize>| place.filter(|place| !row.cell(*place).is_empty());
        let (arrival, departure) = (cell(arrival), cell(departure));
        let place = arrival.or(departure).or(presence).or(meeting).unwrap_or_default();
        match (word, arrival.or(departure)) {
            (Presence::Unsaid, None) => return Ok(None),
            (Presence::Absent, Some(time)) => {
                return Err(self.at(row, time, "une heure, pour quelqu’un d’absent", "a time, for somebody absent"));
            }
            _ => {}
        }
        let meeting = self.meeting(row, meeting)?;
        self.begun(row, place, meeting)?;
        let what = match word {
            Presence::Absent => What::Absent,
            _ => What::Present(self.interval(row, meeting, arrival, departure)?.into_iter().collect()),
        };
        Ok(Some(Said { meeting, place: (row.number, self.columns.header(place).to_owned()), what }))
    }

    fn meeting(&self, row: &Row, place: Option<usize>) -> Result<&'a Meeting, Located> {
        let session = self.against.session;
        let meetings = &session.session.meetings;
        if let Some(place) = place.filter(|place| !row.cell(*place).is_empty()) {
            return columns::named(row.cell(place), session).ok_or_else(|| {
                let known: Vec<_> = meetings.iter().take(20).map(|meeting| meeting.code.as_str()).collect();
                let known = known.join(", ");
                self.at(
                    row,
                    place,
                    format!("la session n’a pas cette séance\u{202f}; elle a {known}"),
                    format!("the session has no such meeting; it has {known}"),
                )
            });
        }
        let only = match (self.against.meeting, meetings.as_slice()) {
            (Some(code), _) => meetings.iter().find(|meeting| meeting.code == *code),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        only.ok_or_else(|| {
            Located::row(
                row.number,
                "la ligne ne dit pas de quelle séance il s’agit",
                "the row does not say which meeting it is about",
            )
        })
    }

    /// The part of a stay that lies inside the meeting; none where all of it lies outside.
    fn interval(
        &mut self,
        row: &Row,
        meeting: &Meeting,
        arrival: Option<usize>,
        departure: Option<usize>,
    ) -> Result<Option<Interval>, Located> {
        let read = |place: Option<usize>, otherwise: Timestamp| match place {
            None => Ok(otherwise),
            Some(place) => cells::moment(row.cell(place), meeting, self.against.zone).ok_or_else(|| {
                self.at(
                    row,
                    place,
                    "heure illisible\u{202f}; écrivez par exemple 09:05 ou 10/03/2026 09:05",
                    "not a time; write it as 09:05 or 2026-03-10 09:05",
                )
            }),
        };
        let (from, until) = (read(arrival, meeting.starts)?, read(departure, meeting.ends)?);
        let place = departure.or(arrival).unwrap_or_default();
        let outside = from >= meeting.ends || until <= meeting.starts;
        if until <= from && !(outside && (arrival.is_none() || departure.is_none())) {
            return Err(self.at(
                row,
                place,
                "le départ n’est pas après l’arrivée",
                "the departure is not after the arrival",
            ));
        }
        let inside = Interval { from: from.max(meeting.starts), until: until.min(meeting.ends) };
        if outside {
            let note =
                self.at(row, place, "en dehors de la séance\u{202f}: non compté", "outside the meeting: not counted");
            self.notes.add(note);
            return Ok(None);
        }
        if (inside.from, inside.until) != (from, until) {
            let span = |lang| {
                format!(
                    "{} – {}",
                    inside.from.clock(self.against.zone, lang),
                    inside.until.clock(self.against.zone, lang)
                )
            };
            let (fr, en) = (
                format!("déborde de la séance\u{202f}: compté {}", span(Lang::Fr)),
                format!("beyond the meeting: {} counted", span(Lang::En)),
            );
            let note = self.at(row, place, fr, en);
            self.notes.add(note);
        }
        Ok(Some(inside))
    }

    fn add(&mut self, learner: &ExternalId, said: Said<'a>) {
        let by_meeting = self.said.entry(learner.clone()).or_default();
        let Some(before) = by_meeting.get_mut(&said.meeting.code) else {
            by_meeting.insert(&said.meeting.code, said);
            return;
        };
        match (&mut before.what, said.what) {
            (What::Absent, What::Absent) => {}
            (What::Present(stays), What::Present(more)) if stays.len() + more.len() <= MAX_INTERVALS => {
                stays.extend(more)
            }
            (What::Present(_), What::Present(_)) => {
                let (fr, en) = (
                    format!("plus de {MAX_INTERVALS} passages de la même personne à la même séance"),
                    format!("more than {MAX_INTERVALS} stays of one person at one meeting"),
                );
                self.problems.add(Located::row(said.place.0, fr, en).in_column(said.place.1));
            }
            _ => {
                let (fr, en) = (
                    format!("contredit la ligne {}\u{202f}: présent et absent de la même séance", before.place.0),
                    format!("contradicts row {}: present at and absent from the same meeting", before.place.0),
                );
                self.problems.add(Located::row(said.place.0, fr, en).in_column(said.place.1));
            }
        }
    }

    fn finish(mut self) -> Result<Reading, Problems> {
        let (mut present, mut absent) = (0, 0);
        let mut records = Vec::new();
        for (learner, by_meeting) in &mut self.said {
            let mut evidence = Vec::new();
            for said in by_meeting.values_mut() {
                let intervals = match &mut said.what {
                    What::Absent => Vec::new(),
                    What::Present(stays) if stays.is_empty() => {
                        let (fr, en) = (
                            "tous les passages de cette personne sont en dehors de la séance\u{202f}: vérifiez la date, ou écrivez «\u{202f}absent\u{202f}»",
                            "all stays of this person lie outside the meeting: check the day, or write “absent”",
                        );
                        self.problems.add(Located::row(said.place.0, fr, en).in_column(said.place.1.clone()));
                        continue;
                    }
                    What::Present(stays) => merged(std::mem::take(stays)),
                };
                *(if intervals.is_empty() { &mut absent } else { &mut present }) += 1;
                let (meeting, stated) = (said.meeting.code.clone(), self.against.stated);
                evidence.push(
                    json!({ "at": said.meeting.ends, "attendance": EventAttendance { meeting, stated, intervals } }),
                );
            }
            records.push(json!({
                "session": self.against.session.session.code, "learner": { "id": learner }, "evidence": evidence,
            }));
        }
        if !self.problems.is_empty() {
            self.problems.first.sort_by_key(|problem| problem.row);
            return Err(self.problems);
        }
        if records.is_empty() {
            return Err(
                Located::whole("la feuille ne dit rien de personne", "the sheet says nothing about anybody").into()
            );
        }
        let learners = records.len();
        let body = json!({ "form": FORM, "version": 1, "records": records }).to_string().into_bytes();
        if body.len() > MAX_BODY_BYTES || present + absent > MAX_FACTS {
            let (fr, en) = (
                "la feuille en dit trop pour une seule fois\u{202f}; séparez-la par séance",
                "the sheet says too much for one; split it by meeting",
            );
            return Err(Located::whole(fr, en).into());
        }
        Ok(Reading { body, learners, present, absent, notes: self.notes })
    }
}

/// The same times of presence, in order and without overlaps.
fn merged(mut stays: Vec<Interval>) -> Vec<Interval> {
    stays.sort_unstable();
    let mut merged: Vec<Interval> = Vec::with_capacity(stays.len());
    for stay in stays {
        match merged.last_mut() {
            Some(last) if stay.from <= last.until => last.until = last.until.max(stay.until),
            _ => merged.push(stay),
        }
    }
    merged
}

/// A sheet to fill in: one row for each learner that is known, one column for each meeting.
pub fn empty(
    session: &EffectiveSession,
    learners: &[(ExternalId, Option<String>)],
    zone: &Zone,
    lang: Lang,
) -> Vec<u8> {
    let title = |meeting: &Meeting| {
        let when = meeting.starts.day_and_minute(zone, lang);
        match meeting.label(&session.training) {
            label if label == meeting.code.as_str() => format!("{} ({when})", meeting.code),
            label => format!("{} ({label}, {when})", meeting.code),
        }
    };
    let titles: Vec<String> = session.session.meetings.iter().map(title).collect();
    let words = Bilingual::new("identifiant", "id");
    let mut header = vec![words.get(lang), lang.pick("nom", "name")];
    header.extend(titles.iter().map(String::as_str));
    let rows = learners.iter().map(|(id, name)| {
        let mut row = vec![id.as_str(), name.as_deref().unwrap_or("")];
        row.extend(titles.iter().map(|_| ""));
        row
    });
    sheet::write(std::iter::once(header).chain(rows))
}

#[cfg(test)]
mod tests;
