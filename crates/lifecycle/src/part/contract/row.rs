//! What is kept of a customer's contracts.

use holdfast_events::{Details, EventType};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Contracts kept of a customer: of more, those that ended first are forgotten, then those renewed longest ago.
const CONTRACTS: usize = 8;
/// Bytes kept of a name or a reason.
const NAME: usize = 64;

/// How a contract, or all of them, came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ChurnKind {
    /// Somebody ended it.
    Cancelled,
    /// It ran out, as told by the source.
    Expired,
    /// It ran out, and a payment had failed since the last renewal.
    PaymentFailed,
    /// Its period was over, and neither renewal nor end were heard of.
    NotRenewed,
    /// A trial was over, and no contract came of it.
    TrialEnded,
    /// The account was closed.
    AccountClosed,
}

/// An end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) at: i64,
    pub(super) kind: ChurnKind,
    pub(super) reason: Box<str>,
    /// Whether nobody said so: neither renewal nor end came.
    pub(super) is_concluded: bool,
}

/// A contract. Instants are ms UTC; those that are nearly always set are kept as distances, which are short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Contract {
    /// As the source names it; empty where it has no name.
    pub(super) id: Box<str>,
    pub(super) plan: Box<str>,
    terms: Terms,
    pub(super) seats: u32,
    /// The last start or renewal.
    pub(super) renewed_at: i64,
    /// From there to the last event that changed plan or rest.
    changed_after: i64,
    /// From there to the end of the paid period.
    lasts: Option<i64>,
    pub(super) failed_at: Option<i64>,
    pub(super) end: Option<End>,
}

/// All contracts of a customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// The account was closed, and nothing has begun since.
    pub(super) closed: Option<End>,
    pub(super) contracts: Vec<Contract>,
}

/// The billing period (3 bits), whether it is a trial, whether it rests, and on which of the last days of a month it
/// began (2 bits: none of them, 29th, 30th, 31st), in one byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Terms(u8);

const TRIAL: u8 = 1 << 3;
const PAUSED: u8 = 1 << 4;
const DAY: u8 = 3 << 5;

impl Terms {
    fn period(self) -> Period {
        match self.0 & 7 {
            1 => Period::Week,
            2 => Period::Month,
            3 => Period::Quarter,
            4 => Period::Year,
            _ => Period::Unknown,
        }
    }

    fn set_period(&mut self, period: Period) {
        self.0 = self.0 & !7 | period as u8;
    }

    /// The day of the month on which its periods end, where that month has it.
    fn day(self) -> Option<i8> {
        let beyond = (self.0 & DAY) >> 5;
        (beyond > 0).then_some(28 + beyond as i8)
    }

    /// Periods begin at this instant.
    fn begin(&mut self, at: i64, zone: &TimeZone) {
        let day = Timestamp::from_millisecond(at).map_or(0, |at| at.to_zoned(zone.clone()).day());
        self.0 = self.0 & !DAY | (day.max(28) - 28).cast_unsigned() << 5;
    }

    fn set(&mut self, bit: u8, on: bool) {
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }
}

/// A billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Period {
    Unknown,
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    fn of(details: &Details<'_>) -> Self {
        let said = details.period.as_deref().unwrap_or_default();
        let is = |names: &[&str]| names.iter().any(|name| said.eq_ignore_ascii_case(name));
        match () {
            () if is(&["week", "weekly"]) => Self::Week,
            () if is(&["month", "monthly"]) => Self::Month,
            () if is(&["quarter", "quarterly"]) => Self::Quarter,
            () if is(&["year", "yearly", "annual", "annually"]) => Self::Year,
            () => Self::Unknown,
        }
    }

    /// The end of a period that begins then: by the calendar of the zone, on that day of the month or its last.
    fn end(self, from: i64, day: Option<i8>, zone: &TimeZone) -> Option<i64> {
        let span: Span = match self {
            Self::Unknown => return None,
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        };
        let from = Timestamp::from_millisecond(from).ok()?;
        let mut end = from.to_zoned(zone.clone()).checked_add(span).ok()?;
        if let Some(day) = day.filter(|_| self != Self::Week) {
            let day = day.min(end.days_in_month());
            end = end.with().day(day).build().ok()?;
        }
        Some(end.timestamp().as_millisecond())
    }
}

/// Names are kept up to a length.
pub(super) fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(NAME)]
}

/// A name that was given.
pub(super) fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn is_trial(details: &Details<'_>) -> bool {
    [&details.plan, &details.kind, &details.status]
        .into_iter()
        .filter_map(|text| text.as_deref())
        .any(|text| text.eq_ignore_ascii_case("trial") || text.eq_ignore_ascii_case("trialing"))
}

impl Contract {
    pub(super) fn new(id: &str, ts: i64) -> Self {
        Self {
            id: id.into(),
            plan: Box::default(),
            terms: Terms::default(),
            seats: 0,
            renewed_at: ts,
            changed_after: 0,
            lasts: None,
            failed_at: None,
            end: None,
        }
    }

    pub(super) fn is_trial(&self) -> bool {
        self.terms.0 & TRIAL != 0
    }

    pub(super) fn is_running(&self) -> bool {
        self.end.is_none()
    }

    /// The end of the paid period; none while the contract rests or has ended, or where nothing was said.
    pub(super) fn renewal_at(&self) -> Option<i64> {
        let runs = self.is_running() && self.terms.0 & PAUSED == 0;
        Some(self.renewed_at.saturating_add(self.lasts.filter(|_| runs)?))
    }

