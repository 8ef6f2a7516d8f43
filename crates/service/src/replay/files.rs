//! The files a replay writes.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use holdfast_producer::{Outputs, letters};

use super::Summary;

/// Open output files of one replay.
pub(super) struct Files {
    dir: PathBuf,
    alerts: BufWriter<File>,
    dead_letters: BufWriter<File>,
    written: u64,
}

fn writing(path: &Path) -> impl Fn() -> String {
    move || format!("cannot write {}", path.display())
}

fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    File::create(path)
        .map(|file| BufWriter::with_capacity(1 << 18, file))
        .with_context(writing(path))
}

impl Files {
    pub(super) fn create(dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(writing(dir))?;
        // A summary of an earlier replay must not stand beside half of this one.
        let summary = dir.join("summary.json");
        if summary.exists() {
            fs::remove_file(&summary).with_context(writing(&summary))?;
        }
        Ok(Self {
            alerts: create(&dir.join("alerts.jsonl"))?,
            dead_letters: create(&dir.join("dead-letters.jsonl"))?,
            dir: dir.to_owned(),
            written: 0,
        })
    }

    pub(super) fn alerts(&self) -> u64 {
        self.written
    }

    /// Appends and empties `out`.
    pub(super) fn write(&mut self, out: &mut Outputs) -> anyhow::Result<()> {
        for alert in out.alerts.drain(..) {
            self.alerts
                .write_all(&alert.value)
                .context("cannot write alerts.jsonl")?;
            self.alerts
                .write_all(b"\n")
                .context("cannot write alerts.jsonl")?;
            self.written += 1;
        }
        for letter in out.dead_letters.drain(..) {
            serde_json::to_writer(&mut self.dead_letters, &letters::to_json(&letter))
                .context("cannot write dead-letters.jsonl")?;
            self.dead_letters
                .write_all(b"\n")
                .context("cannot write dead-letters.jsonl")?;
        }
        Ok(())
    }

    /// Closes the files and writes the summary, which says that they are whole.
    pub(super) fn finish(mut self, summary: &Summary) -> anyhow::Result<()> {
        self.alerts.flush().context("cannot write alerts.jsonl")?;
        self.dead_letters
            .flush()
            .context("cannot write dead-letters.jsonl")?;
        let path = self.dir.join("summary.json");
        let mut text = serde_json::to_string_pretty(summary)?;
        text.push('\n');
        fs::write(&path, text).with_context(writing(&path))
    }
}
