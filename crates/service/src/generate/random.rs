//! Draws from a seeded ChaCha stream. Written out over libm rather than taken from a crate of distributions: those
//! call the system's mathematics, whose last bits differ between machines.

use rand::RngCore;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

#[derive(Debug, Clone)]
pub(super) struct Random(ChaCha8Rng);

impl Random {
    /// The stream of one customer.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Uniform in (0, 1): 53 bits, never an end.
    pub(super) fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "52 bits fit")]
        let bits = (self.0.next_u64() >> 12) as f64;
        (bits + 0.5) / 4_503_599_627_370_496.0
    }

    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    pub(super) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    /// A whole number in `from..=to`.
    pub(super) fn whole(&mut self, from: u32, to: u32) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within from..=to"
        )]
        let step = libm::floor(self.unit() * f64::from(to - from + 1)) as u32;
        from + step
    }

    /// Standard normal, by Box and Muller.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.unit()));
        radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }

    /// Log-normal with this median and this standard deviation of the logarithm.
    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// Gamma with a whole shape (a sum of exponentials) and this mean.
    pub(super) fn erlang(&mut self, shape: u32, mean: f64) -> f64 {
        let sum: f64 = (0..shape).map(|_| -libm::log(self.unit())).sum();
        sum * mean / f64::from(shape)
    }

    /// Poisson by multiplication; meant for small means.
    pub(super) fn poisson(&mut self, mean: f64) -> u32 {
        let limit = libm::exp(-mean);
        let mut product = self.unit();
        let mut count = 0;
        while product > limit && count < 1000 {
            product *= self.unit();
            count += 1;
        }
        count
    }
}
