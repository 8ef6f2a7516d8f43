//! Value, orders and ends from their definitions.

use std::collections::BTreeMap;

use holdfast_events::EventType as E;
use holdfast_reports::Said;

use crate::logs::{DAY_MS, Log, Person};
use crate::plain::{exists_after, first_time, median, orders, revenue};

type Value = (u64, Option<f64>, Option<f64>, Option<f64>);

/// Customers, share of the top fifth of the buyers, mean value, value by cost.
pub(crate) fn value(log: &Log) -> Value {
    let spend = |p: &Person| revenue(p, 0, i64::MAX);
    let customers: Vec<_> = log
        .people
        .iter()
        .filter(|p| first_time(p, log).is_some())
        .collect();
    let total: i64 = customers.iter().map(|p| spend(p)).sum();
    let mut cost = 0;
    for person in &log.people {
        // What came before the event that made the customer.
        let made = (0..person.acts.len())
            .find(|at| exists_after(&person.acts[..=*at], log, person.acts[*at].ts))
            .unwrap_or(usize::MAX);
        for (at, act) in person.acts.iter().enumerate() {
            cost += match act.said {
                Said::Origin { cost, .. } => cost,
                Said::Campaign { cost, .. } if at < made => cost,
                _ => 0,
            };
        }
    }
    let mut spends: Vec<i64> = log
        .people
        .iter()
        .filter(|p| orders(p, 0, i64::MAX) > 0)
        .map(spend)
        .collect();
    spends.sort_unstable();
    spends.reverse();
    let (top, all): (i64, i64) = (
        spends[..spends.len().div_ceil(5)].iter().sum(),
        spends.iter().sum(),
    );
    let n = customers.len();
    (
        n as u64,
        (all > 0).then(|| 100.0 * top as f64 / all as f64),
        (n > 0).then(|| total as f64 / 100.0 / n as f64),
        (n > 0 && cost > 0).then(|| total as f64 / cost as f64),
    )
}

pub(crate) fn order_counts(log: &Log) -> Vec<(u64, u64)> {
    let mut counts = BTreeMap::new();
    for person in &log.people {
        *counts
            .entry(orders(person, 0, i64::MAX) as u64)
            .or_insert(0) += 1;
    }
    counts.remove(&0);
    counts.into_iter().collect()
}

pub(crate) fn median_days_to_second(log: &Log) -> Option<f64> {
    let gaps = log.people.iter().filter_map(|p| {
        let times: Vec<i64> = p
            .acts
            .iter()
            .filter(|a| a.kind == E::Purchase)
            .map(|a| a.ts)
            .collect();
        Some(times.get(1)? - times[0])
    });
    median(gaps.collect()).map(|ms| ms / DAY_MS as f64)
}

pub(crate) fn ends(log: &Log) -> u64 {
    let ends = log
        .events()
        .filter(|a| matches!(a.kind, E::SubscriptionCancel | E::AccountClosed));
    ends.count() as u64
}
