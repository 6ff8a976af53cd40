//! The JSON Schemas in `schemas/` are what the types say, and each accepts and refuses what the types do.

mod support;

use serde_json::{Value, json};

#[test]
fn the_files_are_up_to_date() {
    for (name, text) in sceau::schemas::published() {
        let path = format!("{}/schemas/{name}", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(file, text, "schemas/{name} is not what the types say; run: sceau schemas --write schemas");
    }
}

fn validator(name: &str) -> jsonschema::Validator {
    let (_, text) = sceau::schemas::published().into_iter().find(|(known, _)| *known == name).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[test]
fn a_schema_accepts_what_the_types_accept_and_refuses_what_they_refuse() {
    let training = serde_json::to_value(support::training()).unwrap();
    let schema = validator("training.schema.json");
    assert!(
        schema.is_valid(&training),
        "{:?}",
        schema.iter_errors(&training).map(|e| e.to_string()).collect::<Vec<_>>()
    );
    for (pointer, value) in [
        ("/code", json!("Pas Un Code")),
        ("/duration", json!("P1D")),
        ("/title", json!("")),
        ("/modality", json!("telepathy")),
        ("/criteria/participation/rule", json!({ "mood": "good" })),
    ] {
        let mut wrong = training.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&wrong), "{pointer}");
        assert!(serde_json::from_value::<sceau::catalog::Training>(wrong).is_err(), "{pointer}");
    }
    assert!(validator("issuer.schema.json").is_valid(&serde_json::to_value(support::issuer()).unwrap()));
    let event = json!({ "version": 1, "record": { "session": "s", "learner": { "id": "1" },
        "evidence": [{ "at": "2026-03-02T09:00:00+01:00", "activity": { "code": "a", "state": "completed" } }] } });
    assert!(validator("completion-event.schema.json").is_valid(&event));
    let mut zoneless = event.clone();
    zoneless["record"]["evidence"][0]["at"] = json!("2026-03-02T09:00:00");
    assert!(!validator("completion-event.schema.json").is_valid(&zoneless));
}
