//! Why a sink gave up.

use std::path::PathBuf;

/// A fault that stops the process; the outputs of the failed commit are not visible.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Someone has to change the configuration, the topics or the rights.
    #[error("{0}")]
    Config(String),
    /// Worth a restart later.
    #[error("{0}")]
    Temporary(String),
    /// A file could not be written: disk full, no right.
    #[error("cannot write {path}")]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The commit was called off because its partitions were lost; nothing of it is visible.
    #[error("commit called off")]
    Cancelled,
    /// Output files are not what the manifest says.
    #[error("{path}: {what}")]
    Manifest { path: PathBuf, what: String },
}
