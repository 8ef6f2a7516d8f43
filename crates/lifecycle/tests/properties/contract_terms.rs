//! Periods of contracts, ends without a name or after the date, and accounts that are closed again.

use holdfast_events::details::Instant;
use holdfast_events::{Details, EventType};
use holdfast_lifecycle::{DAY_MS, Settings};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::contract_cases::{churned, contract, event};
use crate::world::{Event, START, World};

use EventType as E;

fn at(year: i16, month: i8, day: i8) -> i64 {
    let noon = jiff::civil::date(year, month, day).at(12, 0, 0, 0);
    noon.to_zoned(TimeZone::UTC)
        .unwrap()
        .timestamp()
        .as_millisecond()
}

fn monthly(kind: EventType, ts: i64, period: Option<&'static str>) -> Event {
    let details = Details {
        period: period.map(Into::into),
        ..contract("s1", "pro", None)
    };
    Event {
        ts,
        ..event(kind, 0, details)
    }
}

#[test]
fn a_contract_of_the_31st_ends_on_the_last_day_of_each_month() {
    let mut world = World::new(&Settings::default());
    world.event(&monthly(
        E::SubscriptionStart,
        at(2026, 1, 31),
        Some("month"),
    ));
    for (month, day) in [(2, 28), (3, 31), (4, 30), (5, 31)] {
        let due = at(2026, month, day);
        let renewal = world.profile(1, due - 1).unwrap().contract.renewal_at;
        assert_eq!(renewal, Some(due), "month {month}");
        world.advance(due - 1);
        world.event(&monthly(E::SubscriptionRenew, due, None));
    }
    assert_eq!(world.lifecycle(1, &["churned"]), [] as [Value; 0]);
}

#[test]
fn a_change_to_another_period_counts_from_the_change() {
    let mut world = World::new(&Settings::default());
    world.event(&monthly(
        E::SubscriptionStart,
        at(2026, 1, 1),
        Some("month"),
    ));
    world.event(&monthly(
        E::SubscriptionChange,
        at(2026, 1, 10),
        Some("year"),
    ));
    let renewal = |world: &World, ts| world.profile(1, ts).unwrap().contract.renewal_at;
    assert_eq!(renewal(&world, at(2026, 1, 10)), Some(at(2027, 1, 10)));
    world.event(&monthly(E::SubscriptionRenew, at(2027, 1, 10), None));
    assert_eq!(renewal(&world, at(2027, 1, 10)), Some(at(2028, 1, 10)));
}

#[test]
fn an_end_that_comes_after_its_date_is_told_with_its_reason_and_what_it_corrects() {
    let leave = |day, kind| {
        let reason = Some("card expired".into());
        event(
            kind,
            day,
            Details {
                reason,
                ..contract("s1", "pro", None)
            },
        )
    };
    let start = event(E::SubscriptionStart, 0, contract("s1", "pro", Some(30)));
    let mut world = World::new(&Settings::default());
    world.event(&start);
    world.event(&event(E::PaymentFailed, 30, contract("s1", "pro", None)));
    world.advance(START + 40 * DAY_MS);
    world.event(&leave(45, E::SubscriptionExpire));
    world.event(&leave(46, E::SubscriptionCancel));
    let told = world.lifecycle(1, &["churned"]);
    let said: Vec<_> = told
        .iter()
        .map(|r| {
            (
                &r["churn_kind"],
                &r["corrects"],
                &r["reason"],
                &r["voluntary"],
            )
        })
        .collect();
    let expected = [
        (
            &json!("not_renewed"),
            &json!(null),
            &json!(null),
            &json!(false),
        ),
        (
            &json!("payment_failed"),
            &json!("not_renewed"),
            &json!("card expired"),
            &json!(false),
        ),
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_cancellation_after_a_failed_payment_was_not_wanted_unless_it_says_so() {
    for (said, voluntary) in [(None, json!(false)), (Some(true), json!(true))] {
        let cancel = Details {
            voluntary: said,
            ..contract("s1", "pro", None)
        };
        let told = churned(&[
            event(E::SubscriptionStart, 0, contract("s1", "pro", Some(30))),
            event(E::PaymentFailed, 29, contract("s1", "pro", None)),
            event(E::SubscriptionCancel, 31, cancel),
        ]);
        assert_eq!(told[0]["voluntary"], voluntary);
    }
}

#[test]
fn an_end_without_a_name_ends_every_contract_and_a_name_that_comes_later_is_taken() {
    let unnamed = Details::default();
    let told = churned(&[
        event(E::SubscriptionStart, 0, contract("s1", "pro", Some(30))),
        event(E::SubscriptionStart, 0, contract("s2", "pro", Some(30))),
        event(E::SubscriptionCancel, 9, unnamed.clone()),
    ]);
    let ids: Vec<_> = told.iter().map(|r| &r["subscription_id"]).collect();
    assert_eq!(ids, [&json!("s1"), &json!("s2")]);
    assert_eq!(told[1]["subscriptions_left"], 0);
    let begun = Details {
        period_end: Some(Instant(START + 30 * DAY_MS)),
        ..unnamed
    };
    let told = churned(&[
        event(E::SubscriptionStart, 0, begun),
        event(E::SubscriptionRenew, 30, contract("s1", "pro", Some(60))),
    ]);
    let record = (&told[0]["subscription_id"], &told[0]["subscriptions_left"]);
    assert_eq!((told.len(), record), (1, (&json!("s1"), &json!(0))));
}

#[test]
fn an_account_that_is_closed_again_after_a_purchase_is_told_again() {
    let buy = Event {
        minor: Some(100),
        ..event(E::Purchase, 20, Details::default())
    };
    let close = |day| event(E::AccountClosed, day, Details::default());
    assert_eq!(churned(&[close(10), close(11), buy, close(30)]).len(), 2);
}
