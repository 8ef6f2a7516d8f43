//! Customer ids to dense indices: an arena of key bytes and a table of (hash, index).
//!
//! The table is open addressing over `u64` entries in the order of the hash: the upper 32 bits are
//! the hash, the lower ones the index + 1. So a slot is found by one multiplication for any
//! table size, growing reads and writes in order without touching a key, and a batch of customers
//! can be fetched ahead: slots first, then whatever the indices point at.
//!
//! The hash decides only where an entry lies. Indices come from the order of arrival and no output
//! may depend on them either.

use crate::column::Column;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Bytes of an arena chunk; a longer id gets a longer chunk.
const CHUNK_BYTES: usize = 1 << CHUNK_LOG2;
const CHUNK_LOG2: u32 = 16;
/// The table grows by half when four fifths are taken.
const FIRST_SLOTS: usize = 64;
/// Key position of an index that was erased and waits to be used again.
const GONE: u32 = u32::MAX;

/// Ids, by index and by value.
#[derive(Debug)]
pub(crate) struct Interner {
    seed: u64,
    table: Vec<u64>,
    live: usize,
    /// Position of each index' key in the arena.
    positions: Column<u32>,
    arena: Vec<Vec<u8>>,
    /// Erased indices and wiped key places, by length of the record: both are used again.
    free_ix: Vec<u32>,
    free_keys: BTreeMap<usize, Vec<u32>>,
}

