//! Where decisions are laid down, with what the tracker knows of the customer.

use holdfast_events::Record;
use holdfast_features::{Ix, Store};
use holdfast_lifecycle::part::contact::{Basis, Channel};
use holdfast_lifecycle::part::contract::ChurnKind;
use holdfast_lifecycle::{Profile, Tracker};
use holdfast_policy::{self as policy, Alert, Arm};
use holdfast_producer::{OutAlert, OutRecord, Outputs, Stream};
use holdfast_reports::live::{Candidate, Daybook, Reach, Said, Withdrawn};
use serde_json::value::RawValue;

use super::booked::spoken;
use crate::pipeline::Settings;

/// The book that says of which day a list is; none where nobody reads lists.
pub(super) fn listing<'a>(book: &'a Option<Daybook>, settings: &Settings) -> Option<&'a Daybook> {
    let lists = settings.book.as_ref().is_some_and(|book| book.lists);
    book.as_ref().filter(|_| lists)
}

/// As lists say it.
pub(super) fn reach((channel, basis): (Option<Channel>, Option<Basis>)) -> Reach {
    Reach {
        channel: channel.map(|channel| channel.name().to_owned()),
        lawful_basis: basis.map(|basis| basis.name().to_owned()),
    }
}

/// Takes decisions of one record, or of time.
pub(super) struct Desk<'a, 'r> {
    tracker: Option<&'a Tracker>,
    book: Option<&'a Daybook>,
    record: Option<&'a Record<'r>>,
    out: &'a mut Outputs,
}

impl<'a, 'r> Desk<'a, 'r> {
    pub(super) fn new(
        tracker: Option<&'a Tracker>,
        book: Option<&'a Daybook>,
        out: &'a mut Outputs,
    ) -> Self {
        Self {
            tracker,
            book,
            record: None,
            out,
        }
    }

    /// While this record is in hand.
    pub(super) fn at(self, record: &'a Record<'r>) -> Self {
        Self {
            record: Some(record),
            ..self
        }
    }

    /// Who is alerted may be put on the day's list, and whoever comes back is taken off again.
    fn list(&mut self, alert: &Alert) {
        let Some(book) = self.book else {
            return;
        };
        let day_end_ms = book.day_end(alert.as_of);
        let mut said = Said::default();
        if alert.kind.leaves_open() {
            let raw = |text: &[u8]| {
                let text = String::from_utf8_lossy(text).into_owned();
                RawValue::from_string(text).ok()
            };
            said.candidate =
                raw(&alert.value)
                    .zip(raw(&alert.decision))
                    .map(|(value, decision)| Candidate {
                        day_end_ms,
                        customer_id: alert.key.clone(),
                        alert_id: alert.alert_id.clone(),
                        priority: alert.priority,
                        reach: reach(alert.reach),
                        alert: value,
                        decision,
                    });
        } else {
            said.withdrawn = Some(Withdrawn {
                day_end_ms,
                customer_id: alert.key.clone(),
                later_days: false,
            });
        }
        self.out.records.push(spoken(book.partition(), &said));
    }
}

impl policy::Desk for Desk<'_, '_> {
    fn profile(&self, store: &Store, ix: Ix, as_of: i64) -> Option<Profile> {
        Some(self.tracker?.profile(store, ix, as_of))
    }

    fn leaves_at(&self, store: &Store, ix: Ix) -> Option<(i64, ChurnKind)> {
        self.tracker?.leaves_at(store, ix)
    }

    /// What silence and timers raised has no record, nor is it traced.
    fn take(&mut self, alert: Alert) {
        if alert.arm == Arm::Treat {
            self.list(&alert);
        }
        let record = self.record.filter(|_| alert.by_event);
        let input = record.map(|record| (record.partition, record.offset));
        let key = alert.key.into_bytes();
        // Without what is told beside alerts there is nobody who reads decisions.
        if self.tracker.is_some() {
            self.out.records.push(OutRecord {
                stream: Stream::Decisions,
                key: key.clone(),
                value: alert.decision,
                input,
            });
        }
        if alert.arm == Arm::Control {
            return;
        }
        let traceparent = record.and_then(|record| {
            let mut headers = record.headers.list().iter();
            headers
                .find(|header| header.name.eq_ignore_ascii_case("traceparent"))?
                .value
        });
        self.out.alerts.push(OutAlert {
            key,
            value: alert.value,
            alert_id: alert.alert_id,
            input,
            traceparent: traceparent.map(<[u8]>::to_vec),
        });
    }
}
