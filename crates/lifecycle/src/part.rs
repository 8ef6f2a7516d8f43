//! What all parts have in common.
//!
//! A part keeps rows by customer in tables, hears of the events that it wants, may have one next instant per customer at
//! which something happens without an event, and says what changed. Parts know nothing of each other, so each can be
//! read, tested and left out alone.
//!
//! | part | records |
//! | --- | --- |
//! | [`segments`] | `segments`: the segment changed |
//! | [`carts`] | `carts`: a cart was left, or came back |
//! | [`contact`] | none: when, by what and how often to write |
//! | [`service`] | none: tickets and answers |
//! | [`silence`] | `lifecycle`: lapsed, dormant, recovered |
//! | [`contract`] | `lifecycle`: churned |
//! | [`rewards`] | `lifecycle`: reward_due |
//! | [`orders`] | `lifecycle`: a customer may be asked after an order |
//! | [`feedback`] | none: opinions, mentions, slow pages, engagement |
//! | [`activation`] | `lifecycle`: late_activation, signed_up |
//! | [`tastes`] | none: products, account, region, application |

use std::fmt::Debug;

use holdfast_events::EventType;
use holdfast_features::{Ix, Store};
use serde::Serialize;

use crate::notice::{Notes, Notice, Topic};
use crate::profile::Profile;
use crate::settings::Settings;
use crate::table::AnyTable;
use crate::tracker::Seen;

pub mod activation;
pub mod carts;
pub mod contact;
pub mod contract;
pub mod feedback;
pub mod orders;
pub mod rewards;
pub mod segments;
pub mod service;
pub mod silence;
pub mod tastes;

/// Whether an event of this type may tell of the person: the birthday, the time zone.
pub(crate) fn tells_of_person(kind: EventType) -> bool {
    matches!(
        kind,
        EventType::ProfileUpdate | EventType::SignUp | EventType::Login
    )
}

/// How much a part wants to know of a type of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Nothing.
    Nothing,
    /// Type, time and amount.
    Event,
    /// Some optional fields too: where a record holds none of their names there is nothing to be read.
    Fields(&'static [&'static str]),
    /// The optional fields too.
    Details,
}

/// A customer, and what is known of all.
#[derive(Debug, Clone, Copy)]
pub struct Whom<'a> {
    /// Settings of the tracker.
    pub settings: &'a Settings,
    /// The customers' state; the event in hand is applied already.
    pub store: &'a Store,
    /// The customer.
    pub ix: Ix,
    /// Nothing falls due before this instant (ms UTC), at which the settings took hold.
    pub floor: i64,
}

impl Whom<'_> {
    /// The customer's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.store.id(self.ix)
    }

    /// An amount in major units.
    #[must_use]
    pub fn in_major(&self, minor: i64) -> f64 {
        minor as f64 / self.major()
    }

    /// How many minor units a major one has.
    #[must_use]
    pub fn major(&self) -> f64 {
        [1.0, 10.0, 100.0, 1_000.0, 10_000.0][usize::from(self.settings.minor_exponent).min(4)]
    }
}

/// Takes what changed.
pub struct Out<'a> {
    pub(crate) to: &'a mut Vec<Notice>,
    /// Off while state is rebuilt, and for what is dated before `not_before`.
    pub(crate) emitting: bool,
    pub(crate) not_before: i64,
    pub(crate) by_event: bool,
    pub(crate) sent: &'a mut [u64; 3],
    /// Where somebody keeps figures of all customers; a rebuild counts there.
    pub(crate) notes: Option<&'a mut Notes>,
}

impl Out<'_> {
    /// Lets figures of all customers know of something.
    pub fn note(&mut self, note: impl FnOnce(&mut Notes)) {
        if let Some(notes) = &mut self.notes {
            note(notes);
        }
    }

    /// Sends a record about a customer, as of `at` (ms UTC). `value` is a struct of plain fields, `kind` what rule tables
    /// call it.
    pub fn send(
        &mut self,
        (topic, kind): (Topic, impl Into<Option<&'static str>>),
        whom: &Whom<'_>,
        at: i64,
        value: &impl Serialize,
    ) {
        if !self.emitting || at < self.not_before {
            return;
        }
        self.sent[topic as usize] += 1;
        // Records are some hundred bytes long: growing to that in steps would cost as much as writing them.
        let mut bytes = Vec::with_capacity(512);
        // Plain fields into memory: this cannot fail.
        if serde_json::to_writer(&mut bytes, value).is_err() {
            bytes.clear();
        }
        self.to.push(Notice {
            topic,
            kind: kind.into(),
            customer: whom.ix,
            key: whom.id().to_owned(),
            as_of: at,
            value: bytes,
            by_event: self.by_event,
            account_closed: false, // said when all parts have taken the step
        });
    }
}

/// One part of a [`Tracker`](crate::Tracker).
pub trait Part: Debug + Send + Sync {
    /// How much it wants to know of events of a type; the same as long as settings are.
    fn wants(&self, kind: EventType) -> Want;

    /// An event that it wants was applied to the store.
    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>);

    /// The customer's next instant (ms UTC) at which something happens without an event, if any. It depends on rows
    /// and on what the store says of the customer, and moves only at events that the part wants and at
    /// [`fire`](Self::fire).
    fn next(&self, whom: &Whom<'_>) -> Option<i64>;

    /// The instant of [`next`](Self::next) has come: `at` is that, or [`Whom::floor`] where it would be earlier. What
    /// happens is dated `at`. Afterwards `next` is later than `at`, or none.
    fn fire(&mut self, whom: &Whom<'_>, at: i64, out: &mut Out<'_>);

    /// Adds what it knows of a customer as of an instant that no event of the customer is later than. Own instants up
    /// to it may have fired or not: the answer is the same.
    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile);

    /// Its rows.
    fn tables(&self) -> Vec<&dyn AnyTable>;

    /// Its rows, to write to.
    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable>;
}
