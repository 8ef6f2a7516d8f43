//! Where the fold meets what is told beside alerts.

use std::sync::Arc;

use holdfast_events::{Details, Event, EventType, Record};
use holdfast_features::{Applied, Input, Ix, Store};
use holdfast_lifecycle::tracker::Fields;
use holdfast_lifecycle::{self as lifecycle, Notice, Profile, Seen, Topic, Tracker};
use holdfast_playbook::Choice;
use holdfast_policy::Decider;
use holdfast_producer::{OutRecord, Stream};
use holdfast_reports::live::Daybook;

use super::Partition;
use crate::pipeline::Settings;
use crate::retention::said;

/// A tracker that knows nobody yet; none where nothing is told.
pub(super) fn tracker(settings: &Settings) -> Option<Tracker> {
    let terms = settings.lifecycle.as_ref()?;
    let mut tracker = Tracker::new(Arc::clone(terms), settings.not_before);
    if settings.book.is_some() {
        tracker.keep_notes();
    }
    Some(tracker)
}

/// A notice as it goes out, with what the rule table says of it.
fn out_record(
    (store, decider): (&Store, &Decider),
    mut notice: Notice,
    profile: &dyn Fn(i64) -> Profile,
    input: Option<(i32, i64)>,
) -> OutRecord {
    // Who has closed the account wants to hear nothing more.
    if let Some(kind) = notice.kind.filter(|_| !notice.account_closed) {
        let ix = notice.customer;
        // A late event dates a notice before what is known by now.
        let as_of = store
            .newest(ix)
            .map_or(notice.as_of, |at| at.max(notice.as_of));
        if let Some(choice) = decider.advise((store, ix), (kind, as_of), profile) {
            append(&mut notice.value, &choice);
        }
    }
    OutRecord {
        stream: match notice.topic {
            Topic::Segments => Stream::Segments,
            Topic::Lifecycle => Stream::Lifecycle,
            Topic::Carts => Stream::Carts,
        },
        key: notice.key.into_bytes(),
        value: notice.value,
        input: input.filter(|_| notice.by_event),
    }
}

/// Puts what a tracker tells to what goes out, with the place of the record in hand.
fn sender<'a>(
    whom: (&'a Store, &'a Decider),
    place: Option<(i32, i64)>,
    out: &'a mut Vec<OutRecord>,
) -> impl FnMut(Notice, &dyn Fn(i64) -> Profile) + 'a {
    move |notice, profile| out.push(out_record(whom, notice, profile, place))
}

/// The action as one more field of a record, which is a JSON object that is not empty.
fn append(record: &mut Vec<u8>, choice: &Choice) {
    let whole = record.len();
    record.truncate(whole - 1);
    record.extend_from_slice(b",\"recommended_action\":");
    // Plain fields into memory: this cannot fail.
    if serde_json::to_writer(&mut *record, choice).is_err() {
        record.truncate(whole - 1);
    }
    record.push(b'}');
}

