//! Bytes per customer beside the store, and that they stay bounded.

use std::borrow::Cow;
use std::sync::Arc;

use holdfast_events::details::Instant;
use holdfast_events::{Details, EventType};
use holdfast_features::{Applied, CartAbandon, Input, Ix, Store};
use holdfast_lifecycle::{DAY_MS, Seen, Settings, Tracker};

const START: i64 = 1_767_225_600_000;
const CUSTOMERS: u64 = 100_000;
const HOUR_MS: i64 = DAY_MS / 24;

/// Deterministic numbers (splitmix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn unit(state: &mut u64) -> f64 {
    (next(state) >> 11) as f64 / (1u64 << 53) as f64
}

struct World {
    store: Store,
    tracker: Tracker,
    events: u64,
}

impl World {
    fn new() -> Self {
        let store = Store::new(holdfast_features::Settings {
            dedupe: true,
            cart_abandon: CartAbandon::Given,
            minor_exponent: 2,
            stats: None,
        });
        Self {
            store,
            tracker: Tracker::new(Arc::new(Settings::default()), None),
            events: 0,
        }
    }

    fn event(&mut self, ix: Ix, (kind, ts): (EventType, i64), details: &Details<'_>) {
        self.events += 1;
        let minor = (kind == EventType::Purchase).then_some(4_990);
        let input = Input {
            kind,
            ts,
            minor,
            id_hash: self.events,
            particulars: Default::default(),
        };
        if self.store.verdict(ix, &input) != Applied::Applied {
            return;
        }
        self.tracker
            .before_event(&self.store, ix, ts, &mut |_, _| {});
        self.store.apply(ix, &input);
        let seen = Seen {
            kind,
            type_name: kind.name(),
            ts,
            minor,
            event_id: "e",
            details: self.tracker.fields(kind).is_any().then_some(details),
        };
        self.tracker
            .after_event(&self.store, ix, &seen, &mut |_, _| {});
    }

    fn advance(&mut self, to: i64) {
        self.tracker.advance(&self.store, to, &mut |_, _| {});
    }
}

/// Visits of a shop over 90 days: Pareto-distributed numbers of sessions, a few events in each.
fn sessions() -> Vec<(u64, EventType, i64)> {
    let mut state = 1;
    let mut events = Vec::new();
    for customer in 0..CUSTOMERS {
        let visits = (0.66 * (1.0 - unit(&mut state)).powf(-1.0 / 1.3)).clamp(1.0, 400.0) as u64;
        for _ in 0..visits {
            let begin = START + (unit(&mut state) * 90.0 * DAY_MS as f64) as i64;
            let actions = 2 + next(&mut state) % 5;
            for action in 0..actions as i64 {
                let kind = match next(&mut state) % 100 {
                    0..70 => EventType::PageView,
                    70..80 => EventType::CartAdd,
                    80..85 => EventType::CheckoutStart,
                    85..93 => EventType::Purchase,
                    93..96 => EventType::SupportContact,
                    _ => EventType::EmailOpen,
                };
                events.push((customer, kind, begin + action * 60_000));
            }
        }
    }
    events.sort_by_key(|(_, _, ts)| *ts);
    events
}

#[test]
fn all_parts_together_take_at_most_83_bytes_for_a_customer_of_ten_events() {
    let events = sessions();
    let per_customer = events.len() as f64 / CUSTOMERS as f64;
    assert!(
        (9.0..11.0).contains(&per_customer),
        "{per_customer} events per customer"
    );
    let mut world = World::new();
    let mut clock = START;
    for (number, (customer, kind, ts)) in (0..).zip(events) {
        let number = format!("{number:x}");
        let id = Some(Cow::Borrowed(number.as_str()));
        let mut details = Details {
            channel: Some("web".into()),
            ..Details::default()
        };
        match kind {
            EventType::Purchase => details.order_id = id,
            EventType::CartAdd | EventType::CheckoutStart => details.cart_id = id,
            EventType::SupportContact => details.ticket_id = id,
            _ => {}
        }
        let ix = world.store.intern(&format!("c{customer:09}"));
        world.event(ix, (kind, ts), &details);
        if ts > clock + HOUR_MS {
            clock = ts;
            world.advance(clock - HOUR_MS);
        }
    }
    assert_eq!(world.store.len() as u64, CUSTOMERS);
    let bytes = world.tracker.memory() as f64 / CUSTOMERS as f64;
    println!(
        "{bytes} bytes per customer: {:?}",
        world.tracker.memory_by_table()
    );
    assert!(bytes <= 83.0, "{bytes} bytes per customer");
}

