//! A mail server on loopback: a real socket that speaks SMTP, refuses, puts off, dies and comes back as it is told, and keeps the
//! letters that it took.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;

use crate::mortal::{Converse, Mortal};

/// How the next letters are met.
#[derive(Clone, Copy)]
pub enum Mood {
    /// They are taken.
    Takes,
    /// `RCPT` is answered with this.
    Rcpt(&'static str),
    /// Their content is kept, and the connection dies before the answer.
    DiesAfterData,
    /// The connection dies at once.
    DiesAtOnce,
}

/// A letter as it was sent.
#[derive(Clone, Debug)]
pub struct Letter {
    pub to: String,
    pub data: String,
}

impl Letter {
    pub fn header(&self, name: &str) -> String {
        let head = self.data.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let found =
            head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

pub type PostServer = Mortal<Inner>;

#[derive(Default)]
pub struct Inner {
    moods: Mutex<VecDeque<Mood>>,
    letters: Mutex<Vec<Letter>>,
}

impl PostServer {
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    /// Meets the next connections so; those after take letters.
    pub fn meets(&self, moods: impl IntoIterator<Item = Mood>) {
        self.inner.moods.lock().unwrap().extend(moods);
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.inner.letters.lock().unwrap().clone()
    }
}

impl Converse for Inner {
    fn converse(&self, stream: TcpStream) -> Option<()> {
        let mood = self.moods.lock().unwrap().pop_front().unwrap_or(Mood::Takes);
        if matches!(mood, Mood::DiesAtOnce) {
            return None;
        }
        let mut reader = BufReader::new(stream);
        let say = |reader: &mut BufReader<TcpStream>, line: &str| reader.get_mut().write_all(line.as_bytes()).ok();
        say(&mut reader, "220 post.example ESMTP\r\n")?;
        let mut to = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let command = line.trim_end().to_owned();
            match command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" => say(&mut reader, "250-post.example\r\n250 8BITMIME\r\n")?,
                "RCPT" => {
                    to = command.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    match mood {
                        Mood::Rcpt(answer) => say(&mut reader, &format!("{answer}\r\n"))?,
                        _ => say(&mut reader, "250 ok\r\n")?,
                    }
                }
                "DATA" => {
                    say(&mut reader, "354 go on\r\n")?;
                    let mut data = String::new();
                    while !data.ends_with("\r\n.\r\n") {
                        if reader.read_line(&mut data).ok()? == 0 {
                            return None;
                        }
                    }
                    let data = data.trim_end_matches(".\r\n").replace("\r\n..", "\r\n.");
                    self.letters.lock().unwrap().push(Letter { to: to.clone(), data });
                    if matches!(mood, Mood::DiesAfterData) {
                        return None;
                    }
                    say(&mut reader, "250 taken\r\n")?;
                }
                "QUIT" => return say(&mut reader, "221 bye\r\n"),
                _ => say(&mut reader, "250 ok\r\n")?,
            }
        }
    }
}
