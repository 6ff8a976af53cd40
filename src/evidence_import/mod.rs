//! Evidence out of a file: a sheet or lines of JSON, of any length, read a block at a time.
//!
//! The whole file is read once before anything is kept, so that a wrong line costs nothing but itself; then it is kept in blocks,
//! each an ordinary delivery in our own form whose id follows from its content. So an import can be cut off anywhere and run again:
//! what was kept before is recognised, and no fact counts twice.

use std::io::{BufRead, Seek};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::audit::{Action, Actor, Entry, Object};
use crate::catalog::{EffectiveSession, Source};
use crate::ids::{Code, DeliveryId, hex};
use crate::intake::OWN_FORM;
use crate::service::{Service, ServiceError};
use crate::sheet::{self, Located, folded, local_moment};
use crate::store::{Accepted, NewDelivery, Store};
use crate::text::Bilingual;
use crate::time::{Timestamp, Zone};

/// How many lines make a block.
const BLOCK_LINES: usize = 2000;
/// How many facts make a delivery.
const DELIVERY_FACTS: usize = 1000;
/// The longest line, in bytes.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// The most wrong lines that are told of; whoever mends a hundred finds the rest by trying again.
pub const MAX_WRONG: usize = 100;

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many lines say something.
    pub lines: u64,
    /// How many deliveries were new.
    pub deliveries: u64,
    /// How many were kept before.
    pub repeats: u64,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be read.
    #[error("the file can't be read: {0}")]
    File(#[from] std::io::Error),
    /// Lines that can't be used; of very many, the first.
    #[error("nothing was imported: {} line(s) can't be used", .0.len())]
    Lines(Vec<Located>),
    /// The flow failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// What the lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinesOf {
    /// A sheet with a header.
    Sheet,
    /// One `record` of `completion-event` a line, whose session may be left out.
    Json,
}

/// What is imported into what.
pub struct Import<'a> {
    /// The source that is to have reported it.
    pub source: &'a Source,
    /// The session.
    pub session: &'a EffectiveSession,
    /// The zone of times without one.
    pub zone: &'a Zone,
    /// What the lines are.
    pub lines_of: LinesOf,
    /// When it is imported: what is dated far ahead of that is refused, as in any delivery.
    pub now: Timestamp,
}

