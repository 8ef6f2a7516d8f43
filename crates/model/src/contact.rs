//! What contacting the customers at highest risk would have found and brought, with intervals over customers.
//!
//! | figure | meaning |
//! | --- | --- |
//! | precision | share that left among those contacted |
//! | lift | precision over the share that left of all |
//! | reached | share of all that left who were contacted |
//! | profit | per 1,000 customers: of those contacted, who left x share saved x value, less contacts x cost |
//!
//! The capacity holds for each cutoff, as a team works through one list at a time; overall means all those lists.
//! Among equal scores the earlier row has the higher rank.

use serde::{Deserialize, Serialize};

use crate::metrics::{Draws, Interval, Scored};

/// Points of the curves: every hundredth of the ranking.
const POINTS: usize = 100;

/// What a contact costs and brings, in any one currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// What a customer who stays is worth.
    pub value: f64,
    /// Share of those about to leave whom a contact makes stay.
    pub saved: f64,
    /// What a contact costs.
    pub cost: f64,
}

/// How many customers can be contacted at a cutoff.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Capacity {
    /// This share of them, one at least.
    Share(f64),
    /// So many.
    Customers(u64),
}

/// The customers at the top of the lists, as far as the capacity reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Top {
    /// How many were contacted.
    pub rows: u64,
    /// Share that left among them.
    pub precision: Interval,
    /// Precision over the share that left of all.
    pub lift: Interval,
    /// Share of all that left who are among them.
    pub reached: Interval,
    /// Per 1,000 customers, contacted or not.
    pub profit: Interval,
}

/// All lists cut after a share of their customers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Share of the customers that is contacted.
    pub share: f64,
    /// Share that left among them.
    pub precision: Interval,
    /// Share of all that left who are among them.
    pub reached: Interval,
    /// Per 1,000 customers, contacted or not.
    pub profit: Interval,
}

/// Contacting everybody whose expected gain is above the cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The probability from which it is: cost / (value x saved).
    pub threshold: f64,
    /// Share of the customers at or above it.
    pub share: f64,
    /// Per 1,000 customers, contacted or not.
    pub profit: Interval,
}

/// What contacting would have brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contacts {
    /// At each cutoff.
    pub cutoffs: Vec<Top>,
    /// All lists together.
    pub overall: Top,
    /// Every hundredth.
    pub curve: Vec<Point>,
    /// The point of greatest profit, none where none is above 0. Found with hindsight, so a little too good.
    pub best: Option<Point>,
    /// Needs no hindsight: what the probabilities themselves advise.
    pub rule: Rule,
}

impl Terms {
    /// The probability of leaving from which a contact is worth its cost.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.cost / (self.value * self.saved)
    }

    fn of_thousand(&self, cut: Cut, all: Cut) -> f64 {
        let gain = cut.left as f64 * self.saved * self.value - cut.rows as f64 * self.cost;
        1_000.0 * gain / all.rows as f64
    }
}

impl Capacity {
    fn of(self, rows: u64) -> u64 {
        match self {
            Self::Share(share) => ((share * rows as f64) as u64).clamp(1, rows.max(1)),
            Self::Customers(k) => k.min(rows),
        }
    }
}

/// Some rows, and those of them that left.
#[derive(Clone, Copy, Debug, Default)]
struct Cut {
    rows: u64,
    left: u64,
}

impl Cut {
    fn share(self) -> f64 {
        self.left as f64 / self.rows as f64
    }

    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.left += other.left;
    }
}

/// The cuts of one weighting of the customers.
#[derive(Clone, Debug)]
struct Cuts {
    all: Cut,
    top: Cut,
    rule: Cut,
    points: [Cut; POINTS],
}

impl Cuts {
    fn new() -> Self {
        Self {
            all: Cut::default(),
            top: Cut::default(),
            rule: Cut::default(),
            points: [Cut::default(); POINTS],
        }
    }

    fn add(&mut self, other: &Self) {
        self.all.add(other.all);
        self.top.add(other.top);
        self.rule.add(other.rule);
        let points = self.points.iter_mut().zip(&other.points);
        points.for_each(|(own, other)| own.add(*other));
    }
}

/// A row of a list, by falling risk.
struct Ranked {
    customer: usize,
    left: bool,
    is_by_rule: bool,
}

