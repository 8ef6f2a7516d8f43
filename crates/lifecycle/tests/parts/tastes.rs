use holdfast_events::EventType as E;
use holdfast_lifecycle::Settings;
use holdfast_lifecycle::part::tastes::{GOODS, Tastes, product_hash};
use proptest::prelude::*;

use crate::rig::{DAY, Dice, Event, HOUR, START, World, event};

fn tastes_of(events: &[Event], goods_are_kept: bool) -> Tastes {
    let mut world = World::new(Settings {
        goods_are_kept,
        ..Settings::default()
    });
    world.play_all(events);
    let before = world.profile("ada", START + 400 * DAY).tastes;
    world.restart();
    let after = world.profile("ada", START + 400 * DAY).tastes;
    assert_eq!(before, after);
    after
}

fn hashes(ids: &[&str]) -> Vec<u32> {
    ids.iter().map(|id| product_hash(id)).collect()
}

fn product(kind: E, ts: i64, id: &str) -> Event {
    event(kind, ts).with(&format!(r#"{{"product_id":"{id}"}}"#))
}

#[test]
fn the_newest_account_region_and_version_are_known_in_whatever_order_they_come() {
    let newest = event(E::Login, START + HOUR)
        .with(r#"{"account_id":"acme","app_version":"4.2","region":""}"#);
    let older = event(E::ProfileUpdate, START).with(r#"{"account_id":"old","region":"AT"}"#);
    for events in [[newest.clone(), older.clone()], [older, newest]] {
        let known = tastes_of(&events, false);
        assert_eq!(known.account.as_deref(), Some("acme"));
        assert_eq!(known.region.as_deref(), Some("AT"));
        assert_eq!(known.app_version.as_deref(), Some("4.2"));
    }
}

#[test]
fn what_was_wished_for_and_bought_since_is_no_wish_any_more() {
    let items = r#"{"items":[{"product_id":"bag"},{"product_id":"card"}]}"#;
    let events = [
        product(E::WishlistAdd, START, "bag"),
        product(E::WishlistAdd, START + 1, "strap"),
        event(E::Purchase, START + HOUR).of(100).with(items),
        product(E::WishlistAdd, START + DAY, "card"),
        product(E::ProductView, START + DAY, "bag"),
        product(E::PageView, START + DAY + 1, "lens"),
    ];
    let known = tastes_of(&events, true);
    assert_eq!(known.wished, hashes(&["strap", "card"]));
    assert_eq!(known.viewed, hashes(&["bag", "lens"]));
    let mut bought = hashes(&["bag", "card"]);
    bought.sort_unstable();
    assert_eq!(known.bought, bought);
}

#[test]
fn a_wish_that_came_true_does_not_come_back_after_many_purchases() {
    let mut events = vec![
        product(E::WishlistAdd, START, "strap"),
        product(E::Purchase, START + HOUR, "strap"),
    ];
    let later = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let bought = (2..).zip(later);
    events.extend(bought.map(|(n, id)| product(E::Purchase, START + n * HOUR, id)));
    events.push(product(E::WishlistAdd, START + 20 * HOUR, "lens"));
    assert_eq!(tastes_of(&events, true).wished, hashes(&["lens"]));
}

#[test]
fn nothing_is_kept_of_products_where_nobody_has_a_catalogue() {
    let events = [
        product(E::WishlistAdd, START, "bag"),
        product(E::ProductView, START, "bag"),
    ];
    assert_eq!(tastes_of(&events, false), Tastes::default());
}

proptest! {
    #[test]
    fn the_last_products_by_time_are_kept_as_a_plain_list_says(seed: u64, many in 1..40_usize) {
        let mut dice = Dice(seed);
        let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
        let views: Vec<(i64, &str)> = (0..many)
            .map(|_| (START + HOUR * dice.roll(60) as i64, dice.pick(&ids)))
            .collect();
        let events: Vec<Event> = views.iter().map(|(ts, id)| product(E::ProductView, *ts, id)).collect();
        let known = tastes_of(&events, true);
        let newest = |id: &&str| views.iter().filter(|(_, other)| other == id).map(|(ts, _)| *ts).max();
        let mut plain: Vec<(i64, u32)> = ids.iter().filter_map(|id| Some((newest(id)?, product_hash(id)))).collect();
        plain.sort_unstable();
        let plain: Vec<u32> = plain.iter().map(|(_, hash)| *hash).collect();
        prop_assert_eq!(&known.viewed[..], &plain[plain.len().saturating_sub(GOODS)..]);
    }
}