#[test]
fn customers_of_contracts_alone_stay_within_it_too() {
    let mut world = World::new();
    let kinds = [
        EventType::SignUp,
        EventType::SubscriptionStart,
        EventType::Activate,
        EventType::Login,
        EventType::FeatureUse,
        EventType::SubscriptionRenew,
        EventType::FeatureUse,
        EventType::Login,
        EventType::SubscriptionRenew,
        EventType::FeatureUse,
    ];
    for (step, kind) in (1..).zip(kinds) {
        let mut state = 7;
        for customer in 0..20_000 {
            let ix = world.store.intern(&format!("c{customer:09}"));
            let id = format!("sub_{:08x}", next(&mut state) as u32);
            let ts = START + step * 6 * DAY_MS + customer * 10_000;
            let details = Details {
                subscription_id: Some(id.as_str().into()),
                plan: Some("team".into()),
                period_end: Some(Instant(ts + 30 * DAY_MS)),
                seats: Some(12),
                ..Details::default()
            };
            world.event(ix, (kind, ts), &details);
            if customer % 100 == 0 {
                world.advance(ts - HOUR_MS);
            }
        }
    }
    let bytes = world.tracker.memory() as f64 / 20_000.0;
    println!(
        "{bytes} bytes per customer: {:?}",
        world.tracker.memory_by_table()
    );
    assert!(bytes <= 90.0, "{bytes} bytes per customer");
}

#[test]
fn a_busy_customer_stays_bounded_over_years() {
    let kinds = EventType::ALL
        .iter()
        .filter(|kind| **kind != EventType::PrivacyDelete);
    let kinds: Vec<EventType> = kinds.copied().collect();
    let mut world = World::new();
    let ix = world.store.intern("busy");
    let mut bytes = Vec::new();
    for year in 0..4 {
        for n in 0..365 * 24 {
            let ts = START + year * 365 * DAY_MS + n * HOUR_MS;
            let number = format!("{year}-{n}");
            let id = || Some(Cow::Borrowed(number.as_str()));
            let details = Details {
                order_id: id(),
                cart_id: id(),
                ticket_id: id(),
                subscription_id: id(),
                points: Some(1.0),
                ..Details::default()
            };
            let kind = kinds[(n as usize * 31 + year as usize) % kinds.len()];
            world.event(ix, (kind, ts), &details);
            world.advance(ts - HOUR_MS);
        }
        bytes.push(world.tracker.memory());
    }
    assert!(bytes[3] <= bytes[0] + 512, "{bytes:?}");
}

#[test]
fn coming_and_going_customers_use_the_same_memory_again() {
    let mut world = World::new();
    let mut after_the_first_round = 0;
    for round in 0..12 {
        let mut all = Vec::new();
        for n in 0..2_000 {
            let ix = world.store.intern(&format!("{round:02} customer {n:04}"));
            all.push(ix);
            for day in 0..4 {
                let details = Details::default();
                let ts = START + round * 30 * DAY_MS + day * DAY_MS;
                world.event(ix, (EventType::Purchase, ts), &details);
            }
        }
        for ix in all {
            world.tracker.erase(ix, 0);
            world.store.erase(ix);
        }
        world.advance(START + (round + 100) * 30 * DAY_MS);
        if round == 1 {
            after_the_first_round = world.tracker.memory();
        }
    }
    let bytes = world.tracker.memory();
    assert!(
        bytes <= after_the_first_round,
        "{bytes} after {after_the_first_round}"
    );
}
