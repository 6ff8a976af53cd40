//! Who takes part in the demo, and what their learning platforms post about them: bodies in the two forms that intake reads.
//! Everything is deterministic given the calendar, so that a second run posts the same deliveries under the same ids.

use serde_json::{Value, json};

use super::catalog::{Calendar, LATE_SESSION, OVERRIDING_SESSION};
use crate::catalog::AwardKind::{self, Certificate, Participation};
use crate::text::Bilingual;
use crate::time::Timestamp;

/// A learner of the demo.
pub(super) struct Learner {
    /// The source that reports on them.
    pub(super) source: &'static str,
    /// Their id there.
    pub(super) id: &'static str,
    /// Their name.
    pub(super) name: &'static str,
    /// Their address.
    pub(super) email: &'static str,
    /// Their first name as it stands in file names.
    pub(super) slug: &'static str,
    /// Their session.
    pub(super) session: &'static str,
    /// What they earn.
    pub(super) earns: &'static [AwardKind],
    /// What happens to them, in French and English.
    story: (&'static str, &'static str),
}

/// Meets the criteria by activities.
pub(super) const ZOE: Learner = Learner {
    source: "campus",
    id: "4021",
    name: "Zoé Lefèvre-Núñez",
    email: "zoe.lefevre@services-proximite.example",
    slug: "zoe",
    session: "documents-libre",
    earns: &[Participation],
    story: (
        "a fait ce qui est demandé : un atelier sur deux suffit",
        "did what is asked: one workshop out of two is enough",
    ),
};
/// Has not handed in the questionnaire.
pub(super) const MALIK: Learner = Learner {
    source: "campus",
    id: "4022",
    name: "Malik Haddad",
    email: "malik.haddad@services-proximite.example",
    slug: "malik",
    session: "documents-libre",
    earns: &[],
    story: ("il lui reste une leçon et le questionnaire", "a lesson and the questionnaire remain"),
};
/// Had a completion withdrawn.
pub(super) const ELOISE: Learner = Learner {
    source: "campus",
    id: "4023",
    name: "Éloïse Kerguélen",
    email: "eloise.kerguelen@services-proximite.example",
    slug: "eloise",
    session: "documents-libre",
    earns: &[],
    story: (
        "atelier annulé (état 0) ; l’achèvement, plus ancien, arrive après",
        "workshop withdrawn (state 0); its older completion arrives later",
    ),
};
/// Is not named by the platform at first.
pub(super) const HOA: Learner = Learner {
    source: "campus",
    id: "4024",
    name: "Nguyễn Thị Hoa",
    email: "hoa.nguyen@services-proximite.example",
    slug: "hoa",
    session: OVERRIDING_SESSION,
    earns: &[Participation],
    story: (
        "a tout fait, mais la plateforme ne donne pas son nom",
        "did it all, but the platform does not say her name",
    ),
};
/// Meets the criteria by time, and passes.
pub(super) const INES: Learner = Learner {
    source: "plateau",
    id: "agent-0871",
    name: "Inès Marchetti",
    email: "ines.marchetti@transformation-services.example",
    slug: "ines",
    session: "tensions-lyon",
    earns: &[Participation, Certificate],
    story: ("assez de temps mesuré, et l’étude de cas réussie", "enough time measured, and the case study passed"),
};
/// Meets the criteria by time, and fails the certificate.
pub(super) const THEO: Learner = Learner {
    source: "plateau",
    id: "agent-0893",
    name: "Théo Bonnafous",
    email: "theo.bonnafous@transformation-services.example",
    slug: "theo",
    session: "tensions-lyon",
    earns: &[Participation],
    story: ("assez de temps mesuré, mais l’étude de cas échouée", "enough time measured, but the case study failed"),
};
/// Is in a session that Sceau does not know at first.
pub(super) const AISSATOU: Learner = Learner {
    source: "plateau",
    id: "agent-0917",
    name: "Aïssatou Diallo",
    email: "aissatou.diallo@transformation-services.example",
    slug: "aissatou",
    session: LATE_SESSION,
    earns: &[Participation],
    story: ("dans une session que Sceau ne connaît pas encore", "in a session that Sceau does not know yet"),
};

/// Everyone, in the order of the story.
pub(super) const CAST: [&Learner; 7] = [&ZOE, &MALIK, &ELOISE, &HOA, &INES, &THEO, &AISSATOU];

impl Learner {
    /// What happens to them.
    pub(super) fn story(&self) -> Bilingual {
        Bilingual::new(self.story.0, self.story.1)
    }
}

/// One webhook to post.
#[derive(Clone)]
pub(super) struct Posting {
    /// The source that posts it.
    pub(super) source: &'static str,
    /// Its `webhook-id`.
    pub(super) webhook_id: String,
    /// Its body.
    pub(super) body: Value,
}

