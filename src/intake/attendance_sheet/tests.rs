//! Sheets as trainers and virtual classrooms write them, and what is told of those that can't be read.

use serde_json::{Value, json};

use super::super::understand;
use super::*;
use crate::catalog::{Session, Source, Training};
use crate::evidence::Fact;

fn session(meetings: Value) -> EffectiveSession {
    let training: Training = serde_json::from_value(json!({
        "code": "t", "issuer": "i", "title": "T", "description": "D", "objectives": ["O"],
        "modality": "hybrid", "duration": "PT1H", "criteria": { "participation": { "rule": { "course": {} } } },
    }))
    .unwrap();
    let session: Session =
        serde_json::from_value(json!({ "code": "s", "training": "t", "meetings": meetings })).unwrap();
    EffectiveSession::new(session, training).unwrap()
}

fn two_meetings() -> EffectiveSession {
    session(json!([
        { "code": "m1", "title": "Première demi-journée", "starts": "2026-03-10T09:00:00+01:00", "ends": "2026-03-10T12:00:00+01:00" },
        { "code": "m2", "title": "Classe virtuelle", "starts": "2026-03-17T14:00:00+01:00", "ends": "2026-03-17T15:00:00+01:00" },
    ]))
}

fn read_in(session: &EffectiveSession, sheet: &[u8]) -> Result<Reading, Problems> {
    let stated = "2026-03-20T18:00:00+01:00".parse().unwrap();
    read(sheet, Against { session, zone: &Zone::default(), stated, meeting: None })
}

/// What a sheet says, a line for each learner and meeting: local times of presence, or none.
fn said(sheet: &str) -> Vec<String> {
    lines(&read_in(&two_meetings(), sheet.as_bytes()).unwrap())
}

fn lines(reading: &Reading) -> Vec<String> {
    let source = json!({ "code": "mentor", "issuer": "i", "name": "Mentor", "form": "moodle-webhookengine" });
    let source: Source = serde_json::from_value(source).unwrap();
    let clock = |moment: Timestamp| moment.clock(&Zone::default(), Lang::En).replace('\u{a0}', " ");
    let mut lines = Vec::new();
    for record in understand(&source, &reading.body).unwrap().records {
        for fact in record.facts {
            let Fact::Attendance { meeting, intervals, .. } = fact.fact else { panic!("attendance alone") };
            let stays: Vec<_> =
                intervals.iter().map(|stay| format!("{}-{}", clock(stay.from), clock(stay.until))).collect();
            lines.push(format!("{} {meeting} {}", record.learner.public_id().unwrap(), stays.join(" ")));
        }
    }
    lines
}

/// What is wrong with a sheet: row, column, the words in English.
fn wrong(sheet: &str) -> Vec<(u32, String, String)> {
    told(&read_in(&two_meetings(), sheet.as_bytes()).unwrap_err())
}

fn told(problems: &Problems) -> Vec<(u32, String, String)> {
    let told = problems.first.iter();
    told.map(|one| (one.row.unwrap_or(0), one.column.clone().unwrap_or_default(), one.detail.en.clone())).collect()
}

#[test]
fn one_row_for_each_learner_and_meeting() {
    let sheet = "Identifiant;Nom;Séance;Présence;Arrivée;Départ\n\
                 892;Zoé Lefèvre;m1;présent;;\n\
                 892;Zoé Lefèvre;Classe virtuelle;P;14h10;\n\
                 893;Malik;m1;A;;\n\
                 894;Éloïse;m1;;9:30;11h\n\
                 895;Hoa;m1;;;\n";
    let expected = ["892 m1 09:00-12:00", "892 m2 14:10-15:00", "893 m1 ", "894 m1 09:30-11:00"];
    assert_eq!(said(sheet), expected, "a row that says nothing of presence says nothing");
}

#[test]
fn one_column_for_each_meeting_in_any_order_and_language() {
    let sheet = "name,M2,E-mail,m1 (10 March)\nZoé,1,Zoe@Example.fr,yes\nMalik,0,malik@example.fr,\n";
    let expected =
        ["email:malik@example.fr m2 ", "email:zoe@example.fr m1 09:00-12:00", "email:zoe@example.fr m2 14:00-15:00"];
    assert_eq!(said(sheet), expected);
}

#[test]
fn several_stays_of_one_learner_add_up() {
    let sheet = "user id\tmeeting\tjoin time\tleave time\n\
                 892\tm2\t2026-03-17 13:55\t2026-03-17 14:20\n\
                 892\tm2\t17/03/2026 14:15\t17/03/2026 14:30\n\
                 892\tm2\t14:45\t15:20\n";
    assert_eq!(said(sheet), ["892 m2 14:00-14:30 14:45-15:00"]);
    let reading = read_in(&two_meetings(), sheet.as_bytes()).unwrap();
    let clipped = |row, counted: &str| (row, "leave time".to_owned(), format!("beyond the meeting: {counted} counted"));
    assert_eq!(told(&reading.notes), [clipped(2, "14:00 – 14:20"), clipped(4, "14:45 – 15:00")]);
}

#[test]
fn the_learner_may_be_named_by_address_in_one_row_and_by_id_in_another() {
    let sheet = "id;mail;séance;présence\n892;zoe@example.fr;m1;oui\n;ZOE@example.fr;m2;oui\n";
    assert_eq!(said(sheet), ["892 m1 09:00-12:00", "892 m2 14:00-15:00"]);
}

