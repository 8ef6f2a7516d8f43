//! What holds for all parts together: independence of when time is looked at, images, moving, erasing, profiles.

use std::sync::Arc;

use holdfast_lifecycle::{Cuts, DAY_MS, Settings, Topic, Tracker};
use proptest::prelude::*;

use crate::world::{Event, START, Step, World, name, settings, steps, store};

const END: i64 = START + 4_000 * DAY_MS;
/// Within this much disorder, the result depends on neither ticks nor partitions.
const GRACE: i64 = DAY_MS / 24;

fn run(settings: &Settings, steps: &[Step], mut each: impl FnMut(usize, World) -> World) -> World {
    let mut world = World::new(settings);
    for (at, step) in steps.iter().enumerate() {
        world = each(at, world);
        world.step(step);
    }
    world.advance(END);
    world
}

fn events(steps: &[Step]) -> Vec<Step> {
    let is_event = |step: &&Step| matches!(step, Step::Event(_));
    steps.iter().filter(is_event).cloned().collect()
}

/// Everybody of a world in two others, by turns.
fn split(world: &World, settings: &Settings) -> [World; 2] {
    let mut halves = [World::new(settings), World::new(settings)];
    // No id comes twice: it would be a duplicate.
    halves
        .iter_mut()
        .for_each(|half| half.events = world.events);
    for theirs in world.store.iter() {
        let half = &mut halves[theirs.0 as usize % 2];
        let own = half.store.adopt(&world.store, theirs).unwrap();
        let moved = half
            .tracker
            .adopt(&world.tracker, &half.store, (theirs, own));
        moved.unwrap();
    }
    halves
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_does_not_matter_how_often_time_is_looked_at(
        settings in settings(),
        steps in steps(GRACE, GRACE + 1),
    ) {
        let often = run(&settings, &steps, |_, world| world);
        let once = run(&settings, &events(&steps), |_, world| world);
        prop_assert_eq!(often.sorted(), once.sorted());
        prop_assert_eq!(often.tracker.digest(&often.store), once.tracker.digest(&once.store));
    }

    #[test]
    fn what_time_brings_comes_by_instant_then_customer(
        settings in settings(),
        steps in steps(6 * DAY_MS, 0),
    ) {
        let mut world = World::new(&settings);
        for step in steps.iter().chain([&Step::Advance(END)]) {
            let before = world.notices.len();
            world.step(step);
            let new = world.notices[before..].iter().map(|notice| (notice.as_of, &notice.key));
            if let Step::Advance(to) = step {
                let new: Vec<_> = new.collect();
                prop_assert!(new.is_sorted(), "{:?}", new);
                prop_assert!(new.iter().all(|(at, _)| at <= to));
            }
        }
    }

    #[test]
    fn who_is_restored_at_any_place_goes_on_alike(
        settings in settings(),
        steps in steps(6 * DAY_MS, 0),
        every in 1..7usize,
    ) {
        let plain = run(&settings, &steps, |_, world| world);
        let restored = run(&settings, &steps, |at, world| match at % every {
            0 => world.restored(),
            _ => world,
        });
        prop_assert_eq!(&restored.notices, &plain.notices);
    }

    #[test]
    fn an_image_shows_its_beginning_whatever_follows(
        settings in settings(),
        steps in steps(6 * DAY_MS, 0),
    ) {
        let (before, after) = steps.split_at(steps.len() / 2);
        let mut world = World::new(&settings);
        before.iter().for_each(|step| world.step(step));
        let image = world.tracker.image();
        let then = image.encode();
        after.iter().for_each(|step| world.step(step));
        prop_assert_eq!(image.encode(), then);
    }

    #[test]
    fn who_moves_to_another_partition_goes_on_alike(
        settings in settings(),
        steps in steps(6 * DAY_MS, 0),
    ) {
        let (before, after) = steps.split_at(steps.len() / 2);
        let mut world = World::new(&settings);
        before.iter().for_each(|step| world.step(step));
        let mut halves = split(&world, &settings);
        world.notices.clear();
        for step in after.iter().chain([&Step::Advance(END)]) {
            world.step(step);
            match step {
                Step::Advance(_) => halves.iter_mut().for_each(|half| half.step(step)),
                Step::Event(event) => {
                    let id = name(event.customer);
                    let home = halves.iter().position(|half| half.store.find(&id).is_some());
                    halves[home.unwrap_or(0)].step(step);
                }
            }
        }
        // Event ids are counted by each world for itself.
        let plain = |world: &World| {
            let rows = world.sorted().into_iter();
            rows.map(|(topic, key, as_of, _)| (topic, key, as_of)).collect::<Vec<_>>()
        };
        let mut both = plain(&halves[0]);
        both.extend(plain(&halves[1]));
        both.sort();
        prop_assert_eq!(both, plain(&world));
    }

    #[test]
    fn of_an_erased_customer_nothing_is_left_and_nothing_comes(
        settings in settings(),
        steps in steps(6 * DAY_MS, 0),
    ) {
        let mut world = World::new(&settings);
        steps.iter().for_each(|step| world.step(step));
        let all: Vec<_> = world.store.iter().collect();
        for ix in all {
            world.tracker.erase(ix, 0);
            world.store.erase(ix);
        }
        let fresh = Tracker::new(Arc::new(settings.clone()), None);
        prop_assert_eq!(world.tracker.image().encode(), fresh.image().encode());
        world.notices.clear();
        world.advance(END);
        prop_assert_eq!(world.notices.len(), 0);
        // Whoever gets the index next begins anew.
        steps.iter().for_each(|step| world.step(step));
        let again = run(&settings, &steps, |_, world| world);
        world.advance(END);
        prop_assert_eq!(world.sorted().len(), again.sorted().len());
    }

    #[test]
    fn a_profile_does_not_depend_on_what_has_fired(
        settings in settings(),
        steps in steps(6 * DAY_MS, 0),
        ahead in 0..200 * DAY_MS,
        half in 0..100i64,
    ) {
        let mut world = World::new(&settings);
        steps.iter().for_each(|step| world.step(step));
        let newest = world.newest();
        let as_of = newest + ahead;
        let profiles = |world: &World| (0..4).map(|c| world.profile(c, as_of)).collect::<Vec<_>>();
        let before = profiles(&world);
        world.advance(newest + ahead * half / 100);
        prop_assert_eq!(&profiles(&world), &before);
        world.advance(as_of);
        prop_assert_eq!(&profiles(&world), &before);
    }

    #[test]
    fn bytes_that_are_no_image_are_refused_or_live_on(
        settings in settings(),
        steps in steps(6 * DAY_MS, 0),
        (place, byte) in (0..10_000usize, any::<u8>()),
    ) {
        let mut world = World::new(&settings);
        steps.iter().for_each(|step| world.step(step));
        let mut bytes = world.tracker.image().encode();
        let at = place % bytes.len();
        bytes[at] ^= byte;
        let restored = Tracker::restore(None, &bytes, &world.store);
        if let Ok(tracker) = restored {
            let mut world = World { tracker, ..world };
            world.profile(0, world.newest());
            world.advance(START + 400 * DAY_MS);
        }
    }
}

