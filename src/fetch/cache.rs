//! What was fetched, kept for as long as its server allows and never longer than five minutes; failures for a few seconds. Bounded
//! in entries and bytes: what ends soonest leaves first.

use std::collections::HashMap;
use std::time::Duration;

use crate::time::Timestamp;

use super::{Key, Outcome};

/// A revocation or a new key is seen after this time at the latest, whatever the server allows.
pub(super) const LONGEST: Duration = Duration::from_secs(300);
/// Where the server says nothing.
pub(super) const UNSAID: Duration = Duration::from_secs(60);
/// For failures, so that a host in trouble is not asked for each credential.
pub(super) const FAILED: Duration = Duration::from_secs(5);

/// What an entry costs beside its body.
const OVERHEAD: usize = 1_024;

struct Entry {
    outcome: Outcome,
    from: Timestamp,
    until: Timestamp,
    bytes: usize,
}

impl Entry {
    /// A clock that was set back must not make an entry live longer.
    fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

/// The cache.
pub(super) struct Cache {
    entries: HashMap<Key, Entry>,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
}

impl Cache {
    /// An empty cache of this size.
    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self { entries: HashMap::new(), bytes: 0, max_entries, max_bytes }
    }

    /// What is known and still holds.
    pub(super) fn get(&self, key: &Key, now: Timestamp) -> Option<Outcome> {
        self.entries.get(key).filter(|entry| entry.holds(now)).map(|entry| entry.outcome.clone())
    }

    /// Keeps an outcome.
    pub(super) fn put(&mut self, key: Key, outcome: Outcome, fresh: Duration, now: Timestamp) {
        let seconds = i64::try_from(fresh.min(LONGEST).as_secs()).unwrap_or_default();
        let bytes = OVERHEAD + outcome.as_ref().map_or(0, |fetched| fetched.body.len());
        self.remove(&key);
        if seconds == 0 || bytes > self.max_bytes || self.max_entries == 0 {
            return;
        }
        let gone: Vec<Key> =
            self.entries.iter().filter(|(_, entry)| !entry.holds(now)).map(|(key, _)| key.clone()).collect();
        gone.iter().for_each(|key| self.remove(key));
        while self.entries.len() >= self.max_entries || self.bytes + bytes > self.max_bytes {
            let soonest = self.entries.iter().min_by_key(|(_, entry)| entry.until).map(|(key, _)| key.clone());
            let Some(soonest) = soonest else { break };
            self.remove(&soonest);
        }
        self.bytes += bytes;
        self.entries.insert(key, Entry { outcome, from: now, until: now.plus_seconds(seconds), bytes });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }
}

/// For how long an answer may be kept, by its `Cache-Control` and `Age` (RFC 9111). Zero: not at all.
pub(super) fn freshness(cache_control: Option<&str>, age: Option<&str>) -> Duration {
    let Some(cache_control) = cache_control else { return UNSAID };
    let (mut max_age, mut shared) = (None, None);
    for directive in cache_control.split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = || value.trim().trim_matches('"').parse::<u64>().unwrap_or(0);
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" | "private" => return Duration::ZERO,
            "max-age" => max_age = Some(seconds()),
            "s-maxage" => shared = Some(seconds()),
            _ => {}
        }
    }
    let age = age.map_or(0, |age| age.trim().parse().unwrap_or(u64::MAX));
    let allowed = shared.or(max_age).map_or(UNSAID, Duration::from_secs);
    allowed.saturating_sub(Duration::from_secs(age)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Accept, FetchError, Fetched, Redirects, Target};
    use super::*;

    const NOON: Timestamp = Timestamp::from_micros(1_772_452_800_000_000);

    fn key(path: &str) -> Key {
        let target = Target::parse(&format!("https://example.org/{path}")).unwrap();
        Key { target, accept: Accept::Json, redirects: Redirects::Follow, max_bytes: 9_999 }
    }

    fn body(length: usize) -> Outcome {
        Ok(Arc::new(Fetched { body: vec![b'x'; length], content_type: None, url: String::new() }))
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_the_server_allows_holds_within_our_bounds() {
        for (cache_control, age, expected) in [
            (None, None, 60),
            (Some("max-age=30"), None, 30),
            (Some("public, MAX-AGE = 30 , must-revalidate"), None, 30),
            (Some("max-age=\"30\""), None, 30),
            (Some("max-age=31536000, immutable"), None, 300),
            (Some("max-age=0"), None, 0),
            (Some("max-age=-5"), None, 0),
            (Some("max-age=99999999999999999999999"), None, 0),
            (Some("max-age=x"), None, 0),
            (Some("max-age=120, s-maxage=20"), None, 20),
            (Some("no-store, max-age=60"), None, 0),
            (Some("no-cache"), None, 0),
            (Some("private, max-age=60"), None, 0),
            (Some("public"), None, 60),
            (Some("max-age=100"), Some("30"), 70),
            (Some("max-age=100"), Some("500"), 0),
            (Some("max-age=100"), Some("x"), 0),
        ] {
            assert_eq!(freshness(cache_control, age), seconds(expected), "{cache_control:?} {age:?}");
        }
    }

    #[test]
    fn an_entry_ends_with_its_time_and_when_the_clock_is_set_back() {
        let mut cache = Cache::new(10, 100_000);
        cache.put(key("a"), body(1), seconds(30), NOON);
        assert!(cache.get(&key("a"), NOON.plus_seconds(29)).is_some());
        assert!(cache.get(&key("a"), NOON.plus_seconds(30)).is_none());
        assert!(cache.get(&key("a"), NOON.plus_seconds(-1)).is_none());
        assert!(cache.get(&key("b"), NOON).is_none());
        cache.put(key("a"), body(1), seconds(9_000), NOON);
        assert!(cache.get(&key("a"), NOON.plus_seconds(299)).is_some());
        assert!(cache.get(&key("a"), NOON.plus_seconds(300)).is_none());
        cache.put(key("a"), body(1), Duration::ZERO, NOON);
        assert!(cache.get(&key("a"), NOON).is_none(), "an answer that may not be kept replaces the one before");
    }

    #[test]
    fn entries_and_bytes_are_bounded_and_what_ends_soonest_leaves_first() {
        let mut cache = Cache::new(3, 10_000);
        cache.put(key("failed"), Err(FetchError::Timeout), FAILED, NOON);
        cache.put(key("a"), body(10), seconds(100), NOON);
        cache.put(key("b"), body(10), seconds(200), NOON);
        cache.put(key("c"), body(10), seconds(50), NOON);
        assert!(cache.get(&key("failed"), NOON).is_none());
        assert!(cache.get(&key("c"), NOON).is_some());
        cache.put(key("large"), body(7_000), seconds(60), NOON);
        assert!(cache.get(&key("c"), NOON).is_none());
        assert!(cache.get(&key("a"), NOON).is_none());
        assert!(cache.get(&key("b"), NOON).is_some());
        cache.put(key("too-large"), body(10_000), seconds(60), NOON);
        assert!(cache.get(&key("too-large"), NOON).is_none());
        assert!(cache.get(&key("large"), NOON).is_some());
        assert!(cache.bytes <= 10_000);
        cache.put(key("d"), body(10), seconds(60), NOON.plus_seconds(250));
        assert_eq!((cache.entries.len(), cache.bytes), (1, OVERHEAD + 10), "what has ended is let go");
    }
}
