//! The verifier's fetcher against real TLS servers on loopback, well-behaved and hostile. What addresses and URLs are refused
//! before anything is sent is tested beside the code (`src/fetch/`).

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its server has nothing to say")]

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use sceau::config::{Fetching, Switch, SystemClock};
use sceau::fetch::{Accept, Ask, FetchError, FetchPolicy, Fetched, Fetcher, PolicyError, Redirects, roots_from_pem};
use sceau::time::{Clock, Timestamp};

use server::{Answers, Authority, Server, ok, redirect, status};

#[path = "fetching/server.rs"]
mod server;

/// A clock that stands still until it is moved.
#[derive(Default)]
struct Standing(AtomicI64);

impl Standing {
    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_772_452_800_000_000).plus_seconds(self.0.load(Ordering::Relaxed))
    }
}

/// A server, a fetcher that trusts its authority and may reach it, and the clock of its cache.
struct Scene {
    authority: Authority,
    server: Server,
    clock: Arc<Standing>,
    fetcher: Fetcher,
}

impl Scene {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl Fn(&mut FetchPolicy)) -> Self {
        let authority = Authority::new();
        let server = Server::start(&authority, &["localhost"]);
        let mut policy = FetchPolicy {
            extra_roots: vec![authority.certificate()],
            allowed_private: vec![format!("localhost:{}", server.port).parse().unwrap()],
            // Two busy processors are slow; tests of the deadline set their own.
            timeout: Duration::from_secs(20),
            ..FetchPolicy::default()
        };
        change(&mut policy);
        let clock = Arc::new(Standing::default());
        let fetcher = Fetcher::new(policy, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        Self { authority, server, clock, fetcher }
    }

    async fn get(&self, path: &str) -> Result<Arc<Fetched>, FetchError> {
        self.fetcher.get(&Ask::new(&self.server.url(path), Accept::Json)).await
    }

    async fn refused(&self, path: &str) -> FetchError {
        self.get(path).await.unwrap_err()
    }
}

#[tokio::test]
async fn a_document_is_fetched_from_an_allowed_host_with_a_trusted_certificate() {
    let scene = Scene::new();
    scene.server.answer("/did.json?a=b", ok("content-type: application/did+json\r\n", "{}"));
    let url = scene.server.url("/did.json?a=b#key-1");
    let fetched = scene.fetcher.get(&Ask::new(&url, Accept::DidDocument)).await.unwrap();
    assert_eq!(fetched.body, b"{}");
    assert_eq!(fetched.content_type.as_deref(), Some("application/did+json"));
    assert_eq!(fetched.url, scene.server.url("/did.json?a=b"));
    let [head] = scene.server.asked("/did.json?a=b").try_into().unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.contains(&format!("\r\nhost: localhost:{}\r\n", scene.server.port)), "{head}");
    assert!(head.contains(&format!("\r\nuser-agent: sceau/{} (verifier)\r\n", env!("CARGO_PKG_VERSION"))), "{head}");
    assert!(head.contains("\r\naccept: application/did,"), "{head}");
    assert!(head.contains("\r\naccept-encoding: identity\r\n"), "{head}");
    assert!(!head.contains("cookie") && !head.contains("referer") && !head.contains("key-1"), "{head}");
}

#[tokio::test]
async fn a_host_on_loopback_is_not_asked_unless_it_is_allowed() {
    let scene = Scene::with(|policy| policy.allowed_private.clear());
    scene.server.answer("/", ok("", "{}"));
    assert_eq!(scene.refused("/").await, FetchError::ForbiddenAddress);
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254"] {
        let url = format!("https://{host}:{}/", scene.server.port);
        let refusal = scene.fetcher.get(&Ask::new(&url, Accept::Json)).await.unwrap_err();
        assert_eq!(refusal, FetchError::ForbiddenAddress, "{host}");
    }
    assert_eq!(scene.server.asked("/"), Vec::<String>::new());

    // Another port of an allowed host is another host.
    let scene = Scene::with(|policy| policy.allowed_private = vec!["localhost:1".parse().unwrap()]);
    assert_eq!(scene.refused("/").await, FetchError::ForbiddenAddress);
}