impl Import<'_> {
    /// Reads the whole file and keeps nothing: how many lines it has, or what is wrong with it.
    pub fn check(&self, file: &mut (impl BufRead + Seek), mut progress: impl FnMut(u64)) -> Result<u64, ImportError> {
        file.rewind()?;
        let (mut lines, mut wrong) = (0, Vec::new());
        let mut blocks = self.blocks(file);
        while let Some(block) = blocks.next()? {
            match self.read(&block) {
                Ok(records) => lines += records.len() as u64,
                Err(more) => wrong.extend(more),
            }
            progress(block.bytes.len() as u64);
            if wrong.len() >= MAX_WRONG {
                break;
            }
        }
        wrong.truncate(MAX_WRONG);
        if wrong.is_empty() { Ok(lines) } else { Err(ImportError::Lines(wrong)) }
    }

    /// The blocks of a file, from where it stands.
    fn blocks<'f, R: BufRead>(&self, file: &'f mut R) -> Blocks<'f, R> {
        Blocks { file, header: None, wants_header: self.lines_of == LinesOf::Sheet, line: 0 }
    }

    /// A block as records, or what is wrong with its lines.
    fn read(&self, block: &Block) -> Result<Vec<Value>, Vec<Located>> {
        match self.lines_of {
            LinesOf::Sheet => self.sheet(block),
            LinesOf::Json => self.json(block),
        }
    }

    fn sheet(&self, block: &Block) -> Result<Vec<Value>, Vec<Located>> {
        let mut bytes = block.header.clone();
        bytes.extend(&block.bytes);
        // Rows count from the block's header; the file's own numbers are meant.
        let shift = |number: u32| block.first_line + u64::from(number) - 2;
        let moved = |mut located: Located| {
            located.row = located.row.map(|row| u32::try_from(shift(row)).unwrap_or(u32::MAX));
            located
        };
        let rows = sheet::read(&bytes).map_err(|located| vec![moved(located)])?;
        let Some((header, rows)) = rows.split_first() else { return Ok(Vec::new()) };
        let columns = Columns::of(header.cells()).map_err(|located| vec![located])?;
        let (mut records, mut wrong) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            match self.row(&columns, row) {
                Ok(record) => records.push(record),
                Err(located) => wrong.push(moved(located)),
            }
        }
        if wrong.is_empty() { Ok(records) } else { Err(wrong) }
    }

    fn row(&self, columns: &Columns, row: &sheet::Row) -> Result<Value, Located> {
        let cell = |column: Option<usize>| column.map_or("", |column| row.cell(column));
        let wrong = |column: &str, fr: String, en: String| Located::row(row.number, fr, en).in_column(column);
        let (id, username, email) = (cell(columns.id), cell(columns.username), cell(columns.email));
        let called = match (id, username, email) {
            ("", "", "") => {
                let (fr, en) = ("aucun identifiant, ni adresse", "no id, user name or address");
                return Err(Located::row(row.number, fr, en));
            }
            ("", "", email) => format!("email:{email}"),
            ("", username, _) => format!("username:{username}"),
            (id, ..) => id.to_owned(),
        };
        let mut learner = json!({ "id": called });
        for (name, value) in [("name", cell(columns.name)), ("email", email)] {
            if !value.is_empty() {
                learner[name] = json!(value);
            }
        }
        let at = local_moment(cell(Some(columns.at)), self.zone).ok_or_else(|| {
            let said = cell(Some(columns.at));
            wrong(
                "date",
                format!("« {said} » n’est pas une date avec une heure"),
                format!("“{said}” is no date with a time"),
            )
        })?;
        let word = cell(columns.state);
        let state = state(word)
            .ok_or_else(|| wrong("état", format!("« {word} » n’est pas un état"), format!("“{word}” is no state")))?;
        let activity = cell(columns.activity);
        let mut evidence = json!({ "at": at.to_string() });
        if activity.is_empty() {
            evidence["course"] = json!({ "state": state });
        } else {
            let known = activity.parse::<Code>().ok().filter(|code| self.session.training.activity(code).is_some());
            let code = known.ok_or_else(|| {
                let fr = format!("la formation n’a pas d’activité « {activity} »");
                wrong("activité", fr, format!("the training has no activity “{activity}”"))
            })?;
            evidence["activity"] = json!({ "code": code, "state": state });
        }
        let record = json!({ "session": self.session.session.code, "learner": learner, "evidence": [evidence] });
        match self.usable(&record) {
            Ok(()) => Ok(record),
            Err(why) => Err(Located::row(row.number, unusable(&why), why)),
        }
    }

    /// Whether a worker will be able to take up a record: there, a single one that it can't read would cost a whole delivery.
    fn usable(&self, record: &Value) -> Result<(), String> {
        let body = delivered(std::slice::from_ref(record));
        let understood = crate::intake::understand_now(self.source, body.as_bytes(), self.now);
        understood.map(drop).map_err(|why| why.to_string())
    }

    fn json(&self, block: &Block) -> Result<Vec<Value>, Vec<Located>> {
        let (mut records, mut wrong) = (Vec::new(), Vec::new());
        for (line, number) in block.bytes.split(|byte| *byte == b'\n').zip(block.first_line..) {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match self.json_line(line) {
                Ok(record) => records.push(record),
                Err(why) => {
                    let row = u32::try_from(number).ok();
                    let detail = Bilingual::new(unusable(&why), why);
                    wrong.push(Located { row, column: None, detail });
                }
            }
        }
        if wrong.is_empty() { Ok(records) } else { Err(wrong) }
    }

    fn json_line(&self, line: &[u8]) -> Result<Value, String> {
        let limits = crate::json::Limits::default();
        let mut record = crate::json::parse_strict(line, &limits).map_err(|error| error.to_string())?;
        let session = self.session.session.code.as_str();
        match record.get("session").map(Value::as_str) {
            None if record.is_object() => record["session"] = json!(session),
            Some(Some(named)) if named == session => {}
            _ => return Err(format!("it must be an object about the session {session}")),
        }
        self.usable(&record).map(|()| record)
    }
}

