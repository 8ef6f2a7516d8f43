//! What a partition keeps of each customer while outcomes are awaited: a few sixteen-bit codes, side by side.

use std::sync::Arc;

/// Nothing; what a slot is before and after a cutoff.
pub(super) const BLANK: u16 = 0;
/// Looked at, and not in the population, or erased since.
pub(super) const NONE: u16 = 1;
/// The customer has gone on after the cutoff while late events may still come before it: its state as of the cutoff is
/// kept aside.
pub(super) const STASHED: u16 = 2;
/// The same, and an event of the label's kind has come.
pub(super) const STASHED_ACTED: u16 = 3;
// All others are a prediction's code, doubled, plus one once an event of the label's kind has come.

/// Customers of one page: copied when it changes while an image holds it.
const PAGE: usize = 1024;

/// Codes by customer. Customers without any take no room, as long as none of their page has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slots {
    width: usize,
    pages: Vec<Option<Arc<[u16]>>>,
}

impl Slots {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            pages: Vec::new(),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    #[inline]
    pub(super) fn get(&self, ix: u32, slot: usize) -> u16 {
        let page = self.pages.get(ix as usize / PAGE);
        page.and_then(Option::as_ref)
            .map_or(BLANK, |page| page[ix as usize % PAGE * self.width + slot])
    }

    pub(super) fn set(&mut self, ix: u32, slot: usize, code: u16) {
        let number = ix as usize / PAGE;
        if number >= self.pages.len() {
            if code == BLANK {
                return;
            }
            self.pages.resize(number + 1, None);
        }
        let page = &mut self.pages[number];
        if page.is_none() && code == BLANK {
            return;
        }
        let page = page.get_or_insert_with(|| vec![BLANK; PAGE * self.width].into());
        Arc::make_mut(page)[ix as usize % PAGE * self.width + slot] = code;
    }

    /// Whether the page of this customer holds nothing, and where the next one begins.
    pub(super) fn skip(&self, ix: u32) -> Option<u32> {
        let number = ix as usize / PAGE;
        let empty = self.pages.get(number).is_none_or(Option::is_none);
        empty.then(|| ((number + 1) * PAGE) as u32)
    }

    /// Gives back pages on which nothing is left.
    pub(super) fn release(&mut self) {
        for page in &mut self.pages {
            if page
                .as_ref()
                .is_some_and(|page| page.iter().all(|code| *code == BLANK))
            {
                *page = None;
            }
        }
    }

    /// The same codes in rows of another width; those beyond it are lost.
    pub(super) fn resized(&self, width: usize) -> Self {
        let mut new = Self::new(width);
        let kept = width.min(self.width);
        let resize = |page: &Arc<[u16]>| {
            let mut rows = vec![BLANK; PAGE * width];
            for (new, old) in rows.chunks_mut(width).zip(page.chunks(self.width)) {
                new[..kept].copy_from_slice(&old[..kept]);
            }
            Arc::from(rows)
        };
        let pages = self.pages.iter();
        new.pages = pages.map(|page| page.as_ref().map(resize)).collect();
        new
    }

    /// All codes of a customer.
    pub(super) fn row(&self, ix: u32) -> Option<&[u16]> {
        let page = self.pages.get(ix as usize / PAGE)?.as_ref()?;
        let at = ix as usize % PAGE * self.width;
        page.get(at..at + self.width)
    }

    pub(super) fn memory(&self) -> usize {
        let pages = self.pages.iter().flatten().count();
        pages * PAGE * self.width * size_of::<u16>()
            + self.pages.capacity() * size_of::<Option<Arc<[u16]>>>()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let pages = self.pages.iter().enumerate();
        let held = || {
            pages
                .clone()
                .filter_map(|(n, page)| Some((n, page.as_ref()?)))
        };
        holdfast_model::watch::put(out, &[self.width as u64, held().count() as u64]);
        for (number, page) in held() {
            holdfast_model::watch::put(out, &[number as u64]);
            // Slot by slot: alike things side by side for the compressor.
            for slot in 0..self.width {
                let codes = page.iter().skip(slot).step_by(self.width);
                out.extend(codes.flat_map(|code| code.to_le_bytes()));
            }
        }
    }

    /// What [`encode`](Self::encode) wrote for customers below `end`.
    pub(super) fn decode(bytes: &mut &[u8], width: usize, end: u32) -> Option<Self> {
        let [found, count] = holdfast_model::watch::take(bytes)?;
        if found != width as u64 {
            return None;
        }
        let mut slots = Self::new(width);
        for _ in 0..count {
            let [number] = holdfast_model::watch::take(bytes)?;
            let number = usize::try_from(number).ok()?;
            if number > end as usize / PAGE || number < slots.pages.len() {
                return None;
            }
            let (codes, rest) = bytes.split_at_checked(2 * PAGE * width)?;
            *bytes = rest;
            let mut page = vec![BLANK; PAGE * width];
            for (at, code) in codes.as_chunks::<2>().0.iter().enumerate() {
                page[at % PAGE * width + at / PAGE] = u16::from_le_bytes(*code);
            }
            slots.pages.resize(number, None);
            slots.pages.push(Some(page.into()));
        }
        Some(slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stay_with_their_customers_through_bytes_and_another_width() {
        let mut slots = Slots::new(3);
        slots.set(2_500, 2, BLANK);
        assert_eq!((slots.memory(), slots.skip(0)), (0, Some(1_024)));
        for (ix, code) in [(0, 4), (1_023, 9), (5_000, 65_535)] {
            slots.set(ix, ix as usize % 3, code);
        }
        let mut bytes = Vec::new();
        slots.encode(&mut bytes);
        assert_eq!(
            Slots::decode(&mut &bytes[..], 3, 5_001).as_ref(),
            Some(&slots)
        );
        assert_eq!(Slots::decode(&mut &bytes[..], 2, 5_001), None);
        assert_eq!(Slots::decode(&mut &bytes[..], 3, 4_000), None);
        assert_eq!(Slots::decode(&mut &bytes[..99], 3, 5_001), None);
        let wide = slots.resized(6);
        assert_eq!((wide.get(5_000, 2), wide.get(5_000, 5)), (65_535, BLANK));
        assert_eq!(wide.resized(3), slots);
        let image = slots.clone();
        slots.set(0, 0, BLANK);
        slots.set(1_023, 0, BLANK);
        slots.release();
        assert_eq!(
            (slots.get(0, 0), image.get(0, 0)),
            (BLANK, 4),
            "an image shows its beginning"
        );
        assert_eq!(slots.skip(0), Some(1_024));
    }
}
