//! What holds for all parts together, over random histories of every kind.

use holdfast_events::EventType as E;
use holdfast_lifecycle::{Notice, Settings, Tracker};
use proptest::prelude::*;

use crate::rig::{DAY, Dice, Event, HOUR, START, World, event};

const FIELDS: [&str; 7] = [
    r#""cart_id":"k1""#,
    r#""cart_id":"k2""#,
    r#""order_id":"o1""#,
    r#""order_id":"o2""#,
    r#""ticket_id":"t1""#,
    r#""channel":"sms""#,
    r#""kind":"survey""#,
];

/// Events of all kinds in the order of arrival, at most three hours out of order.
fn history(dice: &mut Dice, many: usize) -> Vec<Event> {
    let mut now = START;
    let event = |_| {
        now += dice.pick(&[
            0,
            1,
            20_000,
            HOUR / 2,
            HOUR,
            5 * HOUR,
            DAY,
            4 * DAY,
            30 * DAY,
        ]);
        let field = dice.pick(&FIELDS);
        let fields = format!(
            r#"{{{field},"time_zone":"{}","granted":{},"score":{},"topic":"survey"}}"#,
            dice.pick(&["Asia/Tokyo", "Europe/Berlin", "America/New_York"]),
            dice.roll(2) == 0,
            dice.roll(11),
        );
        let kinds = E::ALL.iter().filter(|kind| **kind != E::PrivacyDelete);
        let often = [
            E::CartAdd,
            E::Purchase,
            E::OrderDelivered,
            E::SupportContact,
            E::CampaignSent,
        ];
        let kind = match dice.roll(2) {
            0 => dice.pick(&often),
            _ => dice.pick(&kinds.copied().collect::<Vec<_>>()),
        };
        Event {
            who: dice.pick(&["ada", "bob", "cyd"]),
            ..event(kind, now - dice.roll(3 * HOUR as u64) as i64)
                .with(&fields)
                .of(dice.roll(9_000) as i64)
        }
    };
    (0..many).map(event).collect()
}

fn sorted(mut told: Vec<Notice>) -> Vec<Notice> {
    told.sort_by_key(|notice| (notice.as_of, notice.key.clone(), notice.value.clone()));
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn it_does_not_matter_when_time_moves_nor_where_a_restart_falls(seed in any::<u64>(), given in any::<bool>()) {
        let mut dice = Dice(seed);
        let events = history(&mut dice, 120);
        let settings = Settings { carts_given: given, ..Settings::default() };
        let (mut quiet, mut moved) = (World::new(settings.clone()), World::new(settings));
        let mut newest = START;
        for event in &events {
            quiet.play(event);
            moved.play(event);
            newest = newest.max(event.ts);
            if dice.roll(3) == 0 {
                moved.advance(newest - 3 * HOUR);
            }
            if dice.roll(9) == 0 {
                moved.restart();
            }
        }
        let as_of = newest + dice.roll(40 * DAY as u64) as i64;
        let all = ["ada", "bob", "cyd"].into_iter();
        let known: Vec<_> = all.filter(|who| quiet.store.find(who).is_some()).collect();
        let of = |world: &World| -> Vec<_> { known.iter().map(|who| world.profile(who, as_of)).collect() };
        prop_assert_eq!(of(&quiet), of(&moved));
        moved.advance(as_of);
        prop_assert_eq!(of(&quiet), of(&moved), "own instants have fired");
        let until = newest + 100 * DAY;
        quiet.advance(until);
        moved.advance(until);
        prop_assert_eq!(quiet.tracker.digest(&quiet.store), moved.tracker.digest(&moved.store));
        prop_assert_eq!(sorted(quiet.told), sorted(moved.told));
    }

    #[test]
    fn who_moves_goes_on_and_who_is_erased_leaves_nothing(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let events = history(&mut dice, 80);
        let (first, second) = events.split_at(40);
        let mut here = World::new(Settings::default());
        here.play_all(first);
        let mut there = World::new(Settings::default());
        // Others stand before, so that indices differ.
        for other in ["x", "y"] {
            there.store.intern(other);
        }
        let mut expected = World::new(Settings::default());
        expected.play_all(first);
        let told = expected.told.len();
        for who in ["ada", "bob", "cyd"] {
            let Some(theirs) = here.store.find(who) else { continue };
            let own = there.store.adopt(&here.store, theirs).unwrap();
            there.tracker.adopt(&here.tracker, &there.store, (theirs, own)).unwrap();
        }
        there.play_all(second);
        expected.play_all(second);
        there.advance(START + 9_000 * DAY);
        expected.advance(START + 9_000 * DAY);
        let (a, b) = (&there, &expected);
        prop_assert_eq!(a.tracker.digest(&a.store), b.tracker.digest(&b.store));
        prop_assert_eq!(there.told.len(), expected.told.len() - told);

        let empty = Tracker::new(expected.settings.clone(), None).image().encode().len();
        for ix in expected.store.iter().collect::<Vec<_>>() {
            expected.tracker.erase(ix, 0);
        }
        prop_assert_eq!(expected.tracker.image().encode().len(), empty);
    }
}
