//! A TLS server on loopback with a certificate of its own authority: it answers each path by a rule, and counts what it was asked.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a path is answered with.
#[derive(Clone)]
pub enum Answers {
    /// These bytes, as they stand.
    Raw(String),
    /// A start, and then so much, again and again with pauses, until the client leaves.
    Dripping(String, Duration),
    /// Nothing, while the connection stays open.
    Silence,
}

/// An answer of status 200 with this body.
pub fn ok(headers: &str, body: &str) -> Answers {
    Answers::Raw(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    ))
}

/// An answer of this status, without body.
pub fn status(line: &str) -> Answers {
    Answers::Raw(format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"))
}

/// A redirect.
pub fn redirect(to: &str) -> Answers {
    Answers::Raw(format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"))
}

/// A certificate authority.
pub struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate: certificate.der().clone(), pem: certificate.pem(), issuer: Issuer::new(params, key) }
    }

    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }

    fn server(&self, names: &[&str]) -> Arc<rustls::ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.unwrap().with_no_client_auth();
        Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

/// The server; its threads end with the test.
pub struct Server {
    pub port: u16,
    answers: Arc<Mutex<HashMap<String, Answers>>>,
    asked: Arc<Mutex<Vec<String>>>,
    gate: Arc<Gate>,
}

/// What answers wait at while it is closed.
#[derive(Default)]
struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
}

/// Keeps the gate closed.
pub struct Held(Arc<Gate>);

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.closed.lock().unwrap() = false;
        self.0.opened.notify_all();
    }
}

impl Server {
    /// A server whose certificate is for these names.
    pub fn start(authority: &Authority, names: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            answers: Arc::default(),
            asked: Arc::default(),
            gate: Arc::default(),
        };
        let config = authority.server(names);
        let (answers, asked, gate) = (Arc::clone(&server.answers), Arc::clone(&server.asked), Arc::clone(&server.gate));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, answers, asked, gate) =
                    (Arc::clone(&config), Arc::clone(&answers), Arc::clone(&asked), Arc::clone(&gate));
                std::thread::spawn(move || {
                    // A client that leaves in the middle is what half of the tests are about.
                    let _ = serve(stream, config, &answers, &asked, &gate);
                });
            }
        });
        server
    }

    pub fn answer(&self, path: &str, answers: Answers) {
        self.answers.lock().unwrap().insert(path.to_owned(), answers);
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// Requests are read and wait for their answers until this is dropped.
    pub fn hold(&self) -> Held {
        *self.gate.closed.lock().unwrap() = true;
        Held(Arc::clone(&self.gate))
    }

    /// How many requests there were.
    pub fn asked_in_all(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// The heads of the requests for this path.
    pub fn asked(&self, path: &str) -> Vec<String> {
        let start = format!("GET {path} ");
        self.asked.lock().unwrap().iter().filter(|head| head.starts_with(&start)).cloned().collect()
    }
}

fn serve(
    stream: TcpStream,
    config: Arc<rustls::ServerConfig>,
    answers: &Mutex<HashMap<String, Answers>>,
    asked: &Mutex<Vec<String>>,
    gate: &Gate,
) -> std::io::Result<()> {
    let connection = rustls::ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    // What is left unread when a connection is closed breaks it off, with whatever was answered.
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    stream.read_exact(&mut vec![0; length.unwrap_or(0)])?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(head);
    drop(gate.opened.wait_while(gate.closed.lock().unwrap(), |closed| *closed).unwrap());
    let answer = answers.lock().unwrap().get(&path).cloned().unwrap_or_else(|| status("404 Not Found"));
    let stream = stream.get_mut();
    match answer {
        Answers::Raw(bytes) => stream.write_all(bytes.as_bytes())?,
        Answers::Dripping(start, pause) => {
            stream.write_all(start.as_bytes())?;
            loop {
                stream.flush()?;
                std::thread::sleep(pause);
                stream.write_all(b"x")?;
            }
        }
        Answers::Silence => {
            let _ = stream.read(&mut [0]);
        }
    }
    stream.conn.send_close_notify();
    stream.flush()
}
