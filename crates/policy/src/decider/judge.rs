//! Scoring at an instant, and the steps of an episode.

use super::*;
use crate::alert::{Crossing, Decision};
use crate::arm::Arm;
use crate::episode::Open;
use crate::journal::FactKind;
use crate::settings::Format;
use crate::solve::Limits;
use holdfast_lifecycle::Profile;
use holdfast_lifecycle::part::contract::ChurnKind;
use holdfast_model::Counterfactual;
use holdfast_playbook::Choice;

/// A step of a customer's episode, decided.
struct Step<'a> {
    kind: Kind,
    as_of: i64,
    trigger: Trigger<'a>,
    churn_event: Option<&'a str>,
}

impl<'a> Step<'a> {
    fn new(kind: Kind, as_of: i64, trigger: Trigger<'a>) -> Self {
        Self {
            kind,
            as_of,
            trigger,
            churn_event: None,
        }
    }
}

impl Decider {
    /// Scores the customer and takes the step that follows, if any.
    pub(super) fn judge(&mut self, store: &Store, ix: Ix, moment: Moment<'_>, out: &mut dyn Desk) {
        let Moment { now, trigger } = moment;
        let outlook = self.outlook(store, ix, now);
        if !outlook.compares(now) {
            return;
        }
        let log_odds = self.log_odds(store, ix, now);
        if !outlook.limits.reached(log_odds) {
            return;
        }
        let level = self.settings.level_reached(log_odds).unwrap_or(0);
        let before = self.records.get(ix).copied();
        let open = before.and_then(|record| record.open);
        let kind = match open {
            None => Kind::Opened,
            Some(_) if log_odds >= outlook.limits.above => Kind::Escalated,
            Some(_) => Kind::Recovered,
        };
        if open.is_none() {
            self.open(ix, now, level);
        } else if kind == Kind::Escalated {
            self.rise(ix, level);
        }
        self.publish(store, ix, &Step::new(kind, now, trigger), out);
        if kind == Kind::Recovered || self.settings.mode == Mode::Plain {
            self.close(ix, now);
        }
        self.decided(store, ix, (kind.into(), now), before);
    }

