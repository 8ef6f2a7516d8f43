//! A local day is over.

use std::collections::BTreeMap;

use holdfast_events::EventType;
use jiff::tz::TimeZone;

use super::bits::{Bits, at_least};
use super::came::month_of;
use super::day::{Day, Touch};
use super::daybook::Daybook;
use super::open::Open;
use super::partial::{Beside, Partial};
use super::worth::Worth;
use crate::calendar::Period;
use crate::carts::Turn;
use crate::funnel::{STEPS, step};
use crate::periods::Slot;
use crate::presence::Presence;

/// The second that holds an instant or follows it. Bounds are whole seconds, so no comparison with one changes.
fn second(ms: i64) -> u32 {
    u32::try_from(ms.saturating_add(999).div_euclid(1_000).max(0)).unwrap_or(u32::MAX)
}

/// Customers' touches, each customer's by time, those of one instant as they came.
fn by_customer(mut touches: Vec<Touch>) -> Vec<Touch> {
    touches.sort_by_key(|touch| (touch.ix, touch.ms));
    touches
}

/// As a day ends, before what happens at that very instant.
#[derive(Default)]
struct Midnight {
    /// With a running contract.
    running: Bits,
    /// Whoever ever was a customer.
    ever: Bits,
    /// What winning customers has cost so far.
    cost: i64,
}

/// The period that follows.
fn following(zone: &TimeZone, period: Period, end: i64) -> (i64, i64) {
    period.span(zone, end).unwrap_or((end, i64::MAX / 4))
}

impl Daybook {
    pub(super) fn close(
        &mut self,
        span: (i64, i64),
        spent: &dyn Fn(u32) -> i64,
        tell: &mut dyn FnMut(Partial),
    ) {
        let (start, end) = span;
        let mut day = self.days.remove(&start).unwrap_or_else(|| Day::new(span));
        let touches = by_customer(std::mem::take(&mut day.touches));
        self.open_periods();
        self.has_closed = true;
        let later: Vec<Touch> = touches.iter().filter(|t| t.ms > 0).copied().collect();
        self.stand(start, end, &later);
        let before = self.before_midnight(end);
        let (month, next) = (month_of(&self.zone, start), month_of(&self.zone, end));
        if next != month {
            self.came.begin(next);
        }
        let at_next = self.days.get(&end).map(|next| next.touches.iter());
        let at_next: Vec<Touch> = at_next
            .into_iter()
            .flatten()
            .filter(|touch| touch.ms == 0)
            .copied()
            .collect();
        self.stand(end, end, &by_customer(at_next));
        self.leave(end);
        self.flow(&touches);
        self.steps(&day.visits, &touches);
        self.walk_carts((start, end), &touches);
        self.pass(&day.beside);
        for open in &mut self.open {
            open.day(&day.active, day.traffic, &day.beside);
        }
        self.next = Some(following(&self.zone, Period::Day, end));
        self.roll(end, &before, spent, tell);
    }

    /// Who is who before anything that happens at the very instant at which a day ends; nobody where no longer period
    /// ends with it.
    fn before_midnight(&self, end: i64) -> Midnight {
        let is_over = |open: &Open| open.period != Period::Day && open.end <= end;
        if !self.open.iter().any(is_over) {
            return Midnight::default();
        }
        let mut running = Bits::default();
        for ix in self.stock.ever.iter() {
            if self.contracts.is_any(ix) {
                running.insert(ix);
            }
        }
        Midnight {
            running,
            ever: self.stock.ever.clone(),
            cost: self.stock.cost,
        }
    }

