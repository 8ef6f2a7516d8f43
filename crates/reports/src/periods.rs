//! Who was there, who came, who left, who bought: one row per period.
//!
//! Stocks are judged at the instants between periods by [`crate::presence`], flows are of the events within
//! `[start, end)`.

use holdfast_events::EventType;
use serde::{Deserialize, Serialize};

use crate::act::{Customer, is_active};
use crate::calendar::Grid;
use crate::carts::{self, Turn};
use crate::presence::Presence;
use crate::rate::{Money, percent, percent_of_money};
use crate::terms::Terms;

/// Integer sums of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Slot {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) stayed: u64,
    pub(crate) acquired: u64,
    pub(crate) reactivated: u64,
    pub(crate) subscriptions_start: u64,
    pub(crate) subscriptions_end: u64,
    /// Customers whose first and whose second order fell here.
    pub(crate) first_orders: u64,
    pub(crate) second_orders: u64,
    pub(crate) buyers: u64,
    pub(crate) again: u64,
    pub(crate) active: u64,
    pub(crate) orders: u64,
    pub(crate) returning_orders: u64,
    pub(crate) revenue: i64,
    /// Revenue of those who bought here, and what the buyers of the period before brought here.
    pub(crate) buyers_revenue: i64,
    pub(crate) kept_gross: i64,
    pub(crate) kept_net: i64,
    pub(crate) carts_opened: u64,
    pub(crate) carts_left: u64,
    pub(crate) traffic: u64,
}

/// What the periods before one leave to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Before {
    /// Customers who had ordered once and more, twice and more.
    pub(crate) bought: u64,
    pub(crate) repeated: u64,
    /// Revenue of the buyers of the period right before it.
    pub(crate) revenue: i64,
}

/// One row per period, and the row's merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Periods {
    slots: Vec<Slot>,
}

/// One period's figures. Rates are percentages and none without a base; money is in major units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeriodFigures {
    /// The first instant, ms UTC.
    pub start_ms: i64,
    /// The first instant after it, ms UTC.
    pub end_ms: i64,
    /// Whether the events reach to its end. The figures of one that they do not reach are those of a log in which
    /// nothing more will happen.
    pub complete: bool,
    /// S: customers at the start.
    pub customers_start: u64,
    /// E: customers at the end.
    pub customers_end: u64,
    /// N: customers at the end whose first time as a customer lies in the period.
    pub acquired: u64,
    /// Of those at the start, how many were not there at the end.
    pub lost: u64,
    /// Customers at the end who were none at the start, but had been one before it.
    pub reactivated: u64,
    /// Customer retention rate: S and E of S.
    pub crr: Option<f64>,
    /// 100 - crr.
    pub churn_rate: Option<f64>,
    /// Customers with an order before the start.
    pub buyers_before: u64,
    /// Those of them with an order in the period.
    pub buyers_again: u64,
    /// `buyers_again` of `buyers_before`.
    pub returning_buyer_rate: Option<f64>,
    /// Customers with two orders or more of those with one or more, at the end.
    pub repeat_purchase_rate: Option<f64>,
    /// Whether the repeat-purchase rate lies in the band that guides call healthy, 20 to 40 %.
    pub healthy_repeat_rate: Option<bool>,
    /// Customers who did something.
    pub active: u64,
    /// Customers with an order.
    pub buyers: u64,
    /// Orders.
    pub orders: u64,
    /// Orders of customers who had ordered before.
    pub returning_orders: u64,
    /// `returning_orders` of `orders`.
    pub returning_order_share: Option<f64>,
    /// Purchases less refunds.
    pub revenue: f64,
    /// Revenue from the buyers of the period before, each no more than then, of their revenue then.
    pub revenue_retention_gross: Option<f64>,
    /// The same with what they brought more.
    pub revenue_retention_net: Option<f64>,
    /// `buyers` of `active`.
    pub conversion: Option<f64>,
    /// Carts opened.
    pub carts_opened: u64,
    /// Carts left.
    pub carts_abandoned: u64,
    /// `carts_abandoned` of `carts_opened`.
    pub cart_abandon_rate: Option<f64>,
    /// Page views.
    pub traffic: u64,
    /// Customers with a running subscription at the start.
    pub subscriptions_start: u64,
    /// And at the end.
    pub subscriptions_end: u64,
}

