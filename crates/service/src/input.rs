//! Appending records to the input of the embedded log: dead letters that go back, erasures.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use holdfast_producer::SegmentWriter;

use crate::run::RunError;

/// A record for the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// None lets the key choose, as Kafka's clients do.
    pub partition: Option<i32>,
    pub key: Option<&'a [u8]>,
    /// None is a tombstone.
    pub value: Option<&'a [u8]>,
}

/// Appends to a directory of segments or to one file; its producer must not write meanwhile.
///
/// # Errors
/// When the input is stdin or packed, or cannot be written.
pub fn append(input: &Path, lines: &[Line<'_>]) -> Result<(), RunError> {
    let fault =
        |e: io::Error| RunError::Temporary(format!("cannot append to {}: {e}", input.display()));
    let packed = input.extension().is_some_and(|e| e == "gz");
    if input == Path::new("-") || packed {
        let text = format!("{} cannot be appended to", input.display());
        return Err(RunError::Config(text));
    }
    if input.is_dir() {
        return to_segments(input, lines).map_err(fault);
    }
    to_file(input, lines).map_err(fault)
}

fn to_segments(dir: &Path, lines: &[Line<'_>]) -> io::Result<()> {
    let partitions = (0..)
        .take_while(|n: &u32| dir.join(n.to_string()).is_dir())
        .count();
    let mut writer = SegmentWriter::open(dir, u32::try_from(partitions).unwrap_or(1).max(1))?;
    for line in lines {
        match (line.partition, line.key) {
            (None, Some(key)) => writer.append(key, line.value)?,
            (partition, key) => {
                let partition = usize::try_from(partition.unwrap_or(0)).unwrap_or(0);
                writer.append_to(partition, key, line.value)?;
            }
        }
    }
    writer.flush()
}

fn to_file(path: &Path, lines: &[Line<'_>]) -> io::Result<()> {
    let whole = fs::read(path)?.last().is_none_or(|byte| *byte == b'\n');
    let mut file = OpenOptions::new().append(true).open(path)?;
    let mut text: Vec<u8> = if whole { Vec::new() } else { b"\n".to_vec() };
    for line in lines {
        if let Some(key) = line.key {
            text.extend_from_slice(key);
            text.push(b'\t');
        }
        text.extend_from_slice(line.value.unwrap_or_default());
        text.push(b'\n');
    }
    file.write_all(&text)?;
    file.sync_all()
}
