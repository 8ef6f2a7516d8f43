//! A period that is not over: who was there when it began, and what has come of its days so far.

use serde::{Deserialize, Serialize};

use super::bits::{Bits, in_both};
use super::partial::Beside;
use super::purse::Purse;
use crate::calendar::Period;
use crate::funnel::STEPS;
use crate::periods::{Before, Slot};

/// Who is there now, by index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stock {
    /// Customers.
    pub(super) present: Bits,
    /// Whoever ever was one.
    pub(super) ever: Bits,
    /// With an order or more, and with two or more.
    pub(super) ordered: Bits,
    pub(super) repeated: Bits,
    /// With a running contract.
    pub(super) subscribed: u64,
    /// What winning customers has cost, minor units: sign-ups, and campaigns up to the first time as a customer.
    pub(super) cost: i64,
}

impl Stock {
    /// All of its sets.
    pub(super) fn sets_mut(&mut self) -> [&mut Bits; 4] {
        [
            &mut self.present,
            &mut self.ever,
            &mut self.ordered,
            &mut self.repeated,
        ]
    }
}

/// The period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) period: Period,
    pub(super) start: i64,
    pub(super) end: i64,
    /// Whether it was looked at from its beginning: if not, nothing is told of it.
    pub(super) is_whole: bool,
    pub(super) before: Before,
    pub(super) beside: Beside,
    /// As it began.
    present: Bits,
    ever: Bits,
    ordered: Bits,
    subscribed: u64,
    active: Bits,
    buyers: Bits,
    /// Who did which step of the funnel, but for the last, which buyers did.
    steps: [Bits; STEPS.len() - 1],
    slot: Slot,
    /// What each customer brought here, minor units, and what the buyers of the period before brought there.
    brought: Purse,
    bought_before: Purse,
}

impl Open {
    pub(super) fn new(period: Period, (start, end): (i64, i64), stock: &Stock) -> Self {
        let mut open = Self {
            period,
            start,
            end,
            is_whole: true,
            before: Before::default(),
            beside: Beside::default(),
            present: Bits::default(),
            ever: Bits::default(),
            ordered: Bits::default(),
            subscribed: 0,
            active: Bits::default(),
            buyers: Bits::default(),
            steps: Default::default(),
            slot: Slot::default(),
            brought: Purse::default(),
            bought_before: Purse::default(),
        };
        open.begin(stock);
        open
    }

    /// What is there now was there when it began.
    pub(super) fn begin(&mut self, stock: &Stock) {
        self.present.clone_from(&stock.present);
        self.ever.clone_from(&stock.ever);
        self.ordered.clone_from(&stock.ordered);
        self.subscribed = stock.subscribed;
    }

    /// A customer with so many orders on one day, the first of all among them or not, the second of all or not.
    pub(super) fn orders(&mut self, ix: u32, n: u64, (is_first, is_second): (bool, bool)) {
        self.buyers.insert(ix);
        self.slot.orders += n;
        self.slot.returning_orders += n - u64::from(is_first);
        self.slot.first_orders += u64::from(is_first);
        self.slot.second_orders += u64::from(is_second);
    }

    /// What buyers of a day brought, also where that was nothing: the next period may keep them. And what was refunded.
    pub(super) fn revenue(&mut self, day: &[(u32, i64)]) {
        self.slot.revenue += day.iter().map(|(_, minor)| minor).sum::<i64>();
        self.brought.add(day);
    }

    pub(super) fn carts(&mut self, opened: u64, left: u64) {
        self.slot.carts_opened += opened;
        self.slot.carts_left += left;
    }

    pub(super) fn day(&mut self, active: &Bits, traffic: u64, beside: &Beside) {
        self.active.absorb(active);
        self.slot.traffic += traffic;
        self.beside.add(beside);
    }

    /// Who did which step on a day.
    pub(super) fn stepped(&mut self, steps: &[Bits; STEPS.len() - 1]) {
        for (all, more) in self.steps.iter_mut().zip(steps) {
            all.absorb(more);
        }
    }

    /// Of each step of the funnel, how many did it, and how many it or a later one.
    pub(super) fn funnel(&self) -> Vec<(u64, u64)> {
        let mut further = self.buyers.clone();
        let mut rows = vec![(further.len(), further.len())];
        for step in self.steps.iter().rev() {
            further.absorb(step);
            rows.push((step.len(), further.len()));
        }
        rows.reverse();
        rows
    }

