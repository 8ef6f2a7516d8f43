//! 2^(-days / half-life), looked up: the same bits as `libm` gives.

use std::sync::LazyLock;

use super::HALF_LIVES;

/// Longer silences are rare enough to be computed.
const KNOWN: usize = 1_024;

static TABLE: LazyLock<Box<[[f64; KNOWN]; HALF_LIVES.len()]>> = LazyLock::new(|| {
    let mut table = Box::new([[0.0; KNOWN]; HALF_LIVES.len()]);
    for (life, row) in table.iter_mut().enumerate() {
        for (days, slot) in row.iter_mut().enumerate() {
            *slot = compute(life, days as f64);
        }
    }
    table
});

fn compute(life: usize, days: f64) -> f64 {
    libm::exp2(-days / HALF_LIVES[life])
}

/// What is left of 1 after so many days, by the place of the half-life. Falls with the days.
pub(crate) fn decay(life: usize, days: u16) -> f64 {
    match TABLE[life].get(usize::from(days)) {
        Some(known) => *known,
        None => compute(life, f64::from(days)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_is_left_after_a_half_life_and_never_more_after_a_day_more() {
        for (life, half) in HALF_LIVES.iter().enumerate() {
            assert_eq!(decay(life, *half as u16), 0.5);
            assert!((0..3_000).all(|days| decay(life, days + 1) <= decay(life, days)));
        }
    }
}
