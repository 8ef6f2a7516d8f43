//! Metrics of the watch: how the predictions of some weeks ago turned out, and how far the population has drifted.
//!
//! They are those of the partitions that this process owns, over the newest three cutoffs whose outcomes are known.
//! Models are labelled by id and the beginning of their hash; features are those of the model. A model that is not
//! among the newest cutoffs any more is not shown.

use std::sync::{Mutex, PoisonError};

use prometheus::{Gauge, GaugeVec};

use super::Maker;
use crate::pipeline::Panel;
use crate::pipeline::watch::panel::Line;
use crate::run::Status;

/// Handles, see the help texts.
#[derive(Debug)]
pub struct WatchMetrics {
    outcomes: GaugeVec,
    auc: GaugeVec,
    log_loss: GaugeVec,
    brier: GaugeVec,
    mean_probability: GaugeVec,
    observed_share: GaugeVec,
    calibration: GaugeVec,
    feature_psi: GaugeVec,
    base_rate: Gauge,
    difference: GaugeVec,
    margin: GaugeVec,
    /// Of what is shown.
    version: Mutex<u64>,
}

impl WatchMetrics {
    pub(super) fn new(make: &Maker) -> Self {
        let of_model = |name: &str, help: &str| make.values(name, help, &["model"]);
        Self {
            outcomes: of_model(
                "holdfast_watch_outcomes",
                "Predictions that the other figures of the watch are taken over: those of the newest three cutoffs whose outcomes are known.",
            ),
            auc: of_model("holdfast_watch_auc", "Area under the ROC curve of the predictions."),
            log_loss: of_model("holdfast_watch_log_loss", "Mean log-loss of the predictions, natural logarithm."),
            brier: of_model("holdfast_watch_brier", "Mean squared error of the predictions."),
            mean_probability: of_model("holdfast_watch_mean_probability", "Mean predicted probability of leaving."),
            observed_share: of_model("holdfast_watch_observed_share", "Share of the same customers that left."),
            calibration: make.values(
                "holdfast_watch_calibration",
                "Mean predicted probability, and share that left, in tenths of the predictions from the lowest to the highest.",
                &["model", "decile", "kind"],
            ),
            feature_psi: make.values(
                "holdfast_watch_feature_psi",
                "Population stability index of a feature at the newest cutoff against the training: above 0.25 another population.",
                &["model", "feature"],
            ),
            base_rate: make.add(Gauge::new(
                "holdfast_watch_training_share",
                "Share of the training rows that left, of the model that decides.",
            )),
            difference: of_model(
                "holdfast_watch_challenger_log_loss_difference",
                "Mean log-loss of the challenger above that of the model that decides, on the same customers; below 0 it is better.",
            ),
            margin: of_model(
                "holdfast_watch_challenger_log_loss_margin",
                "1.96 standard errors of that difference.",
            ),
            version: Mutex::new(0),
        }
    }

    /// Shows what the partitions know, if that has changed.
    pub(super) fn sync(&self, status: &Status) {
        let mut shown = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        let now = status.watch_version();
        if *shown != now {
            *shown = now;
            self.show(&status.panel());
        }
    }

    fn show(&self, panel: &Panel) {
        let families = [
            &self.outcomes,
            &self.auc,
            &self.log_loss,
            &self.brier,
            &self.mean_probability,
            &self.observed_share,
            &self.calibration,
            &self.feature_psi,
            &self.difference,
            &self.margin,
        ];
        families.iter().for_each(|family| family.reset());
        self.base_rate.set(panel.base_rate.unwrap_or(0.0));
        panel.now.iter().for_each(|line| self.line(line));
        let model = panel
            .model
            .as_ref()
            .map(|model| model.short())
            .unwrap_or_default();
        for drift in &panel.drift {
            let labels = [model.as_str(), &drift.feature];
            self.feature_psi.with_label_values(&labels).set(drift.psi);
        }
        let challenger = panel.now.iter().find(|line| !line.is_champion);
        if let (Some(line), Some(found)) = (challenger, panel.difference) {
            let label = [&*line.model.short()];
            self.difference.with_label_values(&label).set(found.mean);
            self.margin.with_label_values(&label).set(found.margin);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "customers are counted exactly")]
    fn line(&self, line: &Line) {
        let (model, figures) = (line.model.short(), &line.figures);
        for (family, value) in [
            (&self.outcomes, figures.rows as f64),
            (&self.auc, figures.auc),
            (&self.log_loss, figures.log_loss),
            (&self.brier, figures.brier),
            (&self.mean_probability, figures.mean_probability),
            (&self.observed_share, figures.observed_share),
        ] {
            family.with_label_values(&[model.as_str()]).set(value);
        }
        for (number, decile) in (1..).zip(&figures.calibration) {
            let number = number.to_string();
            for (kind, value) in [
                ("predicted", decile.predicted),
                ("observed", decile.observed),
            ] {
                let labels = [model.as_str(), &number, kind];
                self.calibration.with_label_values(&labels).set(value);
            }
        }
    }
}
