//! A mapping as a table: `course;module;session;activity`, one row for a course, a module of it, or an activity by its IRI.
//!
//! A row without a module says which session a course runs; a row with one, which activity the module is, and the session where no
//! other row of the course and no mapping so far says it. A module that is an IRI, without a course, is an xAPI activity's id.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{ActivityMapping, CourseMapping, EffectiveSession, Iri, Source};
use crate::ids::Code;
use crate::sheet::{self, Located, Problems, Row, folded};

/// What a table came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many rows it has, the header left out.
    pub rows: u32,
    /// How many of them say something new.
    pub created: u32,
    /// How many change what stood there.
    pub changed: u32,
    /// How many say what stood there already.
    pub unchanged: u32,
}

/// What a table asks for.
pub(super) struct Asked {
    rows: u32,
    /// For each course its session, its modules, and the row that named the course first.
    courses: BTreeMap<String, AskedCourse>,
    activities: BTreeMap<Iri, (ActivityMapping, u32)>,
}

#[derive(Default)]
struct AskedCourse {
    session: Option<(Code, u32)>,
    modules: BTreeMap<String, (Code, u32)>,
    first_row: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Course,
    Module,
    Session,
    Activity,
}

const WORDS: [(Role, &[&str]); 4] = [
    (Role::Course, &["course", "course id", "courseid", "cours", "id cours", "id du cours", "identifiant du cours"]),
    (
        Role::Module,
        &["module", "module id", "moduleid", "cmid", "id module", "id du module", "iri", "activity id", "id activite"],
    ),
    (Role::Session, &["session", "session code", "code session", "code de session", "code de la session"]),
    (
        Role::Activity,
        &["activity", "activity code", "activite", "code activite", "code d activite", "code de l activite"],
    ),
];

struct Columns([Option<usize>; 4]);

impl Columns {
    fn of(header: &Row) -> Result<Self, Located> {
        let mut found = [None; 4];
        for (place, text) in header.cells().enumerate() {
            let word = folded(text);
            let Some(role) = WORDS.iter().position(|(_, words)| words.contains(&word.as_str())) else { continue };
            if found[role].replace(place).is_some() {
                let (fr, en) = (
                    "deux colonnes disent la même chose\u{202f}; retirez-en une",
                    "two columns say the same thing; remove one",
                );
                return Err(Located::row(header.number, fr, en).in_column(text));
            }
        }
        let has = |role: Role| found[role as usize].is_some();
        if !has(Role::Session) || !(has(Role::Course) || has(Role::Module)) {
            return Err(Located::row(
                header.number,
                "il faut les colonnes «\u{202f}cours\u{202f}», «\u{202f}module\u{202f}», «\u{202f}session\u{202f}» et «\u{202f}activité\u{202f}»",
                "the columns “course”, “module”, “session” and “activity” are needed",
            ));
        }
        Ok(Self(found))
    }

    fn cell<'a>(&self, row: &'a Row, role: Role) -> &'a str {
        self.0[role as usize].map_or("", |place| row.cell(place))
    }
}

/// Reads a table; `source` says what courses stand for so far.
pub(super) fn read(bytes: &[u8], source: &Source) -> Result<Asked, Problems> {
    let rows = sheet::read(bytes)?;
    let Some((header, rows)) = rows.split_first() else {
        return Err(Located::whole("le tableau est vide", "the table is empty").into());
    };
    let columns = Columns::of(header)?;
    let mut problems = Problems::default();
    let mut asked = Asked { rows: 0, courses: BTreeMap::new(), activities: BTreeMap::new() };
    for row in rows {
        asked.rows += 1;
        if let Err(problem) = asked.take(row, &columns) {
            problems.add(problem);
        }
    }
    for (id, course) in &mut asked.courses {
        if course.session.is_none() {
            course.session = source.courses.get(id).map(|known| (known.session.clone(), course.first_row));
        }
        if course.session.is_none() {
            let (fr, en) = ("aucune ligne ne dit la session de ce cours", "no row says the session of this course");
            problems.add(Located::row(course.first_row, fr, en).in_column("session"));
        }
    }
    if problems.is_empty() { Ok(asked) } else { Err(problems) }
}

