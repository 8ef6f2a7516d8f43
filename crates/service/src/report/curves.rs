//! Counting predictions and outcomes into the bins and ranks that the plots and tables show.

use holdfast_model::wilson;

use super::view::{Bin, Curves, Gain};

const CALIBRATION_BINS: usize = 10;
const SCORE_BINS: usize = 20;
const RANKS: usize = 20;

impl Curves {
    /// Counts rows of (probability, left). The ranking sorts stably by falling probability, so rows
    /// given in the order of their customers' ids break ties the way `lift10` does.
    pub fn of(rows: &[(f64, bool)]) -> Self {
        Self {
            calibration: bins(rows, CALIBRATION_BINS),
            deciles: deciles(rows),
            scores: bins(rows, SCORE_BINS),
            gains: gains(rows),
        }
    }

    /// Bins of equally many rows, or equal bins in a report that was stored before there were any.
    pub(super) fn tenths(&self) -> &[Bin] {
        if self.deciles.is_empty() {
            &self.calibration
        } else {
            &self.deciles
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.calibration.iter().map(Bin::rows).sum()
    }

    pub(super) fn left(&self) -> u64 {
        self.calibration.iter().map(|bin| bin.left).sum()
    }

    /// Share of all rows that left; 0 without rows.
    pub(super) fn base_rate(&self) -> f64 {
        ratio(self.left() as f64, self.rows() as f64)
    }

    /// The rank cut at `share` of the rows, if the curve has one there.
    pub(super) fn gain(&self, share: f64) -> Option<&Gain> {
        self.gains
            .iter()
            .find(|gain| (gain.share - share).abs() < 1e-9)
    }
}

impl Bin {
    pub(super) fn rows(&self) -> u64 {
        self.left + self.stayed
    }

    /// Mean predicted probability; the middle of the bin without rows.
    pub(super) fn mean(&self) -> f64 {
        match self.rows() {
            0 => (self.lo + self.hi) / 2.0,
            rows => self.predicted / rows as f64,
        }
    }

    pub(super) fn observed(&self) -> f64 {
        ratio(self.left as f64, self.rows() as f64)
    }

    /// Wilson's 95 % interval of the observed share. It takes the rows as independent; a customer
    /// seen at several cutoffs counts several times, so the truth is a little wider.
    pub(super) fn observed_interval(&self) -> (f64, f64) {
        match self.rows() {
            0 => (0.0, 1.0),
            rows => wilson(self.left as f64, rows as f64),
        }
    }
}

impl Gain {
    /// Share of the contacted rows that left.
    pub(super) fn precision(&self) -> f64 {
        ratio(self.left as f64, self.rows as f64)
    }
}

pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

fn bins(rows: &[(f64, bool)], count: usize) -> Vec<Bin> {
    let edge = |i: usize| i as f64 / count as f64;
    let mut bins: Vec<Bin> = (0..count)
        .map(|i| Bin {
            lo: edge(i),
            hi: edge(i + 1),
            ..Bin::default()
        })
        .collect();
    for &(p, left) in rows {
        let at = ((p * count as f64) as usize).min(count - 1);
        let bin = &mut bins[at];
        bin.predicted += p;
        if left {
            bin.left += 1;
        } else {
            bin.stayed += 1;
        }
    }
    bins
}

/// Ten bins of equally many rows, by rising probability; fewer where there are fewer rows. Each is told by its least
/// and its greatest probability.
fn deciles(rows: &[(f64, bool)]) -> Vec<Bin> {
    let mut ranked = rows.to_vec();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let end = |i: usize| i * ranked.len() / CALIBRATION_BINS;
    let bins = (0..CALIBRATION_BINS).map(|i| &ranked[end(i)..end(i + 1)]);
    bins.filter(|rows| !rows.is_empty())
        .map(|rows| {
            let left = rows.iter().filter(|row| row.1).count() as u64;
            Bin {
                lo: rows[0].0,
                hi: rows[rows.len() - 1].0,
                left,
                stayed: rows.len() as u64 - left,
                predicted: rows.iter().map(|row| row.0).sum(),
            }
        })
        .collect()
}

fn gains(rows: &[(f64, bool)]) -> Vec<Gain> {
    let mut ranked = rows.to_vec();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut gains = Vec::with_capacity(RANKS);
    let mut seen = 0;
    let mut left = 0;
    for rank in 1..=RANKS {
        // Rounded down but at least one row, as in lift10: the top tenth of 15 rows is 1 row.
        let take = (ranked.len() * rank / RANKS).max(1).min(ranked.len());
        left += ranked[seen..take].iter().filter(|row| row.1).count();
        seen = take;
        gains.push(Gain {
            share: rank as f64 / RANKS as f64,
            rows: take as u64,
            left: left as u64,
            threshold: take.checked_sub(1).map_or(1.0, |last| ranked[last].0),
        });
    }
    gains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_in_the_bin_of_their_probability() {
        let curves = Curves::of(&[(0.0, false), (0.1, true), (0.19, false), (1.0, true)]);
        let counts: Vec<u64> = curves.calibration.iter().map(Bin::rows).collect();
        assert_eq!(counts, [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(curves.calibration[1].observed(), 0.5);
        assert!((curves.calibration[1].mean() - 0.145).abs() < 1e-12);
        assert_eq!((curves.rows(), curves.left()), (4, 2));
    }

    #[test]
    fn deciles_hold_equally_many_rows_by_rising_probability() {
        let rows: Vec<(f64, bool)> = (0..25)
            .rev()
            .map(|i| (f64::from(i) / 50.0, i > 20))
            .collect();
        let deciles = Curves::of(&rows).deciles;
        let counts: Vec<u64> = deciles.iter().map(Bin::rows).collect();
        assert_eq!(counts, [2, 3, 2, 3, 2, 3, 2, 3, 2, 3]);
        assert!(deciles.windows(2).all(|pair| pair[0].hi < pair[1].lo));
        assert_eq!((deciles[9].left, deciles[9].stayed), (3, 0));
        assert!((deciles[9].mean() - 0.46).abs() < 1e-12);
        assert_eq!(Curves::of(&rows[..4]).deciles.len(), 4);
    }

    #[test]
    fn top_tenth_holds_the_highest_risks() {
        let rows: Vec<(f64, bool)> = (0..100).map(|i| (f64::from(i) / 100.0, i >= 92)).collect();
        let curves = Curves::of(&rows);
        let top = curves.gain(0.1).unwrap();
        assert_eq!((top.rows, top.left, top.threshold), (10, 8, 0.9));
        assert_eq!(top.precision(), 0.8);
        assert_eq!(curves.gain(1.0).unwrap().left, 8);
    }

    #[test]
    fn no_rows_give_empty_bins_and_no_division_by_zero() {
        let curves = Curves::of(&[]);
        assert_eq!((curves.rows(), curves.base_rate()), (0, 0.0));
        assert_eq!(curves.calibration[3].observed_interval(), (0.0, 1.0));
        assert_eq!(curves.gain(0.1).unwrap().precision(), 0.0);
    }

    #[test]
    fn wilson_interval_matches_the_published_example() {
        // 81 of 263 (Newcombe 1998, method 3): 0.2553 to 0.3662.
        let bin = Bin {
            left: 81,
            stayed: 182,
            ..Bin::default()
        };
        let (lo, hi) = bin.observed_interval();
        assert!(
            (lo - 0.2553).abs() < 1e-4 && (hi - 0.3662).abs() < 1e-4,
            "{lo} {hi}"
        );
    }
}
