//! What was chosen beside the weights, and how the model does on rows that its fit had not seen.

use serde::{Deserialize, Serialize};

use super::card::{Section, quoted};
use super::numbers::{fixed, grouped};
use super::practice::Practice;
use super::view::{Interval, Metrics};

/// Empty where a report was stored before there were such choices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    pub unseen: Option<Unseen>,
    /// The alert threshold, where one was asked for.
    pub policy: Option<Policy>,
    /// Whether a correction of the log-odds helps; none where the log is too short to tell.
    pub recalibration: Option<Recalibration>,
    /// What came of asking for a season; none where nobody did.
    pub season: Option<Season>,
    /// What to know of customers who are older than the log, where there seem to be some.
    pub unknown_start: Option<String>,
    /// Why this horizon, line by line, where nobody gave one.
    pub horizon: Vec<String>,
    /// Segments, value and where probabilities stand.
    pub practice: Option<Practice>,
}

/// Figures on rows that the fit had not seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unseen {
    /// They are later than the labels it knew; else they are other customers'.
    pub is_later: bool,
    pub rows: u64,
    pub left: u64,
    pub metrics: Metrics,
}

/// What a correction of the log-odds did on later rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recalibration {
    pub rows: u64,
    /// Mean fall of the log-loss.
    pub gain: Interval,
    pub is_taken: bool,
}

/// What came of asking for a season.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Season {
    /// Why the log cannot give one, or cannot tell whether it helps.
    pub missing: Option<String>,
    /// What half of the year before's shift did on later rows; none where the log is too short to tell.
    pub trial: Option<Recalibration>,
    /// Least and greatest shift of the log-odds over the year, 0 among them; none where the model has no season.
    pub least: Option<f64>,
    pub most: Option<f64>,
}

/// The alert threshold that the model file holds, and what it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub open: f64,
    pub close: f64,
    /// Alerts a day that were asked for.
    pub capacity: Option<f64>,
    /// What a contact brings decided, not the capacity.
    pub is_by_profit: bool,
    /// The capacity would reach below the share that leaves anyway, which it may not.
    pub is_by_base_rate: bool,
    /// Customers that newly crossed it, a day.
    pub alerts_a_day: f64,
    /// Over so many days.
    pub days: u32,
    /// Rows that the fit had not seen, those of them at or above it, and how many of these left.
    pub rows: u64,
    pub alerted: u64,
    pub left: u64,
    pub profit: Option<Profit>,
}

/// What a contact costs and brings, in the user's money.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profit {
    pub value: f64,
    pub saved: f64,
    pub cost: f64,
    /// What it brought per thousand of the rows that the fit had not seen.
    pub of_thousand: f64,
}

impl Policy {
    /// Why this threshold and what it does, for the terminal and the report.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let why = match (self.capacity, self.profit) {
            (_, Some(p)) if self.is_by_profit => format!(
                "from there on p x {} saved x {} of value is more than the cost of {}",
                p.saved, p.value, p.cost
            ),
            (Some(k), _) if self.is_by_base_rate => format!(
                "fewer than {k} customers a day rise above the share that leaves anyway, so no lower level makes sense"
            ),
            (Some(k), _) => format!(
                "the lowest level such that it, and every level above it, is newly crossed by {k} customers a day at most"
            ),
            (None, _) => "as asked for".to_owned(),
        };
        let mut lines = vec![
            format!(
                "Alerts open at {} and close at {}: {why}.",
                self.open, self.close
            ),
            format!(
                "In the last {} days of the log {:.1} customers a day newly crossed it.",
                self.days, self.alerts_a_day
            ),
            format!(
                "Of {} rows that the fit had not seen, {} lie at or above it, and {} of those left.",
                grouped(self.rows),
                grouped(self.alerted),
                grouped(self.left)
            ),
        ];
        lines.extend(self.profit.map(|profit| {
            format!(
                "Contacting them would have brought {:.0} per 1 000 of these rows, were {} of those who left saved.",
                profit.of_thousand, profit.saved
            )
        }));
        lines
    }
}

impl Season {
    /// Whether there is one and why, for the terminal and the report.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        if let Some(why) = &self.missing {
            return vec![format!("No shift by the time of the year: {why}.")];
        }
        let mut lines = Vec::new();
        lines.extend(self.trial.map(|trial| {
            format!(
                "Half of the shift that would have been right a year before changed the log-loss of {} later rows by {} \
                 (95 % interval {} to {}).",
                grouped(trial.rows),
                fixed(-trial.gain.value, 5),
                fixed(-trial.gain.hi, 5),
                fixed(-trial.gain.lo, 5)
            )
        }));
        lines.push(match (self.least, self.most) {
            (Some(least), Some(most)) => format!(
                "In the year after its training the model shifts its log-odds by {} to {}, as `season` in its file says. \
                 One season seen once is a hypothesis: hold it against a model without it (`[model] challenger`).",
                fixed(least, 2),
                fixed(most, 2)
            ),
            _ => "That is no clear help, so the model does not go by the time of the year.".to_owned(),
        });
        lines
    }
}

