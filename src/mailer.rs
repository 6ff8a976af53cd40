//! Hands letters to the operator's mail server, over SMTP. TLS is demanded unless the operator says otherwise; the password goes over
//! nothing else.
//!
//! Not here: what a letter says (`letters`), and when it is sent again (`telling`).

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use lettre::address::{Address, Envelope};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use zeroize::Zeroizing;

use crate::letters::Letters;
use crate::text::{Email, Lang};
use crate::time::Timestamp;

/// For one letter, in all.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Where the mail server is, and how it is spoken to: `smtps://USER:PASSWORD@HOST:PORT` (TLS from the start), `smtp://…` (STARTTLS,
/// demanded), or `smtp://…?tls=none` (in clear, for a relay on the same machine or network).
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    encryption: Encryption,
    host: String,
    port: u16,
    login: Option<(String, Zeroizing<String>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    Implicit,
    StartTls,
    None,
}

/// The password never reaches a log.
impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}:{}", self.encryption, self.host, self.port)
    }
}

/// What is wrong with the settings of mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailerError {
    /// Of no known form.
    #[error(
        "the mail server is written smtps://USER:PASSWORD@HOST:PORT, smtp://… with STARTTLS, or smtp://HOST:PORT?tls=none for a relay in clear; special characters of the password as %XX"
    )]
    Url,
    /// A password in clear.
    #[error("a password goes over TLS only: leave out ?tls=none, or the password")]
    PasswordInClear,
    /// Not an address.
    #[error("the sender is not an e-mail address")]
    Sender,
    /// Certificate authorities that can't be read.
    #[error("the file holds no certificate authority in PEM form")]
    Authorities,
}

impl FromStr for SmtpUrl {
    type Err = MailerError;

    fn from_str(text: &str) -> Result<Self, MailerError> {
        let (scheme, rest) = text.split_once("://").ok_or(MailerError::Url)?;
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let encryption = match (scheme, query) {
            ("smtps", None) => Encryption::Implicit,
            ("smtp", None | Some("tls=required")) => Encryption::StartTls,
            ("smtp", Some("tls=none")) => Encryption::None,
            _ => return Err(MailerError::Url),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, machine) = rest.rsplit_once('@').map_or((None, rest), |(login, host)| (Some(login), host));
        let login = match login {
            None => None,
            Some(login) => {
                let (user, password) = login.split_once(':').ok_or(MailerError::Url)?;
                let (user, password) = (unescaped(user), unescaped(password));
                Some((user.ok_or(MailerError::Url)?, Zeroizing::new(password.ok_or(MailerError::Url)?)))
            }
        };
        if login.is_some() && encryption == Encryption::None {
            return Err(MailerError::PasswordInClear);
        }
        let (host, port) = match machine.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse().map_err(|_| MailerError::Url)?)),
            _ => (machine, None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if host.is_empty() || !host.chars().all(plain) {
            return Err(MailerError::Url);
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let usual = match encryption {
            Encryption::Implicit => 465,
            Encryption::StartTls => 587,
            Encryption::None => 25,
        };
        Ok(Self { encryption, host, port: port.unwrap_or(usual), login })
    }
}

/// A text with `%XX` read; none where an escape is none.
fn unescaped(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok())?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A letter ready to go.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Its `Message-ID` without angle brackets, the same at every attempt.
    pub id: &'a str,
    /// Its `Date`.
    pub date: Timestamp,
    /// Who writes, beside the installation's address.
    pub from_name: &'a str,
    /// Where answers go.
    pub reply_to: Option<&'a Email>,
    /// To whom.
    pub to: &'a Email,
    /// Their name.
    pub to_name: Option<&'a str>,
    /// In which language.
    pub lang: Lang,
    /// One line.
    pub subject: &'a str,
    /// The part without HTML.
    pub text: &'a str,
    /// The part with.
    pub html: &'a str,
}

/// Why a letter was not taken. Says nothing of the address, nor what a server said but its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The address can't be written to.
    #[error("address_refused_here")]
    Address,
    /// The server refuses this letter for good (5xx).
    #[error("smtp {0}")]
    Refused(u16),
    /// The server puts this letter off (4xx).
    #[error("smtp {0}")]
    Deferred(u16),
    /// The server can't be reached, is not trusted, or refuses us before it hears of a letter.
    #[error("{0}")]
    Server(&'static str),
}