/// What the platforms post about one learner, in the order of posting.
pub(super) fn postings(learner: &Learner, calendar: Calendar) -> Vec<Posting> {
    let at = |day, hour, minute| calendar.at(day, hour, minute);
    // Moodle's states: 0 withdrawn, 1 completed, 2 passed, 3 failed.
    let modules: &[(u32, u32, Timestamp)] = match learner.id {
        id if id == ZOE.id => &[
            (3101, 1, at(-4, 8, 12)),
            (3102, 1, at(-4, 8, 55)),
            (3103, 3, at(-4, 9, 10)),
            (3104, 1, at(-2, 14, 40)),
            (3106, 1, at(1, 9, 5)),
        ],
        id if id == MALIK.id => &[(3101, 1, at(-1, 16, 20)), (3104, 1, at(0, 17, 45))],
        id if id == ELOISE.id => &[
            (3101, 1, at(-3, 10, 0)),
            (3102, 1, at(-3, 10, 45)),
            (3106, 1, at(-3, 15, 30)),
            (3104, 0, at(0, 9, 0)),
            (3104, 1, at(-3, 15, 10)),
        ],
        id if id == HOA.id => &[
            (3321, 1, at(-5, 9, 30)),
            (3322, 1, at(-5, 10, 15)),
            (3324, 1, at(-3, 13, 0)),
            (3325, 1, at(1, 13, 50)),
            (3326, 1, at(3, 8, 5)),
        ],
        _ => return vec![completion_event(learner, calendar)],
    };
    modules.iter().map(|(module, state, moment)| moodle(learner, *module, *state, *moment)).collect()
}

/// `\core\event\course_module_completion_updated`, as the plugin local_webhookengine wraps it.
fn moodle(learner: &Learner, module: u32, state: u32, at: Timestamp) -> Posting {
    let course = if learner.session == OVERRIDING_SESSION { 231 } else { 214 };
    let id: u32 = learner.id.parse().unwrap_or_default();
    let seconds = at.as_unix_seconds();
    let mut user = json!({ "id": id, "username": format!("u{id}"), "email": learner.email });
    // This platform hides the names of some of its users.
    if learner.id != HOA.id {
        let (first, last) = learner.name.split_once(' ').unwrap_or((learner.name, ""));
        user["firstname"] = json!(first);
        user["lastname"] = json!(last);
    }
    let body = json!({
        "id": format!("{id:08}-{module:04}-4000-8000-{seconds:012}"),
        "schema": 1,
        "type": "core.course_module_completion_updated",
        "eventname": "\\core\\event\\course_module_completion_updated",
        "created": seconds,
        "site": { "url": "https://campus.formation-numerique.example" },
        "event": {
            "component": "core", "action": "updated", "target": "course_module_completion",
            "crud": "u", "edulevel": 2, "contextlevel": 70, "contextinstanceid": module, "courseid": course,
            "userid": id, "relateduserid": id, "timecreated": seconds,
            "other": { "relateduserid": id, "overrideby": null, "completionstate": state },
        },
        "relateduser": user,
    });
    Posting { source: learner.source, webhook_id: format!("campus-{id}-{module}-{state}-{seconds}"), body }
}

/// Our own form, with time measured by the virtual classroom.
fn completion_event(learner: &Learner, calendar: Calendar) -> Posting {
    let at = |day, hour, minute| calendar.at(day, hour, minute);
    let time = |moment: Timestamp, activity: &str, duration: &str| json!({ "at": moment, "time": { "basis": "measured", "duration": duration, "activity": activity } });
    let activity = |moment: Timestamp, code: &str, state: &str| json!({ "at": moment, "activity": { "code": code, "state": state } });
    let evidence = match learner.id {
        id if id == INES.id => vec![
            time(at(-6, 8, 40), "cadre", "PT38M"),
            time(at(-6, 10, 0), "signes", "PT47M"),
            time(at(-4, 10, 0), "classe-virtuelle", "PT1H56M"),
            time(at(2, 11, 30), "mises-en-situation", "PT3H4M"),
            json!({ "at": at(3, 9, 20), "activity": { "code": "etude-de-cas", "state": "passed", "score": 0.85 } }),
            activity(at(3, 9, 32), "evaluation", "completed"),
        ],
        id if id == THEO.id => vec![
            time(at(-5, 13, 10), "cadre", "PT44M"),
            time(at(-5, 14, 5), "signes", "PT45M"),
            time(at(-4, 10, 0), "classe-virtuelle", "PT1H58M"),
            time(at(2, 11, 30), "mises-en-situation", "PT3H2M"),
            json!({ "at": at(3, 10, 15), "activity": { "code": "etude-de-cas", "state": "failed", "score": 0.4 } }),
            activity(at(3, 10, 31), "evaluation", "completed"),
        ],
        _ => vec![
            activity(at(0, 9, 45), "classe-virtuelle", "completed"),
            activity(at(3, 15, 0), "mises-en-situation", "completed"),
            activity(at(4, 8, 10), "evaluation", "completed"),
        ],
    };
    let record = json!({
        "session": learner.session,
        "learner": { "id": learner.id, "name": learner.name, "email": learner.email },
        "evidence": evidence,
    });
    let first = at(0, 0, 0).as_unix_seconds();
    let webhook_id = format!("plateau-{}-{first}", learner.id);
    Posting { source: learner.source, webhook_id, body: json!({ "version": 1, "record": record }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_posts_the_same() {
        let calendar = Calendar::of(Timestamp::from_unix_seconds(1_780_000_000).unwrap());
        for learner in CAST {
            let ids = |postings: &[Posting]| {
                postings
                    .iter()
                    .map(|posting| (posting.webhook_id.clone(), posting.body.to_string()))
                    .collect::<Vec<_>>()
            };
            let postings_now = postings(learner, calendar);
            assert!(!postings_now.is_empty());
            assert_eq!(ids(&postings_now), ids(&postings(learner, calendar)));
        }
    }
}
