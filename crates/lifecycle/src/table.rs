//! Rows by customer that an image shares: taking one copies references, and who writes first copies a small part.
//!
//! [`Dense`] is for what nearly every customer has, [`Sparse`] for what few have, [`Packed`] for what lies between or
//! has a length of its own. All give their rows as bytes, by which images, digests and customers that move between
//! partitions are made without knowing what is in a row.

use std::fmt::Debug;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use hashbrown::HashMap;
use holdfast_features::Ix;
use holdfast_features::pages::Pages;
use serde::Serialize;
use serde::de::DeserializeOwned;

mod packed;

pub use packed::{Bytes, Packed};

/// Parts of a sparse table: an image's first write to one copies that part only.
const SHARDS: usize = 256;

/// A row that cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a row of {table} cannot be read: {source}")]
pub struct RowFault {
    table: &'static str,
    source: postcard::Error,
}

impl RowFault {
    /// Bytes that are no row of this table.
    pub(crate) fn of(table: &'static str) -> Self {
        Self {
            table,
            source: postcard::Error::DeserializeBadEncoding,
        }
    }
}

/// What every table can do, whatever its rows are.
pub trait AnyTable {
    /// Its name in images: it must not change.
    fn name(&self) -> &'static str;
    /// Forgets a customer's row.
    fn erase(&mut self, ix: Ix);
    /// Appends the customer's row as bytes, and says whether there is one.
    fn row(&self, ix: Ix, out: &mut Vec<u8>) -> bool;
    /// Sets a customer's row from bytes of [`row`](Self::row).
    ///
    /// # Errors
    /// [`RowFault`] if they are no such row.
    fn set_row(&mut self, ix: Ix, bytes: &[u8]) -> Result<(), RowFault>;
    /// All customers that have a row, ascending.
    fn customers(&self) -> Vec<Ix>;
    /// Bytes held, as allocated, about.
    fn memory(&self) -> usize;
}

/// Spreads indices, which are dense: one multiplication.
#[derive(Debug, Clone, Copy, Default)]
pub struct IxHasher(u64);

impl Hasher for IxHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type Shard<T> = HashMap<u32, T, BuildHasherDefault<IxHasher>>;

/// Rows of few customers.
#[derive(Debug, Clone)]
pub struct Sparse<T> {
    name: &'static str,
    shards: Vec<Arc<Shard<T>>>,
}

impl<T: Clone> Sparse<T> {
    /// A table without rows.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            shards: Vec::new(),
        }
    }

    /// The customer's row.
    #[must_use]
    pub fn get(&self, ix: Ix) -> Option<&T> {
        self.shards.get(ix.0 as usize % SHARDS)?.get(&ix.0)
    }

    fn shard(&mut self, ix: Ix) -> &mut Shard<T> {
        if self.shards.is_empty() {
            self.shards = (0..SHARDS).map(|_| Arc::default()).collect();
        }
        Arc::make_mut(&mut self.shards[ix.0 as usize % SHARDS])
    }

    /// The customer's row to write to, if there is one.
    pub fn get_mut(&mut self, ix: Ix) -> Option<&mut T> {
        // Looked up first: a shard that an image shares is not copied for nothing.
        self.get(ix)?;
        self.shard(ix).get_mut(&ix.0)
    }

    /// The customer's row, made by `fresh` if need be.
    pub fn make(&mut self, ix: Ix, fresh: impl FnOnce() -> T) -> &mut T {
        self.shard(ix).entry(ix.0).or_insert_with(fresh)
    }

    /// Sets the customer's row.
    pub fn set(&mut self, ix: Ix, row: T) {
        self.shard(ix).insert(ix.0, row);
    }

    /// Takes the customer's row away.
    pub fn remove(&mut self, ix: Ix) -> Option<T> {
        self.get(ix)?;
        self.shard(ix).remove(&ix.0)
    }
}

impl<T: Clone + Debug + Serialize + DeserializeOwned> AnyTable for Sparse<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn erase(&mut self, ix: Ix) {
        self.remove(ix);
    }

    fn row(&self, ix: Ix, out: &mut Vec<u8>) -> bool {
        self.get(ix).is_some_and(|row| write(row, out))
    }

    fn set_row(&mut self, ix: Ix, bytes: &[u8]) -> Result<(), RowFault> {
        let row = read(self.name, bytes)?;
        self.set(ix, row);
        Ok(())
    }

    fn customers(&self) -> Vec<Ix> {
        let mut all: Vec<Ix> = self
            .shards
            .iter()
            .flat_map(|shard| shard.keys().map(|ix| Ix(*ix)))
            .collect();
        all.sort_unstable();
        all
    }

    fn memory(&self) -> usize {
        let slot = size_of::<(u32, T)>() + 1;
        let shards = self
            .shards
            .iter()
            .map(|shard| shard.capacity() * 8 / 7 * slot);
        shards.sum::<usize>() + self.shards.len() * size_of::<Shard<T>>()
    }
}

