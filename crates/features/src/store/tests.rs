use super::*;
use crate::{DAY_MS, LATENESS_MS, Plan};

const START: i64 = 1_767_225_600_000;
const HOUR: i64 = DAY_MS / 24;

fn store(dedupe: bool, cart_abandon: CartAbandon) -> (Store, Ix) {
    let mut store = Store::new(Settings {
        dedupe,
        cart_abandon,
        minor_exponent: 2,
        stats: None,
    });
    let ix = store.intern("ada");
    (store, ix)
}

fn at(kind: EventType, ts: i64) -> Input {
    Input {
        kind,
        ts,
        minor: None,
        id_hash: ts as u64,
        particulars: Default::default(),
    }
}

fn feature(store: &Store, ix: Ix, name: &str, now: i64) -> f64 {
    let mut out = [f64::NAN];
    store.features(ix, now, &Plan::from_names(&[name]).unwrap(), &mut out);
    out[0]
}

#[test]
fn event_seven_days_behind_counts_in_its_own_day_and_an_older_one_is_late() {
    let (mut store, ix) = store(false, CartAbandon::Given);
    store.apply(ix, &at(EventType::Purchase, START));
    let edge = at(EventType::Purchase, START - LATENESS_MS);
    assert_eq!(store.apply(ix, &edge), Applied::Applied);
    assert_eq!(
        store.apply(ix, &at(EventType::Purchase, edge.ts - 1)),
        Applied::Late
    );
    assert_eq!(feature(&store, ix, "purchases_7d", START), 1.0);
    assert_eq!(feature(&store, ix, "purchases_30d", START), 2.0);
    assert_eq!(store.last_purchase(ix), Some(START));
}

#[test]
fn time_outside_the_calendar_changes_nothing() {
    let (mut store, ix) = store(false, CartAbandon::Given);
    for ts in [i64::MIN, -1, 0, END_OF_TIME_MS, i64::MAX] {
        assert_eq!(store.apply(ix, &at(EventType::PageView, ts)), Applied::Late);
    }
    assert_eq!(store.newest(ix), None);
}

#[test]
fn same_id_is_a_duplicate_within_a_day_and_only_for_money() {
    let (mut store, ix) = store(true, CartAbandon::Given);
    let purchase = |ts| Input {
        kind: EventType::Purchase,
        ts,
        minor: Some(100),
        id_hash: 7,
        particulars: Default::default(),
    };
    assert_eq!(store.apply(ix, &purchase(START)), Applied::Applied);
    assert_eq!(store.apply(ix, &purchase(START)), Applied::Duplicate);
    assert_eq!(
        store.apply(ix, &purchase(START + DAY_MS)),
        Applied::Duplicate
    );
    assert_eq!(
        store.apply(ix, &purchase(START - DAY_MS)),
        Applied::Duplicate
    );
    assert_eq!(
        store.apply(ix, &purchase(START + DAY_MS + 1)),
        Applied::Applied
    );
    assert_eq!(feature(&store, ix, "spend_total", START), 2.0);
    let view = Input {
        kind: EventType::PageView,
        ..purchase(START)
    };
    assert_eq!(store.apply(ix, &view), Applied::Applied);
    assert_eq!(store.apply(ix, &view), Applied::Applied);
}

#[test]
fn duplicates_are_found_among_thousands() {
    let (mut store, ix) = store(true, CartAbandon::Given);
    let nth = |n: u64| Input {
        id_hash: n.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        particulars: Default::default(),
        ..at(EventType::Purchase, START + n as i64)
    };
    for n in 0..5_000 {
        assert_eq!(store.apply(ix, &nth(n)), Applied::Applied);
    }
    assert!((0..5_000).all(|n| store.apply(ix, &nth(n)) == Applied::Duplicate));
    assert_eq!(store.purchases(ix), 5_000);
}

#[test]
fn idle_cart_is_abandoned_once_on_the_day_of_its_timer() {
    let (mut store, ix) = store(true, CartAbandon::Derived { after_ms: HOUR });
    let touch = START + DAY_MS - HOUR / 2;
    store.apply(ix, &at(EventType::CartAdd, touch - 1_000));
    store.apply(ix, &at(EventType::CheckoutStart, touch));
    store.apply(ix, &at(EventType::CartRemove, touch + 1_000));
    assert_eq!(store.next_timer(ix), Some(touch + HOUR));
    let timer = store.fire_timer(ix).unwrap();
    assert_eq!((timer.name, timer.at), ("cart_abandon", touch + HOUR));
    assert_eq!((store.next_timer(ix), store.fire_timer(ix)), (None, None));
    assert_eq!(feature(&store, ix, "cart_abandons_7d", touch), 0.0);
    assert_eq!(feature(&store, ix, "cart_abandons_7d", timer.at), 1.0);
    assert_eq!(store.last_event(ix), Some(touch + 1_000));
}

