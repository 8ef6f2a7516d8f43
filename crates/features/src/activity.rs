//! Which events are something the customer did.

use holdfast_events::EventType;

/// Whether an event of this type is an act of the customer: only those move `last_event`.
#[must_use]
pub fn is_activity(_kind: EventType) -> bool {
    todo!()
}