/// Rows of nearly every customer; a default row is none.
#[derive(Debug, Clone)]
pub struct Dense<T> {
    name: &'static str,
    rows: Pages<T>,
}

impl<T: Copy + Default + PartialEq> Dense<T> {
    /// A table without rows.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            rows: Pages::default(),
        }
    }

    /// The customer's row.
    #[must_use]
    pub fn get(&self, ix: Ix) -> T {
        self.rows.get(ix.0 as usize).copied().unwrap_or_default()
    }

    /// Sets the customer's row.
    pub fn set(&mut self, ix: Ix, row: T) {
        let at = ix.0 as usize;
        if at >= self.rows.len() {
            if row == T::default() {
                return;
            }
            self.rows.grow(at + 1, T::default());
        }
        if self.rows[at] != row {
            self.rows[at] = row;
        }
    }
}

impl<T: Copy + Default + PartialEq + Debug + Serialize + DeserializeOwned> AnyTable for Dense<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn erase(&mut self, ix: Ix) {
        self.set(ix, T::default());
    }

    fn row(&self, ix: Ix, out: &mut Vec<u8>) -> bool {
        let row = self.get(ix);
        row != T::default() && write(&row, out)
    }

    fn set_row(&mut self, ix: Ix, bytes: &[u8]) -> Result<(), RowFault> {
        let row = read(self.name, bytes)?;
        self.set(ix, row);
        Ok(())
    }

    fn customers(&self) -> Vec<Ix> {
        let rows = (0..).zip(self.rows.iter());
        rows.filter(|(_, row)| **row != T::default())
            .map(|(ix, _)| Ix(ix))
            .collect()
    }

    fn memory(&self) -> usize {
        self.rows.memory()
    }
}

/// Writing plain numbers and bytes into memory cannot fail.
fn write(row: &impl Serialize, out: &mut Vec<u8>) -> bool {
    let Ok(bytes) = postcard::to_stdvec(row) else {
        return false;
    };
    out.extend_from_slice(&bytes);
    true
}

fn read<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, RowFault> {
    match postcard::take_from_bytes(bytes) {
        Ok((row, [])) => Ok(row),
        Ok(_) => Err(RowFault::of(table)),
        Err(source) => Err(RowFault { table, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sparse() -> Sparse<Vec<u8>> {
        let mut table = Sparse::new("t");
        for ix in [7, 300, 2, 258] {
            table.set(Ix(ix), vec![ix as u8; 3]);
        }
        table
    }

    #[test]
    fn rows_come_back_from_their_bytes_and_what_follows_is_refused() {
        let from = sparse();
        let mut to: Sparse<Vec<u8>> = Sparse::new("t");
        for ix in from.customers() {
            let mut bytes = Vec::new();
            assert!(from.row(ix, &mut bytes));
            to.set_row(ix, &bytes).unwrap();
            bytes.push(0);
            assert!(to.set_row(ix, &bytes).is_err());
            assert!(to.set_row(ix, &[9]).is_err());
            assert_eq!(to.get(ix), from.get(ix));
        }
        assert_eq!(to.customers(), [Ix(2), Ix(7), Ix(258), Ix(300)]);
    }

    #[test]
    fn a_copy_keeps_what_was_there() {
        let mut table = sparse();
        let copy = table.clone();
        table.make(Ix(2), Vec::new).push(9);
        table.erase(Ix(7));
        assert_eq!(copy.get(Ix(2)), Some(&vec![2; 3]));
        assert_eq!(copy.get(Ix(7)), Some(&vec![7; 3]));
        assert_eq!(table.get(Ix(2)), Some(&vec![2, 2, 2, 9]));
        assert_eq!(table.get(Ix(7)), None);
        assert_eq!(table.remove(Ix(8)), None);
    }

    #[test]
    fn a_default_row_of_a_dense_table_is_none() {
        let mut table: Dense<u64> = Dense::new("t");
        table.set(Ix(4), 11);
        table.set(Ix(1), 0);
        assert_eq!(table.customers(), [Ix(4)]);
        assert!(!table.row(Ix(1), &mut Vec::new()));
        table.erase(Ix(4));
        assert_eq!(table.customers(), []);
        assert_eq!(table.get(Ix(1_000)), 0);
    }
}
