//! Training rows: the features of every customer of the population at every training cutoff, as they
//! are, with what became of the customer.

use holdfast_features::{FeatureId, Plan, Settings};

use crate::buyer::{Buyer, buyers};
use crate::choice;
use crate::file::{Population, constants};
use crate::history::{Counts, Customer, History, Snapshot};
use crate::population::population;
use crate::splitmix::mix;
use crate::{Error, Label};

/// Above this many rows, customers are left out by a fixed draw: more rows change the third digit of a
/// coefficient and cost memory.
pub const MAX_ROWS: usize = 400_000;

/// Feature values and outcomes, row after row, by cutoff, then by the bytes of the customer's id.
#[derive(Debug, Default)]
pub struct Rows {
    /// What the values of a row are.
    pub features: Vec<FeatureId>,
    /// The values of all rows, one row after the other.
    pub values: Vec<f64>,
    /// Whether the customer of the row had left at the end of the horizon.
    pub left: Vec<bool>,
    /// Index of the row's cutoff in [`Self::cutoffs`].
    pub cutoff: Vec<u16>,
    /// The row's customer.
    pub customer: Vec<Customer>,
    /// The cutoffs, ascending, ms UTC.
    pub cutoffs: Vec<i64>,
    /// Events applied and dropped on the way.
    pub counts: Counts,
    /// The rhythm of the population at the last cutoff, by which the features were computed.
    pub population: Option<Population>,
    /// Everybody who had bought by the last cutoff, members or not, left out of the rows or not.
    pub buyers: Vec<Buyer>,
}

impl Rows {
    /// Rows with the features that a model of this label is offered, at most [`MAX_ROWS`].
    ///
    /// # Errors
    /// [`Error::Setting`] if a cutoff is not in ascending order or its label reaches beyond `until_ms`.
    pub fn collect(
        history: &History,
        label: &Label,
        settings: Settings,
        cutoffs: &[i64],
        until_ms: i64,
    ) -> Result<Self, Error> {
        check(cutoffs, label, until_ms)?;
        let settings = Settings {
            stats: Some(choice::occasion(&label.kind)),
            ..settings
        };
        let (mut found, mut bought) = (None, Vec::new());
        history.walk(
            label,
            settings,
            &cutoffs[cutoffs.len() - 1..],
            &mut |snapshot| {
                found = population(snapshot);
                bought = buyers(snapshot.store, snapshot.cutoff_ms);
            },
        );
        let features = choice::offered(&label.kind);
        let plan = Plan::new(&features).with_constants(constants(found.as_ref(), label));
        let mut rows = Self {
            features,
            cutoffs: cutoffs.to_vec(),
            population: found,
            buyers: bought,
            ..Self::default()
        };
        let mut sample = Sample { shift: 0 };
        let outcomes = history.walk(label, settings, cutoffs, &mut |snapshot| {
            rows.take(snapshot, &plan, &mut sample);
        });
        for (i, cutoff_ms) in cutoffs.iter().enumerate() {
            let range = rows.range(i);
            rows.left
                .extend(outcomes.left(label, *cutoff_ms, &rows.customer[range]));
        }
        rows.counts = outcomes.counts;
        Ok(rows)
    }

    fn take(&mut self, snapshot: &Snapshot<'_>, plan: &Plan, sample: &mut Sample) {
        let cutoff = self.cutoffs.partition_point(|c| *c < snapshot.cutoff_ms);
        for (customer, ix) in snapshot.members {
            if !sample.keeps(*customer) {
                continue;
            }
            let start = self.values.len();
            self.values.resize(start + plan.len(), 0.0);
            snapshot
                .store
                .features(*ix, snapshot.cutoff_ms, plan, &mut self.values[start..]);
            self.customer.push(*customer);
            self.cutoff.push(u16::try_from(cutoff).unwrap_or(u16::MAX));
            if self.customer.len() > MAX_ROWS {
                sample.shift += 1;
                self.thin(sample);
            }
        }
    }

    /// Drops the rows of customers that the sample no longer keeps.
    fn thin(&mut self, sample: &Sample) {
        let width = self.features.len();
        let mut kept = 0;
        for row in 0..self.customer.len() {
            if sample.keeps(self.customer[row]) {
                self.customer[kept] = self.customer[row];
                self.cutoff[kept] = self.cutoff[row];
                self.values
                    .copy_within(row * width..(row + 1) * width, kept * width);
                kept += 1;
            }
        }
        self.customer.truncate(kept);
        self.cutoff.truncate(kept);
        self.values.truncate(kept * width);
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.customer.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.customer.is_empty()
    }

    /// The values of one row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        let width = self.features.len();
        &self.values[row * width..(row + 1) * width]
    }

    /// The rows of a cutoff.
    #[must_use]
    pub fn range(&self, cutoff: usize) -> std::ops::Range<usize> {
        let begin = self.cutoff.partition_point(|c| usize::from(*c) < cutoff);
        let end = self.cutoff.partition_point(|c| usize::from(*c) <= cutoff);
        begin..end
    }

    /// Share of the rows that left; 0 without rows.
    #[must_use]
    pub fn base_rate(&self, range: std::ops::Range<usize>) -> f64 {
        let left = self.left[range.clone()]
            .iter()
            .filter(|left| **left)
            .count();
        if range.is_empty() {
            0.0
        } else {
            left as f64 / range.len() as f64
        }
    }
}

/// A draw of customers that only ever shrinks: at `shift` s one customer in 2^s is kept, with all of
/// that customer's rows.
struct Sample {
    shift: u32,
}

impl Sample {
    fn keeps(&self, customer: Customer) -> bool {
        mix(u64::from(customer) + 1).trailing_zeros() >= self.shift
    }
}

fn check(cutoffs: &[i64], label: &Label, until_ms: i64) -> Result<(), Error> {
    if cutoffs.is_empty() || cutoffs.len() > usize::from(u16::MAX) {
        return Err(Error::Setting(format!(
            "{} training cutoffs were given",
            cutoffs.len()
        )));
    }
    if let Some(pair) = cutoffs.windows(2).find(|pair| pair[0] >= pair[1]) {
        let text = format!(
            "training cutoff {} does not come before {}",
            pair[0], pair[1]
        );
        return Err(Error::Setting(text));
    }
    let over = cutoffs
        .iter()
        .find(|cutoff| cutoff.saturating_add(label.horizon_ms()) > until_ms);
    if let Some(cutoff) = over {
        return Err(Error::Setting(format!(
            "the label of training cutoff {cutoff} ends {} days later, after the end of the data at {until_ms}",
            label.horizon_days
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_drops_customers_whole_and_keeps_rows_together() {
        let features: Vec<FeatureId> = FeatureId::all().take(2).collect();
        let mut rows = Rows {
            features,
            cutoffs: vec![0, 1],
            ..Rows::default()
        };
        for cutoff in 0..2 {
            for customer in 0..1_000 {
                rows.values.extend([f64::from(customer), f64::from(cutoff)]);
                rows.customer.push(customer);
                rows.cutoff.push(cutoff as u16);
            }
        }
        let sample = Sample { shift: 1 };
        rows.thin(&sample);
        assert!((800..1_200).contains(&rows.len()), "{}", rows.len());
        assert_eq!(rows.customer[rows.range(0)], rows.customer[rows.range(1)]);
        for row in 0..rows.len() {
            let (customer, cutoff) = (rows.customer[row], rows.cutoff[row]);
            assert_eq!(rows.row(row), [f64::from(customer), f64::from(cutoff)]);
            assert!(sample.keeps(customer));
        }
    }
}