    /// Whether the customer bought.
    pub(super) fn has_bought(&self, ix: u32) -> bool {
        self.buyers.has(ix)
    }

    /// It is over, and this is there now; its sums.
    pub(super) fn sums(&self, stock: &Stock) -> Slot {
        let mut slot = self.slot;
        slot.start = self.present.len();
        slot.end = stock.present.len();
        slot.stayed = in_both(&self.present, &stock.present);
        for at in 0..stock.present.words() {
            let came = stock.present.word(at) & !self.present.word(at);
            let known = self.ever.word(at);
            slot.acquired += u64::from((came & !known).count_ones());
            slot.reactivated += u64::from((came & known).count_ones());
        }
        slot.subscriptions_start = self.subscribed;
        slot.subscriptions_end = stock.subscribed;
        slot.active = self.active.len();
        slot.buyers = self.buyers.len();
        slot.again = in_both(&self.buyers, &self.ordered);
        self.bought_before.beside(&self.brought, |then, now| {
            slot.kept_net += now;
            slot.kept_gross += now.clamp(0, then.max(0));
        });
        let buyers = self.brought.iter().filter(|(ix, _)| self.buyers.has(*ix));
        slot.buyers_revenue = buyers.map(|(_, minor)| minor).sum();
        slot
    }

    /// The next one begins.
    pub(super) fn roll(&mut self, span: (i64, i64), sums: &Slot, stock: &Stock) {
        let bought_before = self.brought.filtered(|ix| self.buyers.has(ix));
        let mut before = self.before;
        before.pass(sums);
        *self = Self {
            before,
            bought_before,
            ..Self::new(self.period, span, stock)
        };
    }

    pub(super) fn erase(&mut self, ix: u32) {
        let sets = [&mut self.present, &mut self.ever, &mut self.ordered];
        for set in sets {
            set.remove(ix);
        }
        self.active.remove(ix);
        self.buyers.remove(ix);
        self.steps.iter_mut().for_each(|step| step.remove(ix));
        self.brought.remove(ix);
        self.bought_before.remove(ix);
    }

    /// A customer of another partition comes here, with another index.
    pub(super) fn adopt(&mut self, from: &Self, (theirs, own): (u32, u32)) {
        self.present.set(own, from.present.has(theirs));
        self.ever.set(own, from.ever.has(theirs));
        self.ordered.set(own, from.ordered.has(theirs));
        self.active.set(own, from.active.has(theirs));
        self.buyers.set(own, from.buyers.has(theirs));
        for (step, from) in self.steps.iter_mut().zip(&from.steps) {
            step.set(own, from.has(theirs));
        }
    }

    /// What customers of another partition brought comes along, of those whom `own` knows here by another index.
    pub(super) fn adopt_amounts(&mut self, from: &Self, own: impl Fn(u32) -> Option<u32>) {
        for (to, from) in [
            (&mut self.brought, &from.brought),
            (&mut self.bought_before, &from.bought_before),
        ] {
            let here = from
                .iter()
                .filter_map(|(ix, minor)| Some((own(ix)?, minor)));
            let mut here: Vec<_> = here.collect();
            here.sort_unstable();
            to.add(&here);
        }
    }

    /// What another partition had counted so far, without saying of whom.
    pub(super) fn absorb(&mut self, from: &Self) {
        self.slot.add(&from.slot);
        self.before.add(&from.before);
        self.beside.add(&from.beside);
        self.subscribed += from.subscribed;
    }

    pub(super) fn trim(&mut self) {
        let sets = [&mut self.present, &mut self.ever, &mut self.ordered];
        for set in sets {
            set.trim();
        }
        self.active.trim();
        self.buyers.trim();
        self.steps.iter_mut().for_each(Bits::trim);
    }

    pub(super) fn memory(&self) -> usize {
        let sets = [&self.present, &self.ever, &self.ordered];
        let sets: usize = sets.into_iter().map(Bits::memory).sum();
        let steps: usize = self.steps.iter().map(Bits::memory).sum();
        let rows = steps + self.brought.memory() + self.bought_before.memory();
        sets + self.active.memory() + self.buyers.memory() + rows
    }
}
