//! What a made-up customer is like, for good.

use super::random::Random;

/// What a customer is like.
#[derive(Debug)]
pub(super) struct Nature {
    /// Mean days between purchases, and how regular they are.
    pub(super) gap_days: f64,
    pub(super) shape: u32,
    pub(super) basket_cents: f64,
    pub(super) visits_per_day: f64,
    pub(super) opens: f64,
    pub(super) hour: f64,
    pub(super) load_ms: f64,
    pub(super) only_tries: bool,
}

impl Nature {
    pub(super) fn draw(random: &mut Random) -> Self {
        let regular = random.chance(0.55);
        let (median, shape) = if regular { (11.0, 5) } else { (26.0, 2) };
        let gap_days = random.log_normal(median, 0.45).clamp(3.0, 90.0);
        Self {
            gap_days,
            shape,
            basket_cents: random.log_normal(4200.0, 0.6),
            visits_per_day: random.log_normal(0.22, 0.6).clamp(0.02, 2.0),
            opens: random.between(0.05, 0.7),
            hour: random.between(8.0, 20.0),
            load_ms: random.log_normal(800.0, 0.3),
            only_tries: random.chance(0.12),
        }
    }
}
