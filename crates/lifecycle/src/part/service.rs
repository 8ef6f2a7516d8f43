//! Tickets: what is open and for how long, how fast answers came, what was solved at once.
//!
//! | event | effect |
//! | --- | --- |
//! | `support_contact` | opens the ticket that it names, or is one more contact about it |
//! | `support_reply` | an answer by a bot (`bot`, or a speaker of that name) or a human; spoken by the customer, one more contact |
//! | `support_resolved` | closes the ticket |
//!
//! Contacts that name no ticket are about one ticket at a time; an answer or an end that names none is about the newest open one.
//! What is said of a ticket that is not open is held, three words at most: a contact that is heard of later and dated before is
//! answered, or solved, by it. A contact about one that was closed opens another. Eight tickets are held open; beyond, and after
//! [`ticket_open_ms`](crate::Settings::ticket_open_ms) without a word about it, a ticket counts as neither open nor solved.
//!
//! A row is 3 bytes beside 3, about 18 more once anything was answered or solved, and 15 for each open ticket that has
//! an id.

use holdfast_events::{Details, EventType};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::table::{AnyTable, Packed};
use crate::tracker::Seen;

/// Tickets of a customer that are held open.
const OPEN: usize = 8;
/// Words about tickets that are not open that are held.
const EARLY: usize = 3;
/// An answer within this long is quick, in milliseconds; this long is quick still.
const QUICK_MS: i64 = 60_000;

/// First answers to tickets: how many, how many at once, and how long they took altogether.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replies {
    /// Tickets that were answered.
    pub answered: u64,
    /// Those within 60 seconds, just 60 included.
    pub quick: u64,
    /// From opening to the answer, summed over them, in milliseconds.
    pub waited_ms: u64,
}

impl Replies {
    fn add(&mut self, waited_ms: i64) {
        self.answered += 1;
        self.quick += u64::from(waited_ms <= QUICK_MS);
        self.waited_ms = self.waited_ms.saturating_add(waited_ms.max(0) as u64);
    }

    /// What came to `before` since.
    fn since(&self, before: &Self) -> Self {
        Self {
            answered: self.answered - before.answered,
            quick: self.quick - before.quick,
            waited_ms: self.waited_ms - before.waited_ms,
        }
    }

    /// Mean seconds to the first answer; none without one.
    #[must_use]
    pub fn mean_seconds(&self) -> Option<f64> {
        (self.answered > 0).then(|| self.waited_ms as f64 / self.answered as f64 / 1_000.0)
    }
}

/// Sums over tickets. Those of several customers or partitions add up by [`merge`](Self::merge), in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTotals {
    /// Tickets opened.
    pub tickets: u64,
    /// First answers by anybody.
    pub first: Replies,
    /// First answers by bots.
    pub bot: Replies,
    /// First answers by humans.
    pub human: Replies,
    /// First answers by humans that were slow.
    pub slow: u64,
    /// Tickets solved.
    pub resolved: u64,
    /// Tickets solved after the customer had asked once.
    pub at_first_contact: u64,
}

impl ServiceTotals {
    /// Adds those of somebody else.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.first, other.first),
            (&mut self.bot, other.bot),
            (&mut self.human, other.human),
        ] {
            own.answered += other.answered;
            own.quick += other.quick;
            own.waited_ms = own.waited_ms.saturating_add(other.waited_ms);
        }
        self.tickets += other.tickets;
        self.slow += other.slow;
        self.resolved += other.resolved;
        self.at_first_contact += other.at_first_contact;
    }

    /// What came to `before` since: sums only grow.
    fn since(&self, before: &Self) -> Self {
        Self {
            tickets: self.tickets - before.tickets,
            first: self.first.since(&before.first),
            bot: self.bot.since(&before.bot),
            human: self.human.since(&before.human),
            slow: self.slow - before.slow,
            resolved: self.resolved - before.resolved,
            at_first_contact: self.at_first_contact - before.at_first_contact,
        }
    }
}

/// How a customer was served, as of an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Served {
    /// Tickets that are open.
    pub open_tickets: u32,
    /// Age of the oldest of them, in milliseconds.
    pub oldest_unresolved_ms: Option<i64>,
    /// Whether one of them had no human answer in time.
    pub slow_reply: bool,
    /// Tickets by orders; none without an order.
    pub tickets_per_order: Option<f64>,
    /// Sums over all tickets so far.
    pub totals: ServiceTotals,
}

