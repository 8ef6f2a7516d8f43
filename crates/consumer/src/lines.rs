//! Event files: one record a line, from a file, a `.gz` file or stdin.
//!
//! | line | key | value |
//! | --- | --- | --- |
//! | `{"event_id":..}` | none | the line |
//! | `key<TAB>{"event_id":..}` | `key` | what follows the first tab |
//! | `key<TAB>` | `key` | none: a tombstone |
//! | empty | none | empty (malformed further on) |
//!
//! A line whose first byte that is no blank is `{` is a value without a key, whatever tabs it holds. A carriage
//! return before the line feed is not part of the line. Lines longer than [`MAX_LINE_BYTES`] are an error: nothing
//! that long is an event, and memory has to have a bound.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use holdfast_events::{Headers, Record};

/// The longest line that is read, 64 MiB.
pub const MAX_LINE_BYTES: usize = 64 << 20;

/// Bytes asked for at once.
const CHUNK_BYTES: usize = 512 << 10;

/// Reads lines in chunks into reusable batches.
pub struct LineReader {
    input: Box<dyn Read + Send>,
    /// Start of a line whose end has not been read yet.
    carry: Vec<u8>,
    partition: i32,
    next_offset: i64,
    next_line: u64,
    bytes_read: u64,
    /// Set when the input has said that it is at its end.
    at_end: bool,
    max_line_bytes: usize,
}

/// Stdin, which may be packed. Its first bytes are looked at when they are wanted, not before.
enum Pipe {
    Unread,
    Plain(io::BufReader<io::Stdin>),
    Packed(MultiGzDecoder<io::BufReader<io::Stdin>>),
}

/// How gzip begins (RFC 1952, 2.3.1); no text does.
const GZIP: [u8; 2] = [0x1f, 0x8b];

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Self::Unread = self {
            let mut pipe = io::BufReader::with_capacity(CHUNK_BYTES, io::stdin());
            *self = if pipe.fill_buf()?.starts_with(&GZIP) {
                Self::Packed(MultiGzDecoder::new(pipe))
            } else {
                Self::Plain(pipe)
            };
        }
        match self {
            Self::Unread => Ok(0),
            Self::Plain(pipe) => pipe.read(into),
            Self::Packed(pipe) => pipe.read(into),
        }
    }
}

/// Some whole lines of one file, owned, so that a batch can go to another thread; reuse it to save allocations.
#[derive(Default)]
pub struct LineBatch {
    bytes: Vec<u8>,
    /// Start and end of each line in `bytes`.
    lines: Vec<(u32, u32)>,
    partition: i32,
    first_offset: i64,
    first_line: u64,
    end_byte: u64,
}

