//! Contracts: subscriptions, their renewal dates, trials, and how they end.
//!
//! Each end is told once, as `churned` on the topic `lifecycle`:
//!
//! | `churn_kind` | when | `voluntary` |
//! | --- | --- | --- |
//! | `cancelled` | `subscription_cancel` | as the event says, else yes |
//! | `expired` | `subscription_expire` | as the event says, else unknown |
//! | `payment_failed` | the same, where a payment failed since the last renewal | no |
//! | `not_renewed` | the period is over for the grace, and neither renewal nor end came | no where a payment failed, else unknown |
//! | `trial_ended` | the same of a trial, and no other contract runs | as the event says, else unknown |
//! | `account_closed` | `account_closed`; ends all contracts | as the event says, else yes |
//!
//! The first four come from events of [`Settings::hard_churn`](crate::Settings::hard_churn) only, the others from the
//! contract's own dates. Leaving a mailing list (`campaign_unsubscribed`) ends no contract. A period ends where the
//! event says so, else by its billing period in the calendar of the business's zone; a contract that rests has no date,
//! nor one that has rested past it.
//! A renewal dated at or before a date that has passed undoes no record, but the contract runs again; a cancellation
//! older than the last renewal ends nothing.
//!
//! Only who has a contract has a row: about 36 bytes for one. Of a customer the last eight are kept, names and reasons up
//! to 64 bytes.

use holdfast_events::{Details, EventType};
use serde::Serialize;

use crate::notice::{Cause, Topic};
use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::table::{AnyTable, Packed};
use crate::tracker::Seen;

mod row;

pub use row::ChurnKind;
use row::{Contract, End, Row, short};

/// The part.
#[derive(Debug, Clone)]
pub struct Contracts {
    rows: Packed<Row>,
}

impl Default for Contracts {
    fn default() -> Self {
        Self {
            rows: Packed::new("contracts"),
        }
    }
}

/// A customer's contracts, for a [`Profile`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Contracts that run or rest.
    pub subscriptions: usize,
    /// The plan of the contract to be renewed next.
    pub plan: Option<String>,
    /// When that is, ms UTC.
    pub renewal_at: Option<i64>,
    /// Whether it is a trial.
    pub in_trial: bool,
    /// Seats of all contracts.
    pub seats: u32,
    /// The last payment that failed since a renewal, ms UTC.
    pub payment_failed_at: Option<i64>,
    /// When a contract, or the account, last came to an end, ms UTC.
    pub churned_at: Option<i64>,
    /// How.
    pub churn_kind: Option<ChurnKind>,
    /// The reason that was stated, up to 64 bytes.
    pub churn_reason: Option<String>,
}

#[derive(Serialize)]
struct Churned<'a> {
    kind: &'static str,
    customer_id: &'a str,
    as_of: i64,
    trigger: Cause<'a>,
    churn_kind: ChurnKind,
    voluntary: Option<bool>,
    reason: Option<&'a str>,
    subscription_id: Option<&'a str>,
    plan: Option<&'a str>,
    seats: Option<u32>,
    was_trial: bool,
    /// When it ended, which a late event may tell of afterwards.
    ended_at: i64,
    subscriptions_left: usize,
    is_proxy: bool,
}

fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// An end that is to be told.
struct Ended {
    end: End,
    voluntary: Option<bool>,
    contract: Contract,
    left: usize,
}

impl Ended {
    fn tell(&self, whom: &Whom<'_>, (at, trigger): (i64, Cause<'_>), out: &mut Out<'_>) {
        let contract = &self.contract;
        let value = Churned {
            kind: "churned",
            customer_id: whom.id(),
            as_of: at,
            trigger,
            churn_kind: self.end.kind,
            voluntary: self.voluntary,
            reason: said(&self.end.reason),
            subscription_id: said(&contract.id),
            plan: said(&contract.plan),
            seats: Some(contract.seats).filter(|seats| *seats > 0),
            was_trial: contract.is_trial(),
            ended_at: self.end.at,
            subscriptions_left: self.left,
            is_proxy: false,
        };
        out.send(Topic::Lifecycle, whom, at, &value);
    }
}

