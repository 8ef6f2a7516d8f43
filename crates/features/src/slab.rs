//! Rows of words in size classes: no allocation per customer, no move of everything when it grows.
//!
//! A row of class `c` holds up to `capacity(c)` words. Classes grow by one word up to eight and by a
//! quarter of the power of two after that, so a row wastes little. Rows of a class live in chunks
//! of about 32 KiB; a freed row is wiped and its first word links to the next free one.

/// Words of a chunk; a longer row gets a chunk to itself.
const CHUNK_WORDS: usize = 4096;
/// Classes of one word each: 1, 2, ... 8.
const FINE: usize = 8;
/// Most classes a slab can have: rows of 2^25 words.
pub(crate) const CLASSES: u8 = 97;

/// Number of words that a row of this class holds. Class 0 is no row at all.
pub(crate) const fn capacity(class: u8) -> usize {
    let class = class as usize;
    if class <= FINE {
        return class;
    }
    let (step, octave) = ((class - FINE - 1) % 4, (class - FINE - 1) / 4);
    (FINE + 2 * (step + 1)) << octave
}

/// The smallest class that holds so many words.
pub(crate) fn class_for(words: usize) -> u8 {
    (0..CLASSES)
        .find(|&class| capacity(class) >= words)
        .unwrap_or(CLASSES - 1)
}

/// Rows of one size.
#[derive(Debug, Default)]
struct Class {
    chunks: Vec<Box<[u64]>>,
    /// Rows handed out at least once.
    used: u32,
    /// Free row + 1 at the head of the free list; 0 = none.
    free: u32,
}

/// All rows.
#[derive(Debug)]
pub(crate) struct Slab {
    classes: Vec<Class>,
}

/// How rows of a class lie in its chunks.
#[derive(Clone, Copy)]
struct Layout {
    words: usize,
    rows_per_chunk_log2: u32,
}

const LAYOUTS: [Layout; CLASSES as usize] = {
    let mut layouts = [Layout {
        words: 0,
        rows_per_chunk_log2: 0,
    }; CLASSES as usize];
    let mut class = 1;
    while class < CLASSES {
        let words = capacity(class);
        let rows = if words > CHUNK_WORDS {
            1
        } else {
            CHUNK_WORDS / words
        };
        layouts[class as usize] = Layout {
            words,
            rows_per_chunk_log2: rows.ilog2(),
        };
        class += 1;
    }
    layouts
};

impl Layout {
    #[inline]
    fn find(self, slot: u32) -> (usize, usize) {
        let in_chunk = slot & ((1 << self.rows_per_chunk_log2) - 1);
        (
            (slot >> self.rows_per_chunk_log2) as usize,
            in_chunk as usize * self.words,
        )
    }
}

impl Slab {
    pub(crate) fn new() -> Self {
        Self {
            classes: (0..CLASSES).map(|_| Class::default()).collect(),
        }
    }

    /// A zeroed row of a class other than 0.
    pub(crate) fn take(&mut self, class: u8) -> u32 {
        let layout = LAYOUTS[usize::from(class)];
        let rows = &mut self.classes[usize::from(class)];
        if rows.free > 0 {
            let slot = rows.free - 1;
            let (chunk, at) = layout.find(slot);
            let link = &mut rows.chunks[chunk][at];
            rows.free = *link as u32;
            *link = 0;
            return slot;
        }
        let slot = rows.used;
        rows.used += 1;
        if layout.find(slot).0 == rows.chunks.len() {
            let words = layout.words << layout.rows_per_chunk_log2;
            rows.chunks.push(vec![0; words].into_boxed_slice());
        }
        slot
    }

    /// Wipes a row and keeps it for the next [`Self::take`] of its class.
    pub(crate) fn release(&mut self, class: u8, slot: u32) {
        if class == 0 {
            return;
        }
        self.row_mut(class, slot).fill(0);
        let link = u64::from(self.classes[usize::from(class)].free);
        self.row_mut(class, slot)[0] = link;
        self.classes[usize::from(class)].free = slot + 1;
    }

