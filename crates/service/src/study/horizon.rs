//! The horizon: as given, or as the gaps between purchases suggest it.

use std::fmt;
use std::str::FromStr;

use holdfast_model::horizon::{Suggested, possible, suggest};
use holdfast_model::{Label, LabelKind};

use super::load::Log;
use super::{Error, Lesson, learn};

/// How long a silence counts as having left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Horizon {
    Days(u32),
    /// As long as the gaps between purchases suggest.
    Auto,
}

impl FromStr for Horizon {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || "write a number of days, or auto".to_owned();
        match text {
            "auto" => Ok(Self::Auto),
            days => days.parse().map(Self::Days).map_err(|_| fault()),
        }
    }
}

impl fmt::Display for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => days.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

/// Refuses what no log could change.
///
/// # Errors
/// [`Error::Setting`] for a horizon of no days or of more than a century, and for `auto` with a named event.
pub(super) fn check(lesson: &Lesson) -> Result<(), Error> {
    match lesson.horizon {
        Horizon::Days(days) if days == 0 || days > 36_500 => Err(Error::Setting(format!(
            "a horizon of {days} days cannot be watched"
        ))),
        Horizon::Days(_) => Ok(()),
        Horizon::Auto => Ok(possible(&lesson.label)?),
    }
}

/// The label with its defaults filled in, and why its horizon, line by line, where nobody gave one; from a finished log.
///
/// # Errors
/// [`holdfast_model::Error::DataTooSmall`] where nothing in the log decides the label, or too few gaps a horizon.
pub(super) fn settle(
    lesson: &Lesson,
    log: &Log,
    until_ms: i64,
) -> Result<(Label, Vec<String>), Error> {
    learn::decidable(log, &lesson.label)?;
    let (horizon_days, why) = match lesson.horizon {
        Horizon::Days(days) => (days, Vec::new()),
        Horizon::Auto => {
            let suggested = suggest(&log.history, until_ms)?;
            (suggested.horizon_days, words(&lesson.label, &suggested))
        }
    };
    let label = Label {
        kind: lesson.label.clone(),
        horizon_days,
        active_days: lesson.active_days.unwrap_or(2 * horizon_days),
    };
    Ok((label, why))
}

/// A suggestion in words, a line each.
fn words(label: &LabelKind, suggested: &Suggested) -> Vec<String> {
    let (doing, did) = match label {
        LabelKind::Purchase => ("purchase", "buy"),
        LabelKind::Any | LabelKind::Event(_) => ("active", "come"),
    };
    let mut lines = vec![
        format!(
            "horizon {} days: 80 % of {} gaps between {doing} days are at most {:.0} days",
            suggested.horizon_days, suggested.gaps, suggested.usual_gap
        ),
        format!(
            "  horizon  silent so long  of whom {did} again within as long: no churn after all"
        ),
    ];
    for row in &suggested.around {
        let share = row.share();
        let share = share.map_or_else(
            || "log too short".to_owned(),
            |s| format!("{:.1} %", 100.0 * s),
        );
        let is_chosen = row.horizon_days == suggested.horizon_days;
        let mark = if is_chosen { "*" } else { " " };
        lines.push(format!(
            "{mark} {:>5} d  {:>14}  {share}",
            row.horizon_days, row.silent
        ));
    }
    lines
}
