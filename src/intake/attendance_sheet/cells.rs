//! What the cells of an attendance sheet say: presence in a word, times of day in the issuer's zone.

use crate::catalog::Meeting;
use crate::sheet::{self, folded};
use crate::time::{Timestamp, Zone};

/// Whether somebody was there, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Present,
    Absent,
    /// The cell says nothing.
    Unsaid,
}

/// Reads a word for presence; none for any other.
pub(super) fn presence(cell: &str) -> Option<Presence> {
    // `=1` is a formula and `-1` a number, not a tick.
    if cell.starts_with(['=', '+', '@']) || cell.starts_with('-') && cell.len() > 1 {
        return None;
    }
    let word = folded(cell);
    match word.as_str() {
        "p" | "pres" | "present" | "presente" | "presents" | "presence" | "oui" | "o" | "yes" | "y" | "x" | "1"
        | "vrai" | "true" | "signe" | "emarge" => Some(Presence::Present),
        "a" | "abs" | "absent" | "absente" | "absence" | "non" | "n" | "no" | "0" | "faux" | "false" | "excuse"
        | "excusee" | "absent excuse" | "absente excusee" | "excused" => Some(Presence::Absent),
        "" => match cell {
            "" | "-" | "–" | "—" => Some(Presence::Unsaid),
            "✓" | "✔" | "☑" => Some(Presence::Present),
            "✗" | "✘" | "☐" => Some(Presence::Absent),
            _ => None,
        },
        _ => None,
    }
}

/// Reads a time of day at a meeting (`9:05`, `09:05:30`, `9h05`, `9 h`, `9:05 AM`), or a moment (`2026-03-10 09:05`,
/// `10/03/2026 09:05`, RFC 3339 with its zone); none for anything else.
pub(super) fn moment(cell: &str, meeting: &Meeting, zone: &Zone) -> Option<Timestamp> {
    if let Ok(moment) = cell.parse() {
        return Some(moment);
    }
    let time = match sheet::local(cell)? {
        (Some(date), time) => return Timestamp::from_local(date, time, zone),
        (None, time) => time,
    };
    let at = Timestamp::from_local(meeting.starts.local_date(zone), time, zone)?;
    // A meeting that passes midnight: what is long before its start is of the day on which it ends.
    let last_day = Timestamp::from_local(meeting.ends.local_date(zone), time, zone)?;
    let hours_early = (meeting.starts.as_unix_seconds() - at.as_unix_seconds()) / 3600;
    Some(if at != last_day && hours_early > 6 { last_day } else { at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meeting(starts: &str, ends: &str) -> Meeting {
        let value = serde_json::json!({ "code": "m", "starts": starts, "ends": ends });
        serde_json::from_value(value).unwrap()
    }

    fn read(cell: &str) -> Option<String> {
        let meeting = meeting("2026-03-10T09:00:00+01:00", "2026-03-10T12:00:00+01:00");
        moment(cell, &meeting, &Zone::default()).map(|moment| moment.to_string())
    }

    #[test]
    fn presence_is_read_in_both_languages() {
        for there in ["présent", "Présente", "P", "oui", "YES", "x", "1", "✓", "emargé"] {
            assert_eq!(presence(there), Some(Presence::Present), "{there}");
        }
        for away in ["absent", "A", "abs.", "non", "0", "excusée", "no"] {
            assert_eq!(presence(away), Some(Presence::Absent), "{away}");
        }
        assert_eq!((presence(""), presence("-")), (Some(Presence::Unsaid), Some(Presence::Unsaid)));
        for other in ["peut-être", "2", "retard", "=1", "-1", "?"] {
            assert_eq!(presence(other), None, "{other}");
        }
    }

    #[test]
    fn times_are_local_to_the_issuer() {
        let five_past_nine = Some("2026-03-10T08:05:00Z".to_owned());
        for cell in [
            "9:05",
            "09:05",
            "9h05",
            "9 h 05",
            "09:05:00",
            "9:05 AM",
            "2026-03-10 09:05",
            "10/03/2026 09:05",
            "10/03/2026, 9:05:00 am",
            "2026-03-10T09:05:00+01:00",
            "2026-03-10T09:05",
        ] {
            assert_eq!(read(cell), five_past_nine, "{cell}");
        }
        assert_eq!(read("9h"), Some("2026-03-10T08:00:00Z".to_owned()));
        assert_eq!(read("12:30 am"), Some("2026-03-09T23:30:00Z".to_owned()));
        for bad in ["", "9", "25:00", "9:60", "9:5:5:5", "midi", "31/02/2026 9:00", "13:00 pm", "=9:05", "9:"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_meeting_may_pass_midnight() {
        let night = meeting("2026-03-10T22:00:00+01:00", "2026-03-11T01:00:00+01:00");
        let at = |cell: &str| moment(cell, &night, &Zone::default()).unwrap().to_string();
        assert_eq!((at("21:50").as_str(), at("00:30").as_str()), ("2026-03-10T20:50:00Z", "2026-03-10T23:30:00Z"));
    }
}
