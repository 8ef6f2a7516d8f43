//! Rows sorted once by score; every weighting of the customers is then one pass.

use super::{Draws, Figures, Scored};

/// Probabilities are held this far from 0 and 1.
const CLIP: f64 = 1e-6;
const BINS: usize = 10;

/// Rows by falling score.
pub(super) struct Ordered {
    rows: Vec<Row>,
}

struct Row {
    /// Place of the customer in a draw.
    customer: u32,
    left: bool,
    /// Whether the next row has a lower score: the end of a group of equal ones.
    last_of_equals: bool,
    bin: u8,
    p: f64,
    loss: f64,
    square: f64,
}

/// How often each customer counts.
pub(super) struct Weight<'a>(Option<&'a [u32]>);

impl Weight<'static> {
    /// Every customer once.
    pub(super) fn one() -> Self {
        Self(None)
    }
}

impl<'a> Weight<'a> {
    pub(super) fn of(counts: &'a [u32]) -> Self {
        Self(Some(counts))
    }

    fn of_row(&self, row: &Row) -> u64 {
        self.0
            .map_or(1, |counts| u64::from(counts[row.customer as usize]))
    }
}

impl Ordered {
    pub(super) fn of(rows: &[Scored], draws: &Draws) -> Self {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| rows[*b].p.total_cmp(&rows[*a].p));
        let mut ordered: Vec<Row> = order.iter().map(|i| Row::of(&rows[*i], draws)).collect();
        for i in 1..ordered.len() {
            ordered[i - 1].last_of_equals = ordered[i - 1].p > ordered[i].p;
        }
        Self { rows: ordered }
    }

    /// All figures under one weighting, in one pass from the highest score down.
    pub(super) fn figures(&self, weight: &Weight<'_>) -> Figures {
        let total: u64 = self.rows.iter().map(|row| weight.of_row(row)).sum();
        let mut sums = Sums::new(total);
        for row in &self.rows {
            let w = weight.of_row(row);
            if w > 0 {
                sums.add(row, w);
            }
            if row.last_of_equals {
                sums.close_group();
            }
        }
        sums.figures()
    }
}

impl Row {
    fn of(row: &Scored, draws: &Draws) -> Self {
        let p = row.p.clamp(CLIP, 1.0 - CLIP);
        let y = f64::from(u8::from(row.left));
        Self {
            customer: draws.place(row.customer) as u32,
            left: row.left,
            last_of_equals: true,
            bin: ((p * BINS as f64) as u8).min(BINS as u8 - 1),
            p,
            loss: -libm::log(if row.left { p } else { 1.0 - p }),
            square: (p - y) * (p - y),
        }
    }
}

/// Running sums over rows of falling score. Counts are integers, so no order of sums matters to them.
struct Sums {
    total: u64,
    seen: u64,
    left: u64,
    /// Rows above the present group of equal scores.
    left_above: u64,
    seen_above: u64,
    /// Twice the number of (left, stayed) pairs in which the one that left has the higher score, ties once.
    pairs: u128,
    precision: f64,
    loss: f64,
    square: f64,
    bins: [f64; BINS],
    top: u64,
    top_left: u64,
    top_full: bool,
}

impl Sums {
    fn new(total: u64) -> Self {
        Self {
            total,
            seen: 0,
            left: 0,
            left_above: 0,
            seen_above: 0,
            pairs: 0,
            precision: 0.0,
            loss: 0.0,
            square: 0.0,
            bins: [0.0; BINS],
            top: 0,
            top_left: 0,
            top_full: false,
        }
    }

    fn add(&mut self, row: &Row, w: u64) {
        let weight = w as f64;
        self.seen += w;
        self.loss += weight * row.loss;
        self.square += weight * row.square;
        let y = f64::from(u8::from(row.left));
        self.bins[usize::from(row.bin)] += weight * (row.p - y);
        if row.left {
            self.left += w;
        }
        // The top tenth is whole rows, one at least.
        self.top_full |= self.top > 0 && 10 * (self.top + w) > self.total;
        if !self.top_full {
            self.top += w;
            self.top_left += if row.left { w } else { 0 };
        }
    }

    fn close_group(&mut self) {
        let left = self.left - self.left_above;
        let stayed = (self.seen - self.seen_above) - left;
        self.pairs += u128::from(stayed) * u128::from(2 * self.left_above + left);
        if left > 0 {
            self.precision += left as f64 * self.left as f64 / self.seen as f64;
        }
        self.left_above = self.left;
        self.seen_above = self.seen;
    }

    fn figures(&self) -> Figures {
        let total = self.total as f64;
        let left = self.left as f64;
        let stayed = (self.total - self.left) as f64;
        let gaps: f64 = self.bins.iter().map(|gap| gap.abs()).sum();
        [
            self.pairs as f64 / (2.0 * left * stayed),
            self.precision / left,
            self.loss / total,
            self.square / total,
            gaps / total,
            (self.top_left as f64 / self.top as f64) / (left / total),
        ]
    }
}
