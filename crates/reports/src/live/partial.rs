//! What a partition says of a period, and what all of them come to.

use std::collections::BTreeMap;

use holdfast_events::EventType;
use serde::{Deserialize, Serialize};

use super::came::{Cohort, name_of};
use super::tickets::{KpiService, Tickets};
use super::worth::{KpiValue, Worth};
use crate::act::Question;
use crate::calendar::Period;
use crate::feedback::{Feedback, NpsFigures, ScoreFigures};
use crate::funnel::STEPS;
use crate::moves::Transition;
use crate::periods::{Before, PeriodFigures, Slot};
use crate::rate::{Money, percent};

/// One partition's sums of a period that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partial {
    /// Whose.
    pub partition: i32,
    /// How many partitions there are.
    pub partitions: u32,
    /// Which kind of period.
    pub period: Period,
    /// Its first instant, ms UTC.
    pub start_ms: i64,
    /// The first instant after it, ms UTC.
    pub end_ms: i64,
    /// Whether the partition looked at it from its beginning.
    pub is_whole: bool,
    pub(crate) sums: Slot,
    pub(crate) before: Before,
    /// Customers by segment at its end.
    /// Below 0 where customers came from another partition, whose count of them stayed there.
    pub segments: BTreeMap<String, i64>,
    /// What else was counted.
    pub beside: Beside,
}

/// Counts beside customers, orders and money.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Beside {
    /// Events that came for a day which was closed, and count here.
    pub late_events: u64,
    /// Customers' messages to the support, and ends of tickets.
    pub support_contacts: u64,
    /// Ends of tickets.
    pub support_resolved: u64,
    tickets: Tickets,
    opinions: Feedback,
    /// From, to and how often; no name is nobody's segment.
    moves: Vec<(String, String, u64)>,
    /// Of each step of the funnel, how many did it, and how many it or a later one.
    funnel: Vec<(u64, u64)>,
    /// By the month in which they came; of months only.
    cohorts: Vec<Cohort>,
    /// What customers have brought so far; not of days.
    pub(super) worth: Option<Worth>,
}

impl Beside {
    pub(super) fn counts(&mut self, kind: EventType) {
        self.support_contacts += u64::from(kind == EventType::SupportContact);
        self.support_resolved += u64::from(kind == EventType::SupportResolved);
    }

    pub(super) fn opinion(&mut self, question: Question, share: u32) {
        self.opinions.count(question, share);
    }

    pub(super) fn served(&mut self, tickets: &Tickets) {
        self.tickets.add(tickets);
    }

    pub(super) fn moved(&mut self, from: Option<&str>, to: Option<&str>) {
        self.add_moves(from.unwrap_or(""), to.unwrap_or(""), 1);
    }

    fn add_moves(&mut self, from: &str, to: &str, n: u64) {
        let found = self
            .moves
            .binary_search_by(|(f, t, _)| (f.as_str(), t.as_str()).cmp(&(from, to)));
        match found {
            Ok(at) => self.moves[at].2 += n,
            Err(at) => self.moves.insert(at, (from.to_owned(), to.to_owned(), n)),
        }
    }

    pub(super) fn moves(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        let moves = self.moves.iter();
        moves.map(|(from, to, n)| (from.as_str(), to.as_str(), *n))
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.late_events += other.late_events;
        self.support_contacts += other.support_contacts;
        self.support_resolved += other.support_resolved;
        self.tickets.add(&other.tickets);
        self.opinions.merge(&other.opinions);
        for (from, to, n) in other.moves() {
            self.add_moves(from, to, n);
        }
        self.reached(&other.funnel);
        self.kept(&other.cohorts);
        if let Some(more) = &other.worth {
            self.worth.get_or_insert_default().add(more);
        }
    }

    /// So many more did each step, and got so far.
    pub(super) fn reached(&mut self, funnel: &[(u64, u64)]) {
        if self.funnel.len() < funnel.len() {
            self.funnel.resize(funnel.len(), (0, 0));
        }
        for (sum, (did, further)) in self.funnel.iter_mut().zip(funnel) {
            sum.0 += did;
            sum.1 += further;
        }
    }

