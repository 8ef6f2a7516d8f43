//! Images of decisions: who is restored from one decides as the one that went on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "rig/rig.rs"]
mod rig;

use std::sync::Arc;

use holdfast_events::EventType as E;
use holdfast_features::Store;
use holdfast_model::{LabelKind, Model};
use holdfast_policy::{Config, Decider, Mode, Settings};
use proptest::prelude::*;
use proptest::sample::Index;
use rig::{Act, DAY, HOUR, Rig, T0, act, config, model};

const CUSTOMERS: [&str; 4] = ["amy", "bob", "cid", "dan"];

fn watchful(kind: LabelKind) -> Model {
    let columns = [
        ("days_since_last_purchase", 0.9),
        ("purchases_7d", -0.8),
        ("support_contacts_7d", 0.7),
        ("cart_abandons_7d", 0.6),
        ("page_views_7d", -0.15),
    ];
    model(kind, (3, 30), -1.2, &columns)
}

fn models() -> impl Strategy<Value = Model> {
    let kind = prop_oneof![
        Just(LabelKind::Purchase),
        Just(LabelKind::Any),
        Just(LabelKind::Event("subscription_cancel".to_owned())),
    ];
    kind.prop_map(watchful)
}

fn policies() -> impl Strategy<Value = Config> {
    (any::<bool>(), 0..3 * DAY, 0..2 * DAY, any::<bool>()).prop_map(
        |(is_plain, cooldown_ms, dwell_ms, silence)| Config {
            mode: if is_plain {
                Mode::Plain
            } else {
                Mode::Episodes
            },
            cooldown_ms: cooldown_ms + DAY,
            dwell_ms,
            silence,
            not_before: Some(T0 + 2 * DAY),
            ..config()
        },
    )
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let kind = prop_oneof![
        4 => Just(E::PageView),
        3 => Just(E::CartAdd),
        2 => Just(E::Purchase),
        3 => Just(E::SupportContact),
        1 => Just(E::SubscriptionCancel),
    ];
    let one = (0..CUSTOMERS.len(), kind, 0..12 * DAY, 0..HOUR / 2);
    prop::collection::vec(one, 1..40).prop_map(|mut drawn| {
        drawn.sort_by_key(|(_, _, at, _)| *at);
        drawn
            .iter()
            .map(|(who, kind, at, back)| act(CUSTOMERS[*who], *kind, T0 + at - back + HOUR))
            .collect()
    })
}

/// Store and decider as bytes.
fn image(rig: &mut Rig) -> (Vec<holdfast_features::Piece>, Vec<u8>) {
    let mut pieces = Vec::new();
    rig.store.begin_image();
    let bytes = rig.decider.image().encode();
    assert!(rig.store.continue_image(usize::MAX, &mut pieces));
    (pieces, bytes)
}

fn checked(config: &Config) -> Arc<Settings> {
    Arc::new(config.clone().check().unwrap())
}

/// A rig that goes on from an image of this one.
fn restored(rig: &mut Rig, config: &Config, model: &Model) -> Rig {
    let (pieces, bytes) = image(rig);
    let store = Store::restore(*rig.store.settings(), 9, &pieces).unwrap();
    let decider = Decider::restore(checked(config), model, &bytes, &store).unwrap();
    Rig {
        store,
        decider,
        clock: rig.clock,
        grace: rig.grace,
        alerts: Vec::new(),
    }
}

