//! Lazily solved decisions against the plainest reading of the rules.
//!
//! The twin knows no bounds, marks, buckets or branch and bound: it walks every customer's time minute by minute (and
//! inside the minute in which something happens second by second) and asks at each instant what the rules say.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "rig/rig.rs"]
mod rig;
#[path = "rig/twin.rs"]
mod twin;

use holdfast_events::EventType as E;
use holdfast_model::{LabelKind, Model, Season};
use holdfast_policy::{Config, Mode};
use proptest::prelude::*;
use rig::{Act, DAY, HOUR, Rig, T0, act, config, model};
use twin::Twin;

const CUSTOMERS: [&str; 3] = ["amy", "bob", "cid"];
const MINUTE: i64 = 60_000;

/// Rising and falling columns, so that the score is monotone neither in time nor over midnights.
fn mixed(kind: LabelKind, label: (u32, u32)) -> Model {
    let columns = [
        ("days_since_last_purchase", 0.9),
        ("purchases_7d", -0.8),
        ("support_contacts_7d", 0.7),
        ("cart_abandons_7d", 0.6),
        ("page_views_7d", -0.15),
        ("tenure_days", -0.25),
        ("days_since_last_event", 0.2),
    ];
    model(kind, label, -1.2, &columns)
}

fn kinds() -> impl Strategy<Value = E> {
    prop_oneof![
        4 => Just(E::PageView),
        3 => Just(E::CartAdd),
        2 => Just(E::Purchase),
        3 => Just(E::SupportContact),
        1 => Just(E::SubscriptionCancel),
    ]
}

/// Events over ten days in order of time, then each moved back by up to half an hour, as they arrive.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let one = (0..CUSTOMERS.len(), kinds(), 0..10 * DAY, 0..HOUR / 2);
    prop::collection::vec(one, 1..25).prop_map(|mut drawn| {
        drawn.sort_by_key(|(_, _, at, _)| *at);
        drawn
            .iter()
            .map(|(who, kind, at, back)| act(CUSTOMERS[*who], *kind, T0 + at - back + HOUR))
            .collect()
    })
}

fn policies() -> impl Strategy<Value = Config> {
    (any::<bool>(), 0..3 * DAY, 0..2 * DAY, any::<bool>()).prop_map(
        |(episodes, cooldown_ms, dwell_ms, silence)| Config {
            mode: if episodes {
                Mode::Episodes
            } else {
                Mode::Plain
            },
            cooldown_ms: if episodes {
                cooldown_ms
            } else {
                cooldown_ms + DAY
            },
            dwell_ms,
            silence,
            ..config()
        },
    )
}

fn labels() -> impl Strategy<Value = Model> {
    let kind = prop_oneof![
        3 => Just(LabelKind::Purchase),
        1 => Just(LabelKind::Any),
        1 => Just(LabelKind::Event("subscription_cancel".to_owned())),
    ];
    (
        kind,
        2_u32..6,
        prop_oneof![Just(0_u32), 3_u32..10],
        seasons(),
    )
        .prop_map(|(kind, h, a, season)| mixed(kind, (h, a)).with_season(season).unwrap())
}

/// None, or one that turns at midnights, as a trained one does.
fn seasons() -> impl Strategy<Value = Option<Season>> {
    let some = (0..15_i64, 1_u32..6, prop::collection::vec(-2.0..2.0, 1..5));
    prop::option::of(some.prop_map(|(day, step_days, shifts)| Season {
        from_ms: T0 + day * DAY - 1,
        step_days,
        shifts,
    }))
}

/// Customer, kind, instant and trigger of each alert, by customer and as sent.
fn of(rig: &Rig, customer: &str) -> Vec<(&'static str, i64)> {
    let own = rig.alerts.iter().filter(|alert| alert.key == customer);
    own.map(|alert| (alert.kind.name(), alert.as_of)).collect()
}

