//! Features over the whole life: two families, one about purchases and one about anything that the customer does, and
//! what is about amounts alone. They need the statistics of `stats.rs`; one plan can hold one of the two families.

use super::Transform::{Identity, Log, Log1p, Logit};
use super::sentence::Sentence;
use super::table::{counted, one};
use super::{Feature, Kind};
use crate::stats::Occasion;

mod amounts;
mod served;

pub(super) use amounts::AMOUNTS;
pub(super) use served::SERVED;
pub(crate) use served::Served;

/// Which formula of `values/life.rs` a feature is. Numbers are places in lists of half-lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Occasions,
    UsualGap,
    GapSpread,
    SilenceZ,
    SilenceOverMean,
    SilenceOverLongest,
    RecentGaps,
    LastGap,
    Days(usize),
    Rate(usize),
    /// The rate of a half-life over that of the next longer one.
    Pace(usize),
    RateEver,
    WeekendShare,
    UsualOrder,
    OrderSpread,
    LastOrder,
    Spent(usize),
    SpentPerDay,
    OrdersPerDay,
    Refunds,
    Others,
    NoneExpected,
    StillThere,
    /// What was sold, how the customer was served and what it said.
    Served(Served),
}

impl Life {
    /// Whether only events change it, never time.
    pub(super) fn is_timeless(self) -> bool {
        if let Self::Served(served) = self {
            return served.is_timeless();
        }
        matches!(
            self,
            Self::Occasions
                | Self::UsualGap
                | Self::GapSpread
                | Self::RecentGaps
                | Self::LastGap
                | Self::WeekendShare
                | Self::UsualOrder
                | Self::OrderSpread
                | Self::LastOrder
                | Self::SpentPerDay
                | Self::OrdersPerDay
        )
    }
}

pub(super) const COUNT: usize = FAMILIES.len() * FAMILIES[0].len() + AMOUNTS.len() + SERVED.len();

const fn ratio(many: &'static str, as_ever: &'static str) -> Sentence {
    Sentence::Number {
        none: as_ever,
        one: as_ever,
        many,
        decimals: 2,
    }
}

macro_rules! decayed {
    ($p:literal, $occ:ident, $source:literal, $days:literal, $half:literal, $place:literal) => {
        one(
            (concat!($p, "_days_decayed_", $half, "d"), "days"),
            (
                concat!("sum over ", $days, " of 2^(-days ago / ", $half, ")"),
                $source,
            ),
            Log1p,
            Sentence::Number {
                none: concat!("no recent ", $days),
                one: concat!("recent ", $days, " weigh 1 (half-life ", $half, " days)"),
                many: concat!(
                    "recent ",
                    $days,
                    " weigh {value} (half-life ",
                    $half,
                    " days)"
                ),
                decimals: 1,
            },
            Kind::Life(Some(Occasion::$occ), Life::Days($place)),
        )
    };
}

macro_rules! rate {
    ($p:literal, $occ:ident, $source:literal, $days:literal, $half:literal, $place:literal) => {
        one(
            (concat!($p, "_days_per_month_", $half, "d"), "days"),
            (
                concat!(
                    "30 * (", $p, "_days_decayed + 0.5) / (exposure decayed alike + 0.5 * the population's usual gap), half-life ",
                    $half, " days"
                ),
                $source,
            ),
            Log,
            Sentence::Number {
                none: concat!("no ", $days, " of late"),
                one: concat!("1 of the ", $days, " per month of late (half-life ", $half, " days)"),
                many: concat!("{value} ", $days, " per month of late (half-life ", $half, " days)"),
                decimals: 2,
            },
            Kind::Life(Some(Occasion::$occ), Life::Rate($place)),
        )
    };
}

macro_rules! pace {
    ($p:literal, $occ:ident, $source:literal, $days:literal, $half:literal, $than:literal, $place:literal) => {
        one(
            (concat!($p, "_pace_", $half, "_", $than), "ratio"),
            (
                concat!(
                    $p,
                    "_days_per_month_",
                    $half,
                    "d / ",
                    $p,
                    "_days_per_month_",
                    $than,
                    "d"
                ),
                $source,
            ),
            Log,
            ratio(
                concat!(
                    $days,
                    " come at {value} times the pace of before (half-lives ",
                    $half,
                    " and ",
                    $than,
                    " days)"
                ),
                concat!(
                    $days,
                    " come at the pace of before (half-lives ",
                    $half,
                    " and ",
                    $than,
                    " days)"
                ),
            ),
            Kind::Life(Some(Occasion::$occ), Life::Pace($place)),
        )
    };
}