const BOT: u8 = 1;
const HUMAN: u8 = 2;
const SLOW: u8 = 4;
/// Only of a word that is held: the ticket is solved.
const DONE: u8 = 8;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Ticket {
    /// Of its id; 0 for the one without.
    hash: u32,
    opened: i64,
    /// From opening to what was heard of it last.
    lasted: u64,
    /// Who answered, and whether too late.
    flags: u8,
    /// By the customer; 0 where this is a word about a ticket whose contact has not been heard of yet.
    contacts: u8,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Row {
    tickets: u32,
    /// Sums without the number of tickets; nothing until something was answered or solved.
    sums: Option<ServiceTotals>,
    /// By the time at which they were opened.
    open: Vec<Ticket>,
}

impl Row {
    fn totals(&self) -> ServiceTotals {
        ServiceTotals {
            tickets: self.tickets.into(),
            ..self.sums.unwrap_or_default()
        }
    }

    /// Takes in a contact, and gives what was said of its ticket before and is dated after it: when, and what.
    fn contact(&mut self, hash: u32, at: i64) -> Vec<(i64, u8)> {
        let awaits = |ticket: &mut Ticket| ticket.is_early() && ticket.hash == hash;
        let early = self.open.extract_if(.., awaits);
        // What is older than the contact was about something else.
        let words = early.filter_map(|it| (it.opened >= at).then_some((it.opened, it.flags)));
        let early = words.collect();
        if let Some(ticket) = self.open.iter_mut().find(|ticket| ticket.hash == hash) {
            ticket.hear(at);
            let last = ticket.last();
            ticket.opened = ticket.opened.min(at);
            ticket.lasted = (last - ticket.opened) as u64;
            ticket.contacts = ticket.contacts.saturating_add(1);
        } else {
            self.tickets = self.tickets.saturating_add(1);
            self.open.push(Ticket::new(hash, at, (0, 1)));
        }
        self.bound();
        early
    }

    /// Holds a word about a ticket that is not open.
    fn hold(&mut self, hash: u32, at: i64, flag: u8) {
        let same = |held: &&mut Ticket| held.is_early() && held.hash == hash && held.flags == flag;
        match self.open.iter_mut().find(same) {
            Some(held) => held.opened = held.opened.min(at),
            None => self.open.push(Ticket::new(hash, at, (flag, 0))),
        }
        self.bound();
    }

    /// Tickets and words that are held, by time: the newest of each kind.
    fn bound(&mut self) {
        self.open.sort_by_key(|it| (it.opened, it.hash, it.flags));
        for (early, most) in [(true, EARLY), (false, OPEN)] {
            let of_kind = |it: &Ticket| it.is_early() == early;
            if self.open.iter().filter(|it| of_kind(it)).count() > most {
                let oldest = self.open.iter().position(of_kind);
                oldest.map(|at| self.open.remove(at));
            }
        }
    }

    /// The open ticket that an answer or an end is about: where it names none, the newest.
    fn meant(&self, hash: u32) -> Option<usize> {
        let is_meant = |ticket: &Ticket| !ticket.is_early() && (hash == 0 || ticket.hash == hash);
        self.open.iter().rposition(is_meant)
    }

    fn hear(&mut self, place: usize, (at, flag): (i64, u8), slow_ms: i64) {
        if flag == DONE {
            return self.resolve(place);
        }
        let ticket = &mut self.open[place];
        ticket.hear(at);
        let sums = self.sums.get_or_insert_default();
        let waited = at - ticket.opened;
        if ticket.flags & (BOT | HUMAN) == 0 {
            sums.first.add(waited);
        }
        let replies = if flag == BOT {
            &mut sums.bot
        } else {
            &mut sums.human
        };
        if ticket.flags & flag == 0 {
            replies.add(waited);
            ticket.flags |= flag;
            if flag == HUMAN && waited > slow_ms {
                ticket.flags |= SLOW;
                sums.slow += 1;
            }
        }
    }

    fn resolve(&mut self, place: usize) {
        let ticket = self.open.remove(place);
        let sums = self.sums.get_or_insert_default();
        sums.resolved += 1;
        sums.at_first_contact += u64::from(ticket.contacts == 1);
    }
}

impl Ticket {
    fn new(hash: u32, opened: i64, (flags, contacts): (u8, u8)) -> Self {
        Self {
            hash,
            opened,
            lasted: 0,
            flags,
            contacts,
        }
    }

    /// Whether it is no ticket, but a word that awaits one.
    fn is_early(&self) -> bool {
        self.contacts == 0
    }

    fn hear(&mut self, at: i64) {
        let since = u64::try_from(at - self.opened).unwrap_or(0);
        self.lasted = self.lasted.max(since);
    }

    fn last(&self) -> i64 {
        self.opened.saturating_add_unsigned(self.lasted)
    }

    fn is_open(&self, as_of: i64, open_ms: i64) -> bool {
        as_of - self.last() <= open_ms
    }
}

/// The part.
#[derive(Debug, Clone)]
pub struct Service {
    rows: Packed<Row>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            rows: Packed::new("service"),
        }
    }
}