impl Asked {
    fn take(&mut self, row: &Row, columns: &Columns) -> Result<(), Located> {
        let cell = |role| columns.cell(row, role);
        let (course, module) = (cell(Role::Course), cell(Role::Module));
        let session = code(row, "session", cell(Role::Session))?;
        let activity = code(row, "activity", cell(Role::Activity))?;
        let twice = |column: &str, other: u32| {
            let (fr, en) = (format!("la ligne {other} dit autre chose"), format!("row {other} says something else"));
            Err(Located::row(row.number, fr, en).in_column(column))
        };
        if course.is_empty() {
            let Ok(iri) = Iri::try_from(module.to_owned()) else {
                let (fr, en) = (
                    "sans cours, le module doit être l’IRI d’une activité",
                    "without a course, the module must be the IRI of an activity",
                );
                return Err(Located::row(row.number, fr, en).in_column("module"));
            };
            let Some(session) = session else {
                let (fr, en) = ("il manque la session", "the session is missing");
                return Err(Located::row(row.number, fr, en).in_column("session"));
            };
            let mapping = ActivityMapping { session, activity };
            let (held, first) = self.activities.entry(iri).or_insert_with(|| (mapping.clone(), row.number));
            return if *held == mapping { Ok(()) } else { twice("module", *first) };
        }
        for (column, id) in [("course", course), ("module", module)] {
            if id.len() > 100 || !id.bytes().all(|b| b.is_ascii_graphic()) {
                let (fr, en) = (
                    "un identifiant a de 1 à 100 caractères visibles",
                    "an id of the LMS has 1 to 100 visible characters",
                );
                return Err(Located::row(row.number, fr, en).in_column(column));
            }
        }
        let fresh = || AskedCourse { first_row: row.number, ..AskedCourse::default() };
        let asked = self.courses.entry(course.to_owned()).or_insert_with(fresh);
        if let Some(session) = session {
            let (held, first) = asked.session.get_or_insert_with(|| (session.clone(), row.number));
            if *held != session {
                return twice("session", *first);
            }
        }
        match (module.is_empty(), activity) {
            (true, None) => Ok(()),
            (true, Some(_)) => {
                let (fr, en) = ("il manque le module de cette activité", "the module of this activity is missing");
                Err(Located::row(row.number, fr, en).in_column("module"))
            }
            (false, None) => {
                let (fr, en) = ("il manque l’activité de ce module", "the activity of this module is missing");
                Err(Located::row(row.number, fr, en).in_column("activity"))
            }
            (false, Some(activity)) => {
                let slot = asked.modules.entry(module.to_owned());
                let (held, first) = slot.or_insert_with(|| (activity.clone(), row.number));
                if *held == activity { Ok(()) } else { twice("activity", *first) }
            }
        }
    }

    /// The sessions that it names.
    pub(super) fn sessions(&self) -> BTreeSet<&Code> {
        let of_courses = self.courses.values().filter_map(|course| course.session.as_ref().map(|(code, _)| code));
        of_courses.chain(self.activities.values().map(|(mapping, _)| &mapping.session)).collect()
    }

