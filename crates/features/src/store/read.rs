//! Reading: who is there, what is known of them, features and their bounds.

use super::{Ix, Memory, Store};
use crate::column::Column;
use crate::head::Head;
use crate::recent::Recent;
use crate::registry::Kind;
use crate::stats::{Occasion, Stats};
use crate::values::{Formulas, Moment};
use crate::words::{Windows, bounds_of, windows_at};
use crate::{DAY_MS, Plan, day_of_ms};
use std::hint::black_box;
use std::ops::RangeInclusive;

/// Customers fetched ahead at a time: as many misses as a core can have under way, a few times over.
const BATCH: usize = 64;
/// Words of one cache line.
const LINE_WORDS: usize = 8;
/// Cache lines of a row that are fetched ahead, newest first; the rest follows by itself.
const LINES: usize = 12;

/// Functions of `libm` are not rounded correctly, so their order may be off by a last bit or two.
const SLACK: f64 = 1e-12;

/// What a customer has bought over the whole life, all events applied so far in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bought {
    /// Purchases.
    pub orders: u32,
    /// Distinct UTC days with one.
    pub days: u16,
    /// Beginning of the UTC day of the first one, ms.
    pub first_day_ms: i64,
    /// Greatest time of one, ms UTC.
    pub last_ms: i64,
    /// Sum of their amounts, minor units.
    pub spent_minor: i64,
    /// Sum of refunded amounts, minor units.
    pub refunded_minor: i64,
}

fn widened(low: f64, high: f64) -> (f64, f64) {
    (low - SLACK * low.abs(), high + SLACK * high.abs())
}

impl Store {
    /// Brings table slots, heads, keys and words behind these hashes into the cache: call it for
    /// the next 16 to 64 customers, then intern, apply and score them one by one. Customers met at
    /// random are bound by memory latency; here the misses of a batch overlap.
    pub fn prefetch(&self, hashes: &[u64]) {
        self.look_ahead(hashes, |_| ());
    }

    /// As [`Self::prefetch`], handing the indices that were found to `meet`, for whoever keeps more about customers.
    /// They are found by hash alone: guesses that are nearly always right.
    pub fn look_ahead(&self, hashes: &[u64], mut meet: impl FnMut(&[Ix])) {
        for batch in hashes.chunks(BATCH) {
            let mut found = [Ix(u32::MAX); BATCH];
            let guesses = batch.iter().filter_map(|&hash| self.names.guess(hash));
            let mut known = 0;
            for (slot, ix) in found.iter_mut().zip(guesses) {
                *slot = Ix(ix);
                known += 1;
            }
            meet(&found[..known]);
            self.touch(&found[..known]);
        }
    }

    /// As [`Self::prefetch`], for customers whose index is known.
    pub fn touch(&self, customers: &[Ix]) {
        for batch in customers.chunks(BATCH) {
            // Each round only reads what the round before has brought in.
            let mut seen: u64 = batch
                .iter()
                .map(|ix| u64::from(self.heads.get(ix.0).purchases))
                .sum();
            seen += batch
                .iter()
                .map(|ix| u64::from(self.names.touch(ix.0)))
                .sum::<u64>();
            for ix in batch {
                let words = self.words_of(self.heads.get(ix.0));
                let lines = words.iter().rev().step_by(LINE_WORDS).take(LINES);
                seen += lines.fold(0u64, |sum, word| sum ^ word) & 1;
            }
            black_box(seen);
        }
    }

    /// The customer's id; empty for an erased one.
    #[must_use]
    pub fn id(&self, ix: Ix) -> &str {
        self.names.id(ix.0)
    }

    /// Whether this index is that of a customer: given by this store, and not erased since.
    #[must_use]
    pub fn is_live(&self, ix: Ix) -> bool {
        ix.0 < self.names.end() && self.names.is_live(ix.0)
    }

