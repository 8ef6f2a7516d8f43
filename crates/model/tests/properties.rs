//! Properties over random customers and random rows.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

use std::borrow::Cow;

use holdfast_events::{Event, EventType};
use holdfast_features::{Applied, CartAbandon, DAY_MS, FeatureId, Input, Occasion, Settings};
use holdfast_model::file::Parts;
use holdfast_model::metrics::{Scored, metrics};
use holdfast_model::{
    CartSource, Column, History, Label, LabelKind, Model, Population, Scorer, Season, Spline,
};
use proptest::prelude::*;

const T0: i64 = 20_454 * DAY_MS;

fn settings() -> Settings {
    Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Derived {
            after_ms: 3_600_000,
        },
        minor_exponent: 2,
        stats: Some(Occasion::Purchase),
    }
}

/// A model with a column for every feature that can be asked for beside purchases, and splines beside some, its numbers
/// made from a seed; half of them with a season.
fn model(seed: u64) -> Model {
    let share =
        |i: u64| ((seed ^ i.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 40) as f64 / (1 << 24) as f64;
    let column = |(i, id): (u64, FeatureId)| Column {
        feature: id.describe().name.to_owned(),
        transform: id.describe().transform,
        clip: (i % 3 == 0).then(|| [share(i), share(i) + 40.0 * share(i + 7)]),
        spline: None,
        mean: 4.0 * share(i + 1) - 1.0,
        scale: 0.1 + share(i + 2),
        coefficient: 2.0 * share(i + 3) - 1.0,
        standard_error: None,
    };
    let asked = FeatureId::all().filter(|id| id.describe().occasion() != Some(Occasion::Activity));
    let straight: Vec<Column> = (0..).zip(asked).map(column).collect();
    let bent = straight
        .iter()
        .zip(0..)
        .filter(|(_, i)| i % 4 == 0)
        .flat_map(|(column, i)| {
            let at = 3.0 * share(i) - 1.0;
            (0..2).map(move |basis| Column {
                spline: Some(Spline {
                    knots: vec![at, at + 0.5, at + 1.0 + share(i + 4), at + 4.0],
                    basis,
                }),
                coefficient: 3.0 * share(i + 5 + basis as u64) - 1.5,
                ..column.clone()
            })
        });
    let bent: Vec<Column> = bent.collect();
    Model::new(Parts {
        id: "random".to_owned(),
        label: Label {
            kind: LabelKind::Purchase,
            horizon_days: 30,
            active_days: 60,
        },
        currency: None,
        cart_abandon: CartSource::Derived {
            after_ms: 3_600_000,
        },
        intercept: share(99),
        constants: Some(Population {
            gap_mean: 2.0 + share(77),
            gap_sd: 0.4 + share(78),
            mbg: [0.6, 20.0, 0.7, 1.3],
        }),
        columns: straight.into_iter().chain(bent).collect(),
        training: None,
    })
    .and_then(|model| {
        let season = Season {
            from_ms: T0 + (200.0 * share(60)) as i64 * DAY_MS - 1,
            step_days: 1 + (40.0 * share(61)) as u32,
            shifts: (0..12).map(|i| 4.0 * share(62 + i) - 2.0).collect(),
        };
        model.with_season((seed % 2 == 1).then_some(season))
    })
    .unwrap()
}

const KINDS: [EventType; 6] = [
    EventType::Purchase,
    EventType::PageView,
    EventType::CartAdd,
    EventType::Refund,
    EventType::SupportContact,
    EventType::EmailOpen,
];

fn one_customer() -> impl Strategy<Value = Vec<(usize, i64, i64)>> {
    prop::collection::vec((0..KINDS.len(), 0..120 * DAY_MS, 0..100_000_i64), 1..60)
}

fn history(events: &[(usize, i64, i64)]) -> History {
    let mut history = History::new(LabelKind::Purchase);
    for (i, (kind, at, minor)) in events.iter().enumerate() {
        history.push(&Event {
            event_id: Cow::Owned(format!("e{i}")),
            customer_id: Cow::Borrowed("c"),
            kind: KINDS[*kind],
            type_name: Cow::Borrowed(KINDS[*kind].name()),
            ts: T0 + at,
            minor: Some(*minor),
            currency: None,
            rounded: false,
            particulars: Default::default(),
        });
    }
    history.finish(i64::MAX);
    history
}

proptest! {
    #[test]
    fn reasons_add_up_to_the_log_odds(events in one_customer(), seed: u64, at in 0..300 * DAY_MS) {
        let at = T0 + 120 * DAY_MS + at;
        let scorer = Scorer::new(&model(seed)).unwrap();
        let (store, _) = history(&events).state(settings(), at);
        let ix = store.find("c").unwrap();
        let found = scorer.explain(&store, ix, at, &mut scorer.scratch());
        let sum: f64 = found.contributions.iter().map(|c| c.contribution).sum();
        prop_assert!((found.base + sum - found.log_odds).abs() < 1e-9, "{found:?}");
        let parts = found.contributions.iter().flat_map(|c| &c.parts);
        let sum: f64 = parts.map(|p| p.contribution).sum();
        prop_assert!((found.base + sum - found.log_odds).abs() < 1e-9, "{found:?}");
        let themes: std::collections::HashSet<_> = found.contributions.iter().map(|c| c.theme).collect();
        prop_assert_eq!(themes.len(), found.contributions.len());
    }

    #[test]
    fn the_event_of_a_counterfactual_does_what_it_says(
        events in one_customer(), seed: u64, after in 0..300 * DAY_MS, above in 0.0..2.0_f64,
    ) {
        let at = T0 + 120 * DAY_MS + after;
        let scorer = Scorer::new(&model(seed)).unwrap();
        let mut scratch = scorer.scratch();
        let (mut store, _) = history(&events).state(settings(), at);
        let ix = store.find("c").unwrap();
        let before = scorer.log_odds(&store, ix, at, &mut scratch);
        prop_assert_eq!(scorer.counterfactual((&store, ix), at, before + 1e-9, &mut scratch), None);
        let limit = before - above;
        let Some(found) = scorer.counterfactual((&store, ix), at, limit, &mut scratch) else {
            return Ok(());
        };
        prop_assert_eq!(scorer.log_odds(&store, ix, at, &mut scratch), before);
        let input = Input {
            kind: found.kind,
            ts: at,
            minor: found.minor,
            id_hash: 7,
            particulars: Default::default(),
        };
        prop_assert_eq!(store.apply(ix, &input), Applied::Applied);
        let then = scorer.log_odds(&store, ix, at, &mut scratch);
        prop_assert!(then < limit);
        prop_assert_eq!(holdfast_model::probability(then), found.probability);
    }

    #[test]
    fn score_stays_within_its_bounds(
        events in one_customer(), seed: u64, from in 0..200 * DAY_MS,
        len in 0..40 * DAY_MS, shares in prop::collection::vec(0.0..=1.0_f64, 20),
    ) {
        let from = T0 + 120 * DAY_MS + 3_600_000 + from;
        let scorer = Scorer::new(&model(seed)).unwrap();
        let mut scratch = scorer.scratch();
        let (store, _) = history(&events).state(settings(), from);
        let ix = store.find("c").unwrap();
        let (lo, hi) = scorer.bounds(&store, ix, from..=from + len, &mut scratch);
        for share in shares {
            let at = from + (share * len as f64) as i64;
            let score = scorer.log_odds(&store, ix, at, &mut scratch);
            prop_assert!(lo <= score && score <= hi, "{score} is outside {lo}..{hi} at {at}");
        }
    }

    #[test]
    fn model_file_gives_the_same_model_back(seed: u64) {
        let model = model(seed);
        let text = model.to_json().unwrap();
        let read = Model::from_json(text.as_bytes()).unwrap();
        prop_assert_eq!(&read, &model);
        prop_assert_eq!(read.to_json().unwrap(), text);
    }

    #[test]
    fn rank_figures_equal_a_count_over_all_pairs(
        rows in prop::collection::vec((0..12_u8, any::<bool>()), 2..60),
    ) {
        let p = |score: u8| f64::from(score) / 12.0 + 0.01;
        let scored: Vec<Scored> = rows
            .iter()
            .zip(0..)
            .map(|((score, left), customer)| Scored { p: p(*score), left: *left, customer })
            .collect();
        let (mut wins, mut pairs) = (0.0, 0.0);
        let mut precision = 0.0;
        for (a, left) in rows.iter().filter(|row| row.1) {
            prop_assert!(left);
            for (b, _) in rows.iter().filter(|row| !row.1) {
                pairs += 1.0;
                wins += if a > b { 1.0 } else if a == b { 0.5 } else { 0.0 };
            }
            let above = rows.iter().filter(|(b, _)| b >= a).count() as f64;
            precision += rows.iter().filter(|(b, left)| *left && b >= a).count() as f64 / above;
        }
        let left = rows.iter().filter(|row| row.1).count() as f64;
        let found = metrics(&scored);
        if pairs > 0.0 {
            prop_assert!((found.roc_auc.value - wins / pairs).abs() < 1e-12);
            prop_assert!((found.pr_auc.value - precision / left).abs() < 1e-12);
            prop_assert!(found.roc_auc.lo <= found.roc_auc.hi);
        }
    }
}
