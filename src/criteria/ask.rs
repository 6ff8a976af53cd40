//! What a rule asks, resolved against its training: codes become activities, windows are carried down to where they act, lists
//! of one become what they hold. Evaluation and wording both walk this, so that what is published is what is decided.

use super::Needs;
use crate::catalog::{Activity, EffectiveSession, Meeting, Percent, Reached, Rule, TimeBasis, Unit};
use crate::ids::Code;
use crate::time::{Duration, Timestamp};

/// One node of a resolved rule.
pub(super) struct Ask<'a> {
    /// The evidence that counts here, all windows around it taken together.
    pub(super) window: Window,
    /// Whether that window is to be said here, or was said above.
    pub(super) starts_window: WindowStart,
    /// What is asked.
    pub(super) what: What<'a>,
}

/// Where a window is put into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WindowStart {
    /// At this node.
    Here,
    /// Above, or there is none.
    Above,
}

/// What a node asks.
pub(super) enum What<'a> {
    /// Other asks, together.
    Group { needs: Needs, of: Vec<Ask<'a>> },
    /// Each activity that the training marks as expected.
    Expected { reached: Reached, of: Vec<Ask<'a>> },
    /// A unit: its expected activities, or the source's word.
    Unit { unit: &'a Unit, of: Vec<Ask<'a>> },
    /// One activity.
    Activity { activity: &'a Activity, reached: Reached },
    /// A questionnaire handed in.
    Questionnaire(&'a Activity),
    /// The source's word on the whole course.
    Course,
    /// Time spent.
    TimeSpent { at_least: Duration, basis: TimeBasis },
    /// Attendance at meetings: all that the session has inside the window, or some of them by name.
    Attendance { at_least: Percent, of: Vec<&'a Meeting>, which: WhichMeetings },
    /// Something that the training or the session does not have; `Rule::check` refuses it, and it is never met.
    Unknown(&'a Code),
}

/// Which meetings an attendance is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhichMeetings {
    /// All.
    All,
    /// Those that the rule names.
    Named,
}

impl<'a> Ask<'a> {
    /// Resolves a rule.
    pub(super) fn of(rule: &'a Rule, session: &'a EffectiveSession) -> Self {
        Self::inside(rule, session, Window::default())
    }

    fn inside(rule: &'a Rule, session: &'a EffectiveSession, window: Window) -> Self {
        let training = &session.training;
        let list = |rules: &'a [Rule]| rules.iter().map(|rule| Self::inside(rule, session, window)).collect();
        let what = match rule {
            Rule::All(rules) => return Self::group(Needs::All, list(rules), window),
            Rule::Any(rules) => return Self::group(Needs::Any, list(rules), window),
            Rule::AtLeast { n, of } => {
                let needs = match *n {
                    0 | 1 => Needs::Any,
                    n if n as usize == of.len() => Needs::All,
                    n => Needs::AtLeast(n),
                };
                return Self::group(needs, list(of), window);
            }
            Rule::Within { from, until, rule } => {
                let inner = Window { from: *from, until: *until }.inside(window);
                return Self { starts_window: WindowStart::Here, ..Self::inside(rule, session, inner) };
            }
            Rule::Activity { code, reached } => match training.activity(code) {
                Some(activity) => What::Activity { activity, reached: *reached },
                None => What::Unknown(code),
            },
            Rule::Questionnaire { code } => training.activity(code).map_or(What::Unknown(code), What::Questionnaire),
            Rule::ExpectedActivities { reached } => {
                let of = training.expected_activities().map(|activity| Self::activity(activity, *reached, window));
                What::Expected { reached: *reached, of: of.collect() }
            }
            Rule::Unit { code } => match training.unit(code) {
                Some(unit) => {
                    let expected = unit.activities.iter().filter(|activity| activity.expected);
                    let of = expected.map(|activity| Self::activity(activity, Reached::Completed, window));
                    What::Unit { unit, of: of.collect() }
                }
                None => What::Unknown(code),
            },
            Rule::Course {} => What::Course,
            Rule::TimeSpent { at_least, basis } => What::TimeSpent { at_least: *at_least, basis: *basis },
            Rule::Attendance { at_least, of } => {
                let meetings = &session.session.meetings;
                let known = |code: &&Code| meetings.iter().any(|meeting| meeting.code == **code);
                match of.iter().flatten().find(|code| !known(code)) {
                    Some(unknown) => What::Unknown(unknown),
                    None => {
                        let wanted = |meeting: &&Meeting| of.as_ref().is_none_or(|of| of.contains(&meeting.code));
                        let inside = meetings.iter().filter(|meeting| window.contains(meeting.ends));
                        let which = if of.is_some() { WhichMeetings::Named } else { WhichMeetings::All };
                        What::Attendance { at_least: *at_least, of: inside.filter(wanted).collect(), which }
                    }
                }
            }
        };
        Self { window, starts_window: WindowStart::Above, what }
    }

    fn activity(activity: &'a Activity, reached: Reached, window: Window) -> Self {
        Self { window, starts_window: WindowStart::Above, what: What::Activity { activity, reached } }
    }

    /// A list of one asks what its one rule asks.
    fn group(needs: Needs, mut of: Vec<Self>, window: Window) -> Self {
        match of.pop() {
            Some(only) if of.is_empty() && !matches!(needs, Needs::AtLeast(_)) => only,
            last => {
                of.extend(last);
                Self { window, starts_window: WindowStart::Above, what: What::Group { needs, of } }
            }
        }
    }
}

/// The moments whose evidence counts: from `from` on, and before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Window {
    /// The first moment that counts.
    pub(super) from: Option<Timestamp>,
    /// The first moment that no longer counts.
    pub(super) until: Option<Timestamp>,
}

impl Window {
    /// Whether evidence of this moment counts.
    pub(super) fn contains(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    fn inside(self, outer: Self) -> Self {
        Self { from: self.from.max(outer.from), until: [self.until, outer.until].into_iter().flatten().min() }
    }
}
