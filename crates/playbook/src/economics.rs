//! Whether a contact pays: the value at stake times the expected change of probability against the cost of the remedy.
//!
//! A remedy may lose on the order and win on the customer (a free second shipment costs more than the order earned), so
//! what is compared with its cost is what the customer is worth over the horizon, not the order.

/// Below this, in major units, a profit counts as none: it is the dust of multiplying fractions.
const DUST: f64 = 1e-9;

/// What is known of the two sides of a contact, money in major units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stakes {
    /// Probability of leaving without the contact, 0 to 1.
    pub probability: f64,
    /// Share of those who would leave and are kept by the contact, 0 to 1.
    pub saved: f64,
    /// What the customer is worth over the horizon if kept.
    pub value: f64,
    /// What one contact costs, the remedy included.
    pub cost: f64,
}

impl Stakes {
    /// What a contact brings on average before its cost: p x saved x value.
    #[must_use]
    pub fn gain(&self) -> f64 {
        self.probability * self.saved * self.value
    }

    /// The expected profit of one contact: p x saved x value - cost.
    ///
    /// ```
    /// use holdfast_playbook::Stakes;
    /// let stakes = Stakes { probability: 0.5, saved: 0.2, value: 40.0, cost: 3.0 };
    /// assert_eq!(stakes.profit(), 1.0);
    /// assert!(stakes.pays());
    /// assert!(!Stakes { cost: 4.0, ..stakes }.pays()); // exactly even: nothing is won
    /// ```
    #[must_use]
    pub fn profit(&self) -> f64 {
        self.gain() - self.cost
    }

    /// Whether the contact is to be made: the gain is greater than the cost, not only equal to it.
    #[must_use]
    pub fn pays(&self) -> bool {
        self.profit() > DUST
    }

    /// The value from which on the contact would pay; none where no value is enough.
    #[must_use]
    pub fn break_even_value(&self) -> Option<f64> {
        let change = self.probability * self.saved;
        (change > 0.0).then(|| self.cost / change)
    }
}

/// Tenths of a cent: what a published amount is rounded to.
pub(crate) fn rounded(amount: f64) -> f64 {
    libm::round(amount * 1000.0) / 1000.0 + 0.0 // no "-0.0"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_pays_just_above_break_even_and_not_at_it() {
        // value x expected change of p against cost
        for (probability, saved, value, cost, pays) in [
            (0.5, 0.2, 40.0, 4.0, false),
            (0.5, 0.2, 40.01, 4.0, true),
            (0.5, 0.2, 39.99, 4.0, false),
            (0.8, 0.1, 50.0, 4.0, false), // 4.000000000000001 in floating point
            (0.8, 0.1, 50.1, 4.0, true),
            (1.0, 1.0, 10.0, 10.0, false),
            (0.9, 0.0, 1e9, 0.01, false), // nobody is kept
            (0.0, 0.5, 1e9, 0.01, false), // nobody would leave
            (0.3, 0.1, 0.0, 0.0, false),  // nothing to win, even for nothing
            (0.3, 0.1, 1.0, 0.0, true),
        ] {
            let stakes = Stakes {
                probability,
                saved,
                value,
                cost,
            };
            assert_eq!(stakes.pays(), pays, "{stakes:?}");
        }
    }

    #[test]
    fn a_remedy_dearer_than_the_order_may_pay() {
        // A second shipment for 30 on an order that earned 12: the customer is worth 400.
        let reship = Stakes {
            probability: 0.6,
            saved: 0.25,
            value: 400.0,
            cost: 30.0,
        };
        assert!((reship.profit() - 30.0).abs() < 1e-9);
        assert!(reship.pays());
    }

    #[test]
    fn the_break_even_value_is_where_profit_is_nil() {
        let stakes = Stakes {
            probability: 0.6,
            saved: 0.25,
            value: 0.0,
            cost: 30.0,
        };
        let value = stakes.break_even_value().unwrap_or(f64::NAN);
        assert!((Stakes { value, ..stakes }.profit()).abs() < 1e-9);
        let hopeless = Stakes {
            saved: 0.0,
            ..stakes
        };
        assert_eq!(hopeless.break_even_value(), None);
    }
}
