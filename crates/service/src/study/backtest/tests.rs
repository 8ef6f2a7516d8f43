use std::path::Path;

use holdfast_model::LabelKind;
use holdfast_model::baselines::Kind;
use serde_json::Value;

use super::*;
use crate::config::Settings;
use crate::study::{Horizon, Seasonal, Threshold};

const CDNOW: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../models/cdnow/events.jsonl.gz"
);

fn lesson(horizon_days: u32) -> Lesson {
    Lesson {
        label: LabelKind::Purchase,
        horizon: Horizon::Days(horizon_days),
        active_days: None,
        until_ms: None,
        train_cutoffs_ms: Vec::new(),
        threshold: Threshold::default(),
        seasonal: Seasonal::Off,
    }
}

#[test]
fn cdnow_backtest_reaches_its_targets() {
    let source = Source::new(Path::new(CDNOW).into(), &Settings::defaults(), None).unwrap();
    let found = evaluate(&source, &lesson(90), &Means::default()).unwrap();
    let rows: Vec<u64> = found.figures.cutoffs.iter().map(|c| c.rows).collect();
    assert_eq!(rows, [5_961, 5_957, 6_046]);
    let cutoffs: Vec<i64> = found.figures.cutoffs.iter().map(|c| c.cutoff_ms).collect();
    assert_eq!(cutoffs, [886_291_199_999, 888_883_199_999, 891_475_199_999]);
    let overall = &found.figures.overall.metrics;
    assert!(
        overall.roc_auc.value >= 0.70,
        "ROC AUC {:?}",
        overall.roc_auc
    );
    assert!(
        overall.log_loss.value <= 0.62,
        "log-loss {:?}",
        overall.log_loss
    );
    let table = found.table();
    assert!(table.lines().all(|line| line.len() <= 100), "{table}");
    for said in ["1998-04-01", "all ", "mbg_nbd ", "rfm_rule "] {
        assert!(table.contains(said), "{said} is missing in\n{table}");
    }
    // What Python's fit of the same model found on the same rows.
    let mbg = &found.figures.baselines[2];
    assert_eq!(mbg.name, Kind::MbgNbd);
    let m = &mbg.overall.metrics;
    assert!((m.roc_auc.value - 0.7106).abs() < 0.002, "{m:?}");
    assert!((m.log_loss.value - 0.6036).abs() < 0.002, "{m:?}");
    for rival in &found.figures.baselines {
        let less = &rival.overall.model_less_this;
        assert!(less.roc_auc.lo > 0.0, "{:?} {less:?}", rival.name);
        assert!(less.log_loss.hi < 0.0, "{:?} {less:?}", rival.name);
    }
    let json: Value = serde_json::from_str(&found.metrics_json().unwrap()).unwrap();
    assert_eq!(json["horizon_days"], 90);
    assert_eq!(json["label"], "purchase");
    assert_eq!(json["active_days"], 180);
    assert_eq!(json["cutoffs"][2]["rows"], 6_046);
    for name in ["roc_auc", "pr_auc", "log_loss", "brier", "ece", "lift10"] {
        let figure = &json["overall"]["metrics"][name];
        let [value, lo, hi] = ["value", "lo", "hi"].map(|part| figure[part].as_f64().unwrap());
        assert!(lo <= value && value <= hi, "{name}: {lo} {value} {hi}");
    }
}
