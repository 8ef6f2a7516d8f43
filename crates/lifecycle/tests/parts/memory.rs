//! Bytes per customer of what the parts here keep.

use holdfast_events::EventType as E;
use holdfast_lifecycle::Settings;

use crate::rig::{DAY, Dice, Event, START, World, event};

const CUSTOMERS: u64 = 20_000;
const OWN: [&str; 7] = [
    "carts",
    "hours",
    "contact_zones",
    "contact",
    "service",
    "orders",
    "feedback",
];

/// Ten events each over 90 days, at any hour; bytes of the tables of these parts.
fn bytes_of(mix: impl Fn(u64) -> E) -> f64 {
    let mut dice = Dice(1);
    let mut world = World::new(Settings::default());
    let names: Vec<&'static str> = (0..CUSTOMERS)
        .map(|n| &*format!("c{n:07}").leak())
        .collect();
    let events = CUSTOMERS as i64 * 10;
    for number in 0..events {
        let event = Event {
            who: dice.pick(&names),
            ..event(mix(dice.roll(100)), START + number * (90 * DAY / events)).of(2_000)
        };
        world.play(&event);
        if number % 1_000 == 0 {
            world.advance(event.ts);
        }
    }
    let own = world.tracker.memory_by_table().into_iter();
    let own = own.filter(|(name, _)| OWN.contains(name));
    own.map(|(_, bytes)| bytes).sum::<usize>() as f64 / world.store.len() as f64
}

#[test]
fn customer_who_looks_at_ten_pages_takes_at_most_26_bytes() {
    let bytes = bytes_of(|_| E::PageView);
    assert!(bytes <= 26.0, "{bytes}");
}

#[test]
fn customer_of_ten_events_of_a_shop_takes_at_most_60_bytes() {
    let bytes = bytes_of(|roll| match roll {
        0..70 => E::PageView,
        70..80 => E::CartAdd,
        80..85 => E::CheckoutStart,
        85..92 => E::Purchase,
        92..96 => E::SupportContact,
        _ => E::EmailOpen,
    });
    assert!(bytes <= 60.0, "{bytes}");
}
