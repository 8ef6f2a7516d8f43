use holdfast_events::EventType;
use holdfast_features::{CartAbandon, DAY_MS, Input, Settings, Theme};

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
            particulars: Default::default(),
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
fn calibration_scales_every_share_and_shifts_the_base() {
    let (store, ix) = shop();
    let now = T0 + 40 * DAY_MS;
    let calibrated = MODEL.replace(
        "\"columns\"",
        "\"calibration\": {\"slope\": 0.8, \"intercept\": 0.3}, \"columns\"",
    );
    let model = Model::from_json(calibrated.as_bytes()).unwrap();
    let (bare, own) = (scorer(), Scorer::new(&model).unwrap());
    let explain = |scorer: &Scorer| scorer.explain(&store, ix, now, &mut scorer.scratch());
    let (before, after) = (explain(&bare), explain(&own));
    assert!((after.log_odds - (0.3 + 0.8 * before.log_odds)).abs() < 1e-12);
    assert!((after.base - (0.3 + 0.8 * before.base)).abs() < 1e-12);
    let sum: f64 = after.contributions.iter().map(|c| c.contribution).sum();
    assert!((after.base + sum - after.log_odds).abs() < 1e-9);
    let (lo, hi) = own.bounds(&store, ix, now..=now, &mut own.scratch());
    assert!(lo <= after.log_odds && after.log_odds <= hi);
    for (slope, intercept) in [("0", "0"), ("-1", "0"), ("9", "0"), ("1", "1e3")] {
        let text = calibrated.replace(
            "0.8, \"intercept\": 0.3",
            &format!("{slope}, \"intercept\": {intercept}"),
        );
        assert!(
            Model::from_json(text.as_bytes()).is_err(),
            "{slope} {intercept}"
        );
    }
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
        let themes: Vec<Theme> = found.contributions.iter().map(|c| c.theme).collect();
        assert_eq!(themes.len(), 3);
        for theme in [Theme::Rhythm, Theme::Frequency, Theme::Money] {
            assert!(themes.contains(&theme), "{themes:?}");
        }
        for group in &found.contributions {
            let parts: f64 = group.parts.iter().map(|p| p.contribution).sum();
            assert!((parts - group.contribution).abs() < 1e-12);
            assert!(group.parts.iter().any(|p| p.feature == group.feature));
        }
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

/// The reason of this theme, 40 days after the first of the purchases on these days.
fn reason(model: &str, days: &[i64], theme: Theme) -> Contribution {
    let scorer = Scorer::new(&Model::from_json(model.as_bytes()).unwrap()).unwrap();
    let mut store = shop().0;
    let ix = store.intern("c2");
    for day in days {
        let input = Input {
            kind: EventType::Purchase,
            ts: T0 + day * DAY_MS,
            minor: Some(2_550),
            id_hash: *day as u64 + 100,
            particulars: Default::default(),
        };
        store.apply(ix, &input);
    }
    let found = scorer.explain(&store, ix, T0 + 40 * DAY_MS, &mut scorer.scratch());
    let mut all = found.contributions.into_iter();
    all.find(|c| c.theme == theme).unwrap()
}

#[test]
fn silence_is_told_beside_the_usual_gap_once_the_customer_has_a_rhythm() {
    let model = MODEL.replace("\"spend_30d\"", "\"usual_gap_days\"");
    let known = reason(&model, &[0, 9, 22], Theme::Rhythm);
    assert_eq!(known.feature, "days_since_last_purchase");
    assert_eq!(known.parts.len(), 3);
    assert_eq!(
        known.text,
        "no purchase for 18 days; usually 20.5 days between purchases"
    );
    let new = reason(&model, &[21], Theme::Rhythm);
    assert_eq!(new.text, "no purchase for 19 days");
}

#[test]
fn sentence_of_a_theme_is_of_its_strongest_feature_that_speaks_for_the_sum() {
    let columns = r#"{"feature": "purchases_7d", "mean": 1, "coefficient": 2},
    {"feature": "purchases_90d", "coefficient": 0.9}, {"feature": "purchases_total", "coefficient": 0.3},"#;
    let model = MODEL.replacen("\"columns\": [", &format!("\"columns\": [{columns}"), 1);
    let model = model.replace("\"coefficient\": -0.6", "\"coefficient\": 0");
    let found = reason(&model, &[0, 9, 21], Theme::Frequency);
    let strongest = (found.parts[0].feature, found.parts[1].feature);
    assert_eq!(strongest, ("purchases_90d", "purchases_7d"));
    assert!(found.contribution > 0.0);
    assert_eq!(found.text, "3 purchases in the last 90 days");
    let model = model.replace("\"coefficient\": 2}", "\"coefficient\": 3}");
    let found = reason(&model, &[0, 9, 21], Theme::Frequency);
    assert_eq!(found.parts[0].feature, "purchases_7d");
    assert_eq!(found.text, "3 purchases in the last 90 days");
}

#[test]
fn several_columns_of_a_feature_are_one_reason() {
    let second = MODEL.replace("\"spend_30d\"", "\"purchases_30d\"");
    let scorer = Scorer::new(&Model::from_json(second.as_bytes()).unwrap()).unwrap();
    let (store, ix) = shop();
    let found = scorer.explain(&store, ix, T0 + 40 * DAY_MS, &mut scorer.scratch());
    let features: Vec<&str> = found
        .contributions
        .iter()
        .flat_map(|c| c.parts.iter().map(|p| p.feature))
        .collect();
    assert_eq!(features.len(), 3, "{features:?}");
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
