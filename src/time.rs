//! Moments and durations: UTC microseconds inside, RFC 3339 and ISO 8601 at the edges, local days for people.
//!
//! A moment without a time zone is refused wherever it comes from: a badge's dates must mean the same everywhere.

mod xsd;

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::text::Lang;

/// Why a text is not a moment or a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339 with a zone.
    #[error("a moment is written as RFC 3339 with its zone, such as 2026-03-02T09:00:00+01:00, and this is not: {0:?}")]
    Timestamp(String),
    /// Not a positive ISO 8601 duration in hours, minutes and seconds.
    #[error(
        "a duration is written as ISO 8601 hours and minutes, such as PT3H30M, above zero and under 10000 hours, and this is not: {0:?}"
    )]
    Duration(String),
    /// Not an IANA time zone.
    #[error("not a time zone of the IANA list, such as Europe/Paris: {0:?}")]
    Zone(String),
}

/// A moment: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("format" = "date-time"))]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the epoch; none beyond the years 1970 to 9999.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        (0..=253_402_300_799).contains(&seconds).then(|| Self(seconds * 1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The same moment without its fraction of a second, as credentials carry it.
    pub const fn to_whole_second(self) -> Self {
        Self(self.as_unix_seconds().saturating_mul(1_000_000))
    }

    /// This moment and `seconds` more (or fewer).
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    fn zoned(self, zone: &Zone) -> jiff::Zoned {
        self.shown().to_zoned(zone.0.clone())
    }

    /// For HTTP headers (RFC 9110 § 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn http_date(self) -> String {
        self.shown().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// As it can be shown: what lies outside the years -9999 to 9999, as the last or first moment of these.
    fn shown(self) -> jiff::Timestamp {
        let furthest = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(furthest)
    }

    /// The day for people: `2 mars 2026` or `2 March 2026`, with no-break spaces.
    pub fn day(self, zone: &Zone, lang: Lang) -> String {
        const FR: [&str; 12] = [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ];
        const EN: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let local = self.zoned(zone);
        let month = usize::from(local.month().unsigned_abs()).saturating_sub(1) % 12;
        match lang {
            Lang::Fr if local.day() == 1 => format!("1er\u{a0}{}\u{a0}{}", FR[month], local.year()),
            Lang::Fr => format!("{}\u{a0}{}\u{a0}{}", local.day(), FR[month], local.year()),
            Lang::En => format!("{}\u{a0}{}\u{a0}{}", local.day(), EN[month], local.year()),
        }
    }

    /// The wall-clock time of a zone: year, month, day, hour, minute, second; a time that daylight saving skips or repeats is read
    /// as the first moment that it can be. None for a time that no day has.
    pub fn from_local(date: (i16, i8, i8), time: (i8, i8, i8), zone: &Zone) -> Option<Self> {
        let date = jiff::civil::Date::new(date.0, date.1, date.2).ok()?;
        let time = jiff::civil::Time::new(time.0, time.1, time.2, 0).ok()?;
        let moment = zone.0.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
        Some(Self(moment.timestamp().as_microsecond()))
    }

    /// The day on the calendar of a zone: year, month, day.
    pub fn local_date(self, zone: &Zone) -> (i16, i8, i8) {
        let local = self.zoned(zone);
        (local.year(), local.month(), local.day())
    }

    /// The time of day for people: `14 h 05` or `14:05`, without a break.
    pub fn clock(self, zone: &Zone, lang: Lang) -> String {
        let local = self.zoned(zone);
        match lang {
            Lang::Fr => format!("{}\u{a0}h\u{a0}{:02}", local.hour(), local.minute()),
            Lang::En => format!("{:02}:{:02}", local.hour(), local.minute()),
        }
    }

    /// The day and the minute for people: `2 mars 2026 à 14 h 05` or `2 March 2026 at 14:05`, which breaks at most between
    /// both.
    pub fn day_and_minute(self, zone: &Zone, lang: Lang) -> String {
        format!("{} {}\u{a0}{}", self.day(zone, lang), lang.pick("à", "at"), self.clock(zone, lang))
    }
}

/// The days from one moment to another, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Days {
    /// Both moments lie in this day.
    One(String),
    /// The first day, without the month or the year that it shares with the last; and the last day.
    Several(String, String),
}

impl Days {
    /// The days from `first` to `last` as a time zone counts them: `2` and `20 mars 2026`.
    pub fn between(first: Timestamp, last: Timestamp, zone: &Zone, lang: Lang) -> Self {
        let (first, last) = (first.day(zone, lang), last.day(zone, lang));
        if first == last {
            return Self::One(last);
        }
        let parts = |text: &str| text.split('\u{a0}').map(str::to_owned).collect::<Vec<_>>();
        let (mut start, end) = (parts(&first), parts(&last));
        let shared = start.iter().rev().zip(end.iter().rev()).take_while(|(start, end)| start == end).count();
        start.truncate(start.len() - shared);
        Self::Several(start.join("\u{a0}"), last)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refuse = || TimeError::Timestamp(text.chars().take(80).collect());
        let time_marked = text.as_bytes().get(10).is_some_and(|b| *b == b'T' || *b == b't');
        if !time_marked || text.len() > 40 || text.contains('[') {
            return Err(refuse());
        }
        let moment: jiff::Timestamp = text.parse().map_err(|_| refuse())?;
        Ok(Self(moment.as_microsecond()))
    }
}

