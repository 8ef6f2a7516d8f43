//! Figures of all partitions together.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_model::watch::{Counts, Difference, Figures, Pair, Tally};
use serde::Serialize;

use super::book::Cutoff;
use super::terms::{Judge, Named, Terms};

/// Cutoffs that the figures of now are taken over: about a horizon of them.
const NEWEST: usize = 3;

/// What one partition has to show.
#[derive(Debug, Clone)]
pub struct View {
    pub(super) terms: Arc<Terms>,
    pub(super) models: Vec<Named>,
    pub(super) done: Vec<Cutoff>,
    /// The newest at which everybody has been scored.
    pub(super) scored: Option<Cutoff>,
    pub(super) awaited: Vec<i64>,
    pub(super) open: i64,
}

/// One model at one cutoff, or over some.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub model: Named,
    /// Whether it was the one that decides.
    pub is_champion: bool,
    pub figures: Figures,
}

/// A cutoff whose outcomes are known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Known {
    /// ms UTC.
    pub at: i64,
    pub lines: Vec<Line>,
    pub difference: Option<Difference>,
}

/// How a feature of the population has drifted since the training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    pub feature: String,
    pub psi: f64,
}

/// All that is known now; empty where nothing is watched.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Panel {
    /// The model that decides.
    pub model: Option<Named>,
    /// Days of the horizon.
    pub horizon_days: u32,
    /// Share of the champion's training rows that left; none before anything is watched.
    pub base_rate: Option<f64>,
    /// Over the newest cutoffs whose outcomes are known.
    pub now: Vec<Line>,
    /// Challenger against champion over the same.
    pub difference: Option<Difference>,
    /// Each of them, oldest first.
    pub known: Vec<Known>,
    /// The newest cutoff at which everybody was scored, and how many those were.
    pub scored: Option<(i64, u64)>,
    /// Of the champion's features there, the greatest first.
    pub drift: Vec<Drift>,
    /// Cutoffs whose outcomes are awaited.
    pub awaited: Vec<i64>,
}

/// Tallies of some partitions or cutoffs, by model.
#[derive(Debug, Default, Clone)]
struct Sums {
    tallies: BTreeMap<(bool, Named), Tally>,
    pair: Pair,
}

impl Sums {
    fn add(&mut self, view: &View, cutoff: &Cutoff) {
        let name = |place: u16| view.models.get(usize::from(place)).cloned();
        let challenger = cutoff.challenger.and_then(name);
        let both = [
            (name(cutoff.champion), true, &cutoff.tally),
            (challenger, false, &cutoff.challenged),
        ];
        for (name, is_champion, tally) in both {
            if let Some(name) = name {
                self.tallies
                    .entry((!is_champion, name))
                    .or_default()
                    .absorb(tally);
            }
        }
        self.pair.absorb(&cutoff.pair);
    }

    fn absorb(&mut self, other: &Self) {
        for (key, tally) in &other.tallies {
            self.tallies.entry(key.clone()).or_default().absorb(tally);
        }
        self.pair.absorb(&other.pair);
    }

    fn lines(&self) -> Vec<Line> {
        let line = |((is_challenger, model), tally): (&(bool, Named), &Tally)| {
            Some(Line {
                model: model.clone(),
                is_champion: !is_challenger,
                figures: tally.figures()?,
            })
        };
        self.tallies.iter().filter_map(line).collect()
    }
}

impl Panel {
    /// What these partitions know together. A cutoff counts once all of them know its outcomes.
    pub fn of(views: &[View]) -> Self {
        let Some(any) = views.first() else {
            return Self::default();
        };
        // Behind the first that somebody still waits for, or has not closed, nothing is whole.
        let waits = |view: &View| view.awaited.first().copied().unwrap_or(view.open);
        let first_awaited = views.iter().map(waits).min().unwrap_or(i64::MAX);
        let mut known: BTreeMap<i64, Sums> = BTreeMap::new();
        for view in views {
            for cutoff in view.done.iter().filter(|cutoff| cutoff.at < first_awaited) {
                known.entry(cutoff.at).or_default().add(view, cutoff);
            }
        }
        let mut now = Sums::default();
        known
            .values()
            .rev()
            .take(NEWEST)
            .for_each(|sums| now.absorb(sums));
        let known = known.iter().map(|(at, sums)| Known {
            at: *at,
            lines: sums.lines(),
            difference: sums.pair.difference(),
        });
        let (scored, drift) = drifted(views, &any.terms.champion);
        Self {
            model: Some(any.terms.champion.name.clone()),
            horizon_days: any.terms.label.horizon_days,
            base_rate: Some(any.terms.champion.base_rate),
            now: now.lines(),
            difference: now.pair.difference(),
            known: known.collect(),
            scored,
            drift,
            awaited: any.awaited.clone(),
        }
    }
}

/// Of the newest cutoff that every partition has scored, by the model that decides now.
fn drifted(views: &[View], champion: &Judge) -> (Option<(i64, u64)>, Vec<Drift>) {
    let newest = views
        .iter()
        .map(|view| view.scored.as_ref().map(|cutoff| cutoff.at));
    let Some(at) = newest.min().flatten() else {
        return (None, Vec::new());
    };
    let mut counts = vec![Counts::default(); champion.spreads.len()];
    let mut members = 0;
    for view in views {
        let all = view.done.iter().chain(&view.scored);
        for cutoff in all.filter(|cutoff| cutoff.at == at) {
            members += cutoff.scored;
            let own = view.models.get(usize::from(cutoff.champion));
            if own != Some(&champion.name) {
                continue;
            }
            for (sum, part) in counts.iter_mut().zip(&cutoff.drift) {
                for (sum, part) in sum.iter_mut().zip(part) {
                    *sum = sum.saturating_add(*part);
                }
            }
        }
    }
    let of = |((_, spread), counts): (&(usize, holdfast_model::watch::Spread), &Counts)| {
        Some(Drift {
            feature: spread.feature.clone(),
            psi: spread.psi(counts)?,
        })
    };
    let mut drift: Vec<Drift> = champion
        .spreads
        .iter()
        .zip(&counts)
        .filter_map(of)
        .collect();
    drift.sort_by(|a, b| {
        b.psi
            .total_cmp(&a.psi)
            .then_with(|| a.feature.cmp(&b.feature))
    });
    (Some((at, members)), drift)
}
