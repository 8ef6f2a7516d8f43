//! The last orders of a customer, and what became of them.

use holdfast_events::{Details, EventType};
use serde::{Deserialize, Serialize};

use super::steps::Steps;
use crate::DAY_MS;
use crate::tracker::Seen;

/// Orders of a customer that are held.
const HELD: usize = 4;
/// Ids longer than those of customers are not kept.
const LONGEST_ID: usize = 256;

/// What is known of an order beside. Instants are counted from the purchase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Course {
    pub(super) delivered: Option<i64>,
    pub(super) promised: Option<i64>,
    pub(super) used: Option<i64>,
}

/// Whether there is something left to ask about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// How the customer likes it.
    Waiting,
    /// Nothing: that was told.
    Told,
    /// Nothing: money or goods went back.
    Undone,
    /// Nothing yet: its purchase has not been heard of, only what follows one. Its time is that of the first such word.
    Expected,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) bought: i64,
    pub(super) id: Option<Box<str>>,
    pub(super) steps: Steps,
    pub(super) state: State,
    pub(super) course: Option<Course>,
}

impl Order {
    fn new(bought: i64, id: Option<&str>, state: State) -> Self {
        Self {
            bought,
            id: id.map(Into::into),
            steps: Steps::default(),
            state,
            course: None,
        }
    }

    fn course(&mut self) -> &mut Course {
        self.course.get_or_insert_default()
    }

    pub(super) fn is_bought(&self) -> bool {
        self.state != State::Expected
    }

    /// Its purchase is heard of, behind what followed it.
    fn bought_at(&mut self, at: i64) {
        let later = self.bought - at;
        if let Some(course) = &mut self.course {
            for instant in [
                &mut course.delivered,
                &mut course.promised,
                &mut course.used,
            ] {
                *instant = instant.map(|after| after + later);
            }
        }
        (self.bought, self.state) = (at, State::Waiting);
    }

    /// When the customer may be asked how it likes what it has, and since when it has it.
    pub(super) fn nps(&self, after_ms: i64) -> Option<(i64, &'static str)> {
        let course = self.course.filter(|_| self.state == State::Waiting)?;
        let (since, how) = match course {
            Course {
                delivered: Some(delivered),
                ..
            } => (delivered, "receipt"),
            Course {
                promised: None,
                used: Some(used),
                ..
            } => (used, "use"),
            _ => return None,
        };
        let at = self.bought.saturating_add(since).saturating_add(after_ms);
        Some((at, how))
    }
}

/// What is known over all orders, of few customers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub(super) late: u32,
    pub(super) returns: u32,
    /// The newest delivery and by how much it was late.
    pub(super) last: Option<(i64, Option<i64>)>,
    /// When the account was closed: nothing is asked about what was bought before.
    closed: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// By time.
    pub(super) orders: Vec<Order>,
    pub(super) sums: Option<Sums>,
}

/// Which order an event is about that names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Else {
    Newest,
    OldestUndelivered,
    OldestDelivered,
}

impl Row {
    pub(super) fn find(
        &mut self,
        details: Option<&Details<'_>>,
        at: i64,
        or_else: Else,
    ) -> Option<&mut Order> {
        if let Some(id) = order_id(details) {
            return self
                .orders
                .iter_mut()
                .find(|order| order.id.as_deref() == Some(id));
        }
        let mut before = self
            .orders
            .iter_mut()
            .filter(|order| order.bought <= at && order.is_bought());
        let is_delivered =
            |order: &&mut Order| order.course.is_some_and(|it| it.delivered.is_some());
        match or_else {
            Else::Newest => before.next_back(),
            Else::OldestUndelivered => before.find(|order| !is_delivered(order)),
            Else::OldestDelivered => {
                before.find(|order| is_delivered(order) && order.state != State::Undone)
            }
        }
    }

    /// The order that an event is about; one that is named and not known is expected from here on, in place of another
    /// such one.
    pub(super) fn find_or_expect(&mut self, seen: &Seen<'_>, or_else: Else) -> Option<&mut Order> {
        if self.find(seen.details, seen.ts, or_else).is_none() {
            let id = order_id(seen.details)?;
            self.orders.retain(Order::is_bought);
            self.insert(Order::new(seen.ts, Some(id), State::Expected));
        }
        self.find(seen.details, seen.ts, or_else)
    }

    fn insert(&mut self, order: Order) {
        let place = self
            .orders
            .partition_point(|known| known.bought <= order.bought);
        self.orders.insert(place, order);
        // What is expected is held beside those that are known.
        if self.orders.iter().filter(|order| order.is_bought()).count() > HELD {
            let oldest = self.orders.iter().position(Order::is_bought);
            oldest.map(|at| self.orders.remove(at));
        }
    }

