//! An event as parts see it.

use holdfast_events::{Details, EventType};

/// An applied event.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// Its type.
    pub kind: EventType,
    /// Its type's name as sent, which tells foreign types apart.
    pub type_name: &'a str,
    /// Its time, ms UTC.
    pub ts: i64,
    /// Its amount in minor units, where it has one.
    pub minor: Option<i64>,
    /// Its id.
    pub event_id: &'a str,
    /// Its optional fields, where [`Tracker::fields`](crate::Tracker::fields) says that they are wanted.
    pub details: Option<&'a Details<'a>>,
}

impl Seen<'_> {
    /// Whether it is what the customer said in a ticket, and not the business.
    #[must_use]
    pub fn is_said_by_customer(&self) -> bool {
        let speaker = self.details.and_then(|details| details.speaker.as_deref());
        speaker.is_some_and(|speaker| speaker.eq_ignore_ascii_case("customer"))
    }
}