/// When a contract counts as not renewed, if nothing comes.
fn deadline(contract: &Contract, whom: &Whom<'_>) -> Option<i64> {
    let at = contract
        .renewal_at()?
        .saturating_add(whom.settings.renewal_grace_ms);
    // A late event may put it before what was said already.
    Some(at.max(whom.store.newest(whom.ix)?).max(whom.floor))
}

/// The contract, among those of `row`, is not renewed by `at`; none of it is to be told where the trial became
/// another contract.
fn run_out(row: &mut Row, which: usize, at: i64) -> Option<Ended> {
    let contract = row.contracts[which].clone();
    let converted = contract.is_trial() && row.running().any(|other| !other.is_trial());
    if converted {
        row.contracts.remove(which);
        return None;
    }
    let kind = match contract.is_trial() {
        true => ChurnKind::TrialEnded,
        false => ChurnKind::NotRenewed,
    };
    let end = End {
        at,
        kind,
        reason: Box::default(),
    };
    row.contracts[which].end = Some(end.clone());
    Some(Ended {
        end,
        voluntary: contract.failed_at.map(|_| false),
        contract,
        left: row.running().count(),
    })
}

/// Ends what is over by `at`, the earliest first, handing each end that is to be told to `tell`.
fn pass(row: &mut Row, whom: &Whom<'_>, at: i64, mut tell: impl FnMut(&Ended, i64)) {
    loop {
        let instants = row.contracts.iter().enumerate();
        let due = instants.filter_map(|(which, contract)| Some((deadline(contract, whom)?, which)));
        let Some((when, which)) = due.min().filter(|(when, _)| *when <= at) else {
            return;
        };
        if let Some(ended) = run_out(row, which, when) {
            tell(&ended, when);
        }
    }
}

/// The contract that the event is about ends with it; none if it has ended before, or was renewed since.
fn end(row: &mut Row, seen: &Seen<'_>, details: &Details<'_>) -> Option<Ended> {
    let id = details.subscription_id.as_deref().map(short);
    let which = match row.about(id) {
        Some(which) => which,
        None => row.add(Contract::new(id.unwrap_or(""), seen.ts)),
    };
    let contract = row.contracts[which].clone();
    if !contract.is_running() || seen.ts < contract.renewed_at {
        return None;
    }
    let (kind, voluntary) = match seen.kind {
        EventType::SubscriptionCancel => (
            ChurnKind::Cancelled,
            Some(details.voluntary.unwrap_or(true)),
        ),
        _ if contract.failed_at.is_some() => (ChurnKind::PaymentFailed, Some(false)),
        _ if contract.is_trial() => (ChurnKind::TrialEnded, details.voluntary),
        _ => (ChurnKind::Expired, details.voluntary),
    };
    let end = End {
        at: seen.ts,
        kind,
        reason: details.reason.as_deref().map_or("", short).into(),
    };
    row.contracts[which].end = Some(end.clone());
    Some(Ended {
        end,
        voluntary,
        contract,
        left: row.running().count(),
    })
}

/// All contracts end with the account.
fn close(row: &mut Row, seen: &Seen<'_>, details: &Details<'_>) -> Option<Ended> {
    let goes_on = row.running().any(|contract| seen.ts < contract.renewed_at);
    if row.closed.is_some() || goes_on {
        return None;
    }
    let end = End {
        at: seen.ts,
        kind: ChurnKind::AccountClosed,
        reason: details.reason.as_deref().map_or("", short).into(),
    };
    row.closed = Some(end.clone());
    for contract in row
        .contracts
        .iter_mut()
        .filter(|contract| contract.is_running())
    {
        contract.end = Some(end.clone());
    }
    Some(Ended {
        end,
        voluntary: Some(details.voluntary.unwrap_or(true)),
        contract: Contract::new("", seen.ts),
        left: 0,
    })
}

/// A contract begins or goes on.
fn renew(row: &mut Row, seen: &Seen<'_>, details: &Details<'_>, whom: &Whom<'_>) {
    if row
        .closed
        .as_ref()
        .is_some_and(|closed| seen.ts <= closed.at)
    {
        return;
    }
    row.closed = None;
    let id = details.subscription_id.as_deref().map(short);
    let which = match row.about(id) {
        Some(which) if row.contracts[which].is_over_for(seen.ts) => return,
        Some(which) => which,
        None => row.add(Contract::new(id.unwrap_or(""), seen.ts)),
    };
    let zone = &whom.settings.time_zone;
    row.contracts[which].renew((seen.kind, seen.ts), details, zone);
}

