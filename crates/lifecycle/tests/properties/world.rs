//! A store and a tracker beside it, and random histories of several customers for them.

use std::fmt;
use std::sync::Arc;

use holdfast_events::details::Instant;
use holdfast_events::{Details, EventType};
use holdfast_features::{Applied, CartAbandon, Input, Ix, Store};
use holdfast_lifecycle::{Cuts, DAY_MS, Notice, Profile, Seen, Settings, Topic, Tracker};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

pub(crate) const START: i64 = 1_767_225_600_000;
pub(crate) const HOUR: i64 = DAY_MS / 24;

/// What happens next to one of the customers.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) customer: u8,
    pub(crate) kind: EventType,
    pub(crate) ts: i64,
    pub(crate) minor: Option<i64>,
    pub(crate) details: Details<'static>,
}

impl fmt::Debug for Event {
    /// Without the optional fields that are absent, which are nearly all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            customer,
            kind,
            ts,
            minor,
            details,
        } = self;
        let details = format!("{details:?}");
        let set = details.split(", ").filter(|field| !field.ends_with("None"));
        let set: Vec<_> = set.collect();
        write!(
            f,
            "c{customer} {kind} at {ts} ({minor:?}) {}",
            set.join(", ")
        )
    }
}

/// What happens next.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Event(Box<Event>),
    Advance(i64),
}

/// A partition.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) tracker: Tracker,
    pub(crate) notices: Vec<Notice>,
    pub(crate) events: u64,
}

pub(crate) fn name(customer: u8) -> String {
    format!("c{customer}")
}

pub(crate) fn store() -> Store {
    Store::new(holdfast_features::Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Given,
        minor_exponent: 2,
        stats: None,
    })
}

impl World {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            store: store(),
            tracker: Tracker::new(Arc::new(settings.clone()), None),
            notices: Vec::new(),
            events: 0,
        }
    }

    /// Whether the event was applied.
    pub(crate) fn event(&mut self, event: &Event) -> bool {
        self.events += 1;
        let event_id = format!("e{}", self.events);
        let ix = self.store.intern(&name(event.customer));
        let input = Input {
            kind: event.kind,
            ts: event.ts,
            minor: event.minor,
            id_hash: self.events,
            particulars: Default::default(),
        };
        if self.store.verdict(ix, &input) != Applied::Applied {
            return false;
        }
        let Self {
            store,
            tracker,
            notices,
            ..
        } = self;
        let mut to = |notice, _: &dyn Fn(i64) -> Profile| notices.push(notice);
        if tracker.is_due(ix, event.ts) {
            tracker.before_event(store, ix, event.ts, &mut to);
        }
        store.apply(ix, &input);
        let seen = Seen {
            kind: event.kind,
            type_name: event.kind.name(),
            ts: event.ts,
            minor: event.minor,
            event_id: &event_id,
            details: tracker
                .fields(event.kind)
                .is_any()
                .then_some(&event.details),
        };
        tracker.after_event(store, ix, &seen, &mut to);
        true
    }

    pub(crate) fn advance(&mut self, to: i64) {
        let notices = &mut self.notices;
        let mut take = |notice, _: &dyn Fn(i64) -> Profile| notices.push(notice);
        self.tracker.advance(&self.store, to, &mut take);
    }

    pub(crate) fn step(&mut self, step: &Step) {
        match step {
            Step::Event(event) => {
                self.event(event);
            }
            Step::Advance(to) => self.advance(*to),
        }
    }

    /// The same partition, from its image.
    pub(crate) fn restored(self) -> Self {
        let bytes = self.tracker.image().encode();
        let tracker = Tracker::restore(None, &bytes, &self.store).unwrap();
        assert_eq!(
            tracker.digest(&self.store),
            self.tracker.digest(&self.store)
        );
        Self { tracker, ..self }
    }

    pub(crate) fn profile(&self, customer: u8, as_of: i64) -> Option<Profile> {
        let ix = self.store.find(&name(customer))?;
        Some(self.tracker.profile(&self.store, ix, as_of))
    }

    pub(crate) fn newest(&self) -> i64 {
        let newest = |ix: Ix| self.store.newest(ix);
        self.store.iter().filter_map(newest).max().unwrap_or(START)
    }

    /// A customer's records of a topic, in the order in which they came.
    pub(crate) fn records(&self, topic: Topic, customer: u8) -> Vec<Value> {
        let key = name(customer);
        let own = |notice: &&Notice| notice.topic == topic && notice.key == key;
        let values = self.notices.iter().filter(own);
        values
            .map(|notice| {
                let value: Value = serde_json::from_slice(&notice.value).unwrap();
                assert_eq!(value["as_of"], notice.as_of);
                assert_eq!(value["customer_id"], notice.key.as_str());
                value
            })
            .collect()
    }

    /// A customer's records of the lifecycle topic, of these kinds only.
    pub(crate) fn lifecycle(&self, customer: u8, kinds: &[&str]) -> Vec<Value> {
        let mut records = self.records(Topic::Lifecycle, customer);
        records.retain(|record| kinds.contains(&record["kind"].as_str().unwrap()));
        records
    }

    /// All records, sorted.
    pub(crate) fn sorted(&self) -> Vec<(Topic, String, i64, String)> {
        let row = |notice: &Notice| {
            let value = String::from_utf8(notice.value.clone()).unwrap();
            (notice.topic, notice.key.clone(), notice.as_of, value)
        };
        let mut all: Vec<_> = self.notices.iter().map(row).collect();
        all.sort();
        all
    }
}

pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let monetary = prop_oneof![Just(None), Just(Some([10.0, 50.0, 200.0, 500.0]))];
    let top = prop_oneof![Just(None), Just(Some(300.0))];
    let dwell = prop_oneof![Just(0), Just(DAY_MS), 0..9 * DAY_MS];
    let lapse = prop_oneof![Just(90 * DAY_MS), (1..40i64).prop_map(|days| days * DAY_MS)];
    let zone = prop::sample::select(&["UTC", "Europe/Berlin", "Pacific/Auckland"][..]);
    (monetary, top, dwell, lapse, any::<bool>(), 1.0..4.0, zone).prop_map(
        |(monetary, top_spend, dwell_ms, lapse_ms, any_act_counts, dormant_gaps, zone)| Settings {
            time_zone: TimeZone::get(zone).unwrap(),
            cuts: Cuts {
                recency_days: [3.0, 7.5, 21.0, 60.25],
                monetary,
                top_spend,
                ..Cuts::default()
            },
            dwell_ms,
            lapse_ms,
            any_act_counts,
            dormant_gaps,
            ..Settings::default()
        },
    )
}

fn kind() -> impl Strategy<Value = EventType> {
    let any = prop::sample::select(EventType::ALL)
        .prop_filter("no event", |kind| *kind != EventType::PrivacyDelete);
    use EventType as E;
    prop_oneof![
        6 => Just(E::Purchase),
        1 => Just(E::Refund),
        2 => Just(E::PageView),
        1 => Just(E::CampaignSent),
        2 => prop::sample::select(&[E::SubscriptionStart, E::SubscriptionRenew, E::SubscriptionChange,
            E::SubscriptionPause, E::SubscriptionCancel, E::SubscriptionExpire, E::PaymentFailed][..]),
        1 => prop::sample::select(&[E::SignUp, E::Activate, E::AccountClosed, E::ProfileUpdate,
            E::PointsEarned, E::PointsRedeemed, E::Review][..]),
        3 => any,
    ]
}

fn details(ts: i64) -> impl Strategy<Value = Details<'static>> {
    let one = |of: &'static [&'static str]| {
        prop::option::of(prop::sample::select(of).prop_map(std::borrow::Cow::Borrowed))
    };
    let end = prop::option::of((-3..40i64).prop_map(move |days| Instant(ts + days * DAY_MS)));
    let birthday = prop::option::of(
        (1..13i8, 1..29i8).prop_map(|(month, day)| jiff::civil::date(1990, month, day)),
    );
    (
        (
            one(&["s1", "s2", "s3"]),
            one(&["pro", "trial", "basic"]),
            one(&["month", "year"]),
        ),
        (
            end,
            prop::option::of(1..50i64),
            prop::option::of(any::<bool>()),
        ),
        (
            birthday,
            one(&["Asia/Tokyo", "America/New_York", "Nowhere/At_All"]),
            one(&["p1"]),
        ),
        (
            prop::option::of(0.0..700.0),
            one(&["o1", "o2", "o3"]),
            prop::option::of(0..9000i64),
        ),
    )
        .prop_map(|(contract, terms, person, shop)| Details {
            subscription_id: contract.0,
            plan: contract.1,
            period: contract.2,
            period_end: terms.0,
            seats: terms.1,
            voluntary: terms.2,
            birthday: person.0,
            time_zone: person.1,
            partner: person.2,
            points: shop.0,
            order_id: shop.1,
            load_ms: shop.2,
            ..Details::default()
        })
}

/// Steps of four customers. Events come up to `late` behind the newest; time is moved to at most `ahead` before it.
pub(crate) fn steps(late: i64, ahead: i64) -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![4 => 0..3 * HOUR, 3 => 0..4 * DAY_MS, 2 => 0..50 * DAY_MS];
    let delay = prop_oneof![3 => Just(0), 2 => 0..=late];
    let minor = prop_oneof![1 => Just(None), 5 => (0..30_000i64).prop_map(Some)];
    let event = (pause, delay, 0..4u8, kind(), minor);
    let step = (event, prop::bool::weighted(0.3))
        .prop_flat_map(|(event, advance)| (Just(event), Just(advance), details(0)));
    prop::collection::vec(step, 1..60).prop_map(move |drawn| {
        let mut now = START;
        let mut steps = Vec::new();
        for ((pause, delay, customer, kind, minor), advance, mut details) in drawn {
            now += pause;
            let ts = now - delay;
            details.period_end = details.period_end.map(|end| Instant(end.0 + ts));
            steps.push(Step::Event(Box::new(Event {
                customer,
                kind,
                ts,
                minor,
                details,
            })));
            if advance {
                steps.push(Step::Advance(now - ahead));
            }
        }
        steps
    })
}