/// Judges lists of customers, one for each cutoff, each in the order of the customers' ids (bytes).
#[must_use]
pub fn contacts(cutoffs: &[&[Scored]], capacity: Capacity, terms: &Terms) -> Contacts {
    let draws = Draws::of(cutoffs.iter().flat_map(|rows| rows.iter()));
    let lists: Vec<Vec<Ranked>> = cutoffs
        .iter()
        .map(|rows| ranked(rows, &draws, terms.threshold()))
        .collect();
    // The lists on the rows themselves, then on each draw, each followed by all of them together.
    let judged = |counts: Option<&[u32]>| {
        let mut found: Vec<Cuts> = lists
            .iter()
            .map(|list| cuts(list, counts, capacity))
            .collect();
        let mut all = Cuts::new();
        found.iter().for_each(|cuts| all.add(cuts));
        found.push(all);
        found
    };
    let found = judged(None);
    let mut drawn = Vec::new();
    draws.each(|counts| drawn.push(judged(Some(counts))));
    let interval = |list: usize, figure: &dyn Fn(&Cuts) -> f64| {
        let draws = drawn.iter().map(|lists| figure(&lists[list])).collect();
        Interval::of(figure(&found[list]), draws)
    };
    let top = |list: usize| Top {
        rows: found[list].top.rows,
        precision: interval(list, &|cuts| cuts.top.share()),
        lift: interval(list, &|cuts| cuts.top.share() / cuts.all.share()),
        reached: interval(list, &|cuts| cuts.top.left as f64 / cuts.all.left as f64),
        profit: interval(list, &|cuts| terms.of_thousand(cuts.top, cuts.all)),
    };
    let all = lists.len();
    let curve: Vec<Point> = (0..POINTS)
        .map(|i| Point {
            share: (i + 1) as f64 / POINTS as f64,
            precision: interval(all, &|cuts| cuts.points[i].share()),
            reached: interval(all, &|cuts| {
                cuts.points[i].left as f64 / cuts.all.left as f64
            }),
            profit: interval(all, &|cuts| terms.of_thousand(cuts.points[i], cuts.all)),
        })
        .collect();
    let best = curve.iter().filter(|point| point.profit.value > 0.0);
    Contacts {
        cutoffs: (0..all).map(top).collect(),
        overall: top(all),
        best: best
            .max_by(|a, b| a.profit.value.total_cmp(&b.profit.value))
            .copied(),
        rule: Rule {
            threshold: terms.threshold(),
            share: found[all].rule.rows as f64 / found[all].all.rows as f64,
            profit: interval(all, &|cuts| terms.of_thousand(cuts.rule, cuts.all)),
        },
        curve,
    }
}

fn ranked(rows: &[Scored], draws: &Draws, threshold: f64) -> Vec<Ranked> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| rows[*b].p.total_cmp(&rows[*a].p));
    let row = |i: usize| Ranked {
        customer: draws.place(rows[i].customer),
        left: rows[i].left,
        is_by_rule: rows[i].p >= threshold,
    };
    order.into_iter().map(row).collect()
}

fn cuts(list: &[Ranked], counts: Option<&[u32]>, capacity: Capacity) -> Cuts {
    let weight = |row: &Ranked| counts.map_or(1, |counts| u64::from(counts[row.customer]));
    let total: u64 = list.iter().map(weight).sum();
    let top = capacity.of(total);
    let ends: [u64; POINTS] =
        std::array::from_fn(|i| Capacity::Share((i + 1) as f64 / POINTS as f64 + 1e-12).of(total));
    let mut cuts = Cuts::new();
    let mut point = 0;
    for row in list {
        let w = weight(row);
        let before = cuts.all;
        // A customer drawn several times may lie across an end, and counts up to there.
        let cut = |end: u64| {
            let taken = end - before.rows;
            Cut {
                rows: end,
                left: before.left + if row.left { taken } else { 0 },
            }
        };
        if before.rows < top && top <= before.rows + w {
            cuts.top = cut(top);
        }
        while point < POINTS && ends[point] <= before.rows + w {
            cuts.points[point] = cut(ends[point]);
            point += 1;
        }
        let own = Cut {
            rows: w,
            left: if row.left { w } else { 0 },
        };
        cuts.all.add(own);
        if row.is_by_rule {
            cuts.rule.add(own);
        }
    }
    cuts
}

#[cfg(test)]
mod tests;
