//! Reads the case files and makes each case's document out of its base.
//!
//! A case has an `id` (the statement, a slash, a few words), `expect`, and changes of its base: `set` maps JSON pointers to values (the
//! pointer `""` stands for the whole, a last step `-` appends to a list), `remove` lists pointers. A text `$name` stands for something
//! that only a test can make, such as a signature. `problem` names the type of a problem that VC-API tells of what is refused.

use serde_json::{Map, Value};

/// The cases of one file, with its bases.
pub struct Cases {
    pub file: Value,
    name: &'static str,
}

/// Reads `tests/conformance/cases/{name}.json`.
pub fn read(name: &'static str) -> Cases {
    let path = format!("{}/tests/conformance/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    Cases { file: serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap(), name }
}

impl Cases {
    /// Judges every case, and fails with the ids of all that came out otherwise than the file expects.
    ///
    /// `judge` answers nothing for a case that it can't judge. Such a case must be pending, and one that can be judged must not be:
    /// otherwise nobody would notice that nothing holds it.
    pub fn judge(&self, judge: impl Fn(&Value) -> Option<String>) {
        let mut wrong = Vec::new();
        for case in self.file["cases"].as_array().unwrap() {
            let (id, expected) = (case["id"].as_str().unwrap(), case["expect"].as_str().unwrap());
            match (judge(case), case.get("pending")) {
                (Some(found), None) if found != expected => wrong.push(format!("{id}: {found}, not {expected}")),
                (None, None) => wrong.push(format!("{id}: nothing here judges it")),
                (Some(found), Some(pending)) if found == expected => {
                    eprintln!("{id} is pending ({pending}) and holds already: its mark can go");
                }
                _ => {}
            }
        }
        assert!(wrong.is_empty(), "{} cases of {}.json:\n{}", wrong.len(), self.name, wrong.join("\n"));
    }
}

/// Makes the changes that a case names under `set` and `remove`.
pub fn change(document: &mut Value, set: Option<&Value>, remove: Option<&Value>) {
    for (pointer, value) in set.and_then(Value::as_object).into_iter().flatten() {
        put(document, pointer, value.clone());
    }
    for pointer in remove.and_then(Value::as_array).into_iter().flatten() {
        take(document, pointer.as_str().unwrap());
    }
}

fn put(document: &mut Value, pointer: &str, value: Value) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        *document = value;
        return;
    };
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
        Value::Array(items) if last == "-" => items.push(value),
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        Value::Object(members) => drop(members.insert(last.to_owned(), value)),
        other => panic!("{other} has no members, at {parent}"),
    }
}

fn take(document: &mut Value, pointer: &str) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.shift_remove(last)),
        Some(Value::Array(items)) => drop(items.remove(last.parse().unwrap())),
        _ => {}
    }
}

/// Puts what `make` gives in the place of each `$name`, be it the whole text or what follows a comma in it.
pub fn fill(value: &Value, make: &dyn Fn(&str) -> Option<Value>) -> Value {
    match value {
        Value::String(text) => match text.split_once('$') {
            Some(("", name)) => make(name).unwrap_or_else(|| panic!("nothing is called ${name}")),
            Some((before, name)) if before.ends_with(',') => {
                let made = make(name).unwrap_or_else(|| panic!("nothing is called ${name}"));
                Value::String(format!("{before}{}", made.as_str().unwrap()))
            }
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| fill(item, make)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, item)| (name.clone(), fill(item, make))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// What a judge says of an outcome.
pub fn verdict(accepted: bool) -> String {
    if accepted { "accept" } else { "reject" }.to_owned()
}

#[test]
fn changes_replace_append_and_remove() {
    use serde_json::json;
    let mut document = json!({"a": [1, 2], "b": {"c": 3}});
    change(&mut document, Some(&json!({"/a/-": 9, "/a/0": 0, "/b/d": 4})), Some(&json!(["/b/c"])));
    assert_eq!(document, json!({"a": [0, 2, 9], "b": {"d": 4}}));
    change(&mut document, Some(&json!({"": 5})), None);
    assert_eq!(document, json!(5));
    let make = |name: &str| (name == "x").then(|| json!("made"));
    assert_eq!(fill(&json!(["$x", "data:,$x", "5 $"]), &make), json!(["made", "data:,made", "5 $"]));
}
