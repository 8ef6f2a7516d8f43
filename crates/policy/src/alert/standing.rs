//! What an alert says of the customer beside the score: segment, tier.

use holdfast_lifecycle::{Profile, Segment, Tier};
use serde::Serialize;

/// The customer's standing, as fields of the alert.
#[derive(Serialize)]
pub(super) struct Standing {
    segment: Between,
    value_tier: Tier,
}

/// The segment now, and the one before it.
#[derive(Serialize)]
struct Between {
    from: Option<Segment>,
    to: Option<Segment>,
}

impl Standing {
    pub(super) fn new(profile: &Profile) -> Self {
        Self {
            segment: Between {
                from: profile.segment_before,
                to: profile.segment,
            },
            value_tier: profile.tier,
        }
    }
}
