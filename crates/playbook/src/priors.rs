//! Figures that retention guides repeat, each with its range and where it comes from.
//!
//! They are priors: something to start a calculation with until a deployment has figures of its own. No model
//! learns from them, no score depends on them, and each can be replaced in `[priors]` of a rule table.

use crate::part::unknown;

/// What a prior's figures say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PriorKind {
    /// A share of something, in percent.
    Absolute,
    /// A change against what it was, in percent of that.
    Relative,
    /// So many times as much.
    Factor,
}

/// From where to where, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Range {
    /// The cautious end.
    pub low: f64,
    /// The other end, at least `low`.
    pub high: f64,
}

impl Range {
    fn times(self, factor: f64) -> Self {
        Self {
            low: self.low * factor,
            high: self.high * factor,
        }
    }
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Prior {
    /// Stable name, as in `[priors]`.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// What its figures are.
    pub kind: PriorKind,
    /// The figures.
    pub range: Range,
    /// Whether a rule table has replaced the shipped figures.
    pub is_own: bool,
}

const GUIDES: &str = "retention guides, which name no study";
const ANECDOTE: &str = "one anecdote in a guide, which names no study";

const fn prior(
    name: &'static str,
    kind: PriorKind,
    (low, high): (f64, f64),
    about: &'static str,
    source: &'static str,
) -> Prior {
    Prior {
        name,
        about,
        source,
        kind,
        range: Range { low, high },
        is_own: false,
    }
}

use PriorKind::{Absolute, Factor, Relative};

const SHIPPED: [Prior; 11] = [
    prior(
        "acquisition_cost",
        Factor,
        (5.0, 25.0),
        "winning a customer costs so many times as much as keeping one, the widest range in use",
        "Harvard Business Review (Gallo 2014), which quotes others",
    ),
    prior(
        "acquisition_cost_usual",
        Factor,
        (6.0, 7.0),
        "the same, as quoted for service industries",
        "Bain & Company, as quoted by retention guides",
    ),
    prior(
        "acquisition_cost_least",
        Factor,
        (5.0, 5.0),
        "the same, as a rule of thumb",
        GUIDES,
    ),
    prior(
        "profit_of_5_points",
        Relative,
        (25.0, 95.0),
        "retention that rises by 5 points raises profit by so much; it says nothing of larger rises",
        "Reichheld and Sasser 1990, Bain & Company",
    ),
    prior(
        "sale_to_existing",
        Absolute,
        (60.0, 70.0),
        "share of offers to existing customers that end in a sale",
        "Farris et al., Marketing Metrics",
    ),
    prior(
        "conversion_of_existing",
        Relative,
        (40.0, 40.0),
        "existing customers are likelier to convert than new ones",
        GUIDES,
    ),
    prior(
        "spend_of_existing",
        Relative,
        (31.0, 31.0),
        "existing customers spend more than new ones",
        GUIDES,
    ),
    prior(
        "trial_of_new_products",
        Relative,
        (50.0, 50.0),
        "existing customers are likelier to try a new product",
        GUIDES,
    ),
    prior(
        "word_of_mouth",
        Absolute,
        (20.0, 50.0),
        "share of purchases that word of mouth is behind",
        "McKinsey Quarterly (Bughin, Doogan, Vetvik 2010)",
    ),
    prior(
        "fast_service",
        Absolute,
        (59.0, 59.0),
        "a share that is told of fast service",
        ANECDOTE,
    ),
    prior(
        "asking_for_feedback",
        Absolute,
        (3.0, 27.0),
        "a rise from the one to the other that is told of asking for feedback",
        ANECDOTE,
    ),
];

/// The most points of retention that [`Priors::profit_of_retention`] speaks about.
const MOST_POINTS: f64 = 5.0;

/// All figures, shipped or replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Priors {
    list: [Prior; SHIPPED.len()],
}

impl Default for Priors {
    fn default() -> Self {
        Self { list: SHIPPED }
    }
}

impl Priors {
    /// Every figure, always in the same order.
    pub fn iter(&self) -> impl Iterator<Item = &Prior> {
        self.list.iter()
    }