/// Records as a delivery. It says that it is in our own form, since sources have others.
fn delivered(records: &[Value]) -> String {
    json!({ "form": OWN_FORM, "version": 1, "records": records }).to_string()
}

fn unusable(why: &str) -> String {
    format!("cette ligne n’est pas utilisable : {why}")
}

impl Service {
    /// Keeps a file that was checked, on somebody's behalf; see [`Import::check`]. `progress` hears of the bytes done.
    pub async fn import_evidence(
        &self,
        import: &Import<'_>,
        file: &mut (impl BufRead + Seek),
        by: Actor,
        mut progress: impl FnMut(u64),
    ) -> Result<Imported, ImportError> {
        file.rewind()?;
        let (mut imported, store) = (Imported::default(), self.store.by(by));
        let mut blocks = import.blocks(file);
        while let Some(block) = blocks.next()? {
            let records = import.read(&block).map_err(ImportError::Lines)?;
            imported.lines += records.len() as u64;
            for records in in_deliveries(merged(records)) {
                match self.keep_records(&store, import, records).await? {
                    Accepted::New(_) => imported.deliveries += 1,
                    Accepted::Repeat(_) | Accepted::RepeatWithOtherBody(_) => imported.repeats += 1,
                }
            }
            progress(block.bytes.len() as u64);
        }
        self.wake.notify_waiters();
        Ok(imported)
    }

    async fn keep_records(
        &self,
        store: &Store,
        import: &Import<'_>,
        records: Vec<Value>,
    ) -> Result<Accepted, ServiceError> {
        let (id, session) = (DeliveryId::random(&*self.entropy), import.session);
        let entry = Entry::new(import.now, Action::EvidenceImported, Object::new("session", &session.session.code));
        let entry = entry.of_issuer(session.issuer()).with("delivery", id.to_string()).with("learners", records.len());
        let body = delivered(&records).into_bytes();
        let delivery = NewDelivery {
            id,
            source: import.source.code.clone(),
            webhook_id: format!("import-{}", hex(&Sha256::digest(&body))),
            received_at: self.clock.now(),
            body,
        };
        Ok(store.accept_noted(&delivery, Some(entry)).await?)
    }
}

/// Records of one learner put together, in the order in which the learners come.
fn merged(records: Vec<Value>) -> Vec<Value> {
    let mut places = std::collections::HashMap::new();
    let mut together: Vec<Value> = Vec::new();
    for mut record in records {
        let place = *places.entry(record["learner"].to_string()).or_insert(together.len());
        match (together.get_mut(place), record["evidence"].as_array_mut()) {
            (Some(known), Some(more))
                if known["evidence"].as_array().is_some_and(|held| held.len() < DELIVERY_FACTS) =>
            {
                let more = std::mem::take(more);
                if let Some(held) = known["evidence"].as_array_mut() {
                    held.extend(more);
                }
            }
            _ => {
                places.insert(record["learner"].to_string(), together.len());
                together.push(record);
            }
        }
    }
    together
}

/// Records in portions that a delivery can hold.
fn in_deliveries(records: Vec<Value>) -> Vec<Vec<Value>> {
    let (mut portions, mut portion, mut facts) = (Vec::new(), Vec::new(), 0);
    for record in records {
        let more = record["evidence"].as_array().map_or(0, Vec::len);
        if facts + more > DELIVERY_FACTS && !portion.is_empty() {
            portions.push(std::mem::take(&mut portion));
            facts = 0;
        }
        facts += more;
        portion.push(record);
    }
    if !portion.is_empty() {
        portions.push(portion);
    }
    portions
}

/// Some lines of a file.
struct Block {
    /// The file's first line, for a sheet.
    header: Vec<u8>,
    bytes: Vec<u8>,
    /// The number of the first of them, from 1.
    first_line: u64,
}

struct Blocks<'a, R> {
    file: &'a mut R,
    header: Option<Vec<u8>>,
    wants_header: bool,
    line: u64,
}

