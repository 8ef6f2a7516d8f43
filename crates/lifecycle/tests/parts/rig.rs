//! A store with its tracker, fed as the pipeline feeds them, and made-up events.

use std::sync::Arc;

use holdfast_events::{EventType, Particulars, details};
use holdfast_features::{Applied, CartAbandon, Input, Ix, Store};
use holdfast_lifecycle::{Notice, Profile, Seen, Settings, Topic, Tracker};
use serde_json::Value;

pub(crate) const START: i64 = 1_767_225_600_000;
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// An event; optional fields as a JSON object.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) who: &'static str,
    pub(crate) kind: EventType,
    pub(crate) ts: i64,
    pub(crate) minor: Option<i64>,
    pub(crate) fields: String,
}

pub(crate) fn event(kind: EventType, ts: i64) -> Event {
    Event {
        who: "ada",
        kind,
        ts,
        minor: None,
        fields: "{}".into(),
    }
}

/// A log that holds what service answers and what follows an order.
pub(crate) fn known() -> Settings {
    Settings {
        replies_are_known: true,
        messages_are_known: true,
        ..Settings::default()
    }
}

impl Event {
    pub(crate) fn with(self, fields: &str) -> Self {
        Self {
            fields: fields.into(),
            ..self
        }
    }

    pub(crate) fn of(self, minor: i64) -> Self {
        Self {
            minor: Some(minor),
            ..self
        }
    }
}

pub(crate) struct World {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) tracker: Tracker,
    pub(crate) told: Vec<Notice>,
    /// Instants of the store's own timers that fired.
    pub(crate) timers: Vec<i64>,
    events: u64,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        let cart_abandon = match settings.carts_given {
            true => CartAbandon::Given,
            false => CartAbandon::Derived {
                after_ms: settings.cart_after_ms,
            },
        };
        let store = Store::new(holdfast_features::Settings {
            dedupe: false,
            cart_abandon,
            minor_exponent: settings.minor_exponent,
            stats: None,
        });
        let settings = Arc::new(settings);
        Self {
            tracker: Tracker::new(settings.clone(), None),
            settings,
            store,
            told: Vec::new(),
            timers: Vec::new(),
            events: 0,
        }
    }

    pub(crate) fn play(&mut self, event: &Event) {
        let ix = self.store.intern(event.who);
        let told = &mut self.told;
        self.tracker
            .before_event(&self.store, ix, event.ts, &mut |notice, _| {
                told.push(notice)
            });
        while self.store.next_timer(ix).is_some_and(|at| at <= event.ts) {
            let fired = self.store.fire_timer(ix).unwrap();
            self.timers.push(fired.at);
        }
        self.events += 1;
        let input = Input {
            kind: event.kind,
            ts: event.ts,
            minor: event.minor,
            id_hash: self.events,
            particulars: Particulars::default(),
        };
        if self.store.apply(ix, &input) != Applied::Applied {
            return;
        }
        let wanted = self.tracker.fields(event.kind).is_any();
        let details = details(event.fields.as_bytes()).unwrap();
        let id = format!("e{}", self.events);
        let seen = Seen {
            kind: event.kind,
            type_name: event.kind.name(),
            ts: event.ts,
            minor: event.minor,
            event_id: &id,
            details: wanted.then_some(&details),
        };
        self.tracker
            .after_event(&self.store, ix, &seen, &mut |notice, _| told.push(notice));
    }

    pub(crate) fn play_all(&mut self, events: &[Event]) {
        events.iter().for_each(|event| self.play(event));
    }

    pub(crate) fn advance(&mut self, to: i64) {
        let told = &mut self.told;
        self.tracker
            .advance(&self.store, to, &mut |notice, _| told.push(notice));
    }

    /// Goes on from an image of the tracker.
    pub(crate) fn restart(&mut self) {
        let image = self.tracker.image().encode();
        let digest = self.tracker.digest(&self.store);
        self.tracker = Tracker::restore(None, &image, &self.store).unwrap();
        assert_eq!(self.tracker.digest(&self.store), digest);
    }

    pub(crate) fn ix(&self, who: &str) -> Ix {
        self.store.find(who).unwrap()
    }

    pub(crate) fn profile(&self, who: &str, as_of: i64) -> Profile {
        self.tracker.profile(&self.store, self.ix(who), as_of)
    }

    /// Records of a topic as JSON, in the order in which they came.
    pub(crate) fn records(&self, topic: Topic) -> Vec<Value> {
        let of_topic = self.told.iter().filter(|notice| notice.topic == topic);
        of_topic
            .map(|notice| serde_json::from_slice(&notice.value).unwrap())
            .collect()
    }
}

/// Deterministic numbers (splitmix64).
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize].clone()
    }
}
