//! The transforms of model columns.

use holdfast_features::Transform;

/// Small counts are by far the most frequent values, and a table gives the same bits as `libm`.
const TABLE_LEN: usize = 256;

/// No probability is taken to be nearer to 0 or 1.
const LEAST_CHANCE: f64 = 1e-6;

/// ln(1 + x) with the small integers looked up.
#[derive(Clone, Debug)]
pub(crate) struct Logs(Box<[f64; TABLE_LEN]>);

impl Logs {
    pub(crate) fn new() -> Self {
        let mut table = Box::new([0.0; TABLE_LEN]);
        for (i, slot) in table.iter_mut().enumerate() {
            *slot = libm::log1p(i as f64);
        }
        Self(table)
    }

    #[inline]
    fn log1p(&self, x: f64) -> f64 {
        // The cast saturates, so a negative or huge value is not equal to what it was cast to.
        let whole = x as u8;
        if f64::from(whole) == x {
            return self.0[usize::from(whole)];
        }
        libm::log1p(x)
    }

    /// The transformed value. Monotone in `x`, which the bounds of a score rest on. What is below 0
    /// under [`Transform::Log1p`] counts as 0, and what is not above 0 under [`Transform::Log`] as next to nothing.
    #[inline]
    pub(crate) fn apply(&self, transform: Transform, x: f64) -> f64 {
        match transform {
            Transform::Identity => x,
            Transform::Log1p => self.log1p(x.max(0.0)),
            Transform::SignedLog1p if x < 0.0 => -self.log1p(-x),
            Transform::SignedLog1p => self.log1p(x),
            Transform::Log => libm::log(x.max(f64::MIN_POSITIVE)),
            Transform::Logit => {
                let p = x.clamp(LEAST_CHANCE, 1.0 - LEAST_CHANCE);
                libm::log(p / (1.0 - p))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_gives_the_bits_of_libm() {
        let logs = Logs::new();
        for x in [0.0, 1.0, 7.0, 255.0, 256.0, 0.5, 1e9] {
            let expected = libm::log1p(x).to_bits();
            assert_eq!(logs.apply(Transform::Log1p, x).to_bits(), expected, "{x}");
            assert_eq!(
                logs.apply(Transform::SignedLog1p, -x),
                -libm::log1p(x),
                "-{x}"
            );
        }
    }

    #[test]
    fn negative_value_counts_as_none_where_only_counts_are_expected() {
        assert_eq!(Logs::new().apply(Transform::Log1p, -3.0), 0.0);
    }
}
