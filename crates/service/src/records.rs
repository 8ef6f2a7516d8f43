//! Each record of a file, one line after the other.

use std::path::Path;

use anyhow::Context as _;
use holdfast_consumer::{LineBatch, LineReader};
use holdfast_events::Record;

/// Reads a file, which may be packed as its name says or be stdin (`-`), to its end or to the first error of `each`.
pub(crate) fn each(
    path: &Path,
    mut each: impl FnMut(&Record<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let reading = || format!("cannot read {}", path.display());
    let mut reader = LineReader::open(path).with_context(reading)?;
    let mut lines = LineBatch::default();
    while reader.read_batch(&mut lines).with_context(reading)? {
        lines.records().try_for_each(|record| each(&record))?;
    }
    Ok(())
}
