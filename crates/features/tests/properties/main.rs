//! The store against its plain twin, over random histories.

mod histories;
mod image_cases;
mod images;
mod life;
mod moving;
mod served;
mod twin;

use histories::{History, Step, history};
use holdfast_features::{CartAbandon, DAY_MS, FeatureId, Input, Ix, Plan, Settings, Store};
use proptest::prelude::*;
use twin::Twin;

/// All features that a store of these settings can answer.
fn features_of(settings: &Settings) -> Vec<FeatureId> {
    let answers = |id: &FeatureId| {
        let feature = id.describe();
        match settings.stats {
            None => !feature.needs_stats(),
            kept => feature.occasion().is_none_or(|asked| kept == Some(asked)),
        }
    };
    FeatureId::all().filter(answers).collect()
}

fn values(store: &Store, ix: Ix, now: i64) -> Vec<f64> {
    let plan = Plan::new(&features_of(store.settings()));
    let mut out = vec![f64::NAN; plan.len()];
    store.features(ix, now, &plan, &mut out);
    out
}

fn assert_equal_to_twin(store: &Store, ix: Ix, twin: &Twin, now: i64) {
    for (id, value) in features_of(store.settings())
        .iter()
        .zip(values(store, ix, now))
    {
        let name = id.describe().name;
        let plain = twin.feature(name, now);
        // Statistics over the whole life are kept as f32.
        let allowed = if id.describe().needs_stats() {
            1e-4
        } else {
            1e-9
        };
        let is_close = (value - plain).abs() <= allowed * plain.abs().max(1.0);
        assert!(is_close, "{name} at {now}: store {value}, twin {plain}");
    }
    assert_eq!(store.next_timer(ix), twin.next_timer());
    assert_eq!(store.newest(ix), twin.newest());
    assert_eq!(store.first_event(ix), twin.first());
    assert_eq!(store.last_event(ix), twin.last_act());
    assert_eq!(store.last_purchase(ix), twin.last_purchase());
}

/// Plays a history into a store and its twin, in the order of arrival.
fn play(history: &History) -> (Store, Ix, Twin) {
    let mut store = Store::new(history.settings);
    let ix = store.intern("ada");
    let mut twin = Twin::new(history.settings);
    for step in &history.steps {
        match step {
            Step::Timers(until) => {
                while store.next_timer(ix).is_some_and(|at| at <= *until) {
                    assert_eq!(store.fire_timer(ix).map(|timer| timer.at), twin.fire());
                }
            }
            Step::Event { input, times } => {
                for n in 0..*times {
                    let input = Input {
                        id_hash: input.id_hash + (n << 32),
                        ..*input
                    };
                    assert_eq!(store.verdict(ix, &input), twin.clone().apply(&input));
                    assert_eq!(store.apply(ix, &input), twin.apply(&input), "{input:?}");
                }
            }
        }
    }
    (store, ix, twin)
}

