use std::collections::BTreeMap;

use holdfast_events::EventType as E;
use holdfast_lifecycle::Settings;
use holdfast_lifecycle::part::contact::{
    Basis, Channel, Contact, ContactCap, HourOfWeek, QuietHours,
};
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::rig::{DAY, Dice, Event, HOUR, START, World, event};

fn settings() -> Settings {
    Settings {
        quiet: QuietHours { from: 0, to: 0 },
        ..Settings::default()
    }
}

fn contact(world: &World, as_of: i64) -> Contact {
    world.profile("ada", as_of).contact
}

/// An instant of a wall clock, ms UTC.
fn local(zone: &str, (year, month, day): (i16, i8, i8), (hour, minute): (i8, i8)) -> i64 {
    let at = date(year, month, day).at(hour, minute, 0, 0);
    at.in_tz(zone).unwrap().timestamp().as_millisecond()
}

#[test]
fn planted_hour_is_recovered_from_noise_on_both_sides_of_a_change_of_clocks() {
    for zone in [
        "Europe/Berlin",
        "America/New_York",
        "Pacific/Auckland",
        "Asia/Kolkata",
    ] {
        let mut world = World::new(settings());
        let zone_field = format!(r#"{{"time_zone":"{zone}"}}"#);
        let begin = local(zone, (2026, 1, 1), (18, 30)); // a Thursday
        world.play(&event(E::ProfileUpdate, begin - DAY).with(&zone_field));
        let mut dice = Dice(7);
        let mut last = begin;
        for week in 0..40 {
            let day = date(2026, 1, 1)
                .checked_add(jiff::Span::new().weeks(week))
                .unwrap();
            let at = day.at(18, dice.roll(60) as i8, 0, 0).in_tz(zone).unwrap();
            last = at.timestamp().as_millisecond();
            world.play(&event(E::PageView, last));
            for _ in 0..3 {
                world.play(&event(E::PageView, last + dice.roll(6 * DAY as u64) as i64));
            }
        }
        let found = contact(&world, last + 7 * DAY);
        let planted = HourOfWeek {
            weekday: 4,
            hour: 18,
        };
        assert_eq!((found.hour, found.hour_is_own), (planted, true), "{zone}");
        assert_eq!(found.zone.iana_name(), Some(zone));
    }
}

#[test]
fn too_few_acts_or_too_old_ones_give_the_usual_hour() {
    let mut world = World::new(settings());
    for week in 0..5 {
        let known = contact_or_none(&world, START + 7 * week * DAY);
        assert!(!known, "{week}");
        world.play(&event(E::PageView, START + 7 * week * DAY));
    }
    // Those of weeks ago weigh less than one of today.
    world.play(&event(E::PageView, START + 35 * DAY));
    assert!(!contact_or_none(&world, START + 35 * DAY));
    world.play(&event(E::PageView, START + 35 * DAY));
    assert!(contact_or_none(&world, START + 35 * DAY));
    let much_later = contact(&world, START + 300 * DAY);
    assert_eq!(much_later.hour, Settings::default().usual_hour);
    // What the business does is no act of the customer.
    let mut quiet = World::new(settings());
    (0..50).for_each(|at| quiet.play(&event(E::CampaignSent, START + at)));
    assert!(!contact_or_none(&quiet, START + HOUR));
}

fn contact_or_none(world: &World, at: i64) -> bool {
    world.store.find("ada").is_some() && contact(world, at).hour_is_own
}

#[test]
fn best_instant_is_that_hour_on_the_customers_clock_whatever_the_clocks_do() {
    let zone = "Europe/Berlin";
    let mut world = World::new(Settings {
        usual_hour: HourOfWeek {
            weekday: 7,
            hour: 2,
        },
        ..settings()
    });
    world.play(&event(E::ProfileUpdate, START).with(r#"{"time_zone":"Europe/Berlin"}"#));
    let best = |at| contact(&world, at).best_at;
    assert_eq!(
        best(local(zone, (2026, 3, 21), (12, 0))),
        local(zone, (2026, 3, 22), (2, 0))
    );
    let inside = local(zone, (2026, 3, 22), (2, 20));
    assert_eq!(best(inside), inside);
    // 29 March has no hour of two o'clock: the clocks go from two to three.
    assert_eq!(
        best(local(zone, (2026, 3, 22), (3, 0))),
        local(zone, (2026, 3, 29), (3, 0))
    );
    // And 25 October has two of them.
    let first = local(zone, (2026, 10, 25), (1, 0)) + HOUR;
    assert_eq!(best(local(zone, (2026, 10, 24), (0, 0))), first);
    assert_eq!(best(first + HOUR + 1), first + HOUR + 1);
    assert_eq!(best(first + 2 * HOUR), local(zone, (2026, 11, 1), (2, 0)));
}

#[test]
fn unknown_zone_leaves_the_one_before_and_a_restart_keeps_it() {
    let mut world = World::new(settings());
    world.play(&event(E::ProfileUpdate, START).with(r#"{"time_zone":"asia/tokyo"}"#));
    world.play(&event(E::ProfileUpdate, START + 1).with(r#"{"time_zone":"Mars/Olympus"}"#));
    world.restart();
    assert_eq!(
        contact(&world, START + 1).zone,
        TimeZone::get("Asia/Tokyo").unwrap()
    );
}

#[test]
fn quiet_hours_end_on_the_customers_clock_also_over_midnight() {
    let quiet = QuietHours { from: 21, to: 8 };
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let at = |day, hour| local("Europe/Berlin", (2026, 3, day), hour);
    assert!(!quiet.is_quiet(&zone, at(28, (20, 59))));
    assert_eq!(quiet.next(&zone, at(28, (20, 59))), at(28, (20, 59)));
    for quiet_at in [
        at(28, (21, 0)),
        at(29, (1, 59)),
        at(29, (3, 0)),
        at(29, (7, 59)),
    ] {
        assert!(quiet.is_quiet(&zone, quiet_at));
        assert_eq!(quiet.next(&zone, quiet_at), at(29, (8, 0)));
    }
    let never = QuietHours { from: 7, to: 7 };
    assert!((0..24).all(|hour| !never.is_quiet(&zone, at(20, (hour, 0)))));
}

#[test]
fn capped_contact_names_the_instant_at_which_it_is_free() {
    let mut world = World::new(settings());
    let sent = |ts| event(E::CampaignSent, ts).with(r#"{"channel":"email"}"#);
    world.play_all(&[sent(START), sent(START + DAY), sent(START + 2 * DAY)]);
    let now = contact(&world, START + 3 * DAY);
    assert_eq!(
        (now.sends, now.cap_reached, now.next_at),
        (3, true, START + 7 * DAY)
    );
    let then = contact(&world, START + 7 * DAY);
    assert_eq!((then.sends, then.cap_reached), (2, false));
    assert_eq!(then.last_business_at, Some(START + 2 * DAY));
}

#[test]
fn consent_and_its_refusal_decide_by_their_own_time() {
    let say = |ts, purpose: &str, granted| {
        event(E::ConsentChange, ts)
            .with(&format!(r#"{{"purpose":"{purpose}","granted":{granted}}}"#))
    };
    let sent = event(E::CampaignSent, START).with(r#"{"channel":"sms"}"#);
    let of = |events: &[Event], consent_required| {
        let mut world = World::new(Settings {
            consent_required,
            ..settings()
        });
        world.play_all(events);
        let found = contact(&world, START + DAY);
        (found.channel, found.basis)
    };
    let by = |basis| (Some(Channel::Sms), Some(basis));
    assert_eq!(
        of(std::slice::from_ref(&sent), false),
        by(Basis::LegitimateInterest)
    );
    assert_eq!(of(std::slice::from_ref(&sent), true), (None, None));
    let marketing = [sent.clone(), say(START + 1, "marketing", true)];
    assert_eq!(of(&marketing, true), by(Basis::Consent));
    let refused = [
        sent.clone(),
        say(START + 9, "marketing", false),
        say(START + 1, "marketing", true),
    ];
    assert_eq!(of(&refused, false), (None, None));
    let but_sms = [
        sent.clone(),
        say(START + 1, "marketing", false),
        say(START + 2, "sms", true),
    ];
    assert_eq!(of(&but_sms, false), by(Basis::Consent));
    let not_sms = [
        sent.clone(),
        say(START + 1, "sms", false),
        say(START + 2, "marketing", true),
    ];
    assert_eq!(of(&not_sms, false), (None, Some(Basis::Consent)));
    assert_eq!(
        of(&[sent, say(START + 1, "analytics", false)], false),
        by(Basis::LegitimateInterest)
    );
}

/// What the documentation's table says, from the raw list of events.
fn twin(events: &[Event], required: bool) -> Option<&'static str> {
    let field = |event: &Event, name: &str| -> Option<String> {
        let fields: serde_json::Value = serde_json::from_str(&event.fields).unwrap();
        Some(fields[name].as_str()?.to_owned())
    };
    let said = |purpose: &str| {
        let of = events.iter().filter(|event| match event.kind {
            E::ConsentChange => field(event, "purpose").as_deref() == Some(purpose),
            E::CampaignUnsubscribed | E::CampaignComplained => {
                field(event, "channel").as_deref() == Some(purpose)
            }
            _ => false,
        });
        let of = of.map(|event| (event.ts, !event.fields.contains("\"granted\":true")));
        of.max().map(|(ts, refused)| (ts, !refused))
    };
    let mut best: Option<(f64, &str)> = None;
    for name in ["email", "sms", "push"] {
        let of = events
            .iter()
            .filter(|event| field(event, "channel").as_deref() == Some(name));
        let of: Vec<_> = of.collect();
        let count = |kinds: &[E]| {
            of.iter()
                .filter(|event| kinds.contains(&event.kind))
                .count()
        };
        let (own, all) = (said(name), said("marketing"));
        let heard = !of.is_empty() || own.is_some();
        let arrives = [E::CampaignDelivered, E::CampaignOpened, E::CampaignClicked];
        // Nothing later than a bounce arrived after it was heard of.
        let is_dead = of.iter().enumerate().any(|(place, bounce)| {
            let since = of[place..].iter();
            let arrived = |event: &&Event| arrives.contains(&event.kind) && event.ts > bounce.ts;
            bounce.kind == E::CampaignBounced && !since.copied().any(|event| arrived(&event))
        });
        let latest = [own, all]
            .into_iter()
            .flatten()
            .max_by_key(|(ts, granted)| (*ts, !*granted));
        let allowed = latest.map_or(!required, |(_, granted)| granted);
        if !heard || is_dead || own.is_some_and(|(_, granted)| !granted) || !allowed {
            continue;
        }
        let arrived = match count(&[E::CampaignDelivered]) {
            0 => count(&[E::CampaignSent]).saturating_sub(count(&[E::CampaignBounced])),
            some => some,
        };
        let rate =
            (count(&[E::CampaignOpened, E::CampaignClicked]) + 1) as f64 / (arrived + 2) as f64;
        if best.is_none_or(|(known, _)| rate > known + 1e-12) {
            best = Some((rate, name));
        }
    }
    best.map(|(_, name)| name)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn best_channel_is_that_of_the_raw_log_and_never_one_that_was_left(seed in any::<u64>(), required in any::<bool>()) {
        let mut dice = Dice(seed);
        let mut world = World::new(Settings { consent_required: required, ..settings() });
        let mut events = Vec::new();
        let kinds = [E::CampaignSent, E::CampaignSent, E::CampaignDelivered, E::CampaignOpened, E::CampaignClicked,
            E::CampaignBounced, E::CampaignComplained, E::CampaignUnsubscribed, E::ConsentChange];
        world.play(&event(E::PageView, START));
        for step in 0..dice.roll(30) as i64 {
            let kind = dice.pick(&kinds);
            let channel = dice.pick(&["email", "sms", "push"]);
            let fields = match kind {
                E::ConsentChange => {
                    let purpose = dice.pick(&[channel, "marketing"]);
                    format!(r#"{{"purpose":"{purpose}","granted":{}}}"#, dice.roll(2) == 0)
                }
                _ => format!(r#"{{"channel":"{channel}"}}"#),
            };
            let event = event(kind, START + step * HOUR - dice.roll(9) as i64 * HOUR / 2).with(&fields);
            world.play(&event);
            events.push(event);
            if dice.roll(7) == 0 {
                world.restart();
            }
            let found = contact(&world, START + 40 * DAY).channel.map(Channel::name);
            prop_assert_eq!(found, twin(&events, required));
        }
    }

    #[test]
    fn no_window_exceeds_the_cap_where_every_message_waits_for_it(seed in any::<u64>(), contacts in 1..6_u32, window_ms in 1..50_i64) {
        let cap = ContactCap { contacts, window_ms };
        let mut dice = Dice(seed);
        let (mut sends, mut now) = (Vec::new(), 1_000);
        for _ in 0..60 {
            now += dice.roll(20) as i64;
            let at = cap.next(&sends, now);
            // No earlier instant would do.
            let full = |at: i64| cap.used(&sends, at) >= contacts as usize;
            prop_assert!(at == now && !full(now) || at > now && (now..at).all(full));
            sends.push(at);
            now = at;
        }
        for end in 1_000..now + window_ms {
            prop_assert!(cap.used(&sends, end) <= contacts as usize, "window that ends at {}", end);
        }
    }

    #[test]
    fn sends_in_the_profile_are_those_of_the_raw_log(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let mut world = World::new(settings());
        let cap = world.settings.cap;
        let (mut sends, mut now) = (Vec::new(), START);
        for _ in 0..20 {
            now += dice.roll(5 * DAY as u64) as i64;
            sends.push(now - dice.pick(&[0, 0, HOUR, DAY]));
            world.play(&event(E::CampaignSent, *sends.last().unwrap()));
            let newest = *sends.iter().max().unwrap();
            let as_of = newest + dice.roll(9 * DAY as u64) as i64;
            let found = contact(&world, as_of);
            // The row holds no more than the cap needs.
            let used = cap.used(&sends, as_of).min(cap.contacts as usize);
            prop_assert_eq!(found.sends as usize, used);
            sends.sort_unstable();
            prop_assert_eq!(found.next_at, cap.next(&sends, as_of));
            prop_assert_eq!(found.cap_reached, used == cap.contacts as usize);
        }
    }

    #[test]
    fn own_hour_weighs_as_much_as_any_by_a_plain_sum(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let mut world = World::new(settings());
        let hours: Vec<i64> = (0..12).map(|_| dice.roll(168) as i64).collect();
        let mut acts: Vec<(i64, i64)> = Vec::new();
        let monday = START + 4 * DAY; // 5 January 2026
        let mut week = 0;
        for _ in 0..80 {
            week += dice.pick(&[0, 0, 0, 1, 1, 6]);
            let hour = hours[dice.roll(12).min(dice.roll(12)) as usize];
            let ts = monday + week * 7 * DAY + hour * HOUR + dice.roll(HOUR as u64) as i64;
            world.play(&event(E::PageView, ts));
            if world.store.newest(world.ix("ada")).unwrap() - 7 * DAY <= ts {
                acts.push((ts, hour));
            }
        }
        let weight = |at: i64| {
            let halves = at as f64 / (60.0 * DAY as f64);
            let day = (halves.fract() * 60.0).floor() / 60.0;
            halves.floor().exp2() * (1.0 + day)
        };
        let as_of = monday + (week + 1) * 7 * DAY;
        let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
        for (ts, hour) in &acts {
            *sums.entry(*hour).or_default() += weight(*ts) / weight(as_of);
        }
        let found = contact(&world, as_of);
        let all: f64 = sums.values().sum();
        let most = sums.values().copied().fold(0.0, f64::max);
        if (all - 5.0).abs() > 0.5 {
            prop_assert_eq!(found.hour_is_own, all > 5.0);
        }
        if found.hour_is_own {
            let hour = i64::from(found.hour.weekday - 1) * 24 + i64::from(found.hour.hour);
            prop_assert!(sums[&hour] > 0.97 * most - 0.2, "{:?} of {:?}", found.hour, sums);
        }
    }
}
