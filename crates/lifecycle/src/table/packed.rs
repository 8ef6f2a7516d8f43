//! Rows as bytes, side by side: for what many customers have, and each in another length.
//!
//! A page holds the rows of 128 neighbouring customers in one piece, so a row costs its bytes and about two more;
//! a slot of a hash map would cost forty. A row that changes its length moves what stands behind it in the page, a
//! kilobyte or so. Copies share pages until one side writes.
//!
//! Where a row begins is the sum of the lengths before it: a page knows it for every sixteenth row.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hint::black_box;
use std::marker::PhantomData;
use std::sync::Arc;

use holdfast_features::Ix;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{AnyTable, RowFault, read};

/// Customers of a page.
const PAGE: usize = 128;
/// Rows from one known beginning to the next.
const BLOCK: usize = 16;
/// Pages grow by so many bytes.
const GROWTH: usize = 64;
/// The length that says that the row stands apart.
const APART: u8 = u8::MAX;

#[derive(Debug, Clone)]
struct Page {
    lens: [u8; PAGE],
    /// Where every sixteenth row begins.
    starts: [u16; PAGE / BLOCK],
    data: Vec<u8>,
}

/// The bytes of a row in its page.
fn held(len: u8) -> u16 {
    if len == APART { 0 } else { u16::from(len) }
}

impl Page {
    fn new() -> Self {
        Self {
            lens: [0; PAGE],
            starts: [0; PAGE / BLOCK],
            data: Vec::new(),
        }
    }

    /// Where the row begins and ends in the page's bytes.
    fn place(&self, at: usize) -> (usize, usize) {
        let (blocks, _) = self.lens.as_chunks::<BLOCK>();
        // All of a block, whichever row it is: so it takes no loop.
        let lens = blocks[at / BLOCK].iter().enumerate();
        let before: u16 = lens
            .map(|(row, len)| if row < at % BLOCK { held(*len) } else { 0 })
            .sum();
        let begin = usize::from(self.starts[at / BLOCK] + before);
        (begin, begin + usize::from(held(self.lens[at])))
    }

    /// Puts bytes in place of those from `begin` to `end`, which are of this row, whose length is `len` then.
    fn put(&mut self, (at, len): (usize, u8), (begin, end): (usize, usize), bytes: &[u8]) {
        self.data_at(begin, end, bytes);
        self.lens[at] = len;
        for start in &mut self.starts[at / BLOCK + 1..] {
            // A page holds less than 32 KiB.
            *start = (usize::from(*start) + bytes.len() - (end - begin)) as u16;
        }
    }

    fn data_at(&mut self, begin: usize, end: usize, bytes: &[u8]) {
        let (old, len) = (end - begin, self.data.len());
        if bytes.len() > old {
            let more = bytes.len() - old;
            if self.data.capacity() - len < more {
                self.data.reserve_exact(more.next_multiple_of(GROWTH));
            }
            self.data.resize(len + more, 0);
            self.data.copy_within(end..len, begin + bytes.len());
        } else if bytes.len() < old {
            let less = old - bytes.len();
            self.data.copy_within(end.., begin + bytes.len());
            // What was held of a customer does not linger behind the end.
            self.data[len - less..].fill(0);
            self.data.truncate(len - less);
        }
        self.data[begin..begin + bytes.len()].copy_from_slice(bytes);
    }
}

/// Rows of bytes by customer; an empty row is none.
#[derive(Debug, Clone, Default)]
pub struct Bytes {
    pages: Vec<Option<Arc<Page>>>,
    /// Rows of 255 bytes and more, which hardly any is.
    apart: Arc<BTreeMap<u32, Box<[u8]>>>,
}

impl Bytes {
    /// The customer's row.
    #[must_use]
    pub fn get(&self, ix: Ix) -> &[u8] {
        let at = ix.0 as usize;
        let Some(Some(page)) = self.pages.get(at / PAGE) else {
            return &[];
        };
        match page.lens[at % PAGE] {
            0 => &[],
            APART => self.apart.get(&ix.0).map_or(&[], |row| row),
            _ => {
                let (begin, end) = page.place(at % PAGE);
                &page.data[begin..end]
            }
        }
    }

