//! What is wrong with a rule table or with its cases: every fault, each with its place.

use std::fmt;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line of the text, counted from 1.
    pub line: usize,
    /// Which rule or table, and which key, such as "rule `welcome`: when.orders"; empty for a fault of the whole text.
    pub place: String,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(f, "line {}: {}", self.line, self.message)
        } else {
            write!(f, "line {}: {}: {}", self.line, self.place, self.message)
        }
    }
}

/// All faults of one text, in the order of their lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.said())]
pub struct Faults {
    /// What the text is, such as "rule table".
    pub of: &'static str,
    /// At least one.
    pub list: Vec<Fault>,
}

impl Faults {
    fn said(&self) -> String {
        let noun = if self.list.len() == 1 {
            "fault"
        } else {
            "faults"
        };
        let mut text = format!("{} {noun} in the {}", self.list.len(), self.of);
        for fault in &self.list {
            text.push_str(&format!("\n  {fault}"));
        }
        text
    }
}
