//! E-mail to a learner: what it says of an award, and to whom it goes. Both are looked up when it is sent.

use super::body::gone;
use super::{Attempt, EndpointFate};
use crate::catalog::{Issuer, LearnerMail, MailEvent};
use crate::letters::{Letter, LetterLinks};
use crate::mailer::{Outgoing, SendError};
use crate::mentions::Mention;
use crate::service::{Service, ServiceError};
use crate::store::{Blame, CredentialRecord, MessageRecord};

impl Service {
    /// Writes a letter to the learner of an award, and hands it to the mail server.
    pub(super) async fn mail(&self, message: &MessageRecord) -> Result<Attempt, ServiceError> {
        let needless = |reason| Ok(Attempt::Needless { reason });
        let (Some(award), Some(credential), Some(event)) =
            (message.award, message.credential, message.event.for_learner())
        else {
            return needless("nothing_to_tell");
        };
        let credential = self.store.credential(credential).await?.ok_or_else(|| gone("a credential"))?;
        if event != MailEvent::Revoked && is_withdrawn(&credential) {
            return needless("revoked_since");
        }
        let issuer = self.store.issuer(&message.issuer).await?.ok_or_else(|| gone("an issuer"))?;
        let Some(settings) = &issuer.mail else { return needless("mail_turned_off") };
        let Some(office) = &self.post_office else {
            return Ok(Attempt::Failed { error: "smtp_not_configured".into(), blame: Blame::Lane, wish: None });
        };
        let award = self.store.award(award).await?.ok_or_else(|| gone("an award"))?;
        let learner = self.store.learner(award.learner).await?;
        // The address as it is known now: one that was wrong when the award was made may have been mended since.
        let email = learner.and_then(|learner| learner.email).or_else(|| credential.recipient.email.clone());
        let Some(email) = email else { return needless("no_address") };

        let lang = settings.language.unwrap_or(issuer.language);
        let name = credential.recipient.name.as_ref().map(|name| name.as_str().to_owned());
        let links = self.award_links(&award, &credential).await?.ok_or_else(|| gone("an award's secrets"))?;
        let (start, end) = (award.snapshot.activity_start, award.snapshot.activity_end);
        let dates = Mention::dates(start, end, &award.snapshot.issuer.time_zone, lang);
        let category = credential.revocation.as_ref().map(|revocation| revocation.category.label(lang));
        let letter = Letter {
            event,
            name: name.clone(),
            kind: award.kind,
            title: award.snapshot.achievement.title.to_string(),
            dates: dates.map(|dates| crate::text::capitalised(&dates.value)),
            issuer: award.snapshot.achievement.issuer_name.to_string(),
            contact: contact(&issuer, settings),
            reason: category.unwrap_or_default().to_owned(),
            links: LetterLinks {
                attestation: links.attestation,
                badge: links.badge_png,
                verification: links.verification,
            },
        };
        let words = office.letters.render(&letter, lang);
        let words = words.map_err(|error| ServiceError::Defect(format!("a letter: {error}")))?;
        let id = format!("{}@{}", message.id, self.url.host());
        let from_name = settings.from_name.as_ref().unwrap_or(&issuer.name);
        let outgoing = Outgoing {
            id: &id,
            date: message.at,
            from_name: from_name.as_str(),
            reply_to: settings.reply_to.as_ref().or(issuer.email.as_ref()),
            to: &email,
            to_name: name.as_deref(),
            lang,
            subject: &words.subject,
            text: &words.text,
            html: &words.html,
        };
        Ok(judge(office.mailer.send(&outgoing).await))
    }
}

/// Whether a credential was revoked and nothing took its place: telling that it is there would mislead.
fn is_withdrawn(credential: &CredentialRecord) -> bool {
    credential.revocation.as_ref().is_some_and(|revocation| revocation.replaced_by.is_none())
}

/// Whom a learner may ask: where answers go, else the issuer's public address, else its site.
fn contact(issuer: &Issuer, settings: &LearnerMail) -> String {
    let address = settings.reply_to.as_ref().or(issuer.email.as_ref());
    address.map_or_else(|| issuer.url.as_str().to_owned(), |address| address.as_str().to_owned())
}

/// What a mail server's answer says of an attempt.
fn judge(sent: Result<(), SendError>) -> Attempt {
    let failed = |error: SendError, blame| Attempt::Failed { error: error.to_string(), blame, wish: None };
    match sent {
        Ok(()) => Attempt::Taken,
        Err(error @ (SendError::Address | SendError::Refused(_))) => {
            Attempt::Refused { error: error.to_string(), endpoint: EndpointFate::Kept }
        }
        Err(error @ SendError::Deferred(_)) => failed(error, Blame::Message),
        Err(error @ SendError::Server(_)) => failed(error, Blame::Lane),
    }
}
