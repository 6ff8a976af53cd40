//! One request and its answer, over TLS, to an address that was checked: the resolver hands the client only addresses that may be
//! reached, so what is connected to is what was checked, and a name that changes its mind in between gains nothing.
//!
//! Redirects are reported, not followed.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::http::{HeaderMap, StatusCode, header};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, TcpConnector, Transport, TransportAdapter,
};

use super::address::{Reach, reach};
use super::cache::freshness;
use super::lookup::Lookups;
use super::target::{AllowedHost, Host, Scheme, Target};
use super::{Accept, FetchError, Posted};

/// What is sent as `User-Agent` by the verifier.
const VERIFIER: &str = concat!("sceau/", env!("CARGO_PKG_VERSION"), " (verifier)");
/// And with what is posted.
const TELLER: &str = concat!("sceau/", env!("CARGO_PKG_VERSION"), " (webhooks)");
/// Status line and headers.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// As many as the client takes.
const MAX_ADDRESSES: usize = 16;

/// What every exchange needs.
#[derive(Debug, Clone)]
pub(super) struct Means {
    /// Whose certificates are trusted.
    pub(super) tls: Arc<ClientConfig>,
    /// Names to addresses.
    pub(super) lookups: Lookups,
    /// Hosts that may be on internal networks.
    pub(super) allowed: Arc<[AllowedHost]>,
}

/// What came back.
#[derive(Debug)]
pub(super) enum Answer {
    /// The document.
    Body {
        /// All of it.
        body: Vec<u8>,
        /// What the server says it is.
        content_type: Option<String>,
        /// For how long it may be kept.
        fresh: Duration,
    },
    /// Where the server says it is, unchecked.
    Moved(String),
}

impl Means {
    /// Asks, and reads the whole answer, before the deadline.
    pub(super) fn exchange(
        &self,
        target: &Target,
        accept: Accept,
        max_bytes: usize,
        deadline: Instant,
    ) -> Result<Answer, FetchError> {
        let agent = self.agent(target, VERIFIER, accept.header(), deadline)?;
        let response = agent.get(target.to_string()).call().map_err(refusal)?;
        let (head, body) = response.into_parts();
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        match head.status {
            StatusCode::OK => {}
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => {
                return text(header::LOCATION).map(Answer::Moved).ok_or(FetchError::RedirectRefused);
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err(FetchError::NotFound),
            other => return Err(FetchError::Status(other.as_u16())),
        }
        // We asked for none. Expanding what somebody else sends would need bounds of its own.
        if text(header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err(FetchError::BadAnswer);
        }
        let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
        if body.content_length().is_some_and(|length| length >= limit) {
            return Err(FetchError::TooLarge);
        }
        let mut bytes = Vec::new();
        let read = body.into_with_config().limit(u64::MAX).reader().take(limit).read_to_end(&mut bytes);
        read.map_err(|error| refusal(error.into()))?;
        if bytes.len() > max_bytes {
            return Err(FetchError::TooLarge);
        }
        Ok(Answer::Body { body: bytes, content_type: text(header::CONTENT_TYPE), fresh: kept(&head.headers) })
    }

    /// Posts a body, and reads the head of the answer, before the deadline.
    pub(super) fn post(
        &self,
        target: &Target,
        headers: &[(&'static str, String)],
        body: &[u8],
        deadline: Instant,
    ) -> Result<Posted, FetchError> {
        let agent = self.agent(target, TELLER, "*/*", deadline)?;
        let request = agent.post(target.to_string());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let response = request.send(body).map_err(refusal)?;
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        Ok(Posted { status: response.status().as_u16(), retry_after: retry_after.map(str::to_owned) })
    }

    /// An agent for one exchange: it carries the deadline, and shares no connection with another.
    fn agent(
        &self,
        target: &Target,
        user_agent: &str,
        accept: &str,
        deadline: Instant,
    ) -> Result<ureq::Agent, FetchError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FetchError::Timeout);
        }
        let config = ureq::Agent::config_builder()
            .https_only(target.scheme == Scheme::Https)
            // A proxy would connect for us, to addresses that we did not check.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(left))
            .max_response_header_size(MAX_HEADER_BYTES)
            .max_idle_connections(0)
            .user_agent(user_agent)
            .accept(accept)
            .accept_encoding("identity")
            .build();
        let host = CheckedHost { target: target.clone(), means: self.clone(), deadline };
        Ok(match target.scheme {
            Scheme::Https => {
                let tls = Tls { config: Arc::clone(&self.tls), name: server_name(&target.host)?, deadline };
                ureq::Agent::with_parts(config, TcpConnector::default().chain(tls), host)
            }
            Scheme::Http => ureq::Agent::with_parts(config, TcpConnector::default(), host),
        })
    }