impl Choices {
    pub(super) fn sections(&self) -> Vec<Section> {
        let unseen = self.unseen.as_ref().map(unseen);
        let horizon = (!self.horizon.is_empty()).then(|| Section {
            title: "Why this horizon",
            text: self.horizon.clone(),
            items: Vec::new(),
        });
        let policy = self.policy.as_ref().map(policy);
        let recalibration = self.recalibration.as_ref().map(recalibration);
        let season = self.season.as_ref().map(|season| Section {
            title: "Time of the year",
            text: season.words(),
            items: Vec::new(),
        });
        let start = self.unknown_start.as_ref().map(|text| Section {
            title: "Customers older than the log",
            text: vec![text.clone()],
            items: Vec::new(),
        });
        let practice = self.practice.as_ref().map(Practice::section);
        let all = [
            unseen,
            recalibration,
            season,
            policy,
            practice,
            start,
            horizon,
        ];
        all.into_iter().flatten().collect()
    }
}

fn unseen(found: &Unseen) -> Section {
    let how = if found.is_later {
        "the last cutoff, scored by a fit that knew only what had come true by then"
    } else {
        "two halves of the customers, each scored by a fit on the other: the log is too short to keep later rows apart"
    };
    Section {
        title: "On rows it had not seen",
        text: vec![format!(
            "{} rows, {} of them left: {how}. The same columns and penalty, chosen with these rows in sight; for a \
             test on days that nothing was chosen by, run `holdfast evaluate`.",
            grouped(found.rows),
            grouped(found.left)
        )],
        items: quoted(&found.metrics),
    }
}

fn policy(found: &Policy) -> Section {
    Section {
        title: "Alert threshold",
        text: vec![
            "Written into the model file; `[policy] open` and `close` of a configuration win over it. It closes where \
             the odds are 7/12 of those at which it opens, as from 0.8 to 0.7."
                .to_owned(),
        ],
        items: found.words(),
    }
}

fn recalibration(found: &Recalibration) -> Section {
    let taken = if found.is_taken {
        "It helps, so the model file has it: factor and shift of the log-odds under `calibration`."
    } else {
        "That is no clear help, so the log-odds stay as they were fitted."
    };
    Section {
        title: "Recalibration",
        text: vec![format!(
            "A straight correction of the log-odds, learned from what an earlier fit had said, changed the log-loss of \
             {} later rows by {} (95 % interval {} to {}). {taken}",
            grouped(found.rows),
            fixed(-found.gain.value, 5),
            fixed(-found.gain.hi, 5),
            fixed(-found.gain.lo, 5)
        )],
        items: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn season() -> Season {
        Season {
            missing: None,
            trial: Some(Recalibration {
                rows: 1_200,
                gain: Interval {
                    value: 0.012,
                    lo: 0.008,
                    hi: 0.016,
                },
                is_taken: true,
            }),
            least: Some(-0.31),
            most: Some(0.12),
        }
    }

    #[test]
    fn season_that_was_taken_is_told_with_its_gain_its_reach_and_its_caution() {
        let told = season().words().join("\n");
        for said in [
            "1,200 later rows by −0.01200 (95 % interval −0.01600 to −0.00800)",
            "by −0.31 to 0.12",
            "a hypothesis",
        ] {
            assert!(told.contains(said), "no {said} in {told}");
        }
        let untried = Season {
            trial: None,
            ..season()
        };
        assert_eq!(untried.words().len(), 1);
    }

    #[test]
    fn season_that_does_not_help_or_cannot_be_told_is_said_to_be_such() {
        let left = Season {
            least: None,
            most: None,
            ..season()
        };
        assert!(left.words()[1].contains("no clear help"));
        let missing = Season {
            missing: Some("it needs 395 days".to_owned()),
            trial: None,
            ..left
        };
        let said = "No shift by the time of the year: it needs 395 days.";
        assert_eq!(missing.words(), [said]);
        let choices = Choices {
            season: Some(missing),
            ..Choices::default()
        };
        assert_eq!(choices.sections()[0].text, [said]);
        assert!(Choices::default().sections().is_empty());
    }
}
