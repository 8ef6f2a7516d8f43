use std::borrow::Cow;

use holdfast_events::EventType;
use holdfast_features::{CartAbandon, DAY_MS, Plan, feature};

use super::*;
use crate::choice::offered;
use crate::rows::Rows;

const T0: i64 = 20_454 * DAY_MS;

fn settings() -> Settings {
    Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Derived {
            after_ms: 3_600_000,
        },
        minor_exponent: 2,
        stats: None,
    }
}

fn label(kind: &str, active_days: u32) -> Label {
    Label {
        kind: LabelKind::parse(kind),
        horizon_days: 10,
        active_days,
    }
}

/// A history of (customer, type, ms after T0).
fn history(kind: &str, events: &[(&str, EventType, i64)]) -> History {
    let mut history = History::new(LabelKind::parse(kind));
    for (i, (customer, kind, at)) in events.iter().enumerate() {
        history.push(&event(customer, *kind, *at, &format!("e{i}")));
    }
    history.finish(i64::MAX);
    history
}

fn event<'a>(customer: &'a str, kind: EventType, at: i64, id: &str) -> Event<'a> {
    Event {
        event_id: Cow::Owned(id.to_owned()),
        customer_id: Cow::Borrowed(customer),
        kind,
        type_name: Cow::Borrowed(kind.name()),
        ts: T0 + at,
        minor: Some(1_000),
        currency: None,
        rounded: false,
        particulars: Default::default(),
    }
}

/// Members and their outcomes at one cutoff, as (id, left).
fn population(history: &History, label: &Label, at: i64) -> Vec<(String, bool)> {
    let mut members = Vec::new();
    let outcomes = history.walk(label, settings(), &[T0 + at], &mut |snapshot| {
        members = snapshot.members.iter().map(|m| m.0).collect();
    });
    let left = outcomes.left(label, T0 + at, &members);
    members
        .iter()
        .map(|c| history.id(*c).to_owned())
        .zip(left)
        .collect()
}

fn named(list: &[(&str, bool)]) -> Vec<(String, bool)> {
    list.iter()
        .map(|(id, left)| ((*id).to_owned(), *left))
        .collect()
}

use EventType::{CartAdd, PageView, Purchase, SubscriptionCancel};

#[test]
fn population_and_label_windows_are_open_below_and_closed_above() {
    let day = DAY_MS;
    let events = [
        ("edge-out", Purchase, 0),
        ("edge-in", Purchase, 1),
        ("back-in-time", Purchase, 5 * day),
        ("back-in-time", Purchase, 30 * day),
        ("back-too-late", Purchase, 5 * day),
        ("back-too-late", Purchase, 30 * day + 1),
        ("at-the-cutoff", Purchase, 20 * day),
        ("only-looks", PageView, 19 * day),
    ];
    let found = population(
        &history("purchase", &events),
        &label("purchase", 20),
        20 * day,
    );
    let expected = named(&[
        ("at-the-cutoff", true),
        ("back-in-time", false),
        ("back-too-late", true),
        ("edge-in", true),
    ]);
    assert_eq!(found, expected);
    let ever = population(
        &history("purchase", &events),
        &label("purchase", 0),
        20 * day,
    );
    assert_eq!(
        ever.len(),
        5,
        "without a limit the one at the edge belongs too: {ever:?}"
    );
}

#[test]
fn any_act_refutes_leaving_where_the_label_says_so() {
    let events = [
        ("a", Purchase, 0),
        ("a", PageView, 12 * DAY_MS),
        ("b", Purchase, 0),
    ];
    let found = population(&history("any", &events), &label("any", 20), 10 * DAY_MS);
    assert_eq!(found, named(&[("a", false), ("b", true)]));
    let purchases = population(
        &history("purchase", &events),
        &label("purchase", 20),
        10 * DAY_MS,
    );
    assert_eq!(purchases, named(&[("a", true), ("b", true)]));
}

