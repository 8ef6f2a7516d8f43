//! Whatever happened to a file, it is told from a whole one, and reading it neither panics nor fills the memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "example/example.rs"]
mod example;

use std::io::Write;

use example::manifest;
use holdfast_store::{Fault, Packed, Packer, Piece, Snapshot};
use proptest::collection::vec;
use proptest::prelude::*;

fn packed(pieces: &[(&str, u32, Vec<u8>)]) -> Packed {
    let mut packer = Packer::new(manifest(2, 1_000));
    for (section, number, bytes) in pieces {
        packer.add(section, *number, bytes);
    }
    packer.finish()
}

fn example() -> Packed {
    let words: Vec<u8> = (0..40_000_u32)
        .flat_map(|i| (i % 1000).to_le_bytes())
        .collect();
    packed(&[
        ("features", 0, words),
        ("features", 1, vec![7; 300]),
        ("decider", 0, b"records".to_vec()),
    ])
}

fn read(bytes: Vec<u8>) -> Result<Snapshot, Fault> {
    let snapshot = Snapshot::read(bytes, Some(&example().name))?;
    snapshot.check()?;
    Ok(snapshot)
}

/// The file of [`example`] with one text in its first line replaced by one of the same length.
fn altered(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut file = example().to_vec();
    let at = file
        .windows(from.len())
        .position(|w| w == from.as_bytes())
        .unwrap();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}

#[test]
fn each_fault_has_its_own_name() {
    let whole = example().to_vec();
    assert!(read(whole.clone()).is_ok());
    let fault = |bytes: Vec<u8>| read(bytes).unwrap_err();
    assert!(matches!(fault(Vec::new()), Fault::Truncated(_)));
    assert!(matches!(fault(whole[..100].to_vec()), Fault::Truncated(_)));
    let short = whole[..whole.len() - 1].to_vec();
    assert!(matches!(fault(short), Fault::Truncated(_)));
    let mut long = whole.clone();
    long.push(0);
    assert!(matches!(fault(long), Fault::Corrupt(_)));
    let mut flipped = whole;
    let last = flipped.len() - 100;
    flipped[last] ^= 1;
    assert!(matches!(fault(flipped), Fault::Corrupt(_)));
    assert!(matches!(fault(b"PNG or so".to_vec()), Fault::Foreign(_)));
    let newer = altered("holdfast-snapshot/1", "holdfast-snapshot/2");
    let text = fault(newer).to_string();
    assert!(text.starts_with("newer format") && text.contains("holdfast-snapshot/2"));
}

#[test]
fn a_first_line_that_cannot_be_is_corrupt() {
    for (from, to) in [
        ("\"partition\":2", "\"partition\":4"),
        ("\"partition\":2", "\"partition\":x"),
        ("\"offset\":1000,", "\"offset\":-100,"),
        ("\"packed_bytes\":", "\"packed_bytez\":"),
        ("\"blocks\":1,", "\"blocks\":9,"),
    ] {
        assert!(
            matches!(
                read(altered(from, to)).unwrap_err(),
                Fault::Corrupt(_) | Fault::Truncated(_)
            ),
            "{to}"
        );
    }
}

/// A file of another content under this name, every checksum right: only the name's hash tells.
#[test]
fn a_well_made_file_under_anothers_name_is_refused() {
    let other = packed(&[("features", 0, vec![1; 300])]).to_vec();
    assert!(Snapshot::read(other.clone(), None).is_ok());
    assert!(matches!(read(other).unwrap_err(), Fault::Corrupt(_)));
}

/// 4 GiB claimed by a block of a few bytes, with right checksums, is refused before anything is allocated.
#[test]
fn a_block_that_claims_too_much_is_refused() {
    for (length, flags) in [(u32::MAX, 2_u16), (4 << 20, 2), (4 << 20, 0), (10, 64)] {
        let mut sum = xxhash();
        let body = [0_u8; 10];
        let mut head = Vec::new();
        head.write_all(&0_u16.to_le_bytes()).unwrap();
        head.write_all(&flags.to_le_bytes()).unwrap();
        head.write_all(&0_u32.to_le_bytes()).unwrap();
        head.write_all(&length.to_le_bytes()).unwrap();
        head.write_all(&10_u32.to_le_bytes()).unwrap();
        sum.update(&head);
        sum.update(&body);
        let mut claimed = manifest(0, 0);
        claimed.sections.push(holdfast_store::Section {
            name: "features".to_owned(),
            blocks: 1,
            bytes: length.into(),
            packed_bytes: 10,
        });
        let mut file = serde_json::to_vec(&claimed).unwrap();
        file.push(b'\n');
        file.extend_from_slice(&head);
        file.extend_from_slice(&sum.digest().to_le_bytes());
        file.extend_from_slice(&body);
        let total = file.len() as u64 + 32;
        file.extend_from_slice(b"HFSNAPEN");
        file.extend_from_slice(&1_u64.to_le_bytes());
        file.extend_from_slice(&total.to_le_bytes());
        let mut sum = xxhash();
        sum.update(&file);
        file.extend_from_slice(&sum.digest().to_le_bytes());
        let fault = Snapshot::read(file, None).unwrap_err();
        assert!(fault.to_string().contains("cannot be"), "{fault}");
    }
}

