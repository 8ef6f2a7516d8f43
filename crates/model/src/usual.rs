//! When customers of the log act most.

use serde::{Deserialize, Serialize};

/// An hour of the week on the business's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsualHour {
    /// 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
}

impl UsualHour {
    pub(crate) fn faults(self, faults: &mut Vec<String>) {
        if !(1..=7).contains(&self.weekday) || self.hour > 23 {
            faults.push(
                "usual_hour must be a weekday from 1 to 7 and an hour from 0 to 23".to_owned(),
            );
        }
    }
}
