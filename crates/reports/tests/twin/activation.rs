//! The way from the sign-up to first value, from its definition.

use holdfast_events::EventType as E;

use crate::logs::{DAY_MS, Log};
use crate::plain::{median, percent};

/// Signed up, activated, median days, and percent within 7 and 30 days.
pub(crate) fn activation(log: &Log) -> (u64, u64, Option<f64>, [Option<f64>; 2]) {
    let first = |person: &crate::logs::Person, kinds: &[E]| {
        person.acts.iter().position(|act| kinds.contains(&act.kind))
    };
    let mut ways: Vec<(i64, Option<i64>)> = Vec::new();
    for person in &log.people {
        let Some(sign_up) = first(person, &[E::SignUp]) else {
            continue;
        };
        let value = first(person, &[E::Activate, E::Purchase]);
        if value.is_none_or(|value| value > sign_up) {
            let at = person.acts[sign_up].ts;
            ways.push((at, value.map(|value| person.acts[value].ts - at)));
        }
    }
    let gaps: Vec<i64> = ways.iter().filter_map(|way| way.1).collect();
    let within = [7, 30].map(|days| {
        let old = ways
            .iter()
            .filter(|way| way.0 <= log.last_ms() - days * DAY_MS);
        let old: Vec<_> = old.collect();
        let there = old
            .iter()
            .filter(|way| way.1.is_some_and(|gap| gap <= days * DAY_MS));
        percent(there.count(), old.len())
    });
    let days = median(gaps.clone()).map(|ms| ms / DAY_MS as f64);
    (ways.len() as u64, gaps.len() as u64, days, within)
}