    /// So many more came in each month, and were there.
    pub(super) fn kept(&mut self, cohorts: &[Cohort]) {
        for more in cohorts {
            match self.cohorts.binary_search_by_key(&more.month, |c| c.month) {
                Ok(at) => {
                    self.cohorts[at].size += more.size;
                    self.cohorts[at].kept += more.kept;
                }
                Err(at) => self.cohorts.insert(at, *more),
            }
        }
    }

    fn steps(&self) -> Vec<KpiStep> {
        let mut rows: Vec<KpiStep> = Vec::new();
        let done = STEPS
            .iter()
            .zip(&self.funnel)
            .filter(|(_, (did, _))| *did > 0);
        for (step, (_, customers)) in done {
            let before = rows.last().map(|row| row.customers);
            rows.push(KpiStep {
                step: (*step).to_owned(),
                customers: *customers,
                drop_off: before.and_then(|before| percent(before - customers, before)),
            });
        }
        rows
    }

    /// Of those who came in an earlier month than this one.
    fn retained(&self, name: &str) -> Vec<KpiCohort> {
        let cohorts = self.cohorts.iter().map(|cohort| KpiCohort {
            cohort: name_of(cohort.month),
            size: cohort.size,
            retained: percent(cohort.kept, cohort.size),
        });
        cohorts.filter(|cohort| *cohort.cohort < *name).collect()
    }

    /// Those from one segment to another; a customer who was erased went nowhere.
    fn transitions(&self) -> Vec<Transition> {
        let moves = self.moves().filter(|(_, to, _)| !to.is_empty());
        moves
            .map(|(from, to, n)| Transition {
                from: (!from.is_empty()).then(|| from.to_owned()),
                to: to.to_owned(),
                n,
            })
            .collect()
    }
}

/// Figures of a period over all partitions: a record of the topic `kpis`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kpi {
    /// Which kind of period.
    pub period: Period,
    /// Its name: `2026-03-01`, `2026-W09`, `2026-03` or `2026`.
    pub name: String,
    /// The time zone of its bounds.
    pub time_zone: String,
    /// As in the report.
    #[serde(flatten)]
    pub figures: PeriodFigures,
    /// Customers by segment at its end.
    pub segments: BTreeMap<String, u64>,
    /// Moves between segments in it.
    pub transitions: Vec<Transition>,
    /// Whether customers who answered in it would recommend the shop.
    pub nps: NpsFigures,
    /// How content they were.
    pub csat: ScoreFigures,
    /// How far customers got in it; steps that nobody did are left out.
    pub funnel: Vec<KpiStep>,
    /// Of a month, who of those who came in earlier ones was there; empty of other periods.
    pub cohorts: Vec<KpiCohort>,
    /// What customers have brought so far; none of days.
    pub value: Option<KpiValue>,
    /// Tickets opened, answered and solved in it.
    pub service: KpiService,
    /// Customers' messages to the support.
    pub support_contacts: u64,
    /// Ends of tickets.
    pub support_resolved: u64,
    /// Events that came too late for their own period, and count in this one.
    pub late_events: u64,
}

/// A step of the funnel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KpiStep {
    /// Its name, as in the report.
    pub step: String,
    /// Customers who got so far or further.
    pub customers: u64,
    /// Percent of those of the step before who got no further; none for the first.
    pub drop_off: Option<f64>,
}

/// Customers who came in one month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KpiCohort {
    /// The month, such as `2026-03`.
    pub cohort: String,
    /// How many they are.
    pub size: u64,
    /// Percent of them that bought in the month of the record, or had a contract running at its end.
    pub retained: Option<f64>,
}

impl Kpi {
    pub(super) fn new(
        (period, name, zone): (Period, String, &str),
        figures: PeriodFigures,
        segments: BTreeMap<String, u64>,
        beside: &Beside,
        money: Money,
    ) -> Self {
        let opinions = beside.opinions.figures();
        Self {
            period,
            funnel: beside.steps(),
            value: beside.worth.as_ref().map(|worth| worth.figures(money)),
            cohorts: beside.retained(&name),
            name,
            time_zone: zone.to_owned(),
            service: beside.tickets.figures(figures.orders),
            figures,
            segments,
            transitions: beside.transitions(),
            nps: beside.opinions.nps(),
            csat: opinions.csat,
            support_contacts: beside.support_contacts,
            support_resolved: beside.support_resolved,
            late_events: beside.late_events,
        }
    }
}
