//! The control group: customers who are scored and decided on, and not alerted, so that the effect of alerts can be seen.
//!
//! An arm is a function of salt, tenant and customer: the same in every replay and on any number of partitions. Another
//! salt draws another group.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Which group a customer is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// Alerted.
    Treat,
    /// Left alone.
    Control,
}

/// How the group is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Share of customers, 0 to 1.
    pub share: f64,
    /// Draws another group when it changes.
    pub salt: String,
}

impl Default for Control {
    /// Nobody is left alone.
    fn default() -> Self {
        Self {
            share: 0.0,
            salt: "holdfast".to_owned(),
        }
    }
}

impl Control {
    /// The customer's arm: control where the first 64 bits of the SHA-256 of the compact JSON array `[salt, tenant,
    /// customer]`, as a fraction of 2^64, are below the share.
    #[must_use]
    pub fn arm(&self, tenant: &str, customer: &str) -> Arm {
        if self.share <= 0.0 {
            return Arm::Treat;
        }
        // Strings: this cannot fail.
        let array = serde_json::to_string(&(&self.salt, tenant, customer)).unwrap_or_default();
        let digest = Sha256::digest(array.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        let fraction = u64::from_be_bytes(first) as f64 / 2f64.powi(64);
        if fraction < self.share {
            Arm::Control
        } else {
            Arm::Treat
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(control: &Control, of: u32) -> Vec<u32> {
        let is_control = |n: &u32| control.arm("shop", &format!("c{n}")) == Arm::Control;
        (0..of).filter(is_control).collect()
    }

    #[test]
    fn the_share_is_drawn_and_a_greater_one_holds_the_smaller() {
        let with = |share| Control {
            share,
            ..Control::default()
        };
        let (tenth, fifth) = (drawn(&with(0.1), 20_000), drawn(&with(0.2), 20_000));
        // Four standard deviations of a binomial.
        assert!((1_830..=2_170).contains(&tenth.len()), "{}", tenth.len());
        assert!((3_774..=4_226).contains(&fifth.len()), "{}", fifth.len());
        assert!(tenth.iter().all(|n| fifth.contains(n)));
        assert!(drawn(&with(0.0), 1_000).is_empty());
        assert_eq!(drawn(&with(1.0), 1_000).len(), 1_000);
    }

    #[test]
    fn another_salt_or_tenant_draws_another_group() {
        let half = |salt: &str| Control {
            share: 0.5,
            salt: salt.to_owned(),
        };
        assert_ne!(drawn(&half("a"), 100), drawn(&half("b"), 100));
        let (one, other) = (half("a").arm("x", "c1"), half("a").arm("x", "c1"));
        assert_eq!(one, other);
        let differs = |n: u32| {
            let id = format!("c{n}");
            half("a").arm("x", &id) != half("a").arm("y", &id)
        };
        assert!((0..100).any(differs));
    }
}
