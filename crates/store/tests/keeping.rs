//! Snapshots in a directory: published once, listed, chosen, pruned, copied; and what a bad disk or file does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "example/example.rs"]
mod example;

use std::fs;
use std::path::PathBuf;

use example::manifest;
use holdfast_store::{
    Error, Fault, Location, Manifest, Name, Packed, Packer, Snapshots, Wanted, choose,
};
use tempfile::TempDir;

fn pack(manifest: Manifest) -> Packed {
    let mut packer = Packer::new(manifest);
    packer.add("features", 0, &[9; 5_000]);
    packer.finish()
}

struct Place {
    dir: TempDir,
    snapshots: Snapshots,
}

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let snapshots = Snapshots::create(&Self::location(&dir), "shop", "events").unwrap();
        Self { dir, snapshots }
    }

    /// With a blank and a letter beyond ASCII, as directories have them.
    fn location(dir: &TempDir) -> Location {
        Location::Directory(dir.path().join("état 1").join("snapshots"))
    }

    fn publish(&self, partition: i32, offset: i64) -> Name {
        self.publish_manifest(manifest(partition, offset))
    }

    fn publish_manifest(&self, manifest: Manifest) -> Name {
        self.snapshots.publish(&pack(manifest)).unwrap().name
    }

    fn file(&self, name: &Name) -> PathBuf {
        self.dir
            .path()
            .join("état 1/snapshots")
            .join(name.to_string())
    }

    fn offsets(&self, partition: Option<i32>) -> Vec<(i32, i64)> {
        let list = self.snapshots.list(partition).unwrap();
        list.iter()
            .map(|l| (l.name.partition, l.name.offset))
            .collect()
    }
}

fn wanted() -> Wanted {
    Wanted {
        partition: 0,
        partitions: 4,
        topic_id: Some("t1".to_owned()),
        cluster_id: None,
        logic: 1,
        registry: "r".to_owned(),
        state_hash: "s".to_owned(),
        at_most_offset: 100,
        at_most_entries: Some(5),
    }
}

#[test]
fn a_published_snapshot_is_there_and_loads() {
    let place = Place::new();
    let packed = pack(manifest(3, 42));
    let stored = place.snapshots.publish(&packed).unwrap();
    assert!(
        stored
            .name
            .to_string()
            .starts_with("shop/events/3/00000000000000000042-1-")
    );
    let file = fs::read(place.file(&stored.name)).unwrap();
    assert_eq!(file.len() as u64, stored.bytes);
    let loaded = place.snapshots.load(&stored.name).unwrap();
    assert_eq!(loaded.manifest(), &packed.manifest);
    assert_eq!(loaded.section("features").unwrap()[0].bytes, [9; 5_000]);
    let first = file.split(|b| *b == b'\n').next().unwrap();
    let line: serde_json::Value = serde_json::from_slice(first).unwrap();
    assert_eq!(line["offset"], 42);
}

#[test]
fn the_same_snapshot_again_is_fine_and_a_damaged_copy_is_replaced() {
    let place = Place::new();
    let packed = pack(manifest(0, 7));
    let first = place.snapshots.publish(&packed).unwrap();
    let file = place.file(&first.name);
    let before = fs::metadata(&file).unwrap().modified().unwrap();
    assert_eq!(place.snapshots.publish(&packed).unwrap(), first);
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before);
    fs::write(&file, b"torn").unwrap();
    assert!(matches!(
        place.snapshots.load(&first.name),
        Err(Error::Unusable { .. })
    ));
    assert_eq!(place.snapshots.publish(&packed).unwrap(), first);
    assert!(place.snapshots.load(&first.name).is_ok());
}

