use holdfast_events::EventType;
use holdfast_features::{CartAbandon, DAY_MS, Input, Settings};

use super::*;

const T0: i64 = 20_454 * DAY_MS;

const MODEL: &str = r#"{
  "format": "holdfast-model/1", "id": "m", "cart_abandon": {"source": "given"},
  "label": {"kind": "purchase", "horizon_days": 30, "active_days": 60},
  "intercept": -0.7,
  "columns": [
    {"feature": "days_since_last_purchase", "transform": "log1p", "clip": [0.5, 100], "mean": 2.5, "scale": 0.8,
     "coefficient": 0.9, "standard_error": 0.01},
    {"feature": "purchases_30d", "transform": "log1p", "mean": 0.4, "scale": 0.5, "coefficient": -0.6},
    {"feature": "gap_z", "transform": "signed_log1p", "clip": [-3, 3], "mean": 0.1, "scale": 0.7, "coefficient": 0.2},
    {"feature": "spend_30d", "coefficient": -0.004}
  ]
}"#;

fn shop() -> (Store, Ix) {
    let mut store = Store::new(Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Given,
        minor_exponent: 2,
        stats: None,
    });
    let ix = store.intern("c1");
    for day in [0, 9, 21] {
        let input = Input {
            kind: EventType::Purchase,
            ts: T0 + day * DAY_MS,
            minor: Some(2_550),
            id_hash: day as u64,
        };
        store.apply(ix, &input);
    }
    (store, ix)
}

fn scorer() -> Scorer {
    Scorer::new(&Model::from_json(MODEL.as_bytes()).unwrap()).unwrap()
}

#[test]
fn score_is_the_formula_of_the_file() {
    let (store, ix) = shop();
    let (scorer, now) = (scorer(), T0 + 40 * DAY_MS);
    let mut values = [0.0; 4];
    store.features(ix, now, scorer.plan(), &mut values);
    let [recency, purchases, gap_z, spend] = values;
    assert_eq!((recency, purchases, spend), (19.0, 1.0, 25.5));
    let expected = -0.7 + 0.9 * (19.0_f64.ln_1p() - 2.5) / 0.8
        - 0.6 * (1.0_f64.ln_1p() - 0.4) / 0.5
        + 0.2 * (gap_z.clamp(-3.0, 3.0).signum() * gap_z.clamp(-3.0, 3.0).abs().ln_1p() - 0.1)
            / 0.7
        - 0.004 * 25.5;
    let found = scorer.log_odds(&store, ix, now, &mut scorer.scratch());
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

#[test]
fn reasons_add_up_to_the_score_and_the_strongest_comes_first() {
    let (store, ix) = shop();
    let scorer = scorer();
    let mut scratch = scorer.scratch();
    for day in [21, 22, 50, 121, 400] {
        let now = T0 + day * DAY_MS + 5;
        let found = scorer.explain(&store, ix, now, &mut scratch);
        assert_eq!(
            found.log_odds,
            scorer.log_odds(&store, ix, now, &mut scratch)
        );
        assert_eq!(found.base, -0.7);
        let sum: f64 = found.contributions.iter().map(|c| c.contribution).sum();
        assert!((found.base + sum - found.log_odds).abs() < 1e-9);
        let sizes: Vec<f64> = found
            .contributions
            .iter()
            .map(|c| c.contribution.abs())
            .collect();
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
        assert_eq!(found.contributions.len(), 4);
    }
}

#[test]
fn reason_is_a_sentence_with_the_customers_own_value() {
    let (store, ix) = shop();
    let scorer = scorer();
    let found = scorer.explain(&store, ix, T0 + 121 * DAY_MS, &mut scorer.scratch());
    let recency = found
        .contributions
        .iter()
        .find(|c| c.feature == "days_since_last_purchase")
        .unwrap();
    assert_eq!(recency.value, 100.0);
    assert!(recency.text.contains("100"), "{}", recency.text);
    assert!(
        found.contributions.iter().all(|c| !c.text.contains('{')),
        "{found:?}"
    );
}

#[test]
fn several_columns_of_a_feature_are_one_reason() {
    let second = MODEL.replace("\"spend_30d\"", "\"purchases_30d\"");
    let scorer = Scorer::new(&Model::from_json(second.as_bytes()).unwrap()).unwrap();
    let (store, ix) = shop();
    let found = scorer.explain(&store, ix, T0 + 40 * DAY_MS, &mut scorer.scratch());
    assert_eq!(found.contributions.len(), 3);
    let sum: f64 = found.contributions.iter().map(|c| c.contribution).sum();
    assert!((found.base + sum - found.log_odds).abs() < 1e-9);
}

#[test]
fn bounds_of_one_instant_are_the_score() {
    let (store, ix) = shop();
    let scorer = scorer();
    let mut scratch = scorer.scratch();
    let now = T0 + 40 * DAY_MS;
    let score = scorer.log_odds(&store, ix, now, &mut scratch);
    let (lo, hi) = scorer.bounds(&store, ix, now..=now, &mut scratch);
    assert!(
        lo <= score && score <= hi && hi - lo < 1e-8,
        "{lo} {score} {hi}"
    );
}

#[test]
fn log_odds_and_probability_are_inverse() {
    for p in [1e-9, 0.2, 0.5, 0.8, 0.999] {
        assert!((probability(logit(p)) - p).abs() < 1e-12);
    }
    assert_eq!((probability(1_000.0), probability(-1_000.0)), (1.0, 0.0));
}
