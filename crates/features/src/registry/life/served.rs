//! Features of what was sold, how the customer was served and what it said.

use super::super::sentence::Sentence;
use super::super::table::{counted, one};
use super::super::{Feature, Kind};
use super::Life;
use crate::registry::Transform::{self, Identity, Log1p};

/// Which formula of `values/served.rs` a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    LinesPerOrder,
    DiscountShare,
    Unresolved,
    Ratings,
    Shortfall,
    Clicks,
    Late,
    PlanChanges,
    FirstContacts,
    FirstRefunds,
    FirstLate,
    FirstShortfall,
}

impl Served {
    /// Whether only events change it, never time.
    pub(super) fn is_timeless(self) -> bool {
        !matches!(self, Self::Clicks | Self::Late | Self::PlanChanges)
    }
}

const fn served(
    names: (&'static str, &'static str),
    origin: (&'static str, &'static str),
    transform: Transform,
    sentence: Sentence,
    served: Served,
) -> Feature {
    one(
        names,
        origin,
        transform,
        sentence,
        Kind::Life(None, Life::Served(served)),
    )
}

macro_rules! decayed {
    ($name:literal, $source:literal, $many:literal, $served:ident) => {
        served(
            (concat!($name, "_decayed_90d"), "events"),
            (
                concat!("sum over ", $many, " of 2^(-days ago / 90)"),
                $source,
            ),
            Log1p,
            Sentence::Number {
                none: concat!("no recent ", $many),
                one: concat!("recent ", $many, " weigh 1 (half-life 90 days)"),
                many: concat!("recent ", $many, " weigh {value} (half-life 90 days)"),
                decimals: 1,
            },
            Served::$served,
        )
    };
}

pub(in crate::registry) const SERVED: [Feature; 12] = [
    served(
        ("order_lines", "products"),
        (
            "decayed number of different goods / decayed purchases, half-life 365 days",
            "purchase (lines, items)",
        ),
        Log1p,
        Sentence::Number {
            none: "goods of purchases are not told",
            one: "1 product per purchase",
            many: "{value} products per purchase",
            decimals: 1,
        },
        Served::LinesPerOrder,
    ),
    served(
        ("discount_share", "ratio"),
        (
            "d / (d + decayed spend), d = decayed discounts, half-life 365 days",
            "purchase (discount, amount)",
        ),
        Identity,
        Sentence::Share {
            none: "pays full prices",
            some: "{value} of prices are taken off as discount",
            all: "everything is taken off as discount",
        },
        Served::DiscountShare,
    ),
    served(
        ("tickets_unresolved", "tickets"),
        (
            "max(0, support contacts - tickets solved), over the whole life",
            "support_contact, support_resolved",
        ),
        Log1p,
        counted(
            "no unresolved tickets",
            "1 unresolved ticket",
            "{value} unresolved tickets",
        ),
        Served::Unresolved,
    ),
    served(
        ("rating_days", "days"),
        (
            "distinct UTC days with a rating",
            "survey_response, review, peer_rating (score)",
        ),
        Log1p,
        counted(
            "no ratings so far",
            "1 day with a rating so far",
            "{value} days with a rating so far",
        ),
        Served::Ratings,
    ),
    served(
        ("rating_shortfall", "ratio"),
        (
            "1 - moving average of score / scale over days with a rating, 0.3 of the newest; without one: 0",
            "survey_response, review, peer_rating (score, scale)",
        ),
        Identity,
        Sentence::Share {
            none: "rates at the top of the scale, or not at all",
            some: "ratings are {value} below the top of the scale",
            all: "rates at the bottom of the scale",
        },
        Served::Shortfall,
    ),
    decayed!(
        "message_clicks",
        "campaign_clicked",
        "clicks in messages",
        Clicks
    ),
    decayed!(
        "late_deliveries",
        "order_delivered (promised_at, late_days)",
        "late deliveries",
        Late
    ),
    decayed!(
        "plan_changes",
        "subscription_change, subscription_pause",
        "changes or pauses of a plan",
        PlanChanges
    ),
    served(
        ("first_order_contacts", "events"),
        (
            "support contacts up to 60 days after the first order's day and before the second's",
            "purchase, support_contact",
        ),
        Log1p,
        counted(
            "first order without a support contact",
            "1 support contact after the first order",
            "{value} support contacts after the first order",
        ),
        Served::FirstContacts,
    ),
    served(
        ("first_order_refunds", "events"),
        (
            "refunds and returns up to 60 days after the first order's day and before the second's",
            "purchase, refund, order_returned",
        ),
        Log1p,
        counted(
            "first order kept",
            "1 refund or return after the first order",
            "{value} refunds or returns after the first order",
        ),
        Served::FirstRefunds,
    ),
    served(
        ("first_order_late", "events"),
        (
            "late deliveries up to 60 days after the first order's day and before the second's",
            "purchase, order_delivered (promised_at, late_days)",
        ),
        Log1p,
        counted(
            "first order not known to be late",
            "first order came late",
            "{value} late deliveries after the first order",
        ),
        Served::FirstLate,
    ),
    served(
        ("first_order_shortfall", "ratio"),
        (
            "1 - least day's mean of score / scale up to 60 days after the first order's day and before the second's",
            "purchase, survey_response, review, peer_rating (score, scale)",
        ),
        Identity,
        Sentence::Share {
            none: "first order rated at the top of the scale, or not at all",
            some: "first order rated {value} below the top of the scale",
            all: "first order rated at the bottom of the scale",
        },
        Served::FirstShortfall,
    ),
];
