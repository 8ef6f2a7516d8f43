//! When, by what and how often a customer may be written to.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`hours`] | the hours of the week in which the customer acts |
//! | [`channels`] | by what it can be reached and responds, and whether it agreed |
//! | [`cap`] | how many messages within any span; quiet hours |
//!
//! Nothing is withheld here: a contact that the cap or the hour forbids is flagged, with the next instant that is free.
//! What the business sends about an order or a ticket is a contact, but not one that the cap counts.
//!
//! A customer that only looks at pages costs 4 bytes, and 2 or 3 for each hour of the week in which it does, at most
//! 16 of them. The row of channels and messages takes about 7 bytes for each channel, 6 for the newest message and 5 for each before.

use holdfast_events::EventType;
use holdfast_features::Ix;
use holdfast_features::activity::is_activity;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::part::{Out, Part, Want, Whom, tells_of_person};
use crate::profile::Profile;
use crate::table::{AnyTable, Packed};
use crate::tracker::Seen;

pub mod cap;
pub mod channels;
pub mod hours;

mod zones;

pub use cap::{ContactCap, QuietHours};
pub use channels::{Basis, Channel};
pub use hours::HourOfWeek;

/// How a customer is to be contacted, as of an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// The customer's zone, or the business's.
    pub zone: TimeZone,
    /// The hour on the customer's clock in which it acts most; the usual hour where too little is known.
    pub hour: HourOfWeek,
    /// Whether the hour is the customer's own.
    pub hour_is_own: bool,
    /// The best channel that is open; none if none is.
    pub channel: Option<Channel>,
    /// Why the customer may be written to; none if it may not.
    pub basis: Option<Basis>,
    /// Messages in the window that ends at the instant.
    pub sends: u32,
    /// Whether another message now would exceed the cap.
    pub cap_reached: bool,
    /// Whether it is night on the customer's clock.
    pub is_quiet: bool,
    /// The first instant at which neither cap nor night is in the way, ms UTC.
    pub next_at: i64,
    /// The first such instant in the best hour, ms UTC.
    pub best_at: i64,
    /// The last message or answer of the business, ms UTC.
    pub last_business_at: Option<i64>,
}

impl Default for Contact {
    /// Nothing is known.
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            hour: HourOfWeek {
                weekday: 2,
                hour: 10,
            },
            hour_is_own: false,
            channel: None,
            basis: None,
            sends: 0,
            cap_reached: false,
            is_quiet: false,
            next_at: 0,
            best_at: 0,
            last_business_at: None,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Row {
    channels: channels::Channels,
    /// The newest message of a campaign; 0 if there is none.
    sent: i64,
    /// How long before the newest the others were, newest first.
    before: Vec<u64>,
    /// The newest message or answer of any kind.
    business: i64,
}

impl Row {
    fn sends(&self) -> Vec<i64> {
        let before = self.before.iter().rev();
        let before = before.map(|before| self.sent.saturating_sub_unsigned(*before));
        let newest = (self.sent != 0).then_some(self.sent);
        before.chain(newest).collect()
    }

    fn keep(&mut self, cap: ContactCap, at: i64) {
        let mut sends = self.sends();
        cap.keep(&mut sends, at);
        self.sent = sends.pop().unwrap_or(0);
        let before = sends.iter().rev();
        self.before = before.map(|sent| (self.sent - sent) as u64).collect();
    }
}

/// The part.
#[derive(Debug, Clone)]
pub struct Contacts {
    hours: hours::Hours,
    zones: zones::Zones,
    rows: Packed<Row>,
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            hours: hours::Hours::default(),
            zones: zones::Zones::default(),
            rows: Packed::new("contact"),
        }
    }
}

/// Whether the event is about a campaign's message, and says how the customer was reached.
fn is_campaign(kind: EventType) -> bool {
    kind.is_campaign() && kind != EventType::CampaignConverted
}

/// Whether the business wrote or answered. In a ticket the customer may speak too.
fn is_business(seen: &Seen<'_>) -> bool {
    match seen.kind {
        EventType::CampaignSent | EventType::OrderMessage => true,
        EventType::SupportReply => !seen.is_said_by_customer(),
        _ => false,
    }
}

