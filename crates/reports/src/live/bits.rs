//! Sets of customers by index.

use serde::{Deserialize, Serialize};

/// A set of indices; beyond its end there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bits(Vec<u64>);

/// Grows to so many, by an eighth more than is needed: what is doubled is half empty on the average.
pub(super) fn at_least<T: Copy + Default>(list: &mut Vec<T>, len: usize) {
    if list.len() < len {
        if list.capacity() < len {
            list.reserve_exact(len - list.len() + len / 8);
        }
        list.resize(len, T::default());
    }
}

fn place(ix: u32) -> (usize, u64) {
    ((ix / 64) as usize, 1 << (ix % 64))
}

impl Bits {
    #[inline]
    pub(super) fn has(&self, ix: u32) -> bool {
        let (word, bit) = place(ix);
        self.word(word) & bit != 0
    }

    /// Whether it was not there before.
    #[inline]
    pub(super) fn insert(&mut self, ix: u32) -> bool {
        let (word, bit) = place(ix);
        at_least(&mut self.0, word + 1);
        let was = self.0[word] & bit;
        self.0[word] |= bit;
        was == 0
    }

    pub(super) fn remove(&mut self, ix: u32) {
        let (word, bit) = place(ix);
        if let Some(word) = self.0.get_mut(word) {
            *word &= !bit;
        }
    }

    /// In or out.
    pub(super) fn set(&mut self, ix: u32, is_in: bool) {
        if is_in {
            self.insert(ix);
        } else {
            self.remove(ix);
        }
    }

    #[inline]
    pub(super) fn word(&self, at: usize) -> u64 {
        self.0.get(at).copied().unwrap_or(0)
    }

    pub(super) fn words(&self) -> usize {
        self.0.len()
    }

    /// Takes out whom `keep` does not want.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        for (at, word) in (0..).zip(&mut self.0) {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                if !keep(at * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Adds all of `other`.
    pub(super) fn absorb(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// Without empty words at the end, so that equal sets have equal bytes.
    pub(super) fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// Everyone in it, by index.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.0).flat_map(|(at, word)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 != 0);
            bits.map(move |bit| at * 64 + bit)
        })
    }

    pub(super) fn memory(&self) -> usize {
        self.0.capacity() * 8
    }
}

/// How many are in both.
pub(super) fn in_both(a: &Bits, b: &Bits) -> u64 {
    let words = a.0.iter().zip(&b.0);
    words.map(|(a, b)| u64::from((a & b).count_ones())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_holds_what_was_put_in_and_not_taken_out() {
        let mut bits = Bits::default();
        assert!(bits.insert(3) && bits.insert(200) && !bits.insert(3));
        bits.remove(200);
        bits.remove(9_999);
        assert!(bits.has(3) && !bits.has(200) && !bits.has(9_999));
        bits.insert(64);
        bits.retain(|ix| ix != 64);
        assert_eq!((bits.len(), bits.word(1)), (1, 0));
        let mut other = Bits::default();
        other.insert(3);
        bits.trim();
        assert_eq!(bits, other, "as if 200 had never been in it");
        other.insert(70);
        assert_eq!(in_both(&bits, &other), 1);
        bits.absorb(&other);
        assert_eq!(bits.len(), 2);
    }
}