impl<R: BufRead> Blocks<'_, R> {
    fn next(&mut self) -> Result<Option<Block>, ImportError> {
        if self.wants_header && self.header.is_none() {
            let mut header = Vec::new();
            while header.iter().all(u8::is_ascii_whitespace) {
                header.clear();
                if self.line(&mut header)? == 0 {
                    return Ok(None);
                }
            }
            self.header = Some(header);
        }
        let (mut bytes, mut lines, first_line, mut quotes) = (Vec::new(), 0, self.line + 1, 0);
        // A quoted cell may hold a line break: a block ends where no quotation mark is open.
        while lines < BLOCK_LINES || quotes % 2 == 1 {
            let before = bytes.len();
            if self.line(&mut bytes)? == 0 {
                break;
            }
            if self.wants_header {
                quotes += bytes[before..].iter().filter(|byte| **byte == b'"').count();
            }
            if lines > 2 * BLOCK_LINES {
                let row = u32::try_from(self.line).ok();
                let detail = Bilingual::new("un guillemet n’est pas fermé", "a quotation mark is not closed");
                return Err(ImportError::Lines(vec![Located { row, column: None, detail }]));
            }
            lines += 1;
        }
        let header = self.header.clone().unwrap_or_default();
        Ok((!bytes.is_empty()).then_some(Block { header, bytes, first_line }))
    }

    fn line(&mut self, into: &mut Vec<u8>) -> Result<usize, ImportError> {
        use std::io::Read as _;
        let read = self.file.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', into)?;
        if read as u64 == MAX_LINE_BYTES && into.last() != Some(&b'\n') {
            let row = u32::try_from(self.line + 1).ok();
            let detail = Bilingual::new("cette ligne est trop longue", "this line is too long");
            return Err(ImportError::Lines(vec![Located { row, column: None, detail }]));
        }
        if read > 0 {
            self.line += 1;
            if into.last() != Some(&b'\n') {
                into.push(b'\n');
            }
        }
        Ok(read)
    }
}

/// Which column says what.
struct Columns {
    id: Option<usize>,
    username: Option<usize>,
    email: Option<usize>,
    name: Option<usize>,
    activity: Option<usize>,
    state: Option<usize>,
    at: usize,
}

impl Columns {
    fn of<'a>(header: impl Iterator<Item = &'a str>) -> Result<Self, Located> {
        let mut columns =
            Self { id: None, username: None, email: None, name: None, activity: None, state: None, at: usize::MAX };
        for (place, title) in header.enumerate() {
            let column = match folded(title).as_str() {
                "id" | "identifiant" | "learner" | "learner id" | "apprenant" | "matricule" => &mut columns.id,
                "username" | "user name" | "login" | "nom d utilisateur" => &mut columns.username,
                "email" | "e mail" | "mail" | "courriel" | "adresse" => &mut columns.email,
                "name" | "nom" | "nom complet" | "full name" => &mut columns.name,
                "activity" | "activite" | "activity code" | "code activite" => &mut columns.activity,
                "state" | "etat" | "status" | "statut" => &mut columns.state,
                "at" | "date" | "date et heure" | "date and time" | "le" => {
                    columns.at = place;
                    continue;
                }
                _ => {
                    let (fr, en) = (format!("colonne inconnue : {title}"), format!("unknown column: {title}"));
                    return Err(Located::row(1, fr, en).in_column(title));
                }
            };
            *column = Some(place);
        }
        let missing = |fr: &str, en: &str| Err(Located::row(1, fr, en));
        if columns.id.is_none() && columns.username.is_none() && columns.email.is_none() {
            return missing(
                "il manque la colonne de l’identifiant (id) ou de l’adresse (e-mail)",
                "the column id or e-mail is missing",
            );
        }
        if columns.at == usize::MAX {
            return missing("il manque la colonne de la date (at)", "the column at is missing");
        }
        Ok(columns)
    }
}

/// A state in a word; an empty cell means done.
fn state(word: &str) -> Option<&'static str> {
    Some(match folded(word).as_str() {
        "" if word.is_empty() => "completed",
        "completed" | "complete" | "done" | "termine" | "terminee" | "acheve" | "achevee" | "fait" | "oui" | "1" => {
            "completed"
        }
        "passed" | "reussi" | "reussie" | "valide" | "validee" | "2" => "passed",
        "failed" | "echoue" | "echouee" | "non valide" | "3" => "failed",
        "withdrawn" | "retire" | "retiree" | "annule" | "annulee" | "0" => "withdrawn",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
