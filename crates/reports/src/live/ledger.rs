//! All partitions together.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::partial::{Beside, Kpi, Partial};
use super::worklist::{Candidate, Entry, Reached, Withdrawn};
use crate::calendar::Period;
use crate::periods::{Before, PeriodFigures, Slot};
use crate::rate::Money;

/// A record of the topic of partials: one of these.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// A period is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
    /// A customer may be put on a day's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// And off it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawn>,
    /// A customer can be reached by something else now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
}

/// What is told of all partitions; values are compact JSON.
#[derive(Clone, Debug)]
pub enum Told {
    /// Figures of a period.
    Kpi {
        /// Period and its name, by which later records replace earlier ones.
        key: String,
        /// The record.
        value: Vec<u8>,
        /// The same, for those who show it.
        kpi: Box<Kpi>,
    },
    /// One of a day's list.
    Listed {
        /// The customer.
        key: String,
        /// The record.
        value: Vec<u8>,
    },
    /// A decision that the day's list had no room for.
    Suppressed {
        /// The customer.
        key: String,
        /// The decision, with the reason.
        value: Vec<u8>,
    },
}

/// A period that not everybody has spoken of.
#[derive(Clone, Debug, Default)]
struct Pending {
    start: i64,
    first_offset: i64,
    is_whole: bool,
    sums: Slot,
    before: Before,
    segments: BTreeMap<String, i64>,
    beside: Beside,
}

/// Candidates of a day.
#[derive(Clone, Debug, Default)]
struct List {
    first_offset: i64,
    candidates: BTreeMap<String, Candidate>,
}

/// Adds up what partitions say. Taking the same records in the same order gives the same, wherever one begins at or
/// before [`floor`](Self::floor).
#[derive(Clone, Debug)]
pub struct Ledger {
    zone: TimeZone,
    exponent: u8,
    capacity: Option<u64>,
    /// Up to where each partition has spoken, ms UTC.
    heard: Vec<Option<i64>>,
    /// Everything that ended by then was told.
    done: Option<i64>,
    pending: BTreeMap<(i64, Period), Pending>,
    lists: BTreeMap<i64, List>,
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Plain fields into memory: this cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

/// The decision, with the reason why nobody was asked to act on it.
fn suppressed(decision: &RawValue, reason: &str) -> Vec<u8> {
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(decision.get()).unwrap_or_default();
    fields.insert("suppressed".to_owned(), reason.into());
    json(&fields)
}

impl Ledger {
    /// Nothing was said yet, or everything that ended by `done` (ms UTC) was told before. `exponent` is that of the
    /// currency, `capacity` how many a day's list may hold.
    #[must_use]
    pub fn new(zone: TimeZone, exponent: u8, capacity: Option<u64>, done: Option<i64>) -> Self {
        Self {
            zone,
            exponent,
            capacity,
            heard: Vec::new(),
            done,
            pending: BTreeMap::new(),
            lists: BTreeMap::new(),
        }
    }

    /// Everything that ended by then was told, ms UTC.
    #[must_use]
    pub fn done(&self) -> Option<i64> {
        self.done
    }

    /// Offset of the oldest record that is still needed; `next`, the offset of the next one, where none is.
    #[must_use]
    pub fn floor(&self, next: i64) -> i64 {
        let periods = self.pending.values().map(|pending| pending.first_offset);
        let lists = self.lists.values().map(|list| list.first_offset);
        periods.chain(lists).min().unwrap_or(next)
    }

    /// A record at `offset`.
    pub fn take(&mut self, said: Said, offset: i64) {
        if let Some(partial) = said.partial {
            self.hear(partial, offset);
        }
        if let Some(candidate) = said.candidate
            && self.is_new(candidate.day_end_ms)
        {
            let list = self.list(candidate.day_end_ms, offset);
            list.insert(candidate.customer_id.clone(), candidate);
        }
        if let Some(now) = said.reached {
            let later = (Excluded(now.after_ms), Unbounded);
            for (_, list) in self.lists.range_mut(later) {
                if let Some(candidate) = list.candidates.get_mut(&now.customer_id) {
                    candidate.reach = now.reach.clone();
                }
            }
        }
        if let Some(gone) = said.withdrawn.as_ref().filter(|gone| gone.later_days) {
            let later = (Excluded(gone.day_end_ms), Unbounded);
            for (_, list) in self.lists.range_mut(later) {
                list.candidates.remove(&gone.customer_id);
            }
        } else if let Some(withdrawn) = said.withdrawn
            && self.is_new(withdrawn.day_end_ms)
        {
            self.list(withdrawn.day_end_ms, offset)
                .remove(&withdrawn.customer_id);
        }
    }