    /// All indices given so far are below this one.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.names.end()
    }

    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no customer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All customers, by index. Indices depend on arrival order: sort by id before publishing.
    pub fn iter(&self) -> impl Iterator<Item = Ix> + '_ {
        (0..self.names.end())
            .filter(|&ix| self.names.is_live(ix))
            .map(Ix)
    }

    /// Greatest time of an event of any type, ms UTC: lateness counts from here.
    #[must_use]
    pub fn newest(&self, ix: Ix) -> Option<i64> {
        self.heads.get(ix.0).newest()
    }

    /// Greatest time of something the customer did ([`crate::activity::is_activity`]), ms UTC.
    #[must_use]
    pub fn last_event(&self, ix: Ix) -> Option<i64> {
        self.heads.get(ix.0).last_act()
    }

    /// Least time of an event of any type, ms UTC.
    #[must_use]
    pub fn first_event(&self, ix: Ix) -> Option<i64> {
        self.heads.get(ix.0).first()
    }

    /// Greatest time of a purchase, ms UTC.
    #[must_use]
    pub fn last_purchase(&self, ix: Ix) -> Option<i64> {
        self.heads.get(ix.0).last_purchase()
    }

    /// Number of purchases ever.
    #[must_use]
    pub fn purchases(&self, ix: Ix) -> u32 {
        self.heads.get(ix.0).purchases
    }

    /// Purchases less refunds ever, minor units.
    #[must_use]
    pub fn net_minor(&self, ix: Ix) -> i64 {
        let head = self.heads.get(ix.0);
        head.spent().saturating_sub(head.refunded())
    }

    /// What the customer has bought and got back over the whole life; none without a purchase.
    #[must_use]
    pub fn bought(&self, ix: Ix) -> Option<Bought> {
        let head = self.heads.get(ix.0);
        Some(Bought {
            orders: head.purchases,
            days: head.purchase_days,
            first_day_ms: i64::from(head.first_purchase_day()?) * DAY_MS,
            last_ms: head.last_purchase()?,
            spent_minor: head.spent(),
            refunded_minor: head.refunded(),
        })
    }

    /// Spend of the 90 UTC days up to and with the day of `now`, minor units.
    #[must_use]
    pub fn spend_90d_minor(&self, ix: Ix, now: i64) -> i64 {
        let words = self.words_of(self.heads.get(ix.0));
        windows_at(words, day_of_ms(now), [false, false, true]).minor(2)
    }

    /// Mean amount of the customer's purchases, minor units, rounded down; none without one.
    #[must_use]
    pub fn mean_purchase_minor(&self, ix: Ix) -> Option<i64> {
        let head = self.heads.get(ix.0);
        head.spent().checked_div(i64::from(head.purchases))
    }

    /// The plan's features at `now`, in plan order, into `out`, which has the plan's length.
    ///
    /// Exact for every `now` from seven days before the customer's newest event on. Window counts
    /// leave out what is dated after the day of `now`; lifetime values hold all events applied so
    /// far. All values are finite.
    pub fn features(&self, ix: Ix, now: i64, plan: &Plan, out: &mut [f64]) {
        let head = self.heads.get(ix.0);
        let windows = match plan.windows() {
            [false, false, false] => Windows::default(),
            needed => windows_at(self.words_of(head), day_of_ms(now), needed),
        };
        let stats = match plan.needs_stats() {
            false => Stats::default(),
            true => self.stats_at(ix, head, day_of_ms(now)),
        };
        let formulas = self.formulas(head, plan);
        let moment = Moment {
            now,
            windows: &windows,
            stats: &stats,
        };
        for (value, &kind) in out.iter_mut().zip(plan.kinds()) {
            *value = formulas.value(kind, moment, moment);
        }
    }

    /// Bounds `(lo, hi)` of the plan's features over every instant of `span`, if no event comes and
    /// no timer fires in it: `lo <= feature <= hi`. Equal to the feature where the span is one
    /// instant; within one UTC day only what grows with time is wider. A span that ends before it
    /// begins counts as its beginning.
    pub fn bounds(&self, ix: Ix, span: RangeInclusive<i64>, plan: &Plan, out: &mut [(f64, f64)]) {
        let (from, to) = (*span.start(), *span.start().max(span.end()));
        let days = day_of_ms(from)..=day_of_ms(to);
        let head = self.heads.get(ix.0);
        let (lo, hi) = match plan.windows() {
            [false, false, false] => Default::default(),
            needed => bounds_of(self.words_of(head), days, needed),
        };
        let stats = match plan.needs_stats() {
            false => Stats::default(),
            true => self.stats_at(ix, head, day_of_ms(from)),
        };
        // What is dated later than `from` enters the statistics on the way: nothing is known of them then.
        let is_open =
            plan.needs_stats() && self.is_dated_within(head, day_of_ms(from), day_of_ms(to));
        let formulas = self.formulas(head, plan);
        let stats = &stats;
        let (lo, hi) = (
            Moment {
                now: from,
                windows: &lo,
                stats,
            },
            Moment {
                now: to,
                windows: &hi,
                stats,
            },
        );
        for (value, &kind) in out.iter_mut().zip(plan.kinds()) {
            if is_open && matches!(kind, Kind::Life(..)) {
                *value = (f64::MIN, f64::MAX);
                continue;
            }
            let low = formulas.value(kind, lo, hi);
            let high = if kind.is_timeless() {
                low
            } else {
                formulas.value(kind, hi, lo)
            };
            *value = match kind {
                Kind::Life(..) if from < to => widened(low, high),
                _ => (low, high),
            };
        }
    }

    fn formulas<'a>(&self, head: &'a Head, plan: &'a Plan) -> Formulas<'a> {
        Formulas {
            head,
            minor_per_major: self.minor_per_major,
            occasion: self.settings.stats.unwrap_or(Occasion::Purchase),
            constants: plan.constants(),
        }
    }

    #[inline]
    pub(super) fn words_of(&self, head: &Head) -> &[u64] {
        let row = head.row();
        &self.words.row(row.class, row.slot)[..usize::from(row.len)]
    }

    /// Bytes held, as allocated.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory {
            keys: self.names.bytes(),
            heads: self.heads.bytes(),
            words: self.words.bytes(),
            recent: self.recent.as_ref().map_or(0, Recent::bytes),
            stats: self.stats.as_ref().map_or(0, Column::bytes),
        }
    }
}
