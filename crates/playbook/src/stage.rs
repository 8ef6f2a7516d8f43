//! How far a business has come, and with it how much of its effort goes into keeping customers.
//!
//! | stage | acquisition | retention |
//! | --- | --- | --- |
//! | launch | 90 | 10 |
//! | traction | 75 | 25 |
//! | growth | 65 | 35 |
//! | mature | 50 | 50 |
//! | saturated | 40 | 60 |
//!
//! The shares are the usual rule of thumb of retention marketing, not a finding; a deployment says which one is its own.

/// A stage in the life of a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Few have bought at all.
    Launch,
    /// Customers come, and some come again.
    Traction,
    /// Customers come again without being asked to.
    Growth,
    /// Most who would buy have bought.
    Mature,
    /// New customers are dearer than kept ones.
    Saturated,
}

impl Stage {
    /// Every stage, the earliest first.
    pub const ALL: [Self; 5] = [
        Self::Launch,
        Self::Traction,
        Self::Growth,
        Self::Mature,
        Self::Saturated,
    ];

    /// The word in rule tables and configurations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::Traction => "traction",
            Self::Growth => "growth",
            Self::Mature => "mature",
            Self::Saturated => "saturated",
        }
    }

    /// The stage of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// Percent of the effort that goes into winning customers.
    #[must_use]
    pub fn acquisition_percent(self) -> u32 {
        100 - self.retention_percent()
    }

    /// Percent of the effort that goes into keeping customers.
    #[must_use]
    pub fn retention_percent(self) -> u32 {
        match self {
            Self::Launch => 10,
            Self::Traction => 25,
            Self::Growth => 35,
            Self::Mature => 50,
            Self::Saturated => 60,
        }
    }

    /// [`Self::retention_percent`] as a share, 0 to 1.
    #[must_use]
    pub fn retention_share(self) -> f64 {
        f64::from(self.retention_percent()) / 100.0
    }

    /// How many customers may be contacted a day to keep them: floor(`daily_contact_budget` x share), in whole numbers,
    /// so that no rounding error ever adds or takes one.
    ///
    /// ```
    /// use holdfast_playbook::Stage;
    /// assert_eq!(Stage::Growth.capacity(200), 70);
    /// assert_eq!(Stage::Launch.capacity(19), 1);
    /// ```
    #[must_use]
    pub fn capacity(self, daily_contact_budget: u64) -> u64 {
        let scaled = u128::from(daily_contact_budget) * u128::from(self.retention_percent()) / 100;
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_table_and_sum_to_100() {
        let shares = Stage::ALL.map(|s| (s.acquisition_percent(), s.retention_percent()));
        assert_eq!(shares, [(90, 10), (75, 25), (65, 35), (50, 50), (40, 60)]);
        assert!(shares.iter().all(|(a, r)| a + r == 100));
    }

    #[test]
    fn capacity_never_exceeds_its_share_of_the_budget() {
        for stage in Stage::ALL {
            for budget in (0..=1_000).chain([u64::MAX / 3, u64::MAX]) {
                let capacity = u128::from(stage.capacity(budget));
                let share = u128::from(budget) * u128::from(stage.retention_percent());
                assert!(capacity * 100 <= share, "{stage:?} {budget}");
                assert!((capacity + 1) * 100 > share, "{stage:?} {budget}");
            }
        }
    }

    #[test]
    fn every_stage_is_found_by_its_name() {
        for stage in Stage::ALL {
            assert_eq!(Stage::from_name(stage.name()), Some(stage));
        }
        assert_eq!(Stage::from_name("Launch"), None);
    }
}
