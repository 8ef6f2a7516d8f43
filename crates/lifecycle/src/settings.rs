//! What shapes the records: spans, cut points, the zone whose days count.

use holdfast_events::EventType;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::part::contact::{ContactCap, HourOfWeek, QuietHours};
use crate::segment::Cuts;
use crate::{DAY_MS, HOUR_MS};

/// Settings of a [`Tracker`](crate::Tracker), checked by whoever reads the configuration. Spans are milliseconds.
///
/// They are written into the journal wherever they change, so that whoever reads the log again has those of the time.
/// What is missing in one has the default of today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The business's zone: days, birthdays and hours of customers who have no zone of their own.
    #[serde(with = "zone")]
    pub time_zone: TimeZone,
    /// Decimals of the currency's minor unit (2 for EUR, 0 for JPY).
    pub minor_exponent: u8,
    /// Cut points of segments.
    pub cuts: Cuts,
    /// A changed segment is told, and then no other one for this long.
    pub dwell_ms: i64,
    /// Silence of the label's activity after which a customer has lapsed (the label's horizon).
    pub lapse_ms: i64,
    /// Whether any act of the customer ends a silence, or a purchase only.
    pub any_act_counts: bool,
    /// A customer is dormant when silent for this many times the own median gap.
    pub dormant_gaps: f64,
    /// A contract counts as not renewed so long after the end of its period.
    pub renewal_grace_ms: i64,
    /// A reward is due whenever the points earned reach a multiple of this; 0 is never.
    pub points_step: u32,
    /// What is first value to who has signed up, of [`ACTIVATIONS`](crate::part::activation::ACTIVATIONS).
    #[serde(with = "kinds")]
    pub activation: Vec<EventType>,
    /// First value is late when so long after the sign-up.
    pub activation_ms: i64,
    /// Whether sign-ups are told: somebody has something to say to who has only just come.
    pub sign_ups_are_told: bool,
    /// A page that took longer to load, in milliseconds, was slow.
    pub slow_page_ms: i64,
    /// Types of events that end a customer's account for good.
    #[serde(with = "kinds")]
    pub hard_churn: Vec<EventType>,
    /// A cart that nothing touched for this long was left. As the store's timer of carts.
    pub cart_after_ms: i64,
    /// A purchase so soon after a cart was left brings it back.
    pub cart_recovered_ms: i64,
    /// Whether carts are left where events of type `cart_abandon` say so, rather than by the timer.
    pub carts_given: bool,
    /// What a customer did fades by half in so many days, as far as it tells the hours in which to write. At least 1.
    pub hours_half_life_days: u16,
    /// The own hours count from so many acts of today on.
    pub hours_least: u16,
    /// The hour in which to write where the own hours are not known.
    pub usual_hour: HourOfWeek,
    /// How many messages within which span.
    pub cap: ContactCap,
    /// The night on the customer's clock.
    pub quiet: QuietHours,
    /// Whether messages need a consent, or only must not have been refused.
    pub consent_required: bool,
    /// A first human answer to a ticket is slow when it took longer.
    pub slow_reply_ms: i64,
    /// Whether the log holds what service answers; if not, no answer can be called slow.
    pub replies_are_known: bool,
    /// A ticket of which nothing was heard for this long is not open any more.
    pub ticket_open_ms: i64,
    /// How long a customer has what it bought before it is asked how it likes it.
    pub nps_use_ms: i64,
    /// Messages that follow an order should have come by then.
    pub follow_up_ms: i64,
    /// Whether the log holds the messages that follow an order; if not, none can be called missing.
    pub messages_are_known: bool,
    /// Who was asked and has not answered for this long is silent.
    pub survey_wait_ms: i64,
    /// Whether products bought, looked at and wished for are kept: somebody has a catalogue to look them up in.
    pub goods_are_kept: bool,
}

/// A zone by its IANA name. One that this machine does not know is UTC: dates may then be other ones, nothing else.
mod zone {
    use jiff::tz::TimeZone;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(zone: &TimeZone, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(zone.iana_name().unwrap_or("UTC"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TimeZone, D::Error> {
        let name = String::deserialize(from)?;
        Ok(TimeZone::get(&name).unwrap_or(TimeZone::UTC))
    }
}

/// Event types by name; a later version's is left out.
mod kinds {
    use holdfast_events::EventType;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(kinds: &[EventType], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(kinds.iter().map(|kind| kind.name()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<EventType>, D::Error> {
        let names = Vec::<String>::deserialize(from)?;
        Ok(names
            .iter()
            .filter_map(|name| EventType::from_name(name))
            .collect())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: TimeZone::UTC,
            minor_exponent: 2,
            cuts: Cuts::default(),
            dwell_ms: DAY_MS,
            lapse_ms: 90 * DAY_MS,
            any_act_counts: false,
            dormant_gaps: 3.0,
            renewal_grace_ms: 3 * DAY_MS,
            points_step: 1_000,
            activation: vec![EventType::Activate, EventType::Purchase],
            activation_ms: 7 * DAY_MS,
            sign_ups_are_told: false,
            slow_page_ms: 3_000,
            hard_churn: vec![
                EventType::AccountClosed,
                EventType::SubscriptionCancel,
                EventType::SubscriptionExpire,
            ],
            cart_after_ms: HOUR_MS,
            cart_recovered_ms: 7 * DAY_MS,
            carts_given: false,
            hours_half_life_days: 60,
            hours_least: 5,
            usual_hour: HourOfWeek {
                weekday: 2,
                hour: 10,
            },
            cap: ContactCap::default(),
            quiet: QuietHours { from: 21, to: 8 },
            consent_required: false,
            slow_reply_ms: DAY_MS,
            replies_are_known: false,
            ticket_open_ms: 30 * DAY_MS,
            nps_use_ms: 7 * DAY_MS,
            follow_up_ms: 3 * DAY_MS,
            messages_are_known: false,
            survey_wait_ms: 14 * DAY_MS,
            goods_are_kept: false,
        }
    }
}