impl Partition {
    /// The optional fields of a record, where somebody wants any that it may have.
    #[inline]
    pub(super) fn details<'r>(&self, record: &Record<'r>, kind: EventType) -> Option<Details<'r>> {
        let decoder = &self.settings.decoder;
        let may_be_in = |fields: &Fields| match record.value {
            Some(value) if !decoder.settings().is_mapped() => fields.may_be_in(value),
            // A mapping may call a field anything, or set one that the record does not have.
            _ => fields.is_any(),
        };
        let tracked = self.tracker.as_ref().map(|tracker| tracker.fields(kind));
        let booked = self.book.as_ref().map(|_| self.booked.of(kind));
        let is_wanted = tracked.is_some_and(may_be_in) || booked.is_some_and(may_be_in);
        is_wanted.then(|| decoder.details(record)).flatten()
    }

    /// Before an event is applied. One that will be dropped is none.
    #[inline]
    pub(super) fn track_before(&mut self, ix: Ix, input: &Input, out: &mut Vec<OutRecord>) {
        if let Some(tracker) = &mut self.tracker
            && tracker.is_due(ix, input.ts)
            && self.store.verdict(ix, input) == Applied::Applied
        {
            tracker.before_event(
                &self.store,
                ix,
                input.ts,
                &mut sender((&self.store, &self.decider), None, out),
            );
        }
    }

    /// An event was applied.
    #[inline]
    pub(super) fn track_after(
        &mut self,
        record: &Record<'_>,
        event: &Event<'_>,
        (ix, details): (Ix, Option<&Details<'_>>),
        out: &mut Vec<OutRecord>,
    ) {
        let Some(tracker) = &mut self.tracker else {
            return;
        };
        if !tracker.wants(event.kind) {
            return;
        }
        let seen = Seen {
            kind: event.kind,
            type_name: &event.type_name,
            ts: event.ts,
            minor: event.minor,
            event_id: &event.event_id,
            details,
        };
        let place = Some((record.partition, record.offset));
        tracker.after_event(
            &self.store,
            ix,
            &seen,
            &mut sender((&self.store, &self.decider), place, out),
        );
        if said::is_contract(event.kind) {
            self.await_end(ix);
        }
    }

    /// Whoever decides learns when the customer's last contract is over.
    pub(super) fn await_end(&mut self, ix: Ix) {
        if let Some(tracker) = &self.tracker {
            let leaves = tracker.leaves_at(&self.store, ix);
            self.decider.leaves_at(ix, leaves.map(|(at, _)| at));
        }
    }

    /// The same of everybody, after a restart or under other terms.
    pub(super) fn await_ends(&mut self) {
        let all: Vec<Ix> = self.store.iter().collect();
        all.into_iter().for_each(|ix| self.await_end(ix));
    }

    /// Time has come to `to`, ms UTC. Says whether anything came of it.
    #[inline]
    pub(super) fn track_up_to(&mut self, to: i64, out: &mut Vec<OutRecord>) -> bool {
        let Some(tracker) = &mut self.tracker else {
            return false;
        };
        tracker.advance(
            &self.store,
            to,
            &mut sender((&self.store, &self.decider), None, out),
        )
    }

    /// What was due by `at` is told, then nothing is kept of the customer.
    pub(super) fn track_erasure(&mut self, ix: Ix, at: i64, out: &mut Vec<OutRecord>) {
        if let Some(tracker) = &mut self.tracker {
            tracker.before_event(
                &self.store,
                ix,
                at,
                &mut sender((&self.store, &self.decider), None, out),
            );
            tracker.erase(ix, at);
        }
    }

    /// From here on what is told beside alerts follows these terms; without any, those of the settings.
    pub fn retrack(&mut self, terms: Option<lifecycle::Settings>) {
        if let (Some(tracker), Some(terms)) = (
            &mut self.tracker,
            terms
                .map(Arc::new)
                .or_else(|| self.settings.lifecycle.clone()),
        ) {
            tracker.activate(terms, self.clock, &self.store);
            self.await_ends();
        }
        self.rebook();
    }

    /// The terms that what is told beside alerts follows; none where nothing is.
    pub fn terms(&self) -> Option<lifecycle::Settings> {
        self.tracker
            .as_ref()
            .map(|tracker| tracker.settings().as_ref().clone())
    }

    /// Records sent, by [`Topic`].
    pub fn told(&self) -> [u64; 3] {
        self.tracker.as_ref().map_or([0; 3], Tracker::sent)
    }

    /// Bytes of what is kept for that.
    pub fn tracked_memory(&self) -> usize {
        self.tracker.as_ref().map_or(0, Tracker::memory)
    }

    /// Bytes of everything that is kept.
    pub fn all_memory(&self) -> usize {
        let others = self.decision_memory() + self.erased().memory() + self.watch_memory();
        let book = self.book.as_ref().map_or(0, Daybook::memory);
        self.memory().total() + others + self.tracked_memory() + book
    }
}
