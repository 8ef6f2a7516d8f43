//! What a team with so much time and money would have got out of the model: the top of its lists, profit, lead time.

use std::collections::HashMap;

use holdfast_features::{DAY_MS, Settings};
use holdfast_model::contact::{Capacity, Contacts, Terms, contacts};
use holdfast_model::history::{Customer, Outcomes};
use holdfast_model::lead::{Departure, LeadTime, lead_time};
use holdfast_model::metrics::Scored;
use holdfast_model::{Label, Model, Scorer, cutoffs, probability};
use serde::Serialize;

use super::load::Log;
use super::tested::Tested;
use super::{Error, Source, views};
use crate::report;

/// What is assumed where nothing is said: a customer worth a hundred contacts saves one in ten.
const ASSUMED: Terms = Terms {
    value: 100.0,
    saved: 0.1,
    cost: 3.0,
};
/// Share of the customers that can be contacted where nothing is said.
const USUAL_SHARE: f64 = 0.1;
/// Scores per horizon that are looked at for the first alert.
const LOOKS: u32 = 30;

/// What the team can do.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Means {
    /// Customers that can be contacted at each cutoff; a tenth if none is given.
    pub capacity: Option<u64>,
    /// What a contact costs and brings; if none is given, 100, 0.1 and 3 are assumed.
    pub terms: Option<Terms>,
    /// Alert threshold for the lead time; the least probability within the capacity at the first cutoff if none is given.
    pub threshold: Option<f64>,
}

/// Its part of `metrics.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contacting {
    /// None is a tenth of the customers.
    pub capacity: Option<u64>,
    pub terms: Terms,
    /// Nobody gave the terms.
    pub are_terms_assumed: bool,
    #[serde(flatten)]
    pub contacts: Contacts,
    pub lead: Lead,
}

/// How long before the loss the alert would have come.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lead {
    pub threshold: f64,
    /// The score was looked at every so many days.
    pub every_days: u32,
    pub cutoffs: Vec<LeadTime>,
    pub overall: LeadTime,
}

impl Means {
    fn check(&self) -> Result<(), Error> {
        let fault = |text: String| Err(Error::Setting(text));
        if self.capacity == Some(0) {
            return fault("a capacity of no customers contacts nobody".to_owned());
        }
        if let Some(p) = self.threshold.filter(|p| !(*p > 0.0 && *p < 1.0)) {
            return fault(format!("the threshold {p} is not between 0 and 1"));
        }
        let Some(Terms { value, saved, cost }) = self.terms else {
            return Ok(());
        };
        let above = |x: f64| x.is_finite() && x > 0.0;
        if !(above(value) && above(cost) && above(saved) && saved <= 1.0) {
            return fault(format!(
                "value {value} and cost {cost} have to be above 0, and the share saved {saved} above 0 and at most 1"
            ));
        }
        Ok(())
    }
}

/// Judges the lists of the test cutoffs, and follows those who left after the first one.
pub(super) fn contacting(
    log: &Log,
    source: &Source,
    model: &Model,
    (tested, outcomes): (&Tested, &Outcomes),
    means: &Means,
) -> Result<Contacting, Error> {
    means.check()?;
    let capacity = means
        .capacity
        .map_or(Capacity::Share(USUAL_SHARE), Capacity::Customers);
    let terms = means.terms.unwrap_or(ASSUMED);
    let lists: Vec<&[Scored]> = tested.cutoffs().map(|(_, rows)| rows).collect();
    let found = contacts(&lists, capacity, &terms);
    let threshold = means.threshold.unwrap_or_else(|| {
        let first = found.cutoffs.first().map_or(0, |top| top.rows);
        least_of_top(lists.first().copied().unwrap_or(&[]), first)
    });
    let mut watch = Watch::of(model.label(), (tested, outcomes), threshold);
    watch.look(log, source, model)?;
    Ok(Contacting {
        capacity: means.capacity,
        terms,
        are_terms_assumed: means.terms.is_none(),
        contacts: found,
        lead: watch.lead(tested),
    })
}

/// The probability of the last one of so many at the top: known at its cutoff, as it asks for no outcome.
fn least_of_top(rows: &[Scored], count: u64) -> f64 {
    let mut p: Vec<f64> = rows.iter().map(|row| row.p).collect();
    p.sort_by(|a, b| b.total_cmp(a));
    let last = usize::try_from(count)
        .unwrap_or(usize::MAX)
        .clamp(1, p.len().max(1))
        - 1;
    p.get(last).copied().unwrap_or(1.0)
}

/// A customer who left, followed from the first test cutoff on.
struct Leaver {
    cutoff: usize,
    /// Last purchase or act, ms UTC, where silence means having left.
    silent_since_ms: i64,
    lost_ms: i64,
    alert_ms: Option<i64>,
}

struct Watch {
    leavers: HashMap<Customer, Leaver>,
    instants: Vec<i64>,
    every_days: u32,
    threshold: f64,
}

