//! What records say of an end.

use serde::Serialize;

use super::row::{ChurnKind, Contract, End, said};
use crate::notice::{Cause, Topic};
use crate::part::{Out, Whom};

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
    /// As what the same end was told before, when nobody had said why.
    corrects: Option<ChurnKind>,
    is_proxy: bool,
}

/// An end that is to be told.
pub(super) struct Ended {
    pub(super) end: End,
    pub(super) voluntary: Option<bool>,
    pub(super) contract: Contract,
    pub(super) left: usize,
    pub(super) corrects: Option<ChurnKind>,
}

impl Ended {
    pub(super) fn tell(&self, whom: &Whom<'_>, (at, trigger): (i64, Cause<'_>), out: &mut Out<'_>) {
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
            corrects: self.corrects,
            is_proxy: false,
        };
        out.send((Topic::Lifecycle, value.kind), whom, at, &value);
    }
}
