//! Ends of contracts: one exact test for each kind.

use holdfast_events::details::Instant;
use holdfast_events::{Details, EventType};
use holdfast_lifecycle::{DAY_MS, Settings};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::world::{Event, START, World};

use EventType as E;

pub(crate) fn event(kind: EventType, day: i64, details: Details<'static>) -> Event {
    Event {
        customer: 1,
        kind,
        ts: START + day * DAY_MS,
        minor: None,
        details,
    }
}

pub(crate) fn contract(
    id: &'static str,
    plan: &'static str,
    end_day: Option<i64>,
) -> Details<'static> {
    Details {
        subscription_id: Some(id.into()),
        plan: Some(plan.into()),
        period_end: end_day.map(|day| Instant(START + day * DAY_MS)),
        ..Details::default()
    }
}

/// What is told of these events, time standing still at day 100 in the end.
pub(crate) fn churned(events: &[Event]) -> Vec<Value> {
    let mut world = World::new(&Settings::default());
    for event in events {
        world.event(event);
    }
    world.advance(START + 100 * DAY_MS);
    world.lifecycle(1, &["churned"])
}

#[test]
fn a_contract_that_nobody_renews_is_over_after_its_grace() {
    let details = Details {
        seats: Some(5),
        ..contract("s1", "pro", Some(30))
    };
    let at = START + 33 * DAY_MS;
    let expected = json!({
        "kind": "churned", "customer_id": "c1", "as_of": at, "trigger": {"kind": "timer", "name": "renewal"},
        "churn_kind": "not_renewed", "voluntary": null, "reason": null, "subscription_id": "s1", "plan": "pro",
        "seats": 5, "was_trial": false, "ended_at": at, "subscriptions_left": 0, "corrects": null,
        "is_proxy": false,
    });
    assert_eq!(
        churned(&[event(E::SubscriptionStart, 0, details)]),
        [expected]
    );
}

#[test]
fn a_cancellation_carries_its_reason_and_counts_the_contracts_that_are_left() {
    let leave = Details {
        reason: Some("too dear".into()),
        ..contract("s1", "pro", None)
    };
    let told = churned(&[
        event(E::SubscriptionStart, 0, contract("s1", "pro", Some(30))),
        event(E::SubscriptionStart, 1, contract("s2", "extra", Some(400))),
        event(E::SubscriptionCancel, 2, leave.clone()),
        event(E::SubscriptionExpire, 30, leave),
    ]);
    assert_eq!(told.len(), 1, "{told:?}");
    let record = &told[0];
    assert_eq!(record["churn_kind"], "cancelled");
    assert_eq!(
        (&record["voluntary"], &record["reason"]),
        (&json!(true), &json!("too dear"))
    );
    assert_eq!(record["subscriptions_left"], 1);
}

#[test]
fn what_runs_out_after_a_failed_payment_was_not_wanted() {
    let start = event(E::SubscriptionStart, 0, contract("s1", "pro", Some(30)));
    let failed = event(E::PaymentFailed, 29, contract("s1", "pro", None));
    let expire = event(E::SubscriptionExpire, 31, contract("s1", "pro", None));
    let kind = |events: &[Event]| {
        let told = churned(events);
        assert_eq!(told.len(), 1, "{told:?}");
        (told[0]["churn_kind"].clone(), told[0]["voluntary"].clone())
    };
    assert_eq!(
        kind(&[start.clone(), expire.clone()]),
        (json!("expired"), json!(null))
    );
    let unpaid = [start.clone(), failed.clone(), expire.clone()];
    assert_eq!(kind(&unpaid), (json!("payment_failed"), json!(false)));
    let renewed = event(E::SubscriptionRenew, 30, contract("s1", "pro", Some(60)));
    assert_eq!(
        kind(&[start.clone(), failed.clone(), renewed, expire]),
        (json!("expired"), json!(null))
    );
    assert_eq!(kind(&[start, failed]), (json!("not_renewed"), json!(false)));
}

#[test]
fn a_trial_ends_or_becomes_a_contract_under_its_own_or_another_name() {
    let trial = event(E::SubscriptionStart, 0, contract("s1", "trial", Some(14)));
    let told = churned(std::slice::from_ref(&trial));
    assert_eq!(told[0]["churn_kind"], "trial_ended");
    assert_eq!(
        (&told[0]["was_trial"], &told[0]["trigger"]["name"]),
        (&json!(true), &json!("trial_end"))
    );
    for (kind, id) in [(E::SubscriptionRenew, "s1"), (E::SubscriptionStart, "s2")] {
        let bought = event(kind, 10, contract(id, "pro", Some(400)));
        assert_eq!(churned(&[trial.clone(), bought]), [] as [Value; 0]);
    }
    let changed = event(E::SubscriptionChange, 10, contract("s1", "pro", Some(400)));
    assert_eq!(churned(&[trial, changed]), [] as [Value; 0]);
}