impl Timestamp {
    /// Reads a date of HTTP (RFC 9110 § 5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`; none where it is none.
    pub fn from_http_date(text: &str) -> Option<Self> {
        let moment = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
        Some(Self(moment.as_microsecond()))
    }

    /// Reads an XSD 1.1 `dateTimeStamp` (Part 2 §3.4.28), which is stricter than RFC 3339 in its form: capitals, seconds, a zone of at
    /// most 14 hours. It has moments more: `24:00:00`, the end of a day, and any year, before the year one and of five digits and more.
    /// A moment further away than we can count (some 292 000 years) becomes the furthest that we can: what comes before or after the
    /// present stays so.
    ///
    /// # Errors
    /// [`TimeError::Timestamp`].
    pub fn from_date_time_stamp(text: &str) -> Result<Self, TimeError> {
        match xsd::date_time(text) {
            Some((moment, true)) => Ok(moment),
            _ => Err(TimeError::Timestamp(text.chars().take(80).collect())),
        }
    }

    /// Reads an XSD 1.1 `dateTime` (Part 2 §3.3.7): the same, and one without a zone is read as UTC.
    ///
    /// # Errors
    /// [`TimeError::Timestamp`].
    pub fn from_date_time(text: &str) -> Result<Self, TimeError> {
        let read = xsd::date_time(text).map(|(moment, _)| moment);
        read.ok_or_else(|| TimeError::Timestamp(text.chars().take(80).collect()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(moment: Timestamp) -> Self {
        moment.to_string()
    }
}

/// RFC 3339 in UTC; the fraction only where there is one.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().fmt(f)
    }
}

/// A clock as a parameter, so that tests choose the moment. The system's clock lives at the edge.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A time zone of the IANA list, for showing days to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Zone(TimeZone);

impl FromStr for Zone {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        TimeZone::get(text).map(Self).map_err(|_| TimeError::Zone(text.chars().take(80).collect()))
    }
}

impl TryFrom<String> for Zone {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0.iana_name().unwrap_or("UTC").to_owned()
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC))
    }
}

/// A length of training: whole seconds, above zero and under 10 000 hours, read and written as ISO 8601 hours, minutes and
/// seconds (`PT3H30M`). Days, months and years are refused: a day of training has no agreed length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^PT(?=\d)(\d{1,5}H)?(\d{1,6}M)?(\d{1,8}S)?$"))]
pub struct Duration(u32);

impl Duration {
    const MAX_SECONDS: u64 = 36_000_000;

    /// From whole seconds; none for zero or 10 000 hours and more.
    pub fn from_seconds(seconds: u64) -> Option<Self> {
        u32::try_from(seconds).ok().filter(|_| (1..Self::MAX_SECONDS).contains(&seconds)).map(Self)
    }

    /// Whole seconds.
    pub const fn as_seconds(self) -> u64 {
        self.0 as u64
    }

    /// For people: `3 h 30 min`, the same in both languages.
    pub fn spoken(self) -> String {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        let parts = [(hours, "h"), (minutes, "min"), (seconds, "s")];
        let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}\u{a0}{unit}"));
        parts.collect::<Vec<_>>().join("\u{a0}")
    }
}

impl FromStr for Duration {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refuse = || TimeError::Duration(text.chars().take(80).collect());
        let mut rest = text.strip_prefix("PT").filter(|rest| !rest.is_empty()).ok_or_else(refuse)?;
        let mut seconds = 0_u64;
        for (unit, worth) in [('H', 3600), ('M', 60), ('S', 1)] {
            if let Some((digits, after)) = rest.split_once(unit) {
                if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(refuse());
                }
                seconds += digits.parse::<u64>().map_err(|_| refuse())? * worth;
                rest = after;
            }
        }
        if rest.is_empty() { Self::from_seconds(seconds).ok_or_else(refuse) } else { Err(refuse()) }
    }
}

