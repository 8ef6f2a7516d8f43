//! What an alert says of the customer beside the score: how it compares, what is at stake, what to do, when and by what.

use holdfast_features::{FeatureId, Ix, Plan, Store};
use holdfast_lifecycle::part::contact::{Basis, Channel, Contact};
use holdfast_lifecycle::{Profile, Segment, Tier};
use holdfast_model::buyer::Buyer;
use holdfast_model::{AtStake, Explanation, Model};
use holdfast_playbook::{Choice, Facts, Playbook, Situation};
use serde::Serialize;

use super::value::Decision;
use crate::DAY_MS;

/// The customer's standing, as fields of the alert.
#[derive(Clone, Serialize)]
pub(super) struct Standing {
    segment: Between,
    value_tier: Tier,
    expected_next_order_ms: Option<i64>,
    contact: Reach,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommended_action: Option<Choice>,
}

/// The segment now, and the one before it.
#[derive(Clone, Serialize)]
struct Between {
    from: Option<Segment>,
    to: Option<Segment>,
}

/// When and by what the customer can be contacted. Nothing is withheld: what speaks against a contact is flagged.
#[derive(Clone, Serialize)]
struct Reach {
    channel: Option<Channel>,
    lawful_basis: Option<Basis>,
    /// 1 is Monday.
    weekday: u8,
    hour: u8,
    hour_is_own: bool,
    time_zone: Option<String>,
    best_at: i64,
    next_allowed_at: i64,
    cap_reached: bool,
    quiet_hours: bool,
    last_business_contact_ms: Option<i64>,
}

impl Reach {
    fn new(contact: &Contact) -> Self {
        Self {
            channel: contact.channel,
            lawful_basis: contact.basis,
            weekday: contact.hour.weekday,
            hour: contact.hour.hour,
            hour_is_own: contact.hour_is_own,
            time_zone: contact.zone.iana_name().map(str::to_owned),
            best_at: contact.best_at,
            next_allowed_at: contact.next_at,
            cap_reached: contact.cap_reached,
            quiet_hours: contact.is_quiet,
            last_business_contact_ms: contact.last_business_at,
        }
    }
}

/// How the probability compares and what would be lost, as the model file says; null where it does not.
#[derive(Clone, Default, Serialize)]
pub(super) struct Weight {
    interval: Option<Interval>,
    percentile: Option<f64>,
    value_at_stake: Option<Stake>,
    /// What the customer would bring over the horizon by staying, major units.
    #[serde(skip)]
    pub(super) if_stays: Option<f64>,
}

#[derive(Clone, Serialize)]
struct Interval {
    low: f64,
    high: f64,
}

/// Probability times what the customer would bring over the horizon by staying, major units.
#[derive(Clone, Serialize)]
struct Stake {
    low: f64,
    mid: f64,
    high: f64,
}

impl Weight {
    /// The middle of what is at stake, major units.
    pub(super) fn at_stake(&self) -> Option<f64> {
        self.value_at_stake.as_ref().map(|stake| stake.mid)
    }

    pub(super) fn new(model: &Model, (store, ix): (&Store, Ix), as_of: i64, p: f64) -> Self {
        let interval = model.interval(p);
        let days = f64::from(model.label().horizon_days);
        let buyer = Buyer::at(store, ix, as_of);
        let worth = buyer
            .as_ref()
            .and_then(|buyer| Some(model.value()?.worth(buyer, days)));
        let stake = buyer.and_then(|buyer| model.at_stake(p, &buyer));
        Self {
            interval: interval.map(|(low, high)| Interval { low, high }),
            percentile: model.percentile(p),
            value_at_stake: stake.map(|AtStake { low, mid, high }| Stake { low, mid, high }),
            if_stays: worth.map(|worth| worth.if_stays),
        }
    }
}

/// A rule table with the features that its rules ask for.
#[derive(Debug)]
pub(super) struct Adviser {
    playbook: std::sync::Arc<Playbook>,
    ids: Vec<FeatureId>,
    plan: Plan,
}

