//! Contracts: subscriptions, their renewal dates, trials, and how they end.
//!
//! Each end is told once, as `churned` on the topic `lifecycle`:
//!
//! | `churn_kind` | when | `voluntary` |
//! | --- | --- | --- |
//! | `cancelled` | `subscription_cancel` | as the event says, else no where a payment failed since the last renewal, else yes |
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
//! Periods that began on one of the last days of a month end on that day where the month has it, and each end is
//! counted from the one before. An end without a name ends every contract that runs. One that comes after its contract
//! was told as not renewed or its trial as ended is told as well, and says what it corrects.
//!
//! A renewal dated at or before a date that has passed undoes no record, but the contract runs again; a cancellation
//! older than the last renewal ends nothing.
//!
//! Only who has a contract has a row: about 36 bytes for one. Of a customer the last eight are kept, names and reasons up
//! to 64 bytes.

use holdfast_events::{Details, EventType};
use holdfast_features::Ix;

use crate::notice::Cause;
use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::table::{AnyTable, Packed};
use crate::tracker::Seen;

mod row;
mod told;

pub use row::ChurnKind;
use row::{Contract, End, Row, said, short};
use told::Ended;

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
        is_concluded: true,
    };
    row.contracts[which].end = Some(end.clone());
    Some(Ended {
        end,
        voluntary: contract.failed_at.map(|_| false),
        contract,
        left: row.running().count(),
        corrects: None,
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

/// The contract that the event is about ends with it, or, where it names none, every one that runs. Nothing of what has
/// ended before, or was renewed since; an end that was only concluded is told once more, with what is known now.
fn end(row: &mut Row, seen: &Seen<'_>, details: &Details<'_>) -> Vec<Ended> {
    let id = details.subscription_id.as_deref().map(short);
    let meant = match row.about(id) {
        Some(which) => vec![which],
        None if id.is_none() && !row.contracts.is_empty() => {
            let places = 0..row.contracts.len();
            let last = places
                .clone()
                .max_by_key(|at| ended_at(&row.contracts[*at]));
            let running: Vec<usize> = places
                .filter(|at| row.contracts[*at].is_running())
                .collect();
            if running.is_empty() {
                last.into_iter().collect()
            } else {
                running
            }
        }
        None => vec![row.add(Contract::new(id.unwrap_or(""), seen.ts))],
    };
    let ended = meant.into_iter();
    ended
        .filter_map(|which| end_one(row, which, seen, details))
        .collect()
}

fn ended_at(contract: &Contract) -> Option<i64> {
    contract.end.as_ref().map(|end| end.at)
}

fn end_one(row: &mut Row, which: usize, seen: &Seen<'_>, details: &Details<'_>) -> Option<Ended> {
    let contract = row.contracts[which].clone();
    let corrects = contract.concluded();
    if !(contract.is_running() || corrects.is_some()) || seen.ts < contract.renewed_at {
        return None;
    }
    let has_failed = contract.failed_at.is_some();
    let (kind, voluntary) = match seen.kind {
        // Who stops paying is often cancelled by the one who sells.
        EventType::SubscriptionCancel => (
            ChurnKind::Cancelled,
            Some(details.voluntary.unwrap_or(!has_failed)),
        ),
        _ if has_failed => (ChurnKind::PaymentFailed, Some(false)),
        _ if contract.is_trial() => (ChurnKind::TrialEnded, details.voluntary),
        _ => (ChurnKind::Expired, details.voluntary),
    };
    let end = End {
        at: seen.ts,
        kind,
        reason: details.reason.as_deref().map_or("", short).into(),
        is_concluded: false,
    };
    row.contracts[which].end = Some(end.clone());
    Some(Ended {
        end,
        voluntary,
        contract,
        left: row.running().count(),
        corrects,
    })
}

/// All contracts end with the account.
fn close(
    row: &mut Row,
    (seen, details): (&Seen<'_>, &Details<'_>),
    whom: &Whom<'_>,
) -> Option<Ended> {
    let goes_on = row.running().any(|contract| seen.ts < contract.renewed_at);
    // A purchase since is a new beginning.
    let bought = whom.store.last_purchase(whom.ix);
    let is_closed = |closed: &End| bought.is_none_or(|bought| bought <= closed.at);
    if row.closed.as_ref().is_some_and(is_closed) || goes_on {
        return None;
    }
    let end = End {
        at: seen.ts,
        kind: ChurnKind::AccountClosed,
        reason: details.reason.as_deref().map_or("", short).into(),
        is_concluded: false,
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
        corrects: None,
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
    let contract = &mut row.contracts[which];
    if let Some(id) = id {
        // It began without its name.
        contract.id = id.into();
    }
    contract.renew((seen.kind, seen.ts), details, zone);
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

impl Contracts {
    /// When the customer's last contract is over if nothing comes, ms UTC, and how: none where one has no date, and
    /// where none runs.
    pub(crate) fn leaves_at(&self, whom: &Whom<'_>) -> Option<(i64, ChurnKind)> {
        if !self.rows.has(whom.ix) {
            return None;
        }
        let row = self.rows.get(whom.ix);
        let mut last = None;
        for contract in row.running() {
            let kind = match contract.is_trial() {
                true => ChurnKind::TrialEnded,
                false => ChurnKind::NotRenewed,
            };
            last = last.max(Some((deadline(contract, whom)?, kind)));
        }
        last
    }

    /// Whether the account was closed, and nothing has begun since.
    #[must_use]
    pub fn account_closed(&self, ix: Ix) -> bool {
        self.rows.has(ix) && self.rows.get(ix).closed.is_some()
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
        let mut ended = Vec::new();
        match seen.kind {
            E::SubscriptionStart | E::SubscriptionRenew => renew(&mut row, seen, details, whom),
            E::SubscriptionChange | E::SubscriptionPause => {
                let id = details.subscription_id.as_deref().map(short);
                if let Some(which) = row.about(id) {
                    let zone = &whom.settings.time_zone;
                    row.contracts[which].change((seen.kind, seen.ts), details, zone);
                }
            }
            E::SubscriptionCancel | E::SubscriptionExpire => ended = end(&mut row, seen, details),
            E::PaymentFailed => fail(&mut row, seen.ts, details),
            E::AccountClosed => ended.extend(close(&mut row, (seen, details), whom)),
            // A new account.
            _ => row.closed = row.closed.take().filter(|closed| seen.ts <= closed.at),
        }
        self.rows.set(whom.ix, &row);
        let is_told = whom.settings.hard_churn.contains(&seen.kind);
        for ended in ended.iter().filter(|_| is_told) {
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
