//! What is kept of every customer beside the day words: 64 bytes, one cache line.
//!
//! All of it is a function of the set of events that were applied, not of their order: extremes,
//! integer sums, and the squares of the gaps between distinct purchase days, which are mended when a
//! late purchase falls between two known days.

use crate::day_of_ms;

/// A whole number in `N` little-endian bytes: times fit in six, which saves a quarter of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Narrow<const N: usize>([u8; N]);

impl<const N: usize> Narrow<N> {
    pub(crate) const MAX: u64 = (1 << (8 * N)) - 1;

    #[inline(always)]
    pub(crate) fn get(self) -> u64 {
        let mut bytes = [0; 8];
        bytes[..N].copy_from_slice(&self.0);
        u64::from_le_bytes(bytes)
    }

    /// Holds `value` at the greatest that fits.
    #[inline(always)]
    pub(crate) fn new(value: u64) -> Self {
        let mut narrow = [0; N];
        narrow.copy_from_slice(&value.min(Self::MAX).to_le_bytes()[..N]);
        Self(narrow)
    }
}

/// No such day. Days of accepted times end at 47,481.
pub(crate) const NO_DAY: u16 = u16::MAX;

/// Where a customer's words are: class and slot in the slab, and how many of the row are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Row {
    pub(crate) slot: u32,
    pub(crate) len: u16,
    pub(crate) class: u8,
}

/// The fixed part of a customer's state. A time of 0 means "never": accepted times are positive.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Head {
    pub(crate) purchases: u32,
    /// Sum of the squared gaps between neighbouring distinct purchase days.
    gap_squares: u32,
    row_slot: u32,
    row_len: u16,
    pub(crate) purchase_days: u16,
    first_purchase_day: u16,
    /// The newest purchase day that has no word any more.
    forgotten_purchase_day: u16,
    row_class: u8,
    first: Narrow<6>,
    newest: Narrow<6>,
    last_act: Narrow<6>,
    last_purchase: Narrow<6>,
    /// Newest touch of a cart, times two, plus one if its timer has fired.
    cart: Narrow<6>,
    /// Minor units, held at 2^56 - 1 and 2^48 - 1.
    spent: Narrow<7>,
    refunded: Narrow<6>,
}

const _: () = assert!(size_of::<Head>() == 64, "a head is one cache line");

fn time(stamp: Narrow<6>) -> Option<i64> {
    match stamp.get() {
        0 => None,
        ms => Some(ms as i64),
    }
}

fn stamp(ms: i64) -> Narrow<6> {
    Narrow::new(ms.max(0) as u64)
}

/// The purchase days on both sides of a new one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Between {
    pub(crate) before: Option<u16>,
    pub(crate) after: Option<u16>,
}

/// A customer's state but for where its words are. Days and times are checked by whoever makes it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parts {
    pub(crate) first: i64,
    pub(crate) newest: i64,
    pub(crate) last_act: Option<i64>,
    pub(crate) last_purchase: Option<i64>,
    pub(crate) cart: Option<(i64, bool)>,
    pub(crate) first_purchase_day: Option<u16>,
    pub(crate) forgotten_purchase_day: Option<u16>,
    pub(crate) purchase_days: u16,
    pub(crate) gap_squares: u32,
    pub(crate) purchases: u64,
    pub(crate) spent: u64,
    pub(crate) refunded: u64,
}

impl Head {
    /// A head that has no words yet; what doesn't fit is held at the greatest that does.
    pub(crate) fn from_parts(parts: &Parts) -> Self {
        let mut head = Self {
            purchases: u32::try_from(parts.purchases).unwrap_or(u32::MAX),
            gap_squares: parts.gap_squares,
            purchase_days: parts.purchase_days,
            first_purchase_day: parts.first_purchase_day.unwrap_or(NO_DAY),
            forgotten_purchase_day: parts.forgotten_purchase_day.unwrap_or(NO_DAY),
            first: stamp(parts.first),
            newest: stamp(parts.newest),
            last_act: stamp(parts.last_act.unwrap_or(0)),
            last_purchase: stamp(parts.last_purchase.unwrap_or(0)),
            spent: Narrow::new(parts.spent),
            refunded: Narrow::new(parts.refunded),
            ..Self::new()
        };
        if let Some((touch, fired)) = parts.cart {
            head.set_cart(touch, fired);
        }
        head
    }

