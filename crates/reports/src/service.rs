//! Tickets: how fast they are answered, how many are solved at once, and what else went wrong with orders.
//!
//! | event | effect |
//! | --- | --- |
//! | `support_contact`, or a `support_reply` by the customer | one more contact about the open ticket of its id (of those without one where it names none), or opens it |
//! | `support_reply` | an answer; without an id to the newest open ticket |
//! | `support_resolved` | ends it; without an id the newest open ticket |

use holdfast_events::EventType;
use serde::Serialize;

use crate::act::{Act, Customer, Said, Speaker};
use crate::rate::{median, percent};
use crate::terms::{DAY_MS, Terms};

/// An answer within this long is called quick, in milliseconds; inclusive.
const QUICK_MS: i64 = 60_000;

/// First answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Answers {
    answered: u64,
    quick: u64,
    waited_ms: i64,
}

/// Sums over tickets and deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Service {
    tickets: u64,
    resolved: u64,
    at_first_contact: u64,
    first: Answers,
    bot: Answers,
    human: Answers,
    /// Ages of open tickets at the end of the events.
    open_ms: Vec<i64>,
    deliveries: u64,
    late: u64,
    returns: u64,
}

/// The figures of service.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ServiceFigures {
    /// Tickets opened.
    pub tickets: u64,
    /// Tickets by orders; none without an order.
    pub per_order: Option<f64>,
    /// Tickets open at the end of the events.
    pub open: u64,
    /// Median age of those, in days.
    pub median_unresolved_days: Option<f64>,
    /// Percent of all tickets with an answer within 60 seconds, just 60 included; none where the events tell of no
    /// answer at all.
    pub answered_within_60s: Option<f64>,
    /// Mean seconds to the first answer, of tickets that were answered.
    pub mean_first_reply_seconds: Option<f64>,
    /// First answers by machines.
    pub bot: AnswerFigures,
    /// First answers by people.
    pub human: AnswerFigures,
    /// Percent of the resolved tickets that took one contact.
    pub solved_at_first_contact: Option<f64>,
    /// Orders that arrived.
    pub deliveries: u64,
    /// Those that came after the promised instant.
    pub late_deliveries: u64,
    /// Orders that came back.
    pub returns: u64,
}

/// First answers of one kind of speaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct AnswerFigures {
    /// Tickets that got one.
    pub answered: u64,
    /// Percent of all tickets that got one within 60 seconds.
    pub answered_within_60s: Option<f64>,
    /// Mean seconds to it.
    pub mean_first_reply_seconds: Option<f64>,
}

#[derive(Clone, Debug)]
struct Ticket {
    id: Option<u64>,
    opened: i64,
    contacts: u32,
    first: Option<i64>,
    bot: Option<i64>,
    human: Option<i64>,
    is_resolved: bool,
}

/// When orders are to arrive that have not.
#[derive(Default)]
struct Promises(Vec<(Option<u64>, i64)>);

impl Promises {
    /// What was promised first of an order is what was promised.
    fn take(&mut self, act: &Act<'_>) {
        if let Said::Promise { order, at } = act.said
            && (order.is_none() || self.0.iter().all(|(known, _)| *known != order))
        {
            self.0.push((order, at));
        }
    }

    /// Whether a delivery is late: as it says itself, else by what was promised of its order, or of the first one where it
    /// names none.
    fn is_late(&mut self, act: &Act<'_>) -> bool {
        let Said::Delivery { order, is_late } = act.said else {
            return false;
        };
        let mut promises = self.0.iter();
        let place = promises.position(|(known, _)| order.is_none() || *known == order);
        let promised = place.map(|place| self.0.remove(place).1);
        is_late.unwrap_or(promised.is_some_and(|at| at < act.ts))
    }
}

