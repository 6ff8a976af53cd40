//! Meetings: the times at which a session's learners come together, in a room or at a distance, and at which attendance is taken.

use serde::{Deserialize, Serialize};

use super::{ActivityKind, CatalogError, ShortText, Training, refuse_twins};
use crate::ids::Code;
use crate::time::Timestamp;

/// One time together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    /// Its code, unique in the session.
    pub code: Code,
    /// The live activity that it is, or is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Code>,
    /// Its title, where the activity's does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<ShortText>,
    /// When it starts.
    pub starts: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
}

/// A share in whole percent, from 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
#[schemars(with = "u8", extend("minimum" = 1, "maximum" = 100))]
pub struct Percent(u8);

impl Percent {
    /// Half.
    pub const HALF: Self = Self(50);

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The least whole number of seconds that is this share of a time.
    pub const fn of_seconds(self, seconds: u64) -> u64 {
        seconds.saturating_mul(self.0 as u64).div_ceil(100)
    }
}

impl TryFrom<u8> for Percent {
    type Error = &'static str;
    fn try_from(percent: u8) -> Result<Self, Self::Error> {
        if (1..=100).contains(&percent) { Ok(Self(percent)) } else { Err("a share is 1 to 100 percent") }
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

/// The most meetings of one session.
const MAX_MEETINGS: usize = 200;
/// The longest meeting, in seconds: a whole day.
const LONGEST_SECONDS: i64 = 24 * 3600;

impl Meeting {
    /// What people call it: its own title, else its activity's, else its code.
    pub fn label<'a>(&'a self, training: &'a Training) -> &'a str {
        let activity = || training.activity(self.activity.as_ref()?).map(|activity| activity.title.as_str());
        self.title.as_ref().map(ShortText::as_str).or_else(activity).unwrap_or(self.code.as_str())
    }

    /// Its span in seconds since the epoch.
    pub const fn span(&self) -> (i64, i64) {
        (self.starts.as_unix_seconds(), self.ends.as_unix_seconds())
    }
}

/// Refuses meetings that a session of this training can't have.
pub(super) fn check(meetings: &[Meeting], training: &Training) -> Result<(), CatalogError> {
    if meetings.len() > MAX_MEETINGS {
        return Err(CatalogError::new(
            "/meetings",
            format!("at most {MAX_MEETINGS}, and there are {}", meetings.len()),
        ));
    }
    refuse_twins(meetings.iter().enumerate().map(|(i, meeting)| (&meeting.code, format!("/meetings/{i}/code"))))?;
    for (i, meeting) in meetings.iter().enumerate() {
        let refuse = |field: &str, problem: String| Err(CatalogError::new(format!("/meetings/{i}/{field}"), problem));
        let (starts, ends) = meeting.span();
        if !(0..=253_402_300_799).contains(&starts) {
            return refuse("starts", "a meeting lies between the years 1970 and 9999".into());
        }
        if ends <= starts {
            return refuse("ends", "the meeting ends before it starts".into());
        }
        if ends.saturating_sub(starts) > LONGEST_SECONDS {
            return refuse("ends", "a meeting lasts 24 hours at most; several days are several meetings".into());
        }
        let Some(code) = &meeting.activity else { continue };
        match training.activity(code).map(|activity| activity.kind) {
            Some(ActivityKind::Live) => {}
            Some(_) => return refuse("activity", format!("the activity {code} is not of the kind \"live\"")),
            None => return refuse("activity", format!("the training has no activity {code}")),
        }
    }
    Ok(())
}

/// The length of the union of spans of seconds: what lies in several of them counts once.
pub fn union_seconds(spans: impl IntoIterator<Item = (i64, i64)>) -> u64 {
    let mut spans: Vec<_> = spans.into_iter().collect();
    spans.sort_unstable();
    let (mut seconds, mut counted_until) = (0_u64, i64::MIN);
    for (start, end) in spans {
        seconds = seconds.saturating_add(end.saturating_sub(start.max(counted_until)).max(0).unsigned_abs());
        counted_until = counted_until.max(end);
    }
    seconds
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::{EffectiveSession, Session};

    fn put(meetings: Value) -> Result<EffectiveSession, CatalogError> {
        let training: Training = serde_json::from_value(json!({
            "code": "t", "issuer": "i", "title": "T", "description": "D", "objectives": ["O"],
            "modality": "hybrid", "duration": "PT1H", "criteria": { "participation": { "rule": { "course": {} } } },
            "units": [{ "code": "u", "title": "U", "activities": [
                { "code": "live", "title": "L", "kind": "live", "duration": "PT1H" },
                { "code": "video", "title": "V", "duration": "PT1H" }
            ] }]
        }))
        .unwrap();
        let session: Session =
            serde_json::from_value(json!({ "code": "s", "training": "t", "meetings": meetings })).unwrap();
        EffectiveSession::new(session, training)
    }

    fn meeting(code: &str, starts: &str, ends: &str) -> Value {
        json!({ "code": code, "starts": format!("2026-03-{starts}:00+01:00"), "ends": format!("2026-03-{ends}:00+01:00") })
    }

    #[test]
    fn a_meeting_that_cannot_be_is_refused_where_it_is_wrong() {
        let good = meeting("m1", "02T09:00", "02T12:00");
        assert!(put(json!([good])).is_ok());
        let of = |activity: &str| {
            let mut meeting = good.clone();
            meeting["activity"] = json!(activity);
            json!([meeting])
        };
        assert!(put(of("live")).is_ok());
        for (meetings, pointer) in [
            (json!([good, good]), "/meetings/1/code"),
            (json!([meeting("m1", "02T12:00", "02T12:00")]), "/meetings/0/ends"),
            (json!([meeting("m1", "02T09:00", "03T09:01")]), "/meetings/0/ends"),
            (of("video"), "/meetings/0/activity"),
            (of("nothing"), "/meetings/0/activity"),
            (json!(vec![good.clone(); 201]), "/meetings"),
        ] {
            assert_eq!(put(meetings).unwrap_err().pointer, pointer);
        }
    }

    #[test]
    fn what_lies_in_several_spans_counts_once() {
        assert_eq!(union_seconds([(0, 10), (5, 15), (20, 30), (2, 4)]), 25);
        assert_eq!(union_seconds([]), 0);
        assert_eq!(union_seconds([(9, 3)]), 0, "a span that ends before it starts is none");
    }

    #[test]
    fn a_share_of_a_time_is_never_rounded_down() {
        let percent = |number| Percent::try_from(number).unwrap();
        assert_eq!(percent(50).of_seconds(3), 2);
        assert_eq!(percent(100).of_seconds(3600), 3600);
        assert!(Percent::try_from(0).is_err() && Percent::try_from(101).is_err());
    }
}
