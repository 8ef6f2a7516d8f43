//! Ends of contracts against a twin that reads each contract's own events only.

use holdfast_events::details::Instant;
use holdfast_events::{Details, EventType};
use holdfast_lifecycle::{DAY_MS, Settings};
use proptest::prelude::*;
use serde_json::Value;

use crate::world::{Event, START, Step, World, name, settings, steps};

use EventType as E;

/// Beginnings more often than ends.
const KINDS: [EventType; 11] = [
    E::SubscriptionStart,
    E::SubscriptionStart,
    E::SubscriptionStart,
    E::SubscriptionRenew,
    E::SubscriptionRenew,
    E::SubscriptionChange,
    E::SubscriptionPause,
    E::SubscriptionCancel,
    E::SubscriptionExpire,
    E::PaymentFailed,
    E::PageView,
];

/// As of which instant, how, and whether by will.
type End = (i64, &'static str, Option<bool>);

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct State {
    runs: bool,
    trial: bool,
    paused: bool,
    failed: bool,
    /// Ended by its own date: somebody may still say how.
    concluded: bool,
    period_end: Option<i64>,
}

impl State {
    fn deadline(&self) -> Option<i64> {
        let end = self.period_end.filter(|_| self.runs && !self.paused)?;
        Some(end + Settings::default().renewal_grace_ms)
    }

    fn end(&mut self, at: i64, kind: &'static str, voluntary: Option<bool>) -> Option<End> {
        let runs = std::mem::take(&mut self.runs) | std::mem::take(&mut self.concluded);
        runs.then_some((at, kind, voluntary))
    }

    fn take(&mut self, event: &Event) -> Option<End> {
        let Details {
            plan,
            period_end,
            voluntary,
            ..
        } = &event.details;
        let said = period_end.map(|end| end.0);
        let is_trial = plan.as_deref() == Some("trial");
        match event.kind {
            E::SubscriptionStart => {
                *self = Self {
                    runs: true,
                    trial: is_trial,
                    period_end: said,
                    ..Self::default()
                };
            }
            E::SubscriptionRenew => {
                *self = Self {
                    runs: true,
                    period_end: said,
                    ..Self::default()
                }
            }
            E::SubscriptionPause if self.runs => self.paused = true,
            E::SubscriptionChange if self.runs => {
                let rested = std::mem::take(&mut self.paused);
                self.trial = if plan.is_some() { is_trial } else { self.trial };
                let known = self.period_end.filter(|end| !rested || *end > event.ts);
                self.period_end = said.or(known);
            }
            E::PaymentFailed if self.runs => self.failed = true,
            // One that was never heard of ends all the same.
            E::SubscriptionCancel => {
                let by_will = voluntary.unwrap_or(!self.failed);
                return self.end(event.ts, "cancelled", Some(by_will));
            }
            E::SubscriptionExpire if self.failed => {
                return self.end(event.ts, "payment_failed", Some(false));
            }
            E::SubscriptionExpire if self.trial => {
                return self.end(event.ts, "trial_ended", *voluntary);
            }
            E::SubscriptionExpire => return self.end(event.ts, "expired", *voluntary),
            _ => {}
        }
        None
    }
}

/// How the contract of this name stands after the first `events`, just before the instant `to`; and its ends.
fn of(history: &[Event], id: &str, to: i64) -> (State, Vec<End>) {
    let mut state = State::default();
    let mut known = false;
    let mut ends = Vec::new();
    for (at, event) in history
        .iter()
        .enumerate()
        .chain([(history.len(), &until(to))])
    {
        if let Some(due) = state.deadline().filter(|due| *due <= event.ts) {
            let others = ["s1", "s2", "s3"].into_iter().filter(|other| *other != id);
            let is_other = |other| {
                let (state, _) = of(&history[..at], other, due - 1);
                state.runs && !state.trial
            };
            let became_another = state.trial && others.into_iter().any(is_other);
            let kind = if state.trial {
                "trial_ended"
            } else {
                "not_renewed"
            };
            let end = state.end(due, kind, state.failed.then_some(false));
            if became_another {
                known = false;
                state = State::default();
            } else {
                ends.extend(end);
                state.concluded = true;
            }
        }
        if event.details.subscription_id.as_deref() == Some(id) {
            let begins = matches!(event.kind, E::SubscriptionStart | E::SubscriptionRenew);
            let ends_it = matches!(event.kind, E::SubscriptionCancel | E::SubscriptionExpire);
            if !known && ends_it {
                state.runs = true;
            }
            known |= begins || ends_it;
            ends.extend(state.take(event));
        }
    }
    (state, ends)
}

/// The end of a history.
fn until(ts: i64) -> Event {
    Event {
        customer: 0,
        kind: E::PageView,
        ts,
        minor: None,
        details: Details::default(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn contracts_end_as_a_walk_over_each_ones_own_events_says(
        settings in settings(),
        steps in steps(0, 0),
        kinds in prop::collection::vec(prop::sample::select(&KINDS[..]), 60),
    ) {
        let mut world = World::new(&settings);
        let mut history = Vec::new();
        for (step, kind) in steps.iter().zip(kinds) {
            let Step::Event(event) = step else { continue };
            let mut event = (**event).clone();
            // Most of the usual histories is about other things than contracts.
            event.kind = kind;
            event.customer %= 2;
            event.details.period = None;
            // Ids are always given here, and dates lie ahead of all that is due at the same instant.
            event.details.subscription_id.get_or_insert("s1".into());
            event.details.period_end = event.details.period_end.map(|end| Instant(end.0 + DAY_MS + 1));
            world.event(&event);
            history.push(event);
        }
        let end = START + 4_000 * DAY_MS;
        world.advance(end);
        for customer in 0..2 {
            let own: Vec<Event> = history.iter().filter(|event| event.customer == customer).cloned().collect();
            for id in ["s1", "s2", "s3"] {
                let is_own = |record: &&Value| record["subscription_id"] == id;
                let records = world.lifecycle(customer, &["churned"]);
                let told: Vec<_> = records.iter().filter(is_own).map(|record| {
                    let kind = record["churn_kind"].as_str().unwrap().to_owned();
                    (record["as_of"].as_i64().unwrap(), kind, record["voluntary"].as_bool())
                }).collect();
                let (_, ends) = of(&own, id, end);
                let ends: Vec<_> = ends.into_iter().map(|(at, kind, by)| (at, kind.to_owned(), by)).collect();
                prop_assert_eq!(&told, &ends, "{} {}", name(customer), id);
            }
        }
    }
}
