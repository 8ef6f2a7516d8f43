//! What goes out: one record of a topic, keyed by the customer.

use holdfast_features::Ix;
use serde::Serialize;

use crate::part::service::ServiceTotals;
use crate::segment::Segment;

/// The topics that customers' changes go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// A customer's segment changed.
    Segments,
    /// Lapsed, dormant, recovered, churned, due a survey or a reward, late to activate.
    Lifecycle,
    /// A cart was left, or came back.
    Carts,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Where it goes.
    pub topic: Topic,
    /// What it tells, in the words of rule tables; none where they have none for it.
    pub kind: Option<&'static str>,
    /// The customer.
    pub customer: Ix,
    /// The customer's id.
    pub key: String,
    /// The instant at which it became true, ms UTC.
    pub as_of: i64,
    /// Compact JSON.
    pub value: Vec<u8>,
    /// Whether an event of the customer caused it, rather than time.
    pub by_event: bool,
    /// Whether the customer has closed the account, and begun nothing since.
    pub account_closed: bool,
}

/// A customer went from one segment to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// When, ms UTC.
    pub at: i64,
    /// The segment before; none of a customer who had none.
    pub from: Option<Segment>,
    /// The segment after; none of a customer who is forgotten.
    pub to: Option<Segment>,
}

/// What figures of all customers need to know beside records.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// Moves between segments, those of a rebuild and of customers who are forgotten included.
    pub moves: Vec<Move>,
    /// When (ms UTC) tickets were opened, answered or solved, and what that adds to their sums.
    pub served: Vec<(i64, ServiceTotals)>,
}

/// What caused a record; in JSON as the trigger of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Cause<'a> {
    /// An event of the customer.
    Event {
        /// Its id.
        event_id: &'a str,
    },
    /// Nothing happened for long enough.
    Silence,
    /// A date that was known before.
    Timer {
        /// Its name.
        name: &'a str,
    },
}
