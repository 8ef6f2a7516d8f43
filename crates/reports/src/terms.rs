//! What figures are made under: periods, alive days, currency, carts.

use crate::calendar::Calendar;
use crate::carts::Abandons;

/// A day, as alive days count it: 24 hours.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// What figures are made under. Partials of the same terms merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The periods.
    pub calendar: Calendar,
    /// A: for how many days of 24 hours a purchase makes a customer.
    pub alive_days: u32,
    /// Decimals of the currency.
    pub exponent: u8,
    /// Where abandoned carts come from.
    pub abandons: Abandons,
}

impl Terms {
    /// A in milliseconds.
    #[must_use]
    pub fn window_ms(&self) -> i64 {
        i64::from(self.alive_days) * DAY_MS
    }
}
