//! What can happen to a partition beside events, and the models and policies that decide.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part"
)]

use std::sync::Arc;

use holdfast_events::EventType as E;
use holdfast_features::Store;
use holdfast_model::{LabelKind, Model};
use holdfast_policy::{Config, Decider, Mode, Settings};
use proptest::prelude::*;

use crate::rig::{Act, DAY, HOUR, Rig, T0, act, config, model};

pub const CUSTOMERS: [&str; 4] = ["amy", "bob", "cid", "dan"];

/// A model with the policy it decides by.
#[derive(Debug, Clone)]
pub struct Regime {
    pub model: Model,
    pub settings: Arc<Settings>,
}

/// What can happen to a partition.
#[derive(Debug, Clone)]
pub enum Step {
    Act(Act),
    Erase(&'static str),
    /// Wall time, this far from what has fired.
    Tick(i64),
    End(i64),
    /// The regime of this number decides from here on.
    Activate(usize),
}

pub fn regime(kind: LabelKind, weight: f64, config: Config) -> Regime {
    let columns = [
        ("days_since_last_purchase", 0.9 * weight),
        ("purchases_7d", -0.8),
        ("support_contacts_7d", 0.7),
        ("cart_abandons_7d", 0.6 * weight),
        ("page_views_7d", -0.15),
    ];
    Regime {
        model: model(kind, (3, 30), -1.2, &columns),
        settings: Arc::new(config.check().unwrap()),
    }
}

pub fn labels() -> impl Strategy<Value = LabelKind> {
    prop_oneof![
        Just(LabelKind::Purchase),
        Just(LabelKind::Any),
        Just(LabelKind::Event("subscription_cancel".to_owned())),
    ]
}

pub fn regimes() -> impl Strategy<Value = Regime> {
    let drawn = (
        labels(),
        0.4..2.0,
        any::<bool>(),
        0..3 * DAY,
        0..2 * DAY,
        prop::bool::weighted(0.8),
    );
    drawn.prop_map(|(kind, weight, is_plain, cooldown_ms, dwell_ms, silence)| {
        let config = Config {
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
        };
        regime(kind, weight, config)
    })
}

pub fn steps(activations: bool) -> impl Strategy<Value = Vec<Step>> {
    let kind = prop_oneof![
        4 => Just(E::PageView),
        3 => Just(E::CartAdd),
        2 => Just(E::Purchase),
        3 => Just(E::SupportContact),
        1 => Just(E::SubscriptionCancel),
    ];
    let one = (
        0..CUSTOMERS.len(),
        kind,
        0..12 * DAY,
        0..HOUR / 2,
        0..40_u32,
    );
    prop::collection::vec(one, 1..40).prop_map(move |mut drawn| {
        drawn.sort_by_key(|(_, _, at, ..)| *at);
        let step = |(who, kind, at, back, what): &(usize, E, i64, i64, u32)| match what {
            0..=1 => Step::Erase(CUSTOMERS[*who]),
            2..=6 => Step::Tick(back * 100),
            7 => Step::End(T0 + at + HOUR),
            8..=10 if activations => Step::Activate(who % 3),
            _ => Step::Act(act(CUSTOMERS[*who], *kind, T0 + at - back + HOUR)),
        };
        drawn.iter().map(step).collect()
    })
}

pub fn new(regime: &Regime, grace: i64) -> Rig {
    Rig {
        decider: Decider::new(Arc::clone(&regime.settings), &regime.model).unwrap(),
        grace,
        ..Rig::new(config(), &regime.model)
    }
}

/// Works a step as the pipeline does; who is not told to activate keeps its regime.
pub fn work(rig: &mut Rig, step: &Step, regimes: Option<&[Regime; 3]>) {
    match step {
        Step::Act(act) => {
            rig.play(act);
        }
        Step::Erase(customer) => {
            if let Some(ix) = rig.store.find(customer) {
                let out = &mut |alert| rig.alerts.push(alert);
                rig.decider.before_event(&mut rig.store, ix, rig.clock, out);
                rig.decider.erase(ix);
                rig.store.erase(ix);
            }
        }
        Step::Tick(ahead) => rig.advance(rig.clock.saturating_add(*ahead)),
        Step::End(until) => {
            rig.clock = rig.clock.max(*until);
            rig.advance(rig.clock);
        }
        Step::Activate(which) => {
            if let Some(regimes) = regimes {
                let regime = &regimes[*which];
                let settings = Arc::clone(&regime.settings);
                rig.decider.activate(settings, &regime.model).unwrap();
            }
            rig.decider.rearm(&rig.store, rig.clock);
        }
    }
}

/// A rig of this regime that begins where the other is.
pub fn restored(rig: &mut Rig, regime: &Regime) -> Rig {
    let mut pieces = Vec::new();
    rig.store.begin_image();
    let bytes = rig.decider.image().encode();
    assert!(rig.store.continue_image(usize::MAX, &mut pieces));
    let store = Store::restore(*rig.store.settings(), 9, &pieces).unwrap();
    let settings = Arc::clone(&regime.settings);
    let decider = Decider::restore(settings, &regime.model, &bytes, &store).unwrap();
    Rig {
        store,
        decider,
        clock: rig.clock,
        grace: rig.grace,
        alerts: Vec::new(),
    }
}
