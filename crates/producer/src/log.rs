//! Outputs as files in a directory, or on stdout.
//!
//! `alerts.jsonl` (alert values, one a line), `dead-letters.jsonl`, a file for each [`Stream`] and `journal.jsonl` grow; `manifest.json` says how long
//! they are and up to where the input is worked through. A commit writes the outputs, makes them durable, and then replaces the
//! manifest by renaming: that is the moment at which all of it counts. A start cuts the outputs to the lengths of the
//! manifest, so what a killed process had written beyond is gone and made again.

mod kept;
mod manifest;
mod segments;
mod stdout;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use crate::{Outputs, Position, Sink, SinkError, Stream, letters};
use manifest::Manifest;

pub use kept::{Kept, each_alert};
pub use manifest::PartitionState;
pub use segments::SegmentWriter;
pub use stdout::StdoutSink;

/// Alert values, one a line.
pub const ALERTS: &str = "alerts.jsonl";
/// Dead letters, one JSON object a line.
pub const DEAD_LETTERS: &str = "dead-letters.jsonl";
/// Journal packs of all partitions, one a line.
pub const JOURNAL: &str = "journal.jsonl";
/// What counts of the others.
pub const MANIFEST: &str = "manifest.json";
/// Held locked while a process writes here.
const LOCK: &str = ".lock";

/// Where the outputs go.
#[derive(Debug, Clone)]
pub struct LogSinkSettings {
    pub dir: PathBuf,
}

/// Writes outputs and positions of the embedded log.
pub struct LogSink {
    dir: PathBuf,
    alerts: Output,
    dead_letters: Output,
    /// In the order of [`Stream::ALL`].
    streams: [Output; Stream::ALL.len()],
    journal: Output,
    manifest: Manifest,
    /// Locked until the process ends.
    _lock: File,
}

/// A file that grows, and how much of it counts.
struct Output {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl LogSink {
    /// Opens or makes the directory, and cuts the outputs to what was committed.
    ///
    /// # Errors
    /// When another process writes here, when files are there that no manifest knows, or shorter than it says.
    pub fn open(settings: LogSinkSettings) -> Result<Self, SinkError> {
        let dir = settings.dir;
        fs::create_dir_all(&dir).map_err(|source| SinkError::Write {
            path: dir.clone(),
            source,
        })?;
        let lock = lock(&dir)?;
        let manifest = match Manifest::read(&dir.join(MANIFEST))? {
            Some(manifest) => manifest,
            None => {
                refuse_strangers(&dir)?;
                let manifest = Manifest::default();
                // Before the outputs: from now on they are known to be ours.
                manifest.write(&dir)?;
                manifest
            }
        };
        let mut streams = Vec::new();
        for stream in Stream::ALL {
            let name = file_of(stream);
            streams.push(Output::open(dir.join(&name), manifest.bytes(&name))?);
        }
        let Ok(streams) = streams.try_into() else {
            unreachable!("one for each stream");
        };
        Ok(Self {
            streams,
            alerts: Output::open(dir.join(ALERTS), manifest.bytes(ALERTS))?,
            dead_letters: Output::open(dir.join(DEAD_LETTERS), manifest.bytes(DEAD_LETTERS))?,
            journal: Output::open(dir.join(JOURNAL), manifest.bytes(JOURNAL))?,
            manifest,
            dir,
            _lock: lock,
        })
    }

    /// What was committed for each partition so far.
    #[must_use]
    pub fn committed(&self) -> Vec<PartitionState> {
        self.manifest.partitions()
    }

    /// The values of all journal records that were committed, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn journal(&self) -> Result<Vec<Vec<u8>>, SinkError> {
        let text = fs::read(&self.journal.path).map_err(|source| SinkError::Write {
            path: self.journal.path.clone(),
            source,
        })?;
        let lines = text.split(|byte| *byte == b'\n');
        Ok(lines
            .filter(|line| !line.is_empty())
            .map(<[u8]>::to_vec)
            .collect())
    }
}

