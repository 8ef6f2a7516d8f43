//! Days that are due against a walk over the calendar, quarter of an hour by quarter of an hour; points, tiers, reviews.

use holdfast_events::{Details, EventType};
use holdfast_lifecycle::{Cuts, DAY_MS, Settings};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{Event, START, World};

use EventType as E;

const QUARTER: i64 = 15 * 60_000;
const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "America/Havana",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Asia/Beirut",
];

fn local_date(ms: i64, zone: &TimeZone) -> Date {
    let instant = Timestamp::from_millisecond(ms).unwrap();
    zone.to_datetime(instant).date()
}

fn falls_on(day: (i8, i8), year: i16) -> Date {
    match day {
        (2, 29) if !date(year, 1, 1).in_leap_year() => date(year, 2, 28),
        (month, day) => date(year, month, day),
    }
}

/// The first quarters of an hour after `from` and up to `to` in which this day of a year has come.
fn walk(day: (i8, i8), zone: &TimeZone, from: i64, to: i64) -> Vec<i64> {
    let begin = from.div_euclid(QUARTER) * QUARTER;
    let quarters: Vec<i64> = (begin..=to).step_by(QUARTER as usize).collect();
    let comes = |pair: &[i64]| {
        let [before, now] = [pair[0], pair[1]].map(|ms| local_date(ms, zone));
        let due = falls_on(day, now.year());
        (now != before && before < due && now >= due).then_some(pair[1])
    };
    quarters
        .windows(2)
        .filter_map(comes)
        .filter(|at| *at > from)
        .collect()
}

fn event(kind: EventType, ts: i64, details: Details<'static>) -> Event {
    Event {
        customer: 1,
        kind,
        ts,
        minor: Some(1_000),
        details,
    }
}

fn person(day: Date, zone: &'static str) -> Details<'static> {
    Details {
        birthday: Some(day),
        time_zone: Some(zone.into()),
        ..Details::default()
    }
}

fn rewards(world: &World, reward: &str) -> Vec<Value> {
    let mut records = world.lifecycle(1, &["reward_due"]);
    records.retain(|record| record["reward"] == reward);
    records
}

fn instants(records: &[Value]) -> Vec<i64> {
    records
        .iter()
        .map(|record| record["as_of"].as_i64().unwrap())
        .collect()
}

fn days() -> impl Strategy<Value = Date> {
    let any = (0..366i64).prop_map(|n| {
        date(1992, 1, 1)
            .checked_add(jiff::Span::new().days(n))
            .unwrap()
    });
    prop_oneof![3 => any, 2 => Just(date(1992, 2, 29)), 1 => Just(date(1992, 11, 4))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn birthdays_and_anniversaries_are_those_of_a_walk_over_the_calendar(
        born in days(),
        zone in prop::sample::select(&ZONES[..]),
        // From 2009 on: Brazil still changes its clocks at midnight then.
        start in 1_230_768_000_000..1_767_225_600_000i64,
        looks in prop::collection::vec(0..1_500 * DAY_MS, 0..4),
    ) {
        let settings = Settings::default();
        let mut world = World::new(&settings);
        world.event(&event(E::ProfileUpdate, start, person(born, zone)));
        world.event(&event(E::Purchase, start, Details::default()));
        let end = start + 1_500 * DAY_MS;
        let mut looks = looks;
        looks.sort_unstable();
        for look in looks {
            world.advance(start + look);
            world = world.restored();
        }
        world.advance(end);
        let zone = TimeZone::get(zone).unwrap();
        let told = rewards(&world, "birthday");
        prop_assert_eq!(instants(&told), walk((born.month(), born.day()), &zone, start, end));
        for record in &told {
            let at = record["as_of"].as_i64().unwrap();
            prop_assert_eq!(record["local_date"].as_str().unwrap(), local_date(at, &zone).to_string());
        }
        let first = local_date(start, &zone);
        let told = rewards(&world, "anniversary");
        prop_assert_eq!(instants(&told), walk((first.month(), first.day()), &zone, start, end));
        let years: Vec<_> = told.iter().map(|record| record["years"].as_i64().unwrap()).collect();
        prop_assert_eq!(years, (1..=told.len() as i64).collect::<Vec<_>>());
    }

    #[test]
    fn who_travels_has_one_birthday_a_year(
        born in days(),
        moves in prop::collection::vec((0..90 * DAY_MS, prop::sample::select(&ZONES[..])), 1..30),
    ) {
        let mut world = World::new(&Settings::default());
        let mut now = START;
        for (pause, zone) in moves {
            now += pause;
            world.event(&event(E::ProfileUpdate, now, person(born, zone)));
            world = world.restored();
        }
        world.advance(now + 400 * DAY_MS);
        let told = rewards(&world, "birthday");
        let date = |record: &Value| record["due_at"].as_i64().unwrap();
        for pair in told.windows(2) {
            let apart = date(&pair[1]) - date(&pair[0]);
            prop_assert!((363 * DAY_MS..=368 * DAY_MS).contains(&apart), "{} days", apart / DAY_MS);
        }
        let years = (now - START) / (366 * DAY_MS);
        prop_assert!(told.len() as i64 >= years, "{} in {} years", told.len(), years);
    }
}

#[test]
fn a_birthday_begins_where_the_customer_is_and_else_where_the_business_is() {
    let settings = Settings {
        time_zone: TimeZone::get("Europe/Berlin").unwrap(),
        ..Settings::default()
    };
    let mut world = World::new(&settings);
    let day = Details {
        birthday: Some(date(1990, 3, 3)),
        ..Details::default()
    };
    world.event(&event(E::ProfileUpdate, START, day));
    world.advance(START + 200 * DAY_MS);
    let at: Timestamp = "2026-03-02T23:00:00Z".parse().unwrap();
    let at = at.as_millisecond();
    let expected = json!({
        "kind": "reward_due", "customer_id": "c1", "as_of": at, "trigger": {"kind": "timer", "name": "birthday"},
        "reward": "birthday", "due_at": at, "local_date": "2026-03-03", "time_zone": "Europe/Berlin",
    });
    assert_eq!(rewards(&world, "birthday"), [expected]);
    let profile = world.profile(1, at - 1).unwrap();
    assert_eq!(profile.rewards.next_birthday_at, Some(at));
}

#[test]
fn an_older_change_of_the_profile_does_nothing() {
    let mut world = World::new(&Settings::default());
    world.event(&event(
        E::ProfileUpdate,
        START + DAY_MS,
        person(date(1990, 6, 1), "UTC"),
    ));
    world.event(&event(
        E::ProfileUpdate,
        START,
        person(date(1990, 7, 1), "UTC"),
    ));
    world.advance(START + 364 * DAY_MS);
    let told = rewards(&world, "birthday");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["local_date"], "2026-06-01");
}

#[test]
fn who_has_left_for_good_is_due_nothing_until_back_and_nothing_for_the_time_between() {
    let mut world = World::new(&Settings::default());
    world.event(&event(
        E::ProfileUpdate,
        START,
        person(date(1990, 6, 1), "UTC"),
    ));
    world.event(&event(E::Purchase, START, Details::default()));
    world.event(&event(
        E::AccountClosed,
        START + 10 * DAY_MS,
        Details::default(),
    ));
    world.advance(START + 800 * DAY_MS);
    assert_eq!(world.lifecycle(1, &["reward_due"]), [] as [Value; 0]);
    assert_eq!(
        world
            .profile(1, START + 800 * DAY_MS)
            .unwrap()
            .rewards
            .next_anniversary_at,
        None
    );
    world.event(&event(
        E::Purchase,
        START + 801 * DAY_MS,
        Details::default(),
    ));
    world.advance(START + 1_200 * DAY_MS);
    let told = world.lifecycle(1, &["reward_due"]);
    let what: Vec<_> = told
        .iter()
        .map(|record| (&record["reward"], &record["local_date"]))
        .collect();
    let row = |reward: &str, day: &str| (json!(reward), json!(day));
    let expected = [
        row("birthday", "2028-06-01"),
        row("anniversary", "2029-01-01"),
    ];
    assert_eq!(
        what,
        expected.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>()
    );
    assert_eq!(told[1]["years"], 3);
}

#[test]
fn the_purchase_that_reaches_the_top_tier_is_rewarded_once() {
    let cuts = Cuts {
        top_spend: Some(25.0),
        ..Cuts::default()
    };
    let mut world = World::new(&Settings {
        cuts,
        ..Settings::default()
    });
    for day in 0..6 {
        let kind = if day == 3 { E::Refund } else { E::Purchase };
        world.event(&event(kind, START + day * DAY_MS, Details::default()));
    }
    let told = rewards(&world, "tier_change");
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["tier"], &told[0]["as_of"]),
        (&json!("top"), &json!(START + 2 * DAY_MS))
    );
    assert_eq!(
        told[0]["trigger"],
        json!({"kind": "event", "event_id": "e3"})
    );
}

