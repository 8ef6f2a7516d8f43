//! What counts of the outputs, read beside a run that may be writing them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::manifest::{Manifest, PartitionState};
use super::{ALERTS, JOURNAL, MANIFEST};
use crate::SinkError;

/// What a manifest vouches for. Nothing is locked or changed.
#[derive(Debug, Clone)]
pub struct Kept {
    /// How far each partition is worked through.
    pub partitions: Vec<PartitionState>,
    /// Bytes of the alerts' file that count.
    pub alert_bytes: u64,
    /// The values of all journal records, oldest first.
    pub journal: Vec<Vec<u8>>,
}

impl Kept {
    /// Reads manifest and journal of a directory of outputs; none where no manifest is.
    ///
    /// # Errors
    /// When they cannot be read, or the journal is shorter than the manifest says.
    pub fn read(dir: &Path) -> Result<Option<Self>, SinkError> {
        let Some(manifest) = Manifest::read(&dir.join(MANIFEST))? else {
            return Ok(None);
        };
        let path = dir.join(JOURNAL);
        let wanted = manifest.bytes(JOURNAL);
        let mut text = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(wanted).read_to_end(&mut text));
        read.map_err(|e| unreadable(&path, &e))?;
        let found = text.len() as u64;
        if found < wanted {
            let what =
                format!("is {found} bytes long, and {wanted} were written: it was cut by somebody");
            return Err(SinkError::Manifest { path, what });
        }
        let lines = text.split(|byte| *byte == b'\n');
        Ok(Some(Self {
            partitions: manifest.partitions(),
            alert_bytes: manifest.bytes(ALERTS),
            journal: lines
                .filter(|line| !line.is_empty())
                .map(<[u8]>::to_vec)
                .collect(),
        }))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> SinkError {
    SinkError::Temporary(format!("cannot read {}: {error}", path.display()))
}

/// Gives each line of the alerts' file with its number, from 1, and the byte behind it.
///
/// # Errors
/// When it cannot be read.
pub fn each_alert(dir: &Path, mut each: impl FnMut(i64, u64, &[u8])) -> Result<(), SinkError> {
    let path = dir.join(ALERTS);
    let fault = |e| unreadable(&path, &e);
    let mut reader = BufReader::with_capacity(1 << 18, File::open(&path).map_err(fault)?);
    let (mut line, mut number, mut end) = (Vec::new(), 0, 0);
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(fault)?;
        if read == 0 {
            return Ok(());
        }
        number += 1;
        end += read as u64;
        each(number, end, line.strip_suffix(b"\n").unwrap_or(&line));
    }
}