impl LogSink {
    /// What partitions said of periods so far, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn each_partial(&self, mut each: impl FnMut(&[u8])) -> Result<(), SinkError> {
        let path = &self.streams[Stream::Partials as usize].path;
        let fault = |source| SinkError::Write {
            path: path.clone(),
            source,
        };
        let file = File::open(path).map_err(fault)?;
        for line in BufReader::new(file).split(b'\n') {
            each(&line.map_err(fault)?);
        }
        Ok(())
    }
}

impl Sink for LogSink {
    fn commit(&mut self, outputs: &Outputs, positions: &[Position]) -> Result<(), SinkError> {
        let mut text = Vec::new();
        for alert in &outputs.alerts {
            text.extend_from_slice(&alert.value);
            text.push(b'\n');
        }
        self.alerts.append(&text)?;
        text.clear();
        for letter in &outputs.dead_letters {
            text.extend_from_slice(letters::to_json(letter).to_string().as_bytes());
            text.push(b'\n');
        }
        self.dead_letters.append(&text)?;
        for (stream, file) in Stream::ALL.into_iter().zip(&mut self.streams) {
            text.clear();
            let own = outputs.records.iter().filter(|r| r.stream == stream);
            for record in own {
                text.extend_from_slice(&record.value);
                text.push(b'\n');
            }
            file.append(&text)?;
        }
        text.clear();
        for record in &outputs.journal {
            text.extend_from_slice(&record.value);
            text.push(b'\n');
        }
        self.journal.append(&text)?;
        self.manifest.advance(positions);
        for (name, output) in [
            (ALERTS, &self.alerts),
            (DEAD_LETTERS, &self.dead_letters),
            (JOURNAL, &self.journal),
        ] {
            self.manifest.set_bytes(name, output.bytes);
        }
        for (stream, output) in Stream::ALL.into_iter().zip(&self.streams) {
            self.manifest.set_bytes(&file_of(stream), output.bytes);
        }
        self.manifest.write(&self.dir)
    }
}

/// The file of a stream, as a replay writes it too.
#[must_use]
pub fn file_of(stream: Stream) -> String {
    format!("{stream}.jsonl")
}

impl Output {
    fn open(path: PathBuf, committed: u64) -> Result<Self, SinkError> {
        let opened = || -> io::Result<(File, u64)> {
            let file = OpenOptions::new().create(true).append(true).open(&path)?;
            let found = file.metadata()?.len();
            if found > committed {
                file.set_len(committed)?;
                file.sync_all()?;
            }
            Ok((file, found))
        };
        let (file, found) = opened().map_err(|source| SinkError::Write {
            path: path.clone(),
            source,
        })?;
        if found < committed {
            let what = format!(
                "is {found} bytes long, and {committed} were written: it was cut by somebody"
            );
            return Err(SinkError::Manifest { path, what });
        }
        Ok(Self {
            path,
            file,
            bytes: committed,
        })
    }

    /// Writes and makes durable.
    fn append(&mut self, text: &[u8]) -> Result<(), SinkError> {
        if text.is_empty() {
            return Ok(());
        }
        let fault = |source| SinkError::Write {
            path: self.path.clone(),
            source,
        };
        self.file.write_all(text).map_err(fault)?;
        self.file.sync_data().map_err(fault)?;
        self.bytes += text.len() as u64;
        Ok(())
    }
}

fn lock(dir: &Path) -> Result<File, SinkError> {
    let path = dir.join(LOCK);
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let file = file.map_err(|source| SinkError::Write {
        path: path.clone(),
        source,
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(SinkError::Temporary(format!(
            "another process writes to {}",
            dir.display()
        ))),
        Err(fs::TryLockError::Error(source)) => Err(SinkError::Write { path, source }),
    }
}

/// Outputs without a manifest are somebody else's, of a replay perhaps; they would be cut to nothing.
fn refuse_strangers(dir: &Path) -> Result<(), SinkError> {
    let streams = Stream::ALL.into_iter().map(file_of);
    let fixed = [ALERTS, DEAD_LETTERS, JOURNAL].map(str::to_owned);
    for name in fixed.into_iter().chain(streams) {
        let path = dir.join(name);
        if fs::metadata(&path).is_ok_and(|m| m.len() > 0) {
            let what = format!("is there without a {MANIFEST}; choose another output or remove it");
            return Err(SinkError::Manifest { path, what });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
