//! What sources send, as it was captured, and how it is read: each file of `tests/captures/` has a sibling that says it
//! (docs/integrations.md explains both). And what xAPI 1.0.3 refuses: `tests/xapi/statements.json`, which a validator that we did not
//! write judges, too (scripts/test xapi).

use std::fs;
use std::path::{Path, PathBuf};

use sceau::catalog::Source;
use sceau::intake::{self, Record, xapi};
use serde_json::{Value, json};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn read(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn captures() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for form in fs::read_dir(folder("captures")).expect("captures").map(|entry| entry.expect("an entry").path()) {
        for file in fs::read_dir(&form).expect("a form").map(|entry| entry.expect("an entry").path()) {
            let name = file.file_name().expect("a name").to_str().expect("a plain name");
            if name.ends_with(".json") && name != "source.json" && !name.ends_with(".read.json") {
                files.push(file);
            }
        }
    }
    files.sort();
    files
}

/// What a capture is read as, in the words of its sibling.
fn told(source: &Source, body: &[u8]) -> Value {
    let understood = match intake::understand(source, body) {
        Ok(understood) => understood,
        Err(why) => return json!({ "not_understood": why.to_string() }),
    };
    let record = |record: &Record| {
        let facts = record.facts.iter().map(|reported| match &reported.fact {
            fact if reported.score.is_some() => json!({ "at": reported.at, "fact": fact, "score": reported.score }),
            fact => json!({ "at": reported.at, "fact": fact }),
        });
        let learner: serde_json::Map<_, _> =
            record.learner.iter().map(|(kind, value)| (kind.as_str().to_owned(), json!(value))).collect();
        json!({
            "session": record.session, "learner": learner, "name": record.name.as_ref().map(|name| name.as_str()),
            "facts": facts.collect::<Vec<_>>(),
        })
    };
    let records: Vec<Value> = understood.records.iter().map(record).collect();
    json!({ "records": records, "waits_for_a_mapping": understood.unmapped })
}

#[test]
fn every_capture_is_read_as_its_sibling_says() {
    let captures = captures();
    assert!(captures.len() >= 30, "{} captures", captures.len());
    let mut wrong = Vec::new();
    for file in captures {
        let source: Source = serde_json::from_value(read(&file.with_file_name("source.json"))).expect("a source");
        source.check().expect("a sound source");
        let found = told(&source, &fs::read(&file).expect("a capture"));
        let sibling = file.with_extension("read.json");
        if std::env::var_os("SCEAU_WRITE_CAPTURES").is_some() {
            fs::write(&sibling, format!("{found:#}\n")).expect("the sibling is written");
        } else if found != read(&sibling) {
            wrong.push(format!("{} is read as {found:#}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// logstore_xapi has `result.success` for Moodle's states 2 and 3 only.
#[test]
fn no_capture_counts_a_mere_completion_as_a_pass() {
    for file in captures() {
        let text = fs::read_to_string(&file).expect("a capture");
        let says_so =
            text.contains("\"success\": true") || text.contains("passed") || text.contains("\"completionstate\": 2");
        let found = read(&file.with_extension("read.json")).to_string();
        assert!(says_so || !found.contains("passed"), "{}", file.display());
    }
}

/// A statement of the list: the base, changed.
fn built(base: &Value, case: &Value) -> Value {
    if let Some(statement) = case.get("statement") {
        return statement.clone();
    }
    let mut made = base.clone();
    for (pointer, value) in case["set"].as_object().into_iter().flatten() {
        let (above, key) = pointer.rsplit_once('/').expect("a pointer");
        let mut place = &mut made;
        for step in above.split('/').skip(1) {
            place = &mut place[unescaped(step)];
        }
        place[unescaped(key)] = value.clone();
    }
    for pointer in case["remove"].as_array().into_iter().flatten() {
        let (above, key) = pointer.as_str().and_then(|pointer| pointer.rsplit_once('/')).expect("a pointer");
        made.pointer_mut(above).and_then(Value::as_object_mut).expect("an object").remove(&unescaped(key));
    }
    made
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[test]
fn statements_are_refused_as_xapi_says_and_where() {
    let list = read(&folder("xapi/statements.json"));
    let cases = list["cases"].as_array().expect("cases");
    let refused = cases.iter().filter(|case| case.get("refused_at").is_some()).count();
    assert!(refused >= 100 && cases.len() - refused >= 100, "{refused} of {}", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let found = xapi::check(&built(&list["base"], case)).err().map(|refusal| json!(refusal.pointer));
        if found.as_ref() != case.get("refused_at") {
            wrong.push(format!("{} ({}): {found:?}, not {:?}", case["name"], case["rule"], case.get("refused_at")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
