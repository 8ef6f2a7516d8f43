//! Shares, medians and money, from integer counts.

/// `part` of `whole` in percent; none without a base.
pub(crate) fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

/// The same of amounts; none where the base is not above 0.
pub(crate) fn percent_of_money(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

/// The middle of the values, the mean of the two in the middle where their number is even; none of none.
pub(crate) fn median(values: &[i64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let (low, high) = (sorted.len().checked_sub(1)? / 2, sorted.len() / 2);
    Some((sorted[low] as f64 + sorted[high] as f64) / 2.0)
}

/// Minor units as major ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Money {
    unit: f64,
}

impl Money {
    pub(crate) fn new(exponent: u8) -> Self {
        Self {
            unit: libm::pow(10.0, f64::from(exponent)),
        }
    }

    pub(crate) fn major(self, minor: i64) -> f64 {
        minor as f64 / self.unit
    }

    /// A sum over so many, in major units; none of none.
    pub(crate) fn mean(self, minor: i64, n: u64) -> Option<f64> {
        (n > 0).then(|| self.major(minor) / n as f64)
    }
}

/// Adds a count to a list that grows as far as needed.
pub(crate) fn add_at(counts: &mut Vec<u64>, at: usize, n: u64) {
    if counts.len() <= at {
        counts.resize(at + 1, 0);
    }
    counts[at] += n;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle_or_between_the_two_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[5]), Some(5.0));
        assert_eq!(median(&[9, 1, 4]), Some(4.0));
        assert_eq!(median(&[9, 1, 4, 6]), Some(5.0));
    }

    #[test]
    fn share_without_a_base_is_none() {
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(900, 2000), Some(45.0));
        assert_eq!(percent_of_money(5, -1), None);
        assert_eq!(Money::new(0).major(7), 7.0);
        assert_eq!(Money::new(2).mean(1_000, 4), Some(2.5));
    }
}
