//! What is remembered of the customers that were ever decided on. All others cost one index.

use holdfast_features::Ix;

use holdfast_features::pages::Pages;

/// No record.
const NONE: u32 = u32::MAX;

/// One customer's decisions so far. Instants are ms UTC; `i64::MIN` stands for never.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Record {
    /// Episodes so far (plain mode: alerts); the open one's number.
    pub(crate) number: u32,
    /// The open episode.
    pub(crate) open: Option<Open>,
    /// The last close (plain mode: the last alert).
    pub(crate) closed_at: i64,
    /// No episode opens before the label's activity has occurred after this instant.
    pub(crate) quiet_since: i64,
    /// The last instant at which the customer was scored; scoring never goes back behind it.
    pub(crate) seen_at: i64,
    /// The label's own event has occurred: the customer is no longer in the population.
    pub(crate) gone: bool,
    /// The probability last published.
    pub(crate) probability: f64,
}

/// An open episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Open {
    /// When it opened.
    pub(crate) at: i64,
    /// The highest level reached: 0 is the opening threshold, n the n-th band.
    pub(crate) level: u8,
    /// Its opening was suppressed, so all of it is.
    pub(crate) silent: bool,
}

impl Record {
    const NEW: Self = Self {
        number: 0,
        open: None,
        closed_at: i64::MIN,
        quiet_since: i64::MIN,
        seen_at: i64::MIN,
        gone: false,
        probability: f64::NAN,
    };

    /// Whether nothing was ever decided, and nothing seen that matters.
    fn is_new(&self) -> bool {
        let without = Self {
            probability: 0.0,
            ..*self
        };
        self.probability.is_nan()
            && without
                == Self {
                    probability: 0.0,
                    ..Self::NEW
                }
    }
}

/// Records by customer, with the free ones of erased customers used again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    slots: Pages<u32>,
    records: Pages<Record>,
    free: Vec<u32>,
}

impl Records {
    pub(crate) fn get(&self, ix: Ix) -> Option<&Record> {
        let slot = *self.slots.get(ix.0 as usize)?;
        self.records.get(slot as usize)
    }

    pub(crate) fn get_mut(&mut self, ix: Ix) -> Option<&mut Record> {
        let slot = *self.slots.get(ix.0 as usize)?;
        ((slot as usize) < self.records.len()).then(|| &mut self.records[slot as usize])
    }

    /// The customer's record, new if need be.
    pub(crate) fn make(&mut self, ix: Ix) -> &mut Record {
        let at = ix.0 as usize;
        self.slots.grow(at + 1, NONE);
        if self.slots[at] == NONE {
            let slot = self.free.pop().unwrap_or_else(|| {
                self.records.push(Record::NEW);
                u32::try_from(self.records.len() - 1).unwrap_or(NONE)
            });
            self.slots[at] = slot;
        }
        &mut self.records[self.slots[at] as usize]
    }

    pub(crate) fn erase(&mut self, ix: Ix) {
        let at = ix.0 as usize;
        let Some(&slot) = self.slots.get(at).filter(|slot| **slot != NONE) else {
            return;
        };
        self.records[slot as usize] = Record::NEW;
        self.slots[at] = NONE;
        self.free.push(slot);
    }

    /// All records that say anything, by index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Ix, Record)> {
        let slots = (0..).map(Ix).zip(self.slots.iter());
        let records = slots.filter_map(|(ix, slot)| Some((ix, *self.records.get(*slot as usize)?)));
        records.filter(|(_, record)| !record.is_new())
    }

    /// Open episodes.
    pub(crate) fn open(&self) -> usize {
        self.records
            .iter()
            .filter(|record| record.open.is_some())
            .count()
    }

    /// Bytes held, as allocated.
    pub(crate) fn memory(&self) -> usize {
        self.slots.memory() + self.free.capacity() * size_of::<u32>() + self.records.memory()
    }
}
