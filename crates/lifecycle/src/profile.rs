//! What an alert has to know of a customer as of an instant.

use crate::part::activation::FirstUse;
use crate::part::contact::Contact;
use crate::part::contract::Standing;
use crate::part::feedback::Feedback;
use crate::part::orders::Orders;
use crate::part::rewards::Earned;
use crate::part::service::Served;
use crate::part::silence::Silences;
use crate::part::tastes::Tastes;
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
    /// Value of the open cart, minor units.
    pub cart_open_value: Option<i64>,
    /// Value of a cart that was left a short while ago and has not come back, minor units.
    pub cart_left_value: Option<i64>,
    /// Carts left so far.
    pub carts_abandoned: u32,
    /// When, by what and how often to write.
    pub contact: Contact,
    /// Tickets and answers.
    pub service: Served,
    /// Lapses, dormancy, rhythm.
    pub silence: Silences,
    /// Subscriptions and how they ended.
    pub contract: Standing,
    /// Days to celebrate, points.
    pub rewards: Earned,
    /// The last orders and what followed them.
    pub orders: Orders,
    /// What it says.
    pub feedback: Feedback,
    /// How the customer came to first value.
    pub activation: FirstUse,
    /// What it is after, and where it belongs.
    pub tastes: Tastes,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            segment: None,
            segment_before: None,
            scores: None,
            tier: Tier::Base,
            cart_open_value: None,
            cart_left_value: None,
            carts_abandoned: 0,
            contact: Contact::default(),
            service: Served::default(),
            silence: Silences::default(),
            contract: Standing::default(),
            rewards: Earned::default(),
            orders: Orders::default(),
            feedback: Feedback::default(),
            activation: FirstUse::default(),
            tastes: Tastes::default(),
        }
    }
}
