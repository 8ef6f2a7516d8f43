//! Test rows with what became of them, and several predictions of them judged on the same draws of customers.

use std::ops::Range;

use holdfast_model::Label;
use holdfast_model::history::Outcomes;
use holdfast_model::metrics::{Drawn, Scored};

use super::load::Log;
use super::score::Predicted;

/// Scored rows by cutoff, then by the bytes of the customer's id.
pub(super) struct Tested {
    rows: Vec<Scored>,
    cutoffs: Vec<(i64, Range<usize>)>,
    /// The rows by id, then by cutoff.
    by_id: Vec<usize>,
}

/// One prediction's figures, at each cutoff and on all rows.
pub(super) struct Judged {
    pub(super) cutoffs: Vec<Drawn>,
    pub(super) overall: Drawn,
}

impl Tested {
    /// The model's predictions at the cutoffs, in the order in which they were made.
    pub(super) fn of(
        log: &Log,
        label: &Label,
        (predicted, outcomes): (&[Predicted], &Outcomes),
        test: &[i64],
    ) -> Self {
        let mut rows = Vec::with_capacity(predicted.len());
        let mut cutoffs = Vec::with_capacity(test.len());
        for cutoff_ms in test {
            let begin = rows.len();
            let at: Vec<&Predicted> = predicted
                .iter()
                .filter(|p| p.cutoff_ms == *cutoff_ms)
                .collect();
            let customers: Vec<u32> = at.iter().map(|p| p.customer).collect();
            let left = outcomes.left(label, *cutoff_ms, &customers);
            rows.extend(at.iter().zip(left).map(|(p, left)| Scored {
                p: p.probability,
                left,
                customer: p.customer,
            }));
            cutoffs.push((*cutoff_ms, begin..rows.len()));
        }
        let mut by_id: Vec<usize> = (0..rows.len()).collect();
        let id = |row: usize| log.history.id(rows[row].customer).as_bytes();
        by_id.sort_by(|a, b| id(*a).cmp(id(*b)));
        Self {
            rows,
            cutoffs,
            by_id,
        }
    }

    /// The cutoffs with their rows, in the order of the customers' ids.
    pub(super) fn cutoffs(&self) -> impl Iterator<Item = (i64, &[Scored])> {
        let cutoffs = self.cutoffs.iter();
        cutoffs.map(|(cutoff_ms, range)| (*cutoff_ms, &self.rows[range.clone()]))
    }

    /// All rows, in the order of the customers' ids.
    pub(super) fn by_id(&self) -> Vec<Scored> {
        self.by_id.iter().map(|row| self.rows[*row]).collect()
    }

    /// Number of rows that left.
    pub(super) fn left(&self) -> usize {
        self.rows.iter().filter(|row| row.left).count()
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The figures of the model.
    pub(super) fn judge(&self) -> Judged {
        Judged {
            cutoffs: self.cutoffs().map(|(_, rows)| Drawn::of(rows)).collect(),
            overall: Drawn::of(&self.by_id()),
        }
    }

    /// The same rows as somebody else predicts them.
    pub(super) fn as_predicted(&self, p: &[f64]) -> Self {
        let rows = self.rows.iter().zip(p);
        Self {
            rows: rows.map(|(row, p)| Scored { p: *p, ..*row }).collect(),
            cutoffs: self.cutoffs.clone(),
            by_id: self.by_id.clone(),
        }
    }
}
