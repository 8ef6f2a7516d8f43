//! Segments by recency, frequency and monetary value (RFM).
//!
//! Each of the three is scored 1 to 5 by four cut points that were learned in training, 5 being the most recent, the
//! most frequent, the most valuable. Named segments are cells of the grid of R and FM, the mean of F and M rounded
//! half up:
//!
//! | | FM 1 | FM 2 | FM 3 | FM 4 | FM 5 |
//! | --- | --- | --- | --- | --- | --- |
//! | R 5 | promising | promising | loyal | champions | champions |
//! | R 4 | promising | promising | loyal | loyal | champions |
//! | R 3 | about_to_churn | about_to_churn | needs_attention | needs_attention | loyal |
//! | R 2 | dormant | dormant | at_risk | at_risk | cant_lose |
//! | R 1 | lost | lost | lost | at_risk | cant_lose |
//!
//! Who bought exactly once is `new` at R 5 and `promising` at R 4, whatever the amount. Who never bought has none.

use serde::{Deserialize, Serialize};

use crate::DAY_MS;

/// A named segment. The word in records is snake_case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Segment {
    /// Bought once, just now.
    New,
    /// Recent, little so far.
    Promising,
    /// Comes back.
    Loyal,
    /// Recent, often, much.
    Champions,
    /// Used to come back, has not of late.
    NeedsAttention,
    /// Little so far, and not of late.
    AboutToChurn,
    /// Was valuable, long silent.
    AtRisk,
    /// Was most valuable, long silent.
    CantLose,
    /// Little, long silent.
    Dormant,
    /// Silent for longest.
    Lost,
}

impl Segment {
    /// Every segment, in the order of declaration.
    pub const ALL: [Self; 10] = [
        Self::New,
        Self::Promising,
        Self::Loyal,
        Self::Champions,
        Self::NeedsAttention,
        Self::AboutToChurn,
        Self::AtRisk,
        Self::CantLose,
        Self::Dormant,
        Self::Lost,
    ];

    /// The word in records, rules and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Promising => "promising",
            Self::Loyal => "loyal",
            Self::Champions => "champions",
            Self::NeedsAttention => "needs_attention",
            Self::AboutToChurn => "about_to_churn",
            Self::AtRisk => "at_risk",
            Self::CantLose => "cant_lose",
            Self::Dormant => "dormant",
            Self::Lost => "lost",
        }
    }

    /// The segment of these scores, for a customer with so many orders ever; none without one.
    ///
    /// ```
    /// use holdfast_lifecycle::{Scores, Segment};
    ///
    /// let scores = Scores { recency: 2, frequency: 5, monetary: 4 };
    /// assert_eq!(Segment::of(scores, 12), Some(Segment::CantLose));
    /// assert_eq!(Segment::of(scores, 0), None);
    /// ```
    #[must_use]
    pub fn of(scores: Scores, orders: u32) -> Option<Self> {
        use Segment as S;
        const GRID: [[Segment; 5]; 5] = [
            [S::Lost, S::Lost, S::Lost, S::AtRisk, S::CantLose],
            [S::Dormant, S::Dormant, S::AtRisk, S::AtRisk, S::CantLose],
            [
                S::AboutToChurn,
                S::AboutToChurn,
                S::NeedsAttention,
                S::NeedsAttention,
                S::Loyal,
            ],
            [S::Promising, S::Promising, S::Loyal, S::Loyal, S::Champions],
            [
                S::Promising,
                S::Promising,
                S::Loyal,
                S::Champions,
                S::Champions,
            ],
        ];
        match (orders, scores.recency) {
            (0, _) => None,
            (1, 5) => Some(Self::New),
            (1, 4) => Some(Self::Promising),
            _ => {
                let row = GRID[usize::from(scores.recency.clamp(1, 5)) - 1];
                Some(row[usize::from(scores.value().clamp(1, 5)) - 1])
            }
        }
    }
}

/// Scores from 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scores {
    /// 5 is the most recent.
    pub recency: u8,
    /// 5 is the most frequent.
    pub frequency: u8,
    /// 5 is the most valuable.
    pub monetary: u8,
}

impl Scores {
    /// The mean of frequency and monetary, rounded half up.
    #[must_use]
    pub fn value(self) -> u8 {
        (self.frequency + self.monetary).div_ceil(2)
    }
}

/// Whether a customer is of the top fifth by net spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The top fifth.
    Top,
    /// Everybody else.
    Base,
}

/// What a customer's scores are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Time of the last purchase, ms UTC; none without one.
    pub last_purchase_ms: Option<i64>,
    /// Orders ever.
    pub orders: u32,
    /// Purchases less refunds ever, minor units.
    pub net_minor: i64,
}

/// Cut points, each row not falling. A value above a cut point counts as beyond it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cuts {
    /// Days since the last purchase.
    pub recency_days: [f64; 4],
    /// Orders ever.
    pub frequency: [f64; 4],
    /// Net spend ever, major units; none where no amounts are known: then the frequency's score stands in.
    pub monetary: Option<[f64; 4]>,
    /// Net spend from which on a customer is of the top fifth, major units.
    pub top_spend: Option<f64>,
}

