//! `dateTime` of XML Schema 1.1 (Part 2 §3.3.7), as credentials write their dates: any year, and `24:00:00` as the end of a day.
//!
//! Not here: RFC 3339, which is what our own documents and the API take.

use super::Timestamp;

/// An XSD `dateTime`, and whether it has a zone.
pub(super) fn date_time(text: &str) -> Option<(Timestamp, bool)> {
    let (before_christ, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (date, time) = unsigned.split_once('T')?;
    let [year, month, day] = parts(date, '-')?;
    let plausible_year = year.len() >= 4 && is_digits(year) && (year.len() == 4 || !year.starts_with('0'));
    // Beyond what counts, any year will do; it is a multiple of 400, as leap years ask for its last digits alone.
    let digits = plausible_year.then(|| if year.len() > 9 { year.split_at(year.len() - 4).1 } else { year })?;
    let year: i128 =
        digits.parse().ok().map(|counted: i128| if year.len() > 9 { 400_000_000 + counted } else { counted })?;
    let year = if before_christ { -year } else { year };
    let (month, day) = (two_digits(month)?, two_digits(day)?);

    let (clock, zone) = time.split_at(time.find(['Z', '+', '-']).unwrap_or(time.len()));
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = parts(clock, ':')?;
    let (hour, minute, second) = (two_digits(hour)?, two_digits(minute)?, two_digits(second)?);
    let end_of_day = hour == 24 && minute + second == 0 && fraction.bytes().all(|digit| digit == b'0');
    let plausible = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && (hour < 24 || end_of_day)
        && minute < 60
        && second < 60
        && is_digits(fraction);
    let offset_minutes = offset_minutes(zone).filter(|_| plausible)?;
    let micros: i128 = format!("{fraction:0<6}")[..6].parse().ok()?;
    let minutes = (days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
    let micros = (minutes * 60 + second) * 1_000_000 + micros;
    let micros = micros.clamp(i64::MIN.into(), i64::MAX.into());
    Some((Timestamp(i64::try_from(micros).ok()?), !zone.is_empty()))
}

fn parts(text: &str, separator: char) -> Option<[&str; 3]> {
    text.split(separator).collect::<Vec<_>>().try_into().ok()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn two_digits(text: &str) -> Option<i128> {
    (text.len() == 2 && is_digits(text)).then(|| text.parse().ok()).flatten()
}

/// The minutes that a zone is ahead of UTC; none has zero.
fn offset_minutes(zone: &str) -> Option<i128> {
    let (ahead, offset) = match zone.split_at_checked(1) {
        None | Some(("Z", "")) => return Some(0),
        Some(("+", offset)) => (1, offset),
        Some(("-", offset)) => (-1, offset),
        Some(_) => return None,
    };
    let (hours, minutes) = offset.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let plausible = (hours < 14 && minutes < 60) || (hours == 14 && minutes == 0);
    plausible.then_some(ahead * (hours * 60 + minutes))
}

fn days_of_month(year: i128, month: i128) -> i128 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, extended to all years. A year is counted from March, so that a leap day is its last.
fn days_since_1970(year: i128, month: i128, day: i128) -> i128 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