    fn period_end(&self) -> Option<i64> {
        Some(self.renewed_at.saturating_add(self.lasts?))
    }

    /// Whether an event that begins or goes on with the contract comes too late to do so: it was ended by an event
    /// after it. An end that was only concluded from silence is taken back.
    pub(super) fn is_over_for(&self, ts: i64) -> bool {
        let told = self.end.as_ref().filter(|end| !end.is_concluded);
        told.is_some_and(|end| ts <= end.at)
    }

    /// How it ended, where that was only concluded from silence.
    pub(super) fn concluded(&self) -> Option<ChurnKind> {
        let end = self.end.as_ref().filter(|end| end.is_concluded)?;
        Some(end.kind)
    }

    /// It begins, or goes on for another period.
    pub(super) fn renew(
        &mut self,
        (kind, ts): (EventType, i64),
        details: &Details<'_>,
        zone: &TimeZone,
    ) {
        let known = self.period_end();
        let period = match Period::of(details) {
            Period::Unknown => self.terms.period(),
            said => said,
        };
        let is_newest = ts >= self.renewed_at;
        // A renewal carries on where the period ends; whoever comes back begins anew.
        let goes_on = kind == EventType::SubscriptionRenew && self.is_running() && is_newest;
        let from = known.filter(|_| goes_on).unwrap_or(ts);
        if known.filter(|_| goes_on).is_none() && is_newest {
            self.terms.begin(ts, zone);
        }
        let said = details
            .period_end
            .map(|end| end.0)
            .or_else(|| period.end(from, self.terms.day(), zone));
        let end = match is_newest {
            true => said,
            false => said.max(known),
        };
        let changed_at = self.changed_at().max(ts);
        self.terms.set_period(period);
        self.renewed_at = self.renewed_at.max(ts);
        self.lasts = end.map(|end| end.saturating_sub(self.renewed_at));
        self.end = None;
        if is_newest {
            self.failed_at = None;
            self.terms.set(PAUSED, false);
            let begins = kind == EventType::SubscriptionStart;
            self.terms.set(TRIAL, begins && is_trial(details));
            self.describe(details);
        }
        self.changed_after = changed_at.saturating_sub(self.renewed_at);
    }

    fn describe(&mut self, details: &Details<'_>) {
        if let Some(plan) = &details.plan {
            self.plan = short(plan).into();
        }
        if let Some(seats) = details.seats {
            self.seats = u32::try_from(seats.max(0)).unwrap_or(u32::MAX);
        }
    }

    fn changed_at(&self) -> i64 {
        self.renewed_at.saturating_add(self.changed_after)
    }

    /// Plan, period, seats or rest changed; an older change than the last one does nothing.
    pub(super) fn change(
        &mut self,
        (kind, ts): (EventType, i64),
        details: &Details<'_>,
        zone: &TimeZone,
    ) {
        if ts < self.changed_at() || !self.is_running() {
            return;
        }
        self.changed_after = ts.saturating_sub(self.renewed_at);
        let rested = self.terms.0 & PAUSED != 0;
        let rests = kind == EventType::SubscriptionPause;
        self.terms.set(PAUSED, rests);
        if rests {
            return;
        }
        // A date that passed meanwhile says nothing: what holds now is for the next renewal to say.
        if rested && self.period_end().is_some_and(|end| end <= ts) {
            self.lasts = None;
        }
        if details.plan.is_some() {
            self.terms.set(TRIAL, is_trial(details));
        }
        let period = Period::of(details);
        let is_other = period != Period::Unknown && period != self.terms.period();
        let mut end = details.period_end.map(|end| end.0);
        if is_other {
            // Another period begins with the change.
            self.terms.set_period(period);
            self.terms.begin(ts, zone);
            end = end.or_else(|| period.end(ts, self.terms.day(), zone));
        }
        if let Some(end) = end {
            self.lasts = Some(end.saturating_sub(self.renewed_at));
        }
        self.describe(details);
    }
}

impl Row {
    pub(super) fn running(&self) -> impl Iterator<Item = &Contract> {
        self.contracts
            .iter()
            .filter(|contract| contract.is_running())
    }

    /// The contract that an event is about: the one it names, or the one that runs without a name; where it names none,
    /// the only one that runs.
    pub(super) fn about(&self, id: Option<&str>) -> Option<usize> {
        let named = id.unwrap_or("");
        let all = &self.contracts;
        let exact = all.iter().position(|contract| *contract.id == *named);
        if exact.is_some() {
            return exact;
        }
        if id.is_some() {
            return all.iter().position(|c| c.id.is_empty() && c.is_running());
        }
        let mut running = (0..all.len()).filter(|at| all[*at].is_running());
        running.next().filter(|_| running.next().is_none())
    }

    pub(super) fn add(&mut self, contract: Contract) -> usize {
        if self.contracts.len() >= CONTRACTS {
            let places = self.contracts.iter().enumerate();
            // Ended ones first, as false sorts before true.
            let age = |contract: &Contract| {
                let end = contract.end.as_ref().map(|end| end.at);
                (end.is_none(), end.unwrap_or(contract.renewed_at))
            };
            if let Some((at, _)) = places.min_by_key(|(_, contract)| age(contract)) {
                self.contracts.remove(at);
            }
        }
        self.contracts.push(contract);
        self.contracts.len() - 1
    }
}
