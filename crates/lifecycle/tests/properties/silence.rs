//! Lapses, dormancy and returns against a twin that knows the raw history only.

use std::collections::BTreeSet;

use holdfast_events::{Details, EventType};
use holdfast_features::activity::is_activity;
use holdfast_lifecycle::{DAY_MS, Settings};
use proptest::prelude::*;
use serde_json::json;

use crate::world::{Event, HOUR, START, Step, World, settings, steps};

const KINDS: [&str; 3] = ["lapsed", "dormant", "recovered"];

/// Acts with which nobody comes back.
const LEAVES: [EventType; 5] = [
    EventType::AccountClosed,
    EventType::CampaignUnsubscribed,
    EventType::CampaignComplained,
    EventType::SubscriptionCancel,
    EventType::Refund,
];

#[derive(Clone, Default)]
struct Twin {
    settings: Settings,
    /// Type, time, minor units.
    history: Vec<(EventType, i64, i64)>,
    /// Dormant, lapsed: told when, silent since when.
    gone: [Option<(i64, i64)>; 2],
    /// The longest gap that there ever was, days.
    longest: i64,
    /// Kind, instant, and days silent or gone.
    records: Vec<(String, i64, f64)>,
}

impl Twin {
    fn counts(&self, which: usize, kind: EventType) -> bool {
        match which {
            1 if !self.settings.any_act_counts => kind == EventType::Purchase,
            _ => is_activity(kind),
        }
    }

    /// Days between the last 17 days with a purchase.
    fn gaps(&self) -> Vec<i64> {
        let bought = self
            .history
            .iter()
            .filter(|(kind, ..)| *kind == EventType::Purchase);
        let days: BTreeSet<i64> = bought.map(|(_, ts, _)| ts.div_euclid(DAY_MS)).collect();
        let days: Vec<i64> = days.into_iter().rev().take(17).collect();
        days.windows(2).map(|pair| pair[0] - pair[1]).collect()
    }

    fn after(&self, which: usize) -> Option<i64> {
        if which == 1 {
            return Some(self.settings.lapse_ms);
        }
        let mut gaps = self.gaps();
        gaps.sort_unstable();
        let longest = self.longest as f64;
        let median = match gaps.len() {
            0 | 1 => return None,
            odd if odd % 2 == 1 => gaps[odd / 2] as f64,
            even => (gaps[even / 2 - 1] + gaps[even / 2]) as f64 / 2.0,
        };
        let usual = median * self.settings.dormant_gaps;
        let days = if longest > usual {
            longest + median
        } else {
            usual
        };
        Some((days * DAY_MS as f64) as i64)
    }

    fn since(&self, which: usize) -> Option<i64> {
        let acts = self
            .history
            .iter()
            .filter(|(kind, ..)| self.counts(which, *kind));
        acts.map(|(_, ts, _)| *ts).max()
    }

    fn next(&self, which: usize) -> Option<i64> {
        if self.gone[which].is_some() {
            return None;
        }
        let newest = self.history.iter().map(|(_, ts, _)| *ts).max()?;
        Some((self.since(which)? + self.after(which)?).max(newest))
    }

    fn advance(&mut self, to: i64) {
        loop {
            let due = [0, 1]
                .into_iter()
                .filter_map(|which| Some((self.next(which)?, which)));
            let Some((at, which)) = due.min().filter(|(at, _)| *at <= to) else {
                return;
            };
            let since = self.since(which).unwrap();
            self.gone[which] = Some((at, since));
            let kind = ["dormant", "lapsed"][which].to_owned();
            self.records
                .push((kind, at, (at - since) as f64 / DAY_MS as f64));
        }
    }

