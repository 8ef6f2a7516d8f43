//! A seeded stream of events like the one in `SPEC.md`, and visits as a shop sees them.

use holdfast_events::EventType;
use holdfast_features::{DAY_MS, Input};

/// First instant of the stream: 2026-01-01 UTC.
pub const START_MS: i64 = 1_767_225_600_000;

/// Share of each type in percent, cumulative.
const MIX: [(u64, EventType); 7] = [
    (70, EventType::PageView),
    (80, EventType::CartAdd),
    (85, EventType::CheckoutStart),
    (91, EventType::Purchase),
    (95, EventType::CartAbandon),
    (98, EventType::SupportContact),
    (100, EventType::EmailOpen),
];

/// One event of the stream, with its customer's number.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub customer: u32,
    pub input: Input,
}

/// A small seeded generator, so that the stream needs no further crate.
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// One event of the mix at `ts`.
    fn input(&mut self, ts: i64) -> Input {
        let percent = self.below(100);
        let kind = MIX
            .iter()
            .find(|(upto, _)| percent < *upto)
            .map_or(EventType::PageView, |(_, kind)| *kind);
        let money = kind == EventType::Purchase;
        Input {
            kind,
            ts,
            minor: money.then(|| 100 + self.below(9_900).cast_signed()),
            id_hash: self.next(),
            particulars: Default::default(),
        }
    }
}

/// `events` events of `customers` customers over `days` days, ascending in time with up to five minutes of disorder.
pub fn stream(events: u32, customers: u32, days: u32) -> impl Iterator<Item = Step> {
    let span = i64::from(days) * DAY_MS;
    let mut random = SplitMix(1);
    (0..events).map(move |i| {
        let due = START_MS + span * i64::from(i) / i64::from(events);
        let disorder = random.below(300_000).cast_signed();
        Step {
            customer: u32::try_from(random.below(u64::from(customers))).unwrap_or_default(),
            input: random.input((due - disorder).max(START_MS)),
        }
    })
}

/// Visits of a shop over 90 days, ascending in time: Pareto-distributed numbers of visits per customer, mean about 2.4,
/// with two to six events in each.
pub fn visits(customers: u32) -> impl Iterator<Item = Step> {
    let mut random = SplitMix(1);
    let mut begins = Vec::new();
    for customer in 0..customers {
        let unit = (random.below(1 << 53) as f64 + 1.0) / (1u64 << 53) as f64;
        let count = (0.66 * unit.powf(-1.0 / 1.3)).clamp(1.0, 400.0) as u32;
        for _ in 0..count {
            let begin = START_MS + random.below(90 * DAY_MS.cast_unsigned()).cast_signed();
            begins.push((begin, customer));
        }
    }
    begins.sort_unstable();
    begins.into_iter().flat_map(move |(begin, customer)| {
        let actions = 2 + random.below(5).cast_signed();
        let step = |random: &mut SplitMix, ts| Step {
            customer,
            input: random.input(ts),
        };
        let steps: Vec<Step> = (0..actions)
            .map(|i| step(&mut random, begin + i * 60_000))
            .collect();
        steps
    })
}

/// The id of a customer by number.
pub fn customer_id(number: u32) -> String {
    format!("c{number:07}")
}

/// The canonical JSON of a step.
pub fn line(step: &Step) -> String {
    let minor = step.input.minor.unwrap_or(0);
    format!(
        r#"{{"event_id":"e{:010}","customer_id":"{}","type":"{}","ts":{},"amount":{}.{:02},"currency":"EUR","channel":"web","session_id":"s00123456"}}"#,
        step.input.id_hash % 10_000_000_000,
        customer_id(step.customer),
        step.input.kind.name(),
        step.input.ts,
        minor / 100,
        minor % 100,
    )
}