    /// Brings where the customer's row is into the cache, before [`touch`](Self::touch).
    #[inline]
    pub fn touch_page(&self, ix: Ix) {
        let at = ix.0 as usize;
        if let Some(Some(page)) = self.pages.get(at / PAGE) {
            black_box((page.lens[at % PAGE], page.data.len()));
        }
    }

    /// Brings the customer's row into the cache, before it is needed.
    #[inline]
    pub fn touch(&self, ix: Ix) {
        let at = ix.0 as usize;
        if let Some(Some(page)) = self.pages.get(at / PAGE) {
            // Its end is where the row has to go whose length changes.
            let (begin, end) = page.place(at % PAGE);
            black_box((page.data.get(begin), page.data.get(end)));
        }
    }

    /// Puts bytes into the customer's row, behind so many. Says whether that could be done: to a row that is there, and
    /// stays short.
    pub fn insert(&mut self, ix: Ix, behind: usize, bytes: &[u8]) -> bool {
        let (page, at) = (ix.0 as usize / PAGE, ix.0 as usize % PAGE);
        let Some(Some(page)) = self.pages.get_mut(page) else {
            return false;
        };
        let (begin, end) = page.place(at);
        let len = u8::try_from(end - begin + bytes.len()).ok();
        let Some(len) = len.filter(|len| *len != APART && begin + behind <= end && begin < end)
        else {
            return false;
        };
        let place = (begin + behind, begin + behind);
        Arc::make_mut(page).put((at, len), place, bytes);
        true
    }

    /// Lets `change` work on the customer's row, whose length stays. Says what it says; false where there is no row.
    pub fn change(&mut self, ix: Ix, change: impl FnOnce(&mut [u8]) -> bool) -> bool {
        let at = ix.0 as usize;
        let Some(Some(page)) = self.pages.get_mut(at / PAGE) else {
            return false;
        };
        if matches!(page.lens[at % PAGE], 0 | APART) {
            return false;
        }
        let (begin, end) = page.place(at % PAGE);
        change(&mut Arc::make_mut(page).data[begin..end])
    }

    /// Sets the customer's row.
    pub fn set(&mut self, ix: Ix, row: &[u8]) {
        if self.get(ix) == row {
            return;
        }
        let (page, at) = (ix.0 as usize / PAGE, ix.0 as usize % PAGE);
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        let page = self.pages[page].get_or_insert_with(|| Arc::new(Page::new()));
        let page = Arc::make_mut(page);
        let (was_apart, place) = (page.lens[at] == APART, page.place(at));
        match u8::try_from(row.len()).ok().filter(|len| *len != APART) {
            Some(len) => {
                page.put((at, len), place, row);
                if was_apart {
                    Arc::make_mut(&mut self.apart).remove(&ix.0);
                }
            }
            None => {
                page.put((at, APART), place, &[]);
                Arc::make_mut(&mut self.apart).insert(ix.0, row.into());
            }
        }
    }

    /// All customers that have a row, ascending.
    #[must_use]
    pub fn customers(&self) -> Vec<Ix> {
        let pages = self.pages.iter().enumerate();
        pages
            .filter_map(|(number, page)| Some((number, page.as_ref()?)))
            .flat_map(|(number, page)| {
                let lens = page.lens.iter().enumerate();
                lens.filter(|(_, len)| **len > 0)
                    .map(move |(at, _)| Ix((number * PAGE + at) as u32))
            })
            .collect()
    }

    /// Bytes held, as allocated, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        let pages = self.pages.iter().flatten();
        // 16 for the counts of references, 16 for what an allocator keeps of each of the two pieces.
        let pages: usize = pages
            .map(|page| size_of::<Page>() + page.data.capacity() + 48)
            .sum();
        let apart: usize = self.apart.values().map(|row| row.len() + 48).sum();
        pages + apart + self.pages.capacity() * size_of::<usize>()
    }
}

/// Rows that are kept as bytes; a default row is none.
#[derive(Debug, Clone)]
pub struct Packed<T> {
    name: &'static str,
    bytes: Bytes,
    row: PhantomData<fn() -> T>,
}

