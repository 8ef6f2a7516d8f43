//! Names of snapshots: `<app>/<topic>/<partition>/<offset, 20 digits>-<logic>-<start of the SHA-256>.hfs`.

use std::fmt;
use std::str::FromStr;

use crate::Manifest;

/// How much of the file's SHA-256 (hex) its name holds.
const SHA: usize = 12;
const SUFFIX: &str = ".hfs";

/// The name of one snapshot. Names of a partition sort as their offsets do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// `[app] id`.
    pub app: String,
    /// The input topic.
    pub topic: String,
    /// Which partition of the input.
    pub partition: i32,
    /// Offset of the first record that is not in the state.
    pub offset: i64,
    /// Version of the state's meaning and layout.
    pub logic: u32,
    /// The first 12 digits of the file's SHA-256, lower-case hex.
    pub sha12: String,
}

impl Name {
    pub(crate) fn new(manifest: &Manifest, sha256: &str) -> Self {
        Self {
            app: manifest.app.clone(),
            topic: manifest.topic.clone(),
            partition: manifest.partition,
            offset: manifest.offset,
            logic: manifest.logic,
            sha12: sha256.chars().take(SHA).collect(),
        }
    }

    pub(crate) fn parts(&self) -> [String; 4] {
        let Self { offset, logic, .. } = self;
        [
            self.app.clone(),
            self.topic.clone(),
            self.partition.to_string(),
            format!("{offset:020}-{logic}-{}{SUFFIX}", self.sha12),
        ]
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts().join("/"))
    }
}

/// The text is no name of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoName;

impl FromStr for Name {
    type Err = NoName;

    /// Reads what `Display` writes, and nothing else: no other spelling, no way out of the directory.
    fn from_str(text: &str) -> Result<Self, NoName> {
        let mut parts = text.split('/');
        let mut part = || parts.next().ok_or(NoName);
        let (app, topic, partition, file) = (part()?, part()?, part()?, part()?);
        let mut fields = file.strip_suffix(SUFFIX).ok_or(NoName)?.splitn(3, '-');
        let mut field = || fields.next().ok_or(NoName);
        let (offset, logic, sha12) = (field()?, field()?, field()?);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let legal = |word: &str| !word.is_empty() && word.chars().all(plain);
        let inside = |word: &str| legal(word) && word != "." && word != "..";
        let name = Self {
            app: app.to_owned(),
            topic: topic.to_owned(),
            partition: partition.parse().map_err(|_| NoName)?,
            offset: offset.parse().map_err(|_| NoName)?,
            logic: logic.parse().map_err(|_| NoName)?,
            sha12: sha12.to_owned(),
        };
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let good = inside(app)
            && inside(topic)
            && name.partition >= 0
            && name.offset >= 0
            && sha12.len() == SHA
            && sha12.chars().all(hex)
            && name.to_string() == text;
        if good { Ok(name) } else { Err(NoName) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "shop/events/3/00000000000000000042-7-0123456789ab.hfs";

    #[test]
    fn a_name_reads_back() {
        let name: Name = NAME.parse().unwrap();
        assert_eq!((name.partition, name.offset, name.logic), (3, 42, 7));
        assert_eq!(name.to_string(), NAME);
    }

    #[test]
    fn another_spelling_is_no_name() {
        for bad in [
            "",
            "shop/events/3/",
            "shop/events/3/42-7-0123456789ab.hfs",
            "shop/events/03/00000000000000000042-7-0123456789ab.hfs",
            "shop/events/-1/00000000000000000042-7-0123456789ab.hfs",
            "shop/../3/00000000000000000042-7-0123456789ab.hfs",
            "shop/events/3/00000000000000000042-7-0123456789AB.hfs",
            "shop/events/3/00000000000000000042-7-0123456789.hfs",
            "shop/events/3/00000000000000000042-7-0123456789ab.hfs/x",
            "a/shop/events/3/00000000000000000042-7-0123456789ab.hfs",
        ] {
            assert_eq!(bad.parse::<Name>(), Err(NoName), "{bad}");
        }
    }

    #[test]
    fn names_sort_as_offsets_do() {
        let at = |offset| Name {
            offset,
            ..NAME.parse().unwrap()
        };
        assert!(at(9).to_string() < at(10).to_string());
        assert!(at(i64::MAX).to_string() > at(10).to_string());
    }
}
