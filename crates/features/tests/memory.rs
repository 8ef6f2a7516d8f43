//! Bytes per customer, and that they stay bounded.

use holdfast_events::{EventType, Particulars};
use holdfast_features::{Applied, CartAbandon, DAY_MS, Input, Occasion, Settings, Store};

const START: i64 = 1_767_225_600_000;
const CUSTOMERS: u64 = 100_000;

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

/// Visits of a shop over 90 days: Pareto-distributed numbers of sessions, a few events in each.
fn sessions() -> Vec<(u64, Input)> {
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
                let ts = begin + action * 60_000;
                let minor = (kind == EventType::Purchase).then_some(4990);
                events.push((
                    customer,
                    Input {
                        kind,
                        ts,
                        minor,
                        id_hash: next(&mut state),
                        particulars: Particulars {
                            lines: 3,
                            discount: 250,
                            ..Particulars::default()
                        },
                    },
                ));
            }
        }
    }
    events.sort_by_key(|(_, input)| input.ts);
    events
}

/// Bytes per customer of those visits, key included.
fn bytes_per_customer(stats: Option<Occasion>) -> f64 {
    let events = sessions();
    let per_customer = events.len() as f64 / CUSTOMERS as f64;
    assert!(
        (9.0..11.0).contains(&per_customer),
        "{per_customer} events per customer"
    );

    let settings = Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Derived {
            after_ms: DAY_MS / 24,
        },
        minor_exponent: 2,
        stats,
    };
    let mut store = Store::new(settings);
    for (customer, input) in &events {
        let ix = store.intern(&format!("c{customer:09}"));
        while store.next_timer(ix).is_some_and(|at| at <= input.ts) {
            store.fire_timer(ix);
        }
        store.apply(ix, input);
    }
    assert_eq!(store.len() as u64, CUSTOMERS);
    store.memory().total() as f64 / CUSTOMERS as f64
}

#[test]
fn customer_of_ten_events_takes_at_most_140_bytes_with_its_key() {
    let bytes = bytes_per_customer(None);
    assert!(bytes <= 140.0, "{bytes} bytes per customer");
}

#[test]
fn customer_with_all_statistics_and_the_details_of_its_purchases_takes_at_most_280_bytes() {
    let bytes = bytes_per_customer(Some(Occasion::Purchase));
    assert!(bytes <= 280.0, "{bytes} bytes per customer");
}

#[test]
fn busy_customer_stays_bounded_over_years() {
    let settings = Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Given,
        minor_exponent: 2,
        stats: None,
    };
    let mut store = Store::new(settings);
    let ix = store.intern("busy");
    let kinds = [
        EventType::PageView,
        EventType::Purchase,
        EventType::Login,
        EventType::CartAbandon,
    ];
    let mut after_a_year = 0;
    for n in 0..3 * 365 * 40 {
        let ts = START + n * DAY_MS / 40;
        let kind = kinds[n as usize % kinds.len()];
        let input = Input {
            kind,
            ts,
            minor: Some(100),
            id_hash: n as u64,
            particulars: Default::default(),
        };
        store.apply(ix, &input);
        if n == 365 * 40 {
            after_a_year = store.memory().total();
        }
    }
    assert_eq!(store.memory().total(), after_a_year);
}

/// What an event costs follows the length of its customer's row, and that hardly grows with the events of a day.
#[test]
fn a_hundred_thousand_events_of_one_day_take_a_quarter_byte_each() {
    let bytes_after = |events: u64| {
        let settings = Settings {
            dedupe: true,
            cart_abandon: CartAbandon::Given,
            minor_exponent: 2,
            stats: None,
        };
        let mut store = Store::new(settings);
        let ix = store.intern("hot");
        for n in 0..events {
            let input = Input {
                kind: [EventType::PageView, EventType::CartAdd, EventType::Login][n as usize % 3],
                ts: START + (n * DAY_MS as u64 / events) as i64,
                minor: None,
                id_hash: n,
                particulars: Default::default(),
            };
            assert_eq!(store.apply(ix, &input), Applied::Applied);
        }
        store.memory().total()
    };
    let grown = bytes_after(100_000) - bytes_after(1_000);
    assert!(grown <= 25_000, "{grown} bytes");
}

#[test]
fn coming_and_going_customers_use_the_same_memory_again() {
    let settings = Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Given,
        minor_exponent: 2,
        stats: None,
    };
    let mut store = Store::new(settings);
    let mut after_the_first_round = 0;
    for round in 0..20 {
        let names: Vec<_> = (0..2_000)
            .map(|n| format!("{round:02} customer {n:04}"))
            .collect();
        for (n, name) in names.iter().enumerate() {
            let ix = store.intern(name);
            let ts = START + n as i64 % 9 * DAY_MS;
            let input = Input {
                kind: EventType::Purchase,
                ts,
                minor: Some(1),
                id_hash: 1,
                particulars: Default::default(),
            };
            store.apply(ix, &input);
        }
        for name in &names {
            let ix = store.find(name).unwrap();
            store.erase(ix);
        }
        assert!(store.is_empty());
        if round == 0 {
            after_the_first_round = store.memory().total();
        }
    }
    assert_eq!(store.memory().total(), after_the_first_round);
}
