//! Images of a tracker: taking one, coming back from it, customers that move, and a digest.
//!
//! ```text
//! u32 version, u32 length of the settings, settings as JSON, i64 floor, u32 tables;
//! for each: u32 length of the name, name, u32 rows; for each: u32 index, u32 length, bytes
//! ```
//!
//! Numbers are little-endian. Marks are not kept: they follow from rows and store.

use std::sync::Arc;

use holdfast_features::{Ix, Store};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::Tracker;
use super::parts::Parts;
use crate::settings::Settings;
use crate::table::RowFault;

const VERSION: u32 = 1;

/// Bytes that are no image of a tracker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageFault {
    /// They end too early.
    #[error("the image is cut off")]
    Short,
    /// Another version wrote them.
    #[error("the image has version {0}, this program reads {VERSION}")]
    Version(u32),
    /// The settings in it are none.
    #[error("the settings in the image cannot be read")]
    Settings,
    /// There is a table that this version does not know.
    #[error("the image holds a table `{0}` that this program does not know")]
    Table(String),
    /// A row is about nobody.
    #[error("the image holds a row of customer {0}, whom the state does not hold")]
    Customer(u32),
    /// A row is none.
    #[error(transparent)]
    Row(#[from] RowFault),
}

/// Rows as of one instant, shared with the tracker until it writes to them.
#[derive(Debug)]
pub struct TrackerImage {
    settings: Arc<Settings>,
    parts: Parts,
    floor: i64,
}

impl TrackerImage {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let tables = self.parts.tables();
        let mut out = Vec::new();
        put(&mut out, VERSION);
        // Plain numbers and words: this cannot fail.
        let settings = serde_json::to_vec(&*self.settings).unwrap_or_default();
        put(&mut out, settings.len() as u32);
        out.extend_from_slice(&settings);
        out.extend_from_slice(&self.floor.to_le_bytes());
        put(&mut out, tables.len() as u32);
        let mut row = Vec::new();
        for table in tables {
            put(&mut out, table.name().len() as u32);
            out.extend_from_slice(table.name().as_bytes());
            let customers = table.customers();
            put(&mut out, customers.len() as u32);
            for ix in customers {
                row.clear();
                table.row(ix, &mut row);
                put(&mut out, ix.0);
                put(&mut out, row.len() as u32);
                out.extend_from_slice(&row);
            }
        }
        out
    }
}

fn put(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], ImageFault> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or(ImageFault::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], ImageFault> {
        self.take(N)?.try_into().map_err(|_| ImageFault::Short)
    }

    fn number(&mut self) -> Result<u32, ImageFault> {
        self.bytes().map(u32::from_le_bytes)
    }
}

impl Tracker {
    /// What is kept as of now; nothing waits for a copy.
    #[must_use]
    pub fn image(&self) -> TrackerImage {
        TrackerImage {
            settings: Arc::clone(&self.settings),
            parts: self.parts.clone(),
            floor: self.floor,
        }
    }

    /// The tracker whose image these bytes are. `store` holds the customers as of the same instant, by the same
    /// indices. Its settings are those of the image's time.
    ///
    /// # Errors
    /// [`ImageFault`] if they are none, or one of other customers.
    pub fn restore(
        not_before: Option<i64>,
        bytes: &[u8],
        store: &Store,
    ) -> Result<Self, ImageFault> {
        let mut rest = Rest(bytes);
        match rest.number()? {
            VERSION => {}
            other => return Err(ImageFault::Version(other)),
        }
        let length = rest.number()? as usize;
        let settings = serde_json::from_slice(rest.take(length)?);
        let settings: Settings = settings.map_err(|_| ImageFault::Settings)?;
        let mut tracker = Self::new(Arc::new(settings), not_before);
        tracker.floor = rest.bytes().map(i64::from_le_bytes)?;
        for _ in 0..rest.number()? {
            let length = rest.number()? as usize;
            let name = String::from_utf8_lossy(rest.take(length)?).into_owned();
            let mut tables = tracker.parts.tables_mut();
            let Some(table) = tables.iter_mut().find(|table| table.name() == name) else {
                return Err(ImageFault::Table(name));
            };
            for _ in 0..rest.number()? {
                let ix = Ix(rest.number()?);
                let length = rest.number()? as usize;
                if !store.is_live(ix) {
                    return Err(ImageFault::Customer(ix.0));
                }
                table.set_row(ix, rest.take(length)?)?;
            }
        }
        if !rest.0.is_empty() {
            return Err(ImageFault::Short);
        }
        for ix in store.iter() {
            tracker.rearm(store, ix);
        }
        Ok(tracker)
    }

    /// Takes over what another tracker by the same settings keeps of a customer: `theirs` is its index there, `own` the
    /// one here, of a customer that `store` holds already.
    ///
    /// # Errors
    /// [`RowFault`] never, as both have the same tables.
    pub fn adopt(
        &mut self,
        from: &Self,
        store: &Store,
        (theirs, own): (Ix, Ix),
    ) -> Result<(), RowFault> {
        let mut row = Vec::new();
        for (table, other) in self.parts.tables_mut().into_iter().zip(from.parts.tables()) {
            row.clear();
            if other.row(theirs, &mut row) {
                table.set_row(own, &row)?;
            }
        }
        self.floor = self.floor.max(from.floor);
        self.rearm(store, own);
        Ok(())
    }

    /// A hash of all rows by customer id: equal for equal states, however they came about.
    #[must_use]
    pub fn digest(&self, store: &Store) -> u64 {
        let mut row = Vec::new();
        let tables = self.parts.tables().into_iter().enumerate();
        tables.fold(0, |sum, (number, table)| {
            let seed = number as u64;
            table.customers().into_iter().fold(sum, |sum: u64, ix| {
                row.clear();
                table.row(ix, &mut row);
                let id = xxh3_64_with_seed(store.id(ix).as_bytes(), seed);
                sum.wrapping_add(xxh3_64_with_seed(&row, id ^ xxh3_64(&seed.to_le_bytes())))
            })
        })
    }
}