#[test]
fn named_event_means_leaving_and_ends_membership() {
    let events = [
        ("gone", PageView, 0),
        ("gone", SubscriptionCancel, DAY_MS),
        ("leaves", PageView, DAY_MS),
        ("leaves", SubscriptionCancel, 12 * DAY_MS),
        ("stays", PageView, DAY_MS),
        ("stays", PageView, 12 * DAY_MS),
    ];
    let kind = "subscription_cancel";
    let found = population(&history(kind, &events), &label(kind, 20), 10 * DAY_MS);
    assert_eq!(found, named(&[("leaves", true), ("stays", false)]));
}

#[test]
fn duplicate_after_the_cutoff_is_no_purchase() {
    let mut history = History::new(LabelKind::Purchase);
    history.push(&event("a", Purchase, 0, "same"));
    history.push(&event("a", Purchase, 3_600_000, "same"));
    history.finish(i64::MAX);
    assert_eq!(
        population(&history, &label("purchase", 20), 1),
        named(&[("a", true)])
    );
}

#[test]
fn erased_customer_is_in_no_row_unless_seen_again() {
    let mut history = History::new(LabelKind::Purchase);
    history.push(&event("gone", Purchase, 0, "e0"));
    history.push(&event("back", Purchase, 0, "e1"));
    history.erase("gone");
    history.erase("back");
    history.erase("never seen");
    history.push(&event("back", Purchase, 5, "e2"));
    history.finish(i64::MAX);
    assert_eq!((history.len(), history.customers()), (1, 1));
    assert_eq!(
        population(&history, &label("purchase", 20), 10),
        named(&[("back", true)])
    );
}

#[test]
fn open_cart_counts_as_abandoned_at_the_cutoff_though_no_event_came() {
    let events = [("a", Purchase, 0), ("a", CartAdd, DAY_MS)];
    let history = history("purchase", &events);
    let plan = Plan::new(&[feature("cart_abandons_7d").unwrap()]);
    let abandons = |at: i64| {
        let mut value = [f64::NAN];
        history.walk(&label("purchase", 20), settings(), &[T0 + at], &mut |s| {
            s.store
                .features(s.members[0].1, s.cutoff_ms, &plan, &mut value);
        });
        value[0]
    };
    assert_eq!(abandons(DAY_MS + 3_599_999), 0.0);
    assert_eq!(abandons(DAY_MS + 3_600_000), 1.0);
}

#[test]
fn rows_do_not_change_when_the_future_does() {
    let mut events = vec![
        ("a", Purchase, 0),
        ("b", PageView, 3),
        ("b", Purchase, DAY_MS),
    ];
    let label = label("purchase", 0);
    let rows = |events: &[(&str, EventType, i64)]| {
        let history = history("purchase", events);
        Rows::collect(&history, &label, settings(), &[T0 + 2 * DAY_MS], i64::MAX).unwrap()
    };
    let before = rows(&events);
    events.push(("a", Purchase, 2 * DAY_MS + 1));
    events.push(("b", CartAdd, 2 * DAY_MS + 2));
    let after = rows(&events);
    assert_eq!(before.values, after.values);
    assert_eq!(
        (before.left, after.left),
        (vec![true, true], vec![false, true])
    );
    assert_eq!(before.features, offered(&label.kind));
}

#[test]
fn label_that_reaches_beyond_the_data_is_refused() {
    let history = history("purchase", &[("a", Purchase, 0)]);
    let label = label("purchase", 0);
    let until = T0 + 10 * DAY_MS;
    let at = |cutoffs: &[i64]| Rows::collect(&history, &label, settings(), cutoffs, until);
    assert!(at(&[T0]).is_ok());
    for cutoffs in [&[T0 + 1][..], &[], &[T0, T0], &[T0, T0 - 1]] {
        assert!(
            matches!(at(cutoffs), Err(crate::Error::Setting(_))),
            "{cutoffs:?}"
        );
    }
}

#[test]
fn nothing_after_until_is_kept() {
    let mut history = History::new(LabelKind::Purchase);
    history.push(&event("a", Purchase, 10, "late"));
    history.push(&event("a", Purchase, 5, "in time"));
    history.finish(T0 + 9);
    assert_eq!(
        (history.len(), history.first_ms(), history.last_ms()),
        (1, Some(T0 + 5), Some(T0 + 5))
    );
}
