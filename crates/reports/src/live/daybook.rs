//! What one partition notes for the figures of its log.

use std::collections::BTreeMap;

use holdfast_events::EventType;
use jiff::tz::TimeZone;

use super::BookTerms;
use super::bits::Bits;
use super::came::Came;
use super::day::{Day, Touch};
use super::open::{Open, Stock};
use super::partial::Partial;
use super::running::{Running, short};
use super::tickets::Tickets;
use crate::act::{has_cost, is_active};
use crate::calendar::Period;
use crate::carts::{Abandons, Walk};
use crate::funnel::step;

/// An applied event, as far as figures need it.
#[derive(Clone, Copy, Debug)]
pub struct Happening {
    /// When, ms UTC.
    pub ts: i64,
    /// What.
    pub kind: EventType,
    /// The amount in minor units, if one was sent.
    pub minor: Option<i64>,
    /// The hash of a contract's id, for events of contracts.
    pub contract: Option<u64>,
    /// What a sign-up or a campaign's message cost, minor units.
    pub cost: Option<i64>,
}

/// One partition's book.
#[derive(Clone, Debug)]
pub struct Daybook {
    pub(super) zone: TimeZone,
    pub(super) terms: BookTerms,
    /// Partition and number of partitions, as partials say.
    pub(super) place: (i32, u32),
    /// The first day that is not closed; none before anything happened.
    pub(super) next: Option<(i64, i64)>,
    /// Whether a day was closed.
    pub(super) has_closed: bool,
    pub(super) days: BTreeMap<i64, Day>,
    /// As of the end of the last closed day.
    pub(super) stock: Stock,
    /// Second at which the last purchase that counts was made, rounded up; 0 is none.
    pub(super) purchases: Vec<u32>,
    /// In which month each came.
    pub(super) came: Came,
    /// Hashes of the ids of running contracts.
    pub(super) contracts: Running,
    pub(super) carts: BTreeMap<u32, Walk>,
    pub(super) segments: BTreeMap<String, i64>,
    pub(super) open: Vec<Open>,
}

/// Whether more of an event counts than that it was.
fn is_touch(kind: EventType, abandons: Abandons) -> bool {
    use EventType as E;
    match kind {
        E::Purchase | E::Refund | E::AccountClosed | E::SignUp => true,
        E::CartAdd | E::CheckoutStart | E::CheckoutStep => true,
        E::CartAbandon => abandons == Abandons::Given,
        E::SubscriptionStart | E::SubscriptionRenew => true,
        E::SubscriptionCancel | E::SubscriptionExpire => true,
        _ => false,
    }
}

impl Daybook {
    /// A book in which nothing is noted yet.
    #[must_use]
    pub fn new(terms: BookTerms, zone: TimeZone) -> Self {
        Self {
            zone,
            terms,
            place: (0, 1),
            next: None,
            has_closed: false,
            days: BTreeMap::new(),
            stock: Stock::default(),
            purchases: Vec::new(),
            came: Came::default(),
            contracts: Running::default(),
            carts: BTreeMap::new(),
            segments: BTreeMap::new(),
            open: Vec::new(),
        }
    }

    /// Says whose book it is, of how many.
    pub fn set_place(&mut self, partition: i32, partitions: u32) {
        self.place = (partition, partitions);
    }

