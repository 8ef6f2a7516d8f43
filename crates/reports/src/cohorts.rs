//! Who stays of those who came in the same month or from the same source.
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

/// Cohorts by source and month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cohorts {
    by_source: BTreeMap<String, BTreeMap<usize, Cohort>>,
}

/// The cohorts of the figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CohortFigures {
    /// By month of the first time as a customer, oldest first.
    pub by_month: Vec<MonthCohort>,
    /// By source, by name.
    pub by_source: Vec<SourceCohort>,
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
        let cohorts = entry(&mut self.by_source, customer.origin());
        let cohort = cohorts.entry(month).or_default();
        cohort.size += 1;
        for at in kept {
            add_at(&mut cohort.kept, at, 1);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (source, cohorts) in &other.by_source {
            let own = entry(&mut self.by_source, source);
            for (month, cohort) in cohorts {
                own.entry(*month).or_default().add(cohort);
            }
        }
    }

    pub(crate) fn figures(&self, terms: &Terms) -> CohortFigures {
        let complete = terms.calendar.months().complete();
        let mut by_month: BTreeMap<usize, Cohort> = BTreeMap::new();
        let mut by_source = Vec::with_capacity(self.by_source.len());
        for (source, cohorts) in &self.by_source {
            for (month, cohort) in cohorts {
                by_month.entry(*month).or_default().add(cohort);
            }
            let months = complete.saturating_sub(1);
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
            by_source.push(SourceCohort {
                source: source.clone(),
                size: cohorts.values().map(|cohort| cohort.size).sum(),
                retained: (0..months).map_while(share).collect(),
            });
        }
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
            by_source,
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
