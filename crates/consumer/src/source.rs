//! The trait both inputs stand behind: batches of one partition in offset order, and the hand-shake by which
//! partitions come and go.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use holdfast_events::{Header, Headers, Record};

use crate::batch::Messages;
use crate::{LineBatch, OwnedRecord, SourceError};

/// Where records come from. Owned and polled by one thread.
pub trait Source: Send {
    /// Waits at most `timeout` for the next thing to happen. Partitions come and go inside this call.
    ///
    /// # Errors
    /// When going on has no use.
    fn poll(&mut self, timeout: Duration) -> Result<Polled, SourceError>;

    /// Serves everything but records, for as long as the reader has no room for more of them.
    ///
    /// # Errors
    /// As [`poll`](Self::poll).
    fn serve(&mut self) -> Result<Polled, SourceError> {
        Ok(Polled::Nothing)
    }

    /// Gives partitions back and leaves. Batches still held elsewhere stay valid.
    fn close(self: Box<Self>);
}

/// What [`Source::poll`] found.
#[derive(Debug)]
pub enum Polled {
    /// Nothing within the time.
    Nothing,
    /// Records of one partition.
    Batch(Batch),
    /// Everything before `offset` has been given out and no more can be read now; the log ended at `log_end` a
    /// moment ago (greater than `offset` while a transaction is open). Comes again every second or so.
    End {
        partition: i32,
        offset: i64,
        log_end: i64,
        /// When the log was asked for its end, ms since 1970 by this machine: whatever arrived earlier is before
        /// `log_end`. None when nobody asked; then it holds for an instant that is not known.
        asked_ms: Option<i64>,
    },
    /// The input cannot be reached or refuses; it goes on by itself when that is over.
    Trouble(String),
    /// A bounded input (a pipe, a packed file) has been read to its end; nothing will ever follow.
    Closed,
}

/// The machine's clock, in milliseconds since 1970, UTC: the one of [`Polled::End`].
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

/// Partitions come and go. Called on the polling thread, inside [`Source::poll`]; the source waits for the answer.
pub trait Partitions: Send + Sync {
    /// These partitions are ours from now on; says for each where to start reading.
    ///
    /// # Errors
    /// When the state of one of them cannot be had; the source then gives up.
    fn assigned(&self, given: &[Assigned]) -> Result<Vec<Start>, Refusal>;

    /// These partitions go; what was made of their records has to be committed before this returns, unless they
    /// are `lost`: then somebody else may own them already and nothing may be committed.
    fn revoked(&self, partitions: &[i32], lost: bool);

    /// The source waits for a broker that does not answer; nothing else is wrong with it.
    fn waiting(&self) {}
}

/// A partition that was given to this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    pub partition: i32,
    /// Offset of the oldest record that is still there.
    pub begin: i64,
    /// Offset after the newest record, aborted and open transactions included; none when only reading tells.
    pub end: Option<i64>,
    /// The committed offset and its metadata, when there was a commit.
    pub committed: Option<(i64, String)>,
}

/// Where to start reading a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    pub partition: i32,
    pub offset: i64,
}

/// Why a partition cannot be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Going on would lose or double something.
    Gap(String),
    /// What it begins with cannot be read now.
    Temporary(String),
}

impl From<Refusal> for SourceError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Gap(text) => Self::Gap(text),
            Refusal::Temporary(text) => Self::Temporary(text),
        }
    }
}

/// Records of one partition in offset order, owned, so that they can go to another thread.
#[derive(Debug)]
pub struct Batch {
    records: Records,
    partition: i32,
    /// Offset after the newest record of the log, as last heard from the broker.
    log_end: Option<i64>,
}

enum Records {
    Messages(Messages),
    Lines(LineBatch),
    Owned(Vec<OwnedRecord>),
}

/// Records handed to the pipeline at once: enough to hide memory latency, small enough for the nearest cache.
const AT_ONCE: usize = 256;

impl Batch {
    pub(crate) fn of_messages(partition: i32, messages: Messages, log_end: Option<i64>) -> Self {
        Self {
            records: Records::Messages(messages),
            partition,
            log_end,
        }
    }

    /// The lines of one file as a batch.
    #[must_use]
    pub fn of_lines(lines: LineBatch) -> Self {
        Self {
            partition: lines.partition(),
            records: Records::Lines(lines),
            log_end: None,
        }
    }

    /// Records of `partition`, in offset order and at least one, that somebody holds already.
    #[must_use]
    pub fn of_records(partition: i32, records: Vec<OwnedRecord>, log_end: Option<i64>) -> Self {
        Self {
            records: Records::Owned(records),
            partition,
            log_end,
        }
    }

    #[must_use]
    pub fn partition(&self) -> i32 {
        self.partition
    }

    #[must_use]
    pub fn log_end(&self) -> Option<i64> {
        self.log_end
    }

    #[must_use]
    pub fn len(&self) -> usize {
        match &self.records {
            Records::Messages(messages) => messages.len(),
            Records::Lines(lines) => lines.len(),
            Records::Owned(records) => records.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Offset after the last record.
    #[must_use]
    pub fn next_offset(&self) -> i64 {
        match &self.records {
            Records::Messages(messages) => messages.next_offset(),
            Records::Lines(lines) => lines.next_offset(),
            Records::Owned(records) => records.last().map_or(0, |last| last.offset + 1),
        }
    }

    /// Position in bytes after the last record; files only.
    #[must_use]
    pub fn end_byte(&self) -> Option<u64> {
        match &self.records {
            Records::Messages(_) | Records::Owned(_) => None,
            Records::Lines(lines) => Some(lines.end_byte()),
        }
    }

    /// Gives all records to `each`, some hundreds at a time.
    pub fn for_each_chunk(&self, mut each: impl FnMut(&[Record<'_>])) {
        match &self.records {
            Records::Messages(messages) => messages.for_each_chunk(AT_ONCE, &mut each),
            Records::Lines(lines) => {
                let mut chunk = Vec::with_capacity(AT_ONCE);
                for record in lines.records() {
                    chunk.push(record);
                    if chunk.len() == AT_ONCE {
                        each(&chunk);
                        chunk.clear();
                    }
                }
                if !chunk.is_empty() {
                    each(&chunk);
                }
            }
            Records::Owned(records) => {
                for chunk in records.chunks(AT_ONCE) {
                    let headers: Vec<Vec<Header<'_>>> = chunk.iter().map(headers).collect();
                    let records = chunk.iter().zip(&headers);
                    let borrowed: Vec<Record<'_>> = records
                        .map(|(record, headers)| Record {
                            partition: record.partition,
                            offset: record.offset,
                            line: None,
                            key: record.key.as_deref(),
                            value: record.value.as_deref(),
                            timestamp: record.timestamp,
                            headers: Headers::List(headers),
                        })
                        .collect();
                    each(&borrowed);
                }
            }
        }
    }
}

fn headers(record: &OwnedRecord) -> Vec<Header<'_>> {
    let headers = record.headers.iter();
    headers
        .map(|(name, value)| Header {
            name,
            value: value.as_deref(),
        })
        .collect()
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Messages(messages) => write!(f, "{} messages", messages.len()),
            Self::Lines(lines) => write!(f, "{} lines", lines.len()),
            Self::Owned(records) => write!(f, "{} records", records.len()),
        }
    }
}