fn xxhash() -> xxhash_rust::xxh3::Xxh3 {
    xxhash_rust::xxh3::Xxh3::new()
}

/// Pieces of every kind of content and length, those of several blocks included.
fn pieces() -> impl Strategy<Value = Vec<(&'static str, u32, Vec<u8>)>> {
    let content = prop_oneof![
        6 => vec(any::<u8>(), 0..2_000),
        3 => (any::<u8>(), 0..200_000_usize).prop_map(|(b, n)| vec![b; n]),
        1 => (any::<u64>(), 4_000_000..9_000_000_usize).prop_map(|(seed, n)| {
            (0..n as u64).map(|i| (i.wrapping_mul(seed) >> 40) as u8).collect()
        }),
    ];
    let section = prop_oneof![Just("features"), Just("decider"), Just("erased")];
    vec((section, 0..100_u32, content), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_packed_comes_out_again(pieces in pieces()) {
        let packed = packed(&pieces);
        let snapshot = Snapshot::read(packed.to_vec(), Some(&packed.name)).unwrap();
        prop_assert_eq!(snapshot.manifest(), &packed.manifest);
        for section in ["features", "decider", "erased", "nothing"] {
            let expected: Vec<Piece> = pieces
                .iter()
                .filter(|(own, ..)| *own == section)
                .map(|(_, number, bytes)| Piece { number: *number, bytes: bytes.clone() })
                .collect();
            prop_assert!(snapshot.section(section).unwrap() == expected);
        }
    }

    #[test]
    fn the_same_state_gives_the_same_file(pieces in pieces()) {
        let (a, b) = (packed(&pieces), packed(&pieces));
        prop_assert_eq!(&a.name, &b.name);
        prop_assert!(a.to_vec() == b.to_vec());
        prop_assert_eq!(a.bytes, a.to_vec().len() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_changed_byte_is_noticed(at in any::<prop::sample::Index>(), by in 1..=255_u8) {
        let mut file = example().to_vec();
        let at = at.index(file.len());
        file[at] ^= by;
        prop_assert!(read(file).is_err());
    }

    #[test]
    fn a_cut_file_is_noticed(length in any::<prop::sample::Index>()) {
        let mut file = example().to_vec();
        file.truncate(length.index(file.len()));
        let fault = read(file).unwrap_err();
        prop_assert!(matches!(fault, Fault::Truncated(_)), "{}", fault);
    }

    #[test]
    fn a_piece_that_moved_is_noticed(
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        length in 1..500_usize,
    ) {
        let whole = example().to_vec();
        let (from, to) = (from.index(whole.len()), to.index(whole.len()));
        let length = length.min(whole.len() - from.max(to));
        let mut file = whole.clone();
        file.copy_within(from..from + length, to);
        prop_assert_eq!(read(file.clone()).is_ok(), file == whole);
    }

    /// Without the name's hash: the checksums alone never let a panic or a wrong answer through.
    #[test]
    fn hostile_bytes_are_an_error_without_the_name_too(
        at in any::<prop::sample::Index>(),
        bytes in vec(any::<u8>(), 1..60),
    ) {
        let mut file = example().to_vec();
        let at = at.index(file.len());
        for (old, new) in file[at..].iter_mut().zip(&bytes) {
            *old = *new;
        }
        if let Ok(snapshot) = Snapshot::read(file, None) {
            // Only the first line has bytes whose change no checksum but the name's and the footer's sees.
            prop_assert!(snapshot.check().is_ok());
        }
    }

    #[test]
    fn noise_is_no_snapshot(noise in vec(any::<u8>(), 0..300)) {
        let mut dressed = b"{\"format\":\"holdfast-snapshot/1\"".to_vec();
        dressed.extend_from_slice(&noise);
        prop_assert!(Snapshot::read(noise, None).is_err());
        prop_assert!(Snapshot::read(dressed, None).is_err());
    }
}