impl Adviser {
    pub(super) fn new(playbook: std::sync::Arc<Playbook>) -> Self {
        let ids = playbook.features().to_vec();
        let plan = Plan::new(&ids);
        Self {
            playbook,
            ids,
            plan,
        }
    }

    /// Features that the state does not hold are not known, and no rule that asks for one holds.
    fn features(&self, store: &Store, ix: Ix, as_of: i64) -> Vec<(FeatureId, f64)> {
        if self.plan.needs_stats() && store.settings().stats.is_none() {
            return Vec::new();
        }
        let mut values = vec![0.0; self.ids.len()];
        store.features(ix, as_of, &self.plan, &mut values);
        self.ids.iter().copied().zip(values).collect()
    }
}

/// Who is asked about.
pub(super) struct Asked<'a> {
    pub(super) store: &'a Store,
    pub(super) ix: Ix,
    pub(super) decision: &'a Decision<'a>,
    pub(super) explanation: &'a Explanation,
    pub(super) if_stays: Option<f64>,
    /// Minor units in a major one.
    pub(super) major: f64,
}

impl Standing {
    pub(super) fn new(profile: &Profile, adviser: Option<&Adviser>, asked: &Asked<'_>) -> Self {
        Self {
            segment: Between {
                from: profile.segment_before,
                to: profile.segment,
            },
            value_tier: profile.tier,
            expected_next_order_ms: profile.silence.expected_order_at,
            contact: Reach::new(&profile.contact),
            recommended_action: adviser.map(|adviser| choose(profile, adviser, asked)),
        }
    }
}

fn choose(profile: &Profile, adviser: &Adviser, asked: &Asked<'_>) -> Choice {
    let raising = asked.explanation.contributions.iter();
    let raising: Vec<_> = raising.filter(|one| one.contribution > 0.0).collect();
    let mut reasons: Vec<&str> = raising.iter().map(|one| one.theme.name()).collect();
    let parts = raising.iter().flat_map(|one| &one.parts);
    reasons.extend(
        parts
            .filter(|part| part.contribution > 0.0)
            .map(|part| part.feature),
    );
    adviser.playbook.choose(&Situation {
        kind: asked.decision.kind.name(),
        as_of: asked.decision.as_of,
        probability: Some(asked.explanation.probability),
        value: asked.if_stays,
        segment: profile.segment.map(Segment::name),
        value_tier: Some(match profile.tier {
            Tier::Top => "top",
            Tier::Base => "base",
        }),
        theme: raising.first().map(|one| one.theme.name()),
        reasons: &reasons,
        features: &adviser.features(asked.store, asked.ix, asked.decision.as_of),
        facts: &facts(profile, asked),
    })
}

/// What rules may ask of the standing.
fn facts(profile: &Profile, asked: &Asked<'_>) -> Facts {
    let as_of = asked.decision.as_of;
    let days = |at: i64| (at - as_of) as f64 / DAY_MS as f64;
    let contract = &profile.contract;
    Facts {
        open_tickets: Some(f64::from(profile.service.open_tickets)),
        unresolved_days: profile
            .service
            .oldest_unresolved_ms
            .map(|ms| ms as f64 / DAY_MS as f64),
        slow_reply: Some(profile.service.slow_reply),
        late_delivery: profile.orders.last_late_days,
        returns: Some(f64::from(profile.orders.returns)),
        orders: Some(f64::from(asked.store.purchases(asked.ix))),
        birthday_in_days: profile.rewards.next_birthday_at.map(days),
        anniversary_in_days: profile.rewards.next_anniversary_at.map(days),
        points: profile.rewards.points_balance,
        cart_open_value: profile
            .cart_open_value
            .map(|minor| minor as f64 / asked.major),
        renewal_in_days: contract.renewal_at.map(days),
        trial: Some(contract.in_trial),
        has_subscription: Some(contract.subscriptions > 0),
        ..Facts::default()
    }
}
