//! Features of amounts and of what is returned, over the whole life.

use super::super::sentence::Sentence;
use super::super::table::one;
use super::super::{Feature, Kind};
use super::{Life, ratio};
use crate::registry::Transform::{Identity, Log, Log1p};

macro_rules! spent {
    ($half:literal, $place:literal) => {
        one(
            (concat!("spend_decayed_", $half, "d"), "currency"),
            (
                concat!("sum over days of spend * 2^(-days ago / ", $half, ")"),
                "purchase (amount)",
            ),
            Log1p,
            Sentence::Money {
                none: "nothing spent of late",
                some: concat!("{value} spent of late (half-life ", $half, " days)"),
            },
            Kind::Life(None, Life::Spent($place)),
        )
    };
}

pub(in crate::registry) const AMOUNTS: [Feature; 9] = [
    one(
        ("order_usual", "currency"),
        (
            "e^a - 1, a = mean over purchase days of ln(1 + mean amount of a purchase)",
            "purchase (amount)",
        ),
        Log1p,
        Sentence::Money {
            none: "nothing spent per purchase",
            some: "usually {value} per purchase",
        },
        Kind::Life(None, Life::UsualOrder),
    ),
    one(
        ("order_spread", "ratio"),
        (
            "standard deviation of the same logarithms",
            "purchase (amount)",
        ),
        Identity,
        ratio(
            "spread of the amounts of purchases: {value}",
            "amounts of purchases do not vary",
        ),
        Kind::Life(None, Life::OrderSpread),
    ),
    one(
        ("order_last_over_usual", "ratio"),
        (
            "(1 + mean amount of the last purchase day) / e^a",
            "purchase (amount)",
        ),
        Log,
        ratio(
            "the last purchase was {value} times the usual amount",
            "the last purchase was of the usual amount",
        ),
        Kind::Life(None, Life::LastOrder),
    ),
    spent!("30", 0),
    spent!("90", 1),
    one(
        ("spend_per_day_365d", "currency"),
        (
            "decayed spend / decayed occasions, half-life 365 days",
            "purchase (amount)",
        ),
        Log1p,
        Sentence::Money {
            none: "nothing spent a time",
            some: "{value} spent a time",
        },
        Kind::Life(None, Life::SpentPerDay),
    ),
    one(
        ("purchases_per_day", "purchases"),
        ("purchases ever / distinct UTC days with one", "purchase"),
        Log,
        ratio(
            "{value} purchases on a day with one",
            "one purchase on a day with one",
        ),
        Kind::Life(None, Life::OrdersPerDay),
    ),
    one(
        ("refunds_decayed_90d", "events"),
        ("sum over refunds of 2^(-days ago / 90)", "refund"),
        Log1p,
        ratio(
            "recent refunds weigh {value} (half-life 90 days)",
            "no more than one recent refund",
        ),
        Kind::Life(None, Life::Refunds),
    ),
    one(
        ("other_acts_decayed_90d", "events"),
        (
            "sum over what the customer did but buy of 2^(-days ago / 90)",
            "all that the customer did, but purchases",
        ),
        Log1p,
        ratio(
            "recent acts but purchases weigh {value} (half-life 90 days)",
            "hardly any recent acts but purchases",
        ),
        Kind::Life(None, Life::Others),
    ),
];