#[test]
fn a_session_with_one_meeting_needs_no_column_for_it() {
    let one =
        session(json!([{ "code": "m1", "starts": "2026-03-10T09:00:00+01:00", "ends": "2026-03-10T12:00:00+01:00" }]));
    assert_eq!(lines(&read_in(&one, b"id;present\n1;x\n").unwrap()), ["1 m1 09:00-12:00"]);
    let sheet = "id;présent\n1;x\n";
    assert_eq!(wrong(sheet), [(2, String::new(), "the row does not say which meeting it is about".into())]);
    let (session, meeting) = (two_meetings(), "m2".parse().unwrap());
    let stated = "2026-03-20T18:00:00+01:00".parse().unwrap();
    let against = Against { session: &session, zone: &Zone::default(), stated, meeting: Some(&meeting) };
    assert_eq!(lines(&read(sheet.as_bytes(), against).unwrap()), ["1 m2 14:00-15:00"]);
}

#[test]
fn formulas_are_text() {
    assert_eq!(said("id;m1\n'=cmd|x;1\n"), ["=cmd|x m1 09:00-12:00"], "the guard of our own sheets is taken off");
    assert_eq!(wrong("id;m1\n892;=1+1\n")[0].2, "write “present” or “absent”, or leave the cell empty");
}

#[test]
fn everything_that_is_wrong_is_told_with_its_row_and_column() {
    let sheet = "id;e-mail;séance;présence;arrivée;départ\n\
                 ;;m1;oui;;\n\
                 1;;m7;oui;;\n\
                 2;;m1;peut-être;;\n\
                 3;;m1;non;9:00;\n\
                 4;;m1;;25:00;\n\
                 5;;m1;;11:00;10:00\n\
                 6;;m1;oui;;\n\
                 6;;m1;non;;\n\
                 ;nobody;m1;oui;;\n\
                 7;;m1;;7:00;8:00\n";
    let found = wrong(sheet);
    let places: Vec<_> = found.iter().map(|(row, column, _)| (*row, column.as_str())).collect();
    let expected = [
        (2, ""),
        (3, "séance"),
        (4, "présence"),
        (5, "arrivée"),
        (6, "arrivée"),
        (7, "départ"),
        (9, "présence"),
        (10, "e-mail"),
        (11, "arrivée"),
    ];
    assert_eq!(places, expected, "{found:?}");
    assert!(found[6].2.contains("contradicts row 8") && found[8].2.contains("outside the meeting"), "{found:?}");
}

#[test]
fn a_header_that_says_too_little_or_too_much_is_refused() {
    for (sheet, words) in [
        ("nom;m1\nZoé;1\n", "who it is about"),
        ("id;nom\n1;Zoé\n", "who was present"),
        ("id;m1;présence\n1;1;1\n", "one or the other"),
        ("id;id;m1\n1;1;1\n", "the same thing"),
        ("id;m1;M1\n1;1;1\n", "two columns"),
        ("id;mail;m1\n1;a@b.fr;1\n2;a@b.fr;1\n", "two ids"),
        ("id;m1\n1;\n", "nothing about anybody"),
        ("\n\n", "empty"),
    ] {
        let found = wrong(sheet);
        assert!(found.iter().any(|(_, _, said)| said.contains(words)), "{sheet:?}: {found:?}");
    }
    let reading = read_in(&two_meetings(), "id;m1;Signature\n1;1;xx\n".as_bytes()).unwrap();
    assert_eq!(told(&reading.notes), [(1, "Signature".into(), "column not used".into())]);
}

#[test]
fn nobody_was_at_a_meeting_that_has_not_started() {
    let later =
        session(json!([{ "code": "m1", "starts": "2026-04-10T09:00:00+02:00", "ends": "2026-04-10T12:00:00+02:00" }]));
    let problems = read_in(&later, b"id;m1\n1;1\n").unwrap_err();
    assert_eq!(told(&problems), [(2, "m1".into(), "this meeting has not started yet".into())]);
}

#[test]
fn so_many_things_are_told_and_the_rest_counted() {
    let sheet = format!("id;m1\n{}", "1;?\n".repeat(250));
    let problems = read_in(&two_meetings(), sheet.as_bytes()).unwrap_err();
    assert_eq!((problems.first.len(), problems.count), (100, 250));
}

#[test]
fn an_empty_sheet_reads_back_once_it_is_filled_in() {
    let learners = [("892".parse().unwrap(), Some("Zoé".to_owned())), ("=1".parse().unwrap(), None)];
    for lang in [Lang::Fr, Lang::En] {
        let sheet = empty(&two_meetings(), &learners, &Zone::default(), lang);
        let text = String::from_utf8(sheet.clone()).unwrap();
        assert!(text.contains("'=1;;;") && text.contains("m1 (Première demi-journée, 10\u{a0}"), "{text}");
        assert_eq!(told(&read_in(&two_meetings(), &sheet).unwrap_err())[0].2, "the sheet says nothing about anybody");
        let filled = text.replace("892;Zoé;;", "892;Zoé;P;A").replace("'=1;;;", "'=1;;;x");
        let reading = read_in(&two_meetings(), filled.as_bytes()).unwrap();
        assert_eq!(lines(&reading), ["892 m1 09:00-12:00", "892 m2 ", "=1 m2 14:00-15:00"]);
        assert_eq!((reading.learners, reading.present, reading.absent), (2, 2, 1));
    }
}