#[tokio::test]
async fn certificates_are_checked() {
    let scene = Scene::with(|policy| policy.extra_roots.clear());
    assert_eq!(scene.refused("/").await, FetchError::Tls, "an authority that nobody trusts");

    let scene = Scene::new();
    let other = Server::start(&scene.authority, &["other.example"]);
    let policy = FetchPolicy {
        extra_roots: vec![scene.authority.certificate()],
        allowed_private: vec!["localhost".parse().unwrap(), "127.0.0.1".parse().unwrap()],
        timeout: Duration::from_secs(20),
        ..FetchPolicy::default()
    };
    let fetcher = Fetcher::new(policy, Arc::new(SystemClock)).unwrap();
    let get = async |url: String| fetcher.get(&Ask::new(&url, Accept::Json)).await.unwrap_err();
    assert_eq!(get(other.url("/")).await, FetchError::Tls, "a certificate for another name");
    assert_eq!(
        get(format!("https://127.0.0.1:{}/", scene.server.port)).await,
        FetchError::Tls,
        "a certificate for the name is none for the address"
    );

    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in plain.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        }
    });
    assert_eq!(get(format!("https://localhost:{port}/")).await, FetchError::Tls, "no TLS at all");
}

#[tokio::test]
async fn redirects_are_followed_up_to_three_and_only_to_what_could_be_asked_for() {
    let scene = Scene::new();
    let server = &scene.server;
    server.answer("/end", ok("", "{}"));
    server.answer("/1", redirect("/end"));
    server.answer("/2", redirect("1"));
    server.answer("/3", redirect(&server.url("/2")));
    server.answer("/4", redirect("/3"));
    server.answer("/loop", redirect("/loop"));
    server.answer("/http", redirect(&format!("http://localhost:{}/end", server.port)));
    server.answer("/file", redirect("file:///etc/passwd"));
    server.answer("/credentials", redirect(&format!("https://u:p@localhost:{}/end", server.port)));
    server.answer("/loopback", redirect("https://127.0.0.1/"));
    server.answer("/metadata", redirect("https://169.254.169.254/latest"));
    server.answer("/neighbour", redirect("https://localhost:1/"));
    server.answer("/nowhere", status("302 Found"));

    assert_eq!(scene.get("/3").await.unwrap().url, server.url("/end"));
    assert_eq!(scene.refused("/4").await, FetchError::TooManyRedirects);
    assert_eq!(scene.refused("/loop").await, FetchError::TooManyRedirects);
    assert_eq!(server.asked("/loop").len(), 4);
    for path in ["/http", "/file", "/credentials", "/nowhere"] {
        assert_eq!(scene.refused(path).await, FetchError::RedirectRefused, "{path}");
    }
    for path in ["/loopback", "/metadata", "/neighbour"] {
        assert_eq!(scene.refused(path).await, FetchError::ForbiddenAddress, "{path}");
    }
    let url = server.url("/1");
    let ask = Ask::new(&url, Accept::DidDocument).redirects(Redirects::Refuse);
    assert_eq!(scene.fetcher.get(&ask).await.unwrap_err(), FetchError::RedirectRefused);
}

#[tokio::test]
async fn bodies_are_bounded() {
    let scene = Scene::with(|policy| policy.max_bytes = 100);
    let chunked = |body: &str| {
        Answers::Raw(format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ))
    };
    scene.server.answer("/fits", ok("", &"x".repeat(100)));
    scene.server.answer("/declared", ok("", &"x".repeat(101)));
    scene.server.answer("/chunks-fit", chunked(&"x".repeat(100)));
    scene.server.answer("/chunks", chunked(&"x".repeat(101)));
    scene.server.answer("/until-closed", Answers::Raw(format!("HTTP/1.0 200 OK\r\n\r\n{}", "x".repeat(101))));
    scene.server.answer("/compressed", ok("content-encoding: gzip\r\n", "x"));
    scene.server.answer("/headers", ok(&format!("x: {}\r\n", "x".repeat(20_000)), "{}"));
    scene.server.answer("/cut", Answers::Raw("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nxxx".to_owned()));
    assert_eq!(scene.get("/fits").await.unwrap().body.len(), 100);
    assert_eq!(scene.get("/chunks-fit").await.unwrap().body.len(), 100);
    for path in ["/declared", "/chunks", "/until-closed"] {
        assert_eq!(scene.refused(path).await, FetchError::TooLarge, "{path}");
    }
    for path in ["/compressed", "/headers"] {
        assert_eq!(scene.refused(path).await, FetchError::BadAnswer, "{path}");
    }
    assert_eq!(scene.refused("/cut").await, FetchError::Unreachable);
    let url = scene.server.url("/declared");
    assert!(scene.fetcher.get(&Ask::new(&url, Accept::Json).max_bytes(101)).await.is_ok(), "the caller may allow more");
}

