//! `holdfast replay`: events through the same partitions that `run` uses, and the alerts into files.
//!
//! The events are those of a file, or of the configuration's input. Lines of a file are read in file order by one thread. With N partitions each line goes to the partition that Kafka's own
//! partitioner would give its key, and each partition is a state of its own; the alerts are the same for every N.
//! It begins with nobody known, or with snapshots, and then goes on as one from the start would from there on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use holdfast_consumer::{Batch, LineBatch, LineReader, Probe, Span, murmur2_partition};
use holdfast_events::{Outcome, Record};
use holdfast_model::Model;
use holdfast_producer::Outputs;
use tracing::warn;

use crate::config::{self, SourceKind};
use crate::hop::Hop;
use crate::pipeline::{Counts, Panel, Partition, Settings};
use crate::report::watch_html;
use crate::reread;
use crate::run::{RunError, challenged, client};

mod begin;
mod files;
mod summary;

pub use begin::Begin;
pub use summary::Summary;

use files::Files;

/// Lines that a lone partition gets at once.
const TOGETHER: usize = 256;
/// How long the broker may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// What to replay, and where to.
#[derive(Debug, Clone)]
pub struct Args {
    /// Events, one a line; may be `.gz`, or `-` for stdin. None takes the configuration's input.
    pub events: Option<PathBuf>,
    /// Made if need be; files of an earlier replay are replaced.
    pub out_dir: PathBuf,
    /// Of a file, where no snapshot says how many there are.
    pub partitions: u32,
    /// `latest`, a snapshot's name, or the path of its file; none begins with nobody known.
    pub from_snapshot: Option<String>,
    /// Where to write the page of the watch.
    pub watch_report: Option<PathBuf>,
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
    let key_required = args.events.is_none() && config.source == SourceKind::Kafka;
    let settings = Settings::new(config, model, key_required)?;
    let settings = challenged(config, settings)?;
    let begin = args.from_snapshot.as_deref();
    let begin = begin.map(|text| Begin::with(text, config, &settings));
    let begin = begin.transpose()?;
    let mut out = Output {
        files: Files::create(&args.out_dir, Hop::new(&settings, None, 0))?,
        out: Outputs::default(),
        progress,
    };
    let mut replay = match &args.events {
        Some(path) => of_file(path, &settings, (args.partitions, begin), &mut out)?,
        None => of_input(config, &settings, begin, &mut out)?,
    };
    replay.end_of_input(args.until, &mut out.out);
    out.files.write(&mut out.out)?;
    let summary = Summary::new(
        &replay.counts(),
        replay.customers(),
        out.files.alerts(),
        began.elapsed(),
    );
    if let Some(path) = &args.watch_report {
        let views: Vec<_> = replay.states().filter_map(Partition::view).collect();
        let page = watch_html(&Panel::of(&views))?;
        let writing = || format!("cannot write {}", path.display());
        std::fs::write(path, page).with_context(writing)?;
    }
    out.files.finish(&summary)?;
    Ok(summary)
}

/// Where everything goes.
struct Output<'a> {
    files: Files,
    out: Outputs,
    progress: &'a mut dyn FnMut(Progress),
}

impl Output<'_> {
    fn write(&mut self, events: u64, bytes: u64) -> anyhow::Result<()> {
        self.files.write(&mut self.out)?;
        let alerts = self.files.alerts();
        (self.progress)(Progress {
            events,
            bytes,
            alerts,
        });
        Ok(())
    }
}

fn of_file(
    path: &Path,
    settings: &Settings,
    (partitions, begin): (u32, Option<Begin>),
    out: &mut Output<'_>,
) -> anyhow::Result<Replay> {
    let mut replay = Replay::new(settings, partitions, begin)?;
    let reading = || format!("cannot read {}", path.display());
    let mut reader = LineReader::open(path).with_context(reading)?;
    let mut lines = LineBatch::default();
    while reader.read_batch(&mut lines).with_context(reading)? {
        replay.work(settings, &lines, &mut out.out);
        out.write(lines.next_offset().unsigned_abs(), lines.end_byte())?;
    }
    Ok(replay)
}

/// The configuration's input, to where it ends now.
fn of_input(
    config: &config::Settings,
    settings: &Settings,
    begin: Option<Begin>,
    out: &mut Output<'_>,
) -> anyhow::Result<Replay> {
    let mut spans = spans(config)?;
    let partitions = u32::try_from(spans.len())?;
    if let Some(begin) = &begin
        && begin.partitions != partitions
    {
        let text = format!(
            "the snapshot is of {} partitions, and the input has {partitions}",
            begin.partitions
        );
        return Err(RunError::Config(text).into());
    }
    let mut replay = Replay::new(settings, partitions, begin)?;
    replay.narrow(&mut spans)?;
    let mut written = Ok(());
    let mut events = 0;
    reread::read(config, &spans, &mut |batch| {
        replay.batch(batch, &mut out.out);
        events += batch.len() as u64;
        if written.is_ok() {
            written = out.write(events, 0);
        }
    })?;
    written.map(|()| replay)
}

