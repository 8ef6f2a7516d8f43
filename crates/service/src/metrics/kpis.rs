//! Metrics of figures: the newest of each kind of period, where this instance adds them up.
//!
//! A rate without a base is not shown. Money is in major units of the currency.

use prometheus::GaugeVec;

use super::Maker;
use crate::run::Status;
use holdfast_reports::live::Kpi;

/// Handles, see the help texts.
#[derive(Debug)]
pub struct KpiMetrics {
    figures: GaugeVec,
    ends: GaugeVec,
    segments: GaugeVec,
}

/// What is shown of a period, by name.
fn figures(kpi: &Kpi) -> [(&'static str, Option<f64>); 32] {
    let of = &kpi.figures;
    let value = kpi.value.as_ref();
    let service = &kpi.service;
    let count = |n: u64| Some(n as f64);
    [
        ("customers_start", count(of.customers_start)),
        ("customers_end", count(of.customers_end)),
        ("acquired", count(of.acquired)),
        ("lost", count(of.lost)),
        ("reactivated", count(of.reactivated)),
        ("crr", of.crr),
        ("churn_rate", of.churn_rate),
        ("returning_buyer_rate", of.returning_buyer_rate),
        ("repeat_purchase_rate", of.repeat_purchase_rate),
        ("active", count(of.active)),
        ("buyers", count(of.buyers)),
        ("orders", count(of.orders)),
        ("returning_order_share", of.returning_order_share),
        ("revenue", Some(of.revenue)),
        ("revenue_retention_gross", of.revenue_retention_gross),
        ("revenue_retention_net", of.revenue_retention_net),
        ("conversion", of.conversion),
        ("cart_abandon_rate", of.cart_abandon_rate),
        ("traffic", count(of.traffic)),
        ("subscriptions_end", count(of.subscriptions_end)),
        ("clv_mean", value.and_then(|value| value.clv_mean)),
        ("cac_mean", value.and_then(|value| value.cac_mean)),
        ("clv_cac", value.and_then(|value| value.clv_cac)),
        (
            "top20_revenue_share",
            value.and_then(|value| value.top20_revenue_share),
        ),
        ("nps", kpi.nps.score),
        ("csat", kpi.csat.mean),
        ("tickets", count(service.tickets)),
        ("answered_within_60s", service.first.within_60s),
        ("first_reply_seconds", service.first.mean_seconds),
        ("solved_at_first_contact", service.solved_at_first_contact),
        ("support_contacts", count(kpi.support_contacts)),
        ("late_events", count(kpi.late_events)),
    ]
}

impl KpiMetrics {
    pub(super) fn new(make: &Maker) -> Self {
        Self {
            figures: make.values(
                "holdfast_kpi",
                "Figures of the newest period of each kind; rates in percent, money in major units.",
                &["period", "figure"],
            ),
            ends: make.values(
                "holdfast_kpi_period_end_timestamp_seconds",
                "When the period ended that the figures are of.",
                &["period"],
            ),
            segments: make.values(
                "holdfast_kpi_segment_customers",
                "Customers by segment at the end of the newest period of each kind.",
                &["period", "segment"],
            ),
        }
    }

    /// Shows what this instance knows; nothing where another one adds up.
    pub(super) fn sync(&self, status: &Status) {
        let newest = status.kpis();
        self.figures.reset();
        self.ends.reset();
        self.segments.reset();
        for (period, kpi) in &newest {
            let period = period.name();
            for (name, value) in figures(kpi) {
                if let Some(value) = value {
                    self.figures.with_label_values(&[period, name]).set(value);
                }
            }
            let end = kpi.figures.end_ms as f64 / 1e3;
            self.ends.with_label_values(&[period]).set(end);
            for (segment, n) in &kpi.segments {
                let labels = [period, segment.as_str()];
                self.segments.with_label_values(&labels).set(*n as f64);
            }
        }
    }
}