impl Interner {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            table: vec![0; FIRST_SLOTS],
            live: 0,
            positions: Column::new(),
            arena: Vec::new(),
            free_ix: Vec::new(),
            free_keys: BTreeMap::new(),
        }
    }

    pub(crate) fn hash(&self, id: &str) -> u64 {
        xxh3_64_with_seed(id.as_bytes(), self.seed)
    }

    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// One more than the greatest index ever given.
    pub(crate) fn end(&self) -> u32 {
        self.positions.len() as u32
    }

    pub(crate) fn is_live(&self, ix: u32) -> bool {
        *self.positions.get(ix) != GONE
    }

    /// The index that the next new id will be given, if it is one of an erased customer.
    pub(crate) fn next_free(&self) -> Option<u32> {
        self.free_ix.last().copied()
    }

    /// The id of a live index.
    pub(crate) fn live_id(&self, ix: u32) -> Option<&str> {
        self.is_live(ix).then(|| self.id(ix))
    }

    /// The id of a live index; empty for an erased one.
    #[inline]
    pub(crate) fn id(&self, ix: u32) -> &str {
        let position = *self.positions.get(ix);
        if position == GONE {
            ""
        } else {
            std::str::from_utf8(self.key(position)).unwrap_or("")
        }
    }

    #[inline]
    fn home(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.table.len() as u64) >> 32) as usize
    }

    #[inline]
    fn next(&self, slot: usize) -> usize {
        if slot + 1 == self.table.len() {
            0
        } else {
            slot + 1
        }
    }

    /// The index whose hash starts as this one: nearly always the right one, for fetching ahead.
    #[inline]
    pub(crate) fn guess(&self, hash: u64) -> Option<u32> {
        let tag = (hash >> 32) as u32;
        let mut slot = self.home(tag);
        loop {
            let entry = self.table[slot];
            if entry == 0 {
                return None;
            }
            if (entry >> 32) as u32 == tag {
                return Some(entry as u32 - 1);
            }
            slot = self.next(slot);
        }
    }

    /// Reads the first byte of an index' key, to have it in the cache.
    #[inline]
    pub(crate) fn touch(&self, ix: u32) -> u8 {
        let position = *self.positions.get(ix);
        let chunk = self.arena.get((position >> CHUNK_LOG2) as usize);
        chunk.map_or(0, |chunk| chunk[position as usize % CHUNK_BYTES])
    }

    #[inline]
    pub(crate) fn find(&self, hash: u64, id: &str) -> Option<u32> {
        self.probe(hash, id).ok()
    }

    /// The index of an id, or the free slot where it would go.
    #[inline]
    fn probe(&self, hash: u64, id: &str) -> Result<u32, usize> {
        let tag = (hash >> 32) as u32;
        let mut slot = self.home(tag);
        loop {
            let entry = self.table[slot];
            if entry == 0 {
                return Err(slot);
            }
            let ix = (entry as u32).wrapping_sub(1);
            if (entry >> 32) as u32 == tag && self.key(*self.positions.get(ix)) == id.as_bytes() {
                return Ok(ix);
            }
            slot = self.next(slot);
        }
    }

    /// The id's index and whether it is new.
    #[inline]
    pub(crate) fn intern(&mut self, hash: u64, id: &str) -> (u32, bool) {
        match self.probe(hash, id) {
            Ok(ix) => (ix, false),
            Err(slot) => (self.insert(slot, hash, id), true),
        }
    }

    #[cold]
    fn insert(&mut self, slot: usize, hash: u64, id: &str) -> u32 {
        let position = self.store_key(id.as_bytes());
        let ix = match self.free_ix.pop() {
            Some(ix) => {
                *self.positions.get_mut(ix) = position;
                ix
            }
            None => {
                self.positions.push(position);
                self.end() - 1
            }
        };
        self.enter(slot, hash, ix);
        ix
    }

    fn enter(&mut self, slot: usize, hash: u64, ix: u32) {
        self.table[slot] = (hash >> 32 << 32) | u64::from(ix + 1);
        self.live += 1;
        if self.live * 5 > self.table.len() * 4 {
            self.grow();
        }
    }

    /// Room for so many ids, so that none of them makes the table grow. Only for an empty one.
    pub(crate) fn reserve(&mut self, ids: u32) {
        let mut slots = self.table.len();
        while ids as usize * 5 > slots * 4 {
            slots = slots * 3 / 2;
        }
        self.table = vec![0; slots];
    }

    /// Gives the next index to this id, which must be new.
    pub(crate) fn restore(&mut self, id: &str) -> Result<(), &'static str> {
        let hash = self.hash(id);
        let Err(slot) = self.probe(hash, id) else {
            return Err("an id comes twice");
        };
        let position = self.store_key(id.as_bytes());
        let ix = self.end();
        self.positions.push(position);
        self.enter(slot, hash, ix);
        Ok(())
    }

    /// Leaves the next index free.
    pub(crate) fn restore_free(&mut self) {
        self.free_ix.push(self.end());
        self.positions.push(GONE);
    }

    fn grow(&mut self) {
        let larger = vec![0; self.table.len() * 3 / 2];
        let old = std::mem::replace(&mut self.table, larger);
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            let mut slot = self.home((entry >> 32) as u32);
            while self.table[slot] != 0 {
                slot = self.next(slot);
            }
            self.table[slot] = entry;
        }
    }

    /// Forgets an id: its bytes are overwritten, its index may be given to another.
    pub(crate) fn erase(&mut self, ix: u32) {
        if !self.is_live(ix) {
            return;
        }
        let hash = self.hash(self.id(ix));
        let mut slot = self.home((hash >> 32) as u32);
        while self.table[slot] as u32 != ix + 1 {
            slot = self.next(slot);
        }
        self.close_gap(slot);
        self.wipe_key(ix);
        self.free_ix.push(ix);
        self.live -= 1;
    }

    /// Takes an entry out and moves later ones of its run forward, so that none is cut off.
    fn close_gap(&mut self, mut gap: usize) {
        let mut slot = self.next(gap);
        while self.table[slot] != 0 {
            let home = self.home((self.table[slot] >> 32) as u32);
            let size = self.table.len();
            let (from_home, from_gap) = ((slot + size - home) % size, (slot + size - gap) % size);
            if from_home >= from_gap {
                self.table[gap] = self.table[slot];
                gap = slot;
            }
            slot = self.next(slot);
        }
        self.table[gap] = 0;
    }

    /// The bytes of a key: a length of one byte (255 = four more follow), then the id.
    #[inline]
    fn key(&self, position: u32) -> &[u8] {
        let (start, len) = self.key_span(position);
        &self.arena[(position >> CHUNK_LOG2) as usize][start..start + len]
    }

    #[inline]
    fn key_span(&self, position: u32) -> (usize, usize) {
        let chunk = &self.arena[(position >> CHUNK_LOG2) as usize];
        let at = position as usize % CHUNK_BYTES;
        match chunk[at] {
            u8::MAX => {
                let long = [chunk[at + 1], chunk[at + 2], chunk[at + 3], chunk[at + 4]];
                (at + 5, u32::from_le_bytes(long) as usize)
            }
            short => (at + 1, usize::from(short)),
        }
    }

    fn store_key(&mut self, id: &[u8]) -> u32 {
        let mut record = Vec::with_capacity(id.len() + 5);
        match u8::try_from(id.len()).ok().filter(|&len| len < u8::MAX) {
            Some(len) => record.push(len),
            None => {
                record.push(u8::MAX);
                record.extend_from_slice(&(id.len() as u32).to_le_bytes());
            }
        }
        record.extend_from_slice(id);
        if let Some(position) = self.free_keys.get_mut(&record.len()).and_then(Vec::pop) {
            let at = position as usize % CHUNK_BYTES;
            let chunk = &mut self.arena[(position >> CHUNK_LOG2) as usize];
            chunk[at..at + record.len()].copy_from_slice(&record);
            return position;
        }
        let room = self
            .arena
            .last()
            .map_or(0, |chunk| CHUNK_BYTES.saturating_sub(chunk.len()));
        if room < record.len() {
            self.arena
                .push(Vec::with_capacity(CHUNK_BYTES.max(record.len())));
        }
        let chunk = self.arena.len() - 1;
        let at = self.arena[chunk].len();
        self.arena[chunk].extend_from_slice(&record);
        ((chunk << CHUNK_LOG2) | at) as u32
    }

    fn wipe_key(&mut self, ix: u32) {
        let position = std::mem::replace(self.positions.get_mut(ix), GONE);
        let (start, len) = self.key_span(position);
        let at = position as usize % CHUNK_BYTES;
        self.arena[(position >> CHUNK_LOG2) as usize][at..start + len].fill(0);
        self.free_keys
            .entry(start + len - at)
            .or_default()
            .push(position);
    }

    /// Bytes allocated.
    pub(crate) fn bytes(&self) -> usize {
        let arena: usize = self.arena.iter().map(Vec::capacity).sum();
        let free: usize = self
            .free_keys
            .values()
            .map(|places| places.capacity() * 4)
            .sum();
        self.table.capacity() * size_of::<u64>()
            + self.positions.bytes()
            + arena
            + self.arena.capacity() * size_of::<Vec<u8>>()
            + (self.free_ix.capacity() * 4 + free)
    }
}

#[cfg(test)]
mod tests;
