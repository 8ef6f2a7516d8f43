//! Images of a store: whatever happens while one is taken, it shows the state at its beginning, and a store restored
//! from it goes on as the one that went on; and no bytes can do worse than be refused.

use crate::histories::{History, Step, history, settings};
use crate::values;
use holdfast_events::EventType;
use holdfast_features::{Applied, DAY_MS, Input, Piece, Settings, Store, Timer};
use proptest::prelude::*;
use proptest::sample::Index;

/// Customers beside those whose lives are random, so that there are several pieces.
pub(crate) const CROWD: usize = 1_300;
/// How far apart in the crowd the lively ones are.
const APART: usize = 431;
pub(crate) const START: i64 = 1_767_225_600_000;

/// What is done to a store.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Timers { who: usize, until: i64 },
    Event { who: usize, input: Input },
    Erase { who: usize },
    Intern { who: usize },
}

pub(crate) fn name(who: usize) -> String {
    format!("customer {who}")
}

/// What came of an act.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Timers(Vec<Timer>),
    Event(Applied),
    Nothing,
}

pub(crate) fn act(store: &mut Store, act: &Act) -> Outcome {
    match act {
        Act::Timers { who, until } => {
            let Some(ix) = store.find(&name(*who)) else {
                return Outcome::Nothing;
            };
            let mut fired = Vec::new();
            while store.next_timer(ix).is_some_and(|at| at <= *until) {
                fired.extend(store.fire_timer(ix));
            }
            Outcome::Timers(fired)
        }
        Act::Event { who, input } => {
            let ix = store.intern(&name(*who));
            Outcome::Event(store.apply(ix, input))
        }
        Act::Erase { who } => {
            if let Some(ix) = store.find(&name(*who)) {
                store.erase(ix);
            }
            Outcome::Nothing
        }
        Act::Intern { who } => {
            store.intern(&name(*who));
            Outcome::Nothing
        }
    }
}

/// The crowd, one event each.
pub(crate) fn crowded(settings: Settings) -> Store {
    let mut store = Store::new(settings);
    for who in 0..CROWD {
        let ix = store.intern(&name(who));
        let input = Input {
            kind: EventType::ALL[who % 8],
            ts: START + who as i64 * 1_000,
            minor: Some(who as i64),
            id_hash: who as u64,
            particulars: Default::default(),
        };
        store.apply(ix, &input);
    }
    store
}

/// The lives one step of each after the other, erasures and newcomers in between.
pub(crate) fn acts(lives: &[History], others: &[(Index, usize, bool)]) -> Vec<Act> {
    let mut acts = Vec::new();
    let longest = lives.iter().map(|life| life.steps.len()).max().unwrap_or(0);
    for turn in 0..longest {
        for (at, life) in lives.iter().enumerate() {
            let who = at * APART;
            match life.steps.get(turn) {
                Some(Step::Timers(until)) => acts.push(Act::Timers { who, until: *until }),
                Some(Step::Event { input, times }) => {
                    acts.extend((0..*times).map(|n| Act::Event {
                        who,
                        input: Input {
                            id_hash: input.id_hash + (n << 32),
                            ..*input
                        },
                    }))
                }
                None => {}
            }
        }
    }
    for (at, who, erases) in others {
        let at = at.index(acts.len() + 1);
        let act = if *erases {
            Act::Erase { who: *who }
        } else {
            Act::Intern { who: *who + CROWD }
        };
        acts.insert(at, act);
    }
    acts
}

pub(crate) fn others() -> impl Strategy<Value = Vec<(Index, usize, bool)>> {
    let who = prop_oneof![Just(0), Just(APART), Just(3 * APART), 0..CROWD];
    prop::collection::vec((any::<Index>(), who, any::<bool>()), 0..12)
}

/// All that can be read of one customer.
#[derive(Debug, PartialEq)]
struct Reads {
    id: String,
    values: Vec<f64>,
    times: [Option<i64>; 5],
    spend: i64,
    purchases: u32,
}