impl Watch {
    /// Everybody who left, once: with silence at the first cutoff after the last act, at most a step later; with an
    /// event at the last cutoff before it.
    fn of(label: &Label, (tested, outcomes): (&Tested, &Outcomes), threshold: f64) -> Self {
        let mut leavers = HashMap::new();
        let list: Vec<(i64, &[Scored])> = tested.cutoffs().collect();
        let horizon = label.horizon_ms();
        let step = cutoffs::step_ms(label.horizon_days);
        for (cutoff, (at, rows)) in list.iter().enumerate() {
            let (from, to) = if label.kind.event_means_left() {
                (
                    *at,
                    list.get(cutoff + 1).map_or(at + horizon, |next| next.0),
                )
            } else {
                (at - step, *at)
            };
            let left = rows.iter().filter(|row| row.left);
            let left: HashMap<Customer, ()> = left.map(|row| (row.customer, ())).collect();
            let begin = outcomes.matching().partition_point(|(ts, _)| *ts <= from);
            let acts = outcomes.matching()[begin..].iter();
            for (ts, customer) in acts.take_while(|(ts, _)| *ts <= to) {
                if !left.contains_key(customer) {
                    continue;
                }
                let (silent_since_ms, lost_ms) = if label.kind.event_means_left() {
                    (i64::MIN, *ts)
                } else {
                    (*ts, ts + horizon)
                };
                let leaver = Leaver {
                    cutoff,
                    silent_since_ms,
                    lost_ms,
                    alert_ms: None,
                };
                // Of acts the last one counts, of events the first.
                if label.kind.event_means_left() {
                    leavers.entry(*customer).or_insert(leaver);
                } else {
                    leavers.insert(*customer, leaver);
                }
            }
        }
        let every_days = (label.horizon_days / LOOKS).max(1);
        let first = list.first().map_or(0, |(at, _)| *at);
        let end = leavers.values().map(|leaver| leaver.lost_ms).max();
        let every = i64::from(every_days) * DAY_MS;
        let instants = (0..).map(|i| first + i * every);
        Self {
            instants: instants.take_while(|at| Some(*at) < end).collect(),
            leavers,
            every_days,
            threshold,
        }
    }

    /// Scores those followed at every instant until their alert comes.
    fn look(&mut self, log: &Log, source: &Source, model: &Model) -> Result<(), Error> {
        let scorer = Scorer::new(model)?;
        let mut scratch = scorer.scratch();
        let settings = Settings {
            stats: model.occasion(),
            ..log.store(source)
        };
        // Members at an instant; nothing that comes after it is known to them.
        let label = model.label();
        let instants = std::mem::take(&mut self.instants);
        log.history
            .walk(label, settings, &instants, &mut |snapshot| {
                let at = snapshot.cutoff_ms;
                for (customer, ix) in snapshot.members {
                    let Some(leaver) = self.leavers.get_mut(customer) else {
                        continue;
                    };
                    let is_followed = (leaver.silent_since_ms..leaver.lost_ms).contains(&at);
                    if leaver.alert_ms.is_some() || !is_followed {
                        continue;
                    }
                    let log_odds = scorer.log_odds(snapshot.store, *ix, at, &mut scratch);
                    if probability(log_odds) >= self.threshold {
                        leaver.alert_ms = Some(at);
                    }
                }
            });
        Ok(())
    }

    fn lead(&self, tested: &Tested) -> Lead {
        let mut departures: Vec<(usize, Departure)> = self
            .leavers
            .iter()
            .map(|(customer, leaver)| {
                let lead = leaver.alert_ms.map(|at| leaver.lost_ms - at);
                let departure = Departure {
                    customer: *customer,
                    lead_days: lead.map(|ms| ms as f64 / DAY_MS as f64),
                };
                (leaver.cutoff, departure)
            })
            .collect();
        departures.sort_by_key(|(_, departure)| departure.customer);
        let of = |cutoff: Option<usize>| {
            let list = departures.iter();
            let list = list.filter(|(at, _)| cutoff.is_none_or(|cutoff| cutoff == *at));
            lead_time(&list.map(|(_, departure)| *departure).collect::<Vec<_>>())
        };
        Lead {
            threshold: self.threshold,
            every_days: self.every_days,
            cutoffs: (0..tested.cutoffs().count())
                .map(|at| of(Some(at)))
                .collect(),
            overall: of(None),
        }
    }
}

pub(super) fn shown(found: &Contacting) -> report::Contacting {
    let lead = |time: &LeadTime| report::LeadTime {
        departures: time.departures,
        warned: views::interval(time.warned),
        days: views::interval(time.days),
    };
    let top = |top: &holdfast_model::contact::Top| report::Top {
        rows: top.rows,
        precision: views::interval(top.precision),
        lift: views::interval(top.lift),
        reached: views::interval(top.reached),
        profit: views::interval(top.profit),
    };
    let point = |point: &holdfast_model::contact::Point| report::Point {
        share: point.share,
        precision: views::interval(point.precision),
        reached: views::interval(point.reached),
        profit: views::interval(point.profit),
    };
    let contacts = &found.contacts;
    report::Contacting {
        capacity: found.capacity,
        value: found.terms.value,
        saved: found.terms.saved,
        cost: found.terms.cost,
        are_terms_assumed: found.are_terms_assumed,
        cutoffs: contacts.cutoffs.iter().map(top).collect(),
        overall: top(&contacts.overall),
        curve: contacts.curve.iter().map(point).collect(),
        best: contacts.best.as_ref().map(point),
        rule_threshold: contacts.rule.threshold,
        rule_share: contacts.rule.share,
        rule_profit: views::interval(contacts.rule.profit),
        alert_threshold: found.lead.threshold,
        every_days: found.lead.every_days,
        lead_cutoffs: found.lead.cutoffs.iter().map(lead).collect(),
        lead: lead(&found.lead.overall),
    }
}