    /// Whose book it is.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.place.0
    }

    /// The local day of an instant. Beyond the calendar there is one day.
    fn span(&self, ts: i64) -> (i64, i64) {
        Period::Day
            .span(&self.zone, ts)
            .unwrap_or((i64::MIN / 4, i64::MAX / 4))
    }

    /// The instant at which the local day of `ts` ends (ms UTC), or the first day that is not closed, if that is later.
    #[must_use]
    pub fn day_end(&self, ts: i64) -> i64 {
        match self.next {
            Some((start, end)) if ts < end && (ts >= start || self.has_closed) => end,
            _ => self.span(ts).1,
        }
    }

    /// The page of the day of `ts`, or of the first one that is not closed, and where in it.
    fn page(&mut self, ts: i64) -> (&mut Day, u32, bool) {
        let (mut start, mut end) = match self.next {
            Some((start, end)) if (start..end).contains(&ts) => (start, end),
            _ => match self.days.range(..=ts).next_back() {
                Some((_, day)) if day.holds(ts) => (day.start, day.end),
                _ => self.span(ts),
            },
        };
        let mut is_late = false;
        match self.next {
            Some(next) if self.has_closed && start < next.0 => {
                is_late = true;
                (start, end) = next;
            }
            Some(next) if self.has_closed || ts > next.0 => {}
            // What comes at a day's first instant makes a customer of the end of the day before.
            _ => self.next = Some(self.span(ts.saturating_sub(1))),
        }
        let day = self.days.entry(start);
        // What comes for a day's first instant, which belongs to the day before as well, when that is closed, is late for
        // it: it counts from the next millisecond on.
        let after = self.has_closed && self.next.is_some_and(|next| next.0 == start);
        let ms = ts.saturating_sub(start).max(i64::from(is_late || after));
        let ms = u32::try_from(ms).unwrap_or(u32::MAX);
        (day.or_insert_with(|| Day::new((start, end))), ms, is_late)
    }

    /// An event was applied.
    pub fn happened(&mut self, ix: u32, what: &Happening) {
        let abandons = self.terms.abandons;
        let (day, ms, is_late) = self.page(what.ts);
        day.beside.late_events += u64::from(is_late);
        day.beside.counts(what.kind);
        if is_active(what.kind) {
            day.active.insert(ix);
            if step(what.kind) == Some(0) {
                day.visits.insert(ix);
            }
            day.traffic += u64::from(what.kind == EventType::PageView);
        }
        let cost = what.cost.filter(|cost| *cost != 0 && has_cost(what.kind));
        if is_touch(what.kind, abandons) || cost.is_some() {
            let contract = what.contract.map(|hash| short(hash).cast_signed());
            let amount = if has_cost(what.kind) {
                cost
            } else {
                what.minor
            };
            let touch = Touch::new(ix, ms, what.kind, amount.or(contract));
            day.touches.push(touch);
        }
    }

    /// An opinion was given at `ts`, its score in millionths of the scale.
    pub fn opined(&mut self, ts: i64, question: crate::Question, share: u32) {
        self.page(ts).0.beside.opinion(question, share);
    }

    /// Tickets were opened, answered or solved at `ts`.
    pub fn served(&mut self, ts: i64, tickets: &Tickets) {
        self.page(ts).0.beside.served(tickets);
    }

    /// A customer's segment changed at `ts`; none is nobody's.
    pub fn moved(&mut self, ts: i64, from: Option<&'static str>, to: Option<&'static str>) {
        self.page(ts).0.beside.moved(from, to);
    }

    /// Time has come to `to`, ms UTC: days that end by then are closed, and told of. Says whether there was one. `spent` says
    /// what a customer has brought by everything that was noted here, minor units.
    pub fn close_up_to(
        &mut self,
        to: i64,
        spent: &dyn Fn(u32) -> i64,
        tell: &mut dyn FnMut(Partial),
    ) -> bool {
        let Some((_, end)) = self.next else {
            return self.begin(to, tell);
        };
        if end > to {
            return false;
        }
        while let Some((start, end)) = self.next.filter(|(_, end)| *end <= to) {
            self.close((start, end), spent, tell);
            if self.next.is_none_or(|next| next.0 < end) {
                // The calendar is at its end.
                break;
            }
        }
        true
    }

    /// Nothing happened yet. Whoever waits for this partition learns that it has nothing to say.
    fn begin(&mut self, to: i64, tell: &mut dyn FnMut(Partial)) -> bool {
        let Ok((today, tomorrow)) = Period::Day.span(&self.zone, to) else {
            return false;
        };
        self.next = Some((today, tomorrow));
        if let Ok(yesterday) = Period::Day.span(&self.zone, today - 1) {
            let nothing = Open::new(Period::Day, yesterday, &self.stock);
            tell(self.partial(&nothing, Default::default()));
        }
        true
    }

    /// Other terms hold from the next closed day on; a period that nobody looked at from its beginning is told from the
    /// next one on.
    pub fn activate(&mut self, terms: BookTerms) {
        if self.terms == terms {
            return;
        }
        self.terms = terms;
        self.open_periods();
    }

    /// Forgets a customer, in periods that are not over as well. What the customer had bought in them stays in sums.
    pub fn erase(&mut self, ix: u32) {
        for day in self.days.values_mut() {
            day.erase(ix);
        }
        for open in &mut self.open {
            open.erase(ix);
        }
        for set in self.stock.sets_mut() {
            set.remove(ix);
        }
        if let Some(second) = self.purchases.get_mut(ix as usize) {
            *second = 0;
        }
        self.came.remove(ix);
        self.carts.remove(&ix);
        self.stock.subscribed -= u64::from(self.contracts.is_any(ix));
        self.contracts.set(ix, Vec::new());
    }

    /// Bytes held, as allocated, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        let days: usize = self.days.values().map(Day::memory).sum();
        let open: usize = self.open.iter().map(Open::memory).sum();
        let stock = &self.stock;
        let sets = [&stock.present, &stock.ever, &stock.ordered, &stock.repeated];
        let sets: usize = sets.into_iter().map(Bits::memory).sum();
        let rows = self.contracts.memory() + self.carts.len() * 80;
        days + open + sets + self.purchases.capacity() * 4 + self.came.memory() + rows
    }
}
