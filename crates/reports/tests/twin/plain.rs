//! Each figure from its definition, with loops over everything.

use std::collections::BTreeSet;

use holdfast_events::EventType as E;
use holdfast_reports::cohorts::{CohortFigures, MonthCohort, PartnerCohort, SourceCohort};
use holdfast_reports::funnel::FunnelStep;
use holdfast_reports::{Act, PeriodFigures, Said};
use proptest::prelude::*;

use crate::logs::{DAY_MS, HOUR_MS, Log, Person};

pub(crate) fn percent(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

pub(crate) fn median(mut values: Vec<i64>) -> Option<f64> {
    values.sort_unstable();
    let n = values.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(values[n / 2] as f64),
        _ => Some((values[n / 2 - 1] + values[n / 2]) as f64 / 2.0),
    }
}

fn contract(act: &Act<'_>) -> Option<u64> {
    match act.said {
        Said::Contract { contract, .. } => contract,
        _ => None,
    }
}

/// The contracts that run after the events up to and including `t`.
fn running(person: &Person, t: i64) -> BTreeSet<Option<u64>> {
    let mut running = BTreeSet::new();
    for act in person.acts.iter().filter(|act| act.ts <= t) {
        let id = contract(act);
        match act.kind {
            E::SubscriptionStart | E::SubscriptionRenew => {
                running.insert(id);
            }
            E::AccountClosed => running.clear(),
            E::SubscriptionCancel | E::SubscriptionExpire => {
                if id.is_none() {
                    running.clear();
                } else if !running.remove(&id) {
                    running.remove(&None);
                }
            }
            _ => {}
        }
    }
    running
}

