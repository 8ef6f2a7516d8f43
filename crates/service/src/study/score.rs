//! `holdfast score`: probabilities of a population at given instants.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use holdfast_features::{Ix, Settings};
use holdfast_model::history::{Customer, Outcomes, Snapshot};
use holdfast_model::{Label, Model, Scorer, probability};

use super::load::{Log, Read, load};
use super::{Error, Source};

/// Customers that are fetched from memory together, whose latency is what random customers cost.
const TOGETHER: usize = 32;
/// Fewer scores than this are made sooner than a thread is.
const WORTH_A_THREAD: usize = 10_000;

/// One customer at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    pub customer_id: String,
    pub cutoff_ms: i64,
    pub probability: f64,
}

/// All scores, by cutoff, then by the bytes of the customer's id.
#[derive(Debug)]
pub struct Scores {
    pub rows: Vec<Score>,
    pub read: Read,
    pub took: Took,
}

/// How long the parts of a scoring took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Took {
    /// Reading and decoding the file.
    pub reading: Duration,
    /// Bringing the events into the state of their customers.
    pub applying: Duration,
    /// Features and scores of the population, at all cutoffs.
    pub scoring: Duration,
}

impl Scores {
    /// Writes them as CSV under the header `customer_id,cutoff_ms,p_churn`.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "customer_id,cutoff_ms,p_churn")?;
        for row in &self.rows {
            // Display prints the shortest digits that give the same number back.
            writeln!(
                out,
                "{},{},{}",
                field(&row.customer_id),
                row.cutoff_ms,
                row.probability
            )?;
        }
        Ok(())
    }
}

/// A CSV field, quoted where RFC 4180 asks for it.
pub(crate) fn field(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\"")).into();
    }
    text.into()
}

/// Scores the population at each cutoff (ms UTC, in any order). `active_days` replaces the model's own.
///
/// # Errors
/// Everything in [`Error`].
pub fn score(
    source: &Source,
    model: &Model,
    cutoffs_ms: &[i64],
    active_days: Option<u32>,
) -> Result<Scores, Error> {
    let source = source.for_model(model)?;
    let mut label = model.label().clone();
    label.active_days = active_days.unwrap_or(label.active_days);
    let began = Instant::now();
    let mut log = load(&source, label.kind.clone(), None)?;
    agrees(&log, model)?;
    let mut cutoffs = cutoffs_ms.to_vec();
    cutoffs.sort_unstable();
    cutoffs.dedup();
    log.history
        .finish(cutoffs.last().copied().unwrap_or(i64::MIN));
    let reading = began.elapsed();
    let mut scoring = Duration::ZERO;
    let (rows, _) = timed(&log, &source, model, (&label, &cutoffs), &mut scoring)?;
    let took = Took {
        reading,
        applying: began.elapsed().saturating_sub(reading + scoring),
        scoring,
    };
    let named = |row: &Predicted| Score {
        customer_id: log.history.id(row.customer).to_owned(),
        cutoff_ms: row.cutoff_ms,
        probability: row.probability,
    };
    Ok(Scores {
        rows: rows.iter().map(named).collect(),
        read: log.read,
        took,
    })
}

/// A customer's probability at a cutoff.
pub(super) struct Predicted {
    pub(super) customer: Customer,
    pub(super) cutoff_ms: i64,
    pub(super) probability: f64,
}

/// Streams the history and scores the population at each cutoff, by cutoff, then by id.
pub(super) fn predict(
    log: &Log,
    source: &Source,
    model: &Model,
    label: &Label,
    cutoffs: &[i64],
) -> Result<(Vec<Predicted>, Outcomes), Error> {
    let mut took = Duration::ZERO;
    timed(log, source, model, (label, cutoffs), &mut took)
}

/// The same, and how long features and scores took of it.
fn timed(
    log: &Log,
    source: &Source,
    model: &Model,
    (label, cutoffs): (&Label, &[i64]),
    took: &mut Duration,
) -> Result<(Vec<Predicted>, Outcomes), Error> {
    let scorer = Scorer::new(model)?;
    let mut rows = Vec::new();
    let settings = Settings {
        stats: model.occasion(),
        ..log.store(source)
    };
    let outcomes = log.history.walk(label, settings, cutoffs, &mut |snapshot| {
        let began = Instant::now();
        rows.extend(predicted(&scorer, snapshot));
        *took += began.elapsed();
    });
    Ok((rows, outcomes))
}

/// The whole population at a cutoff, in its order. Large ones by all cores, each in the order in which the state lies in
/// memory: each customer's score is their own.
fn predicted(scorer: &Scorer, snapshot: &Snapshot<'_>) -> Vec<Predicted> {
    let members = snapshot.members;
    let mut order: Vec<u32> = (0..members.len() as u32).collect();
    order.sort_unstable_by_key(|place| members[*place as usize].1);
    let some = &|part: &[u32]| {
        let mut scratch = scorer.scratch();
        let mut scores = Vec::with_capacity(part.len());
        for together in part.chunks(TOGETHER) {
            let places = together.iter().map(|place| members[*place as usize].1);
            let places: Vec<Ix> = places.collect();
            snapshot.store.touch(&places);
            scores.extend(places.iter().map(|ix| {
                let at = snapshot.cutoff_ms;
                probability(scorer.log_odds(snapshot.store, *ix, at, &mut scratch))
            }));
        }
        scores
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = members.len().div_ceil(cores).max(WORTH_A_THREAD);
    let scores: Vec<Vec<f64>> = thread::scope(|scope| {
        let threads: Vec<_> = order
            .chunks(share)
            .map(|part| scope.spawn(move || some(part)))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut probabilities = vec![0.0; members.len()];
    for (place, score) in order.iter().zip(scores.into_iter().flatten()) {
        probabilities[*place as usize] = score;
    }
    let rows = members.iter().zip(probabilities);
    rows.map(|((customer, _), probability)| Predicted {
        customer: *customer,
        cutoff_ms: snapshot.cutoff_ms,
        probability,
    })
    .collect()
}

/// Whether the log's money is the model's.
pub(super) fn agrees(log: &Log, model: &Model) -> Result<(), Error> {
    match (log.currency.as_deref(), model.currency()) {
        (Some(log), Some(trained)) if log != trained => Err(Error::Contradiction(format!(
            "the amounts are {}, the model was trained with {trained}",
            if log == "ignore" {
                "summed as they are"
            } else {
                log
            }
        ))),
        _ => Ok(()),
    }
}