    fn event(&mut self, event: &Event) {
        self.history
            .push((event.kind, event.ts, event.minor.unwrap_or(0)));
        let newest = self.history.iter().map(|(_, ts, _)| *ts).max().unwrap();
        if event.kind == EventType::Purchase {
            let gaps = self.gaps();
            // Those that are not among the last 16 are remembered.
            let before = if gaps.len() == 16 { self.longest } else { 0 };
            self.longest = gaps.into_iter().max().unwrap_or(0).max(before);
        }
        for which in [0, 1] {
            if !self.counts(which, event.kind) || LEAVES.contains(&event.kind) {
                continue;
            }
            match &mut self.gone[which] {
                Some((at, since)) if event.ts <= *at => *since = (*since).max(event.ts),
                Some((_, since)) => {
                    let days = (event.ts - *since) as f64 / DAY_MS as f64;
                    self.records.push(("recovered".to_owned(), newest, days));
                    self.gone[which] = None;
                }
                None => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn silences_are_those_of_a_walk_over_the_raw_history(
        settings in settings(),
        steps in steps(6 * DAY_MS, 0),
    ) {
        let mut world = World::new(&settings);
        let mut twins = vec![Twin { settings, ..Twin::default() }; 4];
        let end = START + 4_000 * DAY_MS;
        for step in steps.iter().chain([&Step::Advance(end)]) {
            match step {
                Step::Event(event) => {
                    let twin = &mut twins[usize::from(event.customer)];
                    if world.event(event) {
                        twin.advance(event.ts);
                        twin.event(event);
                    }
                }
                Step::Advance(to) => {
                    world.advance(*to);
                    twins.iter_mut().for_each(|twin| twin.advance(*to));
                }
            }
        }
        for (customer, twin) in (0..).zip(&twins) {
            let records = world.lifecycle(customer, &KINDS);
            let told: Vec<_> = records
                .iter()
                .map(|record| {
                    let kind = record["kind"].as_str().unwrap().to_owned();
                    let days = match kind.as_str() {
                        "recovered" => &record["days_gone"],
                        _ => &record["days_silent"],
                    };
                    (kind, record["as_of"].as_i64().unwrap(), days.as_f64().unwrap())
                })
                .collect();
            prop_assert_eq!(&told, &twin.records);
        }
    }
}

fn event(kind: EventType, day: i64, minor: i64) -> Event {
    Event {
        customer: 1,
        kind,
        ts: START + day * DAY_MS + 12 * HOUR,
        minor: Some(minor),
        details: Details::default(),
    }
}

#[test]
fn when_all_input_stops_the_lapse_still_comes_to_the_millisecond_with_what_was_bought() {
    let mut world = World::new(&Settings::default());
    for (day, minor) in [(0, 1_000), (7, 2_000), (14, 3_000), (28, 4_050)] {
        assert!(world.event(&event(EventType::Purchase, day, minor)));
    }
    world.event(&event(EventType::CampaignSent, 30, 0));
    let at = START + 118 * DAY_MS + 12 * HOUR;
    world.advance(at - 1);
    assert!(world.lifecycle(1, &["lapsed"]).is_empty());
    world.advance(at);
    let day = |day: i64| START + day * DAY_MS + 12 * HOUR;
    let expected = json!({
        "kind": "lapsed", "customer_id": "c1", "as_of": at, "trigger": {"kind": "silence"},
        "last_purchases": [{"at": day(28), "amount": 40.5}, {"at": day(14), "amount": 30.0},
            {"at": day(7), "amount": 20.0}],
        "trend": "falling", "days_silent": 90.0, "own_gap_days": 7.0,
        "days_since_customer_contact": 90.0, "days_since_business_contact": 88.0,
        "business_quiet": false, "orders": 4, "net_spend": 100.5,
        "is_proxy": true, "proxy_for": "bought_elsewhere",
    });
    assert_eq!(world.lifecycle(1, &["lapsed"]), [expected]);
    // Three times the median of 7 days comes before, and then nothing more.
    let dormant = &world.lifecycle(1, &["dormant"])[0];
    assert_eq!(dormant["as_of"], day(28 + 21));
    world.advance(at + 3_000 * DAY_MS);
    assert_eq!(world.lifecycle(1, &KINDS).len(), 2);
}

#[test]
fn a_seasonal_buyer_is_not_dormant_before_the_own_cycle() {
    let mut world = World::new(&Settings::default());
    // Three purchases each spring.
    for year in 0..3 {
        for day in [0, 4, 9] {
            world.event(&event(EventType::Purchase, year * 365 + day, 500));
        }
    }
    let dormant = world.lifecycle(1, &["dormant"]);
    // Before the first cycle was over there was no telling; after it there is.
    assert_eq!(dormant.len(), 1);
    assert!(dormant[0]["as_of"].as_i64().unwrap() < START + 365 * DAY_MS);
    world.advance(START + (2 * 365 + 9 + 356) * DAY_MS);
    assert_eq!(world.lifecycle(1, &["dormant"]).len(), 1);
    world.advance(START + (3 * 365 + 30) * DAY_MS);
    assert_eq!(world.lifecycle(1, &["dormant"]).len(), 2);
}

#[test]
fn who_never_did_what_the_label_asks_for_never_lapses() {
    let mut world = World::new(&Settings::default());
    world.event(&event(EventType::PageView, 0, 0));
    world.advance(START + 4_000 * DAY_MS);
    assert_eq!(world.notices.len(), 0);
}

#[test]
fn a_business_that_wrote_since_the_last_act_is_not_quiet() {
    for (message, quiet) in [(None, true), (Some(3), true), (Some(12), false)] {
        let mut world = World::new(&Settings::default());
        for day in [0, 5, 10] {
            world.event(&event(EventType::Purchase, day, 500));
            if let Some(sent) = message.filter(|sent| (day..day + 5).contains(sent)) {
                world.event(&event(EventType::SupportReply, sent, 0));
            }
        }
        world.advance(START + 40 * DAY_MS);
        let record = &world.lifecycle(1, &["dormant"])[0];
        assert_eq!(record["business_quiet"], quiet, "{message:?}");
        let profile = world.profile(1, START + 40 * DAY_MS).unwrap();
        assert_eq!(profile.silence.is_business_quiet, quiet);
        assert_eq!(profile.silence.dormant_at, record["as_of"].as_i64());
    }
}

#[test]
fn nobody_comes_back_by_closing_the_account_leaving_a_list_or_sending_back() {
    for kind in LEAVES {
        let mut world = World::new(&Settings::default());
        let act = |kind, day: i64| Event {
            customer: 1,
            kind,
            ts: START + day * DAY_MS,
            minor: Some(100),
            details: Details::default(),
        };
        for week in 0..6 {
            world.event(&act(EventType::Purchase, 7 * week));
        }
        world.advance(START + 60 * DAY_MS);
        assert_eq!(world.lifecycle(1, &["dormant"]).len(), 1);
        world.event(&act(kind, 61));
        assert_eq!(world.lifecycle(1, &["recovered"]).len(), 0, "{kind}");
        world.event(&act(EventType::PageView, 62));
        assert!(!world.lifecycle(1, &["recovered"]).is_empty(), "{kind}");
    }
}

#[test]
fn a_seasonal_buyer_of_many_days_is_waited_for_in_later_years() {
    let mut world = World::new(&Settings::default());
    for year in 0..3 {
        for visit in 0..20 {
            let event = Event {
                customer: 1,
                kind: EventType::Purchase,
                ts: START + (365 * year + 2 * visit) * DAY_MS,
                minor: Some(100),
                details: Details::default(),
            };
            world.event(&event);
            world.advance(event.ts);
        }
    }
    world.advance(START + (2 * 365 + 300) * DAY_MS);
    let told = world.lifecycle(1, &["dormant"]);
    // After the first season only: that the customer comes back was not known then.
    assert_eq!(told.len(), 1, "{told:?}");
}
