//! What an alert has to know of a customer as of an instant.

use crate::part::contact::Contact;
use crate::part::contract::ChurnKind;
use crate::part::service::Served;
use crate::part::silence::{Purchase, Trend};
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
    /// Lapsed since then, ms UTC.
    pub lapsed_at: Option<i64>,
    /// Dormant since then, ms UTC.
    pub dormant_at: Option<i64>,
    /// The own median gap between days with a purchase, from two gaps on.
    pub own_gap_days: Option<f64>,
    /// Whether purchases become rarer, from two gaps on.
    pub trend: Option<Trend>,
    /// The last purchase and one of these gaps, ms UTC.
    pub expected_order_at: Option<i64>,
    /// The last three purchases, newest first.
    pub last_purchases: Vec<Purchase>,
    /// The minute of the business's last message, ms UTC.
    pub written_at: Option<i64>,
    /// Whether the business has not written since the customer's last act.
    pub business_quiet: bool,
    /// Contracts that run or rest.
    pub subscriptions: usize,
    /// The plan of the contract to be renewed next.
    pub plan: Option<String>,
    /// When that is, ms UTC.
    pub renewal_at: Option<i64>,
    /// Whether it is a trial.
    pub in_trial: bool,
    /// Seats of all contracts.
    pub seats: u32,
    /// The last payment that failed since a renewal, ms UTC.
    pub payment_failed_at: Option<i64>,
    /// When a contract, or the account, last came to an end, ms UTC.
    pub churned_at: Option<i64>,
    /// How.
    pub churn_kind: Option<ChurnKind>,
    /// The reason that was stated, up to 64 bytes.
    pub churn_reason: Option<String>,
    /// The first order, ms UTC.
    pub first_order_at: Option<i64>,
    /// When the next birthday begins where the customer is, ms UTC; none for who has left for good.
    pub next_birthday_at: Option<i64>,
    /// When the next anniversary of the first order begins there, ms UTC; none for who has left for good.
    pub next_anniversary_at: Option<i64>,
    /// Points earned and not redeemed; none where there are no points.
    pub points_balance: Option<f64>,
    /// Points earned ever.
    pub points_earned: f64,
    /// Those of them that were earned at partners.
    pub points_at_partners: f64,
    /// How often points were redeemed.
    pub redemptions: u32,
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
            lapsed_at: None,
            dormant_at: None,
            own_gap_days: None,
            trend: None,
            expected_order_at: None,
            last_purchases: Vec::new(),
            written_at: None,
            business_quiet: false,
            subscriptions: 0,
            plan: None,
            renewal_at: None,
            in_trial: false,
            seats: 0,
            payment_failed_at: None,
            churned_at: None,
            churn_kind: None,
            churn_reason: None,
            first_order_at: None,
            next_birthday_at: None,
            next_anniversary_at: None,
            points_balance: None,
            points_earned: 0.0,
            points_at_partners: 0.0,
            redemptions: 0,
        }
    }
}
