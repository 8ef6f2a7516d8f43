//! A list whose copy costs next to nothing: pages are shared until one side writes to them.
//!
//! An image of a million customers is a copy in the middle of the records, which must not wait for it. So a copy takes
//! references only, and whoever writes first to a page that is shared copies that page: some microseconds at a time.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

/// Entries of a page.
const PAGE: usize = 256;

/// A list in pages that copies share. Copying it copies no entry.
#[derive(Debug, Clone)]
pub struct Pages<T> {
    pages: Vec<Arc<[T; PAGE]>>,
    len: usize,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self {
            pages: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Copy> Pages<T> {
    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry at this place; none behind the end.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&T> {
        (at < self.len).then(|| &self[at])
    }

    /// Makes it at least `len` long; new entries are `fill`.
    pub fn grow(&mut self, len: usize, fill: T) {
        while self.pages.len() * PAGE < len {
            self.pages.push(Arc::new([fill; PAGE]));
        }
        // What stands between the old length and the new may be of another fill.
        for at in self.len..len.min(self.len.next_multiple_of(PAGE)) {
            self[at] = fill;
        }
        self.len = self.len.max(len);
    }

    /// Adds one at the end.
    pub fn push(&mut self, value: T) {
        self.grow(self.len + 1, value);
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages
            .iter()
            .flat_map(|page| page.iter())
            .take(self.len)
    }

    /// Bytes held, as allocated, those that a copy holds too included.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.pages.len() * size_of::<[T; PAGE]>()
            + self.pages.capacity() * size_of::<Arc<[T; PAGE]>>()
    }
}

impl<T> Index<usize> for Pages<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.pages[at / PAGE][at % PAGE]
    }
}

impl<T: Copy> IndexMut<usize> for Pages<T> {
    /// Copies the page first if a copy of the list has it too.
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut Arc::make_mut(&mut self.pages[at / PAGE])[at % PAGE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_what_was_there_and_the_list_goes_on() {
        let mut list = Pages::default();
        let mut twin: Vec<u32> = Vec::new();
        for step in 0..2_000_u32 {
            match step % 3 {
                0 => {
                    list.push(step);
                    twin.push(step);
                }
                1 => {
                    let len = twin.len() + step as usize % 7;
                    list.grow(len, step);
                    twin.resize(len, step);
                }
                _ => {
                    let at = step as usize * 31 % twin.len();
                    list[at] = step;
                    twin[at] = step;
                }
            }
            if step % 97 == 0 {
                let (copy, then) = (list.clone(), twin.clone());
                list[0] = 7 * step;
                twin[0] = 7 * step;
                assert!(copy.iter().eq(&then));
            }
            assert_eq!(list.len(), twin.len());
            assert_eq!(list.get(twin.len()), None);
        }
        assert!(list.iter().eq(&twin));
    }

    #[test]
    fn a_write_copies_one_page_of_those_a_copy_shares() {
        let mut list = Pages::default();
        list.grow(10 * PAGE, 0_u64);
        let copy = list.clone();
        list[3 * PAGE] = 1;
        let shared = list.pages.iter().zip(&copy.pages);
        assert_eq!(shared.filter(|(a, b)| Arc::ptr_eq(a, b)).count(), 9);
    }
}