impl Periods {
    pub(crate) fn new(periods: usize) -> Self {
        Self {
            slots: vec![Slot::default(); periods],
        }
    }

    pub(crate) fn fold(&mut self, customer: &Customer<'_>, terms: &Terms) {
        let grid = terms.calendar.periods();
        self.stocks(customer, grid, terms.window_ms());
        self.flows(customer, grid);
        carts::turns(customer.acts, terms.abandons, |turn| match turn {
            Turn::Opened(ts) => self.at(grid, ts, |slot| slot.carts_opened += 1),
            Turn::Left(ts) => self.at(grid, ts, |slot| slot.carts_left += 1),
        });
    }

    fn at(&mut self, grid: &Grid, ts: i64, change: impl FnOnce(&mut Slot)) {
        if let Some(at) = grid.index(ts) {
            change(&mut self.slots[at]);
        }
    }

    fn stocks(&mut self, customer: &Customer<'_>, grid: &Grid, window_ms: i64) {
        let acts = customer.acts;
        let Some(first_act) = acts.first() else {
            return;
        };
        // An event on a bound makes a customer of the end of the period before.
        let Some(from) = grid
            .index(first_act.ts - 1)
            .or_else(|| grid.index(first_act.ts))
        else {
            return;
        };
        let mut presence = Presence::new(window_ms);
        let (mut at, mut first) = (0, None);
        let (mut was, mut subscribed) = (false, false);
        for (k, bound) in grid.bounds().iter().enumerate().skip(from) {
            while let Some(act) = acts.get(at).filter(|act| act.ts <= *bound) {
                presence.take(act);
                if first.is_none() && presence.at(act.ts) {
                    first = Some(act.ts);
                }
                at += 1;
            }
            let (is, subscribes) = (presence.at(*bound), presence.subscribes());
            if k > from {
                let slot = &mut self.slots[k - 1];
                let is_new = first.is_some_and(|first| first > grid.bounds()[k - 1]);
                slot.start += u64::from(was);
                slot.end += u64::from(is);
                slot.stayed += u64::from(was && is);
                slot.acquired += u64::from(is && !was && is_new);
                slot.reactivated += u64::from(is && !was && !is_new);
                slot.subscriptions_start += u64::from(subscribed);
                slot.subscriptions_end += u64::from(subscribes);
            }
            if at == acts.len() && !is {
                break;
            }
            (was, subscribed) = (is, subscribes);
        }
    }