    pub(crate) const fn new() -> Self {
        const NEVER: Narrow<6> = Narrow([0; 6]);
        Self {
            purchases: 0,
            gap_squares: 0,
            row_slot: 0,
            row_len: 0,
            purchase_days: 0,
            first_purchase_day: NO_DAY,
            forgotten_purchase_day: NO_DAY,
            row_class: 0,
            first: NEVER,
            newest: NEVER,
            last_act: NEVER,
            last_purchase: NEVER,
            cart: NEVER,
            spent: Narrow([0; 7]),
            refunded: NEVER,
        }
    }

    #[inline(always)]
    pub(crate) fn row(&self) -> Row {
        Row {
            slot: self.row_slot,
            len: self.row_len,
            class: self.row_class,
        }
    }

    pub(crate) fn set_row(&mut self, row: Row) {
        (self.row_slot, self.row_len, self.row_class) = (row.slot, row.len, row.class);
    }

    pub(crate) fn first(&self) -> Option<i64> {
        time(self.first)
    }

    pub(crate) fn newest(&self) -> Option<i64> {
        time(self.newest)
    }

    pub(crate) fn last_act(&self) -> Option<i64> {
        time(self.last_act)
    }

    pub(crate) fn last_purchase(&self) -> Option<i64> {
        time(self.last_purchase)
    }

    pub(crate) fn first_purchase_day(&self) -> Option<u16> {
        Some(self.first_purchase_day).filter(|day| *day != NO_DAY)
    }

    pub(crate) fn forgotten_purchase_day(&self) -> Option<u16> {
        Some(self.forgotten_purchase_day).filter(|day| *day != NO_DAY)
    }

    pub(crate) fn forget_purchase_day(&mut self, day: u16) {
        self.forgotten_purchase_day = day;
    }

    pub(crate) fn spent(&self) -> i64 {
        self.spent.get() as i64
    }

    pub(crate) fn refunded(&self) -> i64 {
        self.refunded.get() as i64
    }

    pub(crate) fn gap_squares(&self) -> u32 {
        self.gap_squares
    }

    /// Days from the first to the last purchase day: the sum of all gaps.
    pub(crate) fn gap_sum(&self) -> u32 {
        match (self.first_purchase_day(), self.last_purchase()) {
            (Some(first), Some(last)) => u32::from(day_of_ms(last)) - u32::from(first),
            _ => 0,
        }
    }

    /// Takes note of an event at `ts`, be it an act of the customer or not.
    pub(crate) fn see(&mut self, ts: i64, is_act: bool) {
        if self.first().is_none_or(|first| ts < first) {
            self.first = stamp(ts);
        }
        if self.newest().is_none_or(|newest| ts > newest) {
            self.newest = stamp(ts);
        }
        if is_act && self.last_act().is_none_or(|last| ts > last) {
            self.last_act = stamp(ts);
        }
    }

    /// Takes note of a purchase; `new_day` holds its neighbours if its day had none so far.
    pub(crate) fn buy(&mut self, ts: i64, minor: i64, new_day: Option<Between>) {
        self.purchases = self.purchases.saturating_add(1);
        self.spent = Narrow::new(self.spent.get().saturating_add(minor.max(0) as u64));
        if self.last_purchase().is_none_or(|last| ts > last) {
            self.last_purchase = stamp(ts);
        }
        if let Some(between) = new_day {
            self.add_purchase_day(day_of_ms(ts), between);
        }
    }

    fn add_purchase_day(&mut self, day: u16, between: Between) {
        let square = |from: u16, to: u16| u32::from(to - from) * u32::from(to - from);
        let Between { before, after } = between;
        if before.is_none() {
            self.first_purchase_day = day;
        }
        if let (Some(before), Some(after)) = (before, after) {
            self.gap_squares -= square(before, after);
        }
        self.gap_squares += before.map_or(0, |before| square(before, day));
        self.gap_squares += after.map_or(0, |after| square(day, after));
        self.purchase_days += 1;
    }

    pub(crate) fn refund(&mut self, minor: i64) {
        self.refunded = Narrow::new(self.refunded.get().saturating_add(minor.max(0) as u64));
    }

    /// The newest touch of a cart and whether its timer has fired.
    pub(crate) fn cart(&self) -> Option<(i64, bool)> {
        match self.cart.get() {
            0 => None,
            packed => Some(((packed >> 1) as i64, packed & 1 == 1)),
        }
    }

    pub(crate) fn set_cart(&mut self, touch: i64, fired: bool) {
        self.cart = Narrow::new(((touch.max(0) as u64) << 1) | u64::from(fired));
    }
}