    fn list(&mut self, day_end: i64, offset: i64) -> &mut BTreeMap<String, Candidate> {
        let list = self.lists.entry(day_end).or_insert_with(|| List {
            first_offset: offset,
            candidates: BTreeMap::new(),
        });
        &mut list.candidates
    }

    fn is_new(&self, end: i64) -> bool {
        self.done.is_none_or(|done| end > done)
    }

    fn hear(&mut self, partial: Partial, offset: i64) {
        if self.heard.len() != partial.partitions as usize {
            // Customers were spread anew: what all old partitions have said is told, and the rest they will not say.
            let settled = self.heard.iter().copied().min().flatten().max(self.done);
            self.pending.retain(|(end, _), _| Some(*end) <= settled);
            self.heard = vec![settled; partial.partitions as usize];
        }
        let place = usize::try_from(partial.partition).unwrap_or(usize::MAX);
        let Some(heard) = self.heard.get_mut(place) else {
            return;
        };
        if partial.period == Period::Day {
            *heard = (*heard).max(Some(partial.end_ms));
        }
        if !self.is_new(partial.end_ms) {
            return;
        }
        let key = (partial.end_ms, partial.period);
        let pending = self.pending.entry(key).or_insert_with(|| Pending {
            start: partial.start_ms,
            first_offset: offset,
            is_whole: true,
            ..Pending::default()
        });
        pending.is_whole &= partial.is_whole;
        pending.sums.add(&partial.sums);
        pending.before.add(&partial.before);
        for (segment, n) in partial.segments {
            *pending.segments.entry(segment).or_default() += n;
        }
        pending.beside.add(&partial.beside);
    }

    /// What is to be told next: everything that ends at the first instant up to which all partitions have spoken, and not
    /// been told of. None when they have spoken of nothing more.
    pub fn due(&mut self) -> Option<Vec<Told>> {
        // None of one that has not spoken at all.
        let up_to = self.heard.iter().copied().min().flatten()?;
        if !self.is_new(up_to) {
            return None;
        }
        let first = self.pending.keys().next().map(|(end, _)| *end);
        let end = first.filter(|end| *end <= up_to).unwrap_or(up_to);
        let later = self.pending.split_off(&(end + 1, Period::Day));
        let pending = std::mem::replace(&mut self.pending, later);
        let later = self.lists.split_off(&(end + 1));
        let mut lists = std::mem::replace(&mut self.lists, later);
        let mut told = Vec::new();
        for ((end, period), pending) in pending {
            if period == Period::Day
                && let Some(list) = lists.remove(&end)
            {
                self.tell_list((pending.start, end), list, &mut told);
            }
            if pending.is_whole {
                told.push(self.kpi((period, end), &pending));
            }
        }
        self.done = Some(end);
        Some(told)
    }

    fn kpi(&self, (period, end): (Period, i64), pending: &Pending) -> Told {
        let name = period.name_of(&self.zone, pending.start);
        let money = Money::new(self.exponent);
        let span = ((pending.start, end), true);
        let figures = PeriodFigures::of(&pending.sums, pending.before, span, money);
        let segments = pending.segments.iter().filter(|(_, n)| **n > 0);
        let segments = segments.map(|(name, n)| (name.clone(), n.unsigned_abs()));
        let zone = self.zone.iana_name().unwrap_or("UTC");
        let kpi = Kpi::new(
            (period, name, zone),
            figures,
            segments.collect(),
            &pending.beside,
            money,
        );
        Told::Kpi {
            key: format!("{}:{}", period.name(), kpi.name),
            value: json(&kpi),
            kpi: Box::new(kpi),
        }
    }

    fn tell_list(&self, (start, end): (i64, i64), list: List, told: &mut Vec<Told>) {
        let day = Period::Day.name_of(&self.zone, start);
        let mut candidates: Vec<Candidate> = list.candidates.into_values().collect();
        candidates.sort_unstable_by(Candidate::order);
        let n = candidates.len() as u64;
        for (rank, candidate) in (1..).zip(&candidates) {
            let key = candidate.customer_id.clone();
            if self.capacity.is_some_and(|capacity| rank > capacity) {
                let value = suppressed(&candidate.decision, "capacity");
                told.push(Told::Suppressed { key, value });
                continue;
            }
            let entry = Entry {
                day: &day,
                as_of: end,
                rank,
                capacity: self.capacity,
                candidates: n,
                customer_id: &candidate.customer_id,
                alert_id: &candidate.alert_id,
                priority: candidate.priority,
                reach: &candidate.reach,
                alert: &candidate.alert,
            };
            told.push(Told::Listed {
                key,
                value: json(&entry),
            });
        }
    }
}