impl Default for Cuts {
    /// Those used until a model brings its own: quarters and multiples of 90 days, doubling orders, no amounts.
    fn default() -> Self {
        Self {
            recency_days: [15.0, 45.0, 90.0, 180.0],
            frequency: [1.0, 2.0, 4.0, 8.0],
            monetary: None,
            top_spend: None,
        }
    }
}

impl Cuts {
    /// The scores at `now` (ms UTC); none without a purchase. `major` is how many minor units a major one has.
    #[must_use]
    pub fn scores(&self, facts: Facts, now: i64, major: f64) -> Option<Scores> {
        let last = facts.last_purchase_ms?;
        let days = (now - last).max(0) as f64 / DAY_MS as f64;
        let frequency = 1 + beyond(&self.frequency, f64::from(facts.orders));
        let monetary = self.monetary.as_ref().map_or(frequency, |cuts| {
            1 + beyond(cuts, facts.net_minor as f64 / major)
        });
        Some(Scores {
            recency: 5 - beyond(&self.recency_days, days),
            frequency,
            monetary,
        })
    }

    /// The tier; everybody is base where no amounts are known.
    #[must_use]
    pub fn tier(&self, facts: Facts, major: f64) -> Tier {
        match self.top_spend {
            Some(top) if facts.orders > 0 && facts.net_minor as f64 / major >= top => Tier::Top,
            _ => Tier::Base,
        }
    }

    /// The first instant (ms UTC) after `now` at which silence alone lowers the score of recency; none if none does.
    #[must_use]
    pub fn next_fall(&self, facts: Facts, now: i64) -> Option<i64> {
        let last = facts.last_purchase_ms?;
        // The first whole millisecond that is beyond the cut point.
        let at = |days: &f64| last.saturating_add((days * DAY_MS as f64) as i64 + 1);
        self.recency_days.iter().map(at).find(|at| *at > now)
    }
}

/// How many of the cut points a value is beyond.
fn beyond(cuts: &[f64; 4], value: f64) -> u8 {
    cuts.iter().filter(|cut| value > **cut).count() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(recency: u8, value: u8) -> Scores {
        Scores {
            recency,
            frequency: value,
            monetary: value,
        }
    }

    #[test]
    fn every_cell_of_the_grid_is_the_documented_one() {
        const TABLE: [(u8, [&str; 5]); 5] = [
            (
                5,
                ["promising", "promising", "loyal", "champions", "champions"],
            ),
            (4, ["promising", "promising", "loyal", "loyal", "champions"]),
            (
                3,
                [
                    "about_to_churn",
                    "about_to_churn",
                    "needs_attention",
                    "needs_attention",
                    "loyal",
                ],
            ),
            (2, ["dormant", "dormant", "at_risk", "at_risk", "cant_lose"]),
            (1, ["lost", "lost", "lost", "at_risk", "cant_lose"]),
        ];
        for (recency, row) in TABLE {
            for (value, name) in (1..).zip(row) {
                let found = Segment::of(scores(recency, value), 7);
                assert_eq!(
                    found.map(Segment::name),
                    Some(name),
                    "R {recency} FM {value}"
                );
            }
        }
    }

    #[test]
    fn one_order_is_new_then_promising_and_no_order_is_nothing() {
        for value in 1..=5 {
            assert_eq!(Segment::of(scores(5, value), 1), Some(Segment::New));
            assert_eq!(Segment::of(scores(4, value), 1), Some(Segment::Promising));
            assert_eq!(Segment::of(scores(5, value), 0), None);
        }
        assert_eq!(Segment::of(scores(3, 1), 1), Some(Segment::AboutToChurn));
    }

    #[test]
    fn half_a_score_is_rounded_up() {
        let mixed = |frequency, monetary| Scores {
            recency: 1,
            frequency,
            monetary,
        };
        assert_eq!(mixed(4, 5).value(), 5);
        assert_eq!(mixed(1, 2).value(), 2);
        assert_eq!(mixed(3, 3).value(), 3);
    }

    #[test]
    fn a_value_at_the_cut_point_is_not_beyond_it_and_a_millisecond_later_is() {
        let cuts = Cuts::default();
        let facts = Facts {
            last_purchase_ms: Some(1_000),
            orders: 2,
            net_minor: 0,
        };
        let day = |days: i64| 1_000 + days * DAY_MS;
        let recency = |now| cuts.scores(facts, now, 100.0).unwrap().recency;
        assert_eq!((recency(day(15)), recency(day(15) + 1)), (5, 4));
        assert_eq!((recency(day(180)), recency(day(180) + 1)), (2, 1));
        let mut now = 1_000;
        for fall in [15, 45, 90, 180] {
            now = cuts.next_fall(facts, now).unwrap();
            assert_eq!(now, day(fall) + 1);
        }
        assert_eq!(cuts.next_fall(facts, now), None);
    }

    #[test]
    fn the_top_tier_begins_at_its_cut_point_and_needs_an_order() {
        let cuts = Cuts {
            top_spend: Some(50.0),
            ..Cuts::default()
        };
        let tier = |orders, net_minor| {
            let facts = Facts {
                last_purchase_ms: None,
                orders,
                net_minor,
            };
            cuts.tier(facts, 100.0)
        };
        assert_eq!(tier(1, 5_000), Tier::Top);
        assert_eq!(tier(1, 4_999), Tier::Base);
        assert_eq!(tier(0, 9_999), Tier::Base);
    }
}