/// Whether a customer exists after the events up to place `count` of those at or before `t`.
pub(crate) fn exists_after(acts: &[Act<'static>], log: &Log, t: i64) -> bool {
    let person = Person {
        acts: acts.to_vec(),
    };
    let since_closing = acts
        .iter()
        .rposition(|act| act.ts <= t && act.kind == E::AccountClosed)
        .map_or(0, |at| at + 1);
    let window = i64::from(log.alive_days) * DAY_MS;
    let bought = acts[since_closing..]
        .iter()
        .any(|act| act.kind == E::Purchase && act.ts > t - window && act.ts <= t);
    bought || !running(&person, t).is_empty()
}

fn exists(person: &Person, log: &Log, t: i64) -> bool {
    exists_after(&person.acts, log, t)
}

/// The first instant as a customer.
pub(crate) fn first_time(person: &Person, log: &Log) -> Option<i64> {
    (0..person.acts.len()).find_map(|at| {
        let ts = person.acts[at].ts;
        exists_after(&person.acts[..=at], log, ts).then_some(ts)
    })
}

pub(crate) fn revenue(person: &Person, from: i64, to: i64) -> i64 {
    let acts = person.acts.iter().filter(|a| from <= a.ts && a.ts < to);
    acts.map(|act| match act.kind {
        E::Purchase => act.minor.unwrap_or(0),
        E::Refund => -act.minor.unwrap_or(0),
        _ => 0,
    })
    .sum()
}

pub(crate) fn orders(person: &Person, from: i64, to: i64) -> usize {
    let within = |a: &&Act<'_>| a.kind == E::Purchase && from <= a.ts && a.ts < to;
    person.acts.iter().filter(within).count()
}

/// Instants at which carts are opened and left: each touch begins a cart, goes on with it, or comes too late for it.
pub(crate) fn carts(person: &Person) -> (Vec<i64>, Vec<i64>) {
    let acts = &person.acts;
    let is_touch = |a: &Act<'_>| matches!(a.kind, E::CartAdd | E::CheckoutStart | E::CheckoutStep);
    let touches: Vec<usize> = (0..acts.len()).filter(|i| is_touch(&acts[*i])).collect();
    let bought = |i: &usize| acts[*i].kind == E::Purchase;
    let (mut opened, mut left) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < touches.len() {
        let mut last = touches[at];
        at += 1;
        if (0..last).any(|i| bought(&i) && acts[i].ts == acts[last].ts) {
            continue;
        }
        opened.push(acts[last].ts);
        // On with the same cart, unless it is bought in between or idle for an hour.
        while let Some(next) = touches.get(at)
            && acts[*next].ts < acts[last].ts + HOUR_MS
            && !(last..*next).any(|i| bought(&i))
        {
            last = *next;
            at += 1;
        }
        let over = acts[last].ts + HOUR_MS;
        if !(last..acts.len()).any(|i| bought(&i) && acts[i].ts < over) {
            left.push(over);
            at += touches[at..]
                .iter()
                .filter(|i| acts[**i].ts <= over)
                .count();
        }
    }
    (opened, left)
}

/// The contract's fields, and those beside it, of one period.
#[derive(Debug, PartialEq)]
pub(crate) struct Plain {
    counts: [u64; 14],
    rates: [Option<f64>; 8],
    revenue: f64,
}

pub(crate) fn same(got: &PeriodFigures, expected: &Plain) -> Result<(), TestCaseError> {
    let got = Plain {
        counts: [
            got.customers_start,
            got.customers_end,
            got.acquired,
            got.lost,
            got.reactivated,
            got.buyers_before,
            got.buyers_again,
            got.active,
            got.orders,
            got.returning_orders,
            got.carts_opened,
            got.carts_abandoned,
            got.subscriptions_start,
            got.subscriptions_end,
        ],
        rates: [
            got.crr,
            got.churn_rate,
            got.returning_buyer_rate,
            got.repeat_purchase_rate,
            got.conversion,
            got.cart_abandon_rate,
            got.revenue_retention_gross,
            got.revenue_retention_net,
        ],
        revenue: got.revenue,
    };
    prop_assert_eq!(&got, expected);
    Ok(())
}

pub(crate) fn period(log: &Log, at: usize) -> Plain {
    let terms = log.terms();
    let grid = terms.calendar.periods();
    let (start, end) = grid.span(at);
    let people = || log.people.iter();
    let count = |is: &dyn Fn(&Person) -> bool| people().filter(|p| is(p)).count();
    let is_new = |p: &Person| first_time(p, log).is_some_and(|t| t > start && t <= end);
    let s = |p: &Person| exists(p, log, start);
    let e = |p: &Person| exists(p, log, end);
    let stayed = count(&|p| s(p) && e(p));
    let before = |p: &Person| orders(p, 0, start) > 0;
    let buys = |p: &Person| orders(p, start, end) > 0;
    let acts = |p: &Person| {
        let mut acts = p.acts.iter().filter(|a| start <= a.ts && a.ts < end);
        acts.any(|a| a.kind.is_by_customer() && a.kind != E::CartAbandon)
    };
    let all_orders: usize = people().map(|p| orders(p, start, end)).sum();
    let firsts = count(&|p| !before(p) && buys(p));
    let within = |times: &[i64]| times.iter().filter(|t| start <= **t && **t < end).count();
    let opened: usize = people().map(|p| within(&carts(p).0)).sum();
    let left: usize = people().map(|p| within(&carts(p).1)).sum();
    let crr = percent(stayed, count(&s));
    let kept = at.checked_sub(1).map(|before| {
        let (from, to) = grid.span(before);
        let buyers: Vec<_> = people().filter(|p| orders(p, from, to) > 0).collect();
        let then: i64 = buyers.iter().map(|p| revenue(p, from, to)).sum();
        let net: i64 = buyers.iter().map(|p| revenue(p, start, end)).sum();
        let capped = |p: &&&Person| revenue(p, start, end).clamp(0, revenue(p, from, to).max(0));
        let gross: i64 = buyers.iter().map(|p| capped(&p)).sum();
        [gross, net].map(|now| (then > 0).then(|| 100.0 * now as f64 / then as f64))
    });
    let [gross, net] = kept.unwrap_or([None; 2]);
    let once = count(&|p| orders(p, 0, end) > 0);
    Plain {
        counts: [
            count(&s),
            count(&e),
            count(&|p| e(p) && is_new(p)),
            count(&|p| s(p) && !e(p)),
            count(&|p| e(p) && !s(p) && !is_new(p)),
            count(&before),
            count(&|p| before(p) && buys(p)),
            count(&acts),
            all_orders,
            all_orders - firsts,
            opened,
            left,
            count(&|p| !running(p, start).is_empty()),
            count(&|p| !running(p, end).is_empty()),
        ]
        .map(|n| n as u64),
        rates: [
            crr,
            crr.map(|crr| 100.0 - crr),
            percent(count(&|p| before(p) && buys(p)), count(&before)),
            percent(count(&|p| orders(p, 0, end) > 1), once),
            percent(count(&buys), count(&acts)),
            percent(left, opened),
            gross,
            net,
        ],
        revenue: people().map(|p| revenue(p, start, end)).sum::<i64>() as f64 / 100.0,
    }
}

fn origin(person: &Person) -> &'static str {
    let named = person.acts.iter().find_map(|act| match act.said {
        Said::Origin { source, .. } => source,
        _ => None,
    });
    named.unwrap_or("unknown")
}

