//! The hand vectors of the retention figures, and what happens at the bounds of periods and windows.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use holdfast_events::EventType;
use holdfast_reports::{
    Abandons, Act, Calendar, Customer, Figures, Moves, Partials, Period, PeriodFigures, Said, Terms,
};
use jiff::tz::TimeZone;

const DAY_MS: i64 = 86_400_000;
/// 2026-01-01 and 2026-02-01, UTC.
const JANUARY: i64 = 1_767_225_600_000;
const FEBRUARY: i64 = JANUARY + 31 * DAY_MS;
const MARCH: i64 = FEBRUARY + 28 * DAY_MS;

fn act(ts: i64, kind: EventType, minor: i64) -> Act<'static> {
    Act {
        ts,
        kind,
        minor: Some(minor),
        said: Said::Nothing,
    }
}

fn buys(ts: i64) -> Act<'static> {
    act(ts, EventType::Purchase, 1_000)
}

/// Figures of so many customers of each history, over January to March with 28 alive days.
fn figures(groups: &[(u64, Vec<Act<'static>>)]) -> Figures {
    let span = (JANUARY, MARCH + 31 * DAY_MS - 1);
    let calendar = Calendar::over(Period::Month, &TimeZone::UTC, span).unwrap();
    let mut partials = Partials::new(Terms {
        calendar,
        alive_days: 28,
        exponent: 2,
        abandons: Abandons::default(),
    });
    for (count, acts) in groups {
        for _ in 0..*count {
            partials.add(&Customer {
                acts,
                source: None,
                choices: &[],
            });
        }
    }
    Figures::of(&partials, &Moves::default()).unwrap()
}

fn february(groups: &[(u64, Vec<Act<'static>>)]) -> PeriodFigures {
    figures(groups).periods[1].clone()
}

/// Late in January, so that they are there on the first of February, and late in February.
const OLD: i64 = FEBRUARY - 5 * DAY_MS;
const NEW: i64 = MARCH - 5 * DAY_MS;

#[test]
fn two_lost_of_ten_without_new_ones_keep_80_percent() {
    let period = february(&[(8, vec![buys(OLD), buys(NEW)]), (2, vec![buys(OLD)])]);
    assert_eq!(
        (period.customers_start, period.lost, period.acquired),
        (10, 2, 0)
    );
    assert_eq!((period.crr, period.churn_rate), (Some(80.0), Some(20.0)));
}

#[test]
fn fifty_thousand_with_a_thousand_new_and_forty_thousand_at_the_end_keep_78_percent() {
    let period = february(&[
        (39_000, vec![buys(OLD), buys(NEW)]),
        (11_000, vec![buys(OLD)]),
        (1_000, vec![buys(NEW)]),
    ]);
    let counts = (
        period.customers_start,
        period.acquired,
        period.customers_end,
    );
    assert_eq!(counts, (50_000, 1_000, 40_000));
    assert_eq!((period.crr, period.churn_rate), (Some(78.0), Some(22.0)));
}

#[test]
fn those_who_came_and_left_within_the_period_change_nothing() {
    let closed = vec![
        buys(FEBRUARY + DAY_MS),
        act(NEW, EventType::AccountClosed, 0),
    ];
    let period = february(&[
        (10, vec![buys(OLD), buys(NEW)]),
        (2, vec![buys(NEW)]),
        (3, closed),
    ]);
    assert_eq!(
        (
            period.customers_start,
            period.acquired,
            period.customers_end
        ),
        (10, 2, 12)
    );
    assert_eq!((period.crr, period.churn_rate), (Some(100.0), Some(0.0)));
}

#[test]
fn those_who_come_back_are_counted_apart_and_lift_no_rate_above_100() {
    let back = vec![buys(JANUARY), buys(NEW)];
    let period = february(&[(10, vec![buys(OLD), buys(NEW)]), (2, back)]);
    assert_eq!((period.reactivated, period.acquired), (2, 0));
    assert_eq!((period.customers_start, period.customers_end), (10, 12));
    assert_eq!(period.crr, Some(100.0));
}

#[test]
fn nine_hundred_of_two_thousand_buyers_who_buy_again_are_45_percent() {
    let period = february(&[
        (900, vec![buys(OLD), buys(NEW)]),
        (1_100, vec![buys(OLD)]),
        // A first buyer on the fifteenth is none of them, however often they buy.
        (50, vec![buys(FEBRUARY + 14 * DAY_MS), buys(NEW)]),
    ]);
    assert_eq!((period.buyers_before, period.buyers_again), (2_000, 900));
    assert_eq!(period.returning_buyer_rate, Some(45.0));
}

#[test]
fn period_without_customers_has_rates_that_are_none() {
    let figures = figures(&[(1, vec![buys(NEW)])]);
    let january = &figures.periods[0];
    assert_eq!((january.crr, january.churn_rate), (None, None));
    assert_eq!(january.returning_buyer_rate, None);
    assert_eq!(january.repeat_purchase_rate, None);
    assert_eq!(january.healthy_repeat_rate, None);
    assert_eq!(january.conversion, None);
    assert_eq!(january.cart_abandon_rate, None);
    assert_eq!(figures.nps.score, None);
    assert_eq!(figures.value.clv_cac, None);
}

#[test]
fn purchase_on_the_bound_makes_a_customer_of_the_start_and_an_order_of_the_period() {
    let figures = figures(&[(1, vec![buys(FEBRUARY)])]);
    let (january, february) = (&figures.periods[0], &figures.periods[1]);
    assert_eq!(
        (january.customers_end, january.acquired, january.orders),
        (1, 1, 0)
    );
    assert_eq!((february.customers_start, february.orders), (1, 1));
    // 28 days later, on the first of March, the window is just over.
    assert_eq!((february.customers_end, february.lost), (0, 1));
}

#[test]
fn purchase_just_after_the_bound_is_there_until_just_after_the_next() {
    let period = february(&[(1, vec![buys(FEBRUARY + 1)])]);
    assert_eq!((period.customers_start, period.customers_end), (0, 1));
    assert_eq!((period.acquired, period.reactivated), (1, 0));
}

#[test]
fn healthy_band_ends_at_20_and_at_40_percent_and_is_of_the_repeat_purchase_rate() {
    let flag = |repeat, once| {
        let period = february(&[
            (repeat, vec![buys(OLD), buys(NEW)]),
            (once, vec![buys(OLD)]),
        ]);
        (period.repeat_purchase_rate, period.healthy_repeat_rate)
    };
    assert_eq!(flag(20, 80), (Some(20.0), Some(true)));
    assert_eq!(flag(40, 60), (Some(40.0), Some(true)));
    assert_eq!(flag(41, 59), (Some(41.0), Some(false)));
    assert_eq!(flag(19, 81), (Some(19.0), Some(false)));
}

#[test]
fn value_of_just_three_times_the_cost_is_healthy_and_refunds_count_whenever_they_come() {
    let shop = |refunded: i64| {
        let mut sign_up = act(JANUARY, EventType::SignUp, 0);
        sign_up.said = Said::Origin {
            partner: None,
            source: Some("ads"),
            cost: 500,
        };
        let refund = act(MARCH + 30 * DAY_MS, EventType::Refund, refunded);
        let paid = act(OLD, EventType::Purchase, 2_000);
        figures(&[(1, vec![sign_up, paid, refund])]).value
    };
    let just = shop(500);
    assert_eq!((just.clv_mean, just.cac_mean), (Some(15.0), Some(5.0)));
    assert_eq!((just.clv_cac, just.healthy), (Some(3.0), Some(true)));
    assert_eq!(just.by_source[0].source, "ads");
    assert_eq!(shop(501).healthy, Some(false));
}

#[test]
fn fifth_of_the_buyers_on_a_pareto_set_have_their_exact_share() {
    // Two of ten bring 80 of 100.
    let spend = |minor| vec![act(OLD, EventType::Purchase, minor)];
    let value = figures(&[(2, spend(4_000)), (8, spend(250))]).value;
    assert_eq!(value.top20_revenue_share, Some(80.0));
}

#[test]
fn revenue_retention_counts_what_buyers_of_the_month_before_bring_gross_and_net() {
    let pays = |first, second| {
        let second = (second > 0).then(|| act(NEW, EventType::Purchase, second));
        [act(OLD, EventType::Purchase, first)]
            .into_iter()
            .chain(second)
            .collect::<Vec<_>>()
    };
    let period = february(&[
        (1, pays(1_000, 3_000)),
        (1, pays(1_000, 500)),
        (2, pays(1_000, 0)),
        (5, vec![buys(NEW)]),
    ]);
    assert_eq!(period.revenue_retention_gross, Some(37.5));
    assert_eq!(period.revenue_retention_net, Some(87.5));
}
