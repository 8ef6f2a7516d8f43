//! Time zones of customers: two bytes each, as far as anybody has one.

use std::sync::Arc;

use holdfast_features::Ix;
use jiff::tz::TimeZone;

use crate::table::{AnyTable, Dense, RowFault};

/// Zones by customer.
#[derive(Debug, Clone)]
pub(super) struct Zones {
    /// Numbers from 1 on, of the list; which number a zone has depends on who came first, so rows are its name.
    numbers: Dense<u16>,
    list: Arc<Vec<TimeZone>>,
}

impl Default for Zones {
    fn default() -> Self {
        Self {
            numbers: Dense::new(NAME),
            list: Arc::default(),
        }
    }
}

const NAME: &str = "contact_zones";

impl Zones {
    /// The customer's zone; none if it told none.
    pub(super) fn get(&self, ix: Ix) -> Option<&TimeZone> {
        self.list
            .get(usize::from(self.numbers.get(ix)).checked_sub(1)?)
    }

    /// Sets the customer's zone by its IANA name and says whether there is such a zone.
    pub(super) fn set(&mut self, ix: Ix, name: &str) -> bool {
        let Ok(zone) = TimeZone::get(name) else {
            return false;
        };
        let known = self.list.iter().position(|known| *known == zone);
        let at = known.unwrap_or_else(|| {
            Arc::make_mut(&mut self.list).push(zone);
            self.list.len() - 1
        });
        let number = u16::try_from(at + 1).unwrap_or(0); // there are six hundred zones
        self.numbers.set(ix, number);
        true
    }
}

impl AnyTable for Zones {
    fn name(&self) -> &'static str {
        NAME
    }

    fn erase(&mut self, ix: Ix) {
        self.numbers.erase(ix);
    }

    fn row(&self, ix: Ix, out: &mut Vec<u8>) -> bool {
        let name = self.get(ix).and_then(TimeZone::iana_name);
        out.extend_from_slice(name.unwrap_or_default().as_bytes());
        name.is_some()
    }

    fn set_row(&mut self, ix: Ix, bytes: &[u8]) -> Result<(), RowFault> {
        let name = std::str::from_utf8(bytes).map_err(|_| RowFault::of(NAME))?;
        let known = self.set(ix, name);
        known.then_some(()).ok_or(RowFault::of(NAME))
    }

    fn customers(&self) -> Vec<Ix> {
        self.numbers.customers()
    }

    fn memory(&self) -> usize {
        self.numbers.memory()
    }
}
