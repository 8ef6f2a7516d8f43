//! What the backtest report shows of contacting those at highest risk: plain values, as in `view.rs`.

use serde::{Deserialize, Serialize};

use super::view::Interval;

/// The customers at the top of the lists, as far as the capacity reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Top {
    pub rows: u64,
    pub precision: Interval,
    pub lift: Interval,
    /// Share of all that left who are among them.
    pub reached: Interval,
    /// Per 1,000 customers, contacted or not.
    pub profit: Interval,
}

/// The lists cut after a share of their customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub share: f64,
    pub precision: Interval,
    pub reached: Interval,
    pub profit: Interval,
}

/// How long before the loss the alert would have come, over some who left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeadTime {
    pub departures: u64,
    /// Share for whom an alert came in time.
    pub warned: Interval,
    /// Median of their days.
    pub days: Interval,
}

/// Lists, profit and lead time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contacting {
    /// Customers at each cutoff; none is a tenth of them.
    pub capacity: Option<u64>,
    /// What a customer who stays is worth, the share that a contact saves, what a contact costs.
    pub value: f64,
    pub saved: f64,
    pub cost: f64,
    pub are_terms_assumed: bool,
    pub cutoffs: Vec<Top>,
    pub overall: Top,
    /// Every hundredth of the ranking.
    pub curve: Vec<Point>,
    /// Where the profit is greatest, in hindsight; none where contacting anybody costs more than it brings.
    pub best: Option<Point>,
    /// Contacting everybody from the probability at which it is worth the cost.
    pub rule_threshold: f64,
    pub rule_share: f64,
    pub rule_profit: Interval,
    /// Alert threshold of the lead time, and how often the score was looked at.
    pub alert_threshold: f64,
    pub every_days: u32,
    pub lead_cutoffs: Vec<LeadTime>,
    pub lead: LeadTime,
}