    /// Takes in a purchase; gives the order where it is a new one about which something is to be asked.
    pub(super) fn buy(&mut self, seen: &Seen<'_>) -> Option<Order> {
        let id = order_id(seen.details);
        let is_named = |order: &Order| id.is_some() && order.id.as_deref() == id;
        let mut order = match self.orders.iter().position(is_named) {
            Some(known) if self.orders[known].is_bought() => return None,
            Some(expected) => {
                let mut order = self.orders.remove(expected);
                if order.bought >= seen.ts {
                    order.bought_at(seen.ts);
                } else {
                    // What is dated before it followed another one.
                    order = Order::new(seen.ts, id, State::Waiting);
                }
                order
            }
            None => Order::new(seen.ts, id, State::Waiting),
        };
        let closed = self.sums.and_then(|sums| sums.closed);
        let is_asked = closed.is_none_or(|closed| seen.ts > closed);
        if !is_asked {
            order.state = State::Told;
        }
        self.insert(order.clone());
        is_asked.then_some(order)
    }

    /// Who closes the account is asked nothing more about what was bought before.
    pub(super) fn leave(&mut self, at: i64) {
        let sums = self.sums.get_or_insert_default();
        sums.closed = sums.closed.max(Some(at));
        let before = self.orders.iter_mut().filter(|order| order.bought <= at);
        for order in before.filter(|order| order.state == State::Waiting) {
            order.state = State::Told;
        }
    }

    pub(super) fn deliver(&mut self, seen: &Seen<'_>) {
        let said = seen.details;
        let promised = said.and_then(|said| said.promised_at).map(|at| at.0);
        let days = said.and_then(|said| said.late_days);
        let mut known = None;
        if let Some(order) = self.find_or_expect(seen, Else::OldestUndelivered) {
            known = order
                .course
                .and_then(|it| it.promised)
                .map(|after| order.bought + after);
            let after = seen.ts - order.bought;
            let course = order.course();
            if course.delivered.is_some() {
                return; // a part of it, or told twice
            }
            course.delivered = Some(after);
        }
        let late_ms = match (days, promised.or(known)) {
            (Some(days), _) if days.is_finite() => {
                Some((days.clamp(0.0, 1e5) * DAY_MS as f64) as i64)
            }
            (_, Some(promised)) => Some((seen.ts - promised).max(0)),
            _ => None,
        };
        let sums = self.sums.get_or_insert_default();
        sums.late = sums
            .late
            .saturating_add(u32::from(late_ms.is_some_and(|late| late > 0)));
        if sums.last.is_none_or(|(at, _)| at <= seen.ts) {
            sums.last = Some((seen.ts, late_ms));
        }
    }

    pub(super) fn promise(&mut self, seen: &Seen<'_>) {
        let Some(promised) = seen.details.and_then(|details| details.promised_at) else {
            return;
        };
        if let Some(order) = self.find_or_expect(seen, Else::OldestUndelivered) {
            let after = promised.0 - order.bought;
            // What was promised first is what was promised.
            order.course().promised.get_or_insert(after);
        }
    }

    pub(super) fn undo(&mut self, seen: &Seen<'_>) {
        let or_else = match seen.kind {
            EventType::OrderReturned => {
                let sums = self.sums.get_or_insert_default();
                sums.returns = sums.returns.saturating_add(1);
                Else::OldestDelivered
            }
            _ => Else::Newest,
        };
        if let Some(order) = self.find(seen.details, seen.ts, or_else)
            && order.is_bought()
        {
            order.state = State::Undone;
        }
    }

    pub(super) fn using(&mut self, at: i64) {
        for order in &mut self.orders {
            let first = order.course.and_then(|course| course.used);
            let after = at - order.bought;
            let is_waiting = order.state == State::Waiting
                && order.course.is_none_or(|it| it.delivered.is_none());
            if is_waiting && after >= 0 && first.is_none_or(|first| after < first) {
                order.course().used = Some(after);
            }
        }
    }

    /// The order that is due next, the oldest of several.
    pub(super) fn due(&self, after_ms: i64) -> Option<(i64, usize)> {
        let orders = self.orders.iter().enumerate();
        orders
            .filter_map(|(place, order)| Some((order.nps(after_ms)?.0, place)))
            .min()
    }
}

fn order_id<'a>(details: Option<&'a Details<'_>>) -> Option<&'a str> {
    let id = details?.order_id.as_deref()?;
    (!id.is_empty() && id.len() <= LONGEST_ID).then_some(id)
}
