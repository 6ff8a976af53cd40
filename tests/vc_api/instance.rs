//! The program as a child process, and a client of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme, StreamOwned};
use serde_json::{Value, json};

/// What the kinds of problems are called.
pub const MALFORMED: &str = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR";
pub const PARSING: &str = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR";
pub const RANGE: &str = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR";
pub const SECURITY: &str = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR";
pub const PROOF: &str = "https://w3id.org/security#PROOF_VERIFICATION_ERROR";
pub const TRANSFORMATION: &str = "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR";
pub const DOMAIN: &str = "https://w3id.org/security#INVALID_DOMAIN_ERROR";
pub const CHALLENGE: &str = "https://w3id.org/security#INVALID_CHALLENGE_ERROR";
pub const METHOD: &str = "https://w3id.org/security#INVALID_VERIFICATION_METHOD";

/// `sceau conformance`, until it is dropped.
pub struct Instance {
    child: Child,
    agent: ureq::Agent,
    announced: Value,
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Runs `sceau conformance` to its end.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sceau")).arg("conformance").args(arguments).output().unwrap()
}

impl Instance {
    /// Starts it, and reads its first line.
    pub fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sceau"))
            .arg("conformance")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(30)));
        Self { child, agent: config.build().into(), announced: serde_json::from_str(&line).unwrap() }
    }

    /// The first line.
    pub fn announced(&self) -> &Value {
        &self.announced
    }

    /// Who issues.
    pub fn issuer(&self) -> &str {
        self.announced["issuer"].as_str().unwrap()
    }

    /// Posts bytes to an endpoint, named as in the first line.
    pub fn send(&self, endpoint: &str, body: &[u8]) -> (u16, Value) {
        let address = self.announced[endpoint].as_str().unwrap();
        let request = self.agent.post(address).header("content-type", "application/json");
        let mut response = request.send(body).unwrap();
        assert!(response.headers()["content-type"].to_str().unwrap().ends_with("json"), "{endpoint}");
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.body_mut().read_to_vec().unwrap()).unwrap())
    }

    /// The status line that answers a body of which so many bytes are sent, and more announced. No more is sent than is read: whoever
    /// refuses closes the connection, and what lies in it unread would take the answer along.
    pub fn send_endless(&self, endpoint: &str, bytes: usize) -> String {
        let (host, path) = self.announced[endpoint].as_str().unwrap()[7..].split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n\r\n", bytes * 2).unwrap();
        stream.write_all(&vec![b'x'; bytes]).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    }

    /// The status of a request by another method or to another path.
    pub fn get(&self, endpoint: &str, more: &str) -> u16 {
        let address = format!("{}{more}", self.announced[endpoint].as_str().unwrap());
        self.agent.get(address).call().unwrap().status().as_u16()
    }

    /// Asks for a signature.
    pub fn try_issue(&self, credential: &Value, options: Option<&Value>) -> (u16, Value) {
        let mut request = json!({"credential": credential});
        if let Some(options) = options {
            request["options"] = options.clone();
        }
        self.send("issue", request.to_string().as_bytes())
    }

    /// A credential that is issued, in the form that the options ask for.
    #[track_caller]
    pub fn issue(&self, credential: &Value, options: Option<&Value>) -> Value {
        let (status, issued) = self.try_issue(credential, options);
        assert_eq!(status, 201, "{} {options:?}: {issued}", shown(credential));
        issued
    }

    fn verify(&self, endpoint: &str, member: &str, document: &Value, options: Option<&Value>) -> (u16, Value) {
        let mut request = json!({member: document});
        if let Some(options) = options {
            request["options"] = options.clone();
        }
        self.send(endpoint, request.to_string().as_bytes())
    }

    /// What is said of a credential.
    pub fn verdict(&self, credential: &Value) -> (u16, Value) {
        self.verify("verify_credential", "verifiableCredential", credential, None)
    }

    /// A credential verifies.
    #[track_caller]
    pub fn accepts(&self, credential: &Value) {
        assert_accepted(credential, self.verdict(credential));
    }

    /// A credential is refused, for these problems.
    #[track_caller]
    pub fn refuses(&self, credential: &Value, kinds: &[&str]) {
        assert_refused(credential, self.verdict(credential), kinds);
    }

    /// A presentation verifies.
    #[track_caller]
    pub fn accepts_presentation(&self, presentation: &Value, options: Option<&Value>) {
        let answer = self.verify("verify_presentation", "verifiablePresentation", presentation, options);
        assert_accepted(presentation, answer);
    }

    /// A presentation is refused, for these problems.
    #[track_caller]
    pub fn refuses_presentation(&self, presentation: &Value, options: Option<&Value>, kinds: &[&str]) {
        let answer = self.verify("verify_presentation", "verifiablePresentation", presentation, options);
        assert_refused(presentation, answer, kinds);
    }
}

