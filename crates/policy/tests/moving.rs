//! Customers that move between partitions: who moved is decided on as who stayed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "rig/rig.rs"]
mod rig;

use std::sync::Arc;

use holdfast_events::EventType as E;
use holdfast_features::Store;
use holdfast_model::{LabelKind, Model};
use holdfast_policy::{Config, Decider, Mode};
use proptest::prelude::*;
use proptest::sample::Index;
use rig::{Act, DAY, HOUR, Rig, T0, act, config, model};
use serde_json::Value;

const CUSTOMERS: [&str; 5] = ["amy", "bob", "cid", "dan", "eve"];

fn watchful() -> Model {
    let columns = [
        ("days_since_last_purchase", 0.9),
        ("support_contacts_7d", 0.7),
        ("page_views_7d", -0.15),
    ];
    model(LabelKind::Purchase, (3, 30), -1.2, &columns)
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let kind = prop_oneof![
        Just(E::PageView),
        Just(E::CartAdd),
        Just(E::Purchase),
        Just(E::SupportContact),
    ];
    let one = (0..CUSTOMERS.len(), kind, 0..12 * DAY);
    prop::collection::vec(one, 1..50).prop_map(|mut drawn| {
        drawn.sort_by_key(|(_, _, at)| *at);
        drawn
            .iter()
            .map(|(who, kind, at)| act(CUSTOMERS[*who], *kind, T0 + at))
            .collect()
    })
}

/// The partition of a customer, as any function of the id.
fn place(customer: &str, partitions: usize) -> usize {
    customer.bytes().map(usize::from).sum::<usize>() % partitions
}

fn rescaled(from: &[Rig], config: &Config, model: &Model, partitions: usize) -> Vec<Rig> {
    let settings = Arc::new(config.clone().check().unwrap());
    let old: Vec<&Decider> = from.iter().map(|rig| &rig.decider).collect();
    let clock = from.iter().map(|rig| rig.clock).max().unwrap();
    let mut to: Vec<Rig> = (0..partitions)
        .map(|_| Rig {
            store: Store::new(*from[0].store.settings()),
            decider: Decider::heir_of(Arc::clone(&settings), model, &old).unwrap(),
            clock,
            grace: from[0].grace,
            alerts: Vec::new(),
        })
        .collect();
    for rig in from {
        for theirs in rig.store.iter() {
            let new = &mut to[place(rig.store.id(theirs), partitions)];
            let own = new.store.adopt(&rig.store, theirs).unwrap();
            new.decider.adopt(&rig.decider, &rig.store, theirs, own);
        }
    }
    to
}

/// Everything that was sent, in an order that no partition decides.
fn sent(rigs: &[Rig]) -> Vec<Value> {
    let mut all: Vec<Value> = rigs.iter().flat_map(Rig::values).collect();
    all.sort_by_key(|alert| alert["alert_id"].to_string());
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn alerts_are_the_same_before_and_after_another_number_of_partitions(
        acts in acts(),
        cut in any::<Index>(),
        (first, second) in (1..4usize, 1..4usize),
        is_plain in any::<bool>(),
        activated in any::<bool>(),
    ) {
        let mode = if is_plain { Mode::Plain } else { Mode::Episodes };
        let config = Config { mode, ..config() };
        let model = watchful();
        let start = |partitions: usize| -> Vec<Rig> {
            (0..partitions)
                .map(|_| Rig { grace: HOUR, clock: T0, ..Rig::new(config.clone(), &model) })
                .collect()
        };
        let (mut stayed, mut moved) = (start(1), start(first));
        let (before, after) = acts.split_at(cut.index(acts.len() + 1));
        for act in before {
            stayed[0].play(act);
            moved[place(act.customer, first)].play(act);
        }
        if activated {
            // Another model came in, at the clock of each.
            let clock = stayed[0].clock;
            for rig in stayed.iter_mut().chain(&mut moved) {
                rig.advance(clock - HOUR);
                rig.decider.rearm(&rig.store, clock);
                rig.clock = clock;
            }
        }
        let mut alerts = sent(&moved);
        let mut moved = rescaled(&moved, &config, &model, second);
        for act in after {
            stayed[0].play(act);
            moved[place(act.customer, second)].play(act);
        }
        for rig in stayed.iter_mut().chain(&mut moved) {
            rig.advance(T0 + 40 * DAY);
        }
        alerts.extend(sent(&moved));
        alerts.sort_by_key(|alert| alert["alert_id"].to_string());
        prop_assert_eq!(alerts, sent(&stayed));
        let records = moved.iter().fold(0_u64, |sum, rig| {
            sum.wrapping_add(rig.decider.digest(&rig.store))
        });
        prop_assert_eq!(records, stayed[0].decider.digest(&stayed[0].store));
    }
}

/// One partition's model changed later than the other's: whoever comes from it is not judged before that.
#[test]
fn nobody_is_judged_before_the_instant_of_the_partition_it_comes_from() {
    let (config, model) = (config(), watchful());
    let mut old: Vec<Rig> = (0..2).map(|_| Rig::new(config.clone(), &model)).collect();
    old[0].play(&act("amy", E::Purchase, T0));
    old[1].play(&act("bob", E::Purchase, T0));
    // As after an activation five days later in the second partition, with nothing decided before.
    let Rig { store, decider, .. } = &mut old[1];
    decider.rearm(store, T0 + 5 * DAY);
    let mut new = rescaled(&old, &config, &model, 1);
    new[0].advance(T0 + 20 * DAY);
    let opened = |customer: &str| {
        let alerts = new[0].values();
        let of = alerts.iter().find(|a| a["customer_id"] == customer);
        of.map(|alert| alert["as_of"].as_i64().unwrap() - T0)
    };
    let amy = opened("amy").unwrap();
    assert!(amy < 5 * DAY, "{amy}");
    assert_eq!(opened("bob"), Some(5 * DAY));
}
