//! What the demo prints: numbered steps, aligned facts and decision trees, in French or English, without colours. On a terminal, a
//! line that goes away says what is being waited for.

use std::cell::Cell;
use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

use crate::criteria::{Decision, Finding};
use crate::text::{Bilingual, Lang};

/// The width in which facts are aligned.
const LABEL: usize = 14;
/// Where lines of sentences and reasons are broken.
const WIDTH: usize = 110;

/// The demo's voice.
pub(super) struct Story {
    pub(super) lang: Lang,
    step: Cell<u32>,
}

impl Story {
    /// A story in a language.
    pub(super) fn new(lang: Lang) -> Self {
        Self { lang, step: Cell::new(0) }
    }

    /// The title.
    pub(super) fn title(&self, fr: &str, en: &str) {
        let title = self.lang.pick(fr, en);
        self.line(title);
        self.line("═".repeat(title.chars().count()));
    }

    /// The next step.
    pub(super) fn step(&self, fr: &str, en: &str) {
        self.step.set(self.step.get() + 1);
        let title = format!("{}. {}", self.step.get(), self.lang.pick(fr, en));
        self.line("");
        self.line(&title);
        self.line("─".repeat(title.chars().count()));
    }

    /// A sentence.
    pub(super) fn say(&self, fr: &str, en: &str) {
        self.wrapped("   ", self.lang.pick(fr, en));
    }

    /// A fact under a label.
    pub(super) fn fact(&self, fr: &str, en: &str, value: impl Display) {
        self.row(self.lang.pick(fr, en), value);
    }

    /// A fact under a label that needs no translation.
    pub(super) fn row(&self, label: &str, value: impl Display) {
        let padding = " ".repeat(LABEL.saturating_sub(label.chars().count()));
        self.line(format!("   {label}{padding} {value}"));
    }

    /// Something that was checked and holds.
    pub(super) fn done(&self, text: impl Display) {
        self.wrapped("   ✓ ", &text.to_string());
    }

    /// Something that does not hold, as it should not.
    pub(super) fn refused(&self, text: impl Display) {
        self.wrapped("   ✗ ", &text.to_string());
    }

    /// A text in this story's language.
    pub(super) fn pick<'a>(&self, text: &'a Bilingual) -> &'a str {
        text.get(self.lang)
    }

    /// An empty line.
    pub(super) fn pause(&self) {
        self.line("");
    }

    /// Something that waits.
    pub(super) fn waits(&self, text: impl Display) {
        self.wrapped("   … ", &text.to_string());
    }

    /// A decision with its reasons.
    pub(super) fn decision(&self, heading: &str, decision: &Decision) {
        let mark = if decision.met { "✓" } else { "✗" };
        self.line("");
        self.line(format!("   {mark} {heading}"));
        self.wrapped("     ", self.pick(&decision.summary()));
        self.finding(&decision.explanation, 5);
    }

    fn finding(&self, finding: &Finding, indent: usize) {
        let mark = if finding.met { "✓" } else { "·" };
        let mut text = self.pick(&finding.label).to_owned();
        if let Some(detail) = &finding.detail {
            text += self.lang.pick("\u{a0}: ", ": ");
            text += self.pick(detail);
        }
        self.wrapped(&format!("{}{mark} ", " ".repeat(indent)), &text);
        for child in &finding.children {
            self.finding(child, indent + 2);
        }
    }

    /// Says in passing what is being waited for; an empty text takes it away. Nothing where nobody watches a terminal.
    pub(super) fn progress(&self, text: impl Display) {
        let mut terminal = std::io::stderr();
        if terminal.is_terminal() {
            let _ = write!(terminal, "\r\x1b[2K{text}").and_then(|()| terminal.flush());
        }
    }

    /// A text after a prefix, broken between words where it is long; what follows stands under what precedes.
    fn wrapped(&self, prefix: &str, text: &str) {
        let indent = prefix.chars().count();
        let mut line = prefix.to_owned();
        let mut width = indent;
        for (index, word) in text.split(' ').enumerate() {
            let length = word.chars().count();
            if width > indent && width + 1 + length > WIDTH {
                self.line(&line);
                line = " ".repeat(indent);
                width = indent;
            } else if index > 0 {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += length;
        }
        self.line(&line);
    }

    fn line(&self, text: impl Display) {
        // A reader that went away (a pager, `head`) does not change what the demo does.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }
}
