//! Good and bad days of the last thirty, by kind.

use serde::{Deserialize, Serialize};

/// Days of a window, that of the instant included.
const WINDOW: u16 = 30;

/// What a day is marked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    SlowPage,
    GoodMention,
    BadMention,
    GoodReview,
    BadReview,
    GoodMail,
    BadMail,
}

impl Mark {
    pub(super) fn mention(is_good: bool) -> Self {
        if is_good {
            Self::GoodMention
        } else {
            Self::BadMention
        }
    }

    pub(super) fn review(is_good: bool) -> Self {
        if is_good {
            Self::GoodReview
        } else {
            Self::BadReview
        }
    }

    pub(super) fn mail(is_good: bool) -> Self {
        if is_good {
            Self::GoodMail
        } else {
            Self::BadMail
        }
    }
}

/// How often it was good and how often bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signed {
    /// Good ones.
    pub good: u32,
    /// Bad ones.
    pub bad: u32,
}

impl Signed {
    /// Good ones less bad ones.
    #[must_use]
    pub fn net(self) -> i64 {
        i64::from(self.good) - i64::from(self.bad)
    }
}

/// Whether a day is in the window of another one.
pub(super) fn is_recent(day: u16, of: u16) -> bool {
    day <= of && of - day < WINDOW
}

/// Marks by day: how many days before the newest (five bits) and which mark (three), with how often.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Marks {
    newest: u16,
    held: Vec<(u8, u16)>,
}

const MARK_BITS: u32 = 3;

impl Marks {
    /// Adds a mark; what no window reaches any more goes.
    pub(super) fn add(&mut self, day: u16, mark: Mark) {
        if let Some(later) = day.checked_sub(self.newest).filter(|later| *later > 0) {
            let newest = self.newest;
            self.held.retain(|(key, _)| {
                let held = newest - u16::from(key >> MARK_BITS);
                is_recent(held, day)
            });
            for (key, _) in &mut self.held {
                // At most 29 days back: five bits hold it.
                *key += (later as u8) << MARK_BITS;
            }
            self.newest = day;
        }
        if !is_recent(day, self.newest) {
            return;
        }
        let key = ((self.newest - day) as u8) << MARK_BITS | mark as u8;
        let place = self.held.partition_point(|(held, _)| *held < key);
        match self.held.get_mut(place).filter(|(held, _)| *held == key) {
            Some((_, times)) => *times = times.saturating_add(1),
            None => self.held.insert(place, (key, 1)),
        }
    }

    /// How often within the window of a day.
    pub(super) fn count(&self, day: u16, mark: Mark) -> u32 {
        let of_mark = self.held.iter().filter(|(key, _)| {
            let held = self.newest - u16::from(key >> MARK_BITS);
            key & ((1 << MARK_BITS) - 1) == mark as u8 && is_recent(held, day)
        });
        of_mark.map(|(_, times)| u32::from(*times)).sum()
    }

    pub(super) fn signed(&self, day: u16, of: fn(bool) -> Mark) -> Signed {
        Signed {
            good: self.count(day, of(true)),
            bad: self.count(day, of(false)),
        }
    }
}