/// What letters are written and sent with.
pub struct PostOffice {
    /// Templates.
    pub letters: Letters,
    /// The way to the mail server.
    pub mailer: Mailer,
}

/// Who hands letters over: one per process.
#[derive(Clone)]
pub struct Mailer {
    url: SmtpUrl,
    from: Address,
    tls: Option<TlsParameters>,
    hello: ClientId,
}

impl Mailer {
    /// Hands letters to this server, as this sender. `authorities` are certificate authorities in PEM form, trusted beside the public
    /// ones. `host` is what this side calls itself.
    pub fn new(url: SmtpUrl, from: &Email, authorities: Option<&[u8]>, host: &str) -> Result<Self, MailerError> {
        let tls = match url.encryption {
            Encryption::None => None,
            Encryption::Implicit | Encryption::StartTls => {
                let mut builder = TlsParameters::builder(url.host.clone());
                for pem in authorities.into_iter() {
                    let certificate = Certificate::from_pem(pem).map_err(|_| MailerError::Authorities)?;
                    builder = builder.add_root_certificate(certificate);
                }
                Some(builder.build_rustls().map_err(|_| MailerError::Authorities)?)
            }
        };
        let from = address(from).ok_or(MailerError::Sender)?;
        Ok(Self { url, from, tls, hello: ClientId::Domain(host.to_owned()) })
    }

    /// Hands a letter over.
    pub async fn send(&self, letter: &Outgoing<'_>) -> Result<(), SendError> {
        let message = self.compose(letter)?;
        let bytes = message.formatted();
        let sent = tokio::time::timeout(TIMEOUT, self.hand_over(message.envelope(), &bytes));
        sent.await.unwrap_or(Err(SendError::Server("timeout")))
    }

    fn compose(&self, letter: &Outgoing<'_>) -> Result<Message, SendError> {
        let to = address(letter.to).ok_or(SendError::Address)?;
        let seconds = u64::try_from(letter.date.as_unix_seconds()).unwrap_or_default();
        let mut builder = Message::builder()
            .from(Mailbox::new(Some(one_line(letter.from_name)), self.from.clone()))
            .to(Mailbox::new(letter.to_name.map(one_line), to))
            .subject(one_line(letter.subject))
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{}>", letter.id)))
            .header(AutoSubmitted)
            .header(ContentLanguage(letter.lang));
        if let Some(reply_to) = letter.reply_to.and_then(address) {
            builder = builder.reply_to(Mailbox::new(None, reply_to));
        }
        let parts = MultiPart::alternative_plain_html(letter.text.to_owned(), letter.html.to_owned());
        builder.multipart(parts).map_err(|_| SendError::Address)
    }

