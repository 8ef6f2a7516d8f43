//! First value against a twin that looks at the raw history once it is over, and exact vectors.

use holdfast_events::{Details, EventType};
use holdfast_lifecycle::{DAY_MS, Settings};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{Event, HOUR, START, Step, World, settings, steps};

use EventType as E;

fn event(kind: EventType, ts: i64, load_ms: Option<i64>) -> Event {
    let details = Details {
        load_ms,
        ..Details::default()
    };
    Event {
        customer: 1,
        kind,
        ts,
        minor: None,
        details,
    }
}

/// Sign-up, and the friction up to its deadline; none where first value came in time.
fn late(history: &[Event], settings: &Settings) -> Option<(i64, [usize; 3])> {
    let place = history.iter().position(|event| event.kind == E::SignUp)?;
    let at = history[place].ts;
    let deadline = at + settings.activation_ms;
    let uses = |event: &&Event| settings.activation.contains(&event.kind);
    let since = history[place..].iter();
    // Of what was done before, what is held: a purchase, and the activation that comes once.
    let counts_before = |event: &&Event| matches!(event.kind, E::Purchase | E::Activate);
    let had_value = history[..place]
        .iter()
        .filter(counts_before)
        .any(|event| uses(&event));
    if had_value || since.clone().filter(uses).any(|event| event.ts < deadline) {
        return None;
    }
    // An event at the deadline itself comes after it.
    let on_the_way = since.filter(|event| event.ts < deadline);
    let count = |is: fn(&Event) -> bool| on_the_way.clone().filter(|event| is(event)).count();
    let friction = [
        count(|event| event.kind == E::SupportContact),
        count(|event| event.kind == E::PaymentFailed),
        count(|event| {
            event.kind == E::PageView && event.details.load_ms.is_some_and(|ms| ms > 3_000)
        }),
    ];
    Some((at, friction))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn late_activations_are_those_of_the_whole_raw_history(
        settings in settings(),
        steps in steps(0, 0),
        activation in prop::sample::subsequence(&[E::Activate, E::Purchase, E::FeatureUse], 1..3),
        days in 1..20i64,
        seed in any::<u64>(),
    ) {
        let settings = Settings { activation, activation_ms: days * DAY_MS, ..settings };
        let mut world = World::new(&settings);
        let mut history = Vec::new();
        for (number, step) in (0..).zip(&steps) {
            let Step::Event(event) = step else { continue };
            let mut event = (**event).clone();
            // More sign-ups and friction than the usual histories have, and less that ends them.
            let kinds = [E::SignUp, E::SupportContact, E::PaymentFailed, E::PageView, event.kind];
            event.kind = kinds[(seed.rotate_left(3 * number) % 5) as usize];
            world.event(&event);
            history.push(event);
        }
        world.advance(START + 4_000 * DAY_MS);
        for customer in 0..4 {
            let own: Vec<Event> = history.iter().filter(|event| event.customer == customer).cloned().collect();
            let told = world.lifecycle(customer, &["late_activation"]);
            let told: Vec<_> = told.iter().map(|record| {
                let of = |field: &str| record["friction"][field].as_u64().unwrap() as usize;
                prop_assert_eq!(record["days"].as_f64(), Some(days as f64));
                let at = record["as_of"].as_i64().unwrap() - days * DAY_MS;
                Ok((at, [of("support_contacts"), of("payment_failures"), of("pages_slow")]))
            }).collect::<Result<_, TestCaseError>>()?;
            prop_assert_eq!(told, Vec::from_iter(late(&own, &settings)));
        }
    }
}

#[test]
fn who_signed_up_and_used_nothing_is_told_of_after_seven_days_with_what_stood_in_the_way() {
    let mut world = World::new(&Settings::default());
    world.event(&event(E::PageView, START - HOUR, Some(9_000)));
    world.event(&event(E::SignUp, START, None));
    world.event(&event(E::PageView, START + HOUR, Some(3_001)));
    world.event(&event(E::PageView, START + HOUR, Some(3_000)));
    world.event(&event(E::SupportContact, START + DAY_MS, None));
    world.event(&event(E::SupportContact, START + 2 * DAY_MS, None));
    let at = START + 7 * DAY_MS;
    world.advance(at - 1);
    assert_eq!(world.lifecycle(1, &["late_activation"]), [] as [Value; 0]);
    assert!(!world.profile(1, at - 1).unwrap().activation.is_late);
    world.advance(at);
    let expected = json!({
        "kind": "late_activation", "customer_id": "c1", "as_of": at,
        "trigger": {"kind": "timer", "name": "activation"}, "signed_up_at": START, "days": 7.0,
        "friction": {"support_contacts": 2, "payment_failures": 0, "pages_slow": 1},
    });
    assert_eq!(world.lifecycle(1, &["late_activation"]), [expected]);
    world.event(&event(E::Activate, START + 9 * DAY_MS, None));
    world.advance(START + 900 * DAY_MS);
    assert_eq!(world.lifecycle(1, &["late_activation"]).len(), 1);
    let activation = world.profile(1, START + 9 * DAY_MS).unwrap().activation;
    assert_eq!(activation.days_to_activate, Some(9.0));
    assert_eq!(
        (activation.is_late, activation.friction.total()),
        (false, 3)
    );
}

#[test]
fn who_bought_before_signing_up_had_first_value_already() {
    let mut world = World::new(&Settings::default());
    world.event(&event(E::Purchase, START, None));
    world.event(&event(E::SignUp, START + HOUR, None));
    world.advance(START + 900 * DAY_MS);
    assert_eq!(world.lifecycle(1, &["late_activation"]), [] as [Value; 0]);
    let activation = world.profile(1, START + DAY_MS).unwrap().activation;
    assert_eq!(activation.days_to_activate, Some(0.0));
}

#[test]
fn activation_that_is_heard_of_before_the_sign_up_is_one() {
    let mut world = World::new(&Settings::default());
    world.event(&event(E::Activate, START + HOUR, None));
    assert_eq!(
        world.profile(1, START + HOUR).unwrap().activation,
        Default::default()
    );
    world.event(&event(E::SignUp, START, None));
    world.advance(START + 90 * DAY_MS);
    assert_eq!(world.lifecycle(1, &["late_activation"]), [] as [Value; 0]);
    let activation = world.profile(1, START + 90 * DAY_MS).unwrap().activation;
    assert_eq!(activation.days_to_activate, Some(1.0 / 24.0));
}