/// Everything that is in the input.
fn spans(config: &config::Settings) -> Result<Vec<Span>, RunError> {
    if config.source == SourceKind::Log {
        let begins = reread::log(config)?.begins()?.into_iter();
        return Ok(begins
            .map(|(partition, from)| Span {
                partition,
                from,
                to: i64::MAX,
            })
            .collect());
    }
    let client = client(config);
    let probe = Probe::new(&client)?;
    let count = reread::partitions(&probe, &config.topics.input)?;
    let span = |partition| {
        let (from, to) = probe.ends(partition, ANSWER).map_err(RunError::Temporary)?;
        Ok(Span {
            partition,
            from,
            to,
        })
    };
    (0..count).map(span).collect()
}

/// The partitions of one replay.
struct Replay {
    parts: Vec<Part>,
    clock: i64,
}

/// One partition.
struct Part {
    /// None is left out: a snapshot of another one was asked for.
    state: Option<Partition>,
    /// Records before it are in the state.
    from: i64,
    /// Offset that the next line would have in Kafka.
    next: i64,
}

impl Replay {
    fn new(settings: &Settings, partitions: u32, begin: Option<Begin>) -> anyhow::Result<Self> {
        anyhow::ensure!(partitions > 0, "there must be at least one partition");
        let part = |state, from| Part {
            state,
            from,
            next: 0,
        };
        let Some(begin) = begin else {
            let fresh = |number| {
                let mut state = Partition::new(settings)?;
                state.set_place(i32::try_from(number)?, partitions);
                Ok(part(Some(state), 0))
            };
            return Ok(Self {
                parts: (0..partitions).map(fresh).collect::<anyhow::Result<_>>()?,
                clock: i64::MIN,
            });
        };
        let mut parts: Vec<Part> = (0..begin.partitions).map(|_| part(None, 0)).collect();
        let mut clock = i64::MIN;
        for (number, from, mut state) in begin.states {
            state.set_place(number, begin.partitions);
            clock = clock.max(state.clock());
            if let Some(slot) = usize::try_from(number).ok().and_then(|n| parts.get_mut(n)) {
                *slot = part(Some(state), from);
            }
        }
        Ok(Self { parts, clock })
    }

    /// Spans of those partitions that are replayed, from where their states end.
    fn narrow(&self, spans: &mut Vec<Span>) -> Result<(), RunError> {
        let part = |span: &Span| {
            usize::try_from(span.partition)
                .ok()
                .and_then(|n| self.parts.get(n))
        };
        spans.retain(|span| part(span).is_some_and(|part| part.state.is_some()));
        for span in spans {
            let from = part(span).map_or(0, |part| part.from);
            if from > 0 && from < span.from {
                let Span {
                    partition,
                    from: begin,
                    ..
                } = span;
                return Err(RunError::Config(format!(
                    "partition {partition}: the snapshot is of offset {from}, and the log starts at {begin}"
                )));
            }
            span.from = span.from.max(from);
        }
        Ok(())
    }

    fn states(&self) -> impl Iterator<Item = &Partition> {
        self.parts.iter().filter_map(|part| part.state.as_ref())
    }

    /// Records of the configuration's input.
    fn batch(&mut self, batch: &Batch, out: &mut Outputs) {
        let number = usize::try_from(batch.partition()).unwrap_or(usize::MAX);
        let Some(Part {
            state: Some(state),
            from,
            ..
        }) = self.parts.get_mut(number)
        else {
            return;
        };
        batch.for_each_chunk(|records| {
            let known = records.partition_point(|record| record.offset < *from);
            state.batch(&records[known..], out);
        });
    }

    fn work(&mut self, settings: &Settings, lines: &LineBatch, out: &mut Outputs) {
        if let [
            Part {
                state: Some(alone),
                from,
                ..
            },
        ] = &mut self.parts[..]
        {
            let mut together = [Record::default(); TOGETHER];
            let mut records = lines.records().skip_while(|record| record.offset < *from);
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
        let count = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        let number = key.map_or(0, |key| murmur2_partition(key, count));
        let part = &mut self.parts[number as usize];
        record.partition = i32::try_from(number).unwrap_or(i32::MAX);
        record.offset = part.next;
        part.next += 1;
        let Some(partition) = part.state.as_mut().filter(|_| record.offset >= part.from) else {
            return;
        };
        partition.observe_input_clock(self.clock);
        partition.decoded(&record, outcome, out);
        self.clock = self.clock.max(partition.clock());
    }

    /// Every partition's clock goes to the same instant, so that silence is judged alike in all of them.
    fn end_of_input(&mut self, until: Option<i64>, out: &mut Outputs) {
        let clock = self.states().map(Partition::clock).max();
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
        for partition in self.parts.iter_mut().filter_map(|part| part.state.as_mut()) {
            partition.end_of_input(end, out);
        }
    }

    fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for partition in self.states() {
            sum.add(partition.counts());
        }
        sum
    }

    fn customers(&self) -> u64 {
        self.states()
            .map(|partition| partition.customers() as u64)
            .sum()
    }
}