    async fn hand_over(&self, envelope: &Envelope, message: &[u8]) -> Result<(), SendError> {
        let mut connection = self.connect().await.map_err(server)?;
        let sent = connection.send(envelope, message).await;
        if sent.is_ok() {
            // It was taken: how the conversation ends changes nothing.
            let _ = connection.quit().await;
        } else {
            connection.abort().await;
        }
        match sent {
            Ok(_) => Ok(()),
            Err(error) => match error.status().map(u16::from) {
                Some(code) if error.is_permanent() => Err(SendError::Refused(code)),
                // 421: the server closes, which says nothing of the letter.
                Some(421) => Err(SendError::Server("smtp 421")),
                Some(code) => Err(SendError::Deferred(code)),
                // The one thing that this side refuses: an address that the server can't be told.
                None if error.is_client() => Err(SendError::Address),
                None => Err(server(error)),
            },
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let implicit = self.tls.clone().filter(|_| self.url.encryption == Encryption::Implicit);
        let place = (self.url.host.as_str(), self.url.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(place, Some(TIMEOUT), &self.hello, implicit, None).await?;
        if let (Encryption::StartTls, Some(tls)) = (self.url.encryption, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some((user, password)) = &self.url.login {
            let credentials = Credentials::new(user.clone(), password.to_string());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
        }
        Ok(connection)
    }
}

/// What went wrong with the server, in a word.
fn server(error: SmtpError) -> SendError {
    SendError::Server(match error.status().map(u16::from) {
        Some(530..=538) => "smtp_authentication",
        Some(_) => "smtp_refuses_us",
        None if error.is_tls() => "tls",
        None if error.is_timeout() => "timeout",
        None if error.is_client() => "smtp_capabilities",
        None => "unreachable",
    })
}

/// The address as SMTP takes it, its domain in ASCII; none where it can't be one.
fn address(email: &Email) -> Option<Address> {
    let (local, domain) = email.as_str().rsplit_once('@')?;
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    Address::new(local, domain).ok()
}

/// Without line breaks and other control characters, which would end a header.
fn one_line(text: impl AsRef<str>) -> String {
    text.as_ref().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// RFC 3834: nobody's autoresponder should answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// RFC 3282.
#[derive(Clone)]
struct ContentLanguage(Lang);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(Lang::Fr))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.tag().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<String, MailerError> {
        text.parse::<SmtpUrl>().map(|url| format!("{url:?} {:?}", url.login.as_ref().map(|(user, _)| user.clone())))
    }

    #[test]
    fn a_mail_server_is_written_as_a_url_and_its_password_stays_hidden() {
        assert_eq!(url("smtps://a%40b:p%3A%2F@mail.example").unwrap(), "Implicit mail.example:465 Some(\"a@b\")");
        assert_eq!(url("smtp://u:p@mail.example:2525/").unwrap(), "StartTls mail.example:2525 Some(\"u\")");
        assert_eq!(url("smtp://127.0.0.1:25?tls=none").unwrap(), "None 127.0.0.1:25 None");
        assert_eq!(url("smtp://[::1]?tls=none").unwrap(), "None ::1:25 None");
        assert_eq!(url("smtp://u:p@mail.example?tls=none"), Err(MailerError::PasswordInClear));
        for bad in [
            "",
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://u@h",
            "smtp://h:x",
            "smtp://h?tls=maybe",
            "smtp://u:%zz@h",
            "smtps://h h",
        ] {
            assert_eq!(url(bad), Err(MailerError::Url), "{bad}");
        }
    }

    fn letter(to: &str, name: &str) -> Result<String, SendError> {
        let sender = Email::new("sceau@ministere.example").unwrap();
        let mailer = Mailer::new("smtp://h?tls=none".parse().unwrap(), &sender, None, "sceau.example").unwrap();
        let to = Email::new(to).unwrap();
        let outgoing = Outgoing {
            id: "0b0c@sceau.example",
            date: Timestamp::from_micros(1_774_631_529_000_000),
            from_name: "Direction générale",
            reply_to: None,
            to: &to,
            to_name: Some(name),
            lang: Lang::Fr,
            subject: "Votre attestation\r\nBcc: all@example.org",
            text: "Bonjour Zoé",
            html: "<p>Bonjour Zoé",
        };
        mailer.compose(&outgoing).map(|message| String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn a_name_cannot_become_a_header_and_what_is_not_ascii_is_encoded() {
        let message = letter("zoe@example.org", "Zoé\r\nBcc: all@example.org\r\n\r\nLefèvre").unwrap();
        assert!(message.is_ascii());
        let head = message.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{head}");
        for line in [
            "Message-ID: <0b0c@sceau.example>",
            "Auto-Submitted: auto-generated",
            "Content-Language: fr",
            "Date: Fri, 27 Mar 2026 17:12:09 +0000",
            "MIME-Version: 1.0",
        ] {
            assert!(head.contains(line), "{line} in {head}");
        }
        assert!(head.contains("=?utf-8?"), "{head}");
    }

    #[test]
    fn international_domains_are_written_in_ascii() {
        assert!(letter("zoe@ministère.example", "Zoé").unwrap().contains("zoe@xn--ministre-60a.example"));
        for bad in ["zoe@exa_mple..org", "zo\"e@example.org", "<a>@example.org"] {
            assert_eq!(letter(bad, "Zoé").unwrap_err(), SendError::Address, "{bad}");
        }
    }
}