#[test]
fn purchase_cancels_the_cart_and_a_touch_after_the_timer_opens_another() {
    let (mut store, ix) = store(true, CartAbandon::Derived { after_ms: HOUR });
    store.apply(ix, &at(EventType::CartAdd, START));
    store.apply(ix, &at(EventType::Purchase, START));
    assert_eq!(store.next_timer(ix), None);
    store.apply(ix, &at(EventType::CartAdd, START + 1));
    assert_eq!(
        store.fire_timer(ix).map(|timer| timer.at),
        Some(START + 1 + HOUR)
    );
    store.apply(ix, &at(EventType::CartAdd, START + 1 + HOUR));
    assert_eq!(store.next_timer(ix), None, "still the cart that is over");
    store.apply(ix, &at(EventType::CartAdd, START + 2 + HOUR));
    assert_eq!(store.next_timer(ix), Some(START + 2 + 2 * HOUR));
}

#[test]
fn given_abandon_counts_in_given_mode_only() {
    for (source, outcome, count) in [
        (CartAbandon::Given, Applied::Applied, 1.0),
        (
            CartAbandon::Derived { after_ms: HOUR },
            Applied::CartAbandonGiven,
            0.0,
        ),
    ] {
        let (mut store, ix) = store(false, source);
        assert_eq!(store.apply(ix, &at(EventType::CartAbandon, START)), outcome);
        assert_eq!(feature(&store, ix, "cart_abandons_7d", START), count);
        assert_eq!(store.next_timer(ix), None);
    }
}

#[test]
fn orders_of_one_day_are_one_occasion_however_late_they_come() {
    let (mut store, ix) = store(false, CartAbandon::Given);
    // Purchase days 0, 200 and, seven days late, 197: the gaps are 197 and 3.
    for day in [0, 200, 200, 197, 197] {
        store.apply(ix, &at(EventType::PageView, START + day * DAY_MS));
        store.apply(ix, &at(EventType::Purchase, START + day * DAY_MS + HOUR));
        for filler in 100..180 {
            store.apply(ix, &at(EventType::PageView, START + filler * DAY_MS));
        }
    }
    let now = START + 201 * DAY_MS;
    assert_eq!(feature(&store, ix, "purchase_days_total", now), 3.0);
    assert_eq!(feature(&store, ix, "gap_mean_days", now), 100.0);
    assert_eq!(feature(&store, ix, "gap_sd_days", now), 97.0);
}

#[test]
fn message_of_the_business_is_no_sign_of_life() {
    let (mut store, ix) = store(false, CartAbandon::Given);
    store.apply(ix, &at(EventType::PageView, START));
    store.apply(ix, &at(EventType::CampaignSent, START + 5 * DAY_MS));
    assert_eq!(store.last_event(ix), Some(START));
    assert_eq!(store.newest(ix), Some(START + 5 * DAY_MS));
    assert_eq!(
        feature(&store, ix, "days_since_last_event", START + 6 * DAY_MS),
        6.0
    );
    assert_eq!(feature(&store, ix, "activity_7d", START + 5 * DAY_MS), 1.0);
}

#[test]
fn erased_customer_starts_again_from_nothing() {
    let (mut store, ix) = store(true, CartAbandon::Derived { after_ms: HOUR });
    store.apply(ix, &at(EventType::Purchase, START));
    store.apply(ix, &at(EventType::CartAdd, START));
    store.erase(ix);
    assert_eq!(
        (store.len(), store.find("ada"), store.iter().count()),
        (0, None, 0)
    );
    let ix = store.intern("ada");
    assert_eq!((store.newest(ix), store.next_timer(ix)), (None, None));
    assert_eq!(
        store.apply(ix, &at(EventType::Purchase, START)),
        Applied::Applied
    );
    assert_eq!(feature(&store, ix, "purchases_total", START), 1.0);
}

#[test]
fn fetching_ahead_changes_nothing_and_takes_any_batch() {
    let (mut store, ix) = store(true, CartAbandon::Given);
    store.apply(ix, &at(EventType::Purchase, START));
    let hashes: Vec<u64> = (0..200).map(|n| store.hash(&format!("id {n}"))).collect();
    store.prefetch(&hashes);
    store.prefetch(&[store.hash("ada")]);
    store.prefetch(&[]);
    assert_eq!((store.len(), store.purchases(ix)), (1, 1));
}

#[test]
fn bought_counts_orders_days_and_money_over_the_whole_life() {
    let (mut store, ix) = store(true, CartAbandon::Given);
    let of = |kind, ts, minor| Input {
        minor: Some(minor),
        ..at(kind, ts)
    };
    store.apply(ix, &at(EventType::PageView, START - DAY_MS));
    assert_eq!(store.bought(ix), None);
    store.apply(ix, &of(EventType::Purchase, START + HOUR, 1_000));
    store.apply(ix, &of(EventType::Purchase, START + 2 * HOUR, 250));
    store.apply(ix, &of(EventType::Purchase, START + 400 * DAY_MS, 99));
    store.apply(ix, &of(EventType::Purchase, START + 400 * DAY_MS, 99));
    store.apply(ix, &of(EventType::Refund, START + 401 * DAY_MS, 2_000));
    let bought = store.bought(ix).unwrap();
    assert_eq!((bought.orders, bought.days), (3, 2));
    assert_eq!(bought.first_day_ms, START);
    assert_eq!(bought.last_ms, START + 400 * DAY_MS);
    assert_eq!((bought.spent_minor, bought.refunded_minor), (1_349, 2_000));
}