#[tokio::test]
async fn statuses_have_their_reasons() {
    let scene = Scene::new();
    scene.server.answer("/gone", status("410 Gone"));
    scene.server.answer("/teapot", status("418 I'm a teapot"));
    scene.server.answer("/broken", status("500 Internal Server Error"));
    scene.server.answer("/partial", status("206 Partial Content"));
    scene.server.answer("/nonsense", Answers::Raw("what?\r\n\r\n".to_owned()));
    for (path, refusal, reason) in [
        ("/absent", FetchError::NotFound, "not_found"),
        ("/gone", FetchError::NotFound, "not_found"),
        ("/teapot", FetchError::Status(418), "status"),
        ("/broken", FetchError::Status(500), "status"),
        ("/partial", FetchError::Status(206), "status"),
        ("/nonsense", FetchError::BadAnswer, "bad_answer"),
    ] {
        let error = scene.refused(path).await;
        assert_eq!((error, error.reason()), (refusal, reason), "{path}");
    }
}

#[tokio::test]
async fn slow_servers_are_cut_at_the_deadline() {
    let scene = Scene::with(|policy| {
        policy.timeout = Duration::from_millis(600);
        policy.allowed_private = vec!["localhost".parse().unwrap()];
    });
    let pause = Duration::from_millis(50);
    let start = "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{";
    scene.server.answer("/silent", Answers::Silence);
    scene.server.answer("/slow-body", Answers::Dripping(start.to_owned(), pause));
    scene.server.answer("/slow-head", Answers::Dripping("HTTP/1.1 200 OK\r\nx: ".to_owned(), pause));
    // Its backlog accepts connections, and it never says a word of TLS.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute_url = format!("https://localhost:{}/", mute.local_addr().unwrap().port());
    // Sends a handshake record of TLS, byte by byte.
    let dripping = TcpListener::bind("127.0.0.1:0").unwrap();
    let dripping_url = format!("https://localhost:{}/", dripping.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for mut stream in dripping.incoming().flatten() {
            let record = [22_u8, 3, 3, 0x40, 0].into_iter().chain(std::iter::repeat(2));
            for byte in record {
                if stream.write_all(&[byte]).is_err() {
                    break;
                }
                std::thread::sleep(pause);
            }
        }
    });
    let urls = ["/silent", "/slow-body", "/slow-head"].map(|path| scene.server.url(path));
    for url in urls.iter().chain([&mute_url, &dripping_url]) {
        let begun = Instant::now();
        let refusal = scene.fetcher.get(&Ask::new(url, Accept::Json)).await.unwrap_err();
        assert_eq!(refusal, FetchError::Timeout, "{url}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{url} took {:?}", begun.elapsed());
    }
    assert_eq!(scene.server.asked("/silent").len(), 1);
    assert_eq!(scene.refused("/silent").await, FetchError::Timeout);
    assert_eq!(scene.server.asked("/silent").len(), 1, "a host that is slow is not asked again at once");
}

#[tokio::test]
async fn the_callers_time_may_end_before_the_fetchs() {
    let scene = Scene::new();
    scene.server.answer("/later", ok("", "{}"));
    let held = scene.server.hold();
    let url = scene.server.url("/later");
    let ask = Ask::new(&url, Accept::Json).within(Duration::from_millis(200));
    let begun = Instant::now();
    assert_eq!(scene.fetcher.get(&ask).await.unwrap_err(), FetchError::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(5), "took {:?}", begun.elapsed());
    assert_eq!(scene.fetcher.get(&ask.within(Duration::ZERO)).await.unwrap_err(), FetchError::Timeout);
    drop(held);
    assert_eq!(scene.get("/later").await.unwrap().body, b"{}");
    assert_eq!(scene.server.asked("/later").len(), 1, "the second try finds what the first began");
}

