//! Writing an embedded log: what a producer is to a topic. Keys choose partitions as Kafka's clients do.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use holdfast_consumer::{LineBatch, LineReader, murmur2_partition};

/// A new segment begins when the newest has this many bytes.
const SEGMENT_BYTES: u64 = 64 << 20;

/// Appends lines `key<TAB>value` to the partitions of a directory. One writer at a time.
pub struct SegmentWriter {
    partitions: Vec<Partition>,
    pub(super) segment_bytes: u64,
}

struct Partition {
    dir: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
    next_offset: i64,
}

impl SegmentWriter {
    /// Opens the log in `dir`, or makes one of that many partitions.
    ///
    /// # Errors
    /// When the files cannot be written, or the log has another number of partitions.
    pub fn open(dir: &Path, partitions: u32) -> io::Result<Self> {
        if dir.join(partitions.to_string()).exists() {
            let text = format!("{} has more than {partitions} partitions", dir.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let partitions = (0..partitions).map(|n| Partition::open(dir.join(n.to_string())));
        Ok(Self {
            partitions: partitions.collect::<io::Result<_>>()?,
            segment_bytes: SEGMENT_BYTES,
        })
    }

    /// Appends a record where its key belongs; no value is a tombstone. Neither may hold a line feed, and the key
    /// no tab.
    ///
    /// # Errors
    /// When it cannot be written, or could not be read back.
    pub fn append(&mut self, key: &[u8], value: Option<&[u8]>) -> io::Result<()> {
        let count = u32::try_from(self.partitions.len()).unwrap_or(u32::MAX);
        self.append_to(murmur2_partition(key, count) as usize, Some(key), value)
    }

    /// Appends a record to one partition, also one without a key.
    ///
    /// # Errors
    /// As [`append`](Self::append), and when there is no such partition.
    pub fn append_to(
        &mut self,
        partition: usize,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> io::Result<()> {
        let torn = |bytes: &[u8]| bytes.contains(&b'\n');
        if key.is_some_and(|key| torn(key) || key.contains(&b'\t')) || value.is_some_and(torn) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a line feed or tab inside a record",
            ));
        }
        let missing =
            || io::Error::new(io::ErrorKind::NotFound, format!("no partition {partition}"));
        let part = self.partitions.get_mut(partition).ok_or_else(missing)?;
        if part.bytes >= self.segment_bytes {
            part.roll()?;
        }
        let tab: &[u8] = if key.is_some() { b"\t" } else { b"" };
        let pieces = [
            key.unwrap_or_default(),
            tab,
            value.unwrap_or_default(),
            b"\n",
        ];
        for piece in pieces {
            part.file.write_all(piece)?;
            part.bytes += piece.len() as u64;
        }
        part.next_offset += 1;
        Ok(())
    }

    /// Hands everything to the operating system, where readers find it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.partitions.iter_mut().try_for_each(|p| p.file.flush())
    }
}

impl Partition {
    fn open(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        let newest = newest_segment(&dir)?;
        let (path, base) = newest.unwrap_or_else(|| (dir.join("0.jsonl"), 0));
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let mut reader = LineReader::open(&path)?.numbered(0, base);
        let mut batch = LineBatch::default();
        while reader.read_whole_lines(&mut batch)? {}
        // Half a line of a killed writer is no record.
        file.set_len(reader.position_bytes())?;
        let (bytes, next_offset) = (reader.position_bytes(), reader.next_offset());
        Ok(Self {
            dir,
            file: BufWriter::with_capacity(1 << 18, file),
            bytes,
            next_offset,
        })
    }

    fn roll(&mut self) -> io::Result<()> {
        self.file.flush()?;
        let path = self.dir.join(format!("{}.jsonl", self.next_offset));
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(path)?;
        self.file = BufWriter::with_capacity(1 << 18, file);
        self.bytes = 0;
        Ok(())
    }
}

fn newest_segment(dir: &Path) -> io::Result<Option<(PathBuf, i64)>> {
    let mut newest: Option<(PathBuf, i64)> = None;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let stem = path
            .file_name()
            .and_then(|n| n.to_str())
            .and_then(|n| n.strip_suffix(".jsonl"));
        if let Some(base) = stem.and_then(|s| s.parse().ok())
            && newest.as_ref().is_none_or(|(_, b)| *b < base)
        {
            newest = Some((path, base));
        }
    }
    Ok(newest)
}
