//! A receiver of webhooks on loopback: a real socket that reads real HTTP, answers as it is told, dies and comes back on the same
//! port, and keeps what it was sent.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Condvar, Mutex};

use crate::mortal::{Converse, Mortal};

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

pub type Receiver = Mortal<Inner>;

#[derive(Default)]
pub struct Inner {
    answers: Mutex<VecDeque<Answer>>,
    received: Mutex<Vec<Request>>,
    held: Mutex<bool>,
    changed: Condvar,
}

impl Receiver {
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
}

impl Converse for Inner {
    fn converse(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let header = |name: &str| {
            let found =
                head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Answer::Status("200 OK", ""));
        if matches!(answer, Answer::Held) {
            *self.held.lock().unwrap() = true;
        }
        let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
        let signature = header("webhook-signature");
        self.received.lock().unwrap().push(Request { id, timestamp, signature, head, body });
        self.changed.notify_all();
        let (status, headers) = match answer {
            Answer::Hangup => return None,
            Answer::Status(status, headers) => (status, headers),
            Answer::Held => {
                let held = self.held.lock().unwrap();
                drop(self.changed.wait_while(held, |held| *held).unwrap());
                ("200 OK", "")
            }
        };
        let answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n");
        reader.get_mut().write_all(answer.as_bytes()).ok()
    }
}
