//! What records and profiles say of a silence.

use serde::{Deserialize, Serialize};

use super::bought::Trend;
use crate::notice::Cause;

/// What a silence was told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Lapsed,
    Dormant,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lapsed => "lapsed",
            Self::Dormant => "dormant",
        }
    }
}

/// A purchase as records tell it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Purchase {
    /// When, ms UTC.
    pub at: i64,
    /// Its amount, major units.
    pub amount: f64,
}

/// How silent a customer is, for a [`Profile`](crate::Profile).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Silences {
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
    pub business_wrote_at: Option<i64>,
    /// Whether the business has not written since the customer's last act.
    pub is_business_quiet: bool,
}

/// `lapsed` or `dormant`.
#[derive(Serialize)]
pub(super) struct Left<'a> {
    pub(super) kind: Kind,
    pub(super) customer_id: &'a str,
    pub(super) as_of: i64,
    pub(super) trigger: Cause<'a>,
    pub(super) last_purchases: &'a [Purchase],
    pub(super) trend: Option<Trend>,
    pub(super) days_silent: f64,
    pub(super) own_gap_days: Option<f64>,
    pub(super) days_since_customer_contact: Option<f64>,
    pub(super) days_since_business_contact: Option<f64>,
    pub(super) business_quiet: bool,
    pub(super) orders: u32,
    pub(super) net_spend: f64,
    pub(super) is_proxy: bool,
    pub(super) proxy_for: &'static str,
}

/// `recovered`.
#[derive(Serialize)]
pub(super) struct Back<'a> {
    pub(super) kind: &'static str,
    pub(super) customer_id: &'a str,
    pub(super) as_of: i64,
    pub(super) trigger: Cause<'a>,
    pub(super) from: Kind,
    pub(super) gone_at: i64,
    pub(super) days_gone: f64,
    pub(super) orders: u32,
    pub(super) net_spend: f64,
}
