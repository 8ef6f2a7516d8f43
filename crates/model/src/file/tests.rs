use super::*;
use crate::LabelKind;

const SPEC: &str = r#"{
  "format": "holdfast-model/1",
  "id": "spec",
  "label": {"kind": "purchase", "horizon_days": 30, "active_days": 0},
  "currency": "ignore",
  "cart_abandon": {"source": "given"},
  "intercept": -1.5,
  "columns": [
    {"feature": "days_since_last_purchase", "coefficient": 0.05},
    {"feature": "purchases_30d", "coefficient": -0.35, "clip": [0, 1000]},
    {"feature": "spend_30d", "coefficient": -0.004, "transform": "identity"}
  ]
}"#;

#[test]
fn file_written_by_hand_is_loaded_with_defaults() {
    let model = Model::from_json(SPEC.as_bytes()).unwrap();
    assert_eq!(model.label().kind, LabelKind::Purchase);
    assert_eq!(
        (model.columns()[0].mean, model.columns()[0].scale),
        (0.0, 1.0)
    );
    assert_eq!(model.columns()[0].clip, None);
    assert_eq!(model.currency(), Some("ignore"));
    assert!(model.training().is_none());
    assert_eq!(
        model.sha256(),
        seal::hash(SPEC.as_bytes()),
        "a file without a hash is named by its bytes"
    );
}

#[test]
fn sealed_file_hashes_to_what_it_says() {
    let text = Model::seal(SPEC.as_bytes()).unwrap();
    let model = Model::from_json(text.as_bytes()).unwrap();
    let emptied = text.replace(model.sha256(), "");
    assert_eq!(model.sha256(), seal::hash(emptied.as_bytes()));
    assert_eq!(
        model.to_json().unwrap(),
        text,
        "writing what was read gives the same bytes"
    );
    assert_eq!(
        Model::seal(text.as_bytes()).unwrap(),
        text,
        "sealing twice changes nothing"
    );
}

#[test]
fn file_changed_after_training_is_refused() {
    let text = Model::seal(SPEC.as_bytes())
        .unwrap()
        .replace("-0.35", "-0.36");
    let error = Model::from_json(text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("it was changed after training"), "{error}");
}

#[test]
fn all_faults_are_listed_at_once_with_the_nearest_feature() {
    let text = SPEC
        .replace("days_since_last_purchase", "days_since_last_purchse")
        .replace("\"clip\": [0, 1000]", "\"clip\": [5, 1]")
        .replace("\"horizon_days\": 30", "\"horizon_days\": 0")
        .replace("\"ignore\"", "\"Euro\"");
    let Err(Error::Faults(faults)) = Model::from_json(text.as_bytes()) else {
        panic!("accepted")
    };
    let all = faults.join("\n");
    for part in [
        "did you mean \"days_since_last_purchase\"",
        "clip begins at 5 and ends at 1",
        "label.horizon_days is 0",
        "currency is \"Euro\"",
    ] {
        assert!(all.contains(part), "{part} is not in:\n{all}");
    }
    assert_eq!(faults.len(), 4);
}

#[test]
fn unknown_field_and_broken_json_are_refused() {
    let unknown = SPEC.replace("\"id\"", "\"name\"");
    for text in [unknown.as_str(), "{", "[]", ""] {
        assert!(
            matches!(Model::from_json(text.as_bytes()), Err(Error::Json(_))),
            "{text}"
        );
    }
}

#[test]
fn features_that_are_computed_differently_now_refuse_the_model() {
    let text = Model::seal(SPEC.as_bytes()).unwrap();
    let model = Model::from_json(text.as_bytes()).unwrap();
    let other = text.replace(&check::definitions(model.columns()), "0123456789abcdef");
    let error = Model::from_json(other.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("the model must be trained again"), "{error}");
}

#[test]
fn number_that_is_not_finite_is_named() {
    let mut model = Model::from_json(SPEC.as_bytes()).unwrap();
    model.columns[1].coefficient = f64::NAN;
    model.columns[2].scale = 0.0;
    let faults = model.faults().join("\n");
    assert!(
        faults.contains("columns[1] purchases_30d coefficient is NaN"),
        "{faults}"
    );
    assert!(
        faults.contains("columns[2] spend_30d: scale is 0e0"),
        "{faults}"
    );
}

#[test]
fn weights_whose_sums_would_not_stay_finite_are_named() {
    let mut model = Model::from_json(SPEC.as_bytes()).unwrap();
    model.intercept = -1e7;
    model.columns[0].coefficient = 1e308;
    model.columns[1].mean = 1e300;
    model.columns[2].scale = 1e-300;
    let faults = model.faults().join("\n");
    for words in [
        "intercept is -1e7, beyond 1e6",
        "coefficient is 1e308, beyond 1e6",
        "mean is 1e300, beyond 1e15",
        "scale is 1e-300, it must not be below 1e-9",
    ] {
        assert!(faults.contains(words), "{words} is missing in\n{faults}");
    }
}

