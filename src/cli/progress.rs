//! How far long work is, on standard error: a bar on a terminal; elsewhere, as under cron or in a log, a plain line now and then.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// After how long without a line there is one, even if little was done.
const SILENCE: Duration = Duration::from_secs(10);
/// What is done before that needs no line.
const HASTE: Duration = Duration::from_secs(1);

/// How far one piece of work is.
pub(super) enum Progress {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere.
    Lines {
        /// Since when.
        since: Instant,
        /// When a line is due.
        pace: Pace,
        /// How much is done.
        done: u64,
        /// Of how much.
        total: u64,
        /// Of what.
        what: &'static str,
    },
}

impl Progress {
    /// Nothing done yet of `total`: `what`, in the plural, as in "12,000 of 20,000 learners".
    pub(super) fn new(total: u64, what: &'static str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { since: Instant::now(), pace: Pace::default(), done: 0, total, what };
        }
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}, {per_sec}, {eta} left") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self::Bar(bar)
    }

    /// So much is done, and it is of so much.
    pub(super) fn set(&mut self, now_done: u64, now_total: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(now_total);
                bar.set_position(now_done);
            }
            Self::Lines { since, pace, done, total, what } => {
                (*done, *total) = (now_done, now_total);
                if pace.is_due(since.elapsed(), now_done, now_total) {
                    eprintln!("{}", line(now_done, now_total, what));
                }
            }
        }
    }

    /// So much more is done.
    pub(super) fn add(&mut self, more: u64) {
        match self {
            Self::Bar(bar) => bar.inc(more),
            Self::Lines { done, total, .. } => {
                let (now_done, total) = (*done + more, *total);
                self.set(now_done, total);
            }
        }
    }

    /// Takes the bar away; lines stay.
    pub(super) fn finish(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// When a line is due: after each tenth, and after each silence; nothing is said of work that is over at once.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Duration,
    tenths: u64,
}

impl Pace {
    fn is_due(&mut self, elapsed: Duration, done: u64, total: u64) -> bool {
        let tenths = (done.saturating_mul(10)).checked_div(total).unwrap_or(0);
        let quiet = elapsed.saturating_sub(self.last);
        let due = quiet >= SILENCE || (tenths > self.tenths && quiet >= HASTE);
        if due {
            (self.last, self.tenths) = (elapsed, tenths);
        }
        due
    }
}

fn line(done: u64, total: u64, what: &str) -> String {
    format!("{} of {} {what}", grouped(done), grouped(total))
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        assert_eq!(line(12_000, 20_000, "learners"), "12,000 of 20,000 learners");
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_line_is_due_after_each_tenth_and_after_each_silence() {
        let mut pace = Pace::default();
        let mut due = |seconds: f64, done: u64| pace.is_due(Duration::from_secs_f64(seconds), done, 1000);
        assert!(!due(0.5, 900), "over at once");
        assert!(due(1.0, 900) && !due(3.0, 950), "no other tenth");
        assert!(due(11.0, 950) && !due(20.0, 950) && due(21.0, 950), "ten seconds of silence");
        assert!(!due(21.5, 1000) && due(22.0, 1000));
        assert!(!Pace::default().is_due(Duration::from_secs(5), 0, 0), "nothing to do");
    }
}
