//! Time zones of customers: six bytes each, as far as anybody has one.

use std::sync::Arc;

use holdfast_features::Ix;
use jiff::tz::TimeZone;

use crate::table::{AnyTable, Dense, RowFault};

/// Zones by customer.
#[derive(Debug, Clone)]
pub(super) struct Zones {
    /// Numbers from 1 on, of the list; which number a zone has depends on who came first, so rows are its name.
    numbers: Dense<u16>,
    /// When each was told, seconds since 1970: an older one does nothing.
    told: Dense<u32>,
    list: Arc<Vec<TimeZone>>,
}

impl Default for Zones {
    fn default() -> Self {
        Self {
            numbers: Dense::new(NAME),
            told: Dense::new(NAME),
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

    /// Sets the customer's zone by its IANA name, as told at `at` (ms UTC), and says whether there is such a zone.
    pub(super) fn set(&mut self, ix: Ix, name: &str, at: i64) -> bool {
        let Ok(zone) = TimeZone::get(name) else {
            return false;
        };
        let second = u32::try_from(at.max(0) / 1_000).unwrap_or(u32::MAX);
        if second < self.told.get(ix) {
            return true;
        }
        self.told.set(ix, second);
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
        self.told.erase(ix);
    }

    fn row(&self, ix: Ix, out: &mut Vec<u8>) -> bool {
        let name = self.get(ix).and_then(TimeZone::iana_name);
        if let Some(name) = name {
            out.extend_from_slice(&self.told.get(ix).to_le_bytes());
            out.extend_from_slice(name.as_bytes());
        }
        name.is_some()
    }

    fn set_row(&mut self, ix: Ix, bytes: &[u8]) -> Result<(), RowFault> {
        let fault = RowFault::of(NAME);
        let (told, name) = bytes.split_first_chunk().ok_or(fault.clone())?;
        let name = std::str::from_utf8(name).map_err(|_| fault.clone())?;
        let second = u32::from_le_bytes(*told);
        self.told.erase(ix);
        let known = self.set(ix, name, i64::from(second) * 1_000);
        known.then_some(()).ok_or(fault)
    }

    fn customers(&self) -> Vec<Ix> {
        self.numbers.customers()
    }

    fn memory(&self) -> usize {
        self.numbers.memory() + self.told.memory()
    }
}
