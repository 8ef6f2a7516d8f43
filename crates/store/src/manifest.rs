//! The first line of a snapshot: whose state it is, as of where, and what follows.

use serde::{Deserialize, Serialize};

/// What [`Manifest::format`] says in files of this version.
pub const FORMAT: &str = "holdfast-snapshot/1";

/// How keys are spread over partitions: Kafka's own way for records with a key.
pub const PARTITIONER: &str = "murmur2";

/// The header of a snapshot, one line of JSON, so that `head -n 1 FILE | jq` reads it.
///
/// Instants are ms UTC, hashes are lower-case hex. Fields that a later version adds are ignored by this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Version of the meaning and layout of the state inside.
    pub logic: u32,
    /// Hash of the feature registry that the state serves.
    pub registry: String,
    /// Hash of the settings that shape the state.
    pub state_hash: String,
    /// Name of the deployment, `[app] id`.
    pub app: String,
    /// The input topic.
    pub topic: String,
    /// The broker's id of the topic, which changes when it is deleted and made again.
    #[serde(default)]
    pub topic_id: Option<String>,
    /// The broker's id of the cluster.
    #[serde(default)]
    pub cluster_id: Option<String>,
    /// Which partition of the input.
    pub partition: i32,
    /// Of how many.
    pub partitions: u32,
    /// [`PARTITIONER`].
    pub partitioner: String,
    /// Offset of the first record that is not in the state.
    pub offset: i64,
    /// Position of that record in a file of the embedded log, in unpacked bytes.
    #[serde(default)]
    pub byte: Option<u64>,
    /// Hash of the input up to `offset`: of the places, timestamps and lengths of its records.
    #[serde(default)]
    pub input: Option<u64>,
    /// The greatest event time applied.
    #[serde(default)]
    pub clock: Option<i64>,
    /// The clock of the whole input, where one process reads all of it.
    #[serde(default)]
    pub input_clock: Option<i64>,
    /// The last instant up to which a tick or the end of input fired deadlines.
    #[serde(default)]
    pub fired: Option<i64>,
    /// Hash of the model that decides.
    pub model_sha256: String,
    /// Name of the model that decides.
    pub model_id: String,
    /// Hash of the settings that decide.
    pub config_hash: String,
    /// Offset of the first journal record whose entries are not all in the state.
    pub journal_offset: i64,
    /// Number of journal entries of this partition that are in the state.
    pub journal_entries: u64,
    /// Customers in the state.
    pub customers: u64,
    /// Wall time of the image; for people, nothing depends on it.
    pub created_ms: i64,
    /// What follows the line, in its order. [`crate::Packer`] fills it.
    #[serde(default)]
    pub sections: Vec<Section>,
}

/// A named part of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Such as `features`.
    pub name: String,
    /// How many blocks of the file are its.
    pub blocks: u64,
    /// Bytes before compression.
    pub bytes: u64,
    /// Bytes in the file, without the blocks' heads.
    pub packed_bytes: u64,
}
