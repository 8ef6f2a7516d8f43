//! What a day book does with what comes late, with ends of input, with long windows, and with customers who move.

#![allow(clippy::unwrap_used)] // in helpers of tests

use holdfast_events::EventType;
use holdfast_reports::live::Said as Spoken;
use holdfast_reports::live::{BookTerms, Daybook, Happening, Kpi, Ledger, Told};
use holdfast_reports::{Abandons, Period};
use jiff::tz::TimeZone;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;

fn zone() -> TimeZone {
    TimeZone::UTC
}

fn terms() -> BookTerms {
    BookTerms {
        periods: vec![Period::Week, Period::Month],
        window_ms: 20 * DAY,
        abandons: Abandons::default(),
    }
}

fn all_due(ledger: &mut Ledger) -> Vec<Told> {
    std::iter::from_fn(|| ledger.due()).flatten().collect()
}

#[test]
fn a_customer_with_ten_events_costs_a_book_at_most_thirteen_bytes_on_any_day() {
    const CUSTOMERS: u32 = 100_000;
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 33
    };
    // Of ten events of a customer three are purchases, over half a year.
    let mut rows: Vec<(i64, u32, EventType)> = (0..CUSTOMERS * 10)
        .map(|n| {
            let kind = match n % 10 {
                0..=2 => EventType::Purchase,
                3 => EventType::CartAdd,
                _ => EventType::PageView,
            };
            (
                START + (next() % (180 * 86_400)) as i64 * 1_000,
                n / 10,
                kind,
            )
        })
        .collect();
    rows.sort_unstable();
    let terms = BookTerms {
        periods: vec![Period::Month],
        ..terms()
    };
    let mut book = Daybook::new(terms, zone());
    let mut most = 0;
    for (n, (ts, customer, kind)) in rows.into_iter().enumerate() {
        if n % 1_000 == 0 {
            most = most.max(book.memory());
        }
        let what = Happening {
            ts,
            kind,
            minor: Some(4_990),
            contract: None,
            cost: None,
        };
        book.happened(customer, &what);
        book.close_up_to(ts - HOUR, &|_| 0, &mut |_| ());
    }
    let [each, most] = [book.memory(), most].map(|bytes| bytes as f64 / f64::from(CUSTOMERS));
    println!("{each:.1} bytes of the day book per customer at the end, {most:.1} when it was most");
    // Beside the 83 of the tracker, whatever the day of the month.
    assert!(most <= 13.0, "{most} bytes");
}

/// What a book alone says of its closed days.
fn alone(book: &mut Daybook, until: i64, ledger: &mut Ledger) -> Vec<Kpi> {
    let mut said = Vec::new();
    book.close_up_to(until, &|_| 0, &mut |partial| said.push(partial));
    for (offset, partial) in (0..).zip(said) {
        let spoken = Spoken {
            partial: Some(partial),
            ..Spoken::default()
        };
        ledger.take(spoken, offset);
    }
    let told = all_due(ledger).into_iter();
    let kpis = told.filter_map(|told| match told {
        Told::Kpi { kpi, .. } if kpi.period == Period::Day => Some(*kpi),
        _ => None,
    });
    kpis.collect()
}

fn buys(ts: i64) -> Happening {
    Happening {
        ts,
        kind: EventType::Purchase,
        minor: Some(100),
        contract: None,
        cost: None,
    }
}

#[test]
fn what_comes_too_late_for_the_first_instant_of_a_day_is_not_lost_to_the_stock() {
    let mut book = Daybook::new(terms(), zone());
    let mut ledger = Ledger::new(zone(), 2, None, None);
    book.happened(0, &buys(START + HOUR));
    assert_eq!(
        alone(&mut book, START + DAY, &mut ledger)[0]
            .figures
            .customers_end,
        1
    );
    // The day before is closed, and this would have made a customer of its end.
    book.happened(1, &buys(START + DAY));
    book.happened(2, &buys(START + HOUR));
    let kpi = &alone(&mut book, START + 2 * DAY, &mut ledger)[0];
    assert_eq!((kpi.figures.customers_end, kpi.figures.acquired), (3, 2));
    assert_eq!(kpi.late_events, 1);
}

#[test]
fn an_end_of_input_before_anything_happened_leaves_the_book_as_it_was() {
    let mut book = Daybook::new(terms(), zone());
    assert!(!book.close_up_to(i64::MIN, &|_| 0, &mut |_| panic!("nothing is over")));
    let mut ledger = Ledger::new(zone(), 2, None, None);
    book.happened(0, &buys(START + HOUR));
    assert_eq!(alone(&mut book, START + DAY, &mut ledger).len(), 1);
}

#[test]
fn a_window_longer_than_the_calendar_makes_a_customer_for_ever() {
    let window_ms = 36_500 * DAY;
    let mut book = Daybook::new(
        BookTerms {
            window_ms,
            ..terms()
        },
        zone(),
    );
    let mut ledger = Ledger::new(zone(), 2, None, None);
    book.happened(0, &buys(START + HOUR));
    let kpis = alone(&mut book, START + 40 * DAY, &mut ledger);
    assert_eq!(kpis.last().map(|kpi| kpi.figures.customers_end), Some(1));
}

#[test]
fn customers_spread_over_other_partitions_are_counted_on_as_if_they_had_always_been_there() {
    let at = |day: i64, hour: i64| START + day * DAY + hour * HOUR;
    let mut whole = Daybook::new(terms(), zone());
    let mut old: Vec<Daybook> = (0..2).map(|_| Daybook::new(terms(), zone())).collect();
    for ix in 0..6_u32 {
        for day in [0, 3, 9] {
            let what = buys(at(day, i64::from(ix) + 1));
            whole.happened(ix, &what);
            old[(ix % 2) as usize].happened(ix, &what);
        }
    }
    whole.moved(at(1, 1), None, Some("new"));
    old[1].moved(at(1, 1), None, Some("new"));
    for book in old.iter_mut().chain([&mut whole]) {
        book.close_up_to(at(9, 0), &|_| 0, &mut |_| ());
    }
    let others: Vec<&Daybook> = old.iter().collect();
    let mut new: Vec<Daybook> = (0..3)
        .map(|number| {
            let mut book = Daybook::new(terms(), zone()).heir_of(&others);
            book.set_place(number, 3);
            book
        })
        .collect();
    old.iter().for_each(|book| new[0].absorb(book));
    // Indices are given anew, in the order of coming.
    for (parity, from) in (0..).zip(&old) {
        for ix in (0..6_u32).filter(|ix| ix % 2 == parity) {
            new[(ix % 3) as usize].adopt(from, (ix, ix / 3));
        }
        for (number, book) in (0..).zip(&mut new) {
            book.adopt_days(from, |ix| {
                (ix % 2 == parity && ix % 3 == number).then_some(ix / 3)
            });
        }
    }
    // Of another partition than the one that holds the count.
    new[1].moved(at(9, 5), Some("new"), Some("loyal"));
    whole.moved(at(9, 5), Some("new"), Some("loyal"));
    let mut ledgers = [(); 2].map(|()| Ledger::new(zone(), 2, None, None));
    let expected = alone(&mut whole, at(30, 0), &mut ledgers[0]);
    let mut found = Vec::new();
    for book in &mut new {
        found.extend(alone(book, at(30, 0), &mut ledgers[1]));
    }
    assert_eq!(found, expected);
    assert_eq!(found[0].segments.get("loyal"), Some(&1));
    assert_eq!(found[0].segments.get("new"), None);
}