#[test]
fn customers_whom_the_state_does_not_hold_are_refused() {
    let settings = Settings::default();
    let mut world = World::new(&settings);
    world.event(&Event {
        customer: 0,
        kind: holdfast_events::EventType::Purchase,
        ts: START,
        minor: None,
        details: Default::default(),
    });
    let bytes = world.tracker.image().encode();
    let refused = Tracker::restore(None, &bytes, &store());
    assert!(refused.is_err());
}

#[test]
fn what_other_cut_points_put_into_the_past_is_dated_when_they_took_hold() {
    let settings = Settings::default();
    let mut world = World::new(&settings);
    world.event(&Event {
        customer: 0,
        kind: holdfast_events::EventType::Purchase,
        ts: START,
        minor: None,
        details: Default::default(),
    });
    let strict = Settings {
        cuts: Cuts {
            recency_days: [1.0, 2.0, 3.0, 4.0],
            ..Cuts::default()
        },
        lapse_ms: 5 * DAY_MS,
        ..settings
    };
    let clock = START + 10 * DAY_MS;
    world.advance(clock);
    let settings = Arc::new(strict.clone());
    world.tracker.activate(settings, clock, &world.store);
    let before = world.profile(0, clock);
    let mut world = world.restored();
    world.advance(clock);
    let moved = world.records(Topic::Segments, 0);
    assert_eq!(moved.len(), 2, "{moved:?}");
    assert_eq!(
        (&moved[1]["to"], &moved[1]["as_of"]),
        (&"lost".into(), &clock.into())
    );
    assert_eq!(world.lifecycle(0, &["lapsed"])[0]["as_of"], clock);
    assert_eq!(world.profile(0, clock), before);
}