    /// What customers have brought until then. What was noted of later days is known too, and taken off. A walk over all
    /// customers, once a week, month or year.
    fn worth(&self, before: &Midnight, spent: &dyn Fn(u32) -> i64) -> Worth {
        let mut later: BTreeMap<u32, i64> = BTreeMap::new();
        for touch in self.days.values().flat_map(|day| &day.touches) {
            *later.entry(touch.ix).or_default() += touch.revenue();
        }
        let brought = |ix: u32| spent(ix) - later.get(&ix).copied().unwrap_or(0);
        let mut worth = Worth::of_cost(before.cost);
        before
            .ever
            .iter()
            .for_each(|ix| worth.customer(brought(ix)));
        self.stock
            .ordered
            .iter()
            .for_each(|ix| worth.buyer(brought(ix)));
        worth
    }

    /// Who did which step of the funnel on a day.
    fn steps(&mut self, visits: &Bits, touches: &[Touch]) {
        let mut steps: [Bits; STEPS.len() - 1] = Default::default();
        steps[0].clone_from(visits);
        for touch in touches {
            if let Some(at) = step(touch.kind()).filter(|at| (1..steps.len()).contains(at)) {
                steps[at].insert(touch.ix);
            }
        }
        for open in &mut self.open {
            open.stepped(&steps);
        }
    }

    /// Makes a period of each kind that is not there yet, as of the next day.
    pub(super) fn open_periods(&mut self) {
        let Some((start, _)) = self.next else {
            return;
        };
        let wanted = |period| period == Period::Day || self.terms.periods.contains(&period);
        let mut open = std::mem::take(&mut self.open);
        open.retain(|open| wanted(open.period));
        for period in Period::ALL.into_iter().filter(|period| wanted(*period)) {
            if open.iter().any(|open| open.period == period) {
                continue;
            }
            let span = following(&self.zone, period, start);
            let mut new = Open::new(period, span, &self.stock);
            new.is_whole = span.0 == start || !self.has_closed;
            new.before.bought = self.stock.ordered.len();
            new.before.repeated = self.stock.repeated.len();
            open.push(new);
        }
        open.sort_by_key(|open| open.period);
        self.open = open;
    }

    /// Who is a customer at `bound` after these touches of a day that began at `start`.
    fn stand(&mut self, start: i64, bound: i64, touches: &[Touch]) {
        let month = month_of(&self.zone, start);
        for own in touches.chunk_by(|a, b| a.ix == b.ix) {
            let ix = own[0].ix;
            let place = ix as usize;
            let last = self.purchases.get(place).copied().filter(|s| *s > 0);
            let running = self.contracts.get(ix);
            let (was_subscribed, mut exists) = (!running.is_empty(), false);
            let window_ms = self.terms.window_ms;
            let last_ms = last.map(|second| i64::from(second) * 1_000);
            let mut presence = Presence::resumed(window_ms, last_ms, running);
            for touch in own {
                let ts = start + i64::from(touch.ms);
                // A campaign that reaches who is or was a customer wins nobody.
                if touch.kind() == EventType::SignUp || !(exists || self.stock.ever.has(ix)) {
                    self.stock.cost += touch.cost();
                }
                presence.happens(ts, touch.kind(), touch.contract());
                exists |= presence.at(ts);
            }
            if exists && self.stock.ever.insert(ix) {
                self.came.set(ix, month);
            }
            let is_present = presence.at(bound);
            self.stock.present.set(ix, is_present);
            let (purchase, running) = presence.left();
            let purchased = purchase.map_or(0, second);
            if purchased != last.unwrap_or(0) {
                at_least(&mut self.purchases, place + 1);
                self.purchases[place] = purchased;
            }
            self.stock.subscribed += u64::from(!running.is_empty());
            self.stock.subscribed -= u64::from(was_subscribed);
            self.contracts.set(ix, running);
        }
    }

    /// Those whose window is over at `bound` are no customers any more, unless a contract runs. A walk over a word of four
    /// bytes for each of today's customers, once a day: cheaper than a list of who is to be looked at when.
    fn leave(&mut self, bound: i64) {
        let bought_by = second(bound.saturating_sub(self.terms.window_ms));
        let (purchases, contracts) = (&self.purchases, &self.contracts);
        self.stock.present.retain(|ix| {
            let bought = purchases.get(ix as usize).copied().unwrap_or(0);
            bought > bought_by || contracts.is_any(ix)
        });
    }

