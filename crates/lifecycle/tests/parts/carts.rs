use holdfast_events::EventType as E;
use holdfast_lifecycle::{Settings, Topic};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rig::{DAY, Dice, Event, HOUR, START, World, event};

fn play(events: &[Event], until: i64) -> Vec<Value> {
    let mut world = World::new(Settings::default());
    world.play_all(events);
    world.advance(until);
    world.records(Topic::Carts)
}

#[test]
fn cart_is_left_an_hour_after_its_last_touch_with_all_that_is_in_it() {
    let events = [
        event(E::CartAdd, START)
            .of(2_000)
            .with(r#"{"cart_id":"k1","items":[{"quantity":2}]}"#),
        event(E::CartAdd, START + 60_000).of(500),
        event(E::CartRemove, START + 90_000).of(500),
        event(E::CheckoutStart, START + 120_000).of(2_490),
        event(E::CartView, START + 180_000),
    ];
    let record = json!({
        "kind": "abandoned", "customer_id": "ada", "as_of": START + 120_000 + HOUR,
        "trigger": {"kind": "timer", "name": "cart_abandon"}, "cart_id": "k1", "value": 24.9,
        "items": 2, "steps": "checkout_start", "opened_at": START, "touched_at": START + 120_000,
    });
    assert_eq!(
        play(&events, START + 120_000 + HOUR - 1),
        Vec::<Value>::new()
    );
    assert_eq!(
        play(&events, START + 120_000 + HOUR),
        std::slice::from_ref(&record)
    );
    assert_eq!(play(&events, START + 90 * DAY), [record]);
}

#[test]
fn purchase_in_time_cancels_and_one_within_a_week_brings_back() {
    let add = event(E::CartAdd, START).of(1_000);
    let bought = |after: i64| event(E::Purchase, START + after).of(1_000);
    let end = START + 90 * DAY;
    assert_eq!(
        play(&[add.clone(), bought(HOUR - 1)], end),
        Vec::<Value>::new()
    );
    let click = event(E::CampaignClicked, START + 2 * HOUR).with(r#"{"channel":"email"}"#);
    let back = play(&[add.clone(), click, bought(HOUR + 7 * DAY)], end);
    assert_eq!(
        back[1],
        json!({
            "kind": "recovered", "customer_id": "ada", "as_of": START + HOUR + 7 * DAY,
            "trigger": {"kind": "event", "event_id": "e3"}, "cart_id": null, "value": 10.0,
            "after_ms": 7 * DAY, "clicked_mail": true,
        })
    );
    // A millisecond later it is another matter; and each cart comes back once.
    assert_eq!(
        play(&[add.clone(), bought(HOUR + 7 * DAY + 1)], end).len(),
        1
    );
    let twice = [add, bought(DAY), bought(2 * DAY)];
    assert_eq!(play(&twice, end)[1]["clicked_mail"], false);
    assert_eq!(play(&twice, end).len(), 2);
}

#[test]
fn late_touch_does_not_open_a_cart_that_was_left_or_bought() {
    let events = [
        event(E::CartAdd, START),
        event(E::PageView, START + 2 * HOUR),
        event(E::CartAdd, START + HOUR),
        event(E::CheckoutStep, START + HOUR / 2),
    ];
    assert_eq!(play(&events, START + DAY).len(), 1);
    let bought = [
        event(E::CartAdd, START),
        event(E::Purchase, START + 20_000),
        event(E::CartAdd, START + 10_000),
    ];
    assert_eq!(play(&bought, START + DAY), Vec::<Value>::new());
}

#[test]
fn purchase_that_comes_late_recovers_the_cart_that_it_would_have_kept() {
    let events = [
        event(E::CartAdd, START),
        event(E::PageView, START + 2 * HOUR),
        event(E::Purchase, START + HOUR / 2),
    ];
    let told = play(&events, START + DAY);
    assert_eq!(
        (&told[1]["kind"], &told[1]["after_ms"]),
        (&json!("recovered"), &json!(0))
    );
    assert_eq!(told[1]["as_of"], START + HOUR);
}

#[test]
fn given_abandons_are_taken_once_per_cart_and_there_is_no_timer() {
    let mut world = World::new(Settings {
        carts_given: true,
        ..Settings::default()
    });
    let left = |ts| event(E::CartAbandon, ts).with(r#"{"cart_id":"k1"}"#);
    let add = event(E::CartAdd, START).of(700).with(r#"{"cart_id":"k1"}"#);
    world.play_all(&[add.clone(), left(START + 5 * HOUR), left(START + 6 * HOUR)]);
    world.play(&Event {
        ts: START + DAY,
        ..add
    });
    world.advance(START + 20 * DAY);
    world.play_all(&[left(START + 21 * DAY), left(START + 22 * DAY)]);
    let told = world.records(Topic::Carts);
    let instants: Vec<_> = told
        .iter()
        .map(|told| told["as_of"].as_i64().unwrap())
        .collect();
    assert_eq!(instants, [START + 5 * HOUR, START + 21 * DAY]);
    assert_eq!(told[0]["value"], 7.0);
    assert_eq!(
        told[0]["trigger"],
        json!({"kind": "event", "event_id": "e2"})
    );
}

#[test]
fn profile_knows_the_open_cart_and_the_one_that_was_left() {
    let mut world = World::new(Settings::default());
    world.play(&event(E::CartAdd, START).of(700));
    let of = |world: &World, at| {
        let profile = world.profile("ada", START + at);
        (
            profile.cart_open_value,
            profile.cart_left_value,
            profile.carts_abandoned,
        )
    };
    assert_eq!(of(&world, HOUR - 1), (Some(700), None, 0));
    for fired in [false, true] {
        if fired {
            world.advance(START + HOUR);
        }
        assert_eq!(of(&world, HOUR), (None, Some(700), 1), "fired {fired}");
        assert_eq!(of(&world, HOUR + 7 * DAY + 1), (None, None, 1));
    }
}

/// All touches of the cart in hand, by the table of the part's documentation.
#[derive(Default)]
struct Twin {
    touches: Vec<Event>,
    contents: Vec<Event>,
    left: Option<(i64, i64, f64, bool)>,
    bought: i64,
    told: Vec<(String, i64, f64)>,
}

impl Twin {
    fn newest(&self) -> Option<i64> {
        self.touches.iter().map(|touch| touch.ts).max()
    }

    fn value(&self) -> f64 {
        let sum = |kind| {
            let of = self.contents.iter().filter(move |event| event.kind == kind);
            of.map(|event| event.minor.unwrap()).sum::<i64>()
        };
        let checkouts = self.contents.iter().rev();
        let checkout = checkouts
            .clone()
            .find(|event| event.kind == E::CheckoutStart);
        let checkout = checkout.map_or(0, |event| event.minor.unwrap());
        (sum(E::CartAdd) - sum(E::CartRemove)).max(checkout).max(0) as f64 / 100.0
    }

    fn time(&mut self, to: i64) {
        if let Some(touch) = self.newest().filter(|touch| touch + HOUR <= to) {
            self.left = Some((touch, touch + HOUR, self.value(), true));
            self.told
                .push(("abandoned".into(), touch + HOUR, self.value()));
            self.touches.clear();
            self.contents.clear();
        }
    }

    fn hear(&mut self, event: &Event) {
        self.time(event.ts);
        let ts = event.ts;
        if event.kind == E::Purchase {
            self.bought = self.bought.max(ts);
            if self.newest().is_some_and(|touch| touch <= ts) {
                self.touches.clear();
                self.contents.clear();
            }
            if let Some((touch, left, value, pending)) = &mut self.left
                && *pending
                && ts >= *touch
            {
                *pending = false;
                if ts - *left <= 7 * DAY {
                    self.told.push(("recovered".into(), ts.max(*left), *value));
                }
            }
        } else if ts > self.bought && self.left.is_none_or(|(_, left, ..)| ts > left) {
            let touches = matches!(event.kind, E::CartAdd | E::CheckoutStart | E::CheckoutStep);
            if touches {
                self.touches.push(event.clone());
            }
            if !self.touches.is_empty() {
                self.contents.push(event.clone());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn carts_are_those_of_a_plain_walk_and_of_the_stores_timer(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let mut world = World::new(Settings::default());
        let mut twin = Twin::default();
        let kinds = [E::CartAdd, E::CartAdd, E::CartRemove, E::CartView, E::CheckoutStart, E::CheckoutStep, E::Purchase, E::PageView];
        let mut now = START;
        for _ in 0..60 {
            now += dice.pick(&[0, 1, 60_000, HOUR / 3, HOUR - 1, HOUR, HOUR + 1, 3 * DAY, 9 * DAY]);
            let ts = now - dice.pick(&[0, 0, 0, 1, HOUR / 2, 2 * HOUR]);
            let event = event(dice.pick(&kinds), ts).of(dice.roll(5_000) as i64);
            if dice.roll(3) == 0 {
                let to = now - 2 * HOUR;
                world.advance(to);
                twin.time(to);
            }
            if dice.roll(9) == 0 {
                world.restart();
            }
            world.play(&event);
            if event.kind == E::PageView {
                twin.time(event.ts);
            } else {
                twin.hear(&event);
            }
        }
        let told = world.records(Topic::Carts).into_iter().map(|told| {
            (
                told["kind"].as_str().unwrap().to_owned(),
                told["as_of"].as_i64().unwrap(),
                told["value"].as_f64().unwrap(),
            )
        });
        let told: Vec<_> = told.collect();
        let abandoned = told.iter().filter(|(kind, ..)| kind == "abandoned").map(|told| told.1);
        // The store's timers fire with the customer's own events only in this test, the tracker's with time too.
        let abandoned: Vec<i64> = abandoned.collect();
        let behind = abandoned.len() - world.timers.len();
        prop_assert!(behind <= 1);
        prop_assert_eq!(&abandoned[..world.timers.len()], &world.timers[..]);
        prop_assert_eq!(told, twin.told);
    }
}

#[test]
fn cart_that_other_settings_leave_overdue_is_left_when_they_take_hold() {
    let mut world = World::new(Settings::default());
    world.play(&event(E::CartAdd, START).of(700));
    let sooner = Settings {
        cart_after_ms: HOUR / 4,
        ..Settings::default()
    };
    let clock = START + HOUR / 2;
    world.tracker.activate(sooner.into(), clock, &world.store);
    assert_eq!(world.profile("ada", clock).cart_left_value, Some(700));
    world.advance(START + DAY);
    assert_eq!(world.profile("ada", clock).cart_left_value, Some(700));
    assert_eq!(world.records(Topic::Carts)[0]["as_of"], clock);
}

#[test]
fn cart_that_goes_on_under_its_id_holds_what_it_held() {
    let touch = |kind, ts, id: &str| event(kind, ts).with(&format!(r#"{{"cart_id":"{id}"}}"#));
    for (id, expected) in [("a", 30.0), ("b", 0.0)] {
        let mut world = World::new(Settings::default());
        world.play(&touch(E::CartAdd, START, "a").of(3_000));
        world.play(&touch(E::CheckoutStart, START + 5 * HOUR, id));
        world.advance(START + DAY);
        let told = world.records(Topic::Carts);
        let values: Vec<&Value> = told.iter().map(|told| &told["value"]).collect();
        assert_eq!(values, [30.0, expected], "{id}");
    }
}
