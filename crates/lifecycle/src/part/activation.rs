//! First value: who has signed up and not come to use anything in time.
//!
//! One record at most for a sign-up, `late_activation` on the topic `lifecycle`, at the exact millisecond: the sign-up and
//! [`Settings::activation_ms`](crate::Settings::activation_ms) later, if none of
//! [`Settings::activation`](crate::Settings::activation) occurred since. It counts what stood in the way since the sign-up:
//! support contacts, payments that failed, slow pages. Who bought before signing up had first value already, and so had who
//! activated before, be it that the sign-up is heard of late: `activate` comes once, so it is held until then. An act dated
//! at or before the record undoes nothing, but counts as the activation. Who closes the account is not awaited any more.
//!
//! Where [`Settings::sign_ups_are_told`](crate::Settings::sign_ups_are_told), the sign-up itself is a record too, `signed_up`.
//!
//! Only who signed up, or activated, has a row, of about 15 bytes.

use holdfast_events::EventType;
use holdfast_features::LATENESS_MS;
use serde::{Deserialize, Serialize};

use crate::DAY_MS;
use crate::notice::{Cause, Topic};
use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::table::{AnyTable, Packed};
use crate::tracker::Seen;

/// Types that [`Settings::activation`](crate::Settings::activation) may name; of others nothing is heard.
pub const ACTIVATIONS: [EventType; 9] = [
    EventType::Activate,
    EventType::Purchase,
    EventType::FeatureUse,
    EventType::SubscriptionStart,
    EventType::IntegrationConnected,
    EventType::Listing,
    EventType::Publish,
    EventType::Watch,
    EventType::CheckIn,
];

/// What stood in the way since the sign-up; each held at 255.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Friction {
    /// Requests for help.
    pub support_contacts: u8,
    /// Payments that did not go through.
    pub payment_failures: u8,
    /// Pages that took longer to load than [`Settings::slow_page_ms`](crate::Settings::slow_page_ms).
    pub pages_slow: u8,
}

impl Friction {
    /// All of it.
    #[must_use]
    pub fn total(self) -> u32 {
        [
            self.support_contacts,
            self.payment_failures,
            self.pages_slow,
        ]
        .into_iter()
        .map(u32::from)
        .sum()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    /// 0 for who has not signed up.
    signed_up_at: i64,
    /// How long that took, ms; without a sign-up so far, when it was.
    activated_after: Option<i64>,
    was_told: bool,
    /// None where there was none, as nearly always: it saves two bytes.
    friction: Option<Friction>,
}

impl Row {
    fn deadline(&self, whom: &Whom<'_>) -> Option<i64> {
        let waits = self.signed_up_at > 0 && self.activated_after.is_none() && !self.was_told;
        let at = self
            .signed_up_at
            .saturating_add(whom.settings.activation_ms);
        // A late event may put it before what was said already.
        let newest = whom.store.newest(whom.ix)?;
        waits.then(|| at.max(newest).max(whom.floor))
    }

    /// Whether what stands in the way still counts.
    fn is_on_the_way(&self, ts: i64) -> bool {
        let waits = self.signed_up_at > 0 && self.activated_after.is_none() && !self.was_told;
        waits && ts >= self.signed_up_at
    }
}

/// The part.
#[derive(Debug, Clone)]
pub struct Activations {
    rows: Packed<Row>,
}

impl Default for Activations {
    fn default() -> Self {
        Self {
            rows: Packed::new("activation"),
        }
    }
}

/// How a customer came to first value, for a [`Profile`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FirstUse {
    /// The sign-up, ms UTC; none where it was never heard of, and then the rest says nothing.
    pub signed_up_at: Option<i64>,
    /// Days from there to first value; none until then.
    pub days_to_activate: Option<f64>,
    /// Whether it is late.
    pub is_late: bool,
    /// What stood in the way.
    pub friction: Friction,
}

#[derive(Serialize)]
struct Joined<'a> {
    kind: &'static str,
    customer_id: &'a str,
    as_of: i64,
    trigger: Cause<'a>,
    signed_up_at: i64,
}

#[derive(Serialize)]
struct Late<'a> {
    kind: &'static str,
    customer_id: &'a str,
    as_of: i64,
    trigger: Cause<'a>,
    signed_up_at: i64,
    days: f64,
    friction: Friction,
}

