//! What follows an order: who may be asked what, which messages came, whether it arrived in time.
//!
//! | when | told, once per order |
//! | --- | --- |
//! | a purchase | `survey_eligible` for the survey `purchase`: who has only just bought is asked about buying |
//! | [`nps_use_ms`](crate::Settings::nps_use_ms) after `order_delivered` | `survey_eligible` for `nps` |
//! | so long after the first `feature_use` or `activate`, if nothing was promised or delivered | the same |
//! | a refund or return of the order before | it is not told any more |
//!
//! Nobody else is asked anything, and who closes the account is asked nothing more. Events name the order by `order_id`; a
//! message or a refund that names none is about the newest order, a delivery, a promise or a return about the oldest one to
//! which it can belong. Orders without an id are all different. The last four orders are held: what a fifth pushes out is
//! asked nothing more. A delivery, a promise or a message whose order has not been heard of yet is held for it, one order at
//! a time.
//!
//! A row is 4 bytes beside 10 for each order of which nothing else is known, and its id.

use holdfast_events::EventType;
use serde::Serialize;

use crate::DAY_MS;
use crate::notice::{Cause, Topic};
use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::table::{AnyTable, Packed};
use crate::tracker::Seen;

mod held;
mod steps;

use held::{Else, Order, Row, State};
pub use steps::Steps;

/// A customer's orders, as of an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Orders {
    /// The last purchase, ms UTC.
    pub last_at: Option<i64>,
    /// Messages that followed it.
    pub last_steps: Steps,
    /// Whether its messages should have come by now.
    pub last_is_due: bool,
    /// Of the last four orders that were kept, those that no message followed in time.
    pub without_follow_up: u32,
    /// Orders that came after the promised instant.
    pub late_deliveries: u32,
    /// Days by which the last delivery came late, 0 if in time; none if nothing was promised.
    pub last_late_days: Option<f64>,
    /// Orders that came back.
    pub returns: u32,
}

#[derive(Serialize)]
struct Eligible<'a> {
    kind: &'static str,
    customer_id: &'a str,
    as_of: i64,
    trigger: Cause<'a>,
    survey: &'static str,
    order_id: Option<&'a str>,
    bought_at: i64,
    delivered_at: Option<i64>,
    after: &'static str,
}

fn tell(
    whom: &Whom<'_>,
    order: &Order,
    (at, after): (i64, &'static str),
    cause: Cause<'_>,
    out: &mut Out<'_>,
) {
    let delivered = order.course.and_then(|course| course.delivered);
    let value = Eligible {
        kind: "survey_eligible",
        customer_id: whom.id(),
        as_of: at,
        trigger: cause,
        survey: if after == "purchase" { after } else { "nps" },
        order_id: order.id.as_deref(),
        bought_at: order.bought,
        delivered_at: delivered.map(|delivered| order.bought + delivered),
        after,
    };
    out.send((Topic::Lifecycle, value.kind), whom, at, &value);
}

/// The part.
#[derive(Debug, Clone)]
pub struct FollowUps {
    rows: Packed<Row>,
}

impl Default for FollowUps {
    fn default() -> Self {
        Self {
            rows: Packed::new("orders"),
        }
    }
}

impl Part for FollowUps {
    fn wants(&self, kind: EventType) -> Want {
        match kind {
            EventType::Purchase => Want::Fields(&["order_id"]),
            EventType::Refund
            | EventType::OrderPromised
            | EventType::OrderDelivered
            | EventType::OrderReturned
            | EventType::OrderMessage => Want::Details,
            EventType::FeatureUse | EventType::Activate | EventType::AccountClosed => Want::Event,
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        use EventType as E;
        let is_use = matches!(seen.kind, E::FeatureUse | E::Activate);
        if is_use && !self.rows.has(whom.ix) {
            return;
        }
        let mut row = self.rows.get(whom.ix);
        match seen.kind {
            EventType::Purchase => {
                if let Some(order) = row.buy(seen) {
                    let event_id = seen.event_id;
                    let cause = Cause::Event { event_id };
                    tell(whom, &order, (seen.ts, "purchase"), cause, out);
                }
            }
            EventType::OrderDelivered => row.deliver(seen),
            EventType::OrderPromised => row.promise(seen),
            EventType::Refund | EventType::OrderReturned => row.undo(seen),
            EventType::AccountClosed => row.leave(seen.ts),
            EventType::OrderMessage => {
                let kind = seen.details.and_then(|details| details.kind.as_deref());
                let step = Steps::from_text(kind.unwrap_or_default());
                if let Some(order) = row.find_or_expect(seen, Else::Newest) {
                    order.steps.0 |= step.0;
                }
            }
            _ => row.using(seen.ts),
        }
        self.rows.set(whom.ix, &row);
    }

    fn next(&self, whom: &Whom<'_>) -> Option<i64> {
        let row = self.rows.get(whom.ix);
        row.due(whom.settings.nps_use_ms).map(|(at, _)| at)
    }

    fn fire(&mut self, whom: &Whom<'_>, at: i64, out: &mut Out<'_>) {
        let mut row = self.rows.get(whom.ix);
        let after_ms = whom.settings.nps_use_ms;
        while let Some((_, place)) = row.due(after_ms).filter(|(due, _)| *due <= at) {
            let order = &mut row.orders[place];
            let how = order.nps(after_ms).map_or("receipt", |(_, how)| how);
            let cause = Cause::Timer { name: "survey" };
            tell(whom, order, (at, how), cause, out);
            order.state = State::Told;
        }
        self.rows.set(whom.ix, &row);
    }

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        let row = self.rows.get(whom.ix);
        let settings = whom.settings;
        let is_due = |order: &Order| {
            settings.messages_are_known && as_of - order.bought >= settings.follow_up_ms
        };
        let forgotten = |order: &&Order| {
            is_due(order) && order.steps.is_empty() && order.state != State::Undone
        };
        let last = row.orders.iter().rfind(|order| order.is_bought());
        let sums = row.sums.unwrap_or_default();
        profile.orders = Orders {
            last_at: whom.store.last_purchase(whom.ix),
            last_steps: last.map_or(Steps::default(), |order| order.steps),
            last_is_due: last.is_some_and(is_due),
            without_follow_up: row
                .orders
                .iter()
                .filter(|order| order.is_bought())
                .filter(forgotten)
                .count() as u32,
            late_deliveries: sums.late,
            last_late_days: sums
                .last
                .and_then(|(_, late)| Some(late? as f64 / DAY_MS as f64)),
            returns: sums.returns,
        };
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.rows]
    }
}
