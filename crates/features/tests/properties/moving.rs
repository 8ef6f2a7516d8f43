//! Customers that move to other stores: nothing of them is lost on the way, and they live on there as here.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::histories::{history, settings};
use crate::images::{Act, act, acts, crowded, others};
use holdfast_features::{DAY_MS, Settings, Store};
use proptest::prelude::*;
use proptest::sample::Index;

/// Anything that says where a customer belongs.
fn place(id: &str, stores: usize) -> usize {
    id.bytes().map(usize::from).sum::<usize>() % stores
}

fn split(from: &[Store], settings: Settings, stores: usize) -> Vec<Store> {
    let mut to: Vec<Store> = (0..stores as u64)
        .map(|seed| Store::with_seed(settings, seed))
        .collect();
    for store in from {
        for ix in store.iter() {
            let new = &mut to[place(store.id(ix), stores)];
            let own = new.adopt(store, ix).unwrap();
            assert_eq!(new.id(own), store.id(ix));
        }
    }
    to
}

fn digest(stores: &[Store]) -> u64 {
    stores.iter().fold(0, |sum, s| sum.wrapping_add(s.digest()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whoever_moves_lives_on_as_if_nothing_had_been(
        lives in prop::collection::vec(history(8 * DAY_MS), 4),
        settings in settings(),
        others in others(),
        moved in any::<Index>(),
        (first, second) in (1..5usize, 1..5usize),
    ) {
        let acts = acts(&lives, &others);
        let (before, after) = acts.split_at(moved.index(acts.len() + 1));
        let mut stayed = crowded(settings);
        for step in before {
            act(&mut stayed, step);
        }
        let once = split(std::slice::from_ref(&stayed), settings, first);
        let mut stores = split(&once, settings, second);
        prop_assert_eq!(digest(&stores), stayed.digest());
        prop_assert_eq!(stores.iter().map(Store::len).sum::<usize>(), stayed.len());
        for step in after {
            let (Act::Timers { who, .. } | Act::Event { who, .. } | Act::Erase { who } | Act::Intern { who }) = step;
            let new = &mut stores[place(&crate::images::name(*who), second)];
            prop_assert_eq!(act(new, step), act(&mut stayed, step));
        }
        prop_assert_eq!(digest(&stores), stayed.digest());
    }
}

#[test]
fn nobody_is_taken_over_twice_or_under_other_settings() {
    let settings = Settings {
        dedupe: true,
        cart_abandon: holdfast_features::CartAbandon::Given,
        minor_exponent: 2,
        stats: None,
    };
    let from = crowded(settings);
    let ix = from.iter().next().unwrap();
    let mut to = Store::new(settings);
    assert!(to.adopt(&from, ix).is_some());
    assert_eq!(to.adopt(&from, ix), None);
    let other = Settings {
        dedupe: false,
        ..settings
    };
    assert_eq!(Store::new(other).adopt(&from, ix), None);
}
