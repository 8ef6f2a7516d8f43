//! `manifest.json`: what counts of the outputs, and up to where the input is worked through.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::MANIFEST;
use crate::{Metadata, Position, SinkError};

const VERSION: u32 = 2;

/// The file as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    model_sha256: String,
    config_hash: String,
    #[serde(default)]
    state_hash: String,
    /// Partitions of the input.
    #[serde(default)]
    partition_count: u32,
    partitions: BTreeMap<i32, State>,
    /// Bytes of each output that count.
    outputs: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct State {
    next_offset: i64,
    /// Position in the partition's newest segment, in unpacked bytes.
    byte: Option<u64>,
    /// Entries of the journal so far.
    journal: u64,
    /// Hash of the input so far.
    #[serde(default)]
    input: Option<u64>,
}

/// What was committed for one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionState {
    pub partition: i32,
    pub next_offset: i64,
    pub metadata: Metadata,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            version: VERSION,
            model_sha256: String::new(),
            config_hash: String::new(),
            state_hash: String::new(),
            partition_count: 0,
            partitions: BTreeMap::new(),
            outputs: BTreeMap::new(),
        }
    }
}

impl Manifest {
    pub(super) fn read(path: &Path) -> Result<Option<Self>, SinkError> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(path, format!("cannot be read: {error}"))),
        };
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|e| fault(path, format!("is no manifest: {e}")))?;
        if manifest.version != VERSION {
            return Err(fault(
                path,
                format!(
                    "has version {}, this program writes {VERSION}",
                    manifest.version
                ),
            ));
        }
        Ok(Some(manifest))
    }

    /// Replaces the file: the new one is durable before it takes the old one's name, and the name after it.
    pub(super) fn write(&self, dir: &Path) -> Result<(), SinkError> {
        let fresh = dir.join(format!("{MANIFEST}.new"));
        let write = || -> io::Result<()> {
            let mut file = File::create(&fresh)?;
            file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&fresh, dir.join(MANIFEST))?;
            File::open(dir)?.sync_all()
        };
        write().map_err(|source| SinkError::Write {
            path: dir.join(MANIFEST),
            source,
        })
    }

    /// Takes over positions; the lengths of the outputs follow by [`set_bytes`](Self::set_bytes).
    pub(super) fn advance(&mut self, positions: &[Position]) {
        for position in positions {
            let Metadata {
                model_sha256,
                config_hash,
                state_hash,
                journal,
                partitions,
                input,
                byte,
                // Of partials only, which are no input here.
                done: _,
            } = position.metadata.clone();
            self.partitions.insert(
                position.partition,
                State {
                    next_offset: position.next_offset,
                    byte,
                    journal,
                    input,
                },
            );
            self.model_sha256 = model_sha256;
            self.config_hash = config_hash;
            self.state_hash = state_hash;
            self.partition_count = partitions;
        }
    }

    pub(super) fn set_bytes(&mut self, output: &str, bytes: u64) {
        self.outputs.insert(output.to_owned(), bytes);
    }

    pub(super) fn partitions(&self) -> Vec<PartitionState> {
        let state = |(partition, state): (&i32, &State)| PartitionState {
            partition: *partition,
            next_offset: state.next_offset,
            metadata: Metadata {
                model_sha256: self.model_sha256.clone(),
                config_hash: self.config_hash.clone(),
                state_hash: self.state_hash.clone(),
                partitions: self.partition_count,
                journal: state.journal,
                input: state.input,
                byte: state.byte,
                done: None,
            },
        };
        self.partitions.iter().map(state).collect()
    }

    /// How much of an output counts.
    pub(super) fn bytes(&self, output: &str) -> u64 {
        self.outputs.get(output).copied().unwrap_or(0)
    }
}

fn fault(path: &Path, what: String) -> SinkError {
    SinkError::Manifest {
        path: PathBuf::from(path),
        what,
    }
}