#[test]
fn points_are_rewarded_at_each_multiple_and_counted_where_they_were_earned() {
    let mut world = World::new(&Settings {
        points_step: 100,
        ..Settings::default()
    });
    let points = |points: f64, partner: Option<&'static str>| Details {
        points: Some(points),
        partner: partner.map(Into::into),
        ..Details::default()
    };
    let earned = [
        (60.0, None),
        (39.99, Some("p")),
        (0.01, None),
        (250.5, Some("p")),
        (-5.0, None),
    ];
    for (hour, (many, partner)) in (0..).zip(earned) {
        world.event(&event(E::PointsEarned, START + hour, points(many, partner)));
    }
    world.event(&event(E::PointsRedeemed, START + 9, points(50.0, None)));
    let told: Vec<_> = rewards(&world, "points")
        .iter()
        .map(|record| record["points"].as_f64())
        .collect();
    assert_eq!(told, [Some(100.0), Some(300.0)]);
    let profile = world.profile(1, START + 9).unwrap();
    assert_eq!(
        (
            profile.rewards.points_earned,
            profile.rewards.points_balance
        ),
        (350.5, Some(300.5))
    );
    assert_eq!(
        (
            profile.rewards.points_at_partners,
            profile.rewards.redemptions
        ),
        (290.49, 1)
    );
}

#[test]
fn a_review_is_rewarded_once_for_its_order_or_day() {
    let mut world = World::new(&Settings::default());
    let order = |id: Option<&'static str>| Details {
        order_id: id.map(Into::into),
        ..Details::default()
    };
    let hour = DAY_MS / 24;
    for (at, id) in [
        (0, Some("o1")),
        (1, Some("o1")),
        (2, Some("o2")),
        (3, None),
        (4, None),
        (30, None),
    ] {
        world.event(&event(E::Review, START + at * hour, order(id)));
    }
    let told = rewards(&world, "review");
    let hours: Vec<_> = instants(&told)
        .into_iter()
        .map(|at| (at - START) / hour)
        .collect();
    assert_eq!(hours, [0, 2, 3, 30]);
    assert_eq!(told[1]["order_id"], "o2");
    assert_eq!(told[2].get("order_id"), None);
}
