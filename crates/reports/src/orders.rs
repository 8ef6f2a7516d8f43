//! How often customers order, how soon again, and what goes with ordering again.

use std::collections::BTreeMap;

use holdfast_events::EventType;
use serde::Serialize;

use crate::act::{Act, Customer, Said};
use crate::rate::{Money, median, percent};
use crate::terms::{DAY_MS, Terms};

/// Days within which a second order is looked for.
const WITHIN_DAYS: [u32; 8] = [7, 14, 30, 60, 90, 180, 270, 365];
/// What fewer buyers than this have in common is chance.
const FEWEST: u64 = 20;
/// Lines of what goes with a second order.
const MOST: usize = 12;

/// Customers for whom the time looked at is over, and those of them who did in it what is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) of: u64,
    pub(crate) again: u64,
}

/// Orders of one kind of buyer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Buyers {
    orders: u64,
    spent: i64,
    discounted: u64,
}

/// Counts of orders per customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    /// Customers by their number of orders.
    by_orders: BTreeMap<u64, u64>,
    gaps_ms: Vec<i64>,
    within: [Again; WITHIN_DAYS.len()],
    /// Within the alive days, for all buyers and by what their first order was like.
    all: Again,
    with: BTreeMap<String, Again>,
    first: Buyers,
    later: Buyers,
}

/// So many customers have so many orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OrderCount {
    /// Orders ever.
    pub orders: u64,
    /// Customers with just so many.
    pub customers: u64,
}

/// The time to the second order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SecondPurchase {
    /// Customers with one order or more, and with two or more.
    pub buyers: u64,
    /// Customers with two orders or more.
    pub repeat_buyers: u64,
    /// Median days between the first and the second order, of those with a second one.
    pub median_days: Option<f64>,
    /// The curve of ordering again.
    pub share_within: Vec<ShareWithin>,
    /// The first point of the curve that is at least four fifths as high as its last one, in days: beyond it hardly anybody
    /// orders again, so whoever is to be reminded is to be reminded before.
    pub flattens_after_days: Option<u32>,
    /// What the first order or the time before it had, with the share that ordered again within the alive days.
    pub goes_with: Vec<GoesWith>,
    /// First orders against all later ones.
    pub first_orders: OrdersOf,
    /// Orders behind a customer's first.
    pub later_orders: OrdersOf,
}

/// A point of the curve of ordering again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ShareWithin {
    /// Days after the first order.
    pub days: u32,
    /// Buyers whose first order is at least so many days before the end of the events.
    pub buyers: u64,
    /// Percent of them who ordered again within those days.
    pub percent: Option<f64>,
}

/// What goes with ordering again; it need not be the cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GoesWith {
    /// What, such as `category:tea`, `hour:18-24`, `discount`, `before:search`.
    pub what: String,
    /// Buyers with it.
    pub buyers: u64,
    /// Percent of the buyers with it who ordered again within the alive days.
    pub share_with: f64,
    /// Percent of the buyers without it.
    pub share_without: f64,
}

/// What some orders are like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct OrdersOf {
    /// How many.
    pub orders: u64,
    /// Mean amount in major units, before refunds.
    pub mean_amount: Option<f64>,
    /// Percent with a coupon or a discount.
    pub discounted: Option<f64>,
}

