//! Where snapshots are kept: a directory, or a bucket with a prefix.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Error;

/// A place for snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// On this machine, or mounted. It survives the process, not the disk.
    Directory(PathBuf),
    /// An S3-compatible bucket. Region, endpoint and credentials come from the `AWS_*` environment variables, a web
    /// identity or the instance, as for other tools.
    Bucket {
        /// Its name.
        bucket: String,
        /// What the names of objects begin with; may be empty.
        prefix: String,
    },
}

impl Location {
    /// Reads `snapshots`, `/var/lib/holdfast`, `file:///var/lib/holdfast` or `s3://bucket/prefix`; a relative path
    /// starts at `base`.
    ///
    /// # Errors
    /// If the text is empty, a URL of another kind, or one with a password in it, which is not repeated.
    pub fn parse(text: &str, base: &Path) -> Result<Self, Error> {
        let wrong = || Error::Location(text.to_owned());
        if text.contains("://") && text.contains('@') {
            return Err(Error::Credentials);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            if text.is_empty() || text == "-" {
                return Err(wrong());
            }
            return Ok(Self::Directory(base.join(text)));
        };
        match scheme {
            "file" if rest.starts_with('/') => Ok(Self::Directory(PathBuf::from(rest))),
            "s3" => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
                if bucket.is_empty() || !bucket.chars().all(legal) {
                    return Err(wrong());
                }
                Ok(Self::Bucket {
                    bucket: bucket.to_owned(),
                    prefix: prefix.trim_matches('/').to_owned(),
                })
            }
            _ => Err(wrong()),
        }
    }

    /// Whether what is kept there is lost with this machine's disk.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Directory(_))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "{}", path.display()),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Location> {
        Location::parse(text, Path::new("/etc/holdfast")).ok()
    }

    #[test]
    fn a_path_is_relative_to_the_base_and_a_url_is_not() {
        let directory = |path: &str| Some(Location::Directory(PathBuf::from(path)));
        assert_eq!(parse("snapshots"), directory("/etc/holdfast/snapshots"));
        assert_eq!(parse("/var/lib/x"), directory("/var/lib/x"));
        assert_eq!(parse("file:///var/lib/x"), directory("/var/lib/x"));
        let bucket = |bucket: &str, prefix: &str| {
            Some(Location::Bucket {
                bucket: bucket.to_owned(),
                prefix: prefix.to_owned(),
            })
        };
        assert_eq!(parse("s3://b"), bucket("b", ""));
        assert_eq!(parse("s3://b/a/c/"), bucket("b", "a/c"));
    }

    #[test]
    fn what_cannot_be_reached_is_refused() {
        for text in [
            "",
            "-",
            "s3://",
            "s3:///x",
            "file://host/x",
            "gs://b",
            "http://h/x",
            "s3://key:secret@b/x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