fn ids(rig: &Rig) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = rig
        .alerts
        .iter()
        .map(|a| (a.alert_id.clone(), a.value.clone()))
        .collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lazy_decisions_are_those_of_the_plain_walk(acts in acts(), config in policies(), model in labels()) {
        let until = T0 + 18 * DAY;
        let mut rig = Rig::new(config.clone(), &model);
        rig.play_all(&acts);
        rig.advance(until);
        for customer in CUSTOMERS {
            let own: Vec<Act> = acts.iter().filter(|act| act.customer == customer).cloned().collect();
            let mut twin = Twin::new(config.clone(), &model);
            twin.play_all(&own);
            twin.walk(until);
            prop_assert_eq!(of(&rig, customer), twin.sent, "{} {:?}", customer, own);
        }
    }

    #[test]
    fn it_does_not_matter_when_deadlines_are_solved(
        acts in acts(),
        config in policies(),
        model in labels(),
        steps in prop::collection::vec(1..2 * DAY, 1..12),
        skip in any::<u32>(),
    ) {
        let until = T0 + 18 * DAY;
        let mut eager = Rig::new(config.clone(), &model);
        for act in &acts {
            eager.play(act);
            for customer in CUSTOMERS {
                // Solved in full after every event; asking must change nothing.
                if let Some(ix) = eager.store.find(customer) {
                    let _ = eager.decider.deadline(&eager.store, ix, until);
                }
            }
        }
        let mut at = eager.clock;
        for step in steps {
            at += step;
            eager.advance(at.min(until));
        }
        eager.advance(until);
        let mut lazy = Rig::new(config, &model);
        for (n, act) in acts.iter().enumerate() {
            // Nobody else's deadlines fire at some of the events, as if the partition were another.
            lazy.apply(act, skip & (1 << (n % 32)) == 0);
        }
        lazy.advance(until);
        prop_assert_eq!(ids(&eager), ids(&lazy));
    }

    #[test]
    fn a_deadline_told_ahead_is_the_one_that_fires(acts in acts(), model in labels()) {
        let until = T0 + 30 * DAY;
        let mut rig = Rig::new(config(), &model);
        for act in acts.iter().filter(|act| act.customer == CUSTOMERS[0] && act.kind != E::CartAdd) {
            rig.play(act);
        }
        let Some(ix) = rig.store.find(CUSTOMERS[0]) else { return Ok(()) };
        let told = rig.decider.deadline(&rig.store, ix, until);
        let before = rig.alerts.len();
        rig.advance(until);
        prop_assert_eq!(told, rig.alerts.get(before).map(|alert| alert.as_of));
    }

    #[test]
    fn an_episode_is_never_open_twice_nor_longer_than_its_horizon(
        acts in acts(),
        model in labels(),
        cooldown_ms in 0..3 * DAY,
    ) {
        let mut rig = Rig::new(Config { cooldown_ms, dwell_ms: 0, ..config() }, &model);
        rig.play_all(&acts);
        rig.advance(T0 + 60 * DAY);
        for customer in CUSTOMERS {
            let (mut open, mut opened_at, mut last) = (false, 0, i64::MIN);
            for (kind, as_of) in of(&rig, customer) {
                prop_assert_eq!(open, kind != "opened");
                prop_assert!(as_of >= last);
                (open, last) = (matches!(kind, "opened" | "escalated"), as_of);
                opened_at = if kind == "opened" { as_of } else { opened_at };
            }
            let horizon = i64::from(model.label().horizon_days) * DAY;
            prop_assert!(!open || opened_at + horizon > T0 + 60 * DAY, "open since {}", opened_at);
        }
    }
}

#[test]
fn a_whole_second_walk_agrees_on_a_short_span() {
    let acts = [
        act("amy", E::Purchase, T0 + 17 * MINUTE + 345),
        act("amy", E::SupportContact, T0 + HOUR + 1),
    ];
    let model = mixed(LabelKind::Purchase, (2, 4));
    let mut rig = Rig::new(config(), &model);
    rig.play_all(&acts);
    rig.advance(T0 + 4 * DAY);
    let mut twin = Twin::new(config(), &model);
    twin.step_ms = 1_000;
    twin.play_all(&acts);
    twin.walk(T0 + 4 * DAY);
    assert_eq!(of(&rig, "amy"), twin.sent);
    assert!(twin.sent.len() >= 2, "{:?}", twin.sent);
}