fn erase(rig: &mut Rig, customer: &str) {
    if let Some(ix) = rig.store.find(customer) {
        rig.decider.erase(ix);
        rig.store.erase(ix);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_is_restored_decides_as_who_went_on(
        acts in acts(),
        config in policies(),
        model in models(),
        cut in any::<Index>(),
        erased in any::<Index>(),
        ahead in 0..DAY,
        grace in prop_oneof![Just(HOUR), Just(0), Just(3 * DAY)],
    ) {
        let mut rig = Rig { grace, ..Rig::new(config.clone(), &model) };
        let (cut, erased) = (cut.index(acts.len() + 1), erased.index(2 * acts.len()));
        for (at, act) in acts[..cut].iter().enumerate() {
            rig.play(act);
            if at == erased {
                erase(&mut rig, act.customer);
            }
        }
        // Time between two events: some wait in the heap for the rest of their hour.
        if cut > 0 {
            rig.advance(rig.clock - grace + ahead);
        }
        let mut again = restored(&mut rig, &config, &model);
        prop_assert_eq!(again.decider.digest(&again.store), rig.decider.digest(&rig.store));
        prop_assert_eq!(again.decider.open_episodes(), rig.decider.open_episodes());
        rig.alerts.clear();
        for act in &acts[cut..] {
            prop_assert_eq!(rig.play(act), again.play(act));
        }
        for rig in [&mut rig, &mut again] {
            rig.advance(T0 + 40 * DAY);
        }
        prop_assert_eq!(rig.values(), again.values());
        prop_assert_eq!(again.decider.digest(&again.store), rig.decider.digest(&rig.store));
        prop_assert_eq!(again.store.digest(), rig.store.digest());
    }

    #[test]
    fn damaged_bytes_are_refused_or_are_decisions_like_any_other(
        acts in acts(),
        config in policies(),
        model in models(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>(), 0..4u8), 1..4),
    ) {
        let mut rig = Rig::new(config.clone(), &model);
        rig.play_all(&acts);
        let (pieces, mut bytes) = image(&mut rig);
        for (at, byte, how) in damage {
            let at = at.index(bytes.len());
            match how {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.insert(at, byte),
                2 => bytes[at] ^= byte,
                _ => bytes[at] = byte % 8,
            }
        }
        let store = Store::restore(*rig.store.settings(), 0, &pieces).unwrap();
        if let Ok(decider) = Decider::restore(checked(&config), &model, &bytes, &store) {
            let mut again = Rig { store, decider, clock: rig.clock, grace: HOUR, alerts: Vec::new() };
            for customer in CUSTOMERS {
                again.play(&act(customer, E::SupportContact, T0 + 13 * DAY));
            }
            again.advance(T0 + 60 * DAY);
            again.values();
        }
    }
}

#[test]
fn an_image_of_other_customers_is_refused() {
    let model = watchful(LabelKind::Purchase);
    let mut rig = Rig::new(config(), &model);
    rig.play(&act("amy", E::Purchase, T0));
    rig.advance(T0 + 10 * DAY);
    let (_, bytes) = image(&mut rig);
    let restore = |bytes: &[u8], store: &Store| {
        Decider::restore(checked(&config()), &model, bytes, store)
            .map(|_| String::new())
            .unwrap_or_else(|fault| fault.to_string())
    };
    assert_eq!(restore(&bytes, &rig.store), "");
    let nobody = Store::new(*rig.store.settings());
    let refused = "the decisions' image is damaged: a record is of nobody, or comes twice";
    assert_eq!(restore(&bytes, &nobody), refused);
    let too_short = "the decisions' image is damaged: it ends too soon";
    assert_eq!(restore(&bytes[..bytes.len() - 1], &rig.store), too_short);
    let mut newer = bytes;
    newer[0] += 1;
    let other = "the decisions' image is damaged: it is of another version";
    assert_eq!(restore(&newer, &rig.store), other);
}

#[test]
fn the_digest_is_of_what_was_decided_not_of_marks_or_indices() {
    let model = watchful(LabelKind::Purchase);
    let play = |order: [&'static str; 2], until: i64| {
        let mut rig = Rig::new(config(), &model);
        for customer in order {
            rig.store.intern(customer);
        }
        for customer in ["amy", "bob"] {
            rig.play(&act(customer, E::Purchase, T0));
        }
        rig.advance(until);
        rig.decider.digest(&rig.store)
    };
    let decided = play(["amy", "bob"], T0 + 10 * DAY);
    assert_eq!(decided, play(["bob", "amy"], T0 + 10 * DAY));
    assert_ne!(decided, play(["amy", "bob"], T0 + HOUR));
}
