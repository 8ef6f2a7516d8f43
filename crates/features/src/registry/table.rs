//! The list itself: fifteen families over three windows, then the features that stand alone.

use super::Transform::{Identity, Log1p, SignedLog1p};
use super::{Feature, Kind, Transform, Trend, Window};
use crate::words::Field;

macro_rules! kind {
    (Count $field:ident, $window:ident) => {
        Kind::Count(Field::$field, Window::$window)
    };
    ($kind:ident, $window:ident) => {
        Kind::$kind(Window::$window)
    };
}

macro_rules! over {
    ($days:literal, $window:ident, $name:literal, $unit:literal, $what:literal, $source:literal,
     $($kind:ident)+) => {
        Feature {
            name: concat!($name, "_", $days, "d"),
            unit: $unit,
            formula: concat!($what, ", sum over the ", $days, " UTC days that end with today"),
            source: $source,
            transform: Log1p,
            sentence: concat!("{value} ", $what, " in the last ", $days, " days"),
            decimals: 0,
            kind: kind!($($kind)+, $window),
        }
    };
}

/// One feature over all three windows.
macro_rules! family {
    ($($kind:ident)+, $name:literal, $unit:literal, $what:literal, $source:literal) => {
        [
            over!("7", Days7, $name, $unit, $what, $source, $($kind)+),
            over!("30", Days30, $name, $unit, $what, $source, $($kind)+),
            over!("90", Days90, $name, $unit, $what, $source, $($kind)+),
        ]
    };
}

const FAMILIES: [[Feature; 3]; 15] = [
    family!(Purchases, "purchases", "purchases", "purchases", "purchase"),
    family!(
        PurchaseDays,
        "purchase_days",
        "days",
        "days with a purchase",
        "purchase"
    ),
    family!(
        Spend,
        "spend",
        "currency",
        "spent on purchases",
        "purchase (amount)"
    ),
    family!(Count SupportContacts, "support_contacts", "events", "support contacts", "support_contact"),
    family!(
        Count CartAbandons, "cart_abandons", "events", "abandoned carts",
        "cart_abandon; or cart_add, checkout_start, checkout_step and no purchase, by timer"
    ),
    family!(
        Count PageViews, "page_views", "events", "page views",
        "page_view, product_view, search, cart_view"
    ),
    family!(Count CartAdds, "cart_adds", "events", "items put into the cart", "cart_add"),
    family!(Count Checkouts, "checkouts", "events", "checkouts begun", "checkout_start"),
    family!(
        Count EmailOpens, "email_opens", "events", "e-mails opened",
        "email_open, campaign_opened on channel email"
    ),
    family!(Count Sessions, "sessions", "events", "visits", "login, session_start"),
    family!(
        Count Uses, "uses", "events", "uses of the product",
        "feature_use, watch, check_in, webinar, report_seen, integration_connected, activate"
    ),
    family!(
        Count Engagements, "engagements", "events", "signs of engagement",
        "review, survey_response, comment, share, mention, poll_vote, contest_entry, publish, \
         referral, peer_rating, wishlist_add, campaign_opened, campaign_clicked"
    ),
    family!(Count Refunds, "refunds", "events", "refunds", "refund"),
    family!(
        Count PaymentFailures, "payment_failures", "events", "failed payments", "payment_failed"
    ),
    family!(
        Activity,
        "activity",
        "events",
        "actions of any kind",
        "all that the customer did, but refunds and abandoned carts"
    ),
];

