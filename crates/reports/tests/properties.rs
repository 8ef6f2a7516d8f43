//! Figures against a twin that recomputes each from the raw events in the plainest way, for any split of the customers.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "twin/activation.rs"]
mod activation;
#[path = "twin/checkout.rs"]
mod checkout;
#[path = "twin/logs.rs"]
mod logs;
#[path = "twin/mails.rs"]
mod mails;
#[path = "twin/plain.rs"]
mod plain;
#[path = "twin/service.rs"]
mod service;
#[path = "twin/value.rs"]
mod worth;

use holdfast_reports::{Figures, Moves, Partials};
use proptest::prelude::*;

use logs::{Log, log};

/// The figures with the customers dealt out to so many partials, merged from the last to the first.
fn figures(log: &Log, parts: usize) -> Figures {
    let mut partials: Vec<Partials> = (0..parts).map(|_| Partials::new(log.terms())).collect();
    for (at, person) in log.people.iter().enumerate() {
        partials[(at * 7 + 3) % parts].add(&person.customer());
    }
    let mut all = partials.pop().unwrap();
    for part in partials.iter().rev() {
        all.merge(part).unwrap();
    }
    Figures::of(&all, &Moves::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_split_of_the_customers_gives_the_same_figures(log in log(), parts in 2_usize..5) {
        let whole = figures(&log, 1);
        prop_assert_eq!(whole, figures(&log, parts));
    }

    #[test]
    fn periods_equal_a_plain_recomputation(log in log()) {
        let figures = figures(&log, 2);
        for (at, got) in figures.periods.iter().enumerate() {
            let expected = plain::period(&log, at);
            plain::same(got, &expected)?;
        }
        for pair in figures.periods.windows(2) {
            prop_assert_eq!(pair[0].customers_end, pair[1].customers_start);
            prop_assert_eq!(pair[0].end_ms, pair[1].start_ms);
        }
    }

    #[test]
    fn rates_stay_within_0_and_100_and_parts_add_up(log in log()) {
        for p in figures(&log, 1).periods {
            let rates = [p.crr, p.churn_rate, p.returning_buyer_rate, p.repeat_purchase_rate, p.conversion];
            prop_assert!(rates.iter().flatten().all(|rate| (0.0..=100.0).contains(rate)));
            prop_assert_eq!(p.customers_end, p.customers_start - p.lost + p.acquired + p.reactivated);
        }
    }

    #[test]
    fn cohorts_equal_a_plain_recomputation(log in log()) {
        let got = figures(&log, 3).cohorts;
        prop_assert_eq!(got, plain::cohorts(&log));
    }

    #[test]
    fn funnel_equals_a_plain_recomputation(log in log()) {
        prop_assert_eq!(figures(&log, 3).funnel, plain::funnel(&log));
    }

    #[test]
    fn activation_equals_a_plain_recomputation(log in log()) {
        let got = figures(&log, 3).activation;
        let within = [7, 30].map(|days| got.share_within.iter().find(|p| p.days == days).unwrap().percent);
        let got = (got.signed_up, got.activated, got.median_days, within);
        prop_assert_eq!(got, activation::activation(&log));
    }

    #[test]
    fn checkouts_equal_a_plain_recomputation(log in log()) {
        prop_assert_eq!(figures(&log, 3).checkout, checkout::figures(&log));
    }

    #[test]
    fn what_follows_a_click_on_a_cart_mail_equals_a_plain_recomputation(log in log()) {
        let got = figures(&log, 3).cart_mails;
        let steps = [got.bought, got.checkout, got.cart, got.looked, got.nothing];
        prop_assert_eq!((got.clicked, steps), mails::cart_mails(&log));
    }

    #[test]
    fn value_equals_a_plain_recomputation(log in log()) {
        let got = figures(&log, 3).value;
        let expected = worth::value(&log);
        prop_assert_eq!(
            (got.customers, got.top20_revenue_share, got.clv_mean, got.clv_cac),
            expected
        );
    }

    #[test]
    fn opinions_and_tickets_equal_a_plain_recomputation(log in log()) {
        let got = figures(&log, 3);
        prop_assert_eq!(got.nps, service::nps(&log));
        let (got, expected) = (got.service, service::service(&log));
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn orders_and_reasons_equal_a_plain_recomputation(log in log()) {
        let got = figures(&log, 3);
        let counts: Vec<(u64, u64)> = got.returning_customers.iter().map(|c| (c.orders, c.customers)).collect();
        prop_assert_eq!(counts, worth::order_counts(&log));
        prop_assert_eq!(got.second_purchase.median_days, worth::median_days_to_second(&log));
        let reasons: u64 = got.reasons.iter().map(|r| r.n).sum();
        prop_assert_eq!(reasons, worth::ends(&log));
    }
}
