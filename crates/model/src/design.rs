//! From raw rows to the matrix that is fitted: clip, transform, standardise, leave out what says nothing.

use std::ops::Range;

use holdfast_features::{FeatureId, Transform};

use crate::Error;
use crate::digits::nine;
use crate::rows::Rows;
use crate::transform::Logs;

/// Share of the training rows beyond each end of the clip. Tenure and totals grow for ever: without a
/// clip a model extrapolates at serving time.
const TAIL: f64 = 0.005;

/// Columns that agree this closely are one column.
const SAME: f64 = 0.99999;

/// How a feature becomes a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnSpec {
    /// The feature.
    pub feature: FeatureId,
    /// Transform of the clipped value.
    pub transform: Transform,
    /// Least value, in the feature's unit.
    pub lo: f64,
    /// Greatest value.
    pub hi: f64,
    /// Mean of the transformed training values.
    pub mean: f64,
    /// Their standard deviation, above 0.
    pub scale: f64,
}

/// Why a feature has no column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// It has one value in all training rows.
    Constant,
    /// It says the same as this one.
    SameAs(FeatureId),
    /// Beside the other columns it would make silence a good sign, or activity a bad one.
    AgainstSilence,
}

/// The standardised matrix.
#[derive(Clone, Debug)]
pub struct Design {
    /// The columns.
    pub columns: Vec<ColumnSpec>,
    /// Features that were left out, and why.
    pub dropped: Vec<(FeatureId, Dropped)>,
    /// Row after row, as many values as columns.
    pub values: Vec<f64>,
    rows: usize,
}

impl Design {
    /// The columns and the matrix of these training rows.
    ///
    /// # Errors
    /// [`Error::DataTooSmall`] if every feature is constant.
    pub fn of(rows: &Rows) -> Result<Self, Error> {
        let logs = Logs::new();
        let mut found = Vec::new();
        let mut dropped = Vec::new();
        for (i, feature) in rows.features.iter().enumerate() {
            let mut values: Vec<f64> = (0..rows.len()).map(|row| rows.row(row)[i]).collect();
            match ColumnSpec::fit(*feature, &mut values, &logs) {
                Some(column) => found.push((i, column)),
                None => dropped.push((*feature, Dropped::Constant)),
            }
        }
        let columns: Vec<ColumnSpec> = found.iter().map(|(_, column)| *column).collect();
        let mut values = Vec::with_capacity(rows.len() * columns.len());
        for row in 0..rows.len() {
            let raw = rows.row(row);
            values.extend(
                found
                    .iter()
                    .map(|(i, column)| column.standardise(raw[*i], &logs)),
            );
        }
        let mut design = Self {
            columns,
            dropped,
            values,
            rows: rows.len(),
        };
        design.leave_out_repeated();
        if design.columns.is_empty() {
            return Err(Error::DataTooSmall(
                "every feature has one value only".to_owned(),
            ));
        }
        Ok(design)
    }

    /// Leaves out columns that another one repeats. Of two the one about any activity goes (in a log of
    /// purchases it says the same as the one about purchases), else the later one in the registry.
    fn leave_out_repeated(&mut self) {
        let width = self.columns.len();
        let products = self.products();
        let limit = SAME * self.rows as f64;
        let mut order: Vec<usize> = (0..width).collect();
        order.sort_by_key(|i| is_general(self.columns[*i].feature));
        let mut kept: Vec<usize> = Vec::new();
        for i in order {
            let product = |j: usize| products[i.min(j) * width + i.max(j)].abs();
            match kept.iter().find(|j| product(**j) > limit) {
                Some(j) => {
                    let same = Dropped::SameAs(self.columns[*j].feature);
                    self.dropped.push((self.columns[i].feature, same));
                }
                None => kept.push(i),
            }
        }
        kept.sort_unstable();
        self.keep(&kept);
    }

    /// Leaves out one column, by its index.
    pub(crate) fn leave_out(&mut self, column: usize, why: Dropped) {
        self.dropped.push((self.columns[column].feature, why));
        let kept: Vec<usize> = (0..self.width()).filter(|i| *i != column).collect();
        self.keep(&kept);
    }

    /// Keeps these columns only, given in ascending order.
    fn keep(&mut self, kept: &[usize]) {
        let rows = self.values.chunks_exact(self.width().max(1));
        self.values = rows.flat_map(|row| kept.iter().map(|i| row[*i])).collect();
        self.columns = kept.iter().map(|i| self.columns[*i]).collect();
    }

    /// Sums of products of each pair of columns; the upper triangle is filled.
    fn products(&self) -> Vec<f64> {
        let width = self.columns.len();
        let mut sums = vec![0.0; width * width];
        for row in self.values.chunks_exact(width.max(1)) {
            for i in 0..width {
                let x = row[i];
                let sums = &mut sums[i * width + i..(i + 1) * width];
                sums.iter_mut()
                    .zip(&row[i..])
                    .for_each(|(sum, y)| *sum += x * y);
            }
        }
        sums
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// One row of the matrix.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width()..(row + 1) * self.width()]
    }

    /// The values of a range of rows.
    #[must_use]
    pub fn block(&self, rows: Range<usize>) -> &[f64] {
        &self.values[rows.start * self.width()..rows.end * self.width()]
    }
}

impl ColumnSpec {
    /// Clip, mean and scale of these values (which are reordered); none if they are all one.
    fn fit(feature: FeatureId, values: &mut [f64], logs: &Logs) -> Option<Self> {
        let transform = feature.describe().transform;
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let (mut lo, mut hi) = (quantile(values, TAIL), quantile(values, 1.0 - TAIL));
        if lo == hi {
            // Something rare, such as a support contact: its tail is all there is.
            (lo, hi) = (least, greatest);
        }
        let (lo, hi) = (nine(lo), nine(hi));
        let n = values.len() as f64;
        let held = |x: &f64| logs.apply(transform, x.max(lo).min(hi));
        let mean = values.iter().map(held).sum::<f64>() / n;
        let variance = values.iter().map(|x| (held(x) - mean).powi(2)).sum::<f64>() / n;
        let (mean, scale) = (nine(mean), nine(variance.sqrt()));
        // Rounding makes even the values of a constant column differ from their mean.
        let usable = scale.is_finite() && mean.is_finite() && scale > 1e-7 * (1.0 + mean.abs());
        usable.then_some(Self {
            feature,
            transform,
            lo,
            hi,
            mean,
            scale,
        })
    }

    fn standardise(&self, x: f64, logs: &Logs) -> f64 {
        (logs.apply(self.transform, x.max(self.lo).min(self.hi)) - self.mean) / self.scale
    }
}

/// Whether a feature is about events of any type.
fn is_general(feature: FeatureId) -> bool {
    let name = feature.describe().name;
    name.starts_with("activity") || name == "days_since_last_event"
}

/// A quantile of sorted values, linear between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - at.floor()) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests;
