//! What the demo prints: numbered steps, aligned facts and decision trees, in French or English. Works without colours; where the
//! output is a terminal, a spinner says what is being waited for.

use std::cell::Cell;
use std::fmt::Display;
use std::io::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::criteria::{Decision, Finding};
use crate::text::{Bilingual, Lang};

/// The width in which facts are aligned.
const LABEL: usize = 14;

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
        self.line(format!("   {}", self.lang.pick(fr, en)));
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
        self.line(format!("   ✓ {text}"));
    }

    /// Something that does not hold, as it should not.
    pub(super) fn refused(&self, text: impl Display) {
        self.line(format!("   ✗ {text}"));
    }

    /// A text in this story's language.
    pub(super) fn pick<'a>(&self, text: &'a Bilingual) -> &'a str {
        text.get(self.lang)
    }

    /// An empty line.
    pub(super) fn pause(&self) {
        self.line("");
    }

    /// A decision with its reasons.
    pub(super) fn decision(&self, heading: &str, decision: &Decision) {
        let mark = if decision.met { "✓" } else { "✗" };
        self.line(format!("   {mark} {heading}"));
        self.line(format!("     {}", self.pick(&decision.summary())));
        self.finding(&decision.explanation, 5);
    }

    fn finding(&self, finding: &Finding, indent: usize) {
        let mark = if finding.met { "✓" } else { "·" };
        let mut line = format!("{}{mark} {}", " ".repeat(indent), self.pick(&finding.label));
        if let Some(period) = &finding.period {
            line += &format!(" ({})", self.pick(period));
        }
        if let Some(detail) = &finding.detail {
            line += self.lang.pick("\u{a0}: ", ": ");
            line += self.pick(detail);
        }
        self.line(line);
        for child in &finding.children {
            self.finding(child, indent + 2);
        }
    }

    /// A spinner that says what is being waited for; nothing where the output is no terminal.
    pub(super) fn wait(&self, fr: &str, en: &str) -> ProgressBar {
        let spinner = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("   {spinner} {msg} ({elapsed})") {
            spinner.set_style(style);
        }
        spinner.set_message(self.lang.pick(fr, en).to_owned());
        spinner.enable_steady_tick(Duration::from_millis(120));
        spinner
    }

    fn line(&self, text: impl Display) {
        // A reader that went away (a pager, `head`) does not change what the demo does.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }
}
