//! Random histories of one customer: bursts and long silences, disorder up to and beyond the
//! lateness, duplicates, crowded days and huge amounts.

use holdfast_events::{EventType, Particulars};
use holdfast_features::{CartAbandon, DAY_MS, Input, Occasion, Settings};
use proptest::prelude::*;

/// For histories in which nothing was accepted.
pub(crate) const SOME_TIME: i64 = 1_767_225_600_000;
const HOUR: i64 = DAY_MS / 24;

/// What arrives next.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// All timers up to an instant are fired.
    Timers(i64),
    /// An event, so many times with ids of their own.
    Event { input: Input, times: u64 },
}

/// A customer's life, in the order of arrival.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) settings: Settings,
    pub(crate) steps: Vec<Step>,
}

impl History {
    /// Every event once per time it comes, each with its own id hash.
    pub(crate) fn events(&self) -> Vec<Input> {
        let mut events = Vec::new();
        for step in &self.steps {
            if let Step::Event { input, times } = step {
                let copies = 0..*times;
                events.extend(copies.map(|n| Input {
                    id_hash: input.id_hash + (n << 32),
                    ..*input
                }));
            }
        }
        events
    }
}

pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let abandon = prop_oneof![
        Just(CartAbandon::Given),
        (1..48i64).prop_map(|hours| CartAbandon::Derived {
            after_ms: hours * HOUR
        }),
    ];
    (
        any::<bool>(),
        abandon,
        prop_oneof![Just(2u8), Just(0), Just(3)],
        prop_oneof![
            Just(None),
            Just(Some(Occasion::Purchase)),
            Just(Some(Occasion::Activity))
        ],
    )
        .prop_map(|(dedupe, cart_abandon, minor_exponent, stats)| Settings {
            dedupe,
            cart_abandon,
            minor_exponent,
            stats,
        })
}

fn kind() -> impl Strategy<Value = EventType> {
    let any = prop::sample::select(EventType::ALL).prop_filter("erasures are no events", |kind| {
        *kind != EventType::PrivacyDelete
    });
    use EventType as E;
    prop_oneof![
        3 => Just(E::Purchase),
        1 => Just(E::Refund),
        2 => Just(E::CartAdd),
        1 => Just(E::CheckoutStart),
        1 => Just(E::CartAbandon),
        2 => Just(E::PageView),
        1 => Just(E::SupportContact),
        1 => prop::sample::select(&[E::SupportResolved, E::CampaignClicked, E::OrderDelivered, E::OrderReturned,
            E::SubscriptionChange, E::SurveyResponse, E::Review][..]),
        3 => any,
    ]
}

fn amount() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        1 => Just(None),
        4 => (0..100_000i64).prop_map(Some),
        1 => (0..=1_000_000_000_000i64).prop_map(Some),
    ]
}

fn particulars() -> impl Strategy<Value = Particulars> {
    let rating = prop_oneof![Just(None), (0..=100u8).prop_map(Some)];
    let discount = prop_oneof![4 => 0..10_000u32, 1 => any::<u32>()];
    (0..9u16, discount, rating, any::<bool>()).prop_map(|(lines, discount, rating, is_late)| {
        Particulars {
            lines,
            discount,
            rating,
            is_late,
        }
    })
}

/// How far the customer's clock moves before an event.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0..3 * HOUR, 3 => 0..3 * DAY_MS, 1 => 0..120 * DAY_MS]
}

/// How far behind that clock the event is dated.
fn delay(worst: i64) -> impl Strategy<Value = i64> {
    prop_oneof![3 => Just(0), 2 => 0..HOUR, 2 => 0..=worst]
}

/// Repetitions: few fields overflow unless a day is crowded.
fn times() -> impl Strategy<Value = u64> {
    prop_oneof![40 => Just(1u64), 2 => 2..40u64, 1 => 60..1_200u64]
}

fn start() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 1_767_225_600_000..1_767_225_600_000 + DAY_MS,
        1 => 1..2 * DAY_MS,
        1 => 3_000_000_000_000..3_000_000_000_000 + DAY_MS,
    ]
}

/// Histories whose events are at most `worst_delay` behind the newest one.
pub(crate) fn history(worst_delay: i64) -> impl Strategy<Value = History> {
    let step = (
        pause(),
        delay(worst_delay),
        kind(),
        amount(),
        (times(), particulars()),
        0..6u64,
        any::<bool>(),
    );
    (settings(), start(), prop::collection::vec(step, 1..60)).prop_map(|(settings, start, raw)| {
        let mut clock = start;
        let mut steps = Vec::new();
        for (pause, delay, kind, minor, (times, particulars), id, fires) in raw {
            clock += pause;
            let ts = (clock - delay).max(1);
            if fires {
                steps.push(Step::Timers(ts));
            }
            let times = if kind.is_deduplicated() {
                times.min(300)
            } else {
                times
            };
            steps.push(Step::Event {
                input: Input {
                    kind,
                    ts,
                    minor,
                    id_hash: id,
                    particulars,
                },
                times,
            });
        }
        History { settings, steps }
    })
}
