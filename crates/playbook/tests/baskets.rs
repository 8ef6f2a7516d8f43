//! Suggestions from a small shop, and the bound on what counting in little space may miss.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_playbook::{Baskets, Product, SuggestionKind, Tastes};
use proptest::prelude::*;

fn shop() -> Baskets {
    let mut baskets = Baskets::new(100);
    for (name, category, minor) in [
        ("camera", "cameras", 30_000),
        ("better camera", "cameras", 50_000),
        ("best camera", "cameras", 80_000),
        ("studio camera", "cameras", 500_000),
        ("bag", "bags", 4_000),
        ("card", "cards", 2_000),
        ("strap", "bags", 1_000),
    ] {
        let category = category.to_owned();
        baskets.stock(name, Product { category, minor });
    }
    for _ in 0..5 {
        baskets.order(&["camera", "card", "card", "unheard of"]);
    }
    for _ in 0..3 {
        baskets.order(&["bag", "camera"]);
    }
    baskets.order(&["strap", "camera"]);
    baskets
}

fn suggested(tastes: Tastes<'_>) -> Vec<(SuggestionKind, Vec<String>)> {
    let all = shop();
    let all = all.suggest(tastes).into_iter();
    all.map(|s| (s.kind, s.products.into_iter().map(str::to_owned).collect()))
        .collect()
}

#[test]
fn a_camera_suggests_a_card_and_the_next_dearer_camera() {
    let tastes = Tastes {
        bought: &["camera"],
        viewed: &[],
    };
    assert_eq!(
        suggested(tastes),
        [
            (SuggestionKind::CrossSell, vec!["card".to_owned()]),
            (SuggestionKind::UpSell, vec!["better camera".to_owned()]),
        ]
    );
}

#[test]
fn what_the_customer_has_is_not_suggested_again() {
    let tastes = Tastes {
        bought: &["card", "better camera", "camera"],
        viewed: &[],
    };
    assert_eq!(
        suggested(tastes),
        [
            (SuggestionKind::CrossSell, vec!["bag".to_owned()]),
            (SuggestionKind::UpSell, vec!["best camera".to_owned()]),
        ]
    );
}

#[test]
fn something_far_dearer_and_something_seldom_together_are_no_suggestion() {
    let tastes = Tastes {
        bought: &["card", "bag", "best camera"],
        viewed: &[],
    };
    let kinds: Vec<SuggestionKind> = suggested(tastes).into_iter().map(|s| s.0).collect();
    assert_eq!(kinds, [SuggestionKind::Affinity]);
}

#[test]
fn what_was_looked_at_comes_with_its_complement() {
    let tastes = Tastes {
        bought: &[],
        viewed: &["strap", "bag", "bag"],
    };
    assert_eq!(
        suggested(tastes),
        [
            (
                SuggestionKind::Bundle,
                vec!["bag".to_owned(), "camera".to_owned()]
            ),
            (SuggestionKind::Affinity, vec!["bag".to_owned()]),
        ]
    );
}

#[test]
fn a_purchase_says_more_of_taste_than_two_looks() {
    let baskets = shop();
    let tastes = |viewed| Tastes {
        bought: &["card"],
        viewed,
    };
    assert_eq!(baskets.top_category(tastes(&["bag", "bag"])), Some("cards"));
    assert_eq!(baskets.top_category(tastes(&["bag"; 4])), Some("bags"));
    assert_eq!(baskets.top_category(Tastes::default()), None);
}

proptest! {
    #[test]
    fn counts_are_never_too_large_and_too_small_by_no_more_than_is_said(
        orders in proptest::collection::vec(proptest::collection::vec(0..8usize, 0..5), 0..60),
        most_pairs in 0..20usize,
    ) {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let mut baskets = Baskets::new(most_pairs);
        for name in names {
            baskets.stock(name, Product { category: name.to_owned(), minor: 1 });
        }
        let mut plain: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for order in &orders {
            let products: Vec<&str> = order.iter().map(|n| names[*n]).collect();
            baskets.order(&products);
            let distinct: BTreeSet<usize> = order.iter().copied().collect();
            for one in &distinct {
                for other in distinct.range(one + 1..) {
                    *plain.entry((*one, *other)).or_default() += 1;
                }
            }
        }
        let mut held = 0;
        for one in 0..8 {
            for other in one + 1..8 {
                let told = baskets.together(names[other], names[one]);
                let truth = plain.get(&(one, other)).copied().unwrap_or(0);
                prop_assert!(told <= truth);
                prop_assert!(told + baskets.most_missed() >= truth);
                held += usize::from(told > 0);
            }
        }
        prop_assert!(held <= most_pairs);
        // Misra and Gries: no more than the pairs seen over the places and one.
        let seen: u32 = plain.values().sum();
        prop_assert!(u64::from(baskets.most_missed()) * (most_pairs as u64 + 1) <= u64::from(seen));
    }
}
