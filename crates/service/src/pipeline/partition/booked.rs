//! Where the fold meets figures of all customers.

use holdfast_events::{Details, Event, EventType};
use holdfast_features::Ix;
use holdfast_lifecycle::part::Want;
use holdfast_lifecycle::part::service::{Replies, ServiceTotals};
use holdfast_lifecycle::{Segment, Tracker};
use holdfast_producer::{OutRecord, Stream};
use holdfast_reports::live::{
    Answers, Daybook, Happening, Partial, Reached, Said, Tickets, Withdrawn,
};

use super::Partition;
use super::desk::{listing, reach};
use crate::pipeline::Settings;
use crate::retention::said;

/// A book in which nothing is noted yet; none where nobody keeps figures.
pub(super) fn book(settings: &Settings) -> Option<Daybook> {
    let book = settings.book.as_ref()?;
    Some(Daybook::new(book.terms.clone(), book.zone.clone()))
}

/// A record of the topic that figures are added up from.
pub(super) fn spoken(partition: i32, said: &Said) -> OutRecord {
    OutRecord {
        stream: Stream::Partials,
        key: partition.to_string().into_bytes(),
        // Plain fields into memory: this cannot fail.
        value: serde_json::to_vec(said).unwrap_or_default(),
        input: None,
    }
}

fn of_period(partial: Partial) -> OutRecord {
    let partition = partial.partition;
    let said = Said {
        partial: Some(partial),
        ..Said::default()
    };
    spoken(partition, &said)
}

/// What a book wants to know of events of a type.
pub(super) fn wants(kind: EventType) -> Want {
    match kind {
        kind if said::is_opinion(kind) || said::is_contract(kind) => Want::Details,
        kind if kind == EventType::SignUp || kind.is_campaign() => Want::Fields(&["cost"]),
        _ => Want::Nothing,
    }
}

fn tickets(sums: &ServiceTotals) -> Tickets {
    let answers = |of: &Replies| Answers {
        answered: of.answered,
        quick: of.quick,
        waited_ms: of.waited_ms,
    };
    Tickets {
        opened: sums.tickets,
        first: answers(&sums.first),
        bot: answers(&sums.bot),
        human: answers(&sums.human),
        slow: sums.slow,
        resolved: sums.resolved,
        at_first_contact: sums.at_first_contact,
    }
}

fn note(tracker: Option<&mut Tracker>, book: &mut Daybook) {
    let Some(notes) = tracker.and_then(Tracker::notes) else {
        return;
    };
    let name = |segment: Option<Segment>| segment.map(Segment::name);
    for moved in notes.moves.drain(..) {
        book.moved(moved.at, name(moved.from), name(moved.to));
    }
    for (at, sums) in notes.served.drain(..) {
        book.served(at, &tickets(&sums));
    }
}

impl Partition {
    /// Says which partition this is, of how many, as figures have to know who has spoken.
    pub fn set_place(&mut self, partition: i32, partitions: u32) {
        if let Some(book) = &mut self.book {
            book.set_place(partition, partitions);
        }
    }

    /// A book that was kept before. It goes on under today's terms, with the horizon of what is told beside alerts.
    pub(super) fn take_book(&mut self, book: Daybook) {
        self.book = Some(book);
        if let Some(tracker) = &mut self.tracker {
            tracker.keep_notes();
        }
        self.rebook();
    }

    /// The terms have changed.
    pub(super) fn rebook(&mut self) {
        if let (Some(book), Some(wanted)) = (&mut self.book, &self.settings.book) {
            let mut terms = wanted.terms.clone();
            if let Some(tracker) = self.tracker.as_ref().filter(|_| wanted.by_horizon) {
                terms.window_ms = tracker.settings().lapse_ms;
            }
            book.activate(terms);
        }
    }

    /// An event was applied.
    #[inline]
    pub(super) fn book_event(&mut self, event: &Event<'_>, ix: Ix, details: Option<&Details<'_>>) {
        let Some(book) = &mut self.book else {
            return;
        };
        let is_contract = said::is_contract(event.kind);
        if said::is_opinion(event.kind)
            && let Some(details) = details
            && let Some(share) = said::share(event.kind, details)
        {
            book.opined(event.ts, said::question(event.kind, details), share);
        }
        let contract = details.filter(|_| is_contract);
        let contract = contract.and_then(|details| details.subscription_id.as_deref());
        let exponent = self.settings.store.minor_exponent;
        let currency = self.settings.decoder.settings().currency();
        let what = Happening {
            ts: event.ts,
            kind: event.kind,
            minor: event.minor.filter(|_| !is_contract),
            contract: contract.map(said::hash),
            // Never summed with others as it is.
            cost: details
                .filter(|_| !event.currency.is_some_and(|named| currency.is_other(named)))
                .and_then(|details| said::cost(details, exponent)),
        };
        book.happened(ix.0, &what);
    }

    /// Who is on a list that is not made yet may have left the channel that stands there.
    #[inline]
    pub(super) fn list_anew(&mut self, event: &Event<'_>, ix: Ix, out: &mut Vec<OutRecord>) {
        let changes = event.kind == EventType::ConsentChange || event.kind.is_campaign();
        if !changes || !self.emitting || !self.decider.is_open(ix) {
            return;
        }
        if let Some(book) = listing(&self.book, &self.settings)
            && let Some(tracker) = &self.tracker
        {
            let contact = tracker
                .profile(&self.store, ix, self.clock.max(event.ts))
                .contact;
            let reached = Reached {
                after_ms: event.ts.saturating_sub(self.settings.grace_ms),
                customer_id: event.customer_id.to_string(),
                reach: reach((contact.channel, contact.basis)),
            };
            let said = Said {
                reached: Some(reached),
                ..Said::default()
            };
            out.push(spoken(book.partition(), &said));
        }
    }

    /// Time has come to `to`, ms UTC. Says whether a day was over by then.
    #[inline]
    pub(super) fn book_up_to(&mut self, to: i64, out: &mut Vec<OutRecord>) -> bool {
        let Some(book) = &mut self.book else {
            return false;
        };
        note(self.tracker.as_mut(), book);
        let emitting = self.emitting;
        let spent = |ix| self.store.net_minor(Ix(ix));
        book.close_up_to(to, &spent, &mut |partial| {
            if emitting {
                out.push(of_period(partial));
            }
        })
    }

    /// A customer is erased as of `at`, ms UTC. Days that were over long enough before that are closed with the customer in
    /// them, whatever clock the partition has; on lists that are not made yet the customer does not stand any more.
    pub(super) fn book_erasure(
        &mut self,
        ix: Ix,
        (customer_id, at): (&str, i64),
        out: &mut Vec<OutRecord>,
    ) {
        let over = at.saturating_sub(self.settings.grace_ms);
        self.book_up_to(over, out);
        if let Some(book) = listing(&self.book, &self.settings).filter(|_| self.emitting) {
            let said = Said {
                withdrawn: Some(Withdrawn::after(over, customer_id)),
                ..Said::default()
            };
            out.push(spoken(book.partition(), &said));
        }
        if let Some(book) = &mut self.book {
            book.erase(ix.0);
        }
    }
}
