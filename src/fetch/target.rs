//! What may be asked for: a URL read strictly, by RFC 3986, into host, port and path. The host that is resolved, checked, named in
//! TLS and sent in the request is always this one, so no two readings of a URL can differ.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use iref::{Uri, UriRef};

use super::FetchError;

/// As in the catalog: longer ones are no addresses for people or machines to keep.
const MAX_LENGTH: usize = 2_000;

/// The name or address of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Host {
    /// A name, in lower case.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Some(inside) = text.strip_prefix('[') {
            // Zone ids and future versions of addresses are refused with the rest.
            let address: Ipv6Addr = inside.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(address.into()));
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if text.len() > 253 || !text.split('.').all(label) {
            return None;
        }
        // The system's resolver reads `127.1`, `2130706433` and `0x7f.0.0.1` as addresses: a host whose last label is a number
        // is one address in its one usual spelling, or nothing.
        let last = text.rsplit('.').next().unwrap_or_default();
        let numeric =
            last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
        if numeric {
            return text.parse::<Ipv4Addr>().ok().map(|address| Self::Address(address.into()));
        }
        Some(Self::Name(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// How a target is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scheme {
    /// Over TLS.
    Https,
    /// In clear: on this machine only.
    Http,
}

/// An https URL (or, for what is posted on this machine, an http URL) without credentials and fragment, in one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// How.
    pub(super) scheme: Scheme,
    /// Whom to ask.
    pub(super) host: Host,
    /// On which port.
    pub(super) port: u16,
    /// For what: path and query.
    path: String,
}

impl Target {
    /// Reads a URL.
    pub(super) fn parse(text: &str) -> Result<Self, FetchError> {
        if text.len() > MAX_LENGTH {
            return Err(FetchError::MalformedUrl);
        }
        Self::from_uri(Uri::new(text).map_err(|_| FetchError::MalformedUrl)?, &[Scheme::Https])
    }

    /// Reads the URL of somebody who wants to be told: https, or http to a host that the operator listed.
    pub(super) fn parse_to_post(text: &str, allowed: &[AllowedHost]) -> Result<Self, FetchError> {
        if text.len() > MAX_LENGTH {
            return Err(FetchError::MalformedUrl);
        }
        let uri = Uri::new(text).map_err(|_| FetchError::MalformedUrl)?;
        let target = Self::from_uri(uri, &[Scheme::Https, Scheme::Http])?;
        let in_clear = target.scheme == Scheme::Http;
        if in_clear && !allowed.iter().any(|allowed| allowed.covers(&target)) {
            return Err(FetchError::NotHttps);
        }
        Ok(target)
    }

    /// What a redirect from here leads to. Whatever is wrong with it, the redirect is what is refused.
    pub(super) fn redirected(&self, location: &str) -> Result<Self, FetchError> {
        if location.len() > MAX_LENGTH {
            return Err(FetchError::RedirectRefused);
        }
        let here = self.to_string();
        let base = Uri::new(here.as_str()).map_err(|_| FetchError::RedirectRefused)?;
        let reference = UriRef::new(location).map_err(|_| FetchError::RedirectRefused)?;
        Self::parse(reference.resolved(base).as_str()).map_err(|_| FetchError::RedirectRefused)
    }

    fn from_uri(uri: &Uri, schemes: &[Scheme]) -> Result<Self, FetchError> {
        let known = |scheme: &&Scheme| uri.scheme().as_str().eq_ignore_ascii_case(scheme.as_str());
        let scheme = *schemes.iter().find(known).ok_or(FetchError::NotHttps)?;
        let authority = uri.authority().ok_or(FetchError::MalformedUrl)?;
        let (host, port) = machine(authority.as_str()).ok_or(FetchError::MalformedUrl)?;
        let mut path = uri.path().as_str().to_owned();
        if path.is_empty() {
            path.push('/');
        }
        if let Some(query) = uri.query() {
            path.push('?');
            path.push_str(query.as_str());
        }
        let target = Self { scheme, host, port: port.unwrap_or(scheme.port()), path };
        // The client's own reading is a little narrower.
        target.to_string().parse::<ureq::http::Uri>().map_err(|_| FetchError::MalformedUrl)?;
        Ok(target)
    }
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

/// Host and port of an authority; none with credentials. By hand, since iref ends the host `[::1]` at its first colon.
fn machine(authority: &str) -> Option<(Host, Option<u16>)> {
    let end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at(end);
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port != 0)?)
        }
        Some(_) => return None,
    };
    Some((Host::parse(host)?, port))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        if self.port != self.scheme.port() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

/// A host that the operator lets the verifier reach on internal networks: a name or address, on one port or on any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    host: Host,
    port: Option<u16>,
}

impl AllowedHost {
    /// Whether this is the host of the target.
    pub(super) fn covers(&self, target: &Target) -> bool {
        self.host == target.host && self.port.is_none_or(|port| port == target.port)
    }
}

/// Not a host that can be allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a host is written as a name or address, with its port or without, such as badges.intranet.example:8443; this is not: {0:?}"
)]
pub struct AllowedHostError(String);

