//! What an alert says of the customer beside the score: how it compares, what is at stake, what to do, when and by what.

use holdfast_features::{Ix, Store};
use holdfast_lifecycle::part::contact::{Basis, Channel, Contact};
use holdfast_lifecycle::{Profile, Segment, Tier};
use holdfast_model::buyer::Buyer;
use holdfast_model::{AtStake, Model};
use holdfast_playbook::{Choice, Suggestion};
use serde::Serialize;

use super::advice::{Adviser, Asked};
use super::experience::Experience;

/// The customer's standing, as fields of the alert.
#[derive(Clone, Serialize)]
pub(super) struct Standing {
    account_id: Option<String>,
    segment: Between,
    value_tier: Tier,
    expected_next_order_ms: Option<i64>,
    contact: Reach,
    experience: Experience,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommended_action: Option<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestions: Option<Vec<Suggestion>>,
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
        let buyer = Buyer::at(store, ix, as_of);
        let if_stays = buyer.as_ref().and_then(|buyer| worth(model, buyer));
        let stake = buyer.and_then(|buyer| model.at_stake(p, &buyer));
        Self {
            interval: interval.map(|(low, high)| Interval { low, high }),
            percentile: model.percentile(p),
            value_at_stake: stake.map(|AtStake { low, mid, high }| Stake { low, mid, high }),
            if_stays,
        }
    }
}

/// What the customer would bring over the horizon by staying, major units; none where the model does not say.
pub(super) fn if_stays(model: &Model, (store, ix): (&Store, Ix), as_of: i64) -> Option<f64> {
    worth(model, &Buyer::at(store, ix, as_of)?)
}

fn worth(model: &Model, buyer: &Buyer) -> Option<f64> {
    let days = f64::from(model.label().horizon_days);
    Some(model.value()?.worth(buyer, days).if_stays)
}

impl Standing {
    pub(super) fn new(profile: &Profile, adviser: Option<&Adviser>, asked: &Asked<'_>) -> Self {
        Self {
            account_id: profile.tastes.account.clone(),
            segment: Between {
                from: profile.segment_before,
                to: profile.segment,
            },
            value_tier: profile.tier,
            expected_next_order_ms: profile.silence.expected_order_at,
            contact: Reach::new(&profile.contact),
            experience: Experience::new(profile),
            recommended_action: adviser.and_then(|adviser| adviser.choose(profile, asked)),
            suggestions: adviser.and_then(|adviser| adviser.suggest(profile)),
        }
    }
}
