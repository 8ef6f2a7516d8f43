//! The list itself: the features that stand alone, then the families over windows.

use super::Transform::{Identity, Log1p, SignedLog1p};
use super::families::FAMILIES;
use super::life;
use super::sentence::Sentence;
use super::{Feature, Kind, Transform, Trend};

/// The sentence of what is counted in whole numbers.
pub(super) const fn counted(none: &'static str, one: &'static str, many: &'static str) -> Sentence {
    Sentence::Number {
        none,
        one,
        many,
        decimals: 0,
    }
}

/// A feature that stands alone: (name, unit), (formula, source), transform, sentence.
pub(super) const fn one(
    (name, unit): (&'static str, &'static str),
    (formula, source): (&'static str, &'static str),
    transform: Transform,
    sentence: Sentence,
    kind: Kind,
) -> Feature {
    Feature {
        name,
        unit,
        formula,
        source,
        transform,
        sentence,
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
        Sentence::Span {
            recent: "last seen less than an hour ago",
            some: "last seen {value} ago",
        },
        Kind::SinceEvent,
    ),
    one(
        ("days_since_last_purchase", "days"),
        (
            "max(0, now - last purchase) in days; without a purchase: tenure_days",
            "purchase",
        ),
        Log1p,
        Sentence::Span {
            recent: "bought less than an hour ago, or is new",
            some: "no purchase for {value}",
        },
        Kind::SincePurchase,
    ),
    one(
        ("tenure_days", "days"),
        ("max(0, now - first event) in days", "all events"),
        Log1p,
        Sentence::Span {
            recent: "customer for less than an hour",
            some: "customer for {value}",
        },
        Kind::Tenure,
    ),
    one(
        ("days_since_first_purchase", "days"),
        (
            "UTC days from the day of the first purchase to today; without a purchase: 0",
            "purchase",
        ),
        Log1p,
        counted(
            "first purchase today, or none yet",
            "first purchase yesterday",
            "first purchase {value} days ago",
        ),
        Kind::SinceFirstPurchase,
    ),
];

const TOTALS: [Feature; 7] = [
    one(
        ("purchases_total", "purchases"),
        ("purchases ever", "purchase"),
        Log1p,
        counted(
            "no purchases so far",
            "1 purchase so far",
            "{value} purchases so far",
        ),
        Kind::PurchasesTotal,
    ),
    one(
        ("purchase_days_total", "days"),
        ("distinct UTC days with a purchase", "purchase"),
        Log1p,
        counted(
            "no days with a purchase so far",
            "1 day with a purchase so far",
            "{value} days with a purchase so far",
        ),
        Kind::PurchaseDaysTotal,
    ),
    one(
        ("purchase_days_per_30d", "days"),
        (
            "30 * purchase_days_total / max(30, tenure_days)",
            "purchase",
        ),
        Log1p,
        Sentence::Number {
            none: "no days with a purchase so far",
            one: "1 day with a purchase per month, over the whole life",
            many: "{value} days with a purchase per month, over the whole life",
            decimals: 2,
        },
        Kind::PurchaseRate,
    ),
    one(
        ("days_per_purchase_day", "days"),
        (
            "(tenure_days + 30) / (purchase_days_total + 1)",
            "purchase, all events",
        ),
        Log1p,
        Sentence::Number {
            none: "a purchase every day, over the whole life",
            one: "a purchase every day, over the whole life",
            many: "one day with a purchase in {value} days, over the whole life",
            decimals: 1,
        },
        Kind::DaysPerPurchaseDay,
    ),
    one(
        ("spend_total", "currency"),
        ("sum of purchase amounts ever", "purchase (amount)"),
        Log1p,
        Sentence::Money {
            none: "nothing spent so far",
            some: "{value} spent so far",
        },
        Kind::SpendTotal,
    ),
    one(
        ("mean_order_value", "currency"),
        (
            "spend_total / purchases_total; without a purchase: 0",
            "purchase (amount)",
        ),
        Log1p,
        Sentence::Money {
            none: "nothing spent per purchase",
            some: "{value} spent per purchase",
        },
        Kind::MeanOrder,
    ),
    one(
        ("refund_share", "ratio"),
        (
            "min(1, refunded / spent) over the whole life",
            "refund, purchase (amount)",
        ),
        Identity,
        Sentence::Share {
            none: "nothing was refunded",
            some: "{value} of what was spent was refunded",
            all: "all that was spent was refunded",
        },
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
        Sentence::Number {
            none: "has not bought on a second day yet",
            one: "buys every day",
            many: "buys every {value} days",
            decimals: 1,
        },
        Kind::GapMean,
    ),
    one(
        ("gap_sd_days", "days"),
        (
            "population standard deviation of the same gaps; under two purchase days: 0",
            "purchase",
        ),
        Log1p,
        Sentence::Number {
            none: "gaps between purchases have not varied",
            one: "gaps between purchases vary by 1 day",
            many: "gaps between purchases vary by {value} days",
            decimals: 1,
        },
        Kind::GapSd,
    ),
    one(
        ("usual_gap_days", "days"),
        (
            "(sum of the gaps between distinct purchase days + 60) / (gaps + 2)",
            "purchase",
        ),
        Log1p,
        Sentence::Number {
            none: "usually no day between purchases",
            one: "usually 1 day between purchases",
            many: "usually {value} days between purchases",
            decimals: 1,
        },
        Kind::UsualGap,
    ),
    one(
        ("recency_over_gap", "ratio"),
        (
            "days_since_last_purchase / usual gap; usual gap = (sum of gaps + 60) / (gaps + 2)",
            "purchase",
        ),
        Log1p,
        Sentence::Number {
            none: "no wait yet against the customer's usual gap",
            one: "waiting as long as the customer's usual gap",
            many: "waiting {value} times the customer's usual gap",
            decimals: 1,
        },
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
        Sentence::Deviations {
            none: "silence is as long as the customer's usual gap",
            some: "silence is {value} {side} than the customer's usual gap",
        },
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
            Sentence::Number {
                none: concat!("no ", $what, " in the last ", $short, " days"),
                one: concat!(
                    $what,
                    " in the last ",
                    $short,
                    " days at the pace of the last ",
                    $long
                ),
                many: concat!(
                    $what,
                    " in the last ",
                    $short,
                    " days at {value} times the pace of the last ",
                    $long
                ),
                decimals: 2,
            },
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
    FAMILIES.len() * 3 + TIMES.len() + TOTALS.len() + RHYTHM.len() + TRENDS.len() * 2 + life::COUNT;

/// Times first, then totals, rhythm, trends, the windowed families, and what is over the whole life.
pub(super) static FEATURES: &[Feature] = &{
    let mut all = [TIMES[0]; COUNT];
    let singles: [&[Feature]; 8] = [
        &TIMES,
        &TOTALS,
        &RHYTHM,
        TRENDS.as_flattened(),
        FAMILIES.as_flattened(),
        life::FAMILIES.as_flattened(),
        &life::AMOUNTS,
        &life::SERVED,
    ];
    let (mut next, mut list) = (0, 0);
    while list < singles.len() {
        let mut at = 0;
        while at < singles[list].len() {
            all[next] = singles[list][at];
            (next, at) = (next + 1, at + 1);
        }
        list += 1;
    }
    all
};
