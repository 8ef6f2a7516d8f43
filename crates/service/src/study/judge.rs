//! What a trained model is worth on rows that its fit had not seen.

use holdfast_model::metrics::{Metrics, Scored, metrics};
use holdfast_model::rows::Rows;
use holdfast_model::train::Trained;
use holdfast_model::unseen::{Way, unseen};
use holdfast_model::{Label, lift};

use super::{Error, views};
use crate::report;

/// Rows that a fit had not seen, scored by it.
pub(super) struct Judged {
    way: Way,
    pub(super) rows: Vec<Scored>,
    metrics: Metrics,
}

/// Scores rows by fits of the same recipe that have not seen them.
///
/// # Errors
/// [`holdfast_model::Error::DataTooSmall`] where the model is no better than chance, as far as these rows can tell.
pub(super) fn judge(rows: &Rows, label: &Label, trained: &Trained) -> Result<Judged, Error> {
    let unseen = unseen(rows, label, trained)?;
    let scored = unseen.scored(rows, |log_odds| trained.corrected(log_odds));
    let found = metrics(&scored);
    let left = scored.iter().filter(|row| row.left).count();
    lift::useful(&found, scored.len(), left)?;
    Ok(Judged {
        way: unseen.way,
        rows: scored,
        metrics: found,
    })
}

impl Judged {
    pub(super) fn view(&self) -> report::Unseen {
        report::Unseen {
            is_later: self.way == Way::Later,
            rows: self.rows.len() as u64,
            left: self.rows.iter().filter(|row| row.left).count() as u64,
            metrics: views::figures(&self.metrics),
        }
    }
}
