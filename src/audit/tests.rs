//! The chain holds, and what breaks it is found.

use super::*;

fn chain(length: usize) -> Vec<Sealed> {
    let mut head = Head::genesis();
    let add = |number| {
        let at = Timestamp::from_micros(1_700_000_000_000_000 + number as i64);
        let entry = Entry::new(at, Action::SessionSaved, Object::new("session", "s")).with("number", number as u64);
        let sealed = seal(&head, &entry, &Actor::System, &Keys::default(), None);
        head = Head { sequence: head.sequence + 1, hash: sealed.hash.clone() };
        sealed
    };
    (0..length).map(add).collect()
}

fn check(entries: &[Sealed], expected: Vec<Head>) -> Result<Head, Broken> {
    let mut check = Check::new(expected);
    entries.iter().try_for_each(|entry| check.next(entry))?;
    check.finish(None)
}

fn head_of(entries: &[Sealed]) -> Head {
    check(entries, vec![]).unwrap()
}

#[test]
fn an_entry_has_one_form_for_ever() {
    let at = "2026-03-27T17:12:09.000001Z".parse().unwrap();
    let entry = Entry::new(at, Action::CredentialRevoked, Object::new("credential", "c")).with("category", "x");
    let keys = Keys { operator: Some(PersonKey("ab".into())), learner: Some(PersonKey("cd".into())) };
    let sealed = seal(&Head::genesis(), &entry, &Actor::Operator("root".into()), &keys, Some("ef"));
    assert_eq!(
        sealed.document,
        "{\"action\":\"credential.revoked\",\"actor\":{\"key\":\"ab\",\"kind\":\"operator\"},\
         \"at\":\"2026-03-27T17:12:09.000001Z\",\"details\":{\"category\":\"x\"},\"learner\":\"cd\",\
         \"object\":{\"id\":\"c\",\"kind\":\"credential\"},\"previous\":\
         \"0000000000000000000000000000000000000000000000000000000000000000\",\"sequence\":1,\"text\":\"ef\"}"
    );
    assert!(!sealed.document.contains("root"), "the chain names nobody");
}

#[test]
fn whatever_is_changed_removed_or_inserted_breaks_the_chain() {
    let whole = chain(5);
    assert_eq!(head_of(&whole).sequence, 5);

    let mut altered = whole.clone();
    altered[2].document = altered[2].document.replace("\"s\"", "\"t\"");
    assert_eq!(check(&altered, vec![]), Err(Broken::Altered(3)));
    altered[2].hash = hash(&altered[2].document);
    assert!(matches!(check(&altered, vec![]), Err(Broken::Unlinked { expected: 4, .. })), "the next one tells");

    let mut shorter = whole.clone();
    shorter.remove(2);
    assert!(matches!(check(&shorter, vec![]), Err(Broken::Unlinked { expected: 3, .. })));
    let mut doubled = whole.clone();
    doubled.insert(2, whole[1].clone());
    assert!(matches!(check(&doubled, vec![]), Err(Broken::Unlinked { expected: 3, .. })));
    assert_eq!(check(&[Sealed { document: "no".into(), hash: hash("no") }], vec![]), Err(Broken::Unreadable(0)));
}

#[test]
fn a_head_that_was_written_down_tells_a_cut_or_another_history() {
    let whole = chain(5);
    let noted = head_of(&whole[..4]);
    assert!(check(&whole, vec![noted.clone()]).is_ok());
    assert!(matches!(check(&whole[..3], vec![noted.clone()]), Err(Broken::End { .. })), "cut off");
    let other = Head { hash: "1".repeat(64), ..noted };
    assert_eq!(check(&whole, vec![other]), Err(Broken::OtherHistory(4)));
}

#[test]
fn a_salt_survives_its_text_form() {
    let salt = [0, 1, 15, 16, 127, 128, 255, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    assert_eq!(salt_from_hex(&hex(&salt)), Some(salt));
    for bad in ["", "0", &"g".repeat(32), &"é".repeat(16)] {
        assert_eq!(salt_from_hex(bad), None, "{bad}");
    }
}

#[test]
fn a_head_survives_its_text_form() {
    let head = head_of(&chain(2));
    assert_eq!(head.to_string().parse(), Ok(head));
    for bad in ["", "1", "1:ab", &format!("x:{}", "0".repeat(64)), &format!("1:{}", "G".repeat(64))] {
        assert_eq!(bad.parse::<Head>(), Err(HeadError), "{bad}");
    }
}

#[test]
fn actions_have_distinct_words() {
    let words: std::collections::HashSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(words.len(), Action::ALL.len());
}
