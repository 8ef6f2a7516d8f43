//! Snapshots in a bucket of an S3-compatible server: `HOLDFAST_TEST_S3` names it, `AWS_*` say how to reach it, and
//! `scripts/test.sh bucket tests` sets both.
#![cfg(feature = "bucket-tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "example/example.rs"]
mod example;

use std::path::Path;

use example::manifest;
use holdfast_store::{Error, Location, Packed, Packer, Snapshots};

fn url() -> String {
    std::env::var("HOLDFAST_TEST_S3").expect("HOLDFAST_TEST_S3 names no bucket")
}

/// Snapshots below a prefix of this test's own.
fn place(test: &str) -> Snapshots {
    let text = format!("{}/{test}-{}", url(), std::process::id());
    let location = Location::parse(&text, Path::new("")).unwrap();
    Snapshots::create(&location, "shop", "events").unwrap()
}

fn pack(partition: i32, offset: i64, state: &[u8]) -> Packed {
    let mut packer = Packer::new(manifest(partition, offset));
    packer.add("features", 0, state);
    packer.finish()
}

#[test]
fn a_snapshot_goes_to_the_bucket_and_comes_back() {
    let snapshots = place("back");
    let mut seed = 1_u64;
    let mut state = vec![0; 20 << 20];
    state.fill_with(|| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as u8
    });
    // More than one chunk of the read-back.
    let packed = pack(2, 42, &state);
    let stored = snapshots.publish(&packed).unwrap();
    assert!(stored.bytes > 16 << 20);
    assert_eq!(snapshots.publish(&packed).unwrap(), stored);
    let list = snapshots.list(None).unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].manifest.as_ref().unwrap().offset, 42);
    let loaded = snapshots.load(&stored.name).unwrap();
    assert!(loaded.section("features").unwrap()[0].bytes == state);
}

#[test]
fn generations_are_listed_pruned_and_copied() {
    let snapshots = place("generations");
    for offset in [1, 2, 30, 4, 5] {
        snapshots.publish(&pack(0, offset, b"state")).unwrap();
    }
    snapshots.publish(&pack(10, 7, b"state")).unwrap();
    assert_eq!(snapshots.prune(0, 3).unwrap().removed.len(), 2);
    let offsets: Vec<(i32, i64)> = snapshots
        .list(None)
        .unwrap()
        .iter()
        .map(|l| (l.name.partition, l.name.offset))
        .collect();
    assert_eq!(offsets, [(0, 30), (0, 5), (0, 4), (10, 7)]);
    let dir = tempfile::TempDir::new().unwrap();
    let local = Location::Directory(dir.path().to_owned());
    let local = Snapshots::create(&local, "shop", "events").unwrap();
    let newest = snapshots.list(Some(0)).unwrap()[0].name.clone();
    snapshots.copy_to(&newest, &local).unwrap();
    assert_eq!(local.list(None).unwrap()[0].name, newest);
    snapshots.remove(&newest).unwrap();
    assert!(matches!(snapshots.load(&newest), Err(Error::Absent(_))));
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let location = Location::parse("s3://no-such-bucket-here/x", Path::new("")).unwrap();
    let error = Snapshots::create(&location, "shop", "events").unwrap_err();
    assert!(
        error.to_string().contains("s3://no-such-bucket-here/x"),
        "{error}"
    );
}