    /// What the rule table says of a customer of whom something other than an alert is told: `kind` in the table's words, as of
    /// an instant (ms UTC) that no event of the customer is later than. None where no rule names the kind, and of the
    /// control group.
    #[must_use]
    pub fn advise(
        &self,
        whom: (&Store, Ix),
        when: (&'static str, i64),
        profile: &dyn Fn(i64) -> Profile,
    ) -> Option<Choice> {
        self.voice.advise(whom, when, profile)
    }

    /// The open episode's horizon has passed: lapsed, or for a named event recovered, for it did not come.
    pub(super) fn lapse(&mut self, store: &Store, ix: Ix, at: i64, out: &mut dyn Desk) {
        let kind = if self.terms.named.is_some() {
            Kind::Recovered
        } else {
            Kind::Lapsed
        };
        let before = self.records.get(ix).copied();
        self.publish(store, ix, &Step::new(kind, at, Trigger::Silence), out);
        self.close(ix, at);
        if kind == Kind::Lapsed {
            self.records.make(ix).quiet_since = at;
        }
        self.decided(store, ix, (kind.into(), at), before);
    }

    /// The customer has left, by an event that is seen at its `ts`: an open episode ends, and none opens before new activity.
    pub(super) fn churn(&mut self, store: &Store, ix: Ix, seen: &Seen<'_>, out: &mut dyn Desk) {
        let named = self
            .terms
            .named
            .as_ref()
            .is_some_and(|named| named.is(seen.kind, seen.type_name));
        let trigger = Trigger::Event {
            event_id: seen.event_id,
        };
        let step = Step {
            churn_event: Some(seen.type_name),
            ..Step::new(Kind::Churned, seen.ts, trigger)
        };
        self.left(store, ix, (&step, named), out);
    }

    /// The customer has left, as the last contract was over at `at`.
    pub(super) fn run_out(
        &mut self,
        store: &Store,
        ix: Ix,
        (at, how): (i64, ChurnKind),
        out: &mut dyn Desk,
    ) {
        let (name, what) = match how {
            ChurnKind::TrialEnded => ("trial_end", "trial_ended"),
            _ => ("renewal", "not_renewed"),
        };
        let step = Step {
            churn_event: Some(what),
            ..Step::new(Kind::Churned, at, Trigger::Timer { name })
        };
        self.left(store, ix, (&step, false), out);
    }

    /// `named` if it is what the label asks for.
    fn left(
        &mut self,
        store: &Store,
        ix: Ix,
        (step, named): (&Step<'_>, bool),
        out: &mut dyn Desk,
    ) {
        let now = step.as_of;
        let before = self.records.get(ix).copied();
        let mut kind = FactKind::Left;
        if before.is_some_and(|record| record.open.is_some()) {
            kind = FactKind::Churned;
            self.publish(store, ix, step, out);
            self.close(ix, now);
        }
        let record = self.records.make(ix);
        record.quiet_since = now;
        record.gone |= named;
        record.seen_at = now;
        self.decided(store, ix, (kind, now), before);
    }

    fn open(&mut self, ix: Ix, now: i64, level: usize) {
        let silent = now < self.settings.not_before;
        let record = self.records.make(ix);
        record.number += 1;
        record.probability = f64::NAN;
        record.open = Some(Open {
            at: now,
            level: u8::try_from(level).unwrap_or(u8::MAX),
            silent,
        });
    }

    fn rise(&mut self, ix: Ix, level: usize) {
        if let Some(open) = &mut self.records.make(ix).open {
            open.level = u8::try_from(level).unwrap_or(u8::MAX);
        }
    }

    fn close(&mut self, ix: Ix, at: i64) {
        let record = self.records.make(ix);
        record.open = None;
        record.closed_at = at;
    }

    /// Sends the step's alert, unless the episode is silent or the state is being rebuilt.
    fn publish(&mut self, store: &Store, ix: Ix, step: &Step<'_>, out: &mut dyn Desk) {
        let probability = probability(self.log_odds(store, ix, step.as_of));
        let record = self.records.make(ix);
        record.seen_at = if self.settings.mode == Mode::Plain {
            record.seen_at
        } else {
            step.as_of
        };
        let previous = std::mem::replace(&mut record.probability, probability);
        let number = record.number;
        let Some(open) = record.open else { return };
        if !self.emitting {
            return;
        }
        if open.silent {
            self.counts.suppressed += 1;
            return;
        }
        let counterfactual = self.counterfactual(store, ix, step);
        let next_crossing = self.next_crossing(store, ix, step, open);
        let decision = Decision {
            kind: step.kind,
            number,
            level: usize::from(open.level),
            opened_at: open.at,
            as_of: step.as_of,
            trigger: step.trigger,
            churn_event: step.churn_event,
            previous: (!previous.is_nan()).then_some(previous),
            counterfactual,
            next_crossing,
        };
        let explanation = self
            .scorer
            .explain(store, ix, step.as_of, &mut self.scratch);
        let profile = out.profile(store, ix, step.as_of);
        let alert = self
            .voice
            .alert((store, ix), &decision, &explanation, profile.as_ref());
        match alert.arm {
            Arm::Treat => self.counts.alerts[step.kind as usize] += 1,
            Arm::Control => self.counts.control += 1,
        }
        out.take(alert);
    }

    /// When silence alone would reach the next band, as the state is now and before the episode ends by itself.
    fn next_crossing(
        &mut self,
        store: &Store,
        ix: Ix,
        step: &Step<'_>,
        open: Open,
    ) -> Option<Crossing> {
        if !step.kind.leaves_open() || self.settings.format != Format::Json {
            return None;
        }
        let band = self.settings.level(usize::from(open.level) + 1)?;
        let limits = Limits {
            above: band.log_odds,
            ..Limits::NONE
        };
        let to = open.at.saturating_add(self.terms.horizon_ms);
        let from = step.as_of.saturating_add(1);
        let at = first_reached(&mut self.future(store, ix), from, to, limits)?;
        Some(Crossing {
            at,
            band: band.probability,
        })
    }

    /// Asked for only where somebody is to be won back, and told.
    fn counterfactual(&mut self, store: &Store, ix: Ix, step: &Step<'_>) -> Option<Counterfactual> {
        let wanted = matches!(step.kind, Kind::Opened | Kind::Escalated);
        if !wanted || self.settings.format != Format::Json {
            return None;
        }
        let limit = self.settings.close.log_odds;
        self.scorer
            .counterfactual((store, ix), step.as_of, limit, &mut self.scratch)
    }
}
