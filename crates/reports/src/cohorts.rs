//! Who stays of those who came in the same month, from the same source or by the same partner.
//!
//! A customer's cohort is the month of their first instant as a customer. They count as retained in a later month when
//! they buy in it or when a subscription runs at its end. Only whole months are told of.

use std::collections::BTreeMap;

use holdfast_events::EventType;
use serde::Serialize;

use crate::act::Customer;
use crate::presence::Presence;
use crate::rate::{add_at, percent};
use crate::terms::Terms;

/// Customers of one source whose first month is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cohort {
    size: u64,
    /// How many were there in the first month after, the second, and so on.
    kept: Vec<u64>,
}

/// Cohorts by month, by a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Named(BTreeMap<String, BTreeMap<usize, Cohort>>);

/// Cohorts by source and month, and by partner and month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cohorts {
    by_source: Named,
    by_partner: Named,
}

/// The cohorts of the figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CohortFigures {
    /// By month of the first time as a customer, oldest first.
    pub by_month: Vec<MonthCohort>,
    /// By source, by name.
    pub by_source: Vec<SourceCohort>,
    /// By the partner that brought them, by name; of those whom one brought.
    pub by_partner: Vec<PartnerCohort>,
}

/// Customers who came in one month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MonthCohort {
    /// The month, such as `2026-03`.
    pub cohort: String,
    /// How many they are.
    pub size: u64,
    /// Percent of them retained in the first whole month after it, the second, and so on.
    pub retained: Vec<f64>,
}

/// Customers who came from one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceCohort {
    /// The source; `unknown` where none was named.
    pub source: String,
    /// How many they are.
    pub size: u64,
    /// Percent retained in the first month after their own, the second, and so on: of those for whom it was over.
    pub retained: Vec<f64>,
}

/// Customers whom one partner brought.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartnerCohort {
    /// The partner.
    pub partner: String,
    /// How many they are.
    pub size: u64,
    /// As by source.
    pub retained: Vec<f64>,
}

impl Named {
    fn add(&mut self, name: &str, month: usize, kept: &[usize]) {
        let cohort = entry(&mut self.0, name).entry(month).or_default();
        cohort.size += 1;
        for at in kept {
            add_at(&mut cohort.kept, *at, 1);
        }
    }

    fn merge(&mut self, other: &Self) {
        for (name, cohorts) in &other.0 {
            let own = entry(&mut self.0, name);
            for (month, cohort) in cohorts {
                own.entry(*month).or_default().add(cohort);
            }
        }
    }

    /// Of each name how many customers, and percent retained in each month after their own; `complete` months are over.
    fn retained(&self, complete: usize) -> impl Iterator<Item = (&str, u64, Vec<f64>)> {
        self.0.iter().map(move |(name, cohorts)| {
            let share = |k: usize| {
                let over = cohorts
                    .iter()
                    .filter(|(month, _)| *month + k + 1 < complete);
                let (mut kept, mut of) = (0, 0);
                for (_, cohort) in over {
                    kept += cohort.kept.get(k).copied().unwrap_or(0);
                    of += cohort.size;
                }
                percent(kept, of)
            };
            let size = cohorts.values().map(|cohort| cohort.size).sum();
            let months = complete.saturating_sub(1);
            (name.as_str(), size, (0..months).map_while(share).collect())
        })
    }
}

impl Cohorts {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>, terms: &Terms) {
        let grid = terms.calendar.months();
        let Some(from) = customer.acts.first().and_then(|act| grid.index(act.ts)) else {
            return;
        };
        let mut presence = Presence::new(terms.window_ms());
        let (mut rest, mut month) = (customer.acts, None);
        let mut kept = Vec::new();
        for at in from..grid.len() {
            let (_, end) = grid.span(at);
            let (within, later) = rest.split_at(rest.partition_point(|act| act.ts < end));
            for act in within {
                presence.take(act);
                if month.is_none() && presence.at(act.ts) {
                    month = Some(at);
                }
            }
            rest = later;
            let bought = within.iter().any(|act| act.kind == EventType::Purchase);
            let is_there = bought || presence.subscribes();
            if let Some(month) = month.filter(|month| at > *month && at < grid.complete())
                && is_there
            {
                kept.push(at - month - 1);
            }
            if rest.is_empty() && !presence.subscribes() {
                break;
            }
        }
        let Some(month) = month else { return };
        self.by_source.add(customer.origin(), month, &kept);
        if let Some(partner) = customer.partner() {
            self.by_partner.add(partner, month, &kept);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.by_source.merge(&other.by_source);
        self.by_partner.merge(&other.by_partner);
    }

    pub(crate) fn figures(&self, terms: &Terms) -> CohortFigures {
        let complete = terms.calendar.months().complete();
        let mut by_month: BTreeMap<usize, Cohort> = BTreeMap::new();
        for cohorts in self.by_source.0.values() {
            for (month, cohort) in cohorts {
                by_month.entry(*month).or_default().add(cohort);
            }
        }
        let by_source = self.by_source.retained(complete);
        let by_source = by_source.map(|(source, size, retained)| SourceCohort {
            source: source.to_owned(),
            size,
            retained,
        });
        let by_partner = self.by_partner.retained(complete);
        let by_partner = by_partner.map(|(partner, size, retained)| PartnerCohort {
            partner: partner.to_owned(),
            size,
            retained,
        });
        let by_month = by_month.into_iter().map(|(month, cohort)| MonthCohort {
            cohort: terms.calendar.month_name(month),
            size: cohort.size,
            retained: (month + 1..complete)
                .map_while(|at| {
                    let kept = cohort.kept.get(at - month - 1);
                    percent(kept.copied().unwrap_or(0), cohort.size)
                })
                .collect(),
        });
        CohortFigures {
            by_month: by_month.collect(),
            by_source: by_source.collect(),
            by_partner: by_partner.collect(),
        }
    }
}

impl Cohort {
    fn add(&mut self, other: &Self) {
        self.size += other.size;
        for (at, n) in other.kept.iter().enumerate() {
            add_at(&mut self.kept, at, *n);
        }
    }
}

/// The entry of a name, made where there is none.
pub(crate) fn entry<'m, V: Default>(map: &'m mut BTreeMap<String, V>, name: &str) -> &'m mut V {
    map.entry(name.to_owned()).or_default()
}