fn partner(person: &Person) -> Option<&'static str> {
    let mut named = person.acts.iter().filter_map(|act| match act.said {
        Said::Origin { partner, .. } => partner,
        _ => None,
    });
    named.next()
}

pub(crate) fn cohorts(log: &Log) -> CohortFigures {
    let terms = log.terms();
    let months = terms.calendar.months();
    let complete = months.complete();
    let month = |p: &Person| first_time(p, log).and_then(|t| months.index(t));
    let there = |p: &Person, at: usize| {
        let (from, to) = months.span(at);
        orders(p, from, to) > 0 || !running(p, to - 1).is_empty()
    };
    let people: Vec<&Person> = log.people.iter().filter(|p| month(p).is_some()).collect();
    let months_seen: BTreeSet<usize> = people.iter().filter_map(|p| month(p)).collect();
    let by_month = months_seen.into_iter().map(|at| {
        let cohort: Vec<_> = people.iter().filter(|p| month(p) == Some(at)).collect();
        let kept = |k: usize| cohort.iter().filter(|p| there(p, k)).count();
        MonthCohort {
            cohort: terms.calendar.month_name(at),
            size: cohort.len() as u64,
            retained: (at + 1..complete)
                .filter_map(|k| percent(kept(k), cohort.len()))
                .collect(),
        }
    });
    let retained = |of: &[&&Person]| {
        let share = |k: usize| {
            let over: Vec<_> = of
                .iter()
                .filter(|p| month(p).unwrap() + k < complete)
                .collect();
            let kept = over
                .iter()
                .filter(|p| there(p, month(p).unwrap() + k))
                .count();
            percent(kept, over.len())
        };
        (1..complete).map_while(share).collect()
    };
    let sources: BTreeSet<&str> = people.iter().map(|p| origin(p)).collect();
    let by_source = sources.into_iter().map(|source| {
        let of: Vec<_> = people.iter().filter(|p| origin(p) == source).collect();
        SourceCohort {
            source: source.to_owned(),
            size: of.len() as u64,
            retained: retained(&of),
        }
    });
    let partners: BTreeSet<&str> = people.iter().filter_map(|p| partner(p)).collect();
    let by_partner = partners.into_iter().map(|name| {
        let brought = |p: &&&Person| partner(p) == Some(name);
        let of: Vec<_> = people.iter().filter(brought).collect();
        PartnerCohort {
            partner: name.to_owned(),
            size: of.len() as u64,
            retained: retained(&of),
        }
    });
    CohortFigures {
        by_month: by_month.collect(),
        by_source: by_source.collect(),
        by_partner: by_partner.collect(),
    }
}

pub(crate) fn funnel(log: &Log) -> Vec<FunnelStep> {
    let steps: [(&str, &[E]); 6] = [
        (
            "visit",
            &[
                E::SessionStart,
                E::Login,
                E::PageView,
                E::ProductView,
                E::Search,
            ],
        ),
        ("sign_up", &[E::SignUp]),
        ("cart_add", &[E::CartAdd]),
        ("checkout_start", &[E::CheckoutStart]),
        ("checkout_step", &[E::CheckoutStep]),
        ("purchase", &[E::Purchase]),
    ];
    let first = |p: &Person, at: usize| {
        let mut acts = p.acts.iter();
        acts.find(|a| steps[at].1.contains(&a.kind)).map(|a| a.ts)
    };
    let mut rows: Vec<FunnelStep> = Vec::new();
    for at in 0..steps.len() {
        if log.people.iter().all(|p| first(p, at).is_none()) {
            continue;
        }
        let reached = |p: &&Person| (at..steps.len()).any(|k| first(p, k).is_some());
        let customers = log.people.iter().filter(reached).count() as u64;
        let times = log.people.iter().filter_map(|p| {
            let before = (0..at).rev().find_map(|k| first(p, k))?;
            first(p, at)
                .filter(|ts| *ts >= before)
                .map(|ts| ts - before)
        });
        let previous = rows.last().map(|row| row.customers);
        rows.push(FunnelStep {
            step: steps[at].0.to_owned(),
            customers,
            drop_off: previous.and_then(|n| percent((n - customers) as usize, n as usize)),
            median_seconds: median(times.collect()).map(|ms| ms / 1_000.0),
        });
    }
    rows
}