#[test]
fn snapshots_are_listed_by_partition_newest_first() {
    let place = Place::new();
    for (partition, offset) in [(10, 5), (2, 9), (2, 100), (2, 20)] {
        place.publish(partition, offset);
    }
    let all = [(2, 100), (2, 20), (2, 9), (10, 5)];
    assert_eq!(place.offsets(None), all);
    assert_eq!(place.offsets(Some(2)), all[..3]);
    assert_eq!(place.offsets(Some(3)), []);
    // Of another application or topic: not ours.
    let other = Snapshots::open(&Place::location(&place.dir), "shop", "clicks").unwrap();
    assert!(other.list(None).unwrap().is_empty());
}

#[test]
fn damaged_and_foreign_files_are_listed_with_their_fault_and_stay() {
    let place = Place::new();
    let good = place.publish(0, 10);
    let cut = place.publish(0, 20);
    let empty = place.publish(0, 30);
    let file = fs::read(place.file(&cut)).unwrap();
    fs::write(place.file(&cut), &file[..file.len() - 1]).unwrap();
    fs::write(place.file(&empty), b"").unwrap();
    let moved = Name {
        offset: 40,
        ..good.clone()
    };
    fs::copy(place.file(&good), place.file(&moved)).unwrap();
    fs::write(place.file(&good).with_file_name("notes.txt"), b"mine").unwrap();
    let list = place.snapshots.list(None).unwrap();
    let faults: Vec<_> = list.iter().map(|l| l.manifest.as_ref().err()).collect();
    assert!(matches!(faults[0], Some(Fault::Foreign(_))));
    assert!(matches!(faults[1], Some(Fault::Truncated(_))));
    assert!(matches!(faults[2], Some(Fault::Truncated(_))));
    assert_eq!(faults[3], None);
    let choice = choose(&list, &wanted());
    assert_eq!(choice.candidates[0].name, good);
    assert_eq!(choice.refused.len(), 3);
    place.snapshots.prune(0, 3).unwrap();
    assert_eq!(place.snapshots.list(None).unwrap().len(), 4);
}

#[test]
fn the_newest_usable_one_comes_first_and_each_refusal_says_why() {
    let place = Place::new();
    let of = |offset: i64, change: &dyn Fn(&mut Manifest)| {
        let mut manifest = manifest(0, offset);
        change(&mut manifest);
        place.publish_manifest(manifest)
    };
    let old = of(50, &|_| ());
    let less = of(90, &|m| m.journal_entries = 1);
    let more = of(90, &|m| m.journal_entries = 5);
    of(91, &|m| m.journal_entries = 6);
    of(92, &|m| m.state_hash = "other".to_owned());
    of(93, &|m| m.registry = "other".to_owned());
    of(94, &|m| m.logic = 2);
    of(95, &|m| m.partitions = 8);
    of(96, &|m| m.topic_id = Some("t0".to_owned()));
    of(101, &|_| ());
    let list = place.snapshots.list(Some(0)).unwrap();
    let choice = choose(&list, &wanted());
    let names: Vec<&Name> = choice.candidates.iter().map(|l| &l.name).collect();
    assert_eq!(names, [&more, &less, &old]);
    let words: Vec<String> = choice.refused.iter().map(|(_, r)| r.to_string()).collect();
    let expected = [
        "ahead: its offset is 101, committed is 100",
        "foreign: of the topic with id t0, not t1",
        "other partitions: one of 8 by murmur2, the input has 4 by murmur2",
        "other logic: state of version 2, this program has version 1",
        "other features than today's",
        "other settings than today's",
        "ahead: its number of journal entries is 6, committed is 5",
    ];
    assert_eq!(words.len(), expected.len());
    for (word, expected) in words.iter().zip(expected) {
        assert!(word.starts_with(expected), "{word}");
    }
}

