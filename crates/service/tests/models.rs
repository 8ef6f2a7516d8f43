//! The models under `models/`: what a person would expect of each of them, whatever their splines.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use holdfast_events::{EventType, Particulars};
use holdfast_features::{DAY_MS, Input, Ix, Settings, Store, Theme};
use holdfast_model::{CartSource, Explanation, LabelKind, Model, Scorer};

/// 1 January 2026.
const BEGIN: i64 = 1_767_225_600_000;
/// Each step a fifth slower than the one before.
const STEPS: i32 = 12;

fn shipped() -> Vec<(PathBuf, Model)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("model.json"))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    let read = |path: PathBuf| {
        let model = Model::from_json(&fs::read(&path).unwrap()).unwrap();
        (path, model)
    };
    found.into_iter().map(read).collect()
}

/// A customer who came `usual` times at one pace and five times more slowly by `factor`, as of the day on which the next
/// time would be due.
fn slowed(model: &Model, usual: u32, pace_days: f64, factor: f64) -> (Store, Ix, i64) {
    let mut store = Store::new(Settings {
        dedupe: false,
        cart_abandon: match model.cart_abandon() {
            CartSource::Given => holdfast_features::CartAbandon::Given,
            CartSource::Derived { after_ms } => {
                holdfast_features::CartAbandon::Derived { after_ms }
            }
        },
        minor_exponent: 2,
        stats: model.occasion(),
    });
    let ix = store.intern("c");
    let mut days = 0.0;
    for gap in (0..usual + 5).map(|n| {
        if n < usual {
            pace_days
        } else {
            pace_days * factor
        }
    }) {
        days += gap;
        let input = Input {
            kind: EventType::Purchase,
            ts: BEGIN + (days * DAY_MS as f64) as i64,
            minor: Some(3_000),
            id_hash: 0,
            particulars: Particulars::default(),
        };
        store.apply(ix, &input);
    }
    let now = BEGIN + ((days + pace_days * factor) * DAY_MS as f64) as i64;
    (store, ix, now)
}

#[test]
fn a_customer_who_slows_down_step_by_step_is_at_ever_greater_risk_and_the_reason_names_the_rhythm()
{
    let models = shipped();
    assert!(models.len() >= 2);
    for (path, model) in models {
        if model.label().kind != LabelKind::Purchase {
            continue;
        }
        let scorer = Scorer::new(&model).unwrap();
        let horizon = f64::from(model.label().horizon_days);
        for (usual, share) in [(10, 0.1), (6, 0.2), (15, 0.15), (4, 0.3)] {
            let explained = |step: i32| -> Explanation {
                let (store, ix, now) = slowed(&model, usual, horizon * share, 1.2f64.powi(step));
                scorer.explain(&store, ix, now, &mut scorer.scratch())
            };
            let all: Vec<Explanation> = (0..STEPS).map(explained).collect();
            let p: Vec<f64> = all.iter().map(|of| of.probability).collect();
            assert!(
                p.is_sorted_by(|a, b| a < b),
                "{}, {usual} times: {p:?}",
                path.display()
            );
            let rhythm = |of: &Explanation| {
                let mut about = of
                    .contributions
                    .iter()
                    .filter(|of| of.theme == Theme::Rhythm);
                about.next().unwrap().clone()
            };
            let (first, last) = (rhythm(&all[0]), rhythm(&all[all.len() - 1]));
            assert!(last.contribution > first.contribution, "{last:?}");
            let drift =
                last.text.contains("no purchase for") && last.text.contains("; usually buys every");
            assert!(drift, "{}", last.text);
        }
    }
}
