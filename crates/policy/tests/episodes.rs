//! Episodes step by step, on a model whose score is days of silence.

#[path = "rig/rig.rs"]
mod rig;

use holdfast_events::EventType as E;
use holdfast_model::LabelKind;
use holdfast_policy::Config;
use rig::{DAY, HOUR, Rig, T0, act, check, config, model, recency_model, ten_days};

#[test]
fn silence_alone_opens_escalates_and_lapses_at_the_solved_instants() {
    let expected = [
        ("opened", 10 * DAY),
        ("escalated", 11 * DAY),
        ("escalated", 12 * DAY),
        ("lapsed", 30 * DAY),
    ];
    let rig = check(
        config(),
        &ten_days(),
        &[act("c1", E::Purchase, T0)],
        100 * DAY,
        &expected,
    );
    let opened = &rig.values()[0];
    assert_eq!(opened["trigger"], serde_json::json!({"kind": "silence"}));
    assert_eq!(opened["churn_probability"], 0.5);
    assert_eq!(opened["expires_at"], T0 + 30 * DAY);
    assert_eq!(opened["episode_id"], "c1:1");
    assert_eq!(opened["spend_90d"], 10.0);
    assert_eq!(rig.values()[3]["expires_at"], serde_json::Value::Null);
}

#[test]
fn the_deadline_is_the_first_whole_second_not_before_the_crossing() {
    let expected = [("opened", 10 * DAY + 1_000)];
    check(
        config(),
        &ten_days(),
        &[act("c1", E::Purchase, T0 + 1)],
        10 * DAY + HOUR,
        &expected,
    );
}

#[test]
fn nothing_opens_again_after_a_lapse_until_a_purchase() {
    let acts = [
        act("c1", E::Purchase, T0),
        act("c1", E::PageView, T0 + 35 * DAY),
    ];
    let mut rig = check(
        config(),
        &ten_days(),
        &acts,
        60 * DAY,
        &[
            ("opened", 10 * DAY),
            ("escalated", 11 * DAY),
            ("escalated", 12 * DAY),
            ("lapsed", 30 * DAY),
        ],
    );
    rig.play(&act("c1", E::Purchase, T0 + 61 * DAY));
    rig.advance(T0 + 71 * DAY);
    assert_eq!(rig.sent()[4..], [("opened", 71 * DAY)]);
    assert_eq!(rig.values()[4]["episode_id"], "c1:2");
}

#[test]
fn a_purchase_recovers_only_after_the_dwell_time() {
    let acts = [
        act("c1", E::Purchase, T0),
        act("c1", E::Purchase, T0 + 10 * DAY + 6 * HOUR),
    ];
    let expected = [
        ("opened", 10 * DAY),
        ("recovered", 11 * DAY),
        ("opened", 20 * DAY + 6 * HOUR),
    ];
    let rig = check(config(), &ten_days(), &acts, 20 * DAY + 7 * HOUR, &expected);
    assert_eq!(rig.values()[1]["trigger"]["kind"], "silence");
    assert!(
        rig.values()[1]["text"]
            .as_str()
            .unwrap()
            .starts_with("Recovered")
    );
}

#[test]
fn a_purchase_after_the_dwell_time_recovers_at_once_with_the_event_as_trigger() {
    let buy = act("c1", E::Purchase, T0 + 15 * DAY + 1);
    let expected = [
        ("opened", 10 * DAY),
        ("escalated", 11 * DAY),
        ("escalated", 12 * DAY),
        ("recovered", 15 * DAY + 1),
    ];
    let acts = [act("c1", E::Purchase, T0), buy.clone()];
    let rig = check(config(), &ten_days(), &acts, 22 * DAY, &expected);
    assert_eq!(
        rig.values()[3]["trigger"],
        serde_json::json!({"kind": "event", "event_id": buy.id})
    );
    assert_eq!(rig.values()[3]["threshold"], config().close);
}

#[test]
fn the_end_of_the_cool_down_is_a_deadline_of_its_own() {
    // Support contacts at day 9 open early; they leave the window, the purchase closes; then contacts again.
    let mut acts = vec![act("c1", E::Purchase, T0)];
    acts.push(act("c1", E::Purchase, T0 + 12 * DAY + 77));
    for n in 0..20 {
        acts.push(act("c1", E::SupportContact, T0 + 14 * DAY + n * 1_000));
    }
    let expected = [
        ("opened", 10 * DAY),
        ("escalated", 11 * DAY),
        ("escalated", 12 * DAY),
        ("recovered", 12 * DAY + 77),
        ("opened", 19 * DAY + 77),
    ];
    check(config(), &ten_days(), &acts, 19 * DAY + HOUR, &expected);
}

#[test]
fn one_event_over_several_bands_is_one_record() {
    let mut acts = vec![act("c1", E::Purchase, T0)];
    acts.extend((0..26).map(|n| act("c1", E::SupportContact, T0 + 5 * HOUR + n)));
    // 20 contacts reach 0 from -10 + 5/24; the next steps of one half reach 1 and 2.
    let rig = check(
        config(),
        &ten_days(),
        &acts,
        6 * HOUR,
        &[
            ("opened", 5 * HOUR + 19),
            ("escalated", 5 * HOUR + 21),
            ("escalated", 5 * HOUR + 23),
        ],
    );
    assert_eq!(rig.values()[2]["band"], holdfast_model::probability(2.0));
    let jump = model(
        LabelKind::Purchase,
        (20, 40),
        -5.0,
        &[("support_contacts_7d", 8.0)],
    );
    let acts = [
        act("c1", E::Purchase, T0),
        act("c1", E::SupportContact, T0 + HOUR),
    ];
    let rig = check(config(), &jump, &acts, 2 * HOUR, &[("opened", HOUR)]);
    assert_eq!(rig.values()[0]["band"], holdfast_model::probability(2.0));
    assert_eq!(rig.values()[0]["threshold"], 0.5);
}