    /// Refuses sessions that the source may not report on (without a value here) and activities that they don't have.
    pub(super) fn check(&self, known: &BTreeMap<Code, Option<EffectiveSession>>) -> Result<(), Problems> {
        let mut found: Vec<Located> = Vec::new();
        let mut check = |session: &(Code, u32), activities: &mut dyn Iterator<Item = (&Code, u32)>| {
            let Some(effective) = known.get(&session.0).and_then(Option::as_ref) else {
                let fr = format!("il n’y a pas de session {} que la source puisse alimenter", session.0);
                let en = format!("there is no session {} that the source may report on", session.0);
                found.push(Located::row(session.1, fr, en).in_column("session"));
                return;
            };
            for (activity, row) in activities {
                if effective.training.activity(activity).is_none() {
                    let training = &effective.training.code;
                    let fr = format!("la formation {training} n’a pas d’activité {activity}");
                    let en = format!("the training {training} has no activity {activity}");
                    found.push(Located::row(row, fr, en).in_column("activity"));
                }
            }
        };
        for course in self.courses.values() {
            if let Some(session) = &course.session {
                check(session, &mut course.modules.values().map(|(code, row)| (code, *row)));
            }
        }
        for (mapping, row) in self.activities.values() {
            check(&(mapping.session.clone(), *row), &mut mapping.activity.iter().map(|code| (code, *row)));
        }
        found.sort_by_key(|problem| problem.row);
        let mut problems = Problems::default();
        found.into_iter().for_each(|problem| problems.add(problem));
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Lets a source's mapping say it. A course that changes its session keeps no module of before.
    pub(super) fn apply(&self, source: &mut Source) -> Imported {
        let mut imported = Imported { rows: self.rows, ..Imported::default() };
        let mut count = |before: Option<bool>| match before {
            None => imported.created += 1,
            Some(true) => imported.unchanged += 1,
            Some(false) => imported.changed += 1,
        };
        for (id, course) in &self.courses {
            let Some((session, _)) = &course.session else { continue };
            let held = source.courses.get(id);
            if course.modules.is_empty() || held.is_none_or(|held| held.session != *session) {
                count(held.map(|held| held.session == *session));
            }
            let fresh = || CourseMapping { session: session.clone(), named: None, modules: BTreeMap::new() };
            let mapping = source.courses.entry(id.clone()).or_insert_with(fresh);
            if mapping.session != *session {
                *mapping = CourseMapping { named: mapping.named.take(), ..fresh() };
            }
            for (module, (activity, _)) in &course.modules {
                let before = mapping.modules.insert(module.clone(), activity.clone());
                count(before.map(|before| before == *activity));
            }
        }
        for (iri, (mapping, _)) in &self.activities {
            let before = source.activities.insert(iri.clone(), mapping.clone());
            count(before.map(|before| before == *mapping));
        }
        imported
    }
}

fn code(row: &Row, column: &str, cell: &str) -> Result<Option<Code>, Located> {
    if cell.is_empty() {
        return Ok(None);
    }
    let refuse = |error: crate::ids::IdError| {
        Located::row(row.number, "ceci n’est pas un code", error.to_string()).in_column(column)
    };
    cell.parse().map(Some).map_err(refuse)
}

/// A source's whole mapping as such a table.
pub fn write(source: &Source) -> Vec<u8> {
    let mut rows = vec![vec!["course", "module", "session", "activity"]];
    for (course, mapping) in &source.courses {
        rows.push(vec![course, "", mapping.session.as_str(), ""]);
        for (module, activity) in &mapping.modules {
            rows.push(vec![course, module, mapping.session.as_str(), activity.as_str()]);
        }
    }
    for (iri, mapping) in &source.activities {
        let activity = mapping.activity.as_ref().map_or("", Code::as_str);
        rows.push(vec!["", iri.as_str(), mapping.session.as_str(), activity]);
    }
    sheet::write(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn source() -> Source {
        serde_json::from_value(json!({
            "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "xapi",
            "courses": { "4": { "session": "s", "named": "LAI", "modules": { "12": "m1" } } },
        }))
        .unwrap()
    }

    fn told(table: &str) -> Vec<(Option<u32>, String, String)> {
        let problems = read(table.as_bytes(), &source()).err().unwrap();
        let of = |problem: Located| (problem.row, problem.column.unwrap_or_default(), problem.detail.en.to_string());
        problems.first.into_iter().map(of).collect()
    }

    #[test]
    fn a_table_in_french_from_a_spreadsheet_is_read() {
        let text =
            "Cours;Module;Session;Activité;Remarque\r\n5;;s2;;été\r\n5;51;;a1;\r\n4;13;;m2;\r\n;urn:x:1;s2;a1;\r\n";
        let latin = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        for bytes in [latin, format!("\u{feff}{text}").into_bytes(), text.replace(';', "\t").into_bytes()] {
            let mut changed = source();
            let imported = read(&bytes, &changed).unwrap_or_else(|problems| panic!("{problems:?}")).apply(&mut changed);
            assert_eq!(imported, Imported { rows: 4, created: 4, changed: 0, unchanged: 0 });
            assert_eq!(changed.courses["5"].modules["51"].as_str(), "a1");
            assert_eq!(changed.courses["4"].modules.len(), 2, "what the table doesn't speak of stays");
            assert_eq!(changed.activities.len(), 1);
            let again = read(&write(&changed), &changed).unwrap_or_else(|problems| panic!("{problems:?}"));
            let mut same = changed.clone();
            again.apply(&mut same);
            assert_eq!(same, changed, "what is written is read the same");
        }
    }

    #[test]
    fn what_is_wrong_is_said_by_row_and_column() {
        let table = "course,module,session,activity\n5,51,,a1\n4,,s,\n4,,t,\n4,12,,\n4,,,m1\n,pas une iri,s,\n6,x y,s,a\n7,1,S P,a\n8,1,s,a\n8,1,s,b\n";
        let told = told(table);
        let places: Vec<_> = told.iter().map(|(row, column, _)| (row.unwrap(), column.as_str())).collect();
        let expected = [
            (4, "session"),
            (5, "activity"),
            (6, "module"),
            (7, "module"),
            (8, "module"),
            (9, "session"),
            (11, "activity"),
            (2, "session"),
        ];
        assert_eq!(places, expected);
        assert!(told[0].2.contains("row 3"));
    }

    #[test]
    fn a_table_needs_its_columns() {
        for bad in ["", "a;b\n1;2\n", "course;module;activity\n1;2;a\n", "course;cours;session\n1;1;s\n"] {
            assert_eq!(told(bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn a_course_that_changes_its_session_keeps_no_module() {
        let mut changed = source();
        let asked = read(b"course;session\n4;t\n", &changed).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(asked.apply(&mut changed), Imported { rows: 1, created: 0, changed: 1, unchanged: 0 });
        assert_eq!((changed.courses["4"].session.as_str(), changed.courses["4"].modules.len()), ("t", 0));
        assert!(changed.courses["4"].named.is_some());
    }
}
