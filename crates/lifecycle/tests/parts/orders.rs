use holdfast_events::EventType as E;
use holdfast_lifecycle::Topic;
use holdfast_lifecycle::part::orders::{Orders, Steps};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rig::{DAY, Dice, Event, HOUR, START, World, event, known};

fn of(kind: E, ts: i64, order: &str) -> Event {
    event(kind, ts).with(&format!(r#"{{"order_id":"{order}"}}"#))
}

fn message(ts: i64, order: &str, kind: &str) -> Event {
    event(E::OrderMessage, ts).with(&format!(r#"{{"order_id":"{order}","kind":"{kind}"}}"#))
}

fn surveys(world: &World) -> Vec<(Value, Value, i64)> {
    let told = world.records(Topic::Lifecycle).into_iter();
    let told = told.filter(|told| told["kind"] == "survey_eligible");
    told.map(|told| {
        (
            told["survey"].clone(),
            told["after"].clone(),
            told["as_of"].as_i64().unwrap(),
        )
    })
    .collect()
}

fn told(events: &[Event], until: i64) -> Vec<(Value, Value, i64)> {
    let mut world = World::new(known());
    world.play_all(events);
    world.advance(until);
    surveys(&world)
}

#[test]
fn who_just_bought_who_received_and_who_used_is_asked_and_nobody_else() {
    let until = START + 90 * DAY;
    let bought = (json!("purchase"), json!("purchase"), START);
    let just = [of(E::Purchase, START, "o1")];
    assert_eq!(told(&just, until), std::slice::from_ref(&bought));
    let received = [
        just[0].clone(),
        of(E::OrderDelivered, START + 2 * DAY, "o1"),
    ];
    let nps = (json!("nps"), json!("receipt"), START + 9 * DAY);
    assert_eq!(
        told(&received, START + 9 * DAY - 1),
        std::slice::from_ref(&bought)
    );
    assert_eq!(told(&received, until), [bought.clone(), nps]);
    let used = [
        just[0].clone(),
        event(E::FeatureUse, START + DAY),
        event(E::Activate, START + 3 * DAY),
    ];
    let nps = (json!("nps"), json!("use"), START + 8 * DAY);
    assert_eq!(told(&used, until), [bought, nps]);
    let others = [
        event(E::FeatureUse, START),
        of(E::OrderDelivered, START + DAY, "o9"),
        event(E::SignUp, START + DAY),
    ];
    assert_eq!(told(&others, until), []);
}

#[test]
fn use_does_not_stand_for_a_delivery_that_was_promised() {
    let promised = event(E::OrderPromised, START + 1).with(&format!(
        r#"{{"order_id":"o1","promised_at":{}}}"#,
        START + 5 * DAY
    ));
    let events = [
        of(E::Purchase, START, "o1"),
        promised,
        event(E::FeatureUse, START + DAY),
    ];
    assert_eq!(told(&events, START + 90 * DAY).len(), 1);
}

#[test]
fn order_that_goes_back_is_not_asked_about_and_none_is_asked_twice() {
    let delivered = [
        of(E::Purchase, START, "o1"),
        of(E::OrderDelivered, START + DAY, "o1"),
    ];
    for undo in [E::Refund, E::OrderReturned] {
        let mut events = delivered.to_vec();
        events.push(of(undo, START + 8 * DAY - 1, "o1"));
        assert_eq!(told(&events, START + 90 * DAY).len(), 1, "{undo}");
        events[2] = of(undo, START + 8 * DAY, "o2");
        assert_eq!(told(&events, START + 90 * DAY).len(), 2, "of another order");
    }
    let mut events = delivered.to_vec();
    events.push(of(E::Purchase, START + 2 * DAY, "o1"));
    events.push(of(E::OrderDelivered, START + 20 * DAY, "o1"));
    assert_eq!(told(&events, START + 90 * DAY).len(), 2);
}

#[test]
fn what_follows_an_order_and_is_heard_of_before_it_is_held_for_it() {
    let early = [
        of(E::OrderDelivered, START + DAY, "o1"),
        message(START + DAY + 1, "o1", "thanks"),
        of(E::Purchase, START, "o1"),
    ];
    let nps = (json!("nps"), json!("receipt"), START + 8 * DAY);
    let asked = told(&early, START + 90 * DAY);
    assert_eq!((asked.len(), asked.last()), (2, Some(&nps)));
    let known = orders(&early, START + 9 * DAY);
    assert!(!known.last_steps.is_empty());
    assert_eq!(known.without_follow_up, 0);
    // Of one that was dated before the purchase nothing is known, and one that never comes is no order.
    let before = [early[0].clone(), of(E::Purchase, START + 2 * DAY, "o1")];
    assert_eq!(told(&before, START + 90 * DAY).len(), 1);
    let never = orders(&early[..2], START + 90 * DAY);
    assert_eq!((never.last_at, never.without_follow_up), (None, 0));
}

#[test]
fn who_closed_the_account_is_asked_nothing_more() {
    let events = [
        of(E::Purchase, START, "o1"),
        of(E::OrderDelivered, START + DAY, "o1"),
        event(E::AccountClosed, START + 2 * DAY),
    ];
    assert_eq!(told(&events, START + 90 * DAY).len(), 1);
    let back = [&events[..], &[of(E::Purchase, START + 3 * DAY, "o2")]].concat();
    assert_eq!(told(&back, START + 90 * DAY).len(), 2);
    // Nor about a purchase that is heard of late.
    let late = [events[2].clone(), events[0].clone(), events[1].clone()];
    assert_eq!(told(&late, START + 90 * DAY), []);
}

#[test]
fn a_delivery_that_is_heard_of_first_is_held_beside_four_orders_too() {
    let mut events: Vec<Event> = (0..5)
        .map(|n| of(E::Purchase, START + n, &format!("p{n}")))
        .collect();
    events.push(of(E::OrderDelivered, START + 2 * DAY, "q"));
    events.push(of(E::Purchase, START + DAY, "q"));
    let asked = told(&events, START + 90 * DAY);
    let nps = (json!("nps"), json!("receipt"), START + 9 * DAY);
    assert_eq!((asked.len(), asked.last()), (7, Some(&nps)));
}

#[test]
fn record_says_which_order_and_why() {
    let mut world = World::new(known());
    world.play_all(&[
        of(E::Purchase, START, "o1"),
        of(E::OrderDelivered, START + DAY, "o1"),
    ]);
    world.advance(START + 8 * DAY);
    let told = world.records(Topic::Lifecycle);
    assert_eq!(
        told.last(),
        Some(&json!({
            "kind": "survey_eligible", "customer_id": "ada", "as_of": START + 8 * DAY,
            "trigger": {"kind": "timer", "name": "survey"}, "survey": "nps", "order_id": "o1",
            "bought_at": START, "delivered_at": START + DAY, "after": "receipt",
        }))
    );
}

fn orders(events: &[Event], as_of: i64) -> Orders {
    let mut world = World::new(known());
    world.play_all(events);
    world.profile("ada", as_of).orders
}

#[test]
fn order_with_no_follow_up_is_flagged_at_the_deadline() {
    let mut events = vec![
        of(E::Purchase, START, "o1"),
        of(E::Purchase, START + HOUR, "o2"),
        message(START + DAY, "o2", "Thank-you"),
        message(START + 2 * DAY, "o2", "review request"),
        message(START + 2 * DAY, "o1", "advertisement"),
    ];
    assert_eq!(orders(&events, START + 3 * DAY - 1).without_follow_up, 0);
    let due = orders(&events, START + 3 * DAY);
    assert_eq!((due.without_follow_up, due.last_is_due), (1, false));
    assert!(due.last_steps.seen().eq(["thanks", "rating_request"]));
    assert!(
        due.last_steps
            .missing()
            .eq(["confirmation", "guide", "feedback"])
    );
    assert!(orders(&events, START + HOUR + 3 * DAY).last_is_due);
    events.push(message(START + 4 * DAY, "o1", "confirmation"));
    assert_eq!(orders(&events, START + 5 * DAY).without_follow_up, 0);
    assert!(
        Steps::NAMES
            .iter()
            .all(|name| Steps::from_text(name).seen().eq([*name]))
    );
}

#[test]
fn lateness_is_against_what_was_promised_first() {
    let promise = |ts, at: i64| {
        event(E::OrderPromised, ts).with(&format!(r#"{{"order_id":"o1","promised_at":{at}}}"#))
    };
    let mut events = vec![
        of(E::Purchase, START, "o1"),
        promise(START + 1, START + 3 * DAY),
        promise(START + 2, START + 9 * DAY),
        of(E::OrderDelivered, START + 5 * DAY, "o1"),
    ];
    let late = orders(&events, START + 6 * DAY);
    assert_eq!((late.late_deliveries, late.last_late_days), (1, Some(2.0)));
    events.push(of(E::Purchase, START + 6 * DAY, "o2"));
    let field = format!(r#"{{"order_id":"o2","promised_at":{}}}"#, START + 8 * DAY);
    events.push(event(E::OrderDelivered, START + 8 * DAY).with(&field));
    events.push(of(E::OrderReturned, START + 9 * DAY, "o2"));
    let in_time = orders(&events, START + 9 * DAY);
    assert_eq!(
        (in_time.late_deliveries, in_time.last_late_days),
        (1, Some(0.0))
    );
    assert_eq!(
        (in_time.returns, in_time.last_at),
        (1, Some(START + 6 * DAY))
    );
    let days = event(E::OrderDelivered, START + 10 * DAY).with(r#"{"late_days":1.5}"#);
    assert_eq!(orders(&[days], START + 10 * DAY).last_late_days, Some(1.5));
    assert_eq!(
        orders(&[event(E::OrderDelivered, START)], START).last_late_days,
        None
    );
}

/// What is told of one order, from all events of the customer: it is held until the fourth purchase after its own.
fn twin(events: &[(E, i64, usize)], order: usize, until: i64) -> Vec<(Value, Value, i64)> {
    let purchases: Vec<_> = events
        .iter()
        .filter(|(kind, ..)| *kind == E::Purchase)
        .collect();
    let Some(place) = purchases.iter().position(|(_, _, of)| *of == order) else {
        return Vec::new();
    };
    let bought = purchases[place].1;
    let pushed_out = purchases.get(place + 4).map_or(i64::MAX, |(_, at, _)| *at);
    let end = pushed_out.min(until + 1);
    let first = |kinds: &[E], of: Option<usize>, to: i64| {
        let mut all = events.iter();
        let found = all.find(|(kind, ts, about)| {
            kinds.contains(kind) && of.is_none_or(|of| of == *about) && *ts >= bought && *ts < to
        });
        found.map(|(_, ts, _)| *ts)
    };
    let own = Some(order);
    let mut told = vec![(json!("purchase"), json!("purchase"), bought)];
    // At every instant of interest: is it due with what is known before?
    let mut instants: Vec<i64> = events.iter().map(|(_, ts, _)| *ts).collect();
    instants.push(end);
    for at in instants.into_iter().filter(|at| *at > bought && *at <= end) {
        let undone = first(&[E::Refund, E::OrderReturned], own, at).is_some();
        let received = first(&[E::OrderDelivered], own, at);
        let used = first(&[E::FeatureUse], None, at);
        let promised = first(&[E::OrderPromised], own, at).is_some();
        let since = match (received, promised) {
            (Some(received), _) => Some((received, "receipt")),
            (None, false) => used.map(|used| (used, "use")),
            _ => None,
        };
        // What happens at the very instant comes after what was due then.
        if let Some((since, how)) =
            since.filter(|(since, _)| !undone && since + 7 * DAY <= at.min(until))
        {
            told.push((json!("nps"), json!(how), since + 7 * DAY));
            break;
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn surveys_are_those_of_the_raw_log_order_by_order(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let mut world = World::new(known());
        let kinds = [E::Purchase, E::OrderPromised, E::OrderDelivered, E::OrderDelivered, E::OrderMessage, E::FeatureUse];
        let (mut raw, mut now, mut orders) = (Vec::new(), START, 0);
        let events = 10 + dice.roll(40);
        for _ in 0..events {
            now += 1 + dice.roll(4 * DAY as u64) as i64;
            let kind = match dice.roll(12) {
                0 => dice.pick(&[E::Refund, E::OrderReturned]),
                _ => dice.pick(&kinds),
            };
            orders += usize::from(kind == E::Purchase);
            let order = match kind {
                E::Purchase => orders,
                _ => orders.saturating_sub(dice.roll(4) as usize),
            };
            let field = format!(r#"{{"order_id":"o{order}","promised_at":{}}}"#, now + DAY);
            world.play(&event(kind, now).with(&field));
            raw.push((kind, now, order));
            if dice.roll(6) == 0 {
                world.advance(now);
                world.restart();
            }
        }
        let until = now + dice.roll(30 * DAY as u64) as i64;
        world.advance(until);
        let mut plain: Vec<_> = (1..=orders).flat_map(|order| twin(&raw, order, until)).collect();
        let key = |told: &(Value, Value, i64)| (told.2, told.0.to_string());
        plain.sort_by_key(key);
        let mut found = surveys(&world);
        found.sort_by_key(key);
        prop_assert_eq!(found, plain);
    }
}
