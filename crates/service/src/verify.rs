//! `holdfast verify`: what was served, against what input and journal give, bit for bit.
//!
//! Alerts are a function of the input, the journal, the configuration and the models. Here that function is computed
//! once more, beside a run or without one, and every alert that a subscriber sees is held against it.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`engines`] | the models and settings that are at hand |
//! | [`place`] | where input, journal and alerts are, and how far they are committed |
//! | [`start`] | where a partition's recomputation begins: at the log's start or with a snapshot |
//! | [`rerun`] | one partition, recomputed along the journal |
//! | [`served`] | the alerts that are there, by their ids |
//! | [`comparison`] | one against the other |
//! | [`report`] | what came of it |
//!
//! Order matters beside a live run: first how far the alerts are committed now, then the offsets, then the alerts.
//! So each alert below that first mark has to come out, and each that comes out has to be found.

mod comparison;
mod engines;
mod place;
mod report;
mod rerun;
mod served;
mod start;

use std::collections::BTreeMap;
use std::time::Instant;

use holdfast_consumer::Span;
use holdfast_model::Model;

use crate::config::{Settings, SourceKind};
use crate::reread;
use crate::run::RunError;

use comparison::Comparison;
use engines::Engines;
use place::{Commit, Place};
pub use report::{Alerts, Example, Facts, Report, Stretch};
use rerun::Rerun;
use served::Served;
use start::Archive;

/// How to verify.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// `oldest`, `latest` or a snapshot's name; none begins at the log's start where that is still there.
    pub from_snapshot: Option<String>,
    /// Whether values of alerts may be told: they hold customers' data.
    pub show: bool,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records worked once more.
    pub records: u64,
    pub of: u64,
}

/// Recomputes and compares; changes nothing, anywhere. `models` are those that may have decided.
///
/// # Errors
/// When something cannot be read, or nothing was committed. A difference is no error: the report has it.
pub fn verify(
    settings: &Settings,
    models: &[Model],
    args: &Args,
    progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<Report> {
    let began = Instant::now();
    let engines = Engines::new(settings, models)?;
    let place = Place::open(settings)?;
    let commits = place.commits(engines.state_hash())?;
    let served = Served::read(&place)?;
    let archive = Archive::open(settings, &engines, &place, args)?;
    let mut comparison = Comparison::new(served, &place);
    let of = commits.iter().map(|commit| commit.offset - commit.begin);
    let of = of.sum::<i64>().unsigned_abs();
    let mut records = 0;
    let mut stretches = Vec::new();
    // One topic's partition after the other, for the sake of memory; files come all together.
    let together = match settings.source {
        SourceKind::Kafka => 1,
        SourceKind::Log => commits.len().max(1),
    };
    for group in commits.chunks(together) {
        let mut reruns = begin(&archive, group, &mut comparison, &mut stretches)?;
        let spans: Vec<Span> = reruns.values().map(Rerun::span).collect();
        reread::read(settings, &spans, &mut |batch| {
            if let Some(rerun) = reruns.get_mut(&batch.partition()) {
                records += batch.len() as u64;
                rerun.batch(batch, &mut comparison);
                progress(Progress { records, of });
            }
        })?;
        for rerun in reruns.into_values() {
            stretches.push(rerun.finish(&mut comparison)?);
        }
    }
    stretches.sort_by_key(|stretch| stretch.partition);
    let mut report = comparison.finish(&stretches);
    report.partitions = stretches;
    report::fill(&mut report, &place, args.show)?;
    report.seconds = (began.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0;
    Ok(report)
}

/// The partitions that can be recomputed; why the others cannot goes to `stretches`.
fn begin<'a>(
    archive: &Archive<'a>,
    commits: &[Commit],
    comparison: &mut Comparison<'_>,
    stretches: &mut Vec<Stretch>,
) -> Result<BTreeMap<i32, Rerun<'a>>, RunError> {
    let mut reruns = BTreeMap::new();
    for commit in commits {
        match archive.start(commit)? {
            Ok(start) => {
                let rerun = Rerun::new(archive.engines(), start, comparison)?;
                reruns.insert(commit.partition, rerun);
            }
            Err(why) => stretches.push(Stretch::unchecked(commit.partition, commit.offset, why)),
        }
    }
    Ok(reruns)
}
