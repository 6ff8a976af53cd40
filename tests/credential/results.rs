//! What a credential states as results: how long it took the learner, and that what had to be passed was.

use sceau::award::Award;
use sceau::catalog::{AwardKind, Reached, Rule};
use sceau::credential::{self, CredentialView};
use sceau::criteria::{CountedBy, EffectiveDuration, TimeCounted, TimeRecord};
use sceau::lint::lint;
use serde_json::{Value, json};

use super::{composed, support};

/// A certificate whose criteria ask for a pass, which was there.
pub(super) fn passed_certificate() -> Award {
    let mut award = support::award();
    award.kind = AwardKind::Certificate;
    award.snapshot.passed = true;
    award.snapshot.achievement.kind = AwardKind::Certificate;
    award.snapshot.achievement.rule =
        Rule::All(vec![Rule::Course {}, Rule::Activity { code: "cas".parse().unwrap(), reached: Reached::Passed }]);
    award
}

#[test]
fn results_state_the_time_it_took_by_each_way_of_counting() {
    let url = support::url();
    for basis in CountedBy::BY_TRUST {
        let mut award = support::award();
        award.snapshot.time.counted = vec![TimeCounted { basis, seconds: 4_500, asked_seconds: 60 }];
        let document = composed(&award);
        assert!(lint(document.clone()).is_ok(), "{:#?}", lint(document));
        let effective = EffectiveDuration { duration: "PT1H15M".parse().unwrap(), basis };
        let view = CredentialView::read(&document).unwrap();
        assert_eq!((view.duration.unwrap().to_string().as_str(), view.effective), ("PT3H30M", Some(effective)));
        let described = |document: &Value| document["resultDescription"].as_array().unwrap().to_vec();
        let (in_credential, public) = (
            described(&document["credentialSubject"]["achievement"]),
            described(&credential::achievement(&url, &award.snapshot.achievement)),
        );
        assert_eq!(in_credential.len(), 2);
        assert!(in_credential.iter().all(|one| public.contains(one)), "the same wherever the achievement is described");
    }
    let mut award = support::award();
    award.snapshot.time = TimeRecord::default();
    let document = composed(&award);
    assert!(lint(document.clone()).is_ok());
    let estimated = (
        document["credentialSubject"]["result"].as_array().unwrap().len(),
        CredentialView::read(&document).unwrap().effective,
    );
    assert_eq!(estimated, (1, None), "nothing is made up where nothing is known");
}

#[test]
fn a_certificate_states_that_it_was_passed_and_no_score() {
    let document = composed(&passed_certificate());
    assert!(lint(document.clone()).is_ok(), "{:#?}", lint(document));
    let view = CredentialView::read(&document).unwrap();
    assert!(view.passed && view.effective.is_some());
    let results = document["credentialSubject"]["result"].as_array().unwrap();
    assert_eq!(results[0]["value"], "PT3H30M", "the estimated duration stays first");
    let last = results.last().unwrap();
    assert_eq!((&last["status"], last.get("value")), (&json!("Completed"), None));
    // Neither a participation, nor a certificate for which nothing had to be passed, nor one by an officer's word.
    let mut by_hand = passed_certificate();
    by_hand.snapshot.passed = false;
    let mut without_pass = passed_certificate();
    without_pass.snapshot.achievement.rule = Rule::Course {};
    let mut participation = passed_certificate();
    participation.snapshot.achievement.kind = AwardKind::Participation;
    for award in [by_hand, without_pass, participation] {
        let document = composed(&award);
        assert!(lint(document.clone()).is_ok() && !document.to_string().contains("#passed"));
        assert!(!CredentialView::read(&document).unwrap().passed);
    }
}

/// The order of results is not signed either: each is read by what its description says it is.
#[test]
fn results_are_read_in_any_order_and_only_where_they_are_described_as_ours() {
    let original = composed(&passed_certificate());
    let view = CredentialView::read(&original).unwrap();
    let mut shuffled = original.clone();
    for list in ["/credentialSubject/result", "/credentialSubject/achievement/resultDescription"] {
        shuffled.pointer_mut(list).unwrap().as_array_mut().unwrap().reverse();
    }
    assert_eq!(CredentialView::read(&shuffled).unwrap(), view);
    let mut other_status = original.clone();
    for place in
        ["/credentialSubject/result/2/resultDescription", "/credentialSubject/achievement/resultDescription/2/id"]
    {
        *other_status.pointer_mut(place).unwrap() = json!("https://elsewhere.example/attendance");
    }
    assert!(!CredentialView::read(&other_status).unwrap().passed, "a status may be of anything");
    let mut failed = original;
    failed["credentialSubject"]["result"][2]["status"] = json!("Failed");
    assert!(!CredentialView::read(&failed).unwrap().passed);
}

/// What our schema refuses of results, whatever else holds.
#[test]
fn results_have_one_form() {
    let ours = sceau::lint::schema_of_issued_credentials();
    let good = composed(&passed_certificate());
    assert!(ours.is_valid(&good));
    let list = "/credentialSubject/result";
    let spoil = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut document = good.clone();
        change(document.pointer_mut(list).unwrap().as_array_mut().unwrap());
        document
    };
    for (what, document) in [
        ("no estimated duration", spoil(&|results| drop(results.remove(0)))),
        ("the estimated duration elsewhere", spoil(&|results| results.reverse())),
        ("two effective durations", spoil(&|results| results[2] = results[1].clone())),
        ("seconds", spoil(&|results| results[1]["value"] = json!("PT3H10M5S"))),
        ("a score", spoil(&|results| results[2]["value"] = json!("87 %"))),
        ("another status", spoil(&|results| results[2]["status"] = json!("Failed"))),
        ("a fourth", spoil(&|results| results.push(results[2].clone()))),
    ] {
        assert!(!ours.is_valid(&document), "{what}");
    }
    let mut mixed = good.clone();
    mixed["credentialSubject"]["achievement"]["resultDescription"][1]["resultType"] = json!("ext:MeasuredDuration");
    assert!(!ours.is_valid(&mixed), "a way of counting under another's name");
}
