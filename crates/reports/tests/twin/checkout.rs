//! Checkouts, from their definition.

use std::collections::BTreeMap;

use holdfast_events::EventType as E;
use holdfast_reports::Said;
use holdfast_reports::checkout::CheckoutFigures;

use crate::logs::{Log, Person};
use crate::plain::{carts, median, percent};

/// Seconds to the purchase if there was one, whether a stored means of payment was used, clicks if they were told.
type Checkout = (Option<i64>, bool, Option<u32>);

fn checkouts(person: &Person) -> Vec<Checkout> {
    let left = carts(person).1;
    let purchases: Vec<(usize, i64)> = (0..)
        .zip(&person.acts)
        .filter(|(_, act)| act.kind == E::Purchase)
        .map(|(at, act)| (at, act.ts))
        .collect();
    // Steps of one cart have the same purchases and the same left carts before them.
    let mut carts: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (at, act) in person.acts.iter().enumerate() {
        if !matches!(act.kind, E::CheckoutStart | E::CheckoutStep) {
            continue;
        }
        let before: Vec<_> = purchases.iter().filter(|(place, _)| *place < at).collect();
        if left.contains(&act.ts) || before.iter().any(|(_, ts)| *ts == act.ts) {
            continue; // of a cart that is over
        }
        let over = left.iter().filter(|left| **left <= act.ts).count();
        carts.entry((before.len(), over)).or_default().push(at);
    }
    let ends = carts.into_values().map(|steps| {
        let first = person.acts[steps[0]].ts;
        let purchase = purchases.iter().find(|(place, _)| *place > steps[0]);
        let bought =
            purchase.filter(|(_, ts)| !left.iter().any(|left| first < *left && left <= ts));
        let (mut saved, mut clicks) = (false, None);
        for step in steps {
            if let Said::Checkout {
                is_saved,
                clicks: more,
            } = person.acts[step].said
            {
                saved |= is_saved;
                clicks = more.map(|more| more + clicks.unwrap_or(0)).or(clicks);
            }
        }
        (bought.map(|(_, ts)| ts - first), saved, clicks)
    });
    ends.collect()
}

pub(crate) fn figures(log: &Log) -> CheckoutFigures {
    let all: Vec<Checkout> = log.people.iter().flat_map(checkouts).collect();
    let rate =
        |of: &[&Checkout]| percent(of.iter().filter(|one| one.0.is_some()).count(), of.len());
    let (saved, other): (Vec<&Checkout>, Vec<&Checkout>) = all.iter().partition(|one| one.1);
    let clicks: Vec<u32> = all.iter().filter_map(|one| one.2).collect();
    CheckoutFigures {
        begun: all.len() as u64,
        bought_rate: rate(&all.iter().collect::<Vec<_>>()),
        median_seconds: median(all.iter().filter_map(|one| one.0).collect()).map(|ms| ms / 1_000.0),
        clicks_mean: (!clicks.is_empty())
            .then(|| f64::from(clicks.iter().sum::<u32>()) / clicks.len() as f64),
        saved_payment: saved.len() as u64,
        saved_payment_bought_rate: rate(&saved),
        other_bought_rate: rate(&other),
    }
}