/// The start of the next such hour of a zone's clocks from `from` on (ms UTC), or `from` where it is that hour already.
fn next_hour(zone: &TimeZone, hour: HourOfWeek, from: i64) -> Option<i64> {
    let instant = Timestamp::from_millisecond(from).ok()?;
    let local = zone.to_datetime(instant);
    let is_there = |local: DateTime| {
        let weekday = local.weekday().to_monday_one_offset() as u8;
        weekday == hour.weekday && local.hour() as u8 == hour.hour
    };
    if is_there(local) {
        return Some(from);
    }
    let starts = |date: Date| {
        let start = zone.to_timestamp(date.at(hour.hour as i8, 0, 0, 0)).ok()?;
        let right = date.weekday().to_monday_one_offset() as u8 == hour.weekday;
        (right && start > instant).then(|| start.as_millisecond())
    };
    // A week, and the same day of the next one where its hour is over.
    local
        .date()
        .series(jiff::Span::new().days(1))
        .take(8)
        .find_map(starts)
}

impl Contacts {
    /// Brings where the hours are that nearly every event asks for into the cache.
    pub(crate) fn touch_page(&self, ix: Ix) {
        self.hours.touch_page(ix);
    }

    /// Then brings the hours themselves.
    pub(crate) fn touch(&self, ix: Ix) {
        self.hours.touch(ix);
    }

    fn zone<'a>(&'a self, whom: &Whom<'a>) -> &'a TimeZone {
        self.zones.get(whom.ix).unwrap_or(&whom.settings.time_zone)
    }

    fn hear(&mut self, whom: &Whom<'_>, seen: &Seen<'_>) {
        let mut row = self.rows.get(whom.ix);
        match seen.kind {
            EventType::ConsentChange => row.channels.consent(seen.ts, seen.details),
            kind if is_campaign(kind) => row.channels.hear(kind, seen.ts, seen.details),
            _ => {}
        }
        if seen.kind == EventType::CampaignSent {
            row.keep(whom.settings.cap, seen.ts);
        }
        if is_business(seen) {
            row.business = row.business.max(seen.ts);
        }
        self.rows.set(whom.ix, &row);
    }
}

impl Part for Contacts {
    fn wants(&self, kind: EventType) -> Want {
        match kind {
            EventType::EmailOpen | EventType::OrderMessage => Want::Event,
            EventType::SupportReply => Want::Fields(&["speaker"]),
            EventType::ConsentChange => Want::Details,
            kind if tells_of_person(kind) => Want::Fields(&["time_zone"]),
            kind if is_campaign(kind) => Want::Details,
            kind if is_activity(kind) => Want::Event,
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, _: &mut Out<'_>) {
        if tells_of_person(seen.kind)
            && let Some(name) = seen
                .details
                .and_then(|details| details.time_zone.as_deref())
        {
            // A zone that nobody knows leaves the one that was told before.
            let _known = self.zones.set(whom.ix, name, seen.ts);
        }
        if is_campaign(seen.kind) || is_business(seen) || seen.kind == EventType::ConsentChange {
            self.hear(whom, seen);
        }
        if is_activity(seen.kind)
            && let Ok(at) = Timestamp::from_millisecond(seen.ts)
        {
            let offset = self.zone(whom).to_offset(at).seconds();
            let hour = HourOfWeek::of(seen.ts, offset);
            let half_life = whom.settings.hours_half_life_days;
            self.hours.add(whom.ix, seen.ts, hour, half_life);
        }
    }

    fn next(&self, _: &Whom<'_>) -> Option<i64> {
        None
    }

    fn fire(&mut self, _: &Whom<'_>, _: i64, _: &mut Out<'_>) {}

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        let settings = whom.settings;
        let zone = self.zone(whom);
        let row = self.rows.get(whom.ix);
        let (channel, basis) = row.channels.best(settings.consent_required);
        let evidence = (settings.hours_half_life_days, settings.hours_least);
        let own = self.hours.best(whom.ix, as_of, evidence);
        let hour = own.unwrap_or(settings.usual_hour);
        let sends = row.sends();
        let free = settings.cap.next(&sends, as_of);
        let next_at = settings.quiet.next(zone, free);
        let best_at =
            next_hour(zone, hour, next_at).map_or(next_at, |at| settings.quiet.next(zone, at));
        profile.contact = Contact {
            zone: zone.clone(),
            hour,
            hour_is_own: own.is_some(),
            channel,
            basis,
            sends: settings.cap.used(&sends, as_of) as u32,
            cap_reached: free > as_of,
            is_quiet: settings.quiet.is_quiet(zone, as_of),
            next_at,
            best_at,
            last_business_at: (row.business != 0).then_some(row.business),
        };
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.hours, &self.zones, &self.rows]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.hours, &mut self.zones, &mut self.rows]
    }
}
