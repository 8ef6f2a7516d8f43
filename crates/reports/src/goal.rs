//! Whether a retention goal is within reach of where a shop stands.
//!
//! Next period's goal may not exceed the share that is kept now by more than a fraction of what is lost now, because
//! each further point is harder to win:
//!
//! ceiling = high + reach(goods) x (100 - high), and at most factor(goods) x high
//!
//! where `high` is the upper end of the 95 % Wilson interval of the base rate, so a small base, which says little,
//! allows more than a large one. Goods that are used up bring buyers back by themselves; gifts and ever different
//! products do not.
//!
//! | goods | reach | factor |
//! | --- | --- | --- |
//! | consumables | 0.35 | 2.5 |
//! | mixed | 0.25 | 2.0 |
//! | durables (different products) | 0.15 | 1.5 |
//! | gifts | 0.10 | 1.5 |

use serde::Serialize;

/// What a shop sells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goods {
    /// Used up and bought again.
    Consumables,
    /// Kept for long, each time another one.
    Durables,
    /// Bought for others, now and then.
    Gifts,
    /// Some of all.
    #[default]
    Mixed,
}

impl Goods {
    fn reach_and_factor(self) -> (f64, f64) {
        match self {
            Self::Consumables => (0.35, 2.5),
            Self::Mixed => (0.25, 2.0),
            Self::Durables => (0.15, 1.5),
            Self::Gifts => (0.10, 1.5),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Consumables => "consumables",
            Self::Durables => "durables",
            Self::Gifts => "gifts",
            Self::Mixed => "mixed goods",
        }
    }
}

/// What became of the check of a goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Goal {
    /// The retention rate that is wanted, in percent.
    pub goal_crr: f64,
    /// What is sold.
    pub goods: Goods,
    /// Customers at the start of the base period.
    pub base_customers: u64,
    /// The retention rate of the base period, in percent; none without customers.
    pub base_crr: Option<f64>,
    /// Its 95 % interval (Wilson 1927).
    pub base_interval: Option<(f64, f64)>,
    /// The highest goal that is let pass.
    pub ceiling: Option<f64>,
    /// Whether the goal is let pass.
    pub allowed: bool,
    /// Why, in a sentence.
    pub says: String,
}

/// Checks a goal against a base: so many customers at the start of a period, of whom so many stayed.
#[must_use]
pub fn check(goal_crr: f64, goods: Goods, (stayed, customers): (u64, u64)) -> Goal {
    let mut goal = Goal {
        goal_crr,
        goods,
        base_customers: customers,
        base_crr: None,
        base_interval: None,
        ceiling: None,
        allowed: false,
        says: "there is no base: no customer at the start of a whole period".to_owned(),
    };
    if customers == 0 {
        return goal;
    }
    let base = 100.0 * stayed as f64 / customers as f64;
    let (low, high) = wilson(stayed as f64, customers as f64);
    let (reach, factor) = goods.reach_and_factor();
    // However little a small base says, a goal of several times it is none.
    let most = (factor * high).min((factor + 1.0) * base.max(1.0));
    let ceiling = (high + reach * (100.0 - high)).min(most).max(base);
    goal.base_crr = Some(base);
    goal.base_interval = Some((low, high));
    goal.ceiling = Some(ceiling);
    goal.allowed = goal_crr <= ceiling;
    let verdict = if goal_crr <= base {
        "is already reached"
    } else if goal.allowed {
        "is within reach"
    } else {
        "is out of reach"
    };
    goal.says = format!(
        "a goal of {goal_crr:.1} % {verdict}: now {base:.1} % of {customers} customers stay ({low:.1} to {high:.1} %), and \
         with {} up to {ceiling:.1} % is a goal for the next period",
        goods.words()
    );
    goal
}

/// The 95 % interval of a share, in percent.
fn wilson(part: f64, whole: f64) -> (f64, f64) {
    let z = 1.959_964_f64;
    let share = part / whole;
    let spread = libm::sqrt(share * (1.0 - share) / whole + z * z / (4.0 * whole * whole));
    let (centre, scale) = (share + z * z / (2.0 * whole), 1.0 + z * z / whole);
    let ends = [centre - z * spread, centre + z * spread].map(|end| 100.0 * end / scale);
    (ends[0].max(0.0), ends[1].min(100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Goods; 4] = [
        Goods::Consumables,
        Goods::Mixed,
        Goods::Durables,
        Goods::Gifts,
    ];

    #[test]
    fn fifty_from_ten_percent_is_refused_whatever_is_sold() {
        for goods in ALL {
            assert!(
                !check(50.0, goods, (1, 10)).allowed,
                "{goods:?}, a small base"
            );
            let goal = check(50.0, goods, (100, 1_000));
            assert!(!goal.allowed, "{goal:?}");
            assert!(goal.says.contains("out of reach"), "{}", goal.says);
        }
    }

    #[test]
    fn consumables_may_aim_higher_than_different_products_and_these_than_gifts() {
        for base in [
            (30_u64, 1_000_u64),
            (100, 1_000),
            (600, 1_000),
            (950, 1_000),
        ] {
            let ceilings = ALL.map(|goods| check(0.0, goods, base).ceiling);
            assert!(ceilings.windows(2).all(|w| w[0] >= w[1]), "{ceilings:?}");
            assert!(ceilings[0] > ceilings[3]);
        }
        let between = |goods| check(70.0, goods, (600, 1_000)).allowed;
        assert!(between(Goods::Consumables) && !between(Goods::Gifts));
    }

    #[test]
    fn small_base_says_less_and_allows_more_than_a_large_one() {
        let (small, large) = (
            check(0.0, Goods::Mixed, (2, 20)),
            check(0.0, Goods::Mixed, (2_000, 20_000)),
        );
        assert!(small.ceiling > large.ceiling);
    }

    #[test]
    fn goal_that_is_reached_passes_and_no_base_lets_none_pass() {
        assert!(check(40.0, Goods::Gifts, (50, 100)).allowed);
        let none = check(40.0, Goods::Gifts, (0, 0));
        assert!(!none.allowed && none.base_crr.is_none());
    }
}