impl TryFrom<String> for Duration {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> Self {
        duration.to_string()
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PT")?;
        for (count, unit) in [(self.0 / 3600, 'H'), (self.0 / 60 % 60, 'M'), (self.0 % 60, 'S')] {
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_needs_a_zone() {
        let moment: Timestamp = "2026-03-02T09:00:00+01:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-03-02T08:00:00Z");
        for bad in ["2026-03-02", "2026-03-02T09:00:00", "2026-03-02 09:00:00Z", "hier", "2026-13-02T09:00:00Z", ""] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_date_time_stamp_may_lie_in_any_year() {
        let read = |text: &str| Timestamp::from_date_time_stamp(text).map(Timestamp::as_micros);
        for (text, same) in [
            ("2026-01-01T24:00:00Z", "2026-01-02T00:00:00Z"),
            ("2024-02-28T24:00:00.000-05:30", "2024-02-29T05:30:00Z"),
            ("2026-03-02T09:00:00.1234567+14:00", "2026-03-01T19:00:00.123456Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z"),
            ("0001-01-01T00:00:00-14:00", "0001-01-01T14:00:00Z"),
        ] {
            assert_eq!(read(text), Ok(same.parse::<Timestamp>().unwrap().as_micros()), "{text}");
        }
        // Each is earlier than the next.
        let in_order = [
            "-99999999999999999999-01-01T00:00:00Z",
            "-12026-03-02T09:00:00Z",
            "-0044-03-15T12:00:00Z",
            "0000-02-29T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "9999-12-31T24:00:00Z",
            "12000-01-01T00:00:00Z",
            "99999999999999999999-01-01T00:00:00Z",
        ];
        assert!(in_order.windows(2).all(|pair| read(pair[0]).unwrap() < read(pair[1]).unwrap()));
        for bad in [
            "2026-03-02T09:00:00",
            "2026-03-02t09:00:00Z",
            "2026-03-02T09:00:00z",
            "2026-02-29T09:00:00Z",
            "2026-03-02T24:00:01Z",
            "2026-03-02T09:00:60Z",
            "2026-03-02T09:00:00.Z",
            "2026-03-02T09:00:00+14:01",
            "02026-03-02T09:00:00Z",
            "+2026-03-02T09:00:00Z",
            "--2026-03-02T09:00:00Z",
            "2026-03-02T09:00:00+1é:0",
            "é",
            "T",
            "-T",
            "2026-03-02T09:00:00Zé",
            "99999999999é-01-01T00:00:00Z",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let without_zone = Timestamp::from_date_time("2026-03-02T09:00:00").unwrap();
        assert_eq!(without_zone.to_string(), "2026-03-02T09:00:00Z", "read as UTC");
        assert!(Timestamp::from_date_time("2026-03-02").is_err());
    }

    #[test]
    fn a_moment_out_of_sight_is_shown_at_the_horizon() {
        let shown = |text: &str| {
            let moment = Timestamp::from_date_time_stamp(text).unwrap();
            (moment.to_string(), moment.day(&Zone::default(), Lang::En))
        };
        let far = shown("99999999999999999999-01-01T00:00:00Z");
        assert!(far.0.starts_with("9999-12-30") && far.1.ends_with("9999"), "{far:?}");
        assert!(shown("-99999-01-01T00:00:00Z").0.starts_with("-009999"));
    }

    #[test]
    fn headers_carry_dates_of_their_own() {
        let moment: Timestamp = "1994-11-06T09:49:37.5+01:00".parse().unwrap();
        assert_eq!(moment.http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn days_are_local_to_the_issuer() {
        let moment: Timestamp = "2026-02-28T23:30:00Z".parse().unwrap();
        assert_eq!(moment.day(&Zone::default(), Lang::Fr), "1er\u{a0}mars\u{a0}2026");
        assert_eq!(moment.day(&"UTC".parse().unwrap(), Lang::En), "28\u{a0}February\u{a0}2026");
        assert_eq!(
            moment.day_and_minute(&Zone::default(), Lang::Fr),
            "1er\u{a0}mars\u{a0}2026 à\u{a0}0\u{a0}h\u{a0}30"
        );
    }

    #[test]
    fn days_name_once_what_they_share() {
        let between = |first: &str, last: &str| {
            let moment = |day: &str| format!("{day}T12:00:00Z").parse().unwrap();
            match Days::between(moment(first), moment(last), &Zone::default(), Lang::Fr) {
                Days::One(day) => day,
                Days::Several(first, last) => format!("{first} | {last}"),
            }
            .replace('\u{a0}', " ")
        };
        assert_eq!(between("2026-03-02", "2026-03-02"), "2 mars 2026");
        assert_eq!(between("2026-03-02", "2026-03-20"), "2 | 20 mars 2026");
        assert_eq!(between("2026-03-02", "2026-04-02"), "2 mars | 2 avril 2026");
        assert_eq!(between("2025-03-02", "2026-03-02"), "2 mars 2025 | 2 mars 2026");
    }

    #[test]
    fn durations_are_hours_and_minutes_above_zero() {
        for (text, seconds, spoken) in [
            ("PT3H30M", 12_600, "3\u{a0}h\u{a0}30\u{a0}min"),
            ("PT90M", 5_400, "1\u{a0}h\u{a0}30\u{a0}min"),
            ("PT45S", 45, "45\u{a0}s"),
        ] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!((duration.as_seconds(), duration.spoken().as_str()), (seconds, spoken));
            assert_eq!(duration.to_string().parse::<Duration>().unwrap(), duration);
        }
        for bad in ["PT0S", "P1D", "PT", "PT1H1H", "PT-1H", "3h", "PT10000H", "PT1.5H", "PT1S1H", ""] {
            assert!(bad.parse::<Duration>().is_err(), "{bad}");
        }
    }
}
