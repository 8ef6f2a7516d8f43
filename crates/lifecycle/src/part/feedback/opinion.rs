//! A score on its scale, and the one before.

use serde::{Deserialize, Serialize};

/// Whom a customer's answer makes it, by the usual bounds on a scale from 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NpsGroup {
    /// Below 7.
    Detractor,
    /// From 7 to below 9.
    Passive,
    /// From 9 on.
    Promoter,
}

impl NpsGroup {
    /// The group of a score on a scale; on another one than ten by the same share of it.
    ///
    /// ```
    /// use holdfast_lifecycle::part::feedback::NpsGroup;
    ///
    /// assert_eq!(NpsGroup::of(6.0, 10.0), NpsGroup::Detractor);
    /// assert_eq!(NpsGroup::of(9.0, 10.0), NpsGroup::Promoter);
    /// ```
    #[must_use]
    pub fn of(score: f64, scale: f64) -> Self {
        let score = score * 10.0;
        if score >= 9.0 * scale {
            Self::Promoter
        } else if score >= 7.0 * scale {
            Self::Passive
        } else {
            Self::Detractor
        }
    }
}

/// An opinion in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opinion {
    /// When it was given, ms UTC.
    pub at: i64,
    /// The score, to two decimals.
    pub score: f64,
    /// The top of its scale, to two decimals.
    pub scale: f64,
    /// By how many points of a hundred it is above the one before; none if it is the first.
    pub change: Option<f64>,
}

impl Opinion {
    /// The group, where it is an answer to how likely the customer is to recommend.
    #[must_use]
    pub fn nps_group(&self) -> NpsGroup {
        NpsGroup::of(self.score, self.scale)
    }
}

/// What is kept of the last opinion of a kind. Score and scale in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) at: i64,
    score: u32,
    scale: u32,
    /// The share of the scale of the one before, in ten-thousandths.
    before: Option<u16>,
}

/// Scores beyond are none.
const GREATEST: f64 = 10_000.0;

impl Said {
    /// Hears a score on a scale. One that is not on its scale is none, and one older than the last changes nothing.
    pub(super) fn hear(place: &mut Option<Self>, at: i64, (score, scale): (Option<f64>, f64)) {
        let Some(score) = score.filter(|score| (0.0..=scale).contains(score)) else {
            return;
        };
        if scale <= 0.0 || scale > GREATEST || place.is_some_and(|last| last.at > at) {
            return;
        }
        let hundredths = |value: f64| libm::round(value * 100.0) as u32;
        *place = Some(Self {
            at,
            score: hundredths(score),
            scale: hundredths(scale).max(1),
            before: place.map(|last| libm::round(last.share() * 10_000.0) as u16),
        });
    }

    fn share(self) -> f64 {
        (f64::from(self.score) / f64::from(self.scale)).min(1.0)
    }

    pub(super) fn opinion(self) -> Opinion {
        let change =
            |before: u16| (libm::round(self.share() * 10_000.0) - f64::from(before)) / 100.0;
        Opinion {
            at: self.at,
            score: f64::from(self.score) / 100.0,
            scale: f64::from(self.scale) / 100.0,
            change: self.before.map(change),
        }
    }
}
