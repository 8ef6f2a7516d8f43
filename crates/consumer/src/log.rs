//! The embedded log as a [`Source`], for one machine, the demo and offline work; not a broker.
//!
//! | input | partitions | offsets |
//! | --- | --- | --- |
//! | a directory | one per sub-directory named by its number: `DIR/0`, `DIR/1`, .. | see below |
//! | one file, plain or `.gz` | one, 0 | lines from 0 |
//! | `-`, stdin | one, 0 | lines from 0; nothing to come back to after a restart |
//!
//! A partition's directory holds segments `<base-offset>.jsonl`, `.gz` behind it if packed; a segment's name is the
//! offset of its first line and the next segment begins where it ends. Only the newest segment grows, by whole lines;
//! a line counts as soon as its line feed is there. Oldest segments may be removed, which moves the log's start.
//! Lines are those of [`crate::lines`].

mod partition;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::source::now_ms;
use crate::{Assigned, Batch, LineBatch, LineReader, Partitions, Polled, Source, SourceError};
use partition::{Found, Partition};

/// How often a grown file is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often the end of an idle partition is told again.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What to read and how far it was read before.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// Directory, file or `-`.
    pub input: PathBuf,
    /// Whether to wait for more at the end; pipes and packed files end by themselves.
    pub follow: bool,
    /// Offsets and metadata of the last commit.
    pub committed: BTreeMap<i32, (i64, String)>,
}

/// Reads all partitions in turn.
pub struct LogSource {
    partitions: Vec<Partition>,
    settings: LogSettings,
    handler: Option<Arc<dyn Partitions>>,
    /// The partition that is asked next.
    turn: usize,
    endless: bool,
}

impl LogSource {
    /// Finds the partitions of the input; nothing is read yet.
    ///
    /// # Errors
    /// When the input is not there or is no log.
    pub fn open(settings: LogSettings) -> Result<Self, SourceError> {
        let input = &settings.input;
        let fault = |source| SourceError::Read {
            path: input.clone(),
            source,
        };
        let partitions = if input == Path::new("-") {
            vec![Partition::of_reader(
                LineReader::open(input).map_err(fault)?,
                input,
            )]
        } else if std::fs::metadata(input).map_err(fault)?.is_dir() {
            partition_dirs(input)?
                .into_iter()
                .map(|(n, dir)| Partition::of_dir(n, dir))
                .collect()
        } else {
            vec![Partition::of_reader(
                LineReader::open(input).map_err(fault)?,
                input,
            )]
        };
        let bounded = input == Path::new("-") || input.extension().is_some_and(|e| e == "gz");
        let endless = settings.follow && !bounded;
        Ok(Self {
            partitions,
            settings,
            handler: None,
            turn: 0,
            endless,
        })
    }

    /// How many partitions there are.
    #[must_use]
    pub fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// Each partition and the offset of its oldest line, where reading starts.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn begins(&mut self) -> Result<Vec<(i32, i64)>, SourceError> {
        let each = self.partitions.iter_mut();
        each.map(|partition| Ok((partition.number(), partition.begin()?)))
            .collect()
    }

    /// Who is to be told of the partitions, at the first poll.
    #[must_use]
    pub fn tell(mut self, handler: Arc<dyn Partitions>) -> Self {
        self.handler = Some(handler);
        self
    }

    fn announce(&mut self, handler: &dyn Partitions) -> Result<(), SourceError> {
        let mut given = Vec::new();
        for partition in &mut self.partitions {
            let committed = self.settings.committed.get(&partition.number()).cloned();
            given.push(Assigned {
                partition: partition.number(),
                begin: partition.begin()?,
                end: None,
                committed,
            });
        }
        // Reading starts at the beginning in any case: state is rebuilt from there.
        handler
            .assigned(&given)
            .map(drop)
            .map_err(SourceError::from)
    }

    /// One round over the partitions; none when none of them has anything to say.
    fn round(&mut self) -> Result<Option<Polled>, SourceError> {
        for _ in 0..self.partitions.len() {
            self.turn = (self.turn + 1) % self.partitions.len();
            let partition = &mut self.partitions[self.turn];
            let mut lines = LineBatch::default();
            let asked_ms = Some(now_ms());
            match partition.read(&mut lines, self.endless)? {
                Found::Lines => return Ok(Some(Polled::Batch(Batch::of_lines(lines)))),
                Found::End if partition.tell_at.is_none_or(|at| Instant::now() >= at) => {
                    partition.tell_at = Some(Instant::now() + TELL_EVERY);
                    let (partition, offset) = (partition.number(), partition.next_offset());
                    return Ok(Some(Polled::End {
                        partition,
                        offset,
                        log_end: offset,
                        asked_ms,
                    }));
                }
                Found::End => {}
            }
        }
        Ok(None)
    }
}

impl Source for LogSource {
    fn poll(&mut self, timeout: Duration) -> Result<Polled, SourceError> {
        if let Some(handler) = self.handler.take() {
            self.announce(handler.as_ref())?;
        }
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(found) = self.round()? {
                return Ok(found);
            }
            if !self.endless {
                return Ok(Polled::Closed);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Polled::Nothing);
            }
            std::thread::sleep(left.min(LOOK_EVERY));
        }
    }

    fn close(self: Box<Self>) {}
}

/// Sub-directories named by a number, in order.
fn partition_dirs(dir: &Path) -> Result<Vec<(i32, PathBuf)>, SourceError> {
    let fault = |source| SourceError::Read {
        path: dir.to_owned(),
        source,
    };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let number = path
            .file_name()
            .and_then(|n| n.to_str())
            .and_then(|n| n.parse::<i32>().ok());
        if let Some(number) = number.filter(|n| *n >= 0 && path.is_dir()) {
            found.insert(number, path);
        }
    }
    if found.is_empty() {
        let text =
            "no partition in it: wants sub-directories 0, 1, .. with files <base-offset>.jsonl";
        return Err(fault(io::Error::new(io::ErrorKind::NotFound, text)));
    }
    // A missing number in the middle is a lost partition, not an empty one.
    let count = i32::try_from(found.len()).unwrap_or(i32::MAX);
    if let Some(missing) = (0..count).find(|n| !found.contains_key(n)) {
        return Err(SourceError::Gap(format!(
            "partition {missing} is missing in {}",
            dir.display()
        )));
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests;