    #[inline]
    pub(crate) fn row(&self, class: u8, slot: u32) -> &[u64] {
        if class == 0 {
            return &[];
        }
        let layout = LAYOUTS[usize::from(class)];
        let (chunk, at) = layout.find(slot);
        &self.classes[usize::from(class)].chunks[chunk][at..at + layout.words]
    }

    #[inline]
    pub(crate) fn row_mut(&mut self, class: u8, slot: u32) -> &mut [u64] {
        if class == 0 {
            return &mut [];
        }
        let layout = LAYOUTS[usize::from(class)];
        let (chunk, at) = layout.find(slot);
        &mut self.classes[usize::from(class)].chunks[chunk][at..at + layout.words]
    }

    /// Moves a row's first `len` words into a row of another class.
    pub(crate) fn resize(&mut self, class: u8, slot: u32, len: usize, to: u8) -> u32 {
        let target = self.take(to);
        // A stack copy of a bounded piece at a time: both rows are in this slab.
        let mut piece = [0; 64];
        for start in (0..len).step_by(piece.len()) {
            let end = len.min(start + piece.len());
            piece[..end - start].copy_from_slice(&self.row(class, slot)[start..end]);
            self.row_mut(to, target)[start..end].copy_from_slice(&piece[..end - start]);
        }
        self.release(class, slot);
        target
    }

    /// Class and slot of a row that fits these words and holds them.
    pub(crate) fn hold(&mut self, words: &[u64]) -> (u8, u32) {
        if words.is_empty() {
            return (0, 0);
        }
        let class = class_for(words.len());
        let slot = self.take(class);
        self.row_mut(class, slot)[..words.len()].copy_from_slice(words);
        (class, slot)
    }

    /// Bytes allocated.
    pub(crate) fn bytes(&self) -> usize {
        let chunk = |class: &Class| {
            let words: usize = class.chunks.iter().map(|chunk| chunk.len()).sum();
            words * size_of::<u64>() + class.chunks.capacity() * size_of::<Box<[u64]>>()
        };
        self.classes.iter().map(chunk).sum::<usize>() + self.classes.capacity() * size_of::<Class>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_grow_by_a_quarter_at_most_and_classes_fit_tightly() {
        for class in 1..CLASSES {
            let (below, here) = (capacity(class - 1), capacity(class));
            assert!(
                below < here && (class <= 9 || here * 4 <= below * 5),
                "{below} to {here}"
            );
            assert_eq!(class_for(here), class);
            assert_eq!(class_for(below + 1), class);
        }
    }

    #[test]
    fn rows_of_all_classes_keep_apart() {
        let mut slab = Slab::new();
        let classes = (1..60).flat_map(|class| [class; 5]);
        let rows: Vec<_> = classes.map(|class| (class, slab.take(class))).collect();
        for (n, &(class, slot)) in rows.iter().enumerate() {
            slab.row_mut(class, slot).fill(n as u64 + 1);
        }
        for (n, &(class, slot)) in rows.iter().enumerate() {
            assert!(
                slab.row(class, slot)
                    .iter()
                    .all(|word| *word == n as u64 + 1)
            );
        }
    }

    #[test]
    fn released_row_is_wiped_and_used_again() {
        let mut slab = Slab::new();
        let (first, second) = (slab.take(12), slab.take(12));
        for slot in [first, second] {
            slab.row_mut(12, slot).fill(7);
            slab.release(12, slot);
            assert!(slab.row(12, slot).iter().all(|word| *word != 7));
        }
        let again = [slab.take(12), slab.take(12)];
        assert_eq!(again, [second, first]);
        assert!(
            again
                .iter()
                .all(|&slot| slab.row(12, slot).iter().all(|word| *word == 0))
        );
    }

    #[test]
    fn resized_row_keeps_its_words_and_leaves_none_behind() {
        let mut slab = Slab::new();
        let (small, large) = (class_for(100), class_for(200));
        let slot = slab.take(small);
        slab.row_mut(small, slot)[..100]
            .copy_from_slice(&std::array::from_fn::<_, 100, _>(|n| n as u64));
        let moved = slab.resize(small, slot, 100, large);
        assert!(slab.row(large, moved)[..100].iter().copied().eq(0..100));
        assert!(slab.row(small, slot).iter().all(|word| *word == 0));
    }
}
