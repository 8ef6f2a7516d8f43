//! A partition without a pipeline: a store, a decider, a clock.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part"
)]

use std::sync::Arc;

use holdfast_events::EventType;
use holdfast_features::{Applied, CartAbandon, Input, Settings as StoreSettings, Store};
use holdfast_model::file::{Column, Parts};
use holdfast_model::{CartSource, Label, LabelKind, Model};
use holdfast_policy::{Alert, Config, Decider, Seen, Settings};
use serde_json::Value;

pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
/// 2026-01-01.
pub const T0: i64 = 1_767_225_600_000;

/// One event of a test.
#[derive(Debug, Clone)]
pub struct Act {
    pub customer: &'static str,
    pub kind: EventType,
    pub ts: i64,
    pub id: String,
}

pub fn act(customer: &'static str, kind: EventType, ts: i64) -> Act {
    Act {
        customer,
        kind,
        ts,
        id: format!("{customer}-{}-{ts}", kind.name()),
    }
}

fn column(feature: &str, coefficient: f64) -> Column {
    let text = format!(r#"{{"feature":"{feature}","coefficient":{coefficient}}}"#);
    serde_json::from_str(&text).unwrap()
}

/// A model of these columns on raw values, with horizon H and activity A in days.
pub fn model(
    kind: LabelKind,
    (h, a): (u32, u32),
    intercept: f64,
    columns: &[(&str, f64)],
) -> Model {
    Model::new(Parts {
        id: "test".to_owned(),
        label: Label {
            kind,
            horizon_days: h,
            active_days: a,
        },
        currency: Some("EUR".to_owned()),
        cart_abandon: CartSource::Derived { after_ms: HOUR },
        intercept,
        constants: None,
        columns: columns
            .iter()
            .map(|(name, weight)| column(name, *weight))
            .collect(),
        training: None,
    })
    .unwrap()
}

/// Log-odds = days since the last purchase - `days` + 0.5 per support contact of 7 days: crosses one half after
/// exactly `days` days of silence.
pub fn recency_model(days: f64, label: (u32, u32)) -> Model {
    let columns = [
        ("days_since_last_purchase", 1.0),
        ("support_contacts_7d", 0.5),
    ];
    model(LabelKind::Purchase, label, -days, &columns)
}

/// Thresholds around one half, in whole log-odds: open at 0, bands at 1 and 2, close at -1.
pub fn config() -> Config {
    let p = holdfast_model::probability;
    Config {
        open: p(0.0),
        close: p(-1.0),
        bands: vec![p(1.0), p(2.0)],
        dwell_ms: DAY,
        cooldown_ms: 7 * DAY,
        currency: holdfast_events::Currency::parse("EUR"),
        ..Config::default()
    }
}

pub struct Rig {
    pub store: Store,
    pub decider: Decider,
    pub clock: i64,
    pub grace: i64,
    pub alerts: Vec<Alert>,
}

impl Rig {
    pub fn new(config: Config, model: &Model) -> Self {
        let store = StoreSettings {
            dedupe: true,
            cart_abandon: CartAbandon::Derived { after_ms: HOUR },
            minor_exponent: 2,
            stats: None,
        };
        Self {
            store: Store::new(store),
            decider: Decider::new(Arc::new(config.check().unwrap()), model).unwrap(),
            clock: i64::MIN,
            grace: HOUR,
            alerts: Vec::new(),
        }
    }

    pub fn settings(config: Config) -> Settings {
        config.check().unwrap()
    }

    /// One event, as the pipeline works it.
    pub fn play(&mut self, act: &Act) -> Applied {
        self.apply(act, true)
    }

    /// One event; the clock may stand still, so that deadlines wait.
    pub fn apply(&mut self, act: &Act, advance: bool) -> Applied {
        let out = &mut |alert| self.alerts.push(alert);
        let ix = self.store.intern(act.customer);
        let input = Input {
            kind: act.kind,
            ts: act.ts,
            minor: Some(1_000),
            id_hash: hash(&act.id),
            particulars: Default::default(),
        };
        if self.decider.is_due(ix, act.ts) && self.store.verdict(ix, &input) == Applied::Applied {
            self.decider.before_event(&mut self.store, ix, act.ts, out);
        }
        let applied = self.store.apply(ix, &input);
        if applied == Applied::Applied {
            let seen = Seen {
                kind: act.kind,
                type_name: act.kind.name(),
                ts: act.ts,
                event_id: &act.id,
            };
            self.decider.after_event(&mut self.store, ix, &seen, out);
            self.clock = self.clock.max(act.ts);
            if advance {
                self.decider
                    .advance(&mut self.store, self.clock - self.grace, out);
            }
        }
        applied
    }

    pub fn play_all(&mut self, acts: &[Act]) {
        for act in acts {
            self.play(act);
        }
    }

    pub fn advance(&mut self, to: i64) {
        self.decider
            .advance(&mut self.store, to, &mut |alert| self.alerts.push(alert));
    }

    /// What was sent: kind and instant in ms after [`T0`].
    pub fn sent(&self) -> Vec<(&'static str, i64)> {
        self.alerts
            .iter()
            .map(|alert| (alert.kind.name(), alert.as_of - T0))
            .collect()
    }

    pub fn values(&self) -> Vec<Value> {
        self.alerts
            .iter()
            .map(|alert| serde_json::from_slice(&alert.value).unwrap())
            .collect()
    }
}

fn hash(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Crosses after 10 days of silence; horizon 20 days, population 40 days.
pub fn ten_days() -> Model {
    recency_model(10.0, (20, 40))
}

/// What was sent after these acts and `until` (ms after [`T0`]) of time; instants are ms after [`T0`] too.
pub fn check(
    config: Config,
    model: &Model,
    acts: &[Act],
    until: i64,
    expected: &[(&str, i64)],
) -> Rig {
    let mut rig = Rig::new(config, model);
    rig.play_all(acts);
    rig.advance(T0 + until);
    assert_eq!(rig.sent(), expected);
    rig
}
