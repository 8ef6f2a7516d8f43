//! Suggestions from a small shop, and the bound on what counting in little space may miss.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_playbook::{Baskets, Catalogue, Facts, Product, SuggestionKind, Tastes, Ware};
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

/// Product by its name, as customers' tastes hold it.
fn hash(id: &str) -> u32 {
    id.bytes()
        .fold(7, |hash, byte| hash * 31 % 1_000_003 + u32::from(byte))
}

fn hashes(ids: &[&str]) -> Vec<u32> {
    ids.iter().map(|id| hash(id)).collect()
}

fn catalogue() -> Catalogue {
    Catalogue::new(shop().wares(), hash)
}

fn suggested_of(
    of: &Catalogue,
    bought: &[&str],
    viewed: &[&str],
) -> Vec<(SuggestionKind, Vec<String>)> {
    let (bought, viewed) = (hashes(bought), hashes(viewed));
    let tastes = Tastes {
        bought: &bought,
        viewed: &viewed,
        wished: &[],
    };
    let all = of.suggest(tastes).into_iter();
    all.map(|s| (s.kind, s.products)).collect()
}

fn suggested(bought: &[&str], viewed: &[&str]) -> Vec<(SuggestionKind, Vec<String>)> {
    suggested_of(&catalogue(), bought, viewed)
}

fn one(kind: SuggestionKind, products: &[&str]) -> (SuggestionKind, Vec<String>) {
    (kind, products.iter().map(|id| (*id).to_owned()).collect())
}

#[test]
fn a_camera_suggests_a_card_and_the_next_dearer_camera() {
    let expected = [
        one(SuggestionKind::CrossSell, &["card"]),
        one(SuggestionKind::UpSell, &["better camera"]),
    ];
    assert_eq!(suggested(&["camera"], &[]), expected);
}

#[test]
fn what_the_customer_has_is_not_suggested_again() {
    let expected = [
        one(SuggestionKind::CrossSell, &["bag"]),
        one(SuggestionKind::UpSell, &["best camera"]),
    ];
    assert_eq!(
        suggested(&["card", "better camera", "camera"], &[]),
        expected
    );
}

#[test]
fn something_far_dearer_and_something_seldom_together_are_no_suggestion() {
    let kinds = suggested(&["card", "bag", "best camera"], &[]);
    let kinds: Vec<SuggestionKind> = kinds.into_iter().map(|s| s.0).collect();
    assert_eq!(kinds, [SuggestionKind::Affinity]);
}

#[test]
fn what_was_looked_at_comes_with_its_complement() {
    let expected = [
        one(SuggestionKind::Bundle, &["bag", "camera"]),
        one(SuggestionKind::Affinity, &["bag"]),
    ];
    assert_eq!(suggested(&[], &["strap", "bag"]), expected);
}

#[test]
fn a_purchase_says_more_of_taste_than_two_looks() {
    let (catalogue, card) = (catalogue(), hashes(&["card"]));
    let top = |viewed: &[&str]| {
        let viewed = hashes(viewed);
        let tastes = Tastes {
            bought: &card,
            viewed: &viewed,
            wished: &viewed,
        };
        catalogue.top_category(tastes).map(str::to_owned)
    };
    assert_eq!(top(&["bag"]).as_deref(), Some("cards"));
    assert_eq!(top(&["bag", "strap"]).as_deref(), Some("bags"));
    assert_eq!(catalogue.top_category(Tastes::default()), None);
}

#[test]
fn what_is_sold_out_is_not_suggested_and_what_is_back_or_cheaper_is_told() {
    let mut wares = shop().wares();
    let at = |wares: &[Ware], id: &str| wares.iter().position(|w| w.product_id == id).unwrap();
    let (card, bag, strap) = (at(&wares, "card"), at(&wares, "bag"), at(&wares, "strap"));
    wares[card].in_stock = false;
    wares[bag].restocked_at = Some(1_000);
    wares[strap].before = Some(2_000);
    let catalogue = Catalogue::new(wares, hash);
    let cross = &suggested_of(&catalogue, &["camera"], &[])[0];
    assert_eq!(*cross, one(SuggestionKind::CrossSell, &["bag"]));
    let facts = |viewed: &[&str], wished: &[&str], as_of| {
        let (bought, viewed, wished) = (hashes(&["camera"]), hashes(viewed), hashes(wished));
        let tastes = Tastes {
            bought: &bought,
            viewed: &viewed,
            wished: &wished,
        };
        let mut facts = Facts::default();
        catalogue.tell(tastes, as_of, &mut facts);
        facts
    };
    let known = facts(&["bag"], &["strap"], 2_000);
    assert_eq!(
        (known.back_in_stock, known.on_sale),
        (Some(true), Some(true))
    );
    assert_eq!(known.wishlist, Some(1.0));
    assert_eq!(known.last_category.as_deref(), Some("cameras"));
    let day = 86_400_000;
    assert_eq!(
        facts(&["bag"], &[], 1_000 + 14 * day).back_in_stock,
        Some(false)
    );
    assert_eq!(facts(&["bag"], &[], 999).back_in_stock, Some(false));
    assert_eq!(facts(&["camera"], &[], 2_000).on_sale, Some(false));
}

#[test]
fn a_catalogue_comes_back_from_its_text_and_every_line_that_is_none_is_named() {
    let lines: Vec<String> = shop()
        .wares()
        .iter()
        .map(|ware| serde_json::to_string(ware).unwrap())
        .collect();
    assert_eq!(Catalogue::parse(&lines.join("\n"), hash), Ok(catalogue()));
    let faults = Catalogue::parse(
        "{\"product_id\":\"a\"}\n\n{\"product_id\":\"a\",\"categry\":\"x\"}",
        hash,
    );
    let faults = faults.unwrap_err().to_string();
    assert!(
        faults.contains("line 1") && faults.contains("line 3"),
        "{faults}"
    );
}

#[test]
fn a_category_that_is_not_known_is_none() {
    let mut baskets = Baskets::new(10);
    for (name, minor) in [("a", 100), ("b", 200)] {
        let category = String::new();
        baskets.stock(name, Product { category, minor });
    }
    (0..3).for_each(|_| baskets.order(&["a", "b"]));
    let catalogue = Catalogue::new(baskets.wares(), hash);
    let expected = [one(SuggestionKind::CrossSell, &["b"])];
    assert_eq!(suggested_of(&catalogue, &["a"], &[]), expected);
    let bought = hashes(&["a"]);
    let tastes = Tastes {
        bought: &bought,
        ..Tastes::default()
    };
    let mut facts = Facts::default();
    catalogue.tell(tastes, 0, &mut facts);
    assert_eq!((facts.top_category, facts.last_category), (None, None));
}

#[test]
fn products_that_cannot_be_told_apart_are_not_taken_for_each_other() {
    let catalogue = Catalogue::new(shop().wares(), |id| u32::from(id == "camera"));
    let tastes = Tastes {
        bought: &[1],
        viewed: &[0],
        wished: &[],
    };
    let kinds: Vec<SuggestionKind> = catalogue.suggest(tastes).iter().map(|s| s.kind).collect();
    assert_eq!(kinds, [SuggestionKind::CrossSell, SuggestionKind::UpSell]);
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
