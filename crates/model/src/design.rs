//! From raw rows to the matrix that is fitted: clip, transform, standardise, leave out what says nothing.

use std::ops::Range;

use holdfast_features::{FeatureId, Transform};

use crate::Error;
use crate::curve::Spline;
use crate::digits::nine;
use crate::rows::Rows;
use crate::transform::Logs;

/// Share of the training rows beyond each end of the clip. Tenure and totals grow for ever: without a
/// clip a model extrapolates at serving time.
const TAIL: f64 = 0.005;

/// Where the knots of a spline lie in the training rows (Harrell, Regression Modeling Strategies, 2015, table 2.3).
const KNOTS: [f64; 5] = [0.05, 0.275, 0.5, 0.725, 0.95];
/// Knots nearer to each other than this share of their range are one.
const APART: f64 = 1e-3;

/// Columns that agree this closely are one column.
const SAME: f64 = 0.99999;

/// How a feature becomes a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSpec {
    /// The feature.
    pub feature: FeatureId,
    /// Transform of the clipped value.
    pub transform: Transform,
    /// Least value, in the feature's unit.
    pub lo: f64,
    /// Greatest value.
    pub hi: f64,
    /// Function of a spline's basis that is put on the transformed value.
    pub spline: Option<Spline>,
    /// Mean of what comes of the training values.
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
    /// The columns and the matrix of these training rows: a straight column for each feature, then splines for those
    /// that bend.
    ///
    /// # Errors
    /// [`Error::DataTooSmall`] if every feature is constant.
    pub fn of(rows: &Rows, bends: impl Fn(FeatureId) -> bool) -> Result<Self, Error> {
        let logs = Logs::new();
        let mut found = Vec::new();
        let mut bent = Vec::new();
        let mut dropped = Vec::new();
        for (i, feature) in rows.features.iter().enumerate() {
            let mut values: Vec<f64> = (0..rows.len()).map(|row| rows.row(row)[i]).collect();
            let Some(column) = ColumnSpec::fit(*feature, &mut values, &logs) else {
                dropped.push((*feature, Dropped::Constant));
                continue;
            };
            if bends(*feature) {
                let splines = column.splines(&values, &logs);
                bent.extend(splines.into_iter().map(|spline| (i, spline)));
            }
            found.push((i, column));
        }
        found.extend(bent);
        let columns: Vec<ColumnSpec> = found.iter().map(|(_, column)| column.clone()).collect();
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
                // What a curve repeats of another one is no feature that is left out.
                Some(_) if self.columns[i].spline.is_some() => {}
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

    /// Keeps these columns only, given in ascending order.
    fn keep(&mut self, kept: &[usize]) {
        let rows = self.values.chunks_exact(self.width().max(1));
        self.values = rows.flat_map(|row| kept.iter().map(|i| row[*i])).collect();
        self.columns = kept.iter().map(|i| self.columns[*i].clone()).collect();
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
        Self {
            feature,
            transform,
            lo,
            hi,
            spline: None,
            mean: 0.0,
            scale: 1.0,
        }
        .scaled(values, logs)
    }

    /// The same column with mean and scale of these values; none if they are all one.
    fn scaled(self, values: &[f64], logs: &Logs) -> Option<Self> {
        let n = values.len() as f64;
        let mean = values.iter().map(|x| self.value(*x, logs)).sum::<f64>() / n;
        let from_mean = |x: &f64| (self.value(*x, logs) - mean).powi(2);
        let variance = values.iter().map(from_mean).sum::<f64>() / n;
        let (mean, scale) = (nine(mean), nine(variance.sqrt()));
        // Rounding makes even the values of a constant column differ from their mean.
        let usable = scale.is_finite() && mean.is_finite() && scale > 1e-7 * (1.0 + mean.abs());
        usable.then_some(Self {
            mean,
            scale,
            ..self
        })
    }

    /// The splines beside this straight column, with knots at quantiles of these sorted values; none where fewer than
    /// three knots lie apart.
    fn splines(&self, sorted: &[f64], logs: &Logs) -> Vec<Self> {
        let at = |share: &f64| nine(self.value(quantile(sorted, *share), logs));
        let mut knots: Vec<f64> = KNOTS.iter().map(at).collect();
        let range = knots[knots.len() - 1] - knots[0];
        knots.dedup_by(|next, kept| *next - *kept <= APART * range);
        let spline = |basis| Self {
            spline: Some(Spline {
                knots: knots.clone(),
                basis,
            }),
            ..self.clone()
        };
        let splines = (0..knots.len().saturating_sub(2)).map(spline);
        splines
            .filter_map(|spline| spline.scaled(sorted, logs))
            .collect()
    }

    /// What comes of a feature's value before it is standardised.
    fn value(&self, x: f64, logs: &Logs) -> f64 {
        let held = logs.apply(self.transform, x.max(self.lo).min(self.hi));
        self.spline
            .as_ref()
            .map_or(held, |spline| spline.value(held))
    }

    pub(crate) fn standardise(&self, x: f64, logs: &Logs) -> f64 {
        (self.value(x, logs) - self.mean) / self.scale
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
