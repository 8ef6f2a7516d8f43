//! Figures of a running log against those of the whole log: equal for every number of partitions, out of order within
//! the grace, across restarts.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "twin/whole.rs"]
mod whole;

use std::collections::BTreeMap;

use holdfast_events::EventType;
use holdfast_reports::live::Said as Spoken;
use holdfast_reports::live::{
    BookTerms, Candidate, Daybook, Happening, Kpi, Ledger, Reach, Reached, Told, Withdrawn,
};
use holdfast_reports::{Abandons, Period, PeriodFigures};
use jiff::tz::TimeZone;
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// 2026-03-10T23:00:00Z, midnight in Berlin; clocks are put forward there on the 29th.
const START: i64 = 1_773_183_600_000;
const GRACE: i64 = HOUR;

/// Customer, when, what, amount or contract, and how much later it comes.
type Row = (u32, i64, EventType, i64, i64);

fn kind() -> impl Strategy<Value = EventType> {
    use EventType as E;
    prop_oneof![
        4 => Just(E::Purchase),
        1 => Just(E::Refund),
        3 => Just(E::PageView),
        2 => Just(E::CartAdd),
        1 => Just(E::CheckoutStart),
        1 => Just(E::SubscriptionStart),
        1 => Just(E::SubscriptionCancel),
        1 => Just(E::AccountClosed),
        1 => Just(E::CampaignSent),
        1 => Just(E::CartAbandon),
        1 => Just(E::SignUp),
        1 => Just(E::CheckoutStep),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    // Some on the bounds of days.
    let at = prop_oneof![
        6 => 0..100 * DAY,
        1 => (0..100_i64).prop_map(|day| day * DAY),
    ];
    (0..9_u32, at, kind(), 0..3_i64, 0..GRACE)
        .prop_map(|(customer, at, kind, more, late)| (customer, START + at, kind, more, late))
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn terms() -> BookTerms {
    BookTerms {
        periods: vec![Period::Week, Period::Month],
        window_ms: 20 * DAY,
        abandons: Abandons::default(),
    }
}

fn is_contract(kind: EventType) -> bool {
    kind.is_subscription() || kind == EventType::AccountClosed
}

fn amount((_, _, kind, more, _): Row) -> Option<i64> {
    (!is_contract(kind)).then_some(more * 1_000)
}

fn contract((_, _, kind, more, _): Row) -> Option<u64> {
    // As hashes of ids are: all over the numbers.
    let hash = more.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (kind.is_subscription() && more > 0).then_some(hash)
}

/// What it cost to win the customer, if that is what it is about.
fn cost((_, _, kind, more, _): Row) -> Option<i64> {
    let wins = kind == EventType::SignUp || kind == EventType::CampaignSent;
    wins.then_some(more * 100)
}

/// The same through so many books, each taken down and put up again after every `restart` events.
fn running(arrived: &[Row], partitions: u32, restart: usize, until: i64) -> Vec<Kpi> {
    let mut books: Vec<Daybook> = (0..partitions)
        .map(|at| {
            let mut book = Daybook::new(terms(), zone());
            book.set_place(at.cast_signed(), partitions);
            book
        })
        .collect();
    let mut said = Vec::new();
    let mut spent = [0_i64; 9];
    let mut clocks = vec![i64::MIN; partitions as usize];
    for (n, row) in arrived.iter().enumerate() {
        let at = (row.0 % partitions) as usize;
        let book = &mut books[at];
        if n % restart == 0 {
            let bytes = book.clone().encode();
            *book = Daybook::restore(&bytes, zone()).unwrap();
            book.set_place(at as i32, partitions);
            assert_eq!(book.clone().encode(), bytes);
        }
        let what = Happening {
            ts: row.1,
            kind: row.2,
            minor: amount(*row),
            contract: contract(*row),
            cost: cost(*row),
        };
        book.happened(row.0, &what);
        spent[row.0 as usize] += match row.2 {
            EventType::Purchase => row.3 * 1_000,
            EventType::Refund => -row.3 * 1_000,
            _ => 0,
        };
        clocks[at] = clocks[at].max(row.1);
        book.close_up_to(
            clocks[at] - GRACE,
            &|ix| spent[ix as usize],
            &mut |partial| said.push(partial),
        );
    }
    for book in &mut books {
        book.close_up_to(until, &|ix| spent[ix as usize], &mut |partial| {
            said.push(partial)
        });
    }
    let mut ledger = Ledger::new(zone(), 2, None, None);
    let mut kpis = Vec::new();
    for (offset, partial) in (0..).zip(said) {
        let spoken = Spoken {
            partial: Some(partial),
            ..Spoken::default()
        };
        // As it goes through the topic.
        let text = serde_json::to_string(&spoken).unwrap();
        ledger.take(serde_json::from_str(&text).unwrap(), offset);
        for told in all_due(&mut ledger) {
            if let Told::Kpi { kpi, .. } = told {
                kpis.push(*kpi);
            }
        }
    }
    kpis
}

fn all_due(ledger: &mut Ledger) -> Vec<Told> {
    std::iter::from_fn(|| ledger.due()).flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn figures_of_a_running_log_are_those_of_the_whole_log_for_every_number_of_partitions(
        rows in prop::collection::vec(row(), 1..160),
        restart in 7..40_usize,
    ) {
        let mut arrived = rows;
        arrived.sort_by_key(|row| row.1 + row.4);
        let until = START + 101 * DAY;
        let mut expected: BTreeMap<(Period, i64), PeriodFigures> = BTreeMap::new();
        for period in [Period::Day, Period::Week, Period::Month] {
            let figures = whole::periods(&arrived, period, until).into_iter();
            expected.extend(figures.map(|row| ((period, row.start_ms), row)));
        }
        let cohorts = whole::cohorts(&arrived, until);
        for partitions in [1, 3, 8] {
            let kpis = running(&arrived, partitions, restart, until);
            for kpi in &kpis {
                let steps = kpi.funnel.iter().map(|s| (s.step.clone(), s.customers, s.drop_off));
                let span = (kpi.figures.start_ms, kpi.figures.end_ms);
                prop_assert_eq!(steps.collect::<Vec<_>>(), whole::funnel(&arrived, span));
                prop_assert!(whole::is_worth(kpi, &arrived), "{:?}", kpi);
                let kept = kpi.cohorts.iter().map(|c| (c.cohort.clone(), c.size, c.retained));
                let expected = match kpi.period {
                    Period::Month => cohorts.get(&kpi.name).cloned().unwrap_or_default(),
                    _ => Vec::new(),
                };
                prop_assert_eq!(kept.collect::<Vec<_>>(), expected, "{} of {}", kpi.name, partitions);
            }
            let found: BTreeMap<(Period, i64), PeriodFigures> = kpis
                .into_iter()
                .map(|kpi| ((kpi.period, kpi.figures.start_ms), kpi.figures))
                .collect();
            for (key, row) in &expected {
                prop_assert_eq!(found.get(key), Some(row), "{:?} with {} partitions", key, partitions);
            }
            let before = |(period, start): &(Period, i64)| {
                let first = expected.keys().find(|(p, _)| p == period);
                first.is_none_or(|(_, first)| start < first)
            };
            prop_assert!(found.keys().all(|key| expected.contains_key(key) || before(key)));
        }
    }
}

fn raw(text: &str) -> Box<serde_json::value::RawValue> {
    serde_json::value::RawValue::from_string(text.to_owned()).unwrap()
}

fn candidate(customer: &str, value: Option<f64>) -> Spoken {
    Spoken {
        candidate: Some(Candidate {
            day_end_ms: START + DAY,
            customer_id: customer.to_owned(),
            alert_id: format!("alert-{customer}"),
            priority: value,
            reach: Reach {
                channel: Some("email".to_owned()),
                lawful_basis: Some("consent".to_owned()),
            },
            alert: raw("{\"n\":1.50}"),
            decision: raw("{\"kind\":\"opened\",\"suppressed\":null,\"z\":1}"),
        }),
        ..Spoken::default()
    }
}

fn withdrawn(customer: &str) -> Spoken {
    Spoken {
        withdrawn: Some(Withdrawn {
            day_end_ms: START + DAY,
            customer_id: customer.to_owned(),
            later_days: false,
        }),
        ..Spoken::default()
    }
}

/// Both partitions' first day is over.
fn over(partition: i32) -> Spoken {
    let mut book = Daybook::new(terms(), zone());
    book.set_place(partition, 2);
    let what = Happening {
        ts: START + 1,
        kind: EventType::PageView,
        minor: None,
        contract: None,
        cost: None,
    };
    book.happened(0, &what);
    let mut said = Vec::new();
    book.close_up_to(START + DAY, &|_| 0, &mut |partial| said.push(partial));
    Spoken {
        partial: said.pop(),
        ..Spoken::default()
    }
}

fn texts(told: &[Told]) -> Vec<String> {
    let values = told.iter().map(|told| match told {
        Told::Kpi { key, .. } => key.clone(),
        Told::Listed { value, .. } | Told::Suppressed { value, .. } => {
            String::from_utf8(value.clone()).unwrap()
        }
    });
    values.collect()
}

#[test]
fn list_of_a_day_holds_the_most_valuable_that_the_budget_allows_once_everybody_has_spoken() {
    let mut ledger = Ledger::new(zone(), 2, Some(2), None);
    let said = [
        candidate("a", Some(5.0)),
        candidate("b", None),
        over(0),
        candidate("c", Some(9.0)),
        candidate("d", Some(9.0)),
        candidate("gone", Some(99.0)),
        withdrawn("gone"),
        Spoken {
            reached: Some(Reached {
                after_ms: START + DAY - HOUR,
                customer_id: "d".to_owned(),
                reach: Reach::default(),
            }),
            ..Spoken::default()
        },
        candidate("erased", Some(98.0)),
        Spoken {
            withdrawn: Some(Withdrawn::after(START + DAY - HOUR, "erased")),
            ..Spoken::default()
        },
    ];
    for (offset, said) in (0..).zip(said) {
        ledger.take(said, offset);
        assert!(ledger.due().is_none(), "the other partition has not spoken");
    }
    assert_eq!(ledger.floor(10), 0);
    ledger.take(over(1), 10);
    let told = texts(&all_due(&mut ledger));
    let listed = |rank: u32, customer: &str, reach: &str| {
        format!(
            "{{\"day\":\"2026-03-11\",\"as_of\":{},\"rank\":{rank},\"capacity\":2,\"candidates\":4,\
             \"customer_id\":\"{customer}\",\"alert_id\":\"alert-{customer}\",\"priority\":9.0,{reach},\
             \"alert\":{{\"n\":1.50}}}}",
            START + DAY
        )
    };
    let suppressed = "{\"kind\":\"opened\",\"suppressed\":\"capacity\",\"z\":1}".to_owned();
    let expected = [
        listed(1, "c", "\"channel\":\"email\",\"lawful_basis\":\"consent\""),
        listed(2, "d", "\"channel\":null,\"lawful_basis\":null"),
        suppressed.clone(),
        suppressed,
        "day:2026-03-11".to_owned(),
    ];
    assert_eq!(told, expected);
    assert_eq!(ledger.floor(11), 11);
}

#[test]
fn ledger_that_begins_at_the_floor_tells_what_is_left_and_nothing_twice() {
    let said = [over(0), candidate("a", Some(1.0)), over(1)];
    let mut ledger = Ledger::new(zone(), 2, None, None);
    for (offset, said) in (0..).zip(said.clone()) {
        ledger.take(said, offset);
    }
    assert_eq!(all_due(&mut ledger).len(), 2);
    let mut again = Ledger::new(zone(), 2, None, ledger.done());
    for (offset, said) in (0..).zip(said) {
        again.take(said, offset);
    }
    assert!(again.due().is_none());
    assert_eq!(again.floor(3), 3);
}