#[tokio::test]
async fn answers_are_kept_as_long_as_they_may_be() {
    let scene = Scene::new();
    let server = &scene.server;
    server.answer("/hour", ok("cache-control: max-age=3600\r\n", "{}"));
    server.answer("/brief", ok("cache-control: max-age=20\r\n", "{}"));
    server.answer("/unsaid", ok("", "{}"));
    server.answer("/never", ok("cache-control: no-store\r\n", "{}"));
    let asked = |path| server.asked(path).len();
    let get = async |seconds, path| {
        scene.clock.pass(seconds);
        let _ = scene.get(path).await;
        asked(path)
    };
    // Each line: so many seconds later, the server has been asked so many times.
    for (path, steps) in [
        ("/hour", [(0, 1), (299, 1), (1, 2), (0, 2)]),
        ("/brief", [(0, 1), (19, 1), (1, 2), (19, 2)]),
        ("/unsaid", [(0, 1), (59, 1), (1, 2), (0, 2)]),
        ("/never", [(0, 1), (0, 2), (0, 3), (0, 4)]),
        ("/absent", [(0, 1), (4, 1), (1, 2), (0, 2)]),
    ] {
        for (place, (seconds, expected)) in steps.into_iter().enumerate() {
            assert_eq!(get(seconds, path).await, expected, "{path}, step {place}");
        }
    }
    // Another kind of document, or another bound, is another question.
    let url = server.url("/hour");
    scene.fetcher.get(&Ask::new(&url, Accept::Key)).await.unwrap();
    assert_eq!(asked("/hour"), 3);
    assert_eq!(scene.fetcher.get(&Ask::new(&url, Accept::Json).max_bytes(1)).await.unwrap_err(), FetchError::TooLarge);
    // One spelling of a URL is as good as another.
    let same = url.replace("https://localhost", "HTTPS://LOCALHOST") + "#other";
    scene.fetcher.get(&Ask::new(&same, Accept::Json)).await.unwrap();
    assert_eq!(asked("/hour"), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_what_is_being_fetched_waits_for_that() {
    let scene = Arc::new(Scene::new());
    scene.server.answer("/one", ok("cache-control: no-store\r\n", "{}"));
    let held = scene.server.hold();
    let asks: Vec<_> = (0..10)
        .map(|_| {
            let scene = Arc::clone(&scene);
            tokio::spawn(async move { scene.get("/one").await.unwrap().body.clone() })
        })
        .collect();
    // Until the request is there, and a little for the others.
    while scene.server.asked("/one").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(held);
    for ask in asks {
        assert_eq!(ask.await.unwrap(), b"{}");
    }
    assert_eq!(scene.server.asked("/one").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_host_is_asked_for_four_things_at_a_time() {
    let scene = Arc::new(Scene::new());
    let held = scene.server.hold();
    let asks: Vec<_> = (0..12)
        .map(|number| {
            let scene = Arc::clone(&scene);
            tokio::spawn(async move { scene.get(&format!("/{number}")).await.unwrap_err() })
        })
        .collect();
    while scene.server.asked_in_all() < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(scene.server.asked_in_all(), 4);
    drop(held);
    for ask in asks {
        assert_eq!(ask.await.unwrap(), FetchError::NotFound);
    }
    assert_eq!(scene.server.asked_in_all(), 12);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let scene = Scene::with(|policy| policy.allowed_private = vec!["localhost".parse().unwrap()]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("https://localhost:{free}/");
    assert_eq!(scene.fetcher.get(&Ask::new(&url, Accept::Json)).await.unwrap_err(), FetchError::Unreachable);
}

#[tokio::test]
async fn off_fetches_nothing() {
    let scene = Scene::with(|policy| policy.enabled = false);
    assert!(scene.fetcher.is_off());
    let error = scene.refused("/").await;
    assert_eq!((error, error.reason()), (FetchError::Off, "off"));
    assert_eq!(scene.server.asked_in_all(), 0);
}

#[tokio::test]
async fn the_settings_make_the_same_fetcher() {
    let scene = Scene::new();
    scene.server.answer("/", ok("", "{}"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authorities.pem");
    std::fs::write(&path, format!("Our own authority\n{}", scene.authority.pem())).unwrap();
    let port = scene.server.port;
    let file = path.to_str().unwrap().to_owned();
    let settings = |arguments: &[&str]| {
        let command = <Fetching as clap::Args>::augment_args(clap::Command::new("sceau"));
        let matches = command.try_get_matches_from([&["sceau"], arguments].concat());
        matches.map(|matches| <Fetching as clap::FromArgMatches>::from_arg_matches(&matches).unwrap())
    };
    let clock = || Arc::new(SystemClock) as Arc<dyn Clock>;
    let hosts = format!("badges.intranet.example, localhost:{port}");
    let url = scene.server.url("/");
    let settled = settings(&["--fetch-ca-file", &file, "--fetch-allow-hosts", &hosts]).unwrap();
    assert_eq!((settled.fetch, settled.fetch_allow_hosts.len()), (Switch::On, 2));
    let mut tries = 0;
    // The deadline of production holds here, which a loaded machine may miss.
    while let Err(error) = settled.fetcher(clock()).unwrap().get(&Ask::new(&url, Accept::Json)).await {
        tries += 1;
        assert!(error == FetchError::Timeout && tries < 10, "{error}");
    }

    let off = settings(&["--fetch", "off"]).unwrap().fetcher(clock()).unwrap();
    assert_eq!(off.get(&Ask::new(&url, Accept::Json)).await.unwrap_err(), FetchError::Off);
    let on = settings(&[]).unwrap().fetcher(clock()).unwrap();
    assert_eq!(on.get(&Ask::new(&url, Accept::Json)).await.unwrap_err(), FetchError::ForbiddenAddress);
    assert!(settings(&["--fetch", "perhaps"]).is_err());
    assert!(settings(&["--fetch-allow-hosts", "*.example"]).is_err());
    std::fs::write(&path, "not PEM").unwrap();
    let error = settings(&["--fetch-ca-file", &file]).unwrap().fetcher(clock()).unwrap_err();
    assert!(error.to_string().contains("authorities.pem"), "{error}");
}

#[test]
fn authorities_are_read_from_pem() {
    let two = [Authority::new(), Authority::new()].map(|authority| authority.pem().to_owned()).concat();
    assert_eq!(roots_from_pem(two.as_bytes()).unwrap().len(), 2);
    for text in
        ["", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA"]
    {
        assert_eq!(roots_from_pem(text.as_bytes()), Err(PolicyError::Pem), "{text}");
    }
    let nonsense = roots_from_pem(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let policy = FetchPolicy { extra_roots: nonsense, ..FetchPolicy::default() };
    assert_eq!(Fetcher::new(policy, Arc::new(SystemClock)).unwrap_err(), PolicyError::Root(1));
}

#[tokio::test]
async fn what_is_posted_is_held_to_the_same_rules() {
    let scene = Scene::with(|policy| policy.post_timeout = Duration::from_secs(20));
    let post = async |url: String| scene.fetcher.post(&url, vec![("webhook-id", "1".into())], b"{}".to_vec()).await;
    scene.server.answer("/hook", status("202 Accepted"));
    assert_eq!(post(scene.server.url("/hook")).await.unwrap().status, 202);

    scene.server.answer("/moved", redirect(&scene.server.url("/hook")));
    let before = scene.server.asked_in_all();
    assert_eq!(post(scene.server.url("/moved")).await.unwrap().status, 302);
    assert_eq!(scene.server.asked_in_all(), before + 1, "a redirect is an answer, and not followed");

    let busy = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 120\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    scene.server.answer("/busy", Answers::Raw(busy.into()));
    assert_eq!(post(scene.server.url("/busy")).await.unwrap().retry_after.as_deref(), Some("120"));

    let before = scene.server.asked_in_all();
    for url in ["https://127.0.0.1:1/", "https://10.0.0.1/", "https://169.254.169.254/", "https://[::1]:1/"] {
        assert_eq!(post(url.into()).await, Err(FetchError::ForbiddenAddress), "{url}");
        assert_eq!(scene.fetcher.may_post(url), Err(FetchError::ForbiddenAddress), "{url}");
    }
    for url in ["http://lms.example/", "http://127.0.0.1/"] {
        assert_eq!(post(url.into()).await, Err(FetchError::NotHttps), "{url}");
    }
    assert_eq!(scene.server.asked_in_all(), before);
    assert_eq!(scene.fetcher.may_post(&scene.server.url("/hook")), Ok(()));
    assert_eq!(Fetcher::off().post(&scene.server.url("/hook"), vec![], vec![]).await, Err(FetchError::Off));

    let impatient = Scene::with(|policy| policy.post_timeout = Duration::from_millis(300));
    impatient.server.answer("/silent", Answers::Silence);
    let silent = impatient.fetcher.post(&impatient.server.url("/silent"), vec![], b"{}".to_vec()).await;
    assert_eq!(silent, Err(FetchError::Timeout));
}
