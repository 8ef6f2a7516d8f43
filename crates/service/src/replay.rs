//! `holdfast replay`: an event file through the same partitions that `run` uses, without Kafka.
//!
//! Lines are read in file order by one thread. With N partitions each line goes to the partition that Kafka's own
//! partitioner would give its key, and each partition is a state of its own; the alerts are the same for every N.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use holdfast_consumer::{LineBatch, LineReader, murmur2_partition};
use holdfast_events::{Outcome, Record};
use holdfast_model::Model;
use holdfast_producer::Outputs;
use tracing::warn;

use crate::config;
use crate::pipeline::{Counts, Partition, Settings};

mod files;
mod summary;

pub use summary::Summary;

use files::Files;

/// Lines that a lone partition gets at once.
const TOGETHER: usize = 256;

/// What to replay, and where to.
#[derive(Debug, Clone)]
pub struct Args {
    /// Events, one a line; may be `.gz`, or `-` for stdin.
    pub events: PathBuf,
    /// Made if need be; files of an earlier replay are replaced.
    pub out_dir: PathBuf,
    pub partitions: u32,
    /// The clock's last position, ms UTC; the greatest event time applied if that is later, or if nothing is said.
    pub until: Option<i64>,
}

/// How far a replay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub events: u64,
    /// Unpacked bytes.
    pub bytes: u64,
    pub alerts: u64,
}

/// Replays the file and writes `alerts.jsonl`, `dead-letters.jsonl` and `summary.json`.
///
/// # Errors
/// If configuration and model contradict each other, or a file cannot be read or written.
pub fn run(args: &Args, config: &config::Settings, model: &Model) -> anyhow::Result<Summary> {
    run_with(args, config, model, &mut |_| ())
}

/// As [`run`], telling its progress after every half megabyte or so.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    args: &Args,
    config: &config::Settings,
    model: &Model,
    progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<Summary> {
    let began = Instant::now();
    let settings = Settings::new(config, model, false)?;
    let mut replay = Replay::new(&settings, args.partitions)?;
    let reading = || format!("cannot read {}", args.events.display());
    let mut reader = LineReader::open(&args.events).with_context(reading)?;
    let mut files = Files::create(&args.out_dir)?;
    let mut lines = LineBatch::default();
    let mut out = Outputs::default();
    while reader.read_batch(&mut lines).with_context(reading)? {
        replay.work(&settings, &lines, &mut out);
        files.write(&mut out)?;
        let (events, alerts) = (lines.next_offset().unsigned_abs(), files.alerts());
        progress(Progress {
            events,
            bytes: lines.end_byte(),
            alerts,
        });
    }
    replay.end_of_input(args.until, &mut out);
    files.write(&mut out)?;
    let summary = Summary::new(
        &replay.counts(),
        replay.customers(),
        files.alerts(),
        began.elapsed(),
    );
    files.finish(&summary)?;
    Ok(summary)
}

/// The partitions of one replay.
struct Replay {
    partitions: Vec<Partition>,
    /// Records each partition has had: the offsets they would have in Kafka.
    offsets: Vec<i64>,
    clock: i64,
}

impl Replay {
    fn new(settings: &Settings, partitions: u32) -> anyhow::Result<Self> {
        anyhow::ensure!(partitions > 0, "there must be at least one partition");
        let partitions: Vec<Partition> = (0..partitions)
            .map(|_| Partition::new(settings))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            offsets: vec![0; partitions.len()],
            partitions,
            clock: i64::MIN,
        })
    }

    fn work(&mut self, settings: &Settings, lines: &LineBatch, out: &mut Outputs) {
        if let [alone] = &mut self.partitions[..] {
            let mut together = [Record::default(); TOGETHER];
            let mut records = lines.records();
            loop {
                let mut taken = 0;
                for (slot, record) in together.iter_mut().zip(&mut records) {
                    *slot = record;
                    taken += 1;
                }
                alone.batch(&together[..taken], out);
                if taken < TOGETHER {
                    return;
                }
            }
        }
        for record in lines.records() {
            self.route(settings, record, out);
        }
    }

    /// One line to its partition: by the key, without one by the customer.
    fn route(&mut self, settings: &Settings, mut record: Record<'_>, out: &mut Outputs) {
        let outcome = settings.decoder().decode(&record);
        let key = record.key.or(match &outcome {
            Outcome::Event(event) => Some(event.customer_id.as_bytes()),
            Outcome::Erase { customer_id, .. } => Some(customer_id.as_bytes()),
            Outcome::Rejected(_) => None,
        });
        let count = u32::try_from(self.partitions.len()).unwrap_or(u32::MAX);
        let number = key.map_or(0, |key| murmur2_partition(key, count));
        let at = number as usize;
        record.partition = i32::try_from(number).unwrap_or(i32::MAX);
        record.offset = self.offsets[at];
        self.offsets[at] += 1;
        let partition = &mut self.partitions[at];
        partition.observe_input_clock(self.clock);
        partition.decoded(&record, outcome, out);
        self.clock = self.clock.max(partition.clock());
    }

    /// Every partition's clock goes to the same instant, so that silence is judged alike in all of them.
    fn end_of_input(&mut self, until: Option<i64>, out: &mut Outputs) {
        let clock = self.partitions.iter().map(Partition::clock).max();
        if let (Some(until), Some(clock)) = (until, clock)
            && until < clock
        {
            warn!(
                "--until {until} lies before the last event, at {clock}: the input ends there, nothing is cut"
            );
        }
        let Some(end) = clock.max(until).filter(|end| *end > i64::MIN) else {
            return;
        };
        for partition in &mut self.partitions {
            partition.end_of_input(end, out);
        }
    }

    fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for partition in &self.partitions {
            sum.add(partition.counts());
        }
        sum
    }

    fn customers(&self) -> u64 {
        self.partitions
            .iter()
            .map(|partition| partition.customers() as u64)
            .sum()
    }
}
