//! Why a run ended early, and with which exit code.

use holdfast_consumer::{Refusal, SourceError};
use holdfast_producer::SinkError;

/// A run that could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Somebody has to change something: configuration, topics, rights, or accept a gap. Exit code 78.
    #[error("{0}")]
    Config(String),
    /// Worth another start. Exit code 75.
    #[error("{0}")]
    Temporary(String),
    /// A fault of this program. Exit code 70.
    #[error("{0}")]
    Internal(String),
}

impl RunError {
    /// The process's exit code, by sysexits.h.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => 78,
            Self::Temporary(_) => 75,
            Self::Internal(_) => 70,
        }
    }
}

impl From<SourceError> for RunError {
    fn from(error: SourceError) -> Self {
        match &error {
            SourceError::Config(_) | SourceError::Gap(_) => Self::Config(chain(&error)),
            SourceError::Temporary(_) => Self::Temporary(chain(&error)),
            SourceError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Self::Config(chain(&error))
            }
            SourceError::Read { .. } => Self::Temporary(chain(&error)),
        }
    }
}

impl From<SinkError> for RunError {
    fn from(error: SinkError) -> Self {
        match &error {
            SinkError::Config(_) | SinkError::Manifest { .. } => Self::Config(chain(&error)),
            SinkError::Temporary(_) | SinkError::Write { .. } => Self::Temporary(chain(&error)),
            SinkError::Cancelled => Self::Internal(chain(&error)),
        }
    }
}

/// Of what a partition begins with.
impl From<RunError> for Refusal {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Temporary(text) => Self::Temporary(text),
            other => Self::Gap(other.to_string()),
        }
    }
}

/// An error with its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_that_cannot_be_read_now_is_worth_another_start_and_a_broken_one_is_a_gap() {
        let unread = SourceError::Temporary("unknown partition".to_owned());
        let refusal = Refusal::from(RunError::from(unread));
        assert_eq!(refusal, Refusal::Temporary("unknown partition".to_owned()));
        let code = |refusal: Refusal| RunError::from(SourceError::from(refusal)).exit_code();
        assert_eq!(code(refusal), 75);
        assert_eq!(code(RunError::Config("no journal".to_owned()).into()), 78);
    }
}