impl Activations {
    fn sign_up(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        let ts = seen.ts;
        let mut row = self.rows.get(whom.ix);
        if row.signed_up_at > 0 {
            return;
        }
        row.signed_up_at = ts.max(1);
        let counts = whom.settings.activation.contains(&EventType::Purchase);
        let has_bought = whom.store.last_purchase(whom.ix).is_some();
        // Events come no later than that: what was longer ago was for another account.
        let activated = row.activated_after.filter(|at| *at >= ts - LATENESS_MS);
        let activated = activated.map(|at| (at - ts).max(0));
        row.activated_after = (counts && has_bought).then_some(0).or(activated);
        self.rows.set(whom.ix, &row);
        if whom.settings.sign_ups_are_told {
            let value = Joined {
                kind: "signed_up",
                customer_id: whom.id(),
                as_of: ts,
                trigger: Cause::Event {
                    event_id: seen.event_id,
                },
                signed_up_at: ts,
            };
            out.send((Topic::Lifecycle, value.kind), whom, ts, &value);
        }
    }
}

impl Part for Activations {
    fn wants(&self, kind: EventType) -> Want {
        use EventType as E;
        match kind {
            E::SignUp | E::SupportContact | E::PaymentFailed | E::AccountClosed => Want::Event,
            E::PageView => Want::Fields(&["load_ms"]),
            kind if ACTIVATIONS.contains(&kind) => Want::Event,
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        use EventType as E;
        if seen.kind == E::SignUp {
            return self.sign_up(whom, seen, out);
        }
        let is_use = whom.settings.activation.contains(&seen.kind);
        let is_kept = self.rows.has(whom.ix) || is_use && seen.kind == E::Activate;
        if !is_kept {
            return;
        }
        let mut row = self.rows.get(whom.ix);
        if seen.kind == E::AccountClosed {
            // Nobody is awaited any more; another sign-up begins anew.
            if seen.ts >= row.signed_up_at {
                self.rows.set(whom.ix, &Row::default());
            }
            return;
        }
        if is_use && row.activated_after.is_none() && seen.ts >= row.signed_up_at {
            row.activated_after = Some(seen.ts - row.signed_up_at);
        } else if row.is_on_the_way(seen.ts) {
            let slow = whom.settings.slow_page_ms;
            let load_ms = seen.details.and_then(|details| details.load_ms);
            let mut friction = row.friction.unwrap_or_default();
            let more = match seen.kind {
                E::SupportContact => Some(&mut friction.support_contacts),
                E::PaymentFailed => Some(&mut friction.payment_failures),
                E::PageView if load_ms.is_some_and(|ms| ms > slow) => {
                    Some(&mut friction.pages_slow)
                }
                _ => None,
            };
            if let Some(more) = more {
                *more = more.saturating_add(1);
                row.friction = Some(friction);
            }
        }
        self.rows.set(whom.ix, &row);
    }

    fn next(&self, whom: &Whom<'_>) -> Option<i64> {
        if !self.rows.has(whom.ix) {
            return None;
        }
        self.rows.get(whom.ix).deadline(whom)
    }

    fn fire(&mut self, whom: &Whom<'_>, at: i64, out: &mut Out<'_>) {
        let mut row = self.rows.get(whom.ix);
        if row.deadline(whom).is_none_or(|when| when > at) {
            return;
        }
        row.was_told = true;
        self.rows.set(whom.ix, &row);
        let value = Late {
            kind: "late_activation",
            customer_id: whom.id(),
            as_of: at,
            trigger: Cause::Timer { name: "activation" },
            signed_up_at: row.signed_up_at,
            days: (at - row.signed_up_at) as f64 / DAY_MS as f64,
            friction: row.friction.unwrap_or_default(),
        };
        out.send((Topic::Lifecycle, value.kind), whom, at, &value);
    }

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        let row = self.rows.get(whom.ix);
        let is_due = row.deadline(whom).is_some_and(|at| at <= as_of);
        let days = |ms: i64| ms as f64 / DAY_MS as f64;
        let signed_up_at = Some(row.signed_up_at).filter(|at| *at > 0);
        profile.activation = FirstUse {
            signed_up_at,
            days_to_activate: signed_up_at.and(row.activated_after).map(days),
            is_late: row.activated_after.is_none() && (row.was_told || is_due),
            friction: row.friction.unwrap_or_default(),
        };
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.rows]
    }
}
