//! What an alert has to know of a customer as of an instant.

use crate::segment::{Scores, Segment, Tier};

/// A customer's standing. Each part fills in what it knows; what nobody knows is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The segment that was told last.
    pub segment: Option<Segment>,
    /// The one before it.
    pub segment_before: Option<Segment>,
    /// Scores of recency, frequency and monetary value at the instant.
    pub scores: Option<Scores>,
    /// Top fifth by net spend, or not.
    pub tier: Tier,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            segment: None,
            segment_before: None,
            scores: None,
            tier: Tier::Base,
        }
    }
}