impl Service {
    /// Sums over all customers, those that were erased left out. Goes through all rows.
    #[must_use]
    pub fn totals(&self) -> ServiceTotals {
        let mut totals = ServiceTotals::default();
        for ix in self.rows.customers() {
            totals.merge(&self.rows.get(ix).totals());
        }
        totals
    }
}

fn hash_of(details: Option<&Details<'_>>) -> u32 {
    let id = details.and_then(|details| details.ticket_id.as_deref());
    // The low half tells eight tickets apart well enough.
    id.map_or(0, |id| (xxh3_64(id.as_bytes()) as u32).max(1))
}

/// Notes what came to a customer's sums at an instant.
fn note(before: &ServiceTotals, row: &Row, at: i64, out: &mut Out<'_>) {
    let sums = row.totals().since(before);
    if sums != ServiceTotals::default() {
        out.note(|notes| notes.served.push((at, sums)));
    }
}

impl Part for Service {
    fn wants(&self, kind: EventType) -> Want {
        match kind {
            EventType::SupportContact | EventType::SupportReply | EventType::SupportResolved => {
                Want::Details
            }
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        let mut row = self.rows.get(whom.ix);
        let before = row.totals();
        let hash = hash_of(seen.details);
        let speaker = seen.details.and_then(|details| details.speaker.as_deref());
        let speaks = |name| speaker.is_some_and(|speaker| speaker.eq_ignore_ascii_case(name));
        // What was open for too long without a word is over: its number may be used again.
        let open_ms = whom.settings.ticket_open_ms;
        row.open.retain(|ticket| ticket.is_open(seen.ts, open_ms));
        let is_bot = seen.details.and_then(|details| details.bot) == Some(true);
        let word = match seen.kind {
            EventType::SupportResolved => Some(DONE),
            EventType::SupportReply if seen.is_said_by_customer() => None,
            EventType::SupportReply if is_bot || speaks("bot") => Some(BOT),
            EventType::SupportReply => Some(HUMAN),
            _ => None,
        };
        let slow_ms = whom.settings.slow_reply_ms;
        let mut early = Vec::new();
        match (word, word.and_then(|_| row.meant(hash))) {
            (Some(word), Some(place)) => row.hear(place, (seen.ts, word), slow_ms),
            (Some(word), None) => row.hold(hash, seen.ts, word),
            (None, _) => early = row.contact(hash, seen.ts),
        }
        note(&before, &row, seen.ts, out);
        for (at, word) in early {
            let own = |ticket: &Ticket| !ticket.is_early() && ticket.hash == hash;
            let before = row.totals();
            if let Some(place) = row.open.iter().position(own) {
                row.hear(place, (at, word), slow_ms);
            }
            note(&before, &row, at, out);
        }
        self.rows.set(whom.ix, &row);
    }

    fn next(&self, _: &Whom<'_>) -> Option<i64> {
        None
    }

    fn fire(&mut self, _: &Whom<'_>, _: i64, _: &mut Out<'_>) {}

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        let row = self.rows.get(whom.ix);
        let settings = whom.settings;
        let open = row.open.iter();
        let open = open.filter(|it| !it.is_early() && it.is_open(as_of, settings.ticket_open_ms));
        let orders = whom.store.purchases(whom.ix);
        let waits = |ticket: &Ticket| {
            let unanswered = ticket.flags & HUMAN == 0;
            ticket.flags & SLOW != 0 || unanswered && as_of - ticket.opened > settings.slow_reply_ms
        };
        profile.service = Served {
            open_tickets: open.clone().count() as u32,
            oldest_unresolved_ms: open.clone().map(|ticket| as_of - ticket.opened).max(),
            slow_reply: settings.replies_are_known && open.clone().any(waits),
            tickets_per_order: (orders > 0).then(|| f64::from(row.tickets) / f64::from(orders)),
            totals: row.totals(),
        };
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.rows]
    }
}