#[test]
fn silence_recovers_when_what_raised_the_score_leaves_the_window() {
    let jump = model(
        LabelKind::Purchase,
        (20, 40),
        -3.0,
        &[("support_contacts_7d", 4.0)],
    );
    let acts = [
        act("c1", E::Purchase, T0),
        act("c1", E::SupportContact, T0 + HOUR),
    ];
    // Day 0 is outside the 7-day window from the midnight of day 7 on.
    check(
        config(),
        &jump,
        &acts,
        9 * DAY,
        &[("opened", HOUR), ("recovered", 7 * DAY)],
    );
}

#[test]
fn outside_the_population_nothing_opens() {
    let late = recency_model(15.0, (7, 14));
    check(
        config(),
        &late,
        &[act("c1", E::Purchase, T0)],
        100 * DAY,
        &[],
    );
    check(
        config(),
        &ten_days(),
        &[act("c1", E::PageView, T0)],
        100 * DAY,
        &[],
    );
    let ever = recency_model(400.0, (7, 0));
    check(
        config(),
        &ever,
        &[act("c1", E::Purchase, T0)],
        400 * DAY,
        &[("opened", 400 * DAY)],
    );
}

#[test]
fn hard_churn_closes_and_without_an_episode_sends_nothing() {
    let acts = [
        act("c1", E::Purchase, T0),
        act("c1", E::AccountClosed, T0 + 10 * DAY + HOUR),
    ];
    let rig = check(
        config(),
        &ten_days(),
        &acts,
        39 * DAY,
        &[("opened", 10 * DAY), ("churned", 10 * DAY + HOUR)],
    );
    assert_eq!(rig.values()[1]["text"], "Gone: account_closed.");
    let acts = [
        act("c1", E::Purchase, T0),
        act("c1", E::AccountClosed, T0 + 5 * DAY),
    ];
    check(config(), &ten_days(), &acts, 39 * DAY, &[]);
}

#[test]
fn a_named_event_closes_as_churned_and_its_absence_as_recovered() {
    let kind = LabelKind::Event("subscription_cancel".to_owned());
    let named = model(kind, (20, 40), -1.0, &[("support_contacts_7d", 4.0)]);
    let config = || Config {
        close: 0.01,
        ..config()
    };
    let acts = [act("c1", E::SupportContact, T0)];
    let rig = check(
        config(),
        &named,
        &acts,
        30 * DAY,
        &[("opened", 0), ("recovered", 20 * DAY)],
    );
    assert!(
        rig.values()[1]["text"]
            .as_str()
            .unwrap()
            .contains("without `subscription_cancel`")
    );
    let acts = [
        act("c1", E::SupportContact, T0),
        act("c1", E::SubscriptionCancel, T0 + DAY),
        act("c1", E::SupportContact, T0 + 12 * DAY),
    ];
    check(
        config(),
        &named,
        &acts,
        100 * DAY,
        &[("opened", 0), ("churned", DAY)],
    );
}

#[test]
fn an_abandoned_cart_raises_the_alert_by_its_timer() {
    let carts = model(
        LabelKind::Purchase,
        (20, 40),
        -1.0,
        &[("cart_abandons_7d", 2.0)],
    );
    let acts = [
        act("c1", E::Purchase, T0),
        act("c1", E::CartAdd, T0 + 2 * HOUR),
    ];
    let rig = check(config(), &carts, &acts, 4 * HOUR, &[("opened", 3 * HOUR)]);
    assert_eq!(
        rig.values()[0]["trigger"],
        serde_json::json!({"kind": "timer", "name": "cart_abandon"})
    );
}

#[test]
fn an_event_dated_before_a_fired_deadline_undoes_nothing() {
    let mut rig = Rig::new(config(), &ten_days());
    rig.play(&act("c1", E::Purchase, T0));
    rig.play(&act("c2", E::Purchase, T0 + 10 * DAY + 2 * HOUR));
    rig.play(&act("c1", E::Purchase, T0 + 9 * DAY));
    rig.advance(T0 + 10 * DAY + 23 * HOUR);
    assert_eq!(rig.sent(), [("opened", 10 * DAY)]);
    rig.advance(T0 + 12 * DAY);
    assert_eq!(rig.sent(), [("opened", 10 * DAY), ("recovered", 11 * DAY)]);
}

#[test]
fn equal_instants_go_out_by_customer_id() {
    let mut rig = Rig::new(config(), &ten_days());
    for customer in ["b", "c", "a"] {
        rig.play(&act(customer, E::Purchase, T0));
    }
    rig.advance(T0 + 10 * DAY);
    let keys: Vec<&str> = rig.alerts.iter().map(|alert| alert.key.as_str()).collect();
    assert_eq!(keys, ["a", "b", "c"]);
}
