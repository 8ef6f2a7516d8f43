//! The files a replay writes.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use holdfast_producer::log::file_of;
use holdfast_producer::{Outputs, Stream, letters};

use super::Summary;
use crate::hop::Hop;

/// Open output files of one replay.
pub(super) struct Files {
    dir: PathBuf,
    alerts: BufWriter<File>,
    dead_letters: BufWriter<File>,
    /// In the order of [`Stream::ALL`], of which partials come last and are not written.
    streams: Vec<BufWriter<File>>,
    /// None where no figures are kept.
    hop: Option<Hop>,
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

fn line(file: &mut BufWriter<File>, value: &[u8]) -> io::Result<()> {
    file.write_all(value)?;
    file.write_all(b"\n")
}

fn record_line(files: &mut [BufWriter<File>], stream: Stream, value: &[u8]) -> anyhow::Result<()> {
    line(&mut files[stream as usize], value)
        .with_context(|| format!("cannot write {}", file_of(stream)))
}

impl Files {
    pub(super) fn create(dir: &Path, hop: Option<Hop>) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(writing(dir))?;
        // A summary of an earlier replay must not stand beside half of this one.
        let summary = dir.join("summary.json");
        if summary.exists() {
            fs::remove_file(&summary).with_context(writing(&summary))?;
        }
        // What partitions say is added up here.
        let told = Stream::ALL
            .into_iter()
            .filter(|stream| *stream != Stream::Partials);
        let streams = told.map(|stream| create(&dir.join(file_of(stream))));
        Ok(Self {
            streams: streams.collect::<anyhow::Result<_>>()?,
            alerts: create(&dir.join("alerts.jsonl"))?,
            dead_letters: create(&dir.join("dead-letters.jsonl"))?,
            dir: dir.to_owned(),
            hop,
            written: 0,
        })
    }

    pub(super) fn alerts(&self) -> u64 {
        self.written
    }

    /// Appends and empties `out`.
    pub(super) fn write(&mut self, out: &mut Outputs) -> anyhow::Result<()> {
        for alert in out.alerts.drain(..) {
            line(&mut self.alerts, &alert.value).context("cannot write alerts.jsonl")?;
            self.written += 1;
        }
        for letter in out.dead_letters.drain(..) {
            let value = letters::to_json(&letter).to_string();
            line(&mut self.dead_letters, value.as_bytes())
                .context("cannot write dead-letters.jsonl")?;
        }
        for record in out.records.drain(..) {
            match (record.stream, &mut self.hop) {
                (Stream::Partials, Some(hop)) => hop.take_next(&record.value),
                (Stream::Partials, None) => {}
                (stream, _) => record_line(&mut self.streams, stream, &record.value)?,
            }
        }
        while let Some((told, _)) = self.hop.as_mut().and_then(Hop::due) {
            for record in told {
                record_line(&mut self.streams, record.stream, &record.value)?;
            }
        }
        Ok(())
    }

    /// Closes the files and writes the summary, which says that they are whole.
    pub(super) fn finish(mut self, summary: &Summary) -> anyhow::Result<()> {
        self.alerts.flush().context("cannot write alerts.jsonl")?;
        for file in &mut self.streams {
            file.flush().context("cannot write the streams' files")?;
        }
        self.dead_letters
            .flush()
            .context("cannot write dead-letters.jsonl")?;
        let path = self.dir.join("summary.json");
        let mut text = serde_json::to_string_pretty(summary)?;
        text.push('\n');
        fs::write(&path, text).with_context(writing(&path))
    }
}
