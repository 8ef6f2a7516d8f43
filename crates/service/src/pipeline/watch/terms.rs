//! What is watched: which models predict, what is asked of them, and when.

use holdfast_model::watch::Spread;
use holdfast_model::{Label, Model, Scorer, cutoffs};
use serde::Serialize;

/// A model by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Named {
    pub id: String,
    pub sha256: String,
}

impl Named {
    /// Its id and the beginning of its hash, which two trainings on the same day differ in.
    pub fn short(&self) -> String {
        format!(
            "{}@{}",
            self.id,
            self.sha256.get(..8).unwrap_or(&self.sha256)
        )
    }
}

/// A model made ready, with what it knows of its training.
#[derive(Debug)]
pub struct Judge {
    pub name: Named,
    pub(super) scorer: Scorer,
    /// Place of the feature among the scorer's values, and how it was spread.
    pub spreads: Vec<(usize, Spread)>,
    /// Share of the training rows that left.
    pub base_rate: f64,
    until_ms: i64,
}

impl Judge {
    /// None for a model that nobody trained.
    fn of(model: &Model) -> Option<Self> {
        let training = model.training()?;
        let scorer = Scorer::new(model).ok()?;
        let place = |spread: &Spread| {
            let mut names = scorer.plan().ids().iter().map(|id| id.describe().name);
            names.position(|name| name == spread.feature)
        };
        let spreads = model.reference().iter();
        Some(Self {
            name: Named {
                id: model.id().to_owned(),
                sha256: model.sha256().to_owned(),
            },
            spreads: spreads
                .filter_map(|s| Some((place(s)?, s.clone())))
                .collect(),
            base_rate: training.base_rate,
            until_ms: training.until_ms,
            scorer,
        })
    }
}

/// What is watched, the same for every partition.
#[derive(Debug)]
pub struct Terms {
    pub(super) label: Label,
    pub(super) step_ms: i64,
    pub(super) horizon_ms: i64,
    pub(super) grace_ms: i64,
    /// Cutoffs whose outcomes may be awaited at a time, with the one that is being filled.
    pub(super) slots: usize,
    pub champion: Judge,
    pub challenger: Option<Judge>,
}

impl Terms {
    /// None where there is nothing to hold predictions against: the model was written by hand, or late events may
    /// come for longer than cutoffs are apart.
    pub fn new(champion: &Model, challenger: Option<&Model>, grace_ms: i64) -> Option<Self> {
        let label = champion.label().clone();
        let (step_ms, horizon_ms) = (cutoffs::step_ms(label.horizon_days), label.horizon_ms());
        if grace_ms >= step_ms {
            return None;
        }
        Some(Self {
            step_ms,
            horizon_ms,
            grace_ms,
            slots: (horizon_ms / step_ms) as usize + 2,
            champion: Judge::of(champion)?,
            challenger: challenger.and_then(Judge::of),
            label,
        })
    }

    /// The first cutoff at or after `instant`: the end of every day whose number since 1970 divides by the step, so
    /// that all partitions and all runs have the same ones. None before the end of what the models learned from.
    pub(super) fn first_cutoff(&self, instant: i64) -> i64 {
        let learned = self
            .challenger
            .as_ref()
            .map_or(i64::MIN, |other| other.until_ms);
        let from = instant.max(learned).max(self.champion.until_ms);
        from.saturating_add(self.step_ms).div_euclid(self.step_ms) * self.step_ms - 1
    }

    /// Where codes of a cutoff stand in a customer's row.
    pub(super) fn slot(&self, cutoff: i64) -> usize {
        let number = (cutoff + 1).div_euclid(self.step_ms);
        number.rem_euclid(self.slots as i64) as usize
    }

    /// Codes of a customer: those of the champion, then those of the challenger.
    pub(super) fn width(&self) -> usize {
        self.slots * (1 + usize::from(self.challenger.is_some()))
    }

    /// What a change of makes everything so far worthless.
    pub(super) fn question(&self) -> String {
        let Label {
            kind,
            horizon_days,
            active_days,
        } = &self.label;
        format!("{kind} {horizon_days} {active_days} {}", self.grace_ms)
    }
}