impl LineReader {
    /// Opens `path`; `-` is stdin. What is packed by gzip is unpacked on the way: a file whose name ends in `.gz`, or a
    /// pipe that begins as one.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::new(Box::new(Pipe::Unread)));
        }
        let file = File::open(path)?;
        if path.extension().is_some_and(|e| e == "gz") {
            return Ok(Self::new(Box::new(MultiGzDecoder::new(
                io::BufReader::with_capacity(1 << 18, file),
            ))));
        }
        Ok(Self::new(Box::new(file)))
    }

    /// Reads from anything; the caller needs no buffer of its own.
    #[must_use]
    pub fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            input,
            carry: Vec::new(),
            partition: 0,
            next_offset: 0,
            next_line: 1,
            bytes_read: 0,
            at_end: false,
            max_line_bytes: MAX_LINE_BYTES,
        }
    }

    /// Gives the records this partition and offsets from `first_offset` on.
    #[must_use]
    pub fn numbered(mut self, partition: i32, first_offset: i64) -> Self {
        self.partition = partition;
        self.next_offset = first_offset;
        self
    }

    /// Offset of the next line.
    #[must_use]
    pub fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// Bytes (unpacked) up to the end of the last whole line that was given out.
    #[must_use]
    pub fn position_bytes(&self) -> u64 {
        self.bytes_read - self.carry.len() as u64
    }

    /// Whether a line was begun whose end has not come yet.
    #[must_use]
    pub fn has_partial_line(&self) -> bool {
        !self.carry.is_empty()
    }

    /// Reads some lines into `batch`, a last one without a line feed included; false at the end of the input.
    ///
    /// # Errors
    /// When reading fails or a line is too long.
    pub fn read_batch(&mut self, batch: &mut LineBatch) -> io::Result<bool> {
        if self.read_whole_lines(batch)? {
            return Ok(true);
        }
        self.take_partial_line(batch);
        Ok(!batch.is_empty())
    }

    /// Like [`read_batch`](Self::read_batch), but a line without its line feed stays for the next call: for a
    /// file that still grows. False means nothing new now.
    ///
    /// # Errors
    /// When reading fails or a line is too long.
    pub fn read_whole_lines(&mut self, batch: &mut LineBatch) -> io::Result<bool> {
        self.begin(batch);
        batch.bytes.append(&mut self.carry);
        let mut scanned = 0;
        loop {
            let got = self.fill(&mut batch.bytes)?;
            batch.index(scanned);
            scanned = batch.bytes.len();
            if !batch.lines.is_empty() || got == 0 {
                break;
            }
            if scanned > self.max_line_bytes {
                let text = format!(
                    "line {} is longer than {} bytes",
                    self.next_line, self.max_line_bytes
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        }
        let end = batch.lines.last().map_or(0, |line| line.1 as usize + 1);
        self.carry.extend_from_slice(&batch.bytes[end..]);
        batch.bytes.truncate(end);
        self.finish(batch);
        Ok(!batch.is_empty())
    }

    /// Takes what stands after the last line feed as a line of its own.
    pub fn take_partial_line(&mut self, batch: &mut LineBatch) {
        self.begin(batch);
        if !self.carry.is_empty() {
            batch.bytes.append(&mut self.carry);
            batch.bytes.push(b'\n');
            batch.index(0);
        }
        self.finish(batch);
    }

    fn begin(&self, batch: &mut LineBatch) {
        batch.bytes.clear();
        batch.lines.clear();
        batch.partition = self.partition;
        batch.first_offset = self.next_offset;
        batch.first_line = self.next_line;
    }

    fn finish(&mut self, batch: &mut LineBatch) {
        self.next_line += batch.lines.len() as u64;
        self.next_offset += batch.lines.len() as i64;
        batch.end_byte = self.position_bytes();
    }

    /// Appends at most a chunk to `bytes`; 0 when nothing is there now.
    fn fill(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let start = bytes.len();
        bytes.resize(start + CHUNK_BYTES, 0);
        let got = loop {
            match self.input.read(&mut bytes[start..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    bytes.truncate(start);
                    return Err(e);
                }
                Ok(got) => break got,
            }
        };
        bytes.truncate(start + got);
        self.bytes_read += got as u64;
        self.at_end = got == 0;
        Ok(got)
    }
}

impl LineBatch {
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    #[must_use]
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// Offset after the last line.
    #[must_use]
    pub fn next_offset(&self) -> i64 {
        self.first_offset + self.lines.len() as i64
    }

    /// Position in the (unpacked) file after the last line.
    #[must_use]
    pub fn end_byte(&self) -> u64 {
        self.end_byte
    }

    /// The lines as records, without a timestamp and without headers.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.lines.iter().enumerate().map(|(i, (start, end))| {
            let (key, value) = split(&self.bytes[*start as usize..*end as usize]);
            Record {
                partition: self.partition,
                offset: self.first_offset + i as i64,
                line: Some(self.first_line + i as u64),
                key,
                value,
                timestamp: None,
                headers: Headers::default(),
            }
        })
    }

    /// Finds the lines that end in `bytes[from..]`; the first starts where the last known one ended.
    fn index(&mut self, from: usize) {
        let mut start = self.lines.last().map_or(0, |line| line.1 + 1);
        for at in memchr::memchr_iter(b'\n', &self.bytes[from..]) {
            // A batch holds one long line or a chunk: far below 4 GiB.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "bounded by MAX_LINE_BYTES + CHUNK_BYTES"
            )]
            let end = (from + at) as u32;
            self.lines.push((start, end));
            start = end + 1;
        }
    }
}

/// Key and value of a line, by the table above.
fn split(line: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let first = line.iter().find(|b| !b.is_ascii_whitespace());
    if first == Some(&b'{') {
        return (None, Some(line));
    }
    match memchr::memchr(b'\t', line) {
        Some(tab) if tab + 1 == line.len() => (Some(&line[..tab]), None),
        Some(tab) => (Some(&line[..tab]), Some(&line[tab + 1..])),
        None => (None, Some(line)),
    }
}

#[cfg(test)]
mod tests;
