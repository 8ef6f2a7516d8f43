//! What a made-up log says of a customer as of an instant, beside the features.

use holdfast_events::{Details, Event, EventType};
use holdfast_playbook::Facts;

use crate::generate::DAY_MS;

/// For how long a late delivery is worth a word.
const LATE_COUNTS_MS: i64 = 30 * DAY_MS;
/// For how long what is in a cart is kept for the customer.
const CART_KEPT_MS: i64 = 3 * DAY_MS;
/// Use of late, and of before, in days.
const OF_LATE_DAYS: i64 = 14;
const BEFORE_DAYS: i64 = 56;

/// One thing that happened.
#[derive(Debug, Clone, Copy)]
struct Happened {
    ts: i64,
    kind: EventType,
    minor: i64,
    late_days: f64,
    period_end: Option<i64>,
    is_trial: bool,
}

/// All that a customer did, as it came.
#[derive(Debug, Default)]
pub(super) struct Past(Vec<Happened>);

impl Past {
    pub(super) fn push(&mut self, event: &Event<'_>, details: &Details<'_>) {
        self.0.push(Happened {
            ts: event.ts,
            kind: event.kind,
            minor: event.minor.unwrap_or(0),
            late_days: details.late_days.unwrap_or(0.0),
            period_end: details.period_end.map(|end| end.0),
            is_trial: details.plan.as_deref() == Some("trial"),
        });
    }

    /// What was known at `now`; a ticket is solved by the next thing that is said to be.
    pub(super) fn as_of(&self, now: i64) -> Facts {
        let mut known: Vec<Happened> = self.0.iter().filter(|h| h.ts <= now).copied().collect();
        known.sort_by_key(|happened| happened.ts);
        let count = |kind| known.iter().filter(|h| h.kind == kind).count() as f64;
        let last = |kind| known.iter().rev().find(|h| h.kind == kind);
        let open = open_since(&known);
        let late = last(EventType::OrderDelivered).filter(|h| now - h.ts <= LATE_COUNTS_MS);
        let bought = last(EventType::Purchase).map(|h| h.ts);
        let rated = known
            .iter()
            .rev()
            .find(|h| matches!(h.kind, EventType::Review | EventType::SurveyResponse));
        let contract = known.iter().rev().find(|h| h.period_end.is_some());
        let until = contract.and_then(|h| h.period_end);
        Facts {
            open_tickets: Some(open.len() as f64),
            unresolved_days: open.first().map(|ts| days(now - ts)),
            late_delivery: late.map(|h| h.late_days),
            returns: Some(count(EventType::Refund) + count(EventType::OrderReturned)),
            orders: Some(count(EventType::Purchase)),
            cart_open_value: Some(cart(&known, now)),
            reviewed: bought.map(|at| rated.is_some_and(|h| h.ts > at)),
            has_subscription: Some(until.is_some_and(|end| end > now)),
            trial: contract.map(|h| h.is_trial),
            renewal_in_days: until.map(|end| days(end - now)),
            low_use: low_use(&known, now),
            ..Facts::default()
        }
    }
}

fn days(ms: i64) -> f64 {
    ms as f64 / DAY_MS as f64
}

/// Whether it was used less than half as often of late as before; none of who never used anything.
fn low_use(known: &[Happened], now: i64) -> Option<bool> {
    let uses = |from: i64, to: i64| {
        let within = |h: &&Happened| (now - from * DAY_MS..now - to * DAY_MS).contains(&h.ts);
        let used = known.iter().filter(|h| h.kind == EventType::FeatureUse);
        used.filter(within).count() as i64
    };
    let since = known.iter().find(|h| h.kind == EventType::FeatureUse)?.ts;
    let before_days = ((now - since) / DAY_MS - OF_LATE_DAYS).min(BEFORE_DAYS);
    if before_days < OF_LATE_DAYS {
        return None; // too short a past to compare with
    }
    let before = uses(OF_LATE_DAYS + before_days, OF_LATE_DAYS);
    Some(2 * uses(OF_LATE_DAYS, 0) * before_days < before * OF_LATE_DAYS)
}

/// When each ticket was opened that is not solved yet.
fn open_since(known: &[Happened]) -> Vec<i64> {
    let mut open = Vec::new();
    for happened in known {
        match happened.kind {
            EventType::SupportContact => open.push(happened.ts),
            EventType::SupportResolved => open.clear(),
            _ => {}
        }
    }
    open
}

/// Worth of what lies in the cart, in major units of a currency with two decimals.
fn cart(known: &[Happened], now: i64) -> f64 {
    let (mut minor, mut touched) = (0, i64::MIN);
    for happened in known {
        match happened.kind {
            EventType::CartAdd => (minor, touched) = (minor + happened.minor, happened.ts),
            EventType::CartRemove => (minor, touched) = (minor - happened.minor, happened.ts),
            EventType::Purchase => minor = 0,
            _ => {}
        }
    }
    let kept = now.saturating_sub(touched) <= CART_KEPT_MS;
    if kept {
        minor.max(0) as f64 / 100.0
    } else {
        0.0
    }
}