fn spend_90d(twin: &Twin, now: i64, settings: Settings) -> i64 {
    let major = twin.feature("spend_90d", now);
    (major * 10f64.powi(i32::from(settings.minor_exponent))).round() as i64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn store_equals_its_twin_after_any_history(
        history in history(9 * DAY_MS),
        offsets in prop::collection::vec(-7 * DAY_MS..130 * DAY_MS, 4),
    ) {
        let (store, ix, twin) = play(&history);
        let newest = twin.newest().unwrap_or(histories::SOME_TIME);
        for offset in offsets.into_iter().chain([0, -7 * DAY_MS, DAY_MS, 97 * DAY_MS]) {
            let now = (newest + offset).max(1);
            assert_equal_to_twin(&store, ix, &twin, now);
            let spend = spend_90d(&twin, now, history.settings);
            prop_assert!((store.spend_90d_minor(ix, now) - spend).abs() <= spend / 1_000_000_000_000_000);
        }
    }

    #[test]
    fn arrival_order_within_lateness_changes_nothing(
        history in history(0),
        keys in prop::collection::vec(0..7 * DAY_MS, 60),
    ) {
        let settings = Settings { dedupe: false, ..history.settings };
        let mut events = history.events();
        let mut in_order = Store::new(settings);
        let ix = in_order.intern("ada");
        for input in &events {
            in_order.apply(ix, input);
        }
        // Each event arrives up to seven days after its own time: none is late.
        let arrival = |(at, input): (usize, &Input)| input.ts + keys[at % keys.len()];
        let mut arrivals: Vec<_> = events.iter().enumerate().map(arrival).zip(0..).collect();
        arrivals.sort_unstable();
        let mut shuffled = Store::new(settings);
        let other = shuffled.intern("ada");
        for (_, at) in arrivals {
            shuffled.apply(other, &events[at]);
        }
        let newest = events.iter().map(|e| e.ts).max().unwrap_or(0);
        events.clear();
        for offset in [-7 * DAY_MS, -DAY_MS, 0, DAY_MS, 40 * DAY_MS] {
            let now = (newest + offset).max(1);
            prop_assert_eq!(values(&in_order, ix, now), values(&shuffled, other, now));
        }
        prop_assert_eq!(in_order.next_timer(ix), shuffled.next_timer(other));
    }

    #[test]
    fn bounds_hold_at_every_instant(
        history in history(7 * DAY_MS),
        from in -7 * DAY_MS..100 * DAY_MS,
        length in prop_oneof![Just(0), 0..DAY_MS, 0..9 * DAY_MS, 0..200 * DAY_MS],
        samples in prop::collection::vec(0.0..=1.0f64, 12),
    ) {
        let (store, ix, twin) = play(&history);
        let from = (twin.newest().unwrap_or(histories::SOME_TIME) + from).max(1);
        let to = from + length;
        let features = features_of(store.settings());
        let plan = Plan::new(&features);
        let mut bounds = vec![(f64::NAN, f64::NAN); plan.len()];
        store.bounds(ix, from..=to, &plan, &mut bounds);
        let inside = samples.iter().map(|share| from + (length as f64 * share) as i64);
        let midnights = (from / DAY_MS..=to / DAY_MS).flat_map(|d| [d * DAY_MS, d * DAY_MS - 1]);
        for now in inside.chain(midnights).chain([from, to]).filter(|t| (from..=to).contains(t)) {
            for ((id, value), (lo, hi)) in features.iter().zip(values(&store, ix, now)).zip(&bounds) {
                let name = id.describe().name;
                prop_assert!(*lo <= value && value <= *hi, "{name} at {now}: {lo} {value} {hi}");
            }
        }
        if length == 0 {
            let exact: Vec<_> = values(&store, ix, from).iter().map(|v| (*v, *v)).collect();
            prop_assert_eq!(bounds, exact);
        }
    }

    #[test]
    fn customers_do_not_disturb_each_other(
        lives in prop::collection::vec(history(8 * DAY_MS), 2..6),
        erased in any::<prop::sample::Index>(),
    ) {
        let settings = Settings { dedupe: true, cart_abandon: CartAbandon::Given, minor_exponent: 2, stats: None };
        let mut store = Store::with_seed(settings, 7);
        let names: Vec<String> = (0..lives.len()).map(|n| format!("customer {n}")).collect();
        let mut twins = vec![Twin::new(settings); lives.len()];
        let lives: Vec<_> = lives.iter().map(History::events).collect();
        let longest = lives.iter().map(Vec::len).max().unwrap_or(0);
        for turn in 0..longest {
            if turn == longest / 2 {
                let gone = erased.index(lives.len());
                if let Some(ix) = store.find(&names[gone]) {
                    store.erase(ix);
                }
                prop_assert_eq!(store.find(&names[gone]), None);
                twins[gone] = Twin::new(settings);
            }
            for (who, life) in lives.iter().enumerate() {
                let Some(input) = life.get(turn) else { continue };
                let ix = store.intern(&names[who]);
                prop_assert_eq!(store.id(ix), names[who].as_str());
                prop_assert_eq!(store.apply(ix, input), twins[who].apply(input));
            }
        }
        for (name, twin) in names.iter().zip(&twins) {
            let Some(ix) = store.find(name) else { continue };
            assert_equal_to_twin(&store, ix, twin, twin.newest().unwrap_or(histories::SOME_TIME));
        }
    }
}