    fn flows(&mut self, customer: &Customer<'_>, grid: &Grid) {
        let mut rest = customer.acts;
        let mut orders: u64 = 0;
        // The last period in which the customer bought, with the revenue of it.
        let mut before: Option<(usize, i64)> = None;
        while let Some(at) = rest.first().and_then(|act| grid.index(act.ts)) {
            let (_, end) = grid.span(at);
            let (within, later) = rest.split_at(rest.partition_point(|act| act.ts < end));
            let slot = &mut self.slots[at];
            let (had, mut revenue) = (orders, 0);
            for act in within {
                revenue += act.revenue();
                slot.traffic += u64::from(act.kind == EventType::PageView);
                if act.kind == EventType::Purchase {
                    orders += 1;
                    slot.orders += 1;
                    slot.returning_orders += u64::from(orders > 1);
                    slot.first_orders += u64::from(orders == 1);
                    slot.second_orders += u64::from(orders == 2);
                }
            }
            let is_buyer = orders > had;
            slot.active += u64::from(within.iter().any(|act| is_active(act.kind)));
            slot.revenue += revenue;
            slot.buyers += u64::from(is_buyer);
            slot.again += u64::from(is_buyer && had > 0);
            if let Some((_, then)) = before.filter(|(then, _)| then + 1 == at) {
                slot.kept_net += revenue;
                slot.kept_gross += revenue.clamp(0, then.max(0));
            }
            if is_buyer {
                slot.buyers_revenue += revenue;
                before = Some((at, revenue));
            }
            rest = later;
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (a, b) in self.slots.iter_mut().zip(&other.slots) {
            a.add(b);
        }
    }

    pub(crate) fn figures(&self, terms: &Terms) -> Vec<PeriodFigures> {
        let grid = terms.calendar.periods();
        let money = Money::new(terms.exponent);
        let mut before = Before::default();
        let slots = self.slots.iter().enumerate();
        slots
            .map(|(at, slot)| {
                let whose = (grid.span(at), at < grid.complete());
                let figures = PeriodFigures::of(slot, before, whose, money);
                before.pass(slot);
                figures
            })
            .collect()
    }
}

impl Before {
    /// A period is over.
    pub(crate) fn pass(&mut self, slot: &Slot) {
        self.bought += slot.first_orders;
        self.repeated += slot.second_orders;
        self.revenue = slot.buyers_revenue;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.bought += other.bought;
        self.repeated += other.repeated;
        self.revenue += other.revenue;
    }
}

impl PeriodFigures {
    pub(crate) fn of(
        slot: &Slot,
        before: Before,
        ((start_ms, end_ms), complete): ((i64, i64), bool),
        money: Money,
    ) -> Self {
        let crr = percent(slot.stayed, slot.start);
        let bought = before.bought + slot.first_orders;
        let repeat_purchase_rate = percent(before.repeated + slot.second_orders, bought);
        Self {
            start_ms,
            end_ms,
            complete,
            customers_start: slot.start,
            customers_end: slot.end,
            acquired: slot.acquired,
            lost: slot.start - slot.stayed,
            reactivated: slot.reactivated,
            crr,
            churn_rate: crr.map(|crr| 100.0 - crr),
            buyers_before: before.bought,
            buyers_again: slot.again,
            returning_buyer_rate: percent(slot.again, before.bought),
            repeat_purchase_rate,
            healthy_repeat_rate: repeat_purchase_rate.map(|rate| (20.0..=40.0).contains(&rate)),
            active: slot.active,
            buyers: slot.buyers,
            orders: slot.orders,
            returning_orders: slot.returning_orders,
            returning_order_share: percent(slot.returning_orders, slot.orders),
            revenue: money.major(slot.revenue),
            revenue_retention_gross: percent_of_money(slot.kept_gross, before.revenue),
            revenue_retention_net: percent_of_money(slot.kept_net, before.revenue),
            conversion: percent(slot.buyers, slot.active),
            carts_opened: slot.carts_opened,
            carts_abandoned: slot.carts_left,
            cart_abandon_rate: percent(slot.carts_left, slot.carts_opened),
            traffic: slot.traffic,
            subscriptions_start: slot.subscriptions_start,
            subscriptions_end: slot.subscriptions_end,
        }
    }
}

impl Slot {
    pub(crate) fn add(&mut self, other: &Self) {
        self.start += other.start;
        self.end += other.end;
        self.stayed += other.stayed;
        self.acquired += other.acquired;
        self.reactivated += other.reactivated;
        self.subscriptions_start += other.subscriptions_start;
        self.subscriptions_end += other.subscriptions_end;
        self.first_orders += other.first_orders;
        self.second_orders += other.second_orders;
        self.buyers += other.buyers;
        self.again += other.again;
        self.active += other.active;
        self.orders += other.orders;
        self.returning_orders += other.returning_orders;
        self.revenue += other.revenue;
        self.buyers_revenue += other.buyers_revenue;
        self.kept_gross += other.kept_gross;
        self.kept_net += other.kept_net;
        self.carts_opened += other.carts_opened;
        self.carts_left += other.carts_left;
        self.traffic += other.traffic;
    }
}