impl FromStr for AllowedHost {
    type Err = AllowedHostError;
    fn from_str(text: &str) -> Result<Self, AllowedHostError> {
        let (host, port) = machine(text).ok_or_else(|| AllowedHostError(text.chars().take(80).collect()))?;
        Ok(Self { host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_url_has_one_spelling() {
        for (url, expected) in [
            ("https://example.org", "https://example.org/"),
            ("HTTPS://EXAMPLE.org:443/a", "https://example.org/a"),
            ("https://example.org/a?b=c#key-1", "https://example.org/a?b=c"),
            ("https://example.org?b=c", "https://example.org/?b=c"),
            ("https://example.org:8443/%C3%A9/~a", "https://example.org:8443/%C3%A9/~a"),
            ("https://xn--ministre-5ya.example/", "https://xn--ministre-5ya.example/"),
            ("https://1.2.3.4/", "https://1.2.3.4/"),
            ("https://[2A00:0:0::1]:1/", "https://[2a00::1]:1/"),
            ("https://a_b.example/", "https://a_b.example/"),
        ] {
            assert_eq!(Target::parse(url).map(|target| target.to_string()), Ok(expected.to_owned()), "{url}");
        }
    }

    #[test]
    fn only_https_is_asked() {
        for url in ["http://example.org/", "ftp://example.org/", "file:///etc/passwd", "did:web:example.org", "data:,x"]
        {
            assert_eq!(Target::parse(url), Err(FetchError::NotHttps), "{url}");
        }
    }

    #[test]
    fn a_url_that_could_be_read_in_two_ways_is_refused() {
        let long = format!("https://example.org/{}", "a".repeat(2_000));
        let label = format!("https://{}.example/", "a".repeat(64));
        for url in [
            "",
            "example.org",
            "//example.org/",
            "https:",
            "https:/example.org/",
            "https:example.org",
            "https:///path",
            "https://user@example.org/",
            "https://user:secret@example.org/",
            "https://@example.org/",
            "https://example.org:0/",
            "https://example.org:/",
            "https://example.org:65536/",
            "https://example.org:44x/",
            "https://exa mple.org/",
            "https://example.org/a b",
            "https://example.org\\@evil.example/",
            "https://example.org\t/",
            "https://example.org/\r\nx: y",
            "https://é.example/",
            "https://%65xample.org/",
            "https://example.org./",
            "https://example..org/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://1.2.3.4.5/",
            "https://256.1.1.1/",
            "https://example.123/",
            "https://[::1%25eth0]/",
            "https://[v1.a]/",
            "https://[::1/",
            long.as_str(),
            label.as_str(),
        ] {
            assert_eq!(Target::parse(url), Err(FetchError::MalformedUrl), "{url}");
        }
    }

    #[test]
    fn redirects_are_resolved_and_held_to_the_same_rules() {
        let here = Target::parse("https://example.org:8443/a/b?c").unwrap();
        for (location, expected) in [
            ("d", "https://example.org:8443/a/d"),
            ("/d?e#f", "https://example.org:8443/d?e"),
            ("../../d", "https://example.org:8443/d"),
            ("//other.example/x", "https://other.example/x"),
            ("https://other.example", "https://other.example/"),
        ] {
            assert_eq!(here.redirected(location).unwrap().to_string(), expected, "{location}");
        }
        for location in
            ["http://example.org/", "file:///etc/passwd", "https://u@example.org/", "//127.1/", "a b", "javascript:x"]
        {
            assert_eq!(here.redirected(location), Err(FetchError::RedirectRefused), "{location}");
        }
    }

    #[test]
    fn what_is_posted_in_clear_stays_on_a_listed_host() {
        let allowed: [AllowedHost; 1] = ["localhost:8081".parse().unwrap()];
        let target = |url| Target::parse_to_post(url, &allowed).map(|target| target.to_string());
        assert_eq!(target("https://lms.example/hook"), Ok("https://lms.example/hook".into()));
        assert_eq!(target("http://localhost:8081/hook?a=b"), Ok("http://localhost:8081/hook?a=b".into()));
        for url in
            ["http://lms.example/hook", "http://localhost/hook", "http://127.0.0.1:8081/", "ftp://localhost:8081/"]
        {
            assert_eq!(target(url), Err(FetchError::NotHttps), "{url}");
        }
        assert_eq!(target("https://user:secret@lms.example/"), Err(FetchError::MalformedUrl));
    }

    #[test]
    fn an_allowed_host_is_exact() {
        let target = |url| Target::parse(url).unwrap();
        let host: AllowedHost = "Badges.intranet.example".parse().unwrap();
        assert!(host.covers(&target("https://badges.intranet.example/")));
        assert!(host.covers(&target("https://badges.intranet.example:8443/")));
        assert!(!host.covers(&target("https://x.badges.intranet.example/")));
        let with_port: AllowedHost = "localhost:8443".parse().unwrap();
        assert!(with_port.covers(&target("https://localhost:8443/")));
        assert!(!with_port.covers(&target("https://localhost/")));
        assert!("[::1]:443".parse::<AllowedHost>().unwrap().covers(&target("https://[::1]/")));
        for text in ["", "https://a.example", "a.example/x", "u@a.example", "*.example", "10.0.0.0/8", "127.1", "a:0"] {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }
}
