use std::io::Cursor;

use serde_json::json;

use super::*;
use crate::catalog::{Session, Training};

fn session() -> EffectiveSession {
    let training: Training = serde_json::from_value(json!({
        "code": "t", "issuer": "i", "title": "T", "description": "D", "objectives": ["O"], "modality": "webinar",
        "duration": "PT1H", "criteria": { "participation": { "rule": { "course": {} } } },
        "units": [{ "code": "u", "title": "U", "activities": [{ "code": "video", "title": "A", "duration": "PT1H" }] }]
    }))
    .unwrap();
    let session: Session = serde_json::from_value(json!({ "code": "s", "training": "t" })).unwrap();
    EffectiveSession::new(session, training).unwrap()
}

fn read(text: &[u8], lines_of: LinesOf) -> Result<Vec<Value>, Vec<String>> {
    let source = json!({ "code": "mentor", "issuer": "i", "name": "M", "form": "completion-event" });
    let (source, session): (Source, _) = (serde_json::from_value(source).unwrap(), session());
    let import = Import {
        source: &source,
        session: &session,
        zone: &Zone::default(),
        lines_of,
        now: "2026-03-27T17:12:09Z".parse().unwrap(),
    };
    let mut records = Vec::new();
    let mut file = Cursor::new(text.to_vec());
    match import.check(&mut file, |_| {}) {
        Err(ImportError::Lines(wrong)) => {
            return Err(wrong.iter().map(|at| format!("{}: {}", at.row.unwrap_or(0), at.detail.en)).collect());
        }
        other => other.unwrap(),
    };
    file.set_position(0);
    let mut blocks = import.blocks(&mut file);
    while let Some(block) = blocks.next().unwrap() {
        records.extend(import.read(&block).unwrap());
    }
    Ok(records)
}

#[test]
fn a_sheet_reads_the_same_in_french_and_in_english_whatever_its_dialect() {
    let english =
        "id,name,activity,state,at\n892,Zoé,video,completed,2026-03-20 09:00\n893,,,passed,2026-03-20T09:00:00Z\n";
    let french = "identifiant;nom;activité;état;date\r\n892;Zoé;video;terminé;20/03/2026 9h00\r\n893;;;réussi;20/03/2026 10:00\r\n";
    let records = read(english.as_bytes(), LinesOf::Sheet).unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["learner"], json!({ "id": "892", "name": "Zoé" }));
    assert_eq!(records[0]["evidence"][0]["activity"], json!({ "code": "video", "state": "completed" }));
    assert_eq!(records[1]["evidence"][0]["course"], json!({ "state": "passed" }));
    assert_eq!(read(french.as_bytes(), LinesOf::Sheet).unwrap(), records);
    let with_mark = format!("\u{feff}{french}");
    assert_eq!(read(with_mark.as_bytes(), LinesOf::Sheet).unwrap(), records);
    let latin = encoding_rs::WINDOWS_1252.encode(french).0.into_owned();
    assert_eq!(read(&latin, LinesOf::Sheet).unwrap(), records);
}

#[test]
fn every_wrong_line_is_told_with_its_number() {
    let text = "id;activity;state;at\n892;video;;2026-03-20 09:00\n893;vidéo;;2026-03-20 09:00\n;video;;2026-03-20 09:00\n\
                894;video;peut-être;2026-03-20 09:00\n895;video;;hier\n";
    let wrong = read(text.as_bytes(), LinesOf::Sheet).unwrap_err();
    let expected =
        ["3: the training has no activity", "4: no id", "5: “peut-être” is no state", "6: “hier” is no date"];
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    for (said, expected) in wrong.iter().zip(expected) {
        assert!(said.starts_with(expected), "{said}");
    }
    assert!(read(b"id;when\n", LinesOf::Sheet).is_ok(), "a header alone says nothing");
    assert!(read(b"id;when\n1;2\n", LinesOf::Sheet).unwrap_err()[0].contains("unknown column: when"));
    assert!(read(b"name;at\n1;2\n", LinesOf::Sheet).unwrap_err()[0].contains("column id"));
}

#[test]
fn lines_far_down_have_the_numbers_of_the_file() {
    let mut text = String::from("id;activity;at\n");
    for line in 2..=5001 {
        let activity = if line == 4321 { "nothing" } else { "video" };
        text.push_str(&format!("{line};{activity};2026-03-20 09:00\n"));
    }
    let wrong = read(text.as_bytes(), LinesOf::Sheet).unwrap_err();
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].starts_with("4321: "), "{wrong:?}");
}

#[test]
fn json_lines_are_records_of_the_session() {
    let line = |session: &str| {
        let evidence = json!([{ "at": "2026-03-20T09:00:00Z", "course": { "state": "completed" } }]);
        json!({ "session": session, "learner": { "id": "1" }, "evidence": evidence }).to_string()
    };
    let text = format!("{}\n\n{}", line("s"), line("s").replace("\"session\":\"s\",", ""));
    let records = read(text.as_bytes(), LinesOf::Json).unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0], records[1]);
    let text = format!("{}\n{}\n[]\n{{\"learner\":1}}\nno", line("s"), line("other"));
    let wrong = read(text.as_bytes(), LinesOf::Json).unwrap_err();
    assert_eq!(wrong.iter().map(|said| &said[..2]).collect::<Vec<_>>(), ["2:", "3:", "4:", "5:"], "{wrong:?}");
}

#[test]
fn what_a_worker_could_not_take_up_is_told_by_its_line() {
    let sheet = "id;e-mail;activity;at\n892;zoe@;video;2026-03-20 09:00\n893;;video;2026-04-20 09:00\n894;;video;2026-03-28 09:00\n";
    let wrong = read(sheet.as_bytes(), LinesOf::Sheet).unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("3: a fact is dated 2026-04-20"), "{wrong:?}");
    let line = json!({ "learner": { "id": "1" }, "evidence": [{ "at": "2026-04-20T09:00:00Z", "course": { "state": "completed" } }] });
    let wrong = read(line.to_string().as_bytes(), LinesOf::Json).unwrap_err();
    assert!(wrong[0].starts_with("1: a fact is dated"), "{wrong:?}");
}

#[test]
fn facts_of_one_learner_go_together_and_no_delivery_is_too_large() {
    let record = |learner: usize| json!({ "learner": { "id": learner.to_string() }, "evidence": [{ "at": learner }] });
    let records = merged((0..3000).map(|place| record(place % 50)).collect());
    assert_eq!(records.len(), 50);
    assert!(records.iter().all(|record| record["evidence"].as_array().unwrap().len() == 60));
    let portions = in_deliveries(records);
    let facts =
        |portion: &Vec<Value>| portion.iter().map(|record| record["evidence"].as_array().unwrap().len()).sum::<usize>();
    assert!(portions.iter().all(|portion| facts(portion) <= DELIVERY_FACTS));
    assert_eq!(portions.iter().map(facts).sum::<usize>(), 3000);
}