    /// The figure of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Prior> {
        self.list.iter().find(|prior| prior.name == name)
    }

    /// Replaces the figures of one name by a deployment's own; false where there is no such name.
    pub fn replace(&mut self, name: &str, range: Range) -> bool {
        let Some(prior) = self.list.iter_mut().find(|prior| prior.name == name) else {
            return false;
        };
        prior.range = range;
        prior.is_own = true;
        true
    }

    /// Replaces the figures of one name by somebody's own, both ends included.
    ///
    /// # Errors
    /// Says which name was probably meant where there is none of that name, and what a range is where it is none.
    pub fn set(&mut self, name: &str, (low, high): (f64, f64)) -> Result<(), String> {
        if !(low.is_finite() && high.is_finite() && 0.0 <= low && low <= high) {
            return Err(format!(
                "the prior {name} wants a range of two numbers from 0 on, the low one first, not {low} to {high}"
            ));
        }
        match self.replace(name, Range { low, high }) {
            true => Ok(()),
            false => Err(unknown("prior", name, SHIPPED.iter().map(|p| p.name))),
        }
    }

    fn range(&self, name: &str) -> Range {
        let none = Range {
            low: 0.0,
            high: 0.0,
        };
        self.get(name).map_or(none, |prior| prior.range)
    }

    /// How much a yearly profit rises when retention rises by `points` percentage points: the figures for 5 points, in
    /// proportion below that, in the unit of `yearly_profit`. None for more than 5 points, for none and for a loss:
    /// the figures say nothing of these, and are never carried further.
    ///
    /// ```
    /// use holdfast_playbook::Priors;
    /// let priors = Priors::default();
    /// let range = priors.profit_of_retention(1_000.0, 5.0).unwrap();
    /// assert_eq!((range.low, range.high), (250.0, 950.0));
    /// assert!(priors.profit_of_retention(1_000.0, 6.0).is_none());
    /// ```
    #[must_use]
    pub fn profit_of_retention(&self, yearly_profit: f64, points: f64) -> Option<Range> {
        let speaks = points > 0.0 && points <= MOST_POINTS && yearly_profit >= 0.0;
        speaks.then(|| {
            let share = points / MOST_POINTS / 100.0;
            self.range("profit_of_5_points")
                .times(share * yearly_profit)
        })
    }

    /// What winning `customers` new ones would cost when keeping one costs `cost_of_keeping`: the widest range, in the
    /// unit of that cost. It is what losing so many costs to make good.
    #[must_use]
    pub fn cost_of_replacing(&self, customers: u64, cost_of_keeping: f64) -> Range {
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of customers are far below 2^53"
        )]
        let factor = customers as f64 * cost_of_keeping.max(0.0);
        self.range("acquisition_cost").times(factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_figures_are_those_of_the_guides() {
        let priors = Priors::default();
        let figures = priors
            .iter()
            .map(|p| (p.kind, p.range.low, p.range.high))
            .collect::<Vec<_>>();
        assert_eq!(
            figures,
            [
                (Factor, 5.0, 25.0),
                (Factor, 6.0, 7.0),
                (Factor, 5.0, 5.0),
                (Relative, 25.0, 95.0),
                (Absolute, 60.0, 70.0),
                (Relative, 40.0, 40.0),
                (Relative, 31.0, 31.0),
                (Relative, 50.0, 50.0),
                (Absolute, 20.0, 50.0),
                (Absolute, 59.0, 59.0),
                (Absolute, 3.0, 27.0),
            ]
        );
        assert!(
            priors
                .iter()
                .all(|p| !p.is_own && p.range.low <= p.range.high)
        );
    }

    #[test]
    fn profit_of_retention_is_never_carried_beyond_five_points() {
        let priors = Priors::default();
        for points in [0.0, -1.0, 5.000_001, 10.0, f64::NAN, f64::INFINITY] {
            assert_eq!(priors.profit_of_retention(100.0, points), None, "{points}");
        }
        assert_eq!(priors.profit_of_retention(-1.0, 1.0), None);
        let one = priors.profit_of_retention(100.0, 1.0);
        let one = one.map(|r| (libm::round(r.low), libm::round(r.high)));
        assert_eq!(one, Some((5.0, 19.0)));
    }

    #[test]
    fn unknown_name_and_reversed_range_are_refused() {
        let mut priors = Priors::default();
        let unknown = priors.set("word_of_mout", (1.0, 2.0));
        assert_eq!(
            unknown,
            Err("unknown prior `word_of_mout`; did you mean `word_of_mouth`?".to_owned())
        );
        for range in [
            (2.0, 1.0),
            (f64::NAN, 1.0),
            (-1.0, 1.0),
            (0.0, f64::INFINITY),
        ] {
            assert!(priors.set("word_of_mouth", range).is_err(), "{range:?}");
        }
        assert_eq!(priors, Priors::default());
        assert_eq!(priors.set("word_of_mouth", (1.0, 2.0)), Ok(()));
        assert_eq!(priors.iter().filter(|prior| prior.is_own).count(), 1);
    }

    #[test]
    fn a_replaced_figure_is_marked_and_used() {
        let mut priors = Priors::default();
        let own = Range {
            low: 3.0,
            high: 4.0,
        };
        assert!(priors.replace("acquisition_cost", own));
        assert!(!priors.replace("acquisition_costs", own));
        assert!(priors.get("acquisition_cost").is_some_and(|p| p.is_own));
        let cost = priors.cost_of_replacing(10, 2.0);
        assert_eq!((cost.low, cost.high), (60.0, 80.0));
    }
}
