//! Names to addresses, by the system's resolver. It can't be interrupted, so each lookup has a thread of its own: who asked goes on
//! at the deadline, and the thread ends when the resolver lets it. Their number is bounded.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant;

use super::FetchError;

/// Lookups under way at one time, those included that nobody waits for any more.
const MAX_LOOKUPS: usize = 64;

/// What the system's resolver is asked for; another function in tests.
pub(super) type Resolve = fn(&str) -> io::Result<Vec<IpAddr>>;

/// The lookups under way.
#[derive(Debug, Clone)]
pub(super) struct Lookups {
    busy: Arc<AtomicUsize>,
    resolve: Resolve,
}

impl Lookups {
    /// Lookups by the system's resolver.
    pub(super) fn of_the_system() -> Self {
        Self::by(|name| Ok((name, 0).to_socket_addrs()?.map(|address: SocketAddr| address.ip()).collect()))
    }

    fn by(resolve: Resolve) -> Self {
        Self { busy: Arc::default(), resolve }
    }

    /// The addresses of a name, once.
    pub(super) fn addresses(&self, name: &str, deadline: Instant) -> Result<Vec<IpAddr>, FetchError> {
        let place = Place::take(&self.busy).ok_or(FetchError::Busy)?;
        let (answer, answered) = mpsc::sync_channel(1);
        let (resolve, name) = (self.resolve, name.to_owned());
        let thread = std::thread::Builder::new().name("sceau-lookup".to_owned()).stack_size(256 * 1024);
        let started = thread.spawn(move || {
            let _place = place;
            // Nobody may be listening any more.
            let _ = answer.send(resolve(&name));
        });
        started.map_err(|_| FetchError::Busy)?;
        match answered.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(FetchError::Unreachable),
            Err(RecvTimeoutError::Timeout) => Err(FetchError::Timeout),
        }
    }
}

/// One of the places for lookups, given back when dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(busy: &Arc<AtomicUsize>) -> Option<Self> {
        let taken =
            busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |busy| (busy < MAX_LOOKUPS).then_some(busy + 1));
        taken.ok().map(|_| Self(Arc::clone(busy)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(30)
    }

    #[test]
    fn a_resolver_that_hangs_costs_no_more_than_the_deadline_and_at_most_so_many_threads() {
        let lookups = Lookups::by(|_| {
            std::thread::sleep(Duration::from_secs(5));
            Ok(Vec::new())
        });
        let begun = Instant::now();
        assert_eq!(lookups.addresses("slow.example", soon()), Err(FetchError::Timeout));
        assert!(begun.elapsed() < Duration::from_secs(4), "the deadline was waited past");
        let places: Vec<Place> = std::iter::from_fn(|| Place::take(&lookups.busy)).collect();
        assert_eq!(places.len(), MAX_LOOKUPS - 1, "the thread that hangs keeps its place");
        assert_eq!(lookups.addresses("slow.example", soon()), Err(FetchError::Busy));
        drop(places);
        assert_eq!(lookups.addresses("slow.example", soon()), Err(FetchError::Timeout));
    }

    #[test]
    fn names_that_nobody_has_are_unreachable() {
        let lookups = Lookups::by(|_| Err(io::Error::other("no such host")));
        let deadline = Instant::now() + Duration::from_secs(10);
        assert_eq!(lookups.addresses("nobody.example", deadline), Err(FetchError::Unreachable));
    }
}
