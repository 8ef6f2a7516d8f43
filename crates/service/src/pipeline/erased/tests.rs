use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const KEY: u64 = 7;

#[test]
fn events_before_the_end_are_blocked_and_those_from_it_on_are_not() {
    let mut erased = Erased::new(KEY);
    assert!(!erased.blocks("a", i64::MIN));
    erased.block("a", 100);
    let blocked = |erased: &Erased, id, ts| erased.blocks(id, ts);
    assert!(blocked(&erased, "a", 99) && blocked(&erased, "a", i64::MIN));
    assert!(!blocked(&erased, "a", 100) && !blocked(&erased, "b", 99));
}

#[test]
fn entries_go_when_their_end_is_reached() {
    let mut erased = Erased::new(KEY);
    erased.block("a", 100);
    erased.block("b", 200);
    erased.expire(99);
    assert_eq!(erased.len(), 2);
    erased.expire(100);
    assert!(!erased.blocks("a", 0) && erased.blocks("b", 0));
    erased.expire(i64::MAX - 1);
    assert!(erased.is_empty());
    assert_eq!(erased, Erased::new(KEY));
}

#[test]
fn a_million_entries_take_what_the_notes_say_and_give_it_back() {
    let mut erased = Erased::new(KEY);
    for n in 0..1_000_000 {
        erased.block(&format!("customer-{n}"), n);
    }
    assert!(erased.memory() < 70 << 20, "{} bytes", erased.memory());
    erased.expire(999_990);
    assert_eq!(erased.len(), 9);
    assert!(erased.memory() < 1 << 10, "{} bytes", erased.memory());
}

#[test]
fn no_id_is_in_the_bytes_and_another_key_gives_other_ones() {
    let encode = |key| {
        let mut erased = Erased::new(key);
        erased.block("jane.doe@example.com", 100);
        erased.encode()
    };
    let bytes = encode(KEY);
    assert_eq!(bytes.len(), HEADER_BYTES + ENTRY_BYTES);
    assert!(!bytes.windows(8).any(|part| part == b"jane.doe"));
    assert_ne!(bytes[HEADER_BYTES..], encode(KEY + 1)[HEADER_BYTES..]);
}

#[test]
fn each_fault_of_the_bytes_is_named() {
    let mut erased = Erased::new(KEY);
    erased.block("a", 100);
    erased.block("b", 200);
    let sound = erased.encode();
    let check = |change: &dyn Fn(&mut Vec<u8>), expected: &str| {
        let mut bytes = sound.clone();
        change(&mut bytes);
        let fault = Erased::restore(&bytes).unwrap_err();
        assert!(fault.to_string().contains(expected), "{fault}");
    };
    check(&|bytes| bytes.truncate(19), "shorter than their head");
    check(&|bytes| bytes.clear(), "shorter than their head");
    check(&|bytes| bytes[0] = 2, "another version");
    check(&|bytes| bytes.truncate(51), "not as long");
    check(&|bytes| bytes.push(0), "not as long");
    // A number of entries that would ask for all memory.
    check(&|bytes| bytes[12..20].fill(0xff), "not as long");
    check(
        &|bytes| bytes[12..20].copy_from_slice(&(1_u64 << 60).to_le_bytes()),
        "not as long",
    );
    check(
        &|bytes| bytes[20..28].copy_from_slice(&300_u64.to_le_bytes()),
        "not in order",
    );
    check(&|bytes| bytes.copy_within(36..44, 44), "twice");
}

/// What is done to it, and what a plain map says.
#[derive(Debug, Clone)]
enum Step {
    Block(u8, i64),
    Expire(i64),
    Store,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12_u8, 0..100_i64).prop_map(|(id, until)| Step::Block(id, until)),
        1 => (0..100_i64).prop_map(Step::Expire),
        1 => Just(Step::Store),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_blocks_what_a_plain_map_blocks_also_after_a_snapshot(
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let (mut erased, mut plain) = (Erased::new(KEY), BTreeMap::<u8, i64>::new());
        for step in steps {
            match step {
                Step::Block(id, until) => {
                    erased.block(&id.to_string(), until);
                    let end = plain.entry(id).or_insert(until);
                    *end = until.max(*end);
                }
                Step::Expire(instant) => {
                    erased.expire(instant);
                    plain.retain(|_, until| *until > instant);
                }
                Step::Store => {
                    let restored = Erased::restore(&erased.encode()).unwrap();
                    prop_assert_eq!(&restored, &erased);
                    prop_assert_eq!(restored.digest(), erased.digest());
                    erased = restored;
                }
            }
            prop_assert_eq!(erased.len(), plain.len());
            for id in 0..12 {
                for ts in [0, 30, 60, 99] {
                    let expected = plain.get(&id).is_some_and(|until| ts < *until);
                    prop_assert_eq!(erased.blocks(&id.to_string(), ts), expected);
                }
            }
        }
    }

    #[test]
    fn the_way_there_leaves_no_trace(mut blocks in prop::collection::vec((0..9_u8, 0..50_i64), 0..30)) {
        let all = |blocks: &[(u8, i64)]| {
            let mut erased = Erased::new(KEY);
            for (id, until) in blocks {
                erased.block(&id.to_string(), *until);
            }
            erased
        };
        let (there, half) = (all(&blocks), blocks.len() / 2);
        let mut absorbed = all(&blocks[half..]);
        absorbed.absorb(&all(&blocks[..half])).unwrap();
        blocks.reverse();
        prop_assert_eq!(there.encode(), all(&blocks).encode());
        prop_assert_eq!(there.digest(), absorbed.digest());
        prop_assert!(absorbed.absorb(&Erased::new(KEY + 1)).is_err());
    }

    #[test]
    fn any_bytes_are_an_error_or_come_back_as_they_were(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(erased) = Erased::restore(&bytes) {
            prop_assert_eq!(erased.encode(), bytes);
        }
    }

    #[test]
    fn a_damaged_byte_is_an_error_or_other_contents(
        ids in prop::collection::btree_set("[a-z]{1,6}", 1..9),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let mut erased = Erased::new(KEY);
        for (n, id) in ids.iter().enumerate() {
            erased.block(id, n as i64);
        }
        let mut bytes = erased.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Erased::restore(&bytes) {
            prop_assert_ne!(other.digest(), erased.digest());
        }
    }
}