#[test]
fn a_closed_account_is_told_once_and_ends_all_contracts() {
    let told = churned(&[
        event(E::SubscriptionStart, 0, contract("s1", "pro", Some(30))),
        event(E::SubscriptionStart, 0, contract("s2", "pro", Some(30))),
        event(
            E::AccountClosed,
            5,
            Details {
                reason: Some("moved".into()),
                ..Details::default()
            },
        ),
        event(E::AccountClosed, 6, Details::default()),
        event(E::SubscriptionCancel, 6, contract("s1", "pro", None)),
    ]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (&told[0]["churn_kind"], &told[0]["reason"]),
        (&json!("account_closed"), &json!("moved"))
    );
}

#[test]
fn neither_a_mailing_list_that_is_left_nor_a_rest_ends_a_contract() {
    let told = churned(&[
        event(E::SubscriptionStart, 0, contract("s1", "pro", Some(30))),
        event(
            E::CampaignUnsubscribed,
            3,
            Details {
                list_id: Some("news".into()),
                ..Details::default()
            },
        ),
        event(E::SubscriptionPause, 10, contract("s1", "pro", None)),
    ]);
    assert_eq!(told, [] as [Value; 0]);
}

#[test]
fn only_types_that_are_set_as_hard_churn_are_told() {
    let settings = Settings {
        hard_churn: vec![E::AccountClosed],
        ..Settings::default()
    };
    let mut world = World::new(&settings);
    world.event(&event(
        E::SubscriptionStart,
        0,
        contract("s1", "pro", Some(30)),
    ));
    world.event(&event(
        E::SubscriptionCancel,
        2,
        contract("s1", "pro", None),
    ));
    world.event(&event(E::AccountClosed, 3, Details::default()));
    let told = world.lifecycle(1, &["churned"]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["churn_kind"], "account_closed");
}

#[test]
fn a_period_without_a_date_ends_by_the_calendar_of_the_zone() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let settings = Settings {
        time_zone: zone.clone(),
        ..Settings::default()
    };
    let mut world = World::new(&settings);
    let at = |month, day| {
        jiff::civil::date(2026, month, day)
            .at(9, 0, 0, 0)
            .to_zoned(zone.clone())
            .unwrap()
    };
    let monthly = Details {
        period: Some("monthly".into()),
        ..contract("s1", "pro", None)
    };
    let ts = |month, day| at(month, day).timestamp().as_millisecond();
    let mut start = event(E::SubscriptionStart, 0, monthly.clone());
    start.ts = ts(3, 1);
    world.event(&start);
    // The clocks go forward on 29 March.
    assert_eq!(
        world.profile(1, start.ts).unwrap().contract.renewal_at,
        Some(ts(4, 1))
    );
    let mut early = event(
        E::SubscriptionRenew,
        0,
        Details {
            period: None,
            ..monthly
        },
    );
    early.ts = ts(3, 28);
    world.event(&early);
    let profile = world.profile(1, early.ts).unwrap();
    assert_eq!(profile.contract.renewal_at, Some(ts(5, 1)));
    assert_eq!(
        (
            profile.contract.subscriptions,
            profile.contract.plan.as_deref()
        ),
        (1, Some("pro"))
    );
}

#[test]
fn a_renewal_heard_of_too_late_lets_the_contract_run_again_without_a_word() {
    let mut world = World::new(&Settings::default());
    world.event(&event(
        E::SubscriptionStart,
        0,
        contract("s1", "pro", Some(30)),
    ));
    world.advance(START + 34 * DAY_MS);
    world.event(&event(
        E::SubscriptionRenew,
        31,
        contract("s1", "pro", Some(60)),
    ));
    assert_eq!(world.lifecycle(1, &["churned"]).len(), 1);
    assert_eq!(
        world
            .profile(1, START + 40 * DAY_MS)
            .unwrap()
            .contract
            .subscriptions,
        1
    );
    world.event(&event(
        E::SubscriptionCancel,
        40,
        contract("s1", "pro", None),
    ));
    // An older renewal does not bring back what an event has ended.
    world.event(&event(
        E::SubscriptionRenew,
        39,
        contract("s1", "pro", Some(90)),
    ));
    let profile = world.profile(1, START + 40 * DAY_MS).unwrap();
    assert_eq!(
        (profile.contract.subscriptions, profile.contract.churned_at),
        (0, Some(START + 40 * DAY_MS))
    );
    assert_eq!(world.lifecycle(1, &["churned"]).len(), 2);
}