#[test]
fn a_column_stands_on_one_line() {
    let text = Model::seal(SPEC.as_bytes()).unwrap();
    let lines: Vec<&str> = text
        .lines()
        .filter(|l| l.contains("\"coefficient\""))
        .collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[1]
            .trim()
            .starts_with("{\"feature\": \"purchases_30d\""),
        "{}",
        lines[1]
    );
    assert!(text.ends_with("}\n"));
}

#[test]
fn thresholds_of_a_file_are_read_and_judged() {
    let with = |policy: &str| {
        let text = SPEC.replace(
            "\"intercept\"",
            &format!("\"policy\": {policy}, \"intercept\""),
        );
        Model::from_json(text.as_bytes())
    };
    let model = with(r#"{"open": 0.6, "close": 0.4}"#).unwrap();
    assert_eq!(
        model.policy(),
        Some(Policy {
            open: 0.6,
            close: 0.4
        })
    );
    for (policy, fault) in [
        (r#"{"open": 0.6, "close": 0.7}"#, "above policy.open"),
        (r#"{"open": 1, "close": 0.7}"#, "policy.open is 1"),
        (r#"{"open": 0.6}"#, "missing field `close`"),
        (
            r#"{"open": 0.6, "close": 0.5, "bands": []}"#,
            "unknown field `bands`",
        ),
    ] {
        let error = with(policy).unwrap_err().to_string();
        assert!(error.contains(fault), "{error}");
    }
}

#[test]
fn model_with_another_policy_is_another_model() {
    let bare = Model::from_json(Model::seal(SPEC.as_bytes()).unwrap().as_bytes()).unwrap();
    let own = bare.clone().with_policy(Policy::opening_at(0.6)).unwrap();
    assert_ne!(bare.sha256(), own.sha256());
    let read = Model::from_json(own.to_json().unwrap().as_bytes()).unwrap();
    assert_eq!(read, own);
}

#[test]
fn parts_of_retention_practice_are_sealed_and_read_back() {
    let bare = Model::from_json(SPEC.as_bytes()).unwrap();
    assert_eq!((bare.segments(), bare.value()), (None, None));
    assert_eq!((bare.percentile(0.5), bare.interval(0.5)), (None, None));
    let practice = Practice {
        usual_hour: Some(UsualHour {
            weekday: 3,
            hour: 19,
        }),
        segments: Some(SegmentCuts {
            recency_days: [1.0, 2.0, 2.0, 9.5],
            frequency: [1, 1, 2, 3],
            monetary: None,
            top_spend: None,
        }),
        value: Some(Value {
            p: 6.0,
            q: 4.0,
            v: 15.0,
            mbg: [0.5, 40.0, 0.9, 1.6],
        }),
        percentiles: (0..=100).map(|k| f64::from(k) / 200.0).collect(),
        intervals: vec![Alike {
            p_from: 0.1,
            p_to: 0.3,
            rows: 100,
            left: 20,
            low: 0.13,
            high: 0.29,
        }],
    };
    let model = bare.clone().with_practice(practice.clone()).unwrap();
    let text = model.to_json().unwrap();
    assert_eq!(Model::from_json(text.as_bytes()).unwrap(), model);
    assert!(text.lines().all(|line| line.len() < 260), "{text}");
    assert_eq!(model.percentile(0.485), Some(97.0));
    assert_eq!(model.interval(0.2), Some((0.13, 0.29)));
    let bare = bare.with_practice(Practice::default()).unwrap();
    assert!(!bare.to_json().unwrap().contains("percentiles"));
    let mut wrong = practice;
    wrong.percentiles.pop();
    wrong.value = wrong.value.map(|value| Value { q: 1.0, ..value });
    let error = bare.with_practice(wrong).unwrap_err().to_string();
    assert!(error.contains("2 faults"), "{error}");
}

#[test]
fn stake_is_p_times_what_the_customer_brings_by_staying() {
    let text = include_str!("../../../../schemas/examples/model-with-value.json");
    let model = Model::from_json(text.as_bytes()).unwrap();
    let buyer = crate::Buyer {
        orders: 5,
        occasions: 4,
        span_days: 90.0,
        age_days: 120.0,
        recency_days: 30.0,
        spent: 200.0,
        refunded: 20.0,
    };
    let worth = model.value().unwrap().worth(&buyer, 30.0);
    let found = model.at_stake(0.7, &buyer).unwrap();
    let (low, high) = model.interval(0.7).unwrap();
    assert_eq!((low, high), (0.7, 0.89), "drawn out to the probability");
    for (amount, p) in [(found.low, low), (found.mid, 0.7), (found.high, high)] {
        assert!((amount - p * worth.if_stays).abs() < 1e-12, "{found:?}");
    }
    assert!(
        worth.expected < worth.if_stays && worth.spend > 35.0,
        "{worth:?}"
    );
    let bare = Model::from_json(SPEC.as_bytes()).unwrap();
    assert_eq!(bare.at_stake(0.7, &buyer), None);
}