    /// The addresses of a host that may be connected to; in clear, those of this machine only.
    pub(super) fn addresses(&self, target: &Target, deadline: Instant) -> Result<Vec<IpAddr>, FetchError> {
        let found = match &target.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self.lookups.addresses(name, deadline)?,
        };
        if found.is_empty() {
            return Err(FetchError::Unreachable);
        }
        let mut admitted = admitted(found, self.allowed.iter().any(|allowed| allowed.covers(target)));
        if target.scheme == Scheme::Http {
            admitted.retain(IpAddr::is_loopback);
        }
        if admitted.is_empty() { Err(FetchError::ForbiddenAddress) } else { Ok(admitted) }
    }
}

fn admitted(mut found: Vec<IpAddr>, internal_too: bool) -> Vec<IpAddr> {
    found.retain(|address| match reach(*address) {
        Reach::Global => true,
        Reach::Internal => internal_too,
        Reach::Never => false,
    });
    found
}

fn kept(headers: &HeaderMap) -> Duration {
    // What varies by more than we send the same each time must not be kept.
    if headers.get_all(header::VARY).iter().any(|value| value.as_bytes().contains(&b'*')) {
        return Duration::ZERO;
    }
    let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let cache_control: Vec<&str> = values.collect();
    let cache_control = (!cache_control.is_empty()).then(|| cache_control.join(","));
    freshness(cache_control.as_deref(), headers.get(header::AGE).and_then(|age| age.to_str().ok()))
}

fn server_name(host: &Host) -> Result<ServerName<'static>, FetchError> {
    match host {
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| FetchError::MalformedUrl),
        Host::Address(address) => Ok(ServerName::from(*address)),
    }
}

/// What went wrong, without what a server or a network said about it.
fn refusal(error: ureq::Error) -> FetchError {
    match error {
        ureq::Error::Other(inner) => inner.downcast().map_or(FetchError::Unreachable, |error| *error),
        ureq::Error::Timeout(_) => FetchError::Timeout,
        ureq::Error::Tls(_) | ureq::Error::TlsRequired => FetchError::Tls,
        ureq::Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => FetchError::Tls,
        ureq::Error::Io(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
            FetchError::Timeout
        }
        ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => FetchError::BadAnswer,
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => FetchError::MalformedUrl,
        _ => FetchError::Unreachable,
    }
}

/// Resolves the one host of one exchange.
#[derive(Debug)]
struct CheckedHost {
    target: Target,
    means: Means,
    deadline: Instant,
}

impl Resolver for CheckedHost {
    fn resolve(
        &self,
        _: &ureq::http::Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.means.addresses(&self.target, self.deadline);
        let addresses = addresses.map_err(|error| ureq::Error::Other(Box::new(error)))?;
        let mut resolved = self.empty();
        for address in addresses.into_iter().take(MAX_ADDRESSES) {
            resolved.push(SocketAddr::new(address, self.target.port));
        }
        Ok(resolved)
    }
}

/// TLS over a connection, with the name that was asked for.
#[derive(Debug)]
struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    deadline: Instant,
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Encrypted<In>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let transport = chained.ok_or(ureq::Error::ConnectionFailed)?;
        let connection = ClientConnection::new(Arc::clone(&self.config), self.name.clone());
        let mut connection = connection.map_err(io::Error::other)?;
        let mut socket = TransportAdapter::new(transport, Arc::clone(&details.current_time));
        // The adapter counts the time down over all reads and writes of the handshake.
        let left = self.deadline.saturating_duration_since(Instant::now());
        socket.set_timeout(NextTimeout { after: left.into(), reason: ureq::Timeout::Global, ..NextTimeout::default() });
        connection.complete_io(&mut socket)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Encrypted { stream: StreamOwned::new(connection, socket), buffers }))
    }
}

struct Encrypted<In: Transport> {
    stream: StreamOwned<ClientConnection, TransportAdapter<In>>,
    buffers: LazyBuffers,
}

impl<In: Transport> Transport for Encrypted<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        self.stream.write_all(&self.buffers.output()[..amount])?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let read = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl<In: Transport> fmt::Debug for Encrypted<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypted").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_good_and_bad_addresses_leads_to_the_good_ones_only() {
        let found = || ["127.0.0.1", "169.254.169.254", "8.8.8.8", "::1", "2606:4700::1111", "0.0.0.0"];
        let found = || found().map(|text| text.parse::<IpAddr>().unwrap()).to_vec();
        let texts = |addresses: Vec<IpAddr>| addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(texts(admitted(found(), false)), ["8.8.8.8", "2606:4700::1111"]);
        assert_eq!(texts(admitted(found(), true)), ["127.0.0.1", "8.8.8.8", "::1", "2606:4700::1111"]);
    }

    #[test]
    fn what_varies_is_not_kept_and_several_headers_count_as_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::CACHE_CONTROL, "public".parse().unwrap());
        headers.append(header::CACHE_CONTROL, "max-age=20".parse().unwrap());
        assert_eq!(kept(&headers), Duration::from_secs(20));
        headers.append(header::VARY, "Accept".parse().unwrap());
        assert_eq!(kept(&headers), Duration::from_secs(20));
        headers.append(header::VARY, "*".parse().unwrap());
        assert_eq!(kept(&headers), Duration::ZERO);
    }
}
