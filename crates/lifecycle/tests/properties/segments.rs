//! Segments against a twin that knows the raw history only and looks at every instant that could matter.

use holdfast_events::EventType;
use holdfast_lifecycle::{DAY_MS, Scores, Segment, Settings, Topic};
use proptest::prelude::*;

use crate::world::{Event, START, Step, World, settings, steps};

struct Twin {
    settings: Settings,
    history: Vec<(EventType, i64, i64)>,
    told: Option<(i64, Segment)>,
    records: Vec<(i64, Option<Segment>, Segment)>,
}

impl Twin {
    fn segment(&self, now: i64) -> Option<Segment> {
        let purchases = self
            .history
            .iter()
            .filter(|(kind, ..)| *kind == EventType::Purchase);
        let last = purchases.clone().map(|(_, ts, _)| *ts).max()?;
        let orders = purchases.clone().count() as u32;
        let spent: i64 = purchases.map(|(.., minor)| minor).sum();
        let refunds = self
            .history
            .iter()
            .filter(|(kind, ..)| *kind == EventType::Refund);
        let net = (spent - refunds.map(|(.., minor)| minor).sum::<i64>()) as f64 / 100.0;
        let beyond =
            |cuts: [f64; 4], value: f64| cuts.iter().filter(|cut| value > **cut).count() as u8;
        let cuts = &self.settings.cuts;
        let frequency = 1 + beyond(cuts.frequency, f64::from(orders));
        let scores = Scores {
            recency: 5 - beyond(cuts.recency_days, (now - last) as f64 / DAY_MS as f64),
            frequency,
            monetary: cuts
                .monetary
                .map_or(frequency, |cuts| 1 + beyond(cuts, net)),
        };
        Segment::of(scores, orders)
    }

    fn newest(&self) -> i64 {
        self.history.iter().map(|(_, ts, _)| *ts).max().unwrap_or(0)
    }

    fn free(&self) -> i64 {
        self.told
            .map_or(0, |(since, _)| since + self.settings.dwell_ms)
    }

    fn look(&mut self, now: i64) {
        let Some(found) = self.segment(now).filter(|_| now >= self.free()) else {
            return;
        };
        let told = self.told.map(|(_, segment)| segment);
        if told != Some(found) {
            self.records.push((now, told, found));
            self.told = Some((now, found));
        }
    }

    fn begin(&self) -> i64 {
        self.newest().max(self.told.map_or(0, |(since, _)| since))
    }

    fn advance(&mut self, to: i64) {
        loop {
            let before = self.records.len();
            let bought = self
                .history
                .iter()
                .filter(|(kind, ..)| *kind == EventType::Purchase);
            let last = bought.map(|(_, ts, _)| *ts).max().unwrap_or(0);
            let falls = self.settings.cuts.recency_days;
            let falls = falls.map(|days| last + (days * DAY_MS as f64) as i64 + 1);
            let mut instants = vec![self.free(), self.begin()];
            instants.extend(falls);
            instants.retain(|at| (self.begin()..=to).contains(at));
            instants.sort_unstable();
            for at in instants {
                self.look(at);
                if self.records.len() > before {
                    break;
                }
            }
            if self.records.len() == before {
                return;
            }
        }
    }

    fn event(&mut self, event: &Event) {
        self.history
            .push((event.kind, event.ts, event.minor.unwrap_or(0)));
        if matches!(event.kind, EventType::Purchase | EventType::Refund) {
            self.look(self.begin());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn segments_are_those_of_a_walk_over_the_raw_history(
        settings in settings(),
        steps in steps(6 * DAY_MS, 0),
    ) {
        let mut world = World::new(&settings);
        let mut twins: Vec<Twin> = (0..4)
            .map(|_| Twin { settings: settings.clone(), history: vec![], told: None, records: vec![] })
            .collect();
        let end = START + 4_000 * DAY_MS;
        for step in steps.iter().chain([&Step::Advance(end)]) {
            match step {
                Step::Event(event) => {
                    let twin = &mut twins[usize::from(event.customer)];
                    let before = world.notices.len();
                    if world.event(event) {
                        twin.advance(event.ts);
                        twin.event(event);
                    }
                    prop_assert!(world.notices[before..].iter().all(|notice| !notice.by_event || notice.as_of >= event.ts));
                }
                Step::Advance(to) => {
                    world.advance(*to);
                    twins.iter_mut().for_each(|twin| twin.advance(*to));
                }
            }
        }
        for (customer, twin) in (0..).zip(&twins) {
            let told: Vec<_> = world
                .records(Topic::Segments, customer)
                .iter()
                .map(|record| {
                    let name = |field: &str| serde_json::from_value::<Option<Segment>>(record[field].clone()).unwrap();
                    (record["as_of"].as_i64().unwrap(), name("from"), name("to").unwrap())
                })
                .collect();
            prop_assert_eq!(&told, &twin.records);
            for (at, from, to) in &told {
                prop_assert_ne!(*from, Some(*to), "at {}", at);
            }
            for pair in told.windows(2) {
                prop_assert!(pair[1].0 - pair[0].0 >= settings.dwell_ms);
                prop_assert_eq!(pair[1].1, Some(pair[0].2));
            }
        }
    }
}
