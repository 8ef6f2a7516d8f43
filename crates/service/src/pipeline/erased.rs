//! Whom a partition has erased lately, so that a late event does not bring the customer back.
//!
//! An erasure as of `at` blocks every event of that id dated before `at` + `[erasure] block`: those under way when it
//! was asked for, those that a source sends once more, and those of a shop that has not heard of it yet. An event
//! dated later begins a new customer. The entry itself goes when the partition's clock is seven days and `[silence]
//! grace` past its end: while no event comes later than that nothing it blocks can follow, so it does not matter to
//! any event at which moment it went, nor how many partitions there are.
//!
//! No id is kept, only a 64-bit hash of it under the tenant's key. So an event of somebody else is blocked with a
//! probability of entries / 2^64: with a million erasures in force and a thousand million customers, 1 in 18,000 that
//! there is one such customer. Who has both key and snapshot can test whether a given id was erased, and nothing else.
//!
//! Entries cost about 50 bytes each. They are never evicted: their number is that of the erasures within `block`.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Version of [`Erased::encode`]'s bytes, which start with it.
const VERSION: u32 = 1;
/// Version, key and number of entries.
const HEADER_BYTES: usize = 20;
/// End and hash.
const ENTRY_BYTES: usize = 16;

/// The erasures in force in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    key: u64,
    /// Hash of an id to the instant before which its events are blocked, ms UTC.
    until: HashMap<u64, i64>,
    /// The same by instant: what goes first comes first, and an order that no hash table decides.
    ends: BTreeSet<(i64, u64)>,
    /// The least end, or `i64::MAX`.
    first: i64,
    /// The greatest end, or `i64::MIN`: nothing dated later needs a look.
    last: i64,
}

/// Bytes that are no [`Erased`]: why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasedFault(&'static str);

impl fmt::Display for ErasedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the erasures in force cannot be read: {}", self.0)
    }
}

impl std::error::Error for ErasedFault {}

impl Erased {
    /// Nobody; ids are hashed under `key`.
    pub fn new(key: u64) -> Self {
        Self {
            key,
            until: HashMap::new(),
            ends: BTreeSet::new(),
            first: i64::MAX,
            last: i64::MIN,
        }
    }

    /// Blocks events of this customer dated before `until`, ms UTC; an earlier erasure that reaches further stays.
    pub fn block(&mut self, id: &str, until: i64) {
        self.put(self.hash(id), until);
        self.note_bounds();
    }

    /// Whether an event of this customer dated `ts` is to be left out.
    #[inline]
    pub fn blocks(&self, id: &str, ts: i64) -> bool {
        ts < self.last
            && self
                .until
                .get(&self.hash(id))
                .is_some_and(|until| ts < *until)
    }

    /// Lets go what ended at `instant` or before.
    #[inline]
    pub fn expire(&mut self, instant: i64) {
        if instant >= self.first {
            self.remove_ended(instant);
        }
    }

    /// Takes over what another partition has in force. A hash does not say to which partition its id belongs, so with
    /// another number of partitions each new one gets the entries of all old ones; those of other partitions' ids
    /// never meet an event.
    ///
    /// # Errors
    /// If the other one's ids are hashed under another key.
    pub fn absorb(&mut self, other: &Self) -> Result<(), ErasedFault> {
        if other.key != self.key {
            return Err(ErasedFault("two of them are under different keys"));
        }
        for (until, hash) in &other.ends {
            self.put(*hash, *until);
        }
        self.note_bounds();
        Ok(())
    }

    /// Erasures in force.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes held, about.
    pub fn memory(&self) -> usize {
        // The table holds a control byte beside each place; tree nodes are two thirds full in the long run.
        self.until.capacity() * (ENTRY_BYTES + 1) * 8 / 7 + self.ends.len() * ENTRY_BYTES * 3 / 2
    }

    /// The bytes of a snapshot: equal for equal contents, whatever the way there. All numbers are little endian:
    /// version, key, number of entries, then all ends in ascending order, then their hashes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.ends.len() * ENTRY_BYTES);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.key.to_le_bytes());
        bytes.extend((self.ends.len() as u64).to_le_bytes());
        bytes.extend(self.ends.iter().flat_map(|(until, _)| until.to_le_bytes()));
        bytes.extend(self.ends.iter().flat_map(|(_, hash)| hash.to_le_bytes()));
        bytes
    }

    /// What [`encode`](Self::encode) wrote, with the key it was made under.
    ///
    /// # Errors
    /// If the bytes are of another version, damaged, or not such bytes at all.
    pub fn restore(bytes: &[u8]) -> Result<Self, ErasedFault> {
        let (Some(header), Some(entries)) = (bytes.get(..HEADER_BYTES), bytes.get(HEADER_BYTES..))
        else {
            return Err(ErasedFault("they are shorter than their head"));
        };
        if header[..4] != VERSION.to_le_bytes() {
            return Err(ErasedFault("they are of another version"));
        }
        let count = number(&header[12..]);
        if count.checked_mul(ENTRY_BYTES as u64) != Some(entries.len() as u64) {
            return Err(ErasedFault("they are not as long as their head says"));
        }
        let mut erased = Self::new(number(&header[4..12]));
        let (ends, hashes) = entries.split_at(entries.len() / 2);
        for (end, hash) in ends.chunks_exact(8).zip(hashes.chunks_exact(8)) {
            let entry = (number(end).cast_signed(), number(hash));
            if erased.ends.last().is_some_and(|last| *last >= entry) {
                return Err(ErasedFault("they are not in order"));
            }
            if erased.until.insert(entry.1, entry.0).is_some() {
                return Err(ErasedFault("they hold a customer twice"));
            }
            erased.ends.insert(entry);
        }
        erased.note_bounds();
        Ok(erased)
    }

    /// A hash of the contents.
    pub fn digest(&self) -> u64 {
        xxh3_64(&self.encode())
    }

    fn hash(&self, id: &str) -> u64 {
        xxh3_64_with_seed(id.as_bytes(), self.key)
    }

    fn put(&mut self, hash: u64, until: i64) {
        if let Some(before) = self.until.get(&hash) {
            if *before >= until {
                return;
            }
            self.ends.remove(&(*before, hash));
        }
        self.until.insert(hash, until);
        self.ends.insert((until, hash));
    }

    #[cold]
    fn remove_ended(&mut self, instant: i64) {
        while let Some((until, hash)) = self.ends.first().copied()
            && until <= instant
        {
            self.ends.pop_first();
            self.until.remove(&hash);
        }
        if self.ends.len() < self.until.capacity() / 4 {
            self.until.shrink_to_fit();
        }
        self.note_bounds();
    }

    fn note_bounds(&mut self) {
        self.first = self.ends.first().map_or(i64::MAX, |end| end.0);
        self.last = self.ends.last().map_or(i64::MIN, |end| end.0);
    }
}

/// The first eight bytes as a number; the callers have counted them.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