/// A feature that stands alone: (name, unit), (formula, source), transform, (sentence, decimals).
const fn one(
    (name, unit): (&'static str, &'static str),
    (formula, source): (&'static str, &'static str),
    transform: Transform,
    (sentence, decimals): (&'static str, u8),
    kind: Kind,
) -> Feature {
    Feature {
        name,
        unit,
        formula,
        source,
        transform,
        sentence,
        decimals,
        kind,
    }
}

const TIMES: [Feature; 4] = [
    one(
        ("days_since_last_event", "days"),
        (
            "max(0, now - last act) in days; without an act: tenure_days",
            "all that the customer did",
        ),
        Log1p,
        ("last seen {value} days ago", 1),
        Kind::SinceEvent,
    ),
    one(
        ("days_since_last_purchase", "days"),
        (
            "max(0, now - last purchase) in days; without a purchase: tenure_days",
            "purchase",
        ),
        Log1p,
        ("last purchase {value} days ago", 1),
        Kind::SincePurchase,
    ),
    one(
        ("tenure_days", "days"),
        ("max(0, now - first event) in days", "all events"),
        Log1p,
        ("customer for {value} days", 0),
        Kind::Tenure,
    ),
    one(
        ("days_since_first_purchase", "days"),
        (
            "UTC days from the day of the first purchase to today; without a purchase: 0",
            "purchase",
        ),
        Log1p,
        ("first purchase {value} days ago", 0),
        Kind::SinceFirstPurchase,
    ),
];

const TOTALS: [Feature; 7] = [
    one(
        ("purchases_total", "purchases"),
        ("purchases ever", "purchase"),
        Log1p,
        ("{value} purchases so far", 0),
        Kind::PurchasesTotal,
    ),
    one(
        ("purchase_days_total", "days"),
        ("distinct UTC days with a purchase", "purchase"),
        Log1p,
        ("purchases on {value} different days so far", 0),
        Kind::PurchaseDaysTotal,
    ),
    one(
        ("purchase_days_per_30d", "days"),
        (
            "30 * purchase_days_total / max(30, tenure_days)",
            "purchase",
        ),
        Log1p,
        (
            "{value} days with a purchase per month, over the whole life",
            2,
        ),
        Kind::PurchaseRate,
    ),
    one(
        ("days_per_purchase_day", "days"),
        (
            "(tenure_days + 30) / (purchase_days_total + 1)",
            "purchase, all events",
        ),
        Log1p,
        (
            "one day with a purchase in {value} days, over the whole life",
            1,
        ),
        Kind::DaysPerPurchaseDay,
    ),
    one(
        ("spend_total", "currency"),
        ("sum of purchase amounts ever", "purchase (amount)"),
        Log1p,
        ("{value} spent so far", 0),
        Kind::SpendTotal,
    ),
    one(
        ("mean_order_value", "currency"),
        (
            "spend_total / purchases_total; without a purchase: 0",
            "purchase (amount)",
        ),
        Log1p,
        ("{value} spent per purchase", 2),
        Kind::MeanOrder,
    ),
    one(
        ("refund_share", "ratio"),
        (
            "min(1, refunded / spent) over the whole life",
            "refund, purchase (amount)",
        ),
        Identity,
        ("{value} of what was spent was refunded", 2),
        Kind::RefundShare,
    ),
];

const RHYTHM: [Feature; 5] = [
    one(
        ("gap_mean_days", "days"),
        (
            "mean of the gaps between distinct purchase days; under two of them: 0",
            "purchase",
        ),
        Log1p,
        ("buys every {value} days", 1),
        Kind::GapMean,
    ),
    one(
        ("gap_sd_days", "days"),
        (
            "population standard deviation of the same gaps; under two purchase days: 0",
            "purchase",
        ),
        Log1p,
        ("gaps between purchases vary by {value} days", 1),
        Kind::GapSd,
    ),
    one(
        ("usual_gap_days", "days"),
        (
            "(sum of the gaps between distinct purchase days + 60) / (gaps + 2)",
            "purchase",
        ),
        Log1p,
        ("usually {value} days between purchases", 1),
        Kind::UsualGap,
    ),
    one(
        ("recency_over_gap", "ratio"),
        (
            "days_since_last_purchase / usual gap; usual gap = (sum of gaps + 60) / (gaps + 2)",
            "purchase",
        ),
        Log1p,
        ("waiting {value} times the customer's usual gap", 1),
        Kind::RecencyOverGap,
    ),
    one(
        ("gap_z", "ratio"),
        (
            "(days_since_last_purchase - usual gap) / usual spread; usual spread = sqrt((sum of \
             squared deviations of the gaps + 1800) / (gaps + 2))",
            "purchase",
        ),
        SignedLog1p,
        (
            "silence is {value} standard deviations from the customer's usual gap",
            1,
        ),
        Kind::GapZ,
    ),
];

macro_rules! trend {
    ($name:literal, $kind:ident, $what:literal, $unit:literal, $source:literal,
     $short:literal, $long:literal, $trend:ident) => {
        one(
            (concat!($name, "_trend_", $short, "_", $long), "ratio"),
            (
                concat!(
                    "(",
                    $what,
                    "_",
                    $short,
                    "d + s) * r / (",
                    $what,
                    "_",
                    $long,
                    "d + s * r), r = ",
                    $long,
                    " / ",
                    $short,
                    ", s = ",
                    $unit
                ),
                $source,
            ),
            Log1p,
            (
                concat!(
                    $what,
                    " in the last ",
                    $short,
                    " days run at {value} times the pace of the last ",
                    $long
                ),
                2,
            ),
            Kind::$kind(Trend::$trend),
        )
    };
}

/// One trend over both pairs of windows.
macro_rules! trends {
    ($name:literal, $kind:ident, $what:literal, $unit:literal, $source:literal) => {
        [
            trend!($name, $kind, $what, $unit, $source, "7", "30", From7To30),
            trend!($name, $kind, $what, $unit, $source, "30", "90", From30To90),
        ]
    };
}

const TRENDS: [[Feature; 2]; 3] = [
    trends!("purchase", PurchaseTrend, "purchases", "1", "purchase"),
    trends!(
        "activity",
        ActivityTrend,
        "activity",
        "1",
        "as activity_30d"
    ),
    trends!(
        "spend",
        SpendTrend,
        "spend",
        "mean_order_value, or 1 where that is 0",
        "purchase (amount)"
    ),
];

const COUNT: usize =
    FAMILIES.len() * 3 + TIMES.len() + TOTALS.len() + RHYTHM.len() + TRENDS.len() * 2;

/// Times first, then totals, rhythm, trends and the windowed families.
pub(super) static FEATURES: &[Feature] = &{
    let mut all = [TIMES[0]; COUNT];
    let singles: [&[Feature]; 4] = [&TIMES, &TOTALS, &RHYTHM, TRENDS.as_flattened()];
    let (mut next, mut list) = (0, 0);
    while list < singles.len() {
        let mut at = 0;
        while at < singles[list].len() {
            all[next] = singles[list][at];
            (next, at) = (next + 1, at + 1);
        }
        list += 1;
    }
    let mut at = 0;
    while at < FAMILIES.len() * 3 {
        all[next] = FAMILIES[at / 3][at % 3];
        (next, at) = (next + 1, at + 1);
    }
    all
};