impl<T: Default + PartialEq + Serialize + DeserializeOwned> Packed<T> {
    /// A table without rows.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            bytes: Bytes::default(),
            row: PhantomData,
        }
    }

    /// Whether the customer has a row: cheaper than reading it.
    #[must_use]
    pub fn has(&self, ix: Ix) -> bool {
        !self.bytes.get(ix).is_empty()
    }

    /// As [`Bytes::touch_page`].
    pub fn touch_page(&self, ix: Ix) {
        self.bytes.touch_page(ix);
    }

    /// As [`Bytes::touch`].
    pub fn touch(&self, ix: Ix) {
        self.bytes.touch(ix);
    }

    /// The customer's row.
    #[must_use]
    pub fn get(&self, ix: Ix) -> T {
        match self.bytes.get(ix) {
            [] => T::default(),
            // What was set can be read: rows from elsewhere are checked before.
            bytes => postcard::from_bytes(bytes).unwrap_or_default(),
        }
    }

    /// Sets the customer's row.
    pub fn set(&mut self, ix: Ix, row: &T) {
        if *row == T::default() {
            self.bytes.set(ix, &[]);
            return;
        }
        let mut place = [0; 256];
        match postcard::to_slice(row, &mut place) {
            Ok(bytes) => self.bytes.set(ix, bytes),
            // It is longer; writing plain numbers and bytes into memory cannot fail.
            Err(_) => self
                .bytes
                .set(ix, &postcard::to_stdvec(row).unwrap_or_default()),
        }
    }
}

impl<T: Default + PartialEq + Serialize + DeserializeOwned> AnyTable for Packed<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn erase(&mut self, ix: Ix) {
        self.bytes.set(ix, &[]);
    }

    fn row(&self, ix: Ix, out: &mut Vec<u8>) -> bool {
        let row = self.bytes.get(ix);
        out.extend_from_slice(row);
        !row.is_empty()
    }

    fn set_row(&mut self, ix: Ix, bytes: &[u8]) -> Result<(), RowFault> {
        let row: T = read(self.name, bytes)?;
        self.set(ix, &row);
        Ok(())
    }

    fn customers(&self) -> Vec<Ix> {
        self.bytes.customers()
    }

    fn memory(&self) -> usize {
        self.bytes.memory()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_length_stand_side_by_side_and_a_copy_keeps_what_was_there() {
        let mut table: Packed<Vec<u8>> = Packed::new("t");
        let mut twin: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        let mut kept = None;
        for step in 0..20_000_u32 {
            let ix = step.wrapping_mul(2_654_435_761) >> 8 & 0x1FF;
            let len = match step % 11 {
                0 => 0,
                1 => 240 + step as usize % 40,
                _ => step as usize % 23,
            };
            let row = vec![step as u8; len];
            table.set(Ix(ix), &row);
            twin.insert(ix, row);
            if step == 9_000 {
                kept = Some((table.clone(), twin.clone()));
            }
        }
        for (table, twin) in [(table, twin)].into_iter().chain(kept) {
            assert!(twin.iter().all(|(ix, row)| table.get(Ix(*ix)) == *row));
            let held = twin.iter().filter(|(_, row)| !row.is_empty());
            assert!(
                table
                    .customers()
                    .into_iter()
                    .eq(held.map(|(ix, _)| Ix(*ix)))
            );
            assert_eq!(table.get(Ix(70_000)), Vec::<u8>::new());
        }
    }

    #[test]
    fn rows_come_back_from_their_bytes_and_others_are_refused() {
        let mut from: Packed<(u32, Vec<u8>)> = Packed::new("t");
        from.set(Ix(3), &(7, vec![1; 300]));
        let mut bytes = Vec::new();
        assert!(from.row(Ix(3), &mut bytes) && !from.row(Ix(4), &mut Vec::new()));
        let mut to = from.clone();
        to.erase(Ix(3));
        assert_eq!(to.customers(), []);
        assert!(to.set_row(Ix(3), &bytes[1..]).is_err());
        to.set_row(Ix(3), &bytes).unwrap();
        assert_eq!(to.get(Ix(3)), from.get(Ix(3)));
    }

    #[test]
    fn a_short_row_costs_about_two_bytes_beside_its_own() {
        let mut table: Packed<[u8; 9]> = Packed::new("t");
        (0..64_000).for_each(|ix| table.set(Ix(ix), &[9; 9]));
        assert!(table.memory() < 64_000 * 11 + 32_000, "{}", table.memory());
    }
}
