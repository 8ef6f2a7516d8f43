//! Why an input gave up.

use std::path::PathBuf;

/// A fault that stops the process. Trouble that passes is not one: see [`crate::Polled::Trouble`].
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Someone has to change the configuration, the topics or the rights.
    #[error("{0}")]
    Config(String),
    /// Records are missing that the state needs, or positions do not fit the log.
    #[error("{0}")]
    Gap(String),
    /// Worth a restart later.
    #[error("{0}")]
    Temporary(String),
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}
