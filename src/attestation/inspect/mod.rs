//! What a PDF handed in is made of, and whether its pages show what the credential attached to it signs.
//!
//! A signature covers the credential and nothing of the pages. Pages are vouched for where they are, to the byte, what we make of the
//! signed content ([`Appearance::AsRendered`]); what they say can refute them ([`Appearance::Contradicts`]) and never more, since a
//! text that a program reads is not what an eye sees. docs/adr/0019-appearance-of-a-pdf.md.
//!
//! Not here: whether the credential is genuine (`verify`), the bytes that were issued (`verification`), seals (`seal`).

mod again;
mod compare;
mod content;
mod file;
mod font;
mod objects;
mod text;
#[cfg(test)]
mod tests;

pub use self::compare::{Difference, Field, comparable};
pub use self::file::{CREDENTIAL_FILE, MAX_PDF_BYTES, OpenError, Opened, TOKEN_FILE, open};

use self::compare::{Comparison, Named};
use crate::credential::CredentialView;

/// Something that our renderer does not write, in English, for whoever looks into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign(pub String);

/// What the pages of a PDF come to beside the content that the attached credential signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appearance {
    /// They are, to the byte, what this version makes of the signed content for the name that it commits to.
    AsRendered,
    /// They say something else than what is signed.
    Contradicts(
        /// What differs, the gravest first; at least one.
        Vec<Difference>,
    ),
    /// They were changed after they were made.
    Revised,
    /// Files besides the credential are attached.
    OtherFiles,
    /// They hold what our renderer does not write, so that nothing can be said of what they look like.
    Foreign(
        /// The first thing found.
        Foreign,
    ),
    /// What is signed stands on them, and other texts than those of our template.
    OtherText,
    /// They say what is signed. Whether they look like it was not shown.
    TextAgrees,
}

impl Opened {
    /// Judges the pages by the content of the attached credential, which is as good as that credential.
    pub fn appearance(&self, content: &CredentialView, pdf: &[u8]) -> Appearance {
        let said = text::read(&self.document);
        let walked = objects::walk(&self.document);
        let named = compare::name(&said.passages, content);
        let again = match &named {
            Named::As(name, secret) => {
                let found = again::Found { name, secret, links: &walked.links, colours: &said.colours };
                again::render(self, content, &found)
            }
            _ => Vec::new(),
        };
        if self.is_plain() && again.iter().any(|rendered| rendered == pdf) {
            return Appearance::AsRendered;
        }
        let ours = again.first().and_then(|rendered| Some(text::read(&file::open(rendered).ok()??.document).passages));
        let Comparison { differences, missing } = compare::compare(&said, content, &named, ours.as_deref());
        if !differences.is_empty() {
            return Appearance::Contradicts(differences);
        }
        if self.revised {
            return Appearance::Revised;
        }
        if !self.other_files.is_empty() {
            return Appearance::OtherFiles;
        }
        if let Some(first) = said.foreign.into_iter().chain(walked.foreign).next() {
            return Appearance::Foreign(first);
        }
        if let Some(what) = walked.links.iter().find(|link| !again::is_known(link, content)) {
            return Appearance::Foreign(Foreign(format!("a link to {what}")));
        }
        if let Some(what) = missing.first() {
            return Appearance::Foreign(Foreign(format!("no {what} to compare")));
        }
        if ours.is_none_or(|ours| ours != said.passages) { Appearance::OtherText } else { Appearance::TextAgrees }
    }

    /// Whether it was written at once, with no other file in it: what could be ours to the byte.
    fn is_plain(&self) -> bool {
        !self.revised && self.other_files.is_empty()
    }
}