impl Orders {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>, terms: &Terms) {
        let mut orders = customer.orders();
        let Some(first) = orders.next() else { return };
        self.first.add(first);
        let second = orders.next();
        let mut count = 1;
        for order in second.into_iter().chain(orders) {
            self.later.add(order);
            count += 1;
        }
        *self.by_orders.entry(count).or_default() += 1;
        let gap = second.map(|second| second.ts - first.ts);
        self.gaps_ms.extend(gap);
        let (_, last_ms) = terms.calendar.events_ms();
        for (within, days) in self.within.iter_mut().zip(WITHIN_DAYS) {
            within.count(first.ts, last_ms, gap, i64::from(days) * DAY_MS);
        }
        let mut one = Again::default();
        one.count(first.ts, last_ms, gap, terms.window_ms());
        if one.of > 0 {
            self.all.add(one);
            for what in traits(customer, first, terms) {
                self.with.entry(what).or_default().add(one);
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (orders, customers) in &other.by_orders {
            *self.by_orders.entry(*orders).or_default() += customers;
        }
        self.gaps_ms.extend_from_slice(&other.gaps_ms);
        for (a, b) in self.within.iter_mut().zip(&other.within) {
            a.add(*b);
        }
        self.all.add(other.all);
        for (what, again) in &other.with {
            self.with.entry(what.clone()).or_default().add(*again);
        }
        self.first.merge(&other.first);
        self.later.merge(&other.later);
    }

    pub(crate) fn total(&self) -> u64 {
        self.first.orders + self.later.orders
    }

    pub(crate) fn by_count(&self) -> Vec<OrderCount> {
        let counts = self.by_orders.iter();
        counts
            .map(|(orders, customers)| OrderCount {
                orders: *orders,
                customers: *customers,
            })
            .collect()
    }

    pub(crate) fn second(&self, money: Money) -> SecondPurchase {
        let buyers: u64 = self.by_orders.values().sum();
        let points = WITHIN_DAYS.iter().zip(&self.within);
        let share_within: Vec<ShareWithin> = points
            .map(|(days, within)| ShareWithin {
                days: *days,
                buyers: within.of,
                percent: percent(within.again, within.of),
            })
            .collect();
        SecondPurchase {
            flattens_after_days: flattens(&share_within),
            buyers,
            repeat_buyers: self.gaps_ms.len() as u64,
            median_days: median(&self.gaps_ms).map(|ms| ms / DAY_MS as f64),
            share_within,
            goes_with: self.goes_with(),
            first_orders: self.first.figures(money),
            later_orders: self.later.figures(money),
        }
    }

    /// The clearest differences first: by the size of the two-proportion z statistic, ties by name.
    fn goes_with(&self) -> Vec<GoesWith> {
        let mut found: Vec<(f64, GoesWith)> = Vec::new();
        for (what, with) in &self.with {
            let (of, again) = (self.all.of - with.of, self.all.again - with.again);
            let shares = percent(with.again, with.of).zip(percent(again, of));
            let Some((share_with, share_without)) = shares else {
                continue;
            };
            if with.of < FEWEST || of < FEWEST {
                continue;
            }
            let pooled = self.all.again as f64 / self.all.of as f64;
            let spread = pooled * (1.0 - pooled) * (1.0 / with.of as f64 + 1.0 / of as f64);
            let z = (share_with - share_without).abs() / 100.0 / libm::sqrt(spread).max(1e-12);
            let line = GoesWith {
                what: what.clone(),
                buyers: with.of,
                share_with,
                share_without,
            };
            found.push((z, line));
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.what.cmp(&b.1.what)));
        found.truncate(MOST);
        found.into_iter().map(|(_, line)| line).collect()
    }
}

/// The part of a curve's height from which on it is called flat.
const FLAT: f64 = 0.8;

/// Where the curve is nearly as high as at its last point that enough buyers have reached.
fn flattens(curve: &[ShareWithin]) -> Option<u32> {
    let told = curve.iter().filter(|point| point.buyers >= FEWEST);
    let told: Vec<(u32, f64)> = told.filter_map(|p| Some((p.days, p.percent?))).collect();
    let (last_days, last) = *told.last()?;
    let flat = told
        .iter()
        .find(|(_, percent)| *percent >= FLAT * last && last > 0.0)?;
    // A curve that rises to its end is not flat yet.
    Some(flat.0).filter(|days| *days < last_days)
}

/// What the first order was like, and what the customer had done before it.
fn traits(customer: &Customer<'_>, first: &Act<'_>, terms: &Terms) -> Vec<String> {
    use EventType as E;
    const BEFORE: [E; 6] = [
        E::SignUp,
        E::Search,
        E::WishlistAdd,
        E::EmailOpen,
        E::CampaignClicked,
        E::SupportContact,
    ];
    let mut out = Vec::new();
    if let Said::Order {
        product,
        category,
        is_discounted,
    } = first.said
    {
        out.extend(product.map(|product| format!("product:{product}")));
        out.extend(category.map(|category| format!("category:{category}")));
        out.extend(is_discounted.then(|| "discount".to_owned()));
    }
    if let Some((hour, is_weekend)) = terms.calendar.local(first.ts) {
        let from = hour / 6 * 6;
        out.push(format!("hour:{from:02}-{:02}", from + 6));
        out.extend(is_weekend.then(|| "weekend".to_owned()));
    }
    let before = customer.acts.iter().take_while(|act| act.ts < first.ts);
    let mut seen = [false; BEFORE.len()];
    for act in before {
        if let Some(at) = BEFORE.iter().position(|kind| *kind == act.kind) {
            seen[at] = true;
        }
    }
    let done = BEFORE.iter().zip(seen).filter(|(_, seen)| *seen);
    out.extend(done.map(|(kind, _)| format!("before:{kind}")));
    out
}

impl Again {
    /// Counts a customer if the time after the beginning is over.
    pub(crate) fn count(&mut self, first_ms: i64, last_ms: i64, gap: Option<i64>, within_ms: i64) {
        if first_ms <= last_ms - within_ms {
            self.of += 1;
            self.again += u64::from(gap.is_some_and(|gap| gap <= within_ms));
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.of += other.of;
        self.again += other.again;
    }
}

impl Buyers {
    fn add(&mut self, order: &Act<'_>) {
        let is_discounted = matches!(
            order.said,
            Said::Order {
                is_discounted: true,
                ..
            }
        );
        self.orders += 1;
        self.spent += order.revenue();
        self.discounted += u64::from(is_discounted);
    }

    fn merge(&mut self, other: &Self) {
        self.orders += other.orders;
        self.spent += other.spent;
        self.discounted += other.discounted;
    }

    fn figures(&self, money: Money) -> OrdersOf {
        OrdersOf {
            orders: self.orders,
            mean_amount: money.mean(self.spent, self.orders),
            discounted: percent(self.discounted, self.orders),
        }
    }
}
