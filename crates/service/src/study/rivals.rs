//! The model beside what a team would do without it.

use holdfast_model::Label;
use holdfast_model::baselines::{Baseline, Kind, baselines};
use holdfast_model::metrics::{Difference, Drawn, Metrics};
use serde::Serialize;

use super::load::Log;
use super::tested::{Judged, Tested};
use super::{Error, Source, views};
use crate::report;

/// A baseline's part of `metrics.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rival {
    pub name: Kind,
    /// In the order of the test cutoffs.
    pub cutoffs: Vec<Compared>,
    pub overall: Compared,
}

/// A baseline's figures on some rows, and the model's less these.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Compared {
    pub metrics: Metrics,
    pub model_less_this: Difference,
}

impl Compared {
    fn of(model: &Drawn, rival: &Drawn) -> Self {
        Self {
            metrics: rival.metrics(),
            model_less_this: model.less(rival),
        }
    }
}

/// Baselines that could be fitted, judged on the model's rows, and a remark on each that could not.
pub(super) fn rivals(
    log: &Log,
    source: &Source,
    label: &Label,
    cutoffs: (&[i64], &[i64]),
    (tested, model): (&Tested, &Judged),
) -> Result<(Vec<Rival>, Vec<String>), Error> {
    let mut found = Vec::new();
    let mut notes = Vec::new();
    for Baseline { kind, p } in baselines(&log.history, label, log.store(source), cutoffs)? {
        match p {
            Ok(p) => found.push(rival(kind, &tested.as_predicted(&p), model)),
            Err(why) => notes.push(format!("baseline {} left out: {why}", kind.name())),
        }
    }
    Ok((found, notes))
}

fn rival(name: Kind, tested: &Tested, model: &Judged) -> Rival {
    let judged = tested.judge();
    let cutoffs = model.cutoffs.iter().zip(&judged.cutoffs);
    Rival {
        name,
        cutoffs: cutoffs
            .map(|(model, rival)| Compared::of(model, rival))
            .collect(),
        overall: Compared::of(&model.overall, &judged.overall),
    }
}

pub(super) fn shown(rival: &Rival) -> report::Rival {
    let less = rival.overall.model_less_this;
    report::Rival {
        name: rival.name.name().to_owned(),
        metrics: views::figures(&rival.overall.metrics),
        auc_gain: views::interval(less.roc_auc),
        log_loss_change: views::interval(less.log_loss),
    }
}
