//! A store that is filled, and a model to score it with.

use holdfast_features::{CartAbandon, Ix, Settings, Store, registry};
use holdfast_model::file::Parts;
use holdfast_model::{CartSource, Column, Error, Label, LabelKind, Model};

use crate::workload::{customer_id, stream};

/// Defaults of a deployment: duplicates dropped, carts timed, two decimals.
pub fn settings() -> Settings {
    Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Derived {
            after_ms: 3_600_000,
        },
        minor_exponent: 2,
        stats: None,
    }
}

/// A model of 24 columns with weights of the usual size: recency raises the score, the rest moves it a little.
///
/// # Errors
/// Those of [`Model::new`], if the registry changed under it.
pub fn model() -> Result<Model, Error> {
    let columns = registry()
        .iter()
        .take(24)
        .enumerate()
        .map(|(i, feature)| Column {
            feature: feature.name.to_owned(),
            transform: feature.transform,
            clip: Some([-1e6, 1e6]),
            spline: None,
            mean: 1.0,
            scale: 1.0,
            coefficient: match feature.name {
                "days_since_last_purchase" => 1.2,
                _ if i % 2 == 0 => 0.05,
                _ => -0.05,
            },
            standard_error: None,
        });
    Model::new(Parts {
        id: "bench".to_owned(),
        label: Label {
            kind: LabelKind::Purchase,
            horizon_days: 30,
            active_days: 60,
        },
        currency: Some("EUR".to_owned()),
        cart_abandon: CartSource::Derived {
            after_ms: 3_600_000,
        },
        intercept: -0.5,
        constants: None,
        columns: columns.collect(),
        training: None,
    })
}

/// A store after `events` of [`stream`] and everyone in it.
pub fn filled(events: u32, customers: u32) -> (Store, Vec<Ix>) {
    let mut store = Store::new(settings());
    for step in stream(events, customers, 90) {
        let ix = store.intern(&customer_id(step.customer));
        store.apply(ix, &step.input);
    }
    let everyone = store.iter().collect();
    (store, everyone)
}
