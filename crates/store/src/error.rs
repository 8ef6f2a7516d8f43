//! What can be wrong with a snapshot, and with the place that keeps them.

use std::io;

/// Why a file is no snapshot that this program can use. Such a file is left alone; another generation is tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file ends before it should, as after a lost write.
    #[error("truncated: {0}")]
    Truncated(String),
    /// The bytes are not those that were written.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// Not a snapshot, or not of this application and topic.
    #[error("foreign: {0}")]
    Foreign(String),
    /// Written by a later version of this program.
    #[error("newer format: the file says `{0}`, this program reads `{known}`", known = crate::FORMAT)]
    Newer(String),
}

/// What went wrong with the place that keeps snapshots.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text names no place that this program can use.
    #[error(
        "`{0}` is no place for snapshots: write a directory, file:///path or s3://bucket/prefix"
    )]
    Location(String),
    /// A URL that holds more than the place; it is not repeated, for it may be a password.
    #[error(
        "a URL of snapshots has no user or password in it: credentials come from the AWS_* environment variables, \
         a web identity or the instance"
    )]
    Credentials,
    /// The program was built without what reaches this place.
    #[error("`{0}` cannot be reached: this program was built without the feature `s3`")]
    Unsupported(String),
    /// A directory that is to be read is not there.
    #[error("there is no directory {0}")]
    NoDirectory(String),
    /// The disk or the quota is full.
    #[error("no space left to write {place}")]
    Full {
        /// The file, directory or URL.
        place: String,
        /// The system's own word.
        source: object_store::Error,
    },
    /// Not allowed, or a read-only file system.
    #[error("not allowed to {doing} {place}")]
    Denied {
        /// A verb: read, write, list, remove.
        doing: &'static str,
        /// The file, directory or URL.
        place: String,
        /// The system's own word.
        source: object_store::Error,
    },
    /// Any other failure of the place.
    #[error("cannot {doing} {place}")]
    Failed {
        /// A verb: read, write, list, remove.
        doing: &'static str,
        /// The file, directory or URL.
        place: String,
        /// The system's own word.
        source: object_store::Error,
    },
    /// A directory that cannot be made.
    #[error("cannot make the directory {place}")]
    Directory {
        /// The directory.
        place: String,
        /// The system's own word.
        source: io::Error,
    },
    /// A snapshot of this name is not there.
    #[error("there is no snapshot {0}")]
    Absent(String),
    /// The file is there and cannot be used.
    #[error("snapshot {name} cannot be used")]
    Unusable {
        /// Its name.
        name: String,
        /// Why not.
        source: Fault,
    },
    /// The text is no name of a snapshot of this application and topic.
    #[error("`{name}` is no name of a snapshot of {of}")]
    Name {
        /// The text.
        name: String,
        /// Application and topic.
        of: String,
    },
    /// What was written does not read back: the place loses or alters data.
    #[error("{place} does not read back as it was written")]
    ReadBack {
        /// The file or URL.
        place: String,
    },
    /// The threads that talk to the place could not be started.
    #[error("cannot start a thread for the snapshots")]
    Threads(#[source] io::Error),
}

impl Error {
    /// Whether the same call may succeed later without anybody's doing: a full disk or a network fault may pass, a
    /// wrong name or a forbidden directory will not.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Failed { .. })
    }

    /// The error of `object_store` with what was done to what, sorted by the system's own kind.
    pub(crate) fn of(source: object_store::Error, doing: &'static str, place: String) -> Self {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let denied = matches!(
            source,
            object_store::Error::PermissionDenied { .. }
                | object_store::Error::Unauthenticated { .. }
        );
        match io_kind(&source) {
            Some(StorageFull | QuotaExceeded) => Self::Full { place, source },
            Some(PermissionDenied | ReadOnlyFilesystem) => Self::Denied {
                doing,
                place,
                source,
            },
            _ if denied => Self::Denied {
                doing,
                place,
                source,
            },
            _ => Self::Failed {
                doing,
                place,
                source,
            },
        }
    }
}

fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}