/// The beginning of a document.
fn shown(document: &Value) -> String {
    document.to_string().chars().take(300).collect()
}

#[track_caller]
fn assert_accepted(document: &Value, (status, answer): (u16, Value)) {
    assert_eq!(status, 200, "{}: {answer}", shown(document));
    assert_eq!(answer["verified"], true, "{answer}");
    assert!(answer.get("errors").is_none_or(|errors| *errors == json!([])), "{answer}");
}

/// The kinds of the problems, each once and in the order in which they are told.
#[track_caller]
fn assert_refused(document: &Value, (status, answer): (u16, Value), kinds: &[&str]) {
    assert_problem(document, status, &answer);
    let mut found: Vec<_> =
        answer["problemDetails"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    found.dedup();
    assert_eq!(found, kinds, "{}: {answer}", shown(document));
}

/// An answer that refuses: 400 or 422, the details of a problem, and errors that a client can show.
#[track_caller]
pub fn assert_problem(document: &Value, status: u16, answer: &Value) {
    assert!(matches!(status, 400 | 422), "{}: {status} {answer}", shown(document));
    assert_eq!((&answer["status"], &answer["verified"]), (&json!(status), &json!(false)), "{answer}");
    let details = answer["problemDetails"].as_array().unwrap();
    assert!(!details.is_empty() && answer["errors"].as_array().unwrap().len() == details.len(), "{answer}");
    for problem in details.iter().chain([answer]) {
        let text = |name: &str| problem[name].as_str().unwrap_or_default();
        assert!(text("type").starts_with("https://") && !text("title").is_empty(), "{problem}");
        assert!(!text("detail").is_empty(), "{problem}");
    }
}

/// Fetches over https from a server of one self-signed certificate. The certificate is read in a first handshake, which fails; the second
/// trusts that one, for the names that stand in it.
pub fn get_trusting_what_is_presented(address: &str) -> (String, Vec<u8>) {
    let (host_and_port, path) = address.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let host = host_and_port.split(':').next().unwrap().to_owned();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = || ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let connect = |config: ClientConfig| {
        let name = ServerName::try_from(host.clone()).unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(host_and_port).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        StreamOwned::new(connection, stream)
    };

    let reader = Arc::new(CertificateReader(Mutex::default(), Arc::clone(&provider)));
    let reading =
        config().unwrap().dangerous().with_custom_certificate_verifier(Arc::clone(&reader) as _).with_no_client_auth();
    assert!(connect(reading).write_all(b"nothing is sent").is_err());
    let presented = reader.0.lock().unwrap().take().unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(presented).unwrap();
    let mut stream = connect(config().unwrap().with_root_certificates(roots).with_no_client_auth());
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host_and_port}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer);
    assert!(!answer.is_empty(), "{ended:?}");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_ascii_lowercase()).unwrap();
    (head, answer[end + 4..].to_vec())
}

/// Trusts nobody, and keeps the certificate that was presented.
#[derive(Debug)]
struct CertificateReader(Mutex<Option<CertificateDer<'static>>>, Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for CertificateReader {
    fn verify_server_cert(
        &self,
        presented: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = Some(presented.clone().into_owned());
        Err(rustls::Error::General("it was only to be read".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("it was only to be read".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("it was only to be read".to_owned()))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}
