//! Segments and who moved between them, which another crate finds and these figures only show.

use std::collections::BTreeMap;

use serde::Serialize;

/// Sizes of segments and moves between them, over all customers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Customers in each segment at the end of the events, by the segment's name.
    pub sizes: BTreeMap<String, u64>,
    /// How often customers went from one segment to another; from none where they had not been in any.
    pub transitions: BTreeMap<(Option<String>, String), u64>,
}

/// How often customers went from one segment to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// The segment before; none for new ones.
    pub from: Option<String>,
    /// The segment after.
    pub to: String,
    /// How often.
    pub n: u64,
}

impl Moves {
    /// Adds those of other customers.
    pub fn merge(&mut self, other: &Self) {
        for (segment, n) in &other.sizes {
            *self.sizes.entry(segment.clone()).or_default() += n;
        }
        for (key, n) in &other.transitions {
            *self.transitions.entry(key.clone()).or_default() += n;
        }
    }

    pub(crate) fn transitions(&self) -> Vec<Transition> {
        let rows = self.transitions.iter();
        rows.map(|((from, to), n)| Transition {
            from: from.clone(),
            to: to.clone(),
            n: *n,
        })
        .collect()
    }
}
