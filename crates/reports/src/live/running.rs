//! Contracts that run, by customer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bits::at_least;

/// Most customers have one contract or none: four bytes each, none where nobody has any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running {
    /// [`NONE`], [`UNNAMED`], [`SEVERAL`], or a hash of the one contract's id.
    codes: Vec<u32>,
    several: BTreeMap<u32, Vec<u64>>,
}

const NONE: u32 = 0;
const UNNAMED: u32 = 1;
const SEVERAL: u32 = u32::MAX;

/// A hash as short as it is kept, and none of the codes.
pub(super) fn short(hash: u64) -> u64 {
    let short = (hash >> 32) as u32 ^ hash as u32;
    short.clamp(UNNAMED + 1, SEVERAL - 1).into()
}

impl Running {
    fn code(&self, ix: u32) -> u32 {
        self.codes.get(ix as usize).copied().unwrap_or(NONE)
    }

    pub(super) fn is_any(&self, ix: u32) -> bool {
        self.code(ix) != NONE
    }

    /// Short hashes of the ids; 0 is a contract without one.
    pub(super) fn get(&self, ix: u32) -> Vec<u64> {
        match self.code(ix) {
            NONE => Vec::new(),
            UNNAMED => vec![0],
            SEVERAL => self.several.get(&ix).cloned().unwrap_or_default(),
            hash => vec![hash.into()],
        }
    }

    pub(super) fn set(&mut self, ix: u32, running: Vec<u64>) {
        let code = match running[..] {
            [] => NONE,
            [0] => UNNAMED,
            [hash] => hash as u32,
            _ => SEVERAL,
        };
        if code == self.code(ix) && code != SEVERAL {
            return;
        }
        self.several.remove(&ix);
        if code == SEVERAL {
            self.several.insert(ix, running);
        }
        at_least(&mut self.codes, ix as usize + 1);
        self.codes[ix as usize] = code;
    }

    pub(super) fn trim(&mut self) {
        while self.codes.last() == Some(&NONE) {
            self.codes.pop();
        }
    }

    pub(super) fn memory(&self) -> usize {
        let several: usize = self
            .several
            .values()
            .map(|list| list.capacity() * 8 + 48)
            .sum();
        self.codes.capacity() * 4 + several
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_come_back_as_they_were_set() {
        let mut running = Running::default();
        let named = short(0xDEAD_BEEF_0000_0001);
        for list in [vec![named], vec![0], vec![0, named], vec![named, 7], vec![]] {
            running.set(5, list.clone());
            assert_eq!(running.get(5), list);
            assert_eq!(running.is_any(5), !list.is_empty());
        }
        assert_eq!((running.get(4), running.get(99)), (vec![], vec![]));
        for hash in [0, 1, u64::MAX, u64::from(u32::MAX)] {
            assert!((2..u64::from(u32::MAX)).contains(&short(hash)));
        }
    }
}