    /// Orders and revenue of a day.
    fn flow(&mut self, touches: &[Touch]) {
        let mut money = Vec::new();
        for own in touches.chunk_by(|a, b| a.ix == b.ix) {
            let ix = own[0].ix;
            let is_order = |t: &&Touch| t.kind() == EventType::Purchase;
            let orders = own.iter().filter(is_order).count() as u64;
            let revenue: i64 = own.iter().map(|touch| touch.revenue()).sum();
            if orders > 0 {
                let is_first = self.stock.ordered.insert(ix);
                let is_second = (!is_first || orders > 1) && self.stock.repeated.insert(ix);
                for open in &mut self.open {
                    open.orders(ix, orders, (is_first, is_second));
                }
            }
            if orders > 0 || revenue != 0 {
                money.push((ix, revenue));
            }
        }
        for open in &mut self.open {
            open.revenue(&money);
        }
    }

    /// Carts opened and left on a day.
    fn walk_carts(&mut self, (start, end): (i64, i64), touches: &[Touch]) {
        let rule = self.terms.abandons;
        let (mut opened, mut left) = (0, 0);
        let mut count = |turn: Turn| match turn {
            Turn::Opened(_) => opened += 1,
            Turn::Left(_) => left += 1,
        };
        let mut walks = std::mem::take(&mut self.carts);
        for touch in touches {
            let ts = start + i64::from(touch.ms);
            let walk = walks.entry(touch.ix).or_default();
            walk.take((ts, touch.kind()), rule, &mut count);
        }
        walks.retain(|_, walk| {
            walk.leave(end - 1, rule, &mut count);
            walk.is_open()
        });
        self.carts = walks;
        for open in &mut self.open {
            open.carts(opened, left);
        }
    }

    /// Where customers stand after the moves of a day.
    fn pass(&mut self, beside: &Beside) {
        for (from, to, n) in beside.moves() {
            let n = n.cast_signed();
            for (segment, change) in [(from, -n), (to, n)] {
                if !segment.is_empty() {
                    *self.segments.entry(segment.to_owned()).or_default() += change;
                }
            }
        }
        self.segments.retain(|_, n| *n != 0);
    }

    /// Tells of the periods that end at `end`, the day last, by which one hears that all was said; begins the next ones.
    fn roll(
        &mut self,
        end: i64,
        before: &Midnight,
        spent: &dyn Fn(u32) -> i64,
        tell: &mut dyn FnMut(Partial),
    ) {
        let mut open = std::mem::take(&mut self.open);
        for open in open.iter_mut().rev().filter(|open| open.end <= end) {
            let sums = open.sums(&self.stock);
            open.beside.reached(&open.funnel());
            if open.period == Period::Month {
                let there = |ix| open.has_bought(ix) || before.running.has(ix);
                // Some may have come at the very instant at which the next month begins.
                let next = month_of(&self.zone, end);
                open.beside.kept(&self.came.cohorts(next, there));
            }
            if open.period != Period::Day {
                open.beside.worth = Some(self.worth(before, spent));
            }
            tell(self.partial(open, sums));
            let span = following(&self.zone, open.period, end);
            open.roll(span, &sums, &self.stock);
        }
        self.open = open;
    }

    pub(super) fn partial(&self, open: &Open, sums: Slot) -> Partial {
        let (partition, partitions) = self.place;
        let segments = self.segments.iter();
        Partial {
            partition,
            partitions,
            period: open.period,
            start_ms: open.start,
            end_ms: open.end,
            is_whole: open.is_whole,
            sums,
            before: open.before,
            segments: segments.map(|(name, n)| (name.clone(), *n)).collect(),
            beside: open.beside.clone(),
        }
    }
}
