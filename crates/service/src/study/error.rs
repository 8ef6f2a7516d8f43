//! Why a study gave no result, with the exit code that says so to scripts.

use std::path::PathBuf;

/// Why there is no model, no score and no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the events of {path}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "{path} holds amounts in {}: choose one with --currency {} (the others are left out), or sum them as they are \
         with --currency ignore",
        .currencies.join(" and "),
        .currencies.first().map_or("XXX", String::as_str)
    )]
    MixedCurrency {
        path: PathBuf,
        currencies: Vec<String>,
    },
    /// The configuration or the log is not what the model was trained on.
    #[error("{0}")]
    Contradiction(String),
    /// A setting that cannot be followed.
    #[error("{0}")]
    Setting(String),
    #[error(transparent)]
    Model(#[from] holdfast_model::Error),
}

impl Error {
    /// 2 for a wrong setting, 3 for data that can't carry a model, 78 for a model or configuration that can't be
    /// used, 1 for all else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        use holdfast_model::Error as Model;
        match self {
            Self::Read { .. } | Self::MixedCurrency { .. } => 1,
            Self::Setting(_) | Self::Model(Model::Setting(_)) => 2,
            Self::Model(Model::DataTooSmall(_) | Model::Separated { .. }) => 3,
            Self::Contradiction(_) | Self::Model(Model::Json(_) | Model::Faults(_)) => 78,
            Self::Model(_) => 1,
        }
    }
}
