//! Which campaigns reach whom, at what cost, and why contracts ended.

use std::collections::BTreeMap;

use holdfast_events::EventType;
use serde::Serialize;

use crate::act::{Act, Customer, Said, UNKNOWN};
use crate::cohorts::entry;
use crate::rate::{Money, percent};

/// Sums of one campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Campaign {
    sent: u64,
    opened: u64,
    clicked: u64,
    converted: u64,
    unsubscribed: u64,
    cost: i64,
    reached: u64,
    buyers: u64,
    retained: u64,
    won: u64,
}

/// Sums of all campaigns, and of ends by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Campaigns {
    campaigns: BTreeMap<String, Campaign>,
    reasons: BTreeMap<(String, Option<bool>), u64>,
}

/// One campaign.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CampaignFigures {
    /// Its name; `unknown` where none was given.
    pub campaign: String,
    /// Messages sent.
    pub sent: u64,
    /// Messages opened.
    pub opened: u64,
    /// Links followed.
    pub clicked: u64,
    /// What it was for happened so often.
    pub converted: u64,
    /// Customers who left a list through it, or called it spam.
    pub unsubscribed: u64,
    /// Cost in major units.
    pub cost: f64,
    /// Customers with any event of it.
    pub reached: u64,
    /// Those of them who had bought before its first event.
    pub buyers: u64,
    /// And who bought again after it.
    pub retained: u64,
    /// `retained` of `buyers`.
    pub retention: Option<f64>,
    /// Those who had not bought before and did after.
    pub won: u64,
}

/// How often a contract or an account ended for a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// The reason in the source's words; `unknown` where none was given.
    pub reason: String,
    /// Whether the customer wanted it; none where it was not said.
    pub voluntary: Option<bool>,
    /// How often.
    pub n: u64,
}

impl Campaigns {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>) {
        let mut first: BTreeMap<&str, i64> = BTreeMap::new();
        for act in customer.acts {
            match act.said {
                Said::Campaign { campaign, cost } => {
                    let name = campaign.unwrap_or(UNKNOWN);
                    first.entry(name).or_insert(act.ts);
                    entry::<Campaign>(&mut self.campaigns, name).count(act, cost);
                }
                Said::Contract {
                    reason, voluntary, ..
                } if ends(act.kind) => {
                    let key = (reason.unwrap_or(UNKNOWN).to_owned(), voluntary);
                    *self.reasons.entry(key).or_default() += 1;
                }
                _ => {}
            }
        }
        if first.is_empty() {
            return;
        }
        let mut orders = customer.orders().map(|order| order.ts);
        let (first_order, last_order) = match orders.next() {
            Some(first) => (first, orders.last().unwrap_or(first)),
            None => (i64::MAX, i64::MIN),
        };
        for (name, ts) in first {
            let campaign: &mut Campaign = entry(&mut self.campaigns, name);
            campaign.reached += 1;
            campaign.buyers += u64::from(first_order < ts);
            campaign.retained += u64::from(first_order < ts && last_order > ts);
            campaign.won += u64::from(first_order >= ts && last_order > ts);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (name, campaign) in &other.campaigns {
            entry::<Campaign>(&mut self.campaigns, name).add(campaign);
        }
        for (key, n) in &other.reasons {
            *self.reasons.entry(key.clone()).or_default() += n;
        }
    }

    pub(crate) fn figures(&self, money: Money) -> Vec<CampaignFigures> {
        let campaigns = self.campaigns.iter();
        campaigns
            .map(|(name, c)| CampaignFigures {
                campaign: name.clone(),
                sent: c.sent,
                opened: c.opened,
                clicked: c.clicked,
                converted: c.converted,
                unsubscribed: c.unsubscribed,
                cost: money.major(c.cost),
                reached: c.reached,
                buyers: c.buyers,
                retained: c.retained,
                retention: percent(c.retained, c.buyers),
                won: c.won,
            })
            .collect()
    }

    /// The most frequent first.
    pub(crate) fn reasons(&self) -> Vec<ReasonCount> {
        let counts = self.reasons.iter();
        let mut rows: Vec<ReasonCount> = counts
            .map(|((reason, voluntary), n)| ReasonCount {
                reason: reason.clone(),
                voluntary: *voluntary,
                n: *n,
            })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.n));
        rows
    }
}

fn ends(kind: EventType) -> bool {
    matches!(
        kind,
        EventType::SubscriptionCancel | EventType::AccountClosed
    )
}

impl Campaign {
    fn count(&mut self, act: &Act<'_>, cost: i64) {
        use EventType as E;
        self.cost += cost;
        match act.kind {
            E::CampaignSent => self.sent += 1,
            E::CampaignOpened | E::EmailOpen => self.opened += 1,
            E::CampaignClicked => self.clicked += 1,
            E::CampaignConverted => self.converted += 1,
            E::CampaignUnsubscribed | E::CampaignComplained => self.unsubscribed += 1,
            _ => {}
        }
    }

    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.opened += other.opened;
        self.clicked += other.clicked;
        self.converted += other.converted;
        self.unsubscribed += other.unsubscribed;
        self.cost += other.cost;
        self.reached += other.reached;
        self.buyers += other.buyers;
        self.retained += other.retained;
        self.won += other.won;
    }
}
