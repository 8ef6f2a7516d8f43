//! What records and profiles say of rewards.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::calendar::date_at;
use crate::notice::{Cause, Topic};
use crate::part::{Out, Whom};
use crate::segment::Tier;

/// What a customer has earned, for a [`Profile`](crate::Profile).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Earned {
    /// The first order, ms UTC.
    pub first_order_at: Option<i64>,
    /// When the birthday of today, or the next one, begins where the customer is, ms UTC; none for who has left for good.
    pub next_birthday_at: Option<i64>,
    /// When the anniversary of the first order of today, or the next one, begins there, ms UTC; none for who has left for good.
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

/// What is due beside the day.
#[derive(Debug, Default, Serialize)]
pub(super) struct Terms<'a> {
    pub(super) reward: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) years: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tier: Option<Tier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) points: Option<f64>,
    /// Of the points so far, those that were earned at partners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) points_at_partners: Option<f64>,
    /// How often points were redeemed so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) redemptions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order_id: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Due<'a> {
    pub(super) kind: &'static str,
    pub(super) customer_id: &'a str,
    pub(super) as_of: i64,
    pub(super) trigger: Cause<'a>,
    #[serde(flatten)]
    pub(super) terms: &'a Terms<'a>,
    pub(super) due_at: i64,
    pub(super) local_date: String,
    pub(super) time_zone: &'a str,
}

/// When it is told, when it was due, and why.
pub(super) struct When<'a> {
    pub(super) at: i64,
    pub(super) due_at: i64,
    pub(super) trigger: Cause<'a>,
}

/// Sends a record.
pub(super) fn tell(
    whom: &Whom<'_>,
    zone: &TimeZone,
    when: &When<'_>,
    terms: &Terms<'_>,
    out: &mut Out<'_>,
) {
    let value = Due {
        kind: "reward_due",
        customer_id: whom.id(),
        as_of: when.at,
        trigger: when.trigger,
        terms,
        due_at: when.due_at,
        local_date: date_at(when.due_at, zone).to_string(),
        time_zone: zone.iana_name().unwrap_or("UTC"),
    };
    out.send((Topic::Lifecycle, value.kind), whom, when.at, &value);
}