fn fail(row: &mut Row, ts: i64, details: &Details<'_>) {
    let id = details.subscription_id.as_deref().map(short);
    for contract in &mut row.contracts {
        let is_meant = id.is_none_or(|id| *id == *contract.id);
        if is_meant && contract.is_running() && ts >= contract.renewed_at {
            contract.failed_at = contract.failed_at.max(Some(ts));
        }
    }
}

impl Part for Contracts {
    fn wants(&self, kind: EventType) -> Want {
        match kind {
            EventType::PaymentFailed | EventType::AccountClosed => Want::Details,
            EventType::SignUp => Want::Event,
            kind if kind.is_subscription() => Want::Details,
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        use EventType as E;
        let none = Details::default();
        let details = seen.details.unwrap_or(&none);
        let mut row = self.rows.get(whom.ix);
        let mut ended = None;
        match seen.kind {
            E::SubscriptionStart | E::SubscriptionRenew => renew(&mut row, seen, details, whom),
            E::SubscriptionChange | E::SubscriptionPause => {
                let id = details.subscription_id.as_deref().map(short);
                if let Some(which) = row.about(id) {
                    row.contracts[which].change((seen.kind, seen.ts), details);
                }
            }
            E::SubscriptionCancel | E::SubscriptionExpire => ended = end(&mut row, seen, details),
            E::PaymentFailed => fail(&mut row, seen.ts, details),
            E::AccountClosed => ended = close(&mut row, seen, details),
            // A new account.
            _ => row.closed = row.closed.take().filter(|closed| seen.ts <= closed.at),
        }
        self.rows.set(whom.ix, &row);
        if let Some(ended) = ended.filter(|_| whom.settings.hard_churn.contains(&seen.kind)) {
            let at = whom.store.newest(whom.ix).unwrap_or(seen.ts);
            let event_id = seen.event_id;
            ended.tell(whom, (at, Cause::Event { event_id }), out);
        }
    }

    fn next(&self, whom: &Whom<'_>) -> Option<i64> {
        let row = self.rows.get(whom.ix);
        let instants = row.contracts.iter();
        instants
            .filter_map(|contract| deadline(contract, whom))
            .min()
    }

    fn fire(&mut self, whom: &Whom<'_>, at: i64, out: &mut Out<'_>) {
        let mut row = self.rows.get(whom.ix);
        pass(&mut row, whom, at, |ended, when| {
            let name = match ended.contract.is_trial() {
                true => "trial_end",
                false => "renewal",
            };
            ended.tell(whom, (when, Cause::Timer { name }), out);
        });
        self.rows.set(whom.ix, &row);
    }

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        if !self.rows.has(whom.ix) {
            return;
        }
        let mut row = self.rows.get(whom.ix);
        pass(&mut row, whom, as_of, |_, _| {});
        let next = row.running().min_by_key(|contract| {
            let renewal = contract.renewal_at();
            (renewal.is_none(), renewal, contract.renewed_at)
        });
        let ends = row
            .contracts
            .iter()
            .filter_map(|contract| contract.end.as_ref());
        let last = ends.chain(&row.closed).max_by_key(|end| (end.at, end.kind));
        let owned = |text: &str| said(text).map(str::to_owned);
        profile.contract = Standing {
            subscriptions: row.running().count(),
            plan: next.and_then(|contract| owned(&contract.plan)),
            renewal_at: next.and_then(Contract::renewal_at),
            in_trial: next.is_some_and(|contract| contract.is_trial()),
            seats: row
                .running()
                .fold(0, |sum, contract| contract.seats.saturating_add(sum)),
            payment_failed_at: row
                .running()
                .filter_map(|contract| contract.failed_at)
                .max(),
            churned_at: last.map(|end| end.at),
            churn_kind: last.map(|end| end.kind),
            churn_reason: last.and_then(|end| owned(&end.reason)),
        };
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.rows]
    }
}
