//! When a message that was not taken is tried again: soon at first, then ever more rarely, for three days in all.

use crate::entropy::Entropy;
use crate::time::Timestamp;

/// The pauses after the first, second, third … failure, in seconds; the last one stays.
const PAUSES: [i64; 8] = [5, 30, 120, 600, 3_600, 7_200, 14_400, 28_800];
/// For how long a message is tried, in seconds.
const SPAN: i64 = 3 * 24 * 3600;
/// The longest pause that a receiver may ask for, in seconds.
const LONGEST_WISH: i64 = 12 * 3600;

/// When to try again after so many failures, the first attempt having been at `first`; none once three days are over. A pause is
/// up to a fifth longer than planned, so that what failed together does not come again together. `wish` is the pause that the
/// receiver asked for, in seconds.
pub(super) fn next_try(
    failures: u32,
    first: Timestamp,
    now: Timestamp,
    wish: Option<i64>,
    entropy: &dyn Entropy,
) -> Option<Timestamp> {
    let place = usize::try_from(failures.max(1) - 1).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    let pause = PAUSES[place].max(wish.unwrap_or(0).min(LONGEST_WISH));
    let spread = u32::try_from(pause / 5).unwrap_or(0);
    let next = now.plus_seconds(pause + i64::from(entropy.below(spread + 1)));
    (next <= first.plus_seconds(SPAN)).then_some(next)
}

/// The pause that a header `Retry-After` asks for (RFC 9110 § 10.2.3), in seconds: a number of them, or a moment.
pub(super) fn wish(retry_after: &str, now: Timestamp) -> Option<i64> {
    let text = retry_after.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().unwrap_or(LONGEST_WISH).min(LONGEST_WISH));
    }
    let moment = Timestamp::from_http_date(text)?;
    Some((moment.as_unix_seconds() - now.as_unix_seconds()).clamp(0, LONGEST_WISH))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_micros(784_111_777_000_000); // Sun, 06 Nov 1994 08:49:37 GMT

    struct Always(u8);
    impl Entropy for Always {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    fn pause(failures: u32, wish: Option<i64>, entropy: &dyn Entropy) -> i64 {
        let next = next_try(failures, NOON, NOON, wish, entropy).unwrap();
        next.as_unix_seconds() - NOON.as_unix_seconds()
    }

    #[test]
    fn pauses_grow_to_eight_hours_and_are_spread_by_a_fifth_at_most() {
        let planned = [5, 30, 120, 600, 3_600, 7_200, 14_400, 28_800, 28_800, 28_800];
        for (failures, planned) in (1..).zip(planned) {
            assert_eq!(pause(failures, None, &Always(0)), planned);
            for byte in [1, 77, 130, 254] {
                let spread = pause(failures, None, &Always(byte));
                assert!((planned..=planned + planned / 5).contains(&spread), "{failures}: {spread}");
            }
        }
    }

    #[test]
    fn after_three_days_nothing_is_tried_again() {
        let (mut now, mut tries) = (NOON, 1);
        while let Some(next) = next_try(tries, NOON, now, None, &Always(0)) {
            assert!(next > now);
            (now, tries) = (next, tries + 1);
        }
        let hours = (now.as_unix_seconds() - NOON.as_unix_seconds()) / 3600;
        assert!((64..=72).contains(&hours), "the last attempt came after {hours} hours");
        assert_eq!(tries, 16);
        assert_eq!(next_try(u32::MAX, NOON, NOON.plus_seconds(SPAN), None, &Always(0)), None);
    }

    #[test]
    fn what_a_receiver_asks_for_counts_within_bounds() {
        assert_eq!(pause(1, Some(60), &Always(0)), 60);
        assert_eq!(pause(8, Some(60), &Always(0)), 28_800, "never sooner than planned");
        assert_eq!(pause(1, Some(i64::MAX), &Always(0)), LONGEST_WISH);
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(LONGEST_WISH)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Thu, 06 Nov 2994 08:00:00 GMT", Some(LONGEST_WISH)),
            ("-5", None),
            ("soon", None),
            ("", None),
            ("1.5", None),
        ] {
            assert_eq!(wish(text, NOON), expected, "{text}");
        }
    }
}
