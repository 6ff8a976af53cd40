//! A receiver of webhooks on loopback: a real socket that reads real HTTP, answers as it is told, dies and comes back on the same
//! port, and keeps what it was sent.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// What the next requests are answered with.
#[derive(Clone)]
pub enum Answer {
    /// This status line, and further headers.
    Status(&'static str, &'static str),
    /// None: the connection is closed once the request was read.
    Hangup,
    /// None, until [`Receiver::let_go`]; then 200.
    Held,
}

/// What was received.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub head: String,
    pub body: Vec<u8>,
}

pub struct Receiver {
    pub port: u16,
    inner: Arc<Inner>,
    stop: Arc<AtomicBool>,
}

#[derive(Default)]
struct Inner {
    answers: Mutex<VecDeque<Answer>>,
    received: Mutex<Vec<Request>>,
    held: Mutex<bool>,
    changed: Condvar,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        Self::serve(listener, port, Arc::default())
    }

    fn serve(listener: TcpListener, port: u16, inner: Arc<Inner>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let receiver = Self { port, inner: Arc::clone(&inner), stop: Arc::clone(&stop) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let inner = Arc::clone(&inner);
                // A sender that leaves in the middle is part of what is tested.
                std::thread::spawn(move || inner.answer(stream));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Answers the next requests so; those after with 200.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inner.answers.lock().unwrap().extend(answers);
    }

    pub fn received(&self) -> Vec<Request> {
        self.inner.received.lock().unwrap().clone()
    }

    /// Lets requests go that were held.
    pub fn let_go(&self) {
        *self.inner.held.lock().unwrap() = false;
        self.inner.changed.notify_all();
    }

    /// Answers whatever comes from now on with 200, and lets go what was held.
    pub fn answer_all(&self) {
        self.inner.answers.lock().unwrap().clear();
        self.let_go();
    }

    /// The same, dead: nobody listens on its port any more.
    pub fn kill(self) -> Killed {
        self.stop.store(true, Ordering::Relaxed);
        // The thread wakes once more, and drops its listener.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            std::thread::yield_now();
        }
        Killed { port: self.port, inner: Arc::clone(&self.inner) }
    }
}

pub struct Killed {
    port: u16,
    inner: Arc<Inner>,
}

impl Killed {
    /// The receiver again, on the same port, with what it kept.
    pub fn restart(self) -> Receiver {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("the port is free again");
        Receiver::serve(listener, self.port, self.inner)
    }
}

impl Inner {
    fn answer(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let header = |name: &str| {
            let found =
                head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Answer::Status("200 OK", ""));
        if matches!(answer, Answer::Held) {
            *self.held.lock().unwrap() = true;
        }
        let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
        let signature = header("webhook-signature");
        self.received.lock().unwrap().push(Request { id, timestamp, signature, head, body });
        self.changed.notify_all();
        let (status, headers) = match answer {
            Answer::Hangup => return,
            Answer::Status(status, headers) => (status, headers),
            Answer::Held => {
                let held = self.held.lock().unwrap();
                drop(self.changed.wait_while(held, |held| *held).unwrap());
                ("200 OK", "")
            }
        };
        let answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n");
        let _ = reader.get_mut().write_all(answer.as_bytes());
    }
}
