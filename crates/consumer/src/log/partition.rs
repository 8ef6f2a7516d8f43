//! One partition of the embedded log: its segments in order, the newest of which may grow.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::{LineBatch, LineReader, SourceError};

/// A partition and how far it was read.
pub(super) struct Partition {
    number: i32,
    /// Where segments appear; none for a single file or a pipe.
    dir: Option<PathBuf>,
    open: Option<Segment>,
    next_offset: i64,
    /// When its end is to be told again; none while it is being read.
    pub(super) tell_at: Option<Instant>,
}

struct Segment {
    base: i64,
    path: PathBuf,
    reader: LineReader,
}

/// What a read found.
pub(super) enum Found {
    Lines,
    End,
}

impl Partition {
    pub(super) fn of_dir(number: i32, dir: PathBuf) -> Self {
        Self {
            number,
            dir: Some(dir),
            open: None,
            next_offset: 0,
            tell_at: None,
        }
    }

    pub(super) fn of_reader(reader: LineReader, path: &Path) -> Self {
        let segment = Segment {
            base: 0,
            path: path.to_owned(),
            reader,
        };
        Self {
            number: 0,
            dir: None,
            open: Some(segment),
            next_offset: 0,
            tell_at: None,
        }
    }

    pub(super) fn number(&self) -> i32 {
        self.number
    }

    /// Offset after the last line that was given out.
    pub(super) fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// Offset of the oldest line; reading starts there.
    pub(super) fn begin(&mut self) -> Result<i64, SourceError> {
        if self.open.is_none() {
            let segments = self.segments()?;
            self.next_offset = segments.first().map_or(0, |(base, _)| *base);
        }
        Ok(self.next_offset)
    }

    /// Reads some lines; `growing` when a line without its line feed has to wait.
    pub(super) fn read(
        &mut self,
        lines: &mut LineBatch,
        growing: bool,
    ) -> Result<Found, SourceError> {
        loop {
            if self.open.is_none() && !self.open_next(None)? {
                return Ok(Found::End);
            }
            let Some(segment) = &mut self.open else {
                return Ok(Found::End);
            };
            let fault = |source| SourceError::Read {
                path: segment.path.clone(),
                source,
            };
            if segment.reader.read_whole_lines(lines).map_err(fault)? {
                return Ok(self.took(lines));
            }
            let base = segment.base;
            let followed = self.dir.is_some() && self.newer_than(base)?;
            if followed {
                // It may have grown between our read and the look at the directory.
                let Some(segment) = &mut self.open else {
                    return Ok(Found::End);
                };
                let fault = |source| SourceError::Read {
                    path: segment.path.clone(),
                    source,
                };
                if segment.reader.read_whole_lines(lines).map_err(fault)? {
                    return Ok(self.took(lines));
                }
            }
            if (followed || !growing) && self.partial(lines) {
                return Ok(self.took(lines));
            }
            if !followed || !self.open_next(Some(base))? {
                return Ok(Found::End);
            }
        }
    }

    fn took(&mut self, lines: &LineBatch) -> Found {
        self.next_offset = lines.next_offset();
        self.tell_at = None;
        Found::Lines
    }

    fn partial(&mut self, lines: &mut LineBatch) -> bool {
        if let Some(segment) = &mut self.open
            && segment.reader.has_partial_line()
        {
            segment.reader.take_partial_line(lines);
            return true;
        }
        false
    }

    fn newer_than(&self, base: i64) -> Result<bool, SourceError> {
        Ok(self
            .segments()?
            .last()
            .is_some_and(|(last, _)| *last > base))
    }

    /// Opens the first segment after `base`; it has to begin where the last one ended.
    fn open_next(&mut self, base: Option<i64>) -> Result<bool, SourceError> {
        let next = self
            .segments()?
            .into_iter()
            .find(|(b, _)| base.is_none_or(|base| *b > base));
        let Some((base, path)) = next else {
            return Ok(false);
        };
        if base != self.next_offset {
            let text = format!(
                "partition {}: segment {} does not begin at offset {}, where the one before it ends",
                self.number,
                path.display(),
                self.next_offset
            );
            return Err(SourceError::Gap(text));
        }
        let reader = LineReader::open(&path).map_err(|source| SourceError::Read {
            path: path.clone(),
            source,
        })?;
        self.open = Some(Segment {
            base,
            path,
            reader: reader.numbered(self.number, base),
        });
        Ok(true)
    }

    /// Segments by base offset.
    fn segments(&self) -> Result<Vec<(i64, PathBuf)>, SourceError> {
        let Some(dir) = &self.dir else {
            return Ok(Vec::new());
        };
        let list = || -> io::Result<Vec<(i64, PathBuf)>> {
            let mut found = Vec::new();
            for entry in std::fs::read_dir(dir)? {
                let path = entry?.path();
                if let Some(base) = base_of(&path) {
                    found.push((base, path));
                }
            }
            found.sort();
            Ok(found)
        };
        list().map_err(|source| SourceError::Read {
            path: dir.clone(),
            source,
        })
    }
}

/// The base offset in a segment's name; none for other files.
fn base_of(path: &Path) -> Option<i64> {
    let name = path.file_name()?.to_str()?;
    let stem = name
        .strip_suffix(".gz")
        .unwrap_or(name)
        .strip_suffix(".jsonl")?;
    stem.parse().ok().filter(|base| *base >= 0)
}
