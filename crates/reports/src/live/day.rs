//! A local day that is not over, or not long enough.

use holdfast_events::EventType;
use serde::{Deserialize, Serialize};

use super::bits::Bits;
use super::partial::Beside;
use crate::act::{has_cost, revenue};

/// An event that figures need more of than that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Touch {
    pub(super) ix: u32,
    /// Milliseconds since the day began.
    pub(super) ms: u32,
    /// Place of the type in [`EventType::ALL`].
    kind: u8,
    /// Amount or cost in minor units, or the hash of a contract's id; 0 is none.
    more: i64,
}

impl Touch {
    pub(super) fn new(ix: u32, ms: u32, kind: EventType, more: Option<i64>) -> Self {
        Self {
            ix,
            ms,
            kind: kind as u8,
            more: more.unwrap_or(0),
        }
    }

    pub(super) fn kind(self) -> EventType {
        let kind = EventType::ALL.get(usize::from(self.kind));
        kind.copied().unwrap_or(EventType::Other)
    }

    /// What it cost to win the customer, minor units.
    pub(super) fn cost(self) -> i64 {
        if has_cost(self.kind()) { self.more } else { 0 }
    }

    pub(super) fn contract(self) -> Option<u64> {
        (self.more != 0).then_some(self.more.cast_unsigned())
    }

    /// What it adds to revenue, minor units.
    pub(super) fn revenue(self) -> i64 {
        revenue(self.kind(), self.more)
    }
}

/// What happened on a day so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Day {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) touches: Vec<Touch>,
    /// Who did something.
    pub(super) active: Bits,
    /// Who did the first step of the funnel.
    pub(super) visits: Bits,
    pub(super) traffic: u64,
    pub(super) beside: Beside,
}

impl Day {
    pub(super) fn new((start, end): (i64, i64)) -> Self {
        Self {
            start,
            end,
            touches: Vec::new(),
            active: Bits::default(),
            visits: Bits::default(),
            traffic: 0,
            beside: Beside::default(),
        }
    }

    pub(super) fn holds(&self, ts: i64) -> bool {
        (self.start..self.end).contains(&ts)
    }

    pub(super) fn erase(&mut self, ix: u32) {
        self.touches.retain(|touch| touch.ix != ix);
        self.active.remove(ix);
        self.visits.remove(ix);
    }

    pub(super) fn memory(&self) -> usize {
        self.touches.capacity() * size_of::<Touch>() + self.active.memory() + self.visits.memory()
    }
}