/// All that can be read of everybody, by id.
fn reads(store: &Store) -> Vec<Reads> {
    let read = |ix| {
        let newest = store.newest(ix).unwrap_or(START);
        let instants = [-7 * DAY_MS, 0, DAY_MS, 40 * DAY_MS].map(|ahead| (newest + ahead).max(1));
        let values = instants.iter().flat_map(|now| values(store, ix, *now));
        Reads {
            id: store.id(ix).to_owned(),
            values: values.collect(),
            times: [
                store.newest(ix),
                store.first_event(ix),
                store.last_event(ix),
                store.last_purchase(ix),
                store.next_timer(ix),
            ],
            spend: store.spend_90d_minor(ix, newest),
            purchases: store.purchases(ix),
        }
    };
    let mut all: Vec<Reads> = store.iter().map(read).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

/// The whole image at once.
pub(crate) fn image_of(store: &mut Store) -> Vec<Piece> {
    let mut pieces = Vec::new();
    store.begin_image();
    assert!(store.continue_image(usize::MAX, &mut pieces));
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn an_image_shows_its_beginning_and_a_store_restored_from_it_goes_on_alike(
        lives in prop::collection::vec(history(8 * DAY_MS), 4),
        settings in settings(),
        others in others(),
        begin in any::<Index>(),
        steps in prop::collection::vec((any::<Index>(), 0..3usize), 0..4),
        order in any::<u64>(),
    ) {
        let acts = acts(&lives, &others);
        let begin = begin.index(acts.len() + 1);
        let mut live = crowded(settings);
        let mut still = crowded(settings);
        for step in &acts[..begin] {
            act(&mut live, step);
            act(&mut still, step);
        }
        live.begin_image();
        let (mut pieces, mut over) = (Vec::new(), false);
        for (at, step) in acts[begin..].iter().enumerate() {
            act(&mut live, step);
            for (_, some) in steps.iter().filter(|(when, _)| when.index(acts.len()) == at) {
                over = over || live.continue_image(*some, &mut pieces);
            }
        }
        prop_assert!(over || live.continue_image(usize::MAX, &mut pieces));
        prop_assert!(!live.has_image());
        pieces.sort_by_key(|piece| u64::from(piece.number).wrapping_mul(order | 1).rotate_left(7));

        let mut restored = Store::restore(settings, 7, &pieces).unwrap();
        prop_assert_eq!(restored.len(), still.len());
        for ix in still.iter() {
            prop_assert_eq!(restored.find(still.id(ix)), Some(ix));
        }
        prop_assert_eq!(restored.digest(), still.digest());
        prop_assert_eq!(reads(&restored), reads(&still));
        for step in &acts[begin..] {
            prop_assert_eq!(act(&mut restored, step), act(&mut still, step));
        }
        prop_assert_eq!(restored.digest(), live.digest());
        prop_assert_eq!(still.digest(), live.digest());
        prop_assert_eq!(reads(&restored), reads(&live));
    }

    #[test]
    fn an_image_of_a_restored_store_is_the_same_bytes(
        lives in prop::collection::vec(history(8 * DAY_MS), 3),
        settings in settings(),
        others in others(),
    ) {
        let mut store = crowded(settings);
        for step in acts(&lives, &others) {
            act(&mut store, &step);
        }
        let pieces = image_of(&mut store);
        let mut restored = Store::restore(settings, 1, &pieces).unwrap();
        prop_assert_eq!(image_of(&mut restored), pieces);
    }
}

/// Uses a store in every way: nothing may panic, not even on numbers that no life can lead to.
fn live_on(store: &mut Store) {
    assert_eq!(store.digest(), store.digest());
    reads(store);
    for ix in store.iter().collect::<Vec<_>>() {
        let newest = store.newest(ix).unwrap_or(START);
        for (n, ahead) in [-7, -3, 0, 1, 60, 120].into_iter().enumerate() {
            for kind in [
                EventType::Purchase,
                EventType::CartAdd,
                EventType::Refund,
                EventType::PageView,
            ] {
                let input = Input {
                    kind,
                    ts: newest + ahead * DAY_MS,
                    minor: Some(1 << 39),
                    id_hash: n as u64,
                    particulars: Default::default(),
                };
                store.apply(ix, &input);
            }
            store.fire_timer(ix);
        }
    }
    reads(store);
    image_of(store);
    for ix in store.iter().collect::<Vec<_>>() {
        store.erase(ix);
    }
    assert!(store.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn damaged_pieces_are_refused_or_are_a_state_like_any_other(
        life in history(8 * DAY_MS),
        damage in prop::collection::vec((any::<Index>(), any::<u8>(), 0..4u8), 1..4),
    ) {
        let settings = life.settings;
        let mut store = Store::new(settings);
        for step in acts(&[life.clone(), life], &[]) {
            act(&mut store, &step);
        }
        store.intern("someone of whom nothing is known");
        let mut pieces = image_of(&mut store);
        let bytes = &mut pieces[0].bytes;
        for (at, byte, how) in damage {
            let at = at.index(bytes.len());
            match how {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.insert(at, byte),
                2 => bytes[at] ^= byte,
                _ => bytes[at] = byte % 8,
            }
        }
        if let Ok(mut restored) = Store::restore(settings, 0, &pieces) {
            live_on(&mut restored);
        }
    }

    #[test]
    fn bytes_of_any_kind_make_no_panic(
        settings in settings(),
        content in prop::collection::vec(prop_oneof![3 => 0..4u8, 2 => 0..200u8, 1 => any::<u8>()], 0..400),
        ends in prop::collection::vec(any::<Index>(), 17),
        customers in 1..4u32,
    ) {
        // A true header, then the columns cut out of the content anywhere.
        let mut store = Store::new(settings);
        for n in 0..customers {
            store.intern(&n.to_string());
        }
        let mut pieces = image_of(&mut store);
        pieces[0].bytes.truncate(22);
        let mut cuts: Vec<usize> = ends.iter().map(|end| end.index(content.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(content.len());
        let mut from = 0;
        for to in cuts {
            pieces[0].bytes.extend_from_slice(&((to - from) as u32).to_le_bytes());
            pieces[0].bytes.extend_from_slice(&content[from..to]);
            from = to;
        }
        if let Ok(mut restored) = Store::restore(settings, 0, &pieces) {
            live_on(&mut restored);
        }
    }
}
