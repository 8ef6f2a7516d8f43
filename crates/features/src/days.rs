//! A customer's words by day.

use crate::stats::Occasion;
use crate::values::activity;
use crate::words::{DETAILS, Detail, Field, day_of, details_of, windows_at};

/// What happened on one UTC day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Day {
    pub(crate) number: u16,
    pub(crate) purchases: u64,
    /// Spent on them, in major units.
    pub(crate) major: f64,
    pub(crate) refunds: u64,
    /// All that the customer did, purchases included.
    pub(crate) acts: u64,
    pub(crate) contacts: u64,
    details: [u64; DETAILS],
}

impl Day {
    pub(crate) fn is(&self, occasion: Occasion) -> bool {
        match occasion {
            Occasion::Purchase => self.purchases > 0,
            Occasion::Activity => self.acts > 0,
        }
    }

    /// Acts that are no purchase.
    pub(crate) fn others(&self) -> u64 {
        self.acts - self.purchases
    }

    pub(crate) fn detail(&self, detail: Detail) -> u64 {
        self.details[detail as usize]
    }

    fn of(words: &[u64], number: u16, minor_per_major: f64) -> Self {
        // The window that ends with this day holds the words given, which are those of this day.
        let sums = windows_at(words, number, [true, false, false]);
        Self {
            number,
            purchases: sums.purchases(0),
            major: sums.minor(0) as f64 / minor_per_major,
            refunds: sums.count(0, Field::Refunds),
            acts: activity(&sums, 0),
            contacts: sums.count(0, Field::SupportContacts),
            details: details_of(words),
        }
    }
}

/// The days of these words from `first` up to and without `end`, oldest first.
pub(crate) fn days(
    words: &[u64],
    first: u16,
    end: u16,
    minor_per_major: f64,
) -> impl Iterator<Item = Day> {
    // From the end: what is asked for are the newest days.
    let from = words.iter().rposition(|word| day_of(*word) < first);
    let words = &words[from.map_or(0, |at| at + 1)..];
    words
        .chunk_by(|a, b| day_of(*a) == day_of(*b))
        .map(|of_day| (day_of(of_day[0]), of_day))
        .take_while(move |(number, _)| *number < end)
        .map(move |(number, of_day)| Day::of(of_day, number, minor_per_major))
}