impl Service {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>, terms: &Terms) {
        let mut tickets: Vec<Ticket> = Vec::new();
        let mut promises = Promises::default();
        for act in customer.acts {
            match act.kind {
                EventType::OrderPromised => promises.take(act),
                EventType::OrderDelivered => {
                    self.deliveries += 1;
                    self.late += u64::from(promises.is_late(act));
                }
                EventType::OrderReturned => self.returns += 1,
                _ => take(&mut tickets, act),
            }
        }
        let (_, last_ms) = terms.calendar.events_ms();
        for ticket in &tickets {
            self.count(ticket, last_ms);
        }
    }

    fn count(&mut self, ticket: &Ticket, last_ms: i64) {
        self.tickets += 1;
        self.first.count(ticket.opened, ticket.first);
        self.bot.count(ticket.opened, ticket.bot);
        self.human.count(ticket.opened, ticket.human);
        if ticket.is_resolved {
            self.resolved += 1;
            self.at_first_contact += u64::from(ticket.contacts == 1);
        } else {
            self.open_ms.push(last_ms - ticket.opened);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.tickets += other.tickets;
        self.resolved += other.resolved;
        self.at_first_contact += other.at_first_contact;
        self.first.add(&other.first);
        self.bot.add(&other.bot);
        self.human.add(&other.human);
        self.open_ms.extend_from_slice(&other.open_ms);
        self.deliveries += other.deliveries;
        self.late += other.late;
        self.returns += other.returns;
    }

    pub(crate) fn figures(&self, orders: u64) -> ServiceFigures {
        let first = self.first.figures(self.tickets);
        ServiceFigures {
            tickets: self.tickets,
            per_order: (orders > 0).then(|| self.tickets as f64 / orders as f64),
            open: self.open_ms.len() as u64,
            median_unresolved_days: median(&self.open_ms).map(|ms| ms / DAY_MS as f64),
            answered_within_60s: first.answered_within_60s,
            mean_first_reply_seconds: first.mean_first_reply_seconds,
            bot: self.bot.figures(self.tickets),
            human: self.human.figures(self.tickets),
            solved_at_first_contact: percent(self.at_first_contact, self.resolved),
            deliveries: self.deliveries,
            late_deliveries: self.late,
            returns: self.returns,
        }
    }
}

fn take(tickets: &mut Vec<Ticket>, act: &Act<'_>) {
    use EventType as E;
    let (id, speaker) = match act.said {
        Said::Ticket { ticket, speaker } => (ticket, speaker),
        _ => (None, Speaker::default()),
    };
    let is_contact = match act.kind {
        E::SupportContact => true,
        E::SupportReply => speaker == Speaker::Customer,
        E::SupportResolved => false,
        _ => return,
    };
    let is_meant = |ticket: &&mut Ticket| {
        let any = id.is_none() && !is_contact;
        !ticket.is_resolved && (any || ticket.id == id)
    };
    let known = tickets.iter_mut().rev().find(is_meant);
    match known {
        Some(ticket) if is_contact => ticket.contacts += 1,
        None if is_contact => tickets.push(Ticket {
            id,
            opened: act.ts,
            contacts: 1,
            first: None,
            bot: None,
            human: None,
            is_resolved: false,
        }),
        Some(ticket) if act.kind == E::SupportResolved => ticket.is_resolved = true,
        Some(ticket) => {
            let of_speaker = match speaker {
                Speaker::Bot => &mut ticket.bot,
                _ => &mut ticket.human,
            };
            of_speaker.get_or_insert(act.ts);
            ticket.first.get_or_insert(act.ts);
        }
        None => {}
    }
}

impl Answers {
    fn count(&mut self, opened: i64, answered: Option<i64>) {
        let Some(answered) = answered else { return };
        self.answered += 1;
        self.quick += u64::from(answered - opened <= QUICK_MS);
        self.waited_ms += answered - opened;
    }

    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.quick += other.quick;
        self.waited_ms += other.waited_ms;
    }

    fn figures(&self, tickets: u64) -> AnswerFigures {
        let mean = || self.waited_ms as f64 / 1_000.0 / self.answered as f64;
        AnswerFigures {
            answered: self.answered,
            answered_within_60s: percent(self.quick, tickets).filter(|_| self.answered > 0),
            mean_first_reply_seconds: (self.answered > 0).then(mean),
        }
    }
}