/// A family: prefix, what an occasion is, its events, one of it, many of it, what lies between gaps.
macro_rules! family {
    ($p:literal, $occ:ident, $source:literal, $day:literal, $days:literal, $between:literal, $does:literal) => {
        [
            one(
                (concat!($p, "_days_ever"), "days"),
                (concat!("n = distinct UTC days that are ", $days), $source),
                Log,
                counted(concat!("no ", $days, " so far"), concat!("1 ", $day, " so far"), concat!("{value} ", $days, " so far")),
                Kind::Life(Some(Occasion::$occ), Life::Occasions),
            ),
            one(
                (concat!($p, "_gap_usual"), "days"),
                ("e^m - 1, m = (sum of ln(1 + gap) + 2 mu) / (gaps + 2), mu of the training population", $source),
                Log1p,
                Sentence::Number {
                    none: concat!("usually ", $does, " every day"),
                    one: concat!("usually ", $does, " every day"),
                    many: concat!("usually ", $does, " every {value} days"),
                    decimals: 0,
                },
                Kind::Life(Some(Occasion::$occ), Life::UsualGap),
            ),
            one(
                (concat!($p, "_gap_spread"), "ratio"),
                ("s = standard deviation of ln(1 + gap) about m, with two gaps of the population's spread", $source),
                Identity,
                ratio(concat!("spread of the gaps between ", $between, ": {value}"), concat!("gaps between ", $between, " spread as usual")),
                Kind::Life(Some(Occasion::$occ), Life::GapSpread),
            ),
            one(
                (concat!($p, "_silence_z"), "ratio"),
                ("(ln(1 + silence) - m) / s", $source),
                Identity,
                Sentence::Deviations {
                    none: "silence is as long as the customer's usual gap",
                    some: "silence is {value} {side} than the customer's usual gap",
                },
                Kind::Life(Some(Occasion::$occ), Life::SilenceZ),
            ),
            one(
                (concat!($p, "_silence_over_mean_gap"), "ratio"),
                ("(1 + silence) / (1 + (sum of gaps + 2 usual gaps of the population) / (gaps + 2))", $source),
                Log,
                ratio("waiting {value} times the customer's mean gap", "waiting as long as the customer's mean gap"),
                Kind::Life(Some(Occasion::$occ), Life::SilenceOverMean),
            ),
            one(
                (concat!($p, "_silence_over_longest_gap"), "ratio"),
                ("(1 + silence) / (1 + longest gap; before the first one, the population's usual gap)", $source),
                Log,
                ratio("waiting {value} times the customer's longest gap", "waiting as long as the customer's longest gap"),
                Kind::Life(Some(Occasion::$occ), Life::SilenceOverLongest),
            ),
            one(
                (concat!($p, "_gap_recent_over_mean"), "ratio"),
                ("e^(moving average - mean of ln(1 + gap)), average of 0.3 of the newest; under two gaps: 1", $source),
                Log,
                ratio("recent gaps are {value} times the customer's usual ones", "recent gaps are the customer's usual ones"),
                Kind::Life(Some(Occasion::$occ), Life::RecentGaps),
            ),
            one(
                (concat!($p, "_gap_last_over_mean"), "ratio"),
                ("(1 + last gap) / e^(mean of ln(1 + gap)); under two gaps: 1", $source),
                Log,
                ratio("the last gap was {value} times the customer's usual one", "the last gap was the customer's usual one"),
                Kind::Life(Some(Occasion::$occ), Life::LastGap),
            ),
            one(
                (concat!($p, "_days_per_month_ever"), "days"),
                ("30 * (n + 1) / (days since the first of them + the population's usual gap)", $source),
                Log,
                ratio(concat!("{value} ", $days, " per month, over the whole life"), concat!("1 ", $day, " per month, over the whole life")),
                Kind::Life(Some(Occasion::$occ), Life::RateEver),
            ),
            one(
                (concat!($p, "_weekend_share"), "ratio"),
                (concat!("(", $days, " that are Saturday or Sunday, UTC, + 0.5) / (n + 1)"), $source),
                Identity,
                Sentence::Share {
                    none: "never at weekends",
                    some: concat!("{value} of ", $days, " are at weekends"),
                    all: "always at weekends",
                },
                Kind::Life(Some(Occasion::$occ), Life::WeekendShare),
            ),
            one(
                (concat!($p, "_none_expected"), "ratio"),
                ("MBG/NBD probability of none within the horizon (Batislam et al. 2007), parameters from training", $source),
                Logit,
                Sentence::Share {
                    none: "by pace and silence alone, sure to be back",
                    some: "by pace and silence alone, {value} not to be back in time",
                    all: "by pace and silence alone, sure not to be back in time",
                },
                Kind::Life(Some(Occasion::$occ), Life::NoneExpected),
            ),
            one(
                (concat!($p, "_still_there"), "ratio"),
                ("MBG/NBD probability of being still a customer (Batislam et al. 2007), parameters from training", $source),
                Logit,
                Sentence::Share {
                    none: "by pace and silence alone, gone",
                    some: "by pace and silence alone, {value} to be still a customer",
                    all: "by pace and silence alone, still a customer",
                },
                Kind::Life(Some(Occasion::$occ), Life::StillThere),
            ),
            decayed!($p, $occ, $source, $days, "7", 0),
            decayed!($p, $occ, $source, $days, "30", 1),
            decayed!($p, $occ, $source, $days, "90", 2),
            decayed!($p, $occ, $source, $days, "365", 3),
            rate!($p, $occ, $source, $days, "7", 0),
            rate!($p, $occ, $source, $days, "30", 1),
            rate!($p, $occ, $source, $days, "90", 2),
            rate!($p, $occ, $source, $days, "365", 3),
            pace!($p, $occ, $source, $days, "7", "30", 0),
            pace!($p, $occ, $source, $days, "30", "90", 1),
            pace!($p, $occ, $source, $days, "90", "365", 2),
        ]
    };
}

pub(super) const FAMILIES: [[Feature; 23]; 2] = [
    family!(
        "buying",
        Purchase,
        "purchase",
        "day with a purchase",
        "days with a purchase",
        "purchases",
        "buys"
    ),
    family!(
        "active",
        Activity,
        "all that the customer did",
        "active day",
        "active days",
        "active days",
        "comes"
    ),
];
