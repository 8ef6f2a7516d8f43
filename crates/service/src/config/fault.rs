//! What is wrong with a configuration: every fault, each with its place.

use std::fmt;

use super::tree::Origin;

/// One fault: where, which key, what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub origin: Origin,
    /// Dotted key; empty for a fault of the file itself.
    pub key: String,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.origin, self.key.is_empty()) {
            (Origin::Default, true) => f.write_str(&self.message),
            (Origin::Default, false) => write!(f, "{}: {}", self.key, self.message),
            (origin, true) => write!(f, "{origin}: {}", self.message),
            (origin, false) => write!(f, "{origin}: {}: {}", self.key, self.message),
        }
    }
}

/// All faults of one configuration, in the order of their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0.len() == 1 { "fault" } else { "faults" };
        write!(f, "{} {noun} in the configuration", self.0.len())?;
        for fault in &self.0 {
            // What a file that is named says of itself has lines of its own.
            write!(f, "\n  {}", fault.to_string().replace('\n', "\n  "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