#[test]
fn a_snapshot_of_another_cluster_is_foreign() {
    let place = Place::new();
    let of = |offset: i64, cluster: Option<&str>| {
        let mut manifest = manifest(0, offset);
        manifest.cluster_id = cluster.map(str::to_owned);
        place.publish_manifest(manifest)
    };
    of(90, Some("k2"));
    let own = of(80, Some("k1"));
    // Written before the broker told, or by an older version.
    let unknown = of(70, None);
    let list = place.snapshots.list(Some(0)).unwrap();
    let wanted = Wanted {
        cluster_id: Some("k1".to_owned()),
        ..wanted()
    };
    let choice = choose(&list, &wanted);
    let names: Vec<&Name> = choice.candidates.iter().map(|l| &l.name).collect();
    assert_eq!(names, [&own, &unknown]);
    let [(_, refusal)] = &choice.refused[..] else {
        panic!("one is refused");
    };
    assert_eq!(
        refusal.to_string(),
        "foreign: of the cluster with id k2, not k1"
    );
}

#[test]
fn pruning_keeps_generations_and_never_fewer_than_three() {
    let place = Place::new();
    for offset in [1, 2, 3, 4, 5, 6] {
        place.publish(0, offset);
    }
    place.publish(1, 1);
    let mut again = manifest(0, 6);
    again.created_ms = 2;
    let youngest = place.publish_manifest(again);
    let pruned = place.snapshots.prune(0, 4).unwrap();
    assert_eq!((pruned.kept, pruned.removed.len()), (4, 3));
    assert_eq!(place.offsets(Some(0)), [(0, 6), (0, 5), (0, 4), (0, 3)]);
    assert_eq!(place.snapshots.list(Some(0)).unwrap()[0].name, youngest);
    place.snapshots.prune(0, 0).unwrap();
    assert_eq!(place.offsets(Some(0)), [(0, 6), (0, 5), (0, 4)]);
    assert_eq!(place.offsets(Some(1)), [(1, 1)]);
}

#[test]
fn what_a_killed_writer_left_is_not_listed_and_goes_when_it_is_old() {
    let place = Place::new();
    let name = place.publish(0, 1);
    let staged = |n: u32| {
        let mut file = place.file(&name).into_os_string();
        file.push(format!("#{n}"));
        PathBuf::from(file)
    };
    for n in [1, 2] {
        fs::write(staged(n), b"half").unwrap();
    }
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7_200);
    let file = fs::File::options().write(true).open(staged(1)).unwrap();
    file.set_modified(old).unwrap();
    place.snapshots.prune(0, 3).unwrap();
    assert_eq!(place.offsets(None), [(0, 1)]);
    assert!(!staged(1).exists() && staged(2).exists());
}

#[test]
fn copies_are_the_same_files_and_damaged_ones_are_not_copied() {
    let (from, to) = (Place::new(), Place::new());
    let name = from.publish(0, 1);
    from.snapshots.copy_to(&name, &to.snapshots).unwrap();
    assert_eq!(
        fs::read(from.file(&name)).unwrap(),
        fs::read(to.file(&name)).unwrap()
    );
    let bad = from.publish(0, 2);
    let mut file = fs::read(from.file(&bad)).unwrap();
    let middle = file.len() - 60;
    file[middle] ^= 1;
    fs::write(from.file(&bad), file).unwrap();
    assert!(from.snapshots.copy_to(&bad, &to.snapshots).is_err());
    assert_eq!(to.offsets(None), [(0, 1)]);
}

#[test]
fn names_of_others_are_not_touched() {
    let place = Place::new();
    let text = "shop/clicks/0/00000000000000000042-7-0123456789ab.hfs";
    assert!(matches!(
        place.snapshots.name(text),
        Err(Error::Name { .. })
    ));
    let foreign: Name = text.parse().unwrap();
    assert!(matches!(
        place.snapshots.load(&foreign),
        Err(Error::Name { .. })
    ));
    assert!(matches!(
        place.snapshots.remove(&foreign),
        Err(Error::Name { .. })
    ));
    let gone = Name {
        topic: "events".to_owned(),
        ..foreign
    };
    assert!(matches!(place.snapshots.load(&gone), Err(Error::Absent(_))));
    place.snapshots.remove(&gone).unwrap();
}
